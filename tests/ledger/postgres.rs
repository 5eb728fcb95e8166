//! The ledger in Postgres. These tests need a server of their own, by `ADREEL_TEST_POSTGRES_URL`:
//! the user has to be allowed to make databases.

use std::time::Duration;

use adreel::ledger::conformance;
use adreel::{ErrorKind, Ledger, Sql};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};
use tokio::task::{LocalSet, spawn_local};

use crate::migrations::{
    BY_HAND, OLD_STATEMENTS, REFUSED, TOTALS_AMISS, VERSION_3_POSTGRES, assert_up_to_date,
};
use crate::{COLUMNS, Columns, announced, columns, inserted, listed};

/// Runs a test with the URL of a new database, which goes afterwards, also where the test fails.
async fn with_database<F>(test: impl FnOnce(String) -> F)
where
    F: Future<Output = ()> + 'static,
{
    let Ok(server) = std::env::var("ADREEL_TEST_POSTGRES_URL") else {
        eprintln!("skipped: ADREEL_TEST_POSTGRES_URL is not set");
        return;
    };
    let name = format!("adreel_{}", conformance::job().id().to_string().to_lowercase());
    run(&server, format!("CREATE DATABASE {name}")).await;
    let mut url = url::Url::parse(&server).unwrap();
    url.set_path(&name);
    let test = test(url.to_string());
    let tested = LocalSet::new().run_until(async { spawn_local(test).await }).await;
    run(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
    if let Err(failed) = tested {
        std::panic::resume_unwind(failed.into_panic());
    }
}

async fn run(url: &str, statements: impl Into<String>) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statements.into())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn ask(url: &str, question: &'static str) -> String {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar(question).fetch_one(&mut connection).await.unwrap()
}

async fn open(url: &str) -> Sql {
    Sql::open(url).await.unwrap()
}

#[tokio::test]
async fn a_server_conforms() {
    with_database(async |url: String| {
        let opened = async || open(&url).await;
        assert_eq!(conformance::check_persistent(opened).await, Ok(()));
        assert_eq!(ask(&url, TOTALS_AMISS).await, "0");
    })
    .await;
}

#[tokio::test]
async fn a_pool_conforms() {
    with_database(async |url: String| {
        let opened = async || {
            let pool = PgPool::connect(&url).await.unwrap();
            Sql::from_postgres_pool(pool).await.unwrap()
        };
        assert_eq!(conformance::check_persistent(opened).await, Ok(()));
    })
    .await;
}

#[tokio::test]
async fn a_schema_of_ones_own_conforms() {
    with_database(async |url: String| {
        run(&url, "CREATE SCHEMA shop").await;
        let url = format!("{url}?options=-c%20search_path%3Dshop");
        assert_eq!(conformance::check_persistent(async || open(&url).await).await, Ok(()));
        assert_eq!(
            ask(&url, "SELECT to_regclass('public.adreel_jobs')::text IS NULL || ''").await,
            "true"
        );
    })
    .await;
}

#[tokio::test]
async fn many_open_a_new_database_at_once() {
    with_database(async |url: String| {
        let opened = futures_util::future::join_all((0..8).map(|_| open(&url))).await;
        for ledger in &opened {
            inserted(ledger).await;
        }
        assert_eq!(listed(&opened[0]).await, vec![Ok(0); 8]);
    })
    .await;
}

/// A trigger notes the setting under which each row is written, in a database whose default is to
/// answer before the disk has it.
#[tokio::test]
async fn what_is_written_is_on_the_disk_whatever_the_default() {
    with_database(async |url: String| {
        run(
            &url,
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit TO off', \
             current_database()); EXECUTE format('ALTER DATABASE %I SET \
             default_transaction_isolation TO serializable', current_database()); END $$",
        )
        .await;
        let pool = PgPool::connect(&url).await.unwrap();
        assert_eq!(ask(&url, "SHOW synchronous_commit").await, "off");
        for ledger in [open(&url).await, Sql::from_postgres_pool(pool).await.unwrap()] {
            run(
                &url,
                "CREATE TABLE IF NOT EXISTS noted (setting TEXT); \
                 CREATE OR REPLACE FUNCTION note() RETURNS trigger AS $$ BEGIN \
                 INSERT INTO noted VALUES (current_setting('synchronous_commit') || ' ' || \
                 current_setting('transaction_isolation')); RETURN NEW; END $$ LANGUAGE plpgsql; \
                 CREATE OR REPLACE TRIGGER note BEFORE INSERT OR UPDATE ON adreel_jobs \
                 FOR EACH ROW EXECUTE FUNCTION note()",
            )
            .await;
            let job = inserted(&ledger).await;
            assert!(ledger.store(&announced(&job)).await.unwrap());
        }
        let noted = "SELECT count(*) || ' ' || min(setting) || ' ' || max(setting) FROM noted";
        assert_eq!(ask(&url, noted).await, "4 on read committed on read committed");
        // A row that a rival has just added is a conflict here too, and no error.
        assert_eq!(conformance::check_persistent(async || open(&url).await).await, Ok(()));
    })
    .await;
}

