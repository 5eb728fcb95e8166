//! A ledger that cannot be written: nothing is sent without an intent, and nothing that was accepted
//! is forgotten.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use adreel::{
    Account, AccountConfig, BoxFuture, Client, Error, ErrorKind, Job, JobId, JobQuery, Keys,
    Ledger, MemoryLedger, Product, ProviderId, Result, Stage, VideoRequest,
};

use crate::support::InstantClock;
use crate::support::scripted::{Reply, Server, json};

/// What becomes of a write that fails.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// It did not take place: the disk is full, the file is read-only or locked.
    Refused,
    /// It took place, and the answer was lost: the connection broke.
    Lost,
}

/// A ledger whose writes fail from the `from`-th on, `count` of them.
struct FaultyLedger {
    rows: Arc<MemoryLedger>,
    fault: Fault,
    from: usize,
    count: usize,
    writes: AtomicUsize,
    side_file: Option<PathBuf>,
    /// Whether rows cannot be read either, once writes fail.
    is_gone: bool,
}

impl FaultyLedger {
    fn fails(&self) -> Option<Fault> {
        let write = self.writes.fetch_add(1, Ordering::SeqCst);
        (self.from..self.from.saturating_add(self.count)).contains(&write).then_some(self.fault)
    }
}

fn broken() -> Error {
    let source = std::io::Error::other("database or disk is full");
    Error::new(ErrorKind::Io, "the ledger cannot be written: free some space").with_source(source)
}

impl Ledger for FaultyLedger {
    fn insert<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Option<Job>>> {
        Box::pin(async move {
            match self.fails() {
                Some(Fault::Refused) => Err(broken()),
                Some(Fault::Lost) => {
                    self.rows.insert(job).await?;
                    Err(broken())
                }
                None => self.rows.insert(job).await,
            }
        })
    }

    fn load(&self, id: JobId) -> BoxFuture<'_, Result<Option<Job>>> {
        match self.is_gone && self.writes.load(Ordering::SeqCst) >= self.from {
            true => Box::pin(async { Err(broken()) }),
            false => self.rows.load(id),
        }
    }

    fn find<'a>(
        &'a self,
        account: &'a Account,
        key_digest: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>> {
        self.rows.find(account, key_digest)
    }

    fn store<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            match self.fails() {
                Some(Fault::Refused) => Err(broken()),
                Some(Fault::Lost) => {
                    self.rows.store(job).await?;
                    Err(broken())
                }
                None => self.rows.store(job).await,
            }
        })
    }

    fn find_resource<'a>(
        &'a self,
        account: &'a Account,
        resource: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>> {
        self.rows.find_resource(account, resource)
    }

    fn list<'a>(&'a self, query: &'a JobQuery) -> BoxFuture<'a, Result<Vec<Result<Job>>>> {
        self.rows.list(query)
    }

    fn side_file(&self) -> Option<PathBuf> {
        self.side_file.clone()
    }
}

const QUEUED: &str = r#"{"data":{"id":"task_1","status":"queued"}}"#;
const BUSY: &str = r#"{"data":{"id":"task_1","status":"processing"}}"#;

fn request() -> VideoRequest {
    VideoRequest::new(Product::new("Morning Roast").image_url("https://x.example/p.png"))
}

fn client(server: &Server, ledger: impl Ledger) -> Client {
    let config = AccountConfig::new(Keys::key("k")).base_url(&server.url);
    let builder = Client::builder().account(ProviderId::BeatApi, config);
    builder.clock(InstantClock::default()).ledger(ledger).build().unwrap()
}

fn posts(server: &Server) -> usize {
    server.requests().iter().filter(|request| request.starts_with("POST")).count()
}

/// A new account, so that what is not recorded cannot be proved either.
fn replies() -> impl Iterator<Item = Reply> {
    [json(201, QUEUED)].into_iter().chain((0..99).map(|_| json(200, BUSY)))
}

