//! Two clients that share a ledger, in virtual time, at providers that refuse, lose answers and lie
//! in their lists, with keys that rotate and clients that are killed: whatever happens, nobody pays
//! twice without looks and a decision, no accepted job is forgotten, and every wait ends.
//!
//! What is asserted is what the providers have seen, and what stands in the ledger.

#![allow(clippy::unwrap_used, reason = "a test fails loudly")]

mod check;
mod dice;
mod double;
mod link;
mod plant;
mod service;
mod walk;
mod world;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use dice::Dice;

/// How many walks are taken in each run of the tests. `PROPTEST_CASES` and `PROPTEST_RNG_SEED` have
/// others taken.
const CASES: u32 = 200;

fn config() -> Config {
    let set = |name: &str| std::env::var_os(name).is_some();
    let default = Config { failure_persistence: None, ..Config::default() };
    Config {
        cases: if set("PROPTEST_CASES") { default.cases } else { CASES },
        rng_seed: match default.rng_seed {
            RngSeed::Random => RngSeed::Fixed(16),
            fixed => fixed,
        },
        ..default
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn two_clients_pay_once_forget_nothing_and_come_to_rest(
        rolls in prop::collection::vec(any::<u8>(), 0..260),
        fates in prop::collection::vec(any::<u8>(), 0..300),
        seed in any::<u64>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let mut runtime = runtime;
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(walk::walk(Dice::new(rolls), Dice::new(fates), seed));
    }
}
