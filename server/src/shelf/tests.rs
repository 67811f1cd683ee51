//! What stays, what goes and what is refused.

use super::*;

/// Entries are in use as long as their name is in capitals.
fn shelf(idle: Duration) -> Shelf<&'static str> {
    let room = |entries| Room {
        entries,
        bytes: 1 << 20,
    };
    let bounds = Bounds {
        what: "open results",
        all: room(3),
        user: room(2),
        idle,
    };
    Shelf::new(bounds, |name| name.chars().all(char::is_uppercase))
}

fn of(user: &str) -> Owner {
    Owner {
        user: user.to_owned(),
        session: Uuid::nil(),
    }
}

#[test]
fn released_entries_make_room_oldest_first() {
    let shelf = shelf(Duration::from_secs(60));
    let first = shelf.put(of("ada"), "a", 1).unwrap();
    let second = shelf.put(of("ada"), "b", 1).unwrap();
    assert!(shelf.put(of("ada"), "c", 1).is_err());
    shelf.release(first);
    shelf.release(second);
    assert_eq!(shelf.get(first), Some("a"));
    let third = shelf.put(of("ada"), "c", 1).unwrap();
    assert_eq!(shelf.get(second), None);
    assert_eq!(shelf.get(first), Some("a"));
    assert_eq!(shelf.remove(third), Some("c"));
    assert_eq!(shelf.get(third), None);
}

#[test]
fn idle_entries_make_room_and_are_swept() {
    let shelf = shelf(Duration::ZERO);
    let first = shelf.put(of("ada"), "a", 1).unwrap();
    shelf.put(of("ada"), "b", 1).unwrap();
    shelf.put(of("ada"), "c", 1).unwrap();
    assert_eq!(shelf.get(first), None);
    shelf.sweep();
    assert!(shelf.values().is_empty());
}

#[test]
fn one_user_leaves_room_for_others() {
    let shelf = shelf(Duration::from_secs(60));
    shelf.put(of("ada"), "a", 1).unwrap();
    shelf.put(of("ada"), "b", 1).unwrap();
    shelf.put(of("ada"), "c", 1).unwrap_err();
    shelf.put(of("bob"), "d", 1).unwrap();
    let error = shelf.put(of("eve"), "e", 1).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the server may keep at most 3")
    );
    shelf.end(Uuid::nil());
    shelf.put(of("eve"), "e", 1).unwrap();
}

#[test]
fn what_is_added_to_an_entry_counts() {
    let shelf = shelf(Duration::from_secs(60));
    let first = shelf.put(of("ada"), "a", 1).unwrap();
    let second = shelf.put(of("ada"), "b", 1).unwrap();
    shelf.resize(first, 900_000).unwrap();
    let error = shelf.resize(second, 900_000).unwrap_err();
    assert!(error.to_string().contains("1 MiB"), "{error}");
    assert_eq!(
        (shelf.get(first), shelf.get(second)),
        (Some("a"), Some("b"))
    );
    shelf.resize(first, 1).unwrap();
    shelf.resize(second, 900_000).unwrap();
}

#[test]
fn bytes_are_bounded_too() {
    let shelf = shelf(Duration::from_secs(60));
    shelf.put(of("ada"), "a", 900_000).unwrap();
    let error = shelf.put(of("ada"), "b", 900_000).unwrap_err();
    assert_eq!(
        error.to_string(),
        "ada may keep at most 2 open results or 1 MiB of them, and all are in use; \
         finish or close some"
    );
}

#[test]
fn nothing_goes_for_what_does_not_fit_even_so() {
    let shelf = shelf(Duration::from_secs(60));
    let served = shelf.put(of("ada"), "a", 1).unwrap();
    let kept = shelf.put(of("ada"), "b", 900_000).unwrap();
    shelf.release(served);
    // Without the first there would still be too little room.
    shelf.put(of("ada"), "c", 500_000).unwrap_err();
    assert_eq!(shelf.get(served), Some("a"));
    let other = shelf.put(of("bob"), "d", 1).unwrap();
    // Ada's own room would do, but not that of all.
    let error = shelf.put(of("ada"), "e", 100_000).unwrap_err();
    assert!(error.to_string().starts_with("the server may"), "{error}");
    assert_eq!(
        [shelf.get(served), shelf.get(kept), shelf.get(other)],
        [Some("a"), Some("b"), Some("d")]
    );
    let error = shelf.put(of("ada"), "f", 2 << 20).unwrap_err();
    assert_eq!(
        error.to_string(),
        "ada may keep open results of at most 1048576 bytes, and one of 2113536 bytes came; \
         send less"
    );
    let error = shelf.resize(kept, 2 << 20).unwrap_err();
    assert!(error.to_string().ends_with("send less"), "{error}");
    assert_eq!(shelf.get(served), Some("a"));
}

#[test]
fn what_is_in_use_stays() {
    let shelf = shelf(Duration::ZERO);
    let used = shelf.put(of("ada"), "A", 1).unwrap();
    let idle = shelf.put(of("ada"), "b", 1).unwrap();
    shelf.release(used);
    shelf.put(of("ada"), "c", 1).unwrap();
    assert_eq!(shelf.get(idle), None);
    shelf.sweep();
    assert_eq!(shelf.values(), ["A"]);
    assert_eq!(shelf.get(used), Some("A"));
}
