//! Who holds a seat at a ledger in a file.

use adreel::{Ledger, MemoryLedger, Sql};

use crate::sqlite::open;

#[tokio::test]
async fn a_seat_is_held_until_it_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    let (one, other) = (open(&path).await, open(&path).await);
    let first = one.take_seat().await.unwrap().unwrap();
    let second = other.take_seat().await.unwrap().unwrap();
    assert_ne!(first.name(), second.name());
    for ledger in [&one, &other] {
        for seat in [&first, &second] {
            assert_eq!(ledger.is_seated(seat.name()).await.unwrap(), Some(true));
            assert!(seat.is_held().await);
        }
    }
    let name = first.name().to_owned();
    drop((one, first));
    assert_eq!(other.is_seated(&name).await.unwrap(), Some(false));
    assert_eq!(other.is_seated(second.name()).await.unwrap(), Some(true));
}

#[tokio::test]
async fn the_seats_of_the_dead_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    let ledger = open(&path).await;
    let living = ledger.take_seat().await.unwrap().unwrap();
    let seats = folder.path().join("jobs.db.seats");
    let dead = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    std::fs::write(seats.join(dead), "").unwrap();
    std::fs::write(seats.join("notes.txt"), "not ours").unwrap();
    assert_eq!(ledger.is_seated(dead).await.unwrap(), Some(false));
    let next = ledger.take_seat().await.unwrap().unwrap();
    let left = std::fs::read_dir(&seats).unwrap().map(|entry| entry.unwrap().file_name());
    let mut left: Vec<_> = left.map(|name| name.into_string().unwrap()).collect();
    left.sort();
    let mut expected = [living.name(), next.name(), "notes.txt"];
    expected.sort();
    assert_eq!(left, expected);
}

#[tokio::test]
async fn a_name_is_never_a_path() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(&folder.path().join("jobs.db")).await;
    let seat = ledger.take_seat().await.unwrap().unwrap();
    // Somebody holds these files, but none of them is a seat.
    let held = std::fs::File::create(folder.path().join("held")).unwrap();
    held.lock().unwrap();
    let lower = seat.name().to_lowercase();
    let around = format!("../jobs.db.seats/{}", seat.name());
    for name in ["", ".", "../held", "held", "/etc/passwd", &lower, &around] {
        assert_eq!(ledger.is_seated(name).await.unwrap(), None, "{name}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn who_comes_through_a_link_meets_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("jobs.db"), folder.path().join("link.db"));
    let ledger = open(&path).await;
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let seat = open(&link).await.take_seat().await.unwrap().unwrap();
    assert_eq!(ledger.is_seated(seat.name()).await.unwrap(), Some(true));
}

#[tokio::test]
async fn a_database_in_memory_has_no_seats() {
    let ledger = Sql::open("sqlite::memory:").await.unwrap();
    assert!(ledger.take_seat().await.unwrap().is_none());
    assert_eq!(ledger.is_seated("01ARZ3NDEKTSV4RRFFQ69G5FAV").await.unwrap(), None);
}

#[tokio::test]
async fn memory_knows_everybody() {
    let ledger = MemoryLedger::new();
    let first = ledger.take_seat().await.unwrap().unwrap();
    let second = ledger.take_seat().await.unwrap().unwrap();
    assert_ne!(first.name(), second.name());
    let name = first.name().to_owned();
    assert_eq!(ledger.is_seated(&name).await.unwrap(), Some(true));
    drop(first);
    assert_eq!(ledger.is_seated(&name).await.unwrap(), Some(false));
    assert_eq!(ledger.is_seated(second.name()).await.unwrap(), Some(true));
}
