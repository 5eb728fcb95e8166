//! How a command ends whose ledger fails in the middle.

use std::path::PathBuf;

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::jobs::Place;

/// Where the ledger of a sandbox's jobs is.
fn ledger(place: &Place) -> PathBuf {
    let folder = place.home.path().join("data/adreel");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "db")).unwrap()
}

/// Makes a ledger as full as a disk can be, from the moment a job's row is as it says.
fn fill(place: &Place, operation: &str, when: &str) {
    run(
        place,
        format!(
            "CREATE TRIGGER full BEFORE {operation} ON adreel_jobs WHEN {when} \
             BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        ),
    );
}

fn run(place: &Place, statement: String) {
    let options = SqliteConnectOptions::new().filename(ledger(place));
    let done = async {
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    };
    tokio::runtime::Runtime::new().unwrap().block_on(done);
}

#[test]
fn the_exit_code_says_whether_something_was_paid_when_the_disk_got_full() {
    // The same ledger, full at each place of a job's way.
    for (operation, when, code, paid, told) in [
        ("INSERT", "1", 2, 0, "disk is full"),
        ("UPDATE", "new.stage = 'submitting'", 2, 0, "disk is full"),
        ("UPDATE", "new.stage = 'running'", 6, 1, "accepted and paid as task_"),
        ("UPDATE", "new.stage = 'rendered'", 4, 1, "disk is full"),
        ("UPDATE", "new.stage = 'done'", 5, 1, "disk is full"),
    ] {
        let place = Place::new(600.0);
        // It is made before the request is looked at.
        let (refused, _, stderr) = place.run(&["make", "missing.png", "--name", "Roast"]);
        assert_eq!(refused, Some(2), "{stderr}");
        fill(&place, operation, when);
        let (ended, _, stderr) = place.make(&["--provider", "beatapi"]);
        assert_eq!((ended, place.paid()), (Some(code), paid), "{operation} {when}: {stderr}");
        assert!(stderr.contains(told), "{when}: {stderr}");
        // With space again, the same command goes on where it was and pays no more.
        run(&place, "DROP TRIGGER full".to_owned());
        let (ended, _, stderr) = place.make(&["--provider", "beatapi"]);
        assert_eq!((ended, place.paid()), (Some(0), 1), "{operation} {when}: {stderr}");
    }
}