#[tokio::test]
async fn whichever_write_fails_a_job_is_sent_once_or_not_at_all() {
    // The writes of a submit: the job, the intent, the answer.
    for fault in [Fault::Refused, Fault::Lost] {
        for from in 0..3 {
            for count in [1, 2, 4] {
                let told = format!("{fault:?}, {count} from write {from}");
                let server = Server::start(replies()).await;
                let rows = Arc::new(MemoryLedger::new());
                let ledger = FaultyLedger {
                    rows: Arc::clone(&rows),
                    fault,
                    from,
                    count,
                    writes: AtomicUsize::default(),
                    side_file: None,
                    is_gone: false,
                };
                let first = client(&server, ledger).submit(&request()).key("k").await;
                // Up to four failures are outlasted once there is something to record.
                if from == 2 {
                    assert_eq!(first.unwrap().stage(), Stage::Running, "{told}");
                } else {
                    let error = first.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Io, "{told}");
                    assert_eq!(posts(&server), 0, "{told}: nothing without an intent");
                }
                // The ledger works again, and the order comes again.
                let mended = client(&server, Arc::clone(&rows));
                let again = mended.submit(&request()).key("k").await;
                match (fault, from) {
                    // An intent that stands is an intent, although nobody sent it.
                    (Fault::Lost, 1) => {
                        assert_eq!(again.unwrap_err().kind(), ErrorKind::SubmitUnknown, "{told}");
                        assert_eq!(posts(&server), 0, "{told}");
                    }
                    _ => {
                        assert_eq!(again.unwrap().stage(), Stage::Running, "{told}");
                        assert_eq!(posts(&server), 1, "{told}");
                    }
                }
                let jobs = rows.list(&JobQuery::all()).await.unwrap();
                assert_eq!(jobs.len(), 1, "{told}");
            }
        }
    }
}

#[tokio::test]
async fn what_the_ledger_cannot_take_is_found_in_the_side_file() {
    let folder = tempfile::tempdir().unwrap();
    let side_file = folder.path().join("jobs.db.accepted");
    let server = Server::start(replies()).await;
    let rows = Arc::new(MemoryLedger::new());
    let full = FaultyLedger {
        rows: Arc::clone(&rows),
        fault: Fault::Refused,
        from: 2,
        count: usize::MAX,
        writes: AtomicUsize::default(),
        side_file: Some(side_file.clone()),
        is_gone: false,
    };
    let error = client(&server, full).submit(&request()).key("k").await.unwrap_err();
    assert_unrecorded(
        &error,
        &format!(
            "accepted and paid as task_1, but the ledger cannot record it; it was written to {}",
            side_file.display()
        ),
    );
    let written = std::fs::read_to_string(&side_file).unwrap();
    assert!(written.contains("task_1"), "{written}");

    // After a restart with a ledger that works it is known without a look at the provider.
    let mended = FaultyLedger {
        rows,
        fault: Fault::Refused,
        from: usize::MAX,
        count: 0,
        writes: AtomicUsize::default(),
        side_file: Some(side_file),
        is_gone: false,
    };
    let job = client(&server, mended).submit(&request()).key("k").await.unwrap();
    assert_eq!(job.provider_ref().unwrap().to_string(), "beatapi:task_1");
    assert_eq!(server.requests().len(), 1);
}

/// What says that something was paid for, with the ledger's error as its cause.
fn assert_unrecorded(error: &Error, told: &str) {
    assert_eq!(error.kind(), ErrorKind::SubmitUnknown, "{error}");
    assert!(error.to_string().contains(told), "{error}");
    assert!(!error.to_string().contains('\n'), "{error}");
    let handle = error.handle().unwrap();
    assert_eq!(Some(handle.id), error.job_id());
    let cause = std::error::Error::source(error).unwrap().downcast_ref::<Error>().unwrap();
    assert_eq!(cause.kind(), ErrorKind::Io);
}

fn full(from: usize) -> FaultyLedger {
    FaultyLedger {
        rows: Arc::new(MemoryLedger::new()),
        fault: Fault::Refused,
        from,
        count: usize::MAX,
        writes: AtomicUsize::default(),
        side_file: None,
        is_gone: false,
    }
}

