use super::*;

fn ids(numbers: impl IntoIterator<Item = usize>) -> Vec<Uuid> {
    let ids = numbers.into_iter();
    ids.map(|number| Uuid::from_u128(u128::try_from(number).unwrap()))
        .collect()
}

/// All that were looked at are meant.
fn matches(numbers: impl IntoIterator<Item = usize>) -> Matches {
    let ids = ids(numbers);
    Matches {
        looked_at: ids.len(),
        ids,
    }
}

fn read(numbers: impl IntoIterator<Item = usize>) -> Ids {
    Ids {
        all: ids(numbers).into(),
        read: Instant::now(),
    }
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn key() -> Key {
    Key::new("User", "(uid=*)")
}

fn okta(key: Key) -> Walker {
    Walker {
        client: "okta".into(),
        by_cursor: false,
        key,
    }
}

fn all(known: Known) -> Option<usize> {
    match known {
        Known::All(ids) => Some(ids.len()),
        _ => None,
    }
}

#[test]
fn a_long_list_lasts_a_minute_and_a_short_one_only_for_those_who_waited_for_it() {
    let snapshots = Snapshots::default();
    let read = Instant::now();
    let known = |asked| all(snapshots.known(key(), asked, usize::MAX));
    snapshots.keep(key(), "User", matches(0..SMALL + 1), read);
    assert_eq!(known(read + AGE / 2), Some(SMALL + 1));
    assert_eq!(known(Instant::now() + AGE), None);
    let turn = snapshots.turn(key(), "User");
    let (reader, waiter) = (Arc::clone(&turn), turn);
    snapshots.keep(key(), "User", matches(0..SMALL), read);
    drop((reader, waiter));
    assert_eq!(known(read), Some(SMALL));
    assert_eq!(known(read + Duration::from_millis(1)), None);
    assert_eq!(
        all(snapshots.known(Key::new("Group", "(uid=*)"), read, 0)),
        None
    );
}

/// What must be asked for of what was written since.
fn written(snapshots: &Snapshots, asked: Instant) -> Vec<Uuid> {
    match snapshots.known(key(), asked, usize::MAX) {
        Known::All(_) => Vec::new(),
        Known::But(_, written) => written.ids,
        other => panic!("{other:?}"),
    }
}

/// Keeps ids as the one whose turn it was to read them.
fn keep(snapshots: &Snapshots, numbers: std::ops::Range<usize>, begun: Instant) -> Ids {
    let _turn = snapshots.turn(key(), "User");
    snapshots.reading(key());
    snapshots.keep(key(), "User", matches(numbers), begun)
}

#[test]
fn what_is_written_is_asked_for_until_the_list_is_corrected() {
    let snapshots = Snapshots::default();
    let read = Instant::now();
    snapshots.wrote("User", id(1));
    keep(&snapshots, 0..2000, read);
    assert!(written(&snapshots, read).is_empty());
    snapshots.wrote("User", id(5));
    snapshots.wrote("Group", id(6));
    snapshots.wrote("User", id(9999));
    let Known::But(known, asked_for) = snapshots.known(key(), read, usize::MAX) else {
        panic!("two were written")
    };
    assert_eq!(asked_for.ids, [id(5), id(9999)]);
    // One of them is written again while the directory is asked.
    snapshots.wrote("User", id(5));
    let list: Vec<Uuid> = (1..=1999).map(id).collect();
    snapshots.correct(key(), &known, &asked_for, list.clone());
    match snapshots.known(key(), read, usize::MAX) {
        Known::But(now, asked_for) => {
            assert_eq!(now[..], list);
            assert_eq!(asked_for.ids, [id(5)]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_short_list_lasts_where_many_were_looked_at_for_it() {
    let snapshots = Snapshots::default();
    let begun = Instant::now();
    for (looked_at, lasts) in [(SMALL, false), (SMALL + 1, true)] {
        let ids = ids(0..3);
        let matches = Matches { ids, looked_at };
        snapshots.keep(key(), "User", matches, begun);
        let known = snapshots.known(key(), Instant::now(), 0);
        assert_eq!(all(known).is_some(), lasts, "{looked_at}");
    }
}

#[test]
fn what_was_too_much_a_moment_ago_still_is() {
    let snapshots = Snapshots::default();
    let error = ScimError::too_many("narrow the filter");
    snapshots.refuse(key(), &error);
    let now = Instant::now();
    let known = |key, asked| snapshots.known(key, asked, 0);
    assert!(matches!(known(key(), now), Known::TooMany(same) if same == error));
    assert!(matches!(known(key(), now + AGE), Known::Nothing));
    let other = Key::new("User", "(cn=*)");
    assert!(matches!(known(other, now), Known::Nothing));
    for number in 0..=MOST {
        snapshots.refuse(Key::new("User", &number.to_string()), &error);
    }
    assert!(snapshots.state().refused.len() <= MOST);
}

#[test]
fn only_what_was_written_until_a_moment_is_asked_for_and_what_came_later_is_named() {
    let snapshots = Snapshots::default();
    let read = Instant::now();
    keep(&snapshots, 0..2000, read);
    let batch = u128::try_from(WRITTEN_AT_ONCE).unwrap();
    for number in 0..batch + 2 {
        snapshots.wrote("User", id(number));
    }
    let end = snapshots.end("User");
    snapshots.wrote("User", id(7777));
    let mut batches = Vec::new();
    while let Known::But(known, written) = snapshots.known(key(), read, end) {
        snapshots.correct(key(), &known, &written, known.to_vec());
        batches.push((written.ids.len(), written.later));
    }
    let ([first, second], late) = (batches.as_slice(), id(7777)) else {
        panic!("{batches:?}")
    };
    assert_eq!(
        *first,
        (WRITTEN_AT_ONCE, vec![id(batch), id(batch + 1), late])
    );
    assert_eq!(*second, (2, vec![late]));
}

#[test]
fn who_corrects_a_list_that_is_no_more_corrects_nothing() {
    let snapshots = Snapshots::default();
    let read = Instant::now();
    keep(&snapshots, 0..2000, read);
    snapshots.wrote("User", id(5));
    let Known::But(known, asked_for) = snapshots.known(key(), read, usize::MAX) else {
        panic!("one was written")
    };
    keep(&snapshots, 0..3000, read);
    snapshots.wrote("User", id(7));
    snapshots.correct(key(), &known, &asked_for, ids(0..1999));
    assert_eq!(written(&snapshots, read), [id(7)]);
}

#[test]
fn what_is_written_while_a_list_is_read_may_be_missing_from_it() {
    let snapshots = Snapshots::default();
    let read = Instant::now();
    let turn = snapshots.turn(key(), "User");
    snapshots.wrote("User", id(1));
    snapshots.reading(key());
    snapshots.wrote("User", id(2));
    snapshots.keep(key(), "User", matches(0..2000), read);
    drop(turn);
    assert_eq!(written(&snapshots, read), [id(2)]);
}

#[test]
fn however_much_is_written_the_list_lasts_and_memory_is_bounded() {
    let snapshots = Snapshots::default();
    let read = Instant::now();
    keep(&snapshots, 0..2000, read);
    let last = MOST_WRITTEN + 9;
    for number in 0..=u128::try_from(last).unwrap() {
        snapshots.wrote("User", id(number));
    }
    let state = snapshots.state();
    assert_eq!(
        state.written.get("User").unwrap().latest.len(),
        MOST_WRITTEN
    );
    drop(state);
    let mut asked_for = Vec::new();
    while let Known::But(known, written) = snapshots.known(key(), read, usize::MAX) {
        assert!(written.ids.len() <= WRITTEN_AT_ONCE);
        snapshots.correct(key(), &known, &written, known.to_vec());
        asked_for.extend(written.ids);
    }
    assert_eq!(asked_for.len(), MOST_WRITTEN, "the oldest are forgotten");
    assert_eq!(asked_for.last(), Some(&id(u128::try_from(last).unwrap())));
}

#[test]
fn a_walk_keeps_its_list_and_short_pages_move_nobody() {
    let snapshots = Snapshots::default();
    let (old, new) = (read(0..1000), read(1000..3000));
    let now = Instant::now();
    snapshots.rest(okta(key()), Place::new(old.clone(), 1), 100, 98, now);
    snapshots.rest(okta(key()), Place::new(new.clone(), 1), 7, 7, now);
    let at = |start| snapshots.resume(&okta(key()), start, now);
    // By what was asked for, and by what came.
    for (start, total) in [(101, 1000), (99, 998)] {
        let place = at(start).unwrap();
        assert!(place.ids.is(&old), "{start}");
        assert_eq!((place.page(100)[0], place.total()), (id(100), total));
    }
    // Asked for again.
    snapshots.rest(okta(key()), at(99).unwrap(), 100, 100, now);
    assert_eq!(at(99).unwrap().page(1), [id(100)]);
    assert_eq!(at(199).unwrap().page(1), [id(200)]);
    assert_eq!(at(199).unwrap().total(), 998);
    // Somewhere else: the list of the last step.
    assert_eq!(at(501).unwrap().page(1), [id(500)]);
    let entra = Walker {
        client: "entra".into(),
        ..okta(key())
    };
    assert!(snapshots.resume(&entra, 101, now).is_none());
}

#[test]
fn who_polls_one_page_sees_who_is_new_and_who_walks_on_does_not() {
    let snapshots = Snapshots::default();
    let list = read(0..3000);
    let then = list.read;
    let at = |start, now| snapshots.resume(&okta(key()), start, now);
    snapshots.rest(okta(key()), Place::new(list.clone(), 1001), 100, 98, then);
    assert!(at(1001, then + AGE / 2).is_some(), "asked for again");
    assert!(at(1001, then + AGE).is_none(), "polled");
    for start in [1101, 1099, 2001] {
        assert!(at(start, then + AGE).unwrap().ids.is(&list), "{start}");
    }
    // The same place, but another walk goes on there.
    snapshots.rest(okta(key()), Place::new(list.clone(), 901), 100, 100, then);
    assert!(at(1001, then + AGE).is_some());
}

#[test]
fn a_walk_without_an_end_gets_a_new_list_after_an_hour() {
    let snapshots = Snapshots::default();
    let list = read(0..3000);
    let mut now = list.read;
    let mut start = 1;
    while now < list.read + LONGEST_WALK {
        snapshots.rest(okta(key()), Place::new(list.clone(), start), 1, 1, now);
        start = 3 - start;
        assert!(snapshots.resume(&okta(key()), start, now).is_some());
        now += PATIENCE / 2;
    }
    assert!(snapshots.resume(&okta(key()), start, now).is_none());
}

#[test]
fn beyond_the_end_is_nothing() {
    let place = Place::new(read(0..10), usize::MAX);
    assert!(place.page(100).is_empty());
    assert_eq!(place.total(), 10);
    assert_eq!(Place::new(read(0..10), 9).page(100).len(), 2);
}

#[test]
fn short_lists_that_nobody_waits_for_are_not_kept_and_no_more_than_some_are() {
    let snapshots = Snapshots::default();
    for number in 0..1000 {
        let key = Key::new("User", &number.to_string());
        let turn = snapshots.turn(key, "User");
        snapshots.keep(key, "User", matches(0..1), Instant::now());
        drop(turn);
    }
    assert!(snapshots.state().lists.is_empty());
    assert_eq!(
        snapshots.state().readings.len(),
        1,
        "the last is still there"
    );
    for number in 0..1000 {
        let key = Key::new("User", &number.to_string());
        let turns = [(); 2].map(|()| snapshots.turn(key, "User"));
        snapshots.keep(key, "User", matches(0..1), Instant::now());
        drop(turns);
    }
    let state = snapshots.state();
    assert_eq!(state.lists.len(), MOST);
    assert!(state.lists.contains_key(&Key::new("User", "999")));
}

#[test]
fn memory_is_bounded_and_what_was_used_last_stays() {
    let snapshots = Snapshots::default();
    for number in 0..300 {
        let key = Key::new("User", &number.to_string());
        let list = snapshots.keep(key, "User", matches(0..10_000), Instant::now());
        snapshots.rest(okta(key), Place::new(list, 1), 100, 100, Instant::now());
    }
    let state = snapshots.state();
    assert!(state.ids() <= MOST_IDS, "{}", state.ids());
    assert!(state.lists.contains_key(&Key::new("User", "299")));
    drop(state);
    let huge = snapshots.keep(key(), "User", matches(0..MOST_IDS + 1), Instant::now());
    assert!(all(snapshots.known(key(), Instant::now(), 0)).is_some());
    assert_eq!(snapshots.state().ids(), huge.len());
}