#[tokio::test]
async fn a_row_says_in_columns_what_the_job_says() {
    with_database(async |url: String| {
        let ledger = open(&url).await;
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let job = inserted(&ledger).await;
        let row = sqlx::query_as::<_, Columns>(COLUMNS).fetch_one(&mut connection).await;
        assert_eq!(row.unwrap(), columns(&job));
        run(&url, "UPDATE adreel_jobs SET job_order = 'marked'").await;
        let next = announced(&job);
        assert!(ledger.store(&next).await.unwrap());
        let row = sqlx::query_as::<_, Columns>(COLUMNS).fetch_one(&mut connection).await;
        assert_eq!(row.unwrap(), columns(&next));
        assert_eq!(ask(&url, "SELECT job_order FROM adreel_jobs").await, "marked");
    })
    .await;
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_an_error_in_its_place() {
    with_database(async |url: String| {
        let ledger = open(&url).await;
        let mut ids = [inserted(&ledger).await.id(), inserted(&ledger).await.id()];
        ids.sort();
        run(&url, format!("UPDATE adreel_jobs SET state = 'no JSON' WHERE id = '{}'", ids[0]))
            .await;
        assert_eq!(listed(&ledger).await, [Err(Some(ids[0])), Ok(0)]);
    })
    .await;
}

#[tokio::test]
async fn ids_are_listed_in_their_order_in_any_language() {
    with_database(async |url: String| {
        // In Estonian Z comes before T.
        let base = url::Url::parse(&url).unwrap();
        let name = format!("{}_et", base.path().trim_start_matches('/'));
        run(
            &url,
            format!(
                "CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu \
             ICU_LOCALE 'et' LOCALE 'C.UTF-8'"
            ),
        )
        .await;
        let mut estonian = base.clone();
        estonian.set_path(&name);
        let estonian = estonian.to_string();
        assert_eq!(ask(&estonian, "SELECT ('Z' < 'T')::text").await, "true");
        let ledger = open(&estonian).await;
        let ids = ["01T00000000000000000000000", "01Z00000000000000000000000"];
        for id in ids {
            inserted(&ledger).await;
            run(&estonian, format!("UPDATE adreel_jobs SET id = '{id}' WHERE id < '01T'")).await;
        }
        // What its state says is another id by now, so that each row is an error in its place.
        let expected = ids.map(|id| Err(Some(id.parse().unwrap())));
        assert_eq!(listed(&ledger).await, expected);
        drop(ledger);
        run(&url, format!("DROP DATABASE {name} WITH (FORCE)")).await;
    })
    .await;
}

#[tokio::test]
async fn a_lost_connection_is_told_or_made_again() {
    with_database(async |url: String| {
        let ledger = open(&url).await;
        let job = inserted(&ledger).await;
        let cut = "SELECT count(pg_terminate_backend(pid, 5000))::text FROM pg_stat_activity \
             WHERE application_name = 'adreel' AND datname = current_database()";
        for _ in 0..3 {
            assert_ne!(ask(&url, cut).await, "0");
            match ledger.load(job.id()).await {
                Ok(loaded) => assert_eq!(loaded.as_ref(), Some(&job)),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}"),
            }
            inserted(&ledger).await;
        }
        // A transaction that is cut writes nothing.
        run(
            &url,
            "CREATE FUNCTION cut() RETURNS trigger AS $$ BEGIN PERFORM \
             pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$ LANGUAGE plpgsql; \
             CREATE TRIGGER cut BEFORE INSERT OR UPDATE ON adreel_jobs FOR EACH ROW \
             EXECUTE FUNCTION cut()",
        )
        .await;
        for _ in 0..3 {
            let error = ledger.store(&announced(&job)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert!(error.to_string().contains("the connection was lost; try again"), "{error}");
        }
        assert_eq!(ledger.load(job.id()).await.unwrap(), Some(job.clone()));
        run(&url, "DROP TRIGGER cut ON adreel_jobs").await;
        assert!(ledger.store(&announced(&job)).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn tables_that_were_made_by_hand_need_no_right_to_make_any() {
    with_database(async |url: String| {
        run(&url, Sql::schema(&url).unwrap()).await;
        run(
            &url,
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET \
             default_transaction_read_only TO on', current_database()); END $$",
        )
        .await;
        let ledger = open(&url).await;
        assert!(listed(&ledger).await.is_empty());
        let error = ledger.insert(&conformance::job()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.to_string().contains("connect to the primary server"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    with_database(async |url: String| {
        drop(open(&url).await);
        run(&url, "INSERT INTO adreel_schema (version) VALUES (99)").await;
        let error = Sql::open(&url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().ends_with("up to 4; update adreel"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_database_of_version_3_is_brought_up_to_date() {
    with_database(async |url: String| {
        run(&url, VERSION_3_POSTGRES).await;
        assert_up_to_date(&open(&url).await).await;
        assert_eq!(ask(&url, TOTALS_AMISS).await, "0");
        let mut old = PgConnection::connect(&url).await.unwrap();
        for statement in OLD_STATEMENTS {
            let error = sqlx::query(statement).execute(&mut old).await.unwrap_err();
            // What that release shows of a code that it does not know.
            let error = error.into_database_error().unwrap();
            assert_eq!((error.message(), error.code().as_deref()), (REFUSED, Some("P0001")));
        }
        for statement in BY_HAND {
            sqlx::query(statement).execute(&mut old).await.unwrap();
            assert_eq!(ask(&url, TOTALS_AMISS).await, "0", "{statement}");
        }
    })
    .await;
}

/// A session that writes with the schema's name in front has another search_path.
#[tokio::test]
async fn totals_are_found_whatever_the_search_path_is() {
    with_database(async |url: String| {
        run(&url, "CREATE SCHEMA shop").await;
        let own = format!("{url}?options=-c%20search_path%3Dshop");
        run(&own, VERSION_3_POSTGRES).await;
        assert_up_to_date(&open(&own).await).await;
        run(&url, "UPDATE shop.adreel_jobs SET committed = committed + 5").await;
        assert_eq!(ask(&own, TOTALS_AMISS).await, "0");
    })
    .await;
}

/// The keys of the locks that sessions hold.
const SEATS: &str = "SELECT CAST(COUNT(pg_terminate_backend(pid, 5000)) AS TEXT) FROM pg_locks \
     WHERE locktype = 'advisory' AND objsubid = 1 AND database = \
     (SELECT oid FROM pg_database WHERE datname = current_database())";

#[tokio::test]
async fn a_seat_whose_session_is_cut_is_lost_and_another_can_be_taken() {
    with_database(async |url: String| {
        let ledger = open(&url).await;
        let seat = ledger.take_seat().await.unwrap().unwrap();
        assert!(seat.is_held().await);
        assert_eq!(ask(&url, SEATS).await, "1");
        assert_eq!(ledger.is_seated(seat.name()).await.unwrap(), Some(false));
        assert!(!seat.is_held().await);
        assert!(!seat.is_held().await);
        let next = ledger.take_seat().await.unwrap().unwrap();
        assert_eq!(ledger.is_seated(next.name()).await.unwrap(), Some(true));
    })
    .await;
}

#[tokio::test]
async fn another_server_tells_nothing_of_a_seat() {
    with_database(async |url: String| {
        let ledger = open(&url).await;
        let seat = ledger.take_seat().await.unwrap().unwrap();
        // As if the server had been started after the seat was taken, and had lost its locks.
        let (rest, started) = seat.name().rsplit_once('-').unwrap();
        let (pg, key) = rest.split_once('-').unwrap();
        let earlier = i64::from_str_radix(started, 16).unwrap() - 1;
        let other_key = u64::from_str_radix(key, 16).unwrap() ^ 1;
        let name = format!("{pg}-{other_key:016x}-{earlier:x}");
        assert_eq!(ledger.is_seated(&name).await.unwrap(), None);
        let name = format!("{pg}-{other_key:016x}-{started}");
        assert_eq!(ledger.is_seated(&name).await.unwrap(), Some(false));
        for name in ["", "pg-", "01M7Z2WPQ17E70A0ACY16PBNWG", "pg-7-1' OR true --"] {
            assert_eq!(ledger.is_seated(name).await.unwrap(), None, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn its_clock_is_the_servers() {
    with_database(async |url: String| {
        let ledger = open(&url).await;
        let server = "SELECT CAST(CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) \
                      AS TEXT)";
        let before: i64 = ask(&url, server).await.parse().unwrap();
        let now = ledger.now().await.unwrap().unwrap().as_millis();
        let after: i64 = ask(&url, server).await.parse().unwrap();
        assert!(before <= now && now <= after, "{before} {now} {after}");
    })
    .await;
}

#[tokio::test]
async fn no_password_is_told() {
    with_database(async |url: String| {
        let mut url = url::Url::parse(&url).unwrap();
        url.set_password(Some("secret")).unwrap();
        let ledger = open(url.as_str()).await;
        let place =
            format!("{}:{}{}", url.host_str().unwrap(), url.port().unwrap_or(5432), url.path());
        assert_eq!(format!("{ledger:?}"), format!("Sql({place})"));
        assert!(ledger.side_file().is_none());
        let seat = ledger.take_seat().await.unwrap().unwrap();
        assert!(!format!("{seat:?}").contains("secret"), "{seat:?}");
        url.set_path("/there_is_none");
        let error = Sql::open(url.as_str()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.to_string().contains("/there_is_none: there is no such database"), "{error}");
        let text = format!("{error} {error:?}");
        assert!(!text.contains("secret") && !text.contains('@'), "{text}");
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told() {
    // Its port was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let pool = PgPoolOptions::new().acquire_timeout(Duration::from_millis(100));
    let url = format!("postgres://user:secret@127.0.0.1:{port}/shop");
    let error = Sql::from_postgres_pool(pool.connect_lazy(&url).unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let text = format!("{error} {error:?}");
    assert!(text.contains("/shop: no connection within the time allowed"), "{text}");
    assert!(!text.contains("secret") && !text.contains("user"), "{text}");
    for url in ["postgres://user:secret@[", "postgres://user:secret@h/d?sslmode=secret"] {
        let error = Sql::open(url).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("ledger")));
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
}
