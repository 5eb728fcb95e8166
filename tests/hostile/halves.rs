//! Something was paid for, and the next paid step is not accepted. What was paid for is kept.

use crate::command::{Desk, IMAGE};
use crate::dialect::creatify::{self, LINK_VIDEOS, is_video};
use crate::dialect::{Creatify, Jogg, jogg};
use crate::server::{Answer, Request, Server};
use crate::{SPEED, Switch, side_by_side};

const PAGE: [&str; 4] = ["--page-url", "https://shop.example/roast", "--name", "Roast"];

/// What is paid for first, and then a video of it.
#[derive(Clone, Copy)]
enum Half {
    Picture,
    Link,
}

impl Half {
    fn is_second(self, request: &Request) -> bool {
        match self {
            Self::Picture => is_video(request),
            Self::Link => request.is("POST", LINK_VIDEOS),
        }
    }

    fn arguments(self) -> Vec<&'static str> {
        let request = match self {
            Self::Picture => IMAGE,
            Self::Link => PAGE,
        };
        [&["make"], &request[..], &["--provider", "creatify"]].concat()
    }

    /// Its read, after which the second call is sent.
    fn is_read(self, request: &Request) -> bool {
        match self {
            Self::Picture => request.is("GET", creatify::RECORDS),
            Self::Link => request.is("POST", creatify::LINKS),
        }
    }
}

/// Nothing listens for a minute after the first half is there. Then the job goes on, by itself or
/// when somebody comes back to it.
#[tokio::test]
async fn outage_between_two_paid_steps() {
    async fn play(half: Half) {
        let (service, desk, is_gone) = (Creatify::new(), Desk::new(), Switch::default());
        let creatify = service.clone();
        let server = Server::sped_up(SPEED, move |request| {
            let answer = creatify.answer(request);
            match half.is_read(request) && is_gone.is_first() {
                true => answer.and_stop(),
                false => answer,
            }
        });
        let server = server.await;
        let make = desk.run(&server, &half.arguments()).start();
        match half {
            Half::Picture => server.reach(1, "GET", creatify::RECORDS).await,
            Half::Link => server.reach(1, "POST", creatify::LINKS).await,
        }
        tokio::time::sleep(std::time::Duration::from_secs(60).div_f64(SPEED)).await;
        server.listen_again().await;
        let made = make.ended().await;
        // It may have ended before the network was back, and then it says that it did not finish.
        if made.code != Some(0) {
            desk.run(&server, &["resume"]).ended().await.is(0);
        }
        let halves = service.pictures() + service.links();
        let sent = server.seen("POST", "/");
        let seconds = sent.iter().filter(|request| half.is_second(request)).count();
        assert_eq!((halves, seconds, desk.videos()), (1, 1, 1), "{made:?}");
    }
    side_by_side([("picture", Half::Picture), ("link", Half::Link)], play).await;
}

/// What the second paid call is answered, once.
type Refuse = fn() -> Answer;

/// The second paid call is refused once, for something that only the account's owner can mend. The
/// command says so, and the same command again goes on.
async fn refused_once((half, refuse): (Half, Refuse)) {
    let (service, desk, is_refused) = (Creatify::new(), Desk::new(), Switch::default());
    let creatify = service.clone();
    let server = Server::sped_up(SPEED, move |request| {
        match half.is_second(request) && is_refused.is_first() {
            true => refuse(),
            false => creatify.answer(request),
        }
    });
    let server = server.await;
    desk.run(&server, &half.arguments()).ended().await.is(3);
    desk.run(&server, &half.arguments()).ended().await.is(0);
    assert_eq!((service.pictures() + service.links(), desk.videos()), (1, 1));
}

#[tokio::test]
async fn key_refused_between_two_paid_steps() {
    refused_once((Half::Picture, || creatify::refused(401, "Invalid key"))).await;
}

#[tokio::test]
async fn creatify_refuses_the_second_paid_step() {
    let members: [(&str, (Half, Refuse)); 5] = [
        ("402 for a picture's video", (Half::Picture, || creatify::refused(402, "no credits"))),
        ("403 for a picture's video", (Half::Picture, || creatify::refused(403, "not allowed"))),
        ("401 for a link's video", (Half::Link, || creatify::refused(401, "Invalid key"))),
        ("402 for a link's video", (Half::Link, || creatify::refused(402, "no credits"))),
        ("403 for a link's video", (Half::Link, || creatify::refused(403, "not allowed"))),
    ];
    side_by_side(members, refused_once).await;
}

/// Too few credits for the video, in whichever status that is said.
#[tokio::test]
async fn creatify_has_too_few_credits_for_the_second_paid_step() {
    let members: [(&str, (Half, Refuse)); 2] = [
        ("400", (Half::Picture, || creatify::refused(400, "Insufficient credits"))),
        ("403", (Half::Picture, || creatify::refused(403, "Insufficient credits"))),
    ];
    side_by_side(members, refused_once).await;
}

#[tokio::test]
async fn jogg_refuses_what_comes_after_previews() {
    async fn play(code: u32) {
        let (service, desk, is_refused) = (Jogg::new(), Desk::new(), Switch::default());
        let jogg = service.clone();
        let server = Server::sped_up(SPEED, move |request| {
            match request.is("POST", jogg::RENDER) && is_refused.is_first() {
                true => jogg::refused(code),
                false => jogg.answer(request),
            }
        });
        let server = server.await;
        // Of a single preview nobody has to choose.
        let previews = ["--set", r#"jogg.previews=["Simple Product Switch"]"#];
        desk.make(&server, "jogg", &previews).ended().await.is(3);
        desk.make(&server, "jogg", &previews).ended().await.is(0);
        let counts = [jogg::PREVIEWS, jogg::RENDER].map(|path| server.count("POST", path));
        assert_eq!((counts, service.accepted(), desk.videos()), ([1, 2], 1, 1));
    }
    side_by_side(codes(), play).await;
}

#[tokio::test]
async fn jogg_refuses_what_comes_after_a_product() {
    async fn play(code: u32) {
        let (service, desk, is_refused) = (Jogg::new(), Desk::new(), Switch::default());
        let jogg = service.clone();
        let server = Server::sped_up(SPEED, move |request| {
            match request.is("POST", jogg::CREATE) && is_refused.is_first() {
                true => jogg::refused(code),
                false => jogg.answer(request),
            }
        });
        let server = server.await;
        desk.make(&server, "jogg", &[]).ended().await.is(3);
        desk.make(&server, "jogg", &[]).ended().await.is(0);
        assert_eq!((service.accepted(), desk.videos()), (1, 1));
    }
    side_by_side(codes(), play).await;
}

/// What an owner can mend, as JoggAI says it.
fn codes() -> [(&'static str, u32); 3] {
    [
        ("no credits", jogg::NO_CREDITS),
        ("wrong key", jogg::WRONG_KEY),
        ("not in the plan", jogg::PLAN_LACKS),
    ]
}
