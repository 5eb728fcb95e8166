//! How times, amounts and names are written on the page.

use crate::beatapi::BeatApiContract;
use crate::clock::Moment;
use crate::credits::Credits;
use crate::provider::Provider;
use crate::world::World;

/// An amount in what the provider counts in.
pub(super) fn amount(world: &World, provider: &str, amount: impl Into<Credits>) -> String {
    let amount = amount.into();
    let is_dollars = provider == Provider::BeatApi.as_str()
        && world.settings.beatapi_contract == BeatApiContract::Newest;
    match is_dollars {
        true => format!("${amount:.2}"),
        false if amount == Credits::whole(1) => "1 credit".to_owned(),
        false => format!("{amount} credits"),
    }
}

/// A day and a time of it, to the second.
pub(super) fn day_and_time(moment: Moment) -> String {
    moment.rfc3339()[..19].replace('T', " ")
}

/// A time of a day, to a tenth of a second.
pub(super) fn time(moment: Moment) -> String {
    moment.rfc3339()[11..21].to_owned()
}

/// How long after something: `+0.4 s`, `+2 min 5 s`, `+3 h 10 min`.
pub(super) fn after(millis: u64) -> String {
    let secs = millis / 1000;
    match secs {
        0..60 => format!("+{}.{} s", secs, millis % 1000 / 100),
        60..3600 => format!("+{} min {} s", secs / 60, secs % 60),
        _ => format!("+{} h {} min", secs / 3600, secs / 60 % 60),
    }
}

/// A count with its noun.
pub(super) fn count(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SandboxBuilder;

    #[test]
    fn spans_are_written_as_people_say_them() {
        for (millis, text) in [
            (0, "+0.0 s"),
            (59_990, "+59.9 s"),
            (125_000, "+2 min 5 s"),
            (11_400_000, "+3 h 10 min"),
        ] {
            assert_eq!(after(millis), text);
        }
    }

    #[test]
    fn amounts_are_in_what_the_provider_counts_in() {
        let world = World::test();
        assert_eq!(amount(&world, "beatapi", Credits::cents(450)), "$4.50");
        assert_eq!(amount(&world, "jogg", Credits::whole(1)), "1 credit");
        assert_eq!(amount(&world, "creatify", Credits::cents(250)), "2.5 credits");
        let settings = SandboxBuilder::default().beatapi_contract(BeatApiContract::Launch);
        let world = World::new(8080, settings, std::sync::Arc::clone(&world.clock));
        assert_eq!(amount(&world, "beatapi", Credits::whole(225)), "225 credits");
    }
}