#[tokio::test]
async fn what_was_or_may_have_been_paid_is_told_whatever_is_wrong_with_the_ledger() {
    let accepted = Server::start(replies()).await;
    let error = client(&accepted, full(2)).submit(&request()).await.unwrap_err();
    assert_unrecorded(&error, "accepted and paid as task_1");
    assert_unrecorded(&error, "only the log has it: there is no side file");
    let lost = Server::start([Reply::HangUp]).await;
    let error = client(&lost, full(2)).submit(&request()).await.unwrap_err();
    assert_unrecorded(&error, "no answer came to a paid call");
    // A refusal took nothing.
    let refused = Server::start([json(400, r#"{"error":{"code":"invalid_request"}}"#)]).await;
    let error = client(&refused, full(2)).submit(&request()).await.unwrap_err();
    assert_ne!(error.kind(), ErrorKind::SubmitUnknown, "{error}");
}

#[tokio::test]
async fn a_ledger_that_is_gone_leaves_the_handle_of_what_is_or_may_be_paid() {
    // It is gone before or after its writes: the job, the intent, the answer.
    for from in 0..4 {
        let server = Server::start(replies()).await;
        let gone = FaultyLedger { is_gone: true, ..full(from) };
        let error = client(&server, gone).generate(&request()).await.unwrap_err();
        let handle = error.handle();
        match from {
            0 => assert_eq!((error.kind(), handle), (ErrorKind::Io, None)),
            2 => assert_eq!(error.kind(), ErrorKind::SubmitUnknown),
            _ => assert_eq!(error.kind(), ErrorKind::Io, "{from}: {error}"),
        }
        assert!(from < 2 || handle.is_some(), "{from}");
        assert_eq!(posts(&server), usize::from(from > 1), "{from}");
    }
    // Where the row can be read, it says that nothing was sent.
    let server = Server::start(replies()).await;
    let error = client(&server, full(1)).generate(&request()).await.unwrap_err();
    assert_eq!((error.kind(), error.handle()), (ErrorKind::Io, None));
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn nothing_is_sent_from_a_disk_that_is_full() {
    use adreel::Sql;
    use sqlx::sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
    };

    let folder = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("jobs.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    let ledger = Arc::new(Sql::from_sqlite_pool(pool.clone()).await.unwrap());
    let server = Server::start(replies()).await;
    let client = client(&server, Arc::clone(&ledger));
    // No page may be added: the first job of this size does not fit any more.
    sqlx::query("PRAGMA max_page_count = 1").execute(&pool).await.unwrap();
    let long = request().prompt("steam ".repeat(300));
    let mut sent = 0;
    let error = loop {
        match client.submit(&long).await {
            Ok(_) => sent += 1,
            Err(error) => break error,
        }
        assert!(sent < 10, "the disk is never full");
    };
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    assert!(!error.to_string().contains('\n') && error.to_string().contains("space"), "{error}");
    assert_eq!(posts(&server), sent);
    // With space again the same order goes through.
    sqlx::query("PRAGMA max_page_count = 1000000").execute(&pool).await.unwrap();
    let before = posts(&server);
    client.submit(&request()).key("k").await.unwrap();
    assert_eq!(posts(&server), before + 1);
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn whoever_is_known_to_be_gone_is_not_waited_for() {
    use adreel::Sql;
    use adreel::job::{Action, Outcome, Sending, apply};
    use std::time::Duration;

    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("jobs.db").display());
    let newer =
        r#"{"data":{"object":"list","data":[{"id":"video-analysis","object":"workflow"}]}}"#;
    let refused = json(429, r#"{"error":{"code":"rate_limit_exceeded"}}"#);
    let server = Server::start([refused, json(200, newer), json(201, QUEUED)]).await;
    let ledger = Arc::new(Sql::open(&url).await.unwrap());
    let client = client(&server, Arc::clone(&ledger));
    let job = client.submit(&request()).record().await.unwrap();
    // It was refused once, so its keys are known.
    let job = client.advance(&job).await.unwrap().job;
    let state: serde_json::Value = serde_json::from_str(&job.to_stored_state().unwrap()).unwrap();
    // Somebody else announces the call, by the same keys, and lives.
    let other = Arc::new(Sql::open(&url).await.unwrap());
    let seat = other.take_seat().await.unwrap().unwrap();
    let mut sending = Sending::new(Duration::from_secs(90), Duration::from_secs(1800));
    sending.sender = Some(seat.name().to_owned());
    sending.keys = state["steps"][0]["keys"].as_str().map(str::to_owned);
    assert!(sending.keys.is_some(), "{state}");
    let intent = apply(job.clone(), Outcome::Sending(sending), job.updated_at());
    assert!(other.store(&intent).await.unwrap());
    let advance = client.advance(&job).await.unwrap();
    assert!(matches!(advance.next, Action::Rest(_)), "{:?}", advance.next);
    assert_eq!(server.requests().len(), 1);
    // When he is gone it is looked for at once, and found.
    drop(seat);
    let advance = client.advance(&job).await.unwrap();
    assert_eq!(advance.job.stage(), Stage::Running, "{:?}", advance.job.trouble());
    assert_eq!((server.requests().len(), posts(&server)), (3, 2));
}
