//! The suite finds what is wrong with a log of events.

use std::sync::Mutex;

use adreel::ledger::{EventLog, LoggedEvent, NewEvent, conformance};
use adreel::{Account, BoxFuture, Ledger, MemoryLedger, Result, Timestamp};

use crate::with_log::WithLog;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    NotesEverything,
    MixesAccounts,
    ClaimsForAll,
    KeepsClaimsForEver,
    ForgetsAcknowledgements,
    LetsAnybodyPutOff,
    TellsBackwards,
    LeasesToAll,
}

/// A log that has one thing wrong.
struct Flawed(MemoryLedger, Flaw, Mutex<Vec<u64>>);

impl Flawed {
    fn log(&self) -> &dyn EventLog {
        self.0.events().unwrap()
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.1 == flaw
    }
}

impl EventLog for Flawed {
    fn note<'a>(&'a self, event: &'a NewEvent) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let mut event = event.clone();
            if self.has(Flaw::MixesAccounts) {
                event.account.name = "one for all".to_owned();
            }
            Ok(self.log().note(&event).await? || self.has(Flaw::NotesEverything))
        })
    }

    fn claim<'a>(
        &'a self,
        holder: &'a str,
        now: Timestamp,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<Option<LoggedEvent>>> {
        let until = match self.1 {
            Flaw::ClaimsForAll => now,
            Flaw::KeepsClaimsForEver => Timestamp::from_millis(i64::MAX / 3),
            _ => until,
        };
        self.log().claim(holder, now, until)
    }

    fn acknowledge(&self, number: u64) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move {
            let is_first = !self.2.lock().unwrap().contains(&number);
            if self.has(Flaw::ForgetsAcknowledgements) && is_first {
                self.2.lock().unwrap().push(number);
                return Ok(true);
            }
            self.log().acknowledge(number).await
        })
    }

    fn put_off<'a>(
        &'a self,
        number: u64,
        holder: &'a str,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let stood = self.log().put_off(number, holder, until).await?;
            Ok(stood || self.has(Flaw::LetsAnybodyPutOff))
        })
    }

    fn since(&self, number: u64, limit: u32) -> BoxFuture<'_, Result<Vec<LoggedEvent>>> {
        Box::pin(async move {
            let mut told = self.log().since(number, limit).await?;
            if self.has(Flaw::TellsBackwards) {
                told.reverse();
            }
            Ok(told)
        })
    }

    fn newest(&self) -> BoxFuture<'_, Result<u64>> {
        self.log().newest()
    }

    fn find<'a>(
        &'a self,
        account: &'a Account,
        resource: &'a str,
    ) -> BoxFuture<'a, Result<Vec<LoggedEvent>>> {
        self.log().find(account, resource)
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        now: Timestamp,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<bool>> {
        let holder = if self.has(Flaw::LeasesToAll) { "anybody" } else { holder };
        self.log().lease(name, holder, now, until)
    }

    fn release<'a>(&'a self, name: &'a str, holder: &'a str) -> BoxFuture<'a, Result<()>> {
        self.log().release(name, holder)
    }
}

#[tokio::test]
async fn each_flaw_breaks_a_rule() {
    for (flaw, rule) in [
        (Flaw::NotesEverything, "an event is known by its account, resource and outcome"),
        (Flaw::MixesAccounts, "an event that is known is not changed by its next delivery"),
        (Flaw::ClaimsForAll, "a claimed event is nobody else's"),
        (Flaw::KeepsClaimsForEver, "an event can be claimed again when its claim has run out"),
        (Flaw::ForgetsAcknowledgements, "an acknowledgement is news once"),
        (Flaw::LetsAnybodyPutOff, "who no longer holds a claim cannot put it off"),
        (Flaw::TellsBackwards, "the events since a number are told in order"),
        (Flaw::LeasesToAll, "one of many gets a lease"),
    ] {
        let log = || Flawed(MemoryLedger::new(), flaw, Mutex::default());
        let open = async || WithLog(MemoryLedger::new(), log());
        let checked = conformance::check(open).await;
        assert_eq!(checked, Err(format!("a ledger breaks the rule: {rule}")), "{flaw:?}");
    }
}
