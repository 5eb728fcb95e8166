//! What the page's buttons do. Each leads back to the page, with the reason if it did nothing.

use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::response::Redirect;
use serde_json::{Map, Value};

use super::PATH;
use crate::excerpt::shown;
use crate::faults::Fault;
use crate::recent::Recent;
use crate::world::{World, locked};
use crate::{body, clock};

/// How much of a reason is shown: it may hold what was sent.
const MOST_REASON_CHARS: usize = 300;

/// Messages for the senders of forms, each by its number. The page's address has the number alone, so
/// that no link of another site can put words into it.
#[derive(Default)]
pub(crate) struct Notices(Mutex<Recent<String>>);

impl Notices {
    fn add(&self, reason: &str) -> u64 {
        let mut all = locked(&self.0);
        let number = all.next_number();
        all.push(shown(reason, MOST_REASON_CHARS).into_owned());
        number
    }

    pub(super) fn get(&self, number: u64) -> Option<String> {
        locked(&self.0).get_mut(number).cloned()
    }
}

/// Arms the fault that `fault`, `provider`, `operation`, `times` and `more` describe; what is empty
/// says nothing.
pub(super) async fn arm(State(world): State<Arc<World>>, request: Request) -> Redirect {
    back(&world, async {
        let form = read(request).await?;
        let fault = described(&form).parse::<Fault>().map_err(|error| error.to_string())?;
        world.faults.arm(fault).map(drop).map_err(|error| error.to_string())
    })
    .await
}

/// The fault as it is written elsewhere: `name?parameter=value&…`.
fn described(form: &Map<String, Value>) -> String {
    let field = |name: &str| form.get(name).and_then(Value::as_str).unwrap_or_default().trim();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for name in ["provider", "operation", "times"] {
        if !field(name).is_empty() {
            query.append_pair(name, field(name));
        }
    }
    let (query, more) = (query.finish(), field("more").trim_start_matches(['?', '&']));
    let both = [&*query, more].into_iter().filter(|part| !part.is_empty());
    format!("{}?{}", field("fault"), both.collect::<Vec<_>>().join("&"))
}

pub(super) async fn disarm(State(world): State<Arc<World>>, request: Request) -> Redirect {
    back(&world, async {
        let form = read(request).await?;
        let id = form.get("id").and_then(Value::as_str).unwrap_or_default();
        match world.faults.disarm(id) {
            true => Ok(()),
            false => Err("that fault was taken back already".to_owned()),
        }
    })
    .await
}

pub(super) async fn advance(State(world): State<Arc<World>>, request: Request) -> Redirect {
    back(&world, async {
        let form = read(request).await?;
        let seconds = form.get("seconds").and_then(Value::as_str);
        let step = seconds.and_then(|seconds| clock::step(seconds.trim().parse().ok()?));
        let step = step.ok_or("the clock moves on by 0 to 31622400 seconds")?;
        if step > world.clock.left() {
            return Err(clock::END_OF_TIME.to_owned());
        }
        world.clock.advance(step);
        Ok(())
    })
    .await
}

async fn read(request: Request) -> Result<Map<String, Value>, String> {
    let bytes = body::read(request, body::MOST_JSON_BYTES).await;
    bytes.map(|bytes| body::parse_form(&bytes)).map_err(|fault| fault.to_string())
}

async fn back(world: &World, action: impl Future<Output = Result<(), String>>) -> Redirect {
    match action.await {
        Ok(()) => Redirect::to(PATH),
        Err(reason) => Redirect::to(&format!("{PATH}?notice={}", world.notices.add(&reason))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_describes_a_fault_as_it_is_written_elsewhere() {
        for (form, expected) in [
            ("fault=lost-answer&provider=&operation=&times=&more=", "lost-answer"),
            (
                "fault=server-error&provider=jogg&times=2&more=status%3D503",
                "server-error?provider=jogg&times=2&status=503",
            ),
            (
                "fault=delay&operation=get_task&more=%3Fseconds%3D9",
                "delay?operation=get_task&seconds=9",
            ),
        ] {
            let fault: Fault = described(&body::parse_form(form.as_bytes())).parse().unwrap();
            assert_eq!(fault, expected.parse().unwrap(), "{form}");
        }
        for wrong in ["", "fault=nothing", "fault=delay&times=%26seconds=x", "fault=delay&more=x=1"]
        {
            let text = described(&body::parse_form(wrong.as_bytes()));
            assert!(text.parse::<Fault>().is_err(), "{wrong}");
        }
    }
}
