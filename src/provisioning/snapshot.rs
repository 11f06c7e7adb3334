//! Who matched a moment ago, as lists of ids, so that a page costs the same however deep it lies and shows what it would
//! have shown when the walk began.
//!
//! Why not the directory's own virtual list views: both directories sort the whole selection for each view (OpenLDAP takes
//! 2 s for 100,000 entries, as long as it takes to tell their ids), OpenLDAP keeps at most a few such lists, each for one
//! connection only, and what they show shifts while a client walks through it. An id is 16 octets: 100,000 are 1.6 MB.
//!
//! A [`List`] is what one selection meant at one moment. A [`Walk`] is one client on its way through a list: all its pages
//! come from the list it began with, whoever begins anew meanwhile. Index paging names no walk, so it is told by client,
//! selection and position. Who is gone since leaves a page short and moves nobody else.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// A list of more than [`SMALL`] ids may be as old as this when a walk begins, or a total is told.
const AGE: Duration = Duration::from_secs(60);

/// As many ids one round trip tells. A list that is no longer is read anew whenever a walk begins.
const SMALL: usize = 1000;

/// A walk that took no step for so long is forgotten.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// More walks than this are not remembered, nor more lists.
const MOST: usize = 256;

/// All lists together hold no more ids than this, unless a single one does: 16 MB.
const MOST_IDS: usize = 1_000_000;

/// As many selections are read at once: each reading holds a place on the directory's connections until it is done, also
/// when nobody waits for it any more.
const MOST_READINGS: usize = 4;

/// So many of the bridge's own writes are looked at one by one; after more of them the list is read anew.
const MOST_WRITTEN: usize = 1000;

/// Which resources of which type in which order, as a number that is the same in every process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 16]);

impl Key {
    pub(super) fn new(resource_type: &str, selection: &str) -> Self {
        let mut digest = Sha256::new();
        digest.update(resource_type);
        digest.update([0]);
        digest.update(selection);
        let mut key = [0; 16];
        key.copy_from_slice(&digest.finalize()[..16]);
        Self(key)
    }

    pub(super) fn octets(self) -> [u8; 16] {
        self.0
    }
}

/// What one selection meant, and what the bridge has written since.
struct List {
    resource_type: String,
    ids: Arc<[Uuid]>,
    /// When the reading began, and when it was done.
    read: Instant,
    kept: Instant,
    used: Instant,
    written: Written,
}

/// Resources that this bridge wrote since a list was read, each with the number of its last write. Whether they are meant
/// is to be asked.
type Written = HashMap<Uuid, u64>;

/// Where a page of a list begins.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) ids: Arc<[Uuid]>,
    /// The `startIndex` that the client says.
    start: usize,
    /// How many ids of the list come before it.
    pub(super) before: usize,
}

impl Place {
    /// At this `startIndex` of a list of which the client has seen nothing.
    pub(super) fn new(ids: Arc<[Uuid]>, start: usize) -> Self {
        Self {
            ids,
            start,
            before: start.saturating_sub(1),
        }
    }

    /// In the same list, before the first id that was not seen yet.
    pub(super) fn before(self, before: usize) -> Self {
        Self {
            start: before.saturating_add(1),
            before,
            ..self
        }
    }

    /// How many there are: what the client has counted as gone is gone.
    pub(super) fn total(&self) -> usize {
        let skipped = self.before - self.start.saturating_sub(1);
        self.ids.len().saturating_sub(skipped)
    }

    /// The ids on the page.
    pub(super) fn page(&self, count: usize) -> &[Uuid] {
        let rest = self.ids.get(self.before..).unwrap_or_default();
        &rest[..rest.len().min(count)]
    }

    /// Where the client may want to go on after a page of so many ids, of which so many came: some clients count what they
    /// asked for, others what came.
    fn next(&self, ids: usize, came: usize) -> [Self; 2] {
        let at = |start: usize| Self {
            ids: Arc::clone(&self.ids),
            start: self.start.saturating_add(start),
            before: self.before.saturating_add(ids),
        };
        [at(ids), at(came)]
    }
}

/// Who walks through which selection, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Walker {
    pub(super) client: String,
    pub(super) by_cursor: bool,
    pub(super) key: Key,
}

/// A walk between two pages.
struct Walk {
    walker: Walker,
    /// Where it is, for one who asks for the same page again, and where it may go on.
    places: [Place; 3],
    used: Instant,
}

/// A selection that is being read, by one at a time: the others wait and take what it read.
struct Reading {
    resource_type: String,
    turn: Arc<tokio::sync::Mutex<()>>,
    written: Written,
}

/// What is known of a selection.
#[derive(Debug)]
pub(super) enum Known {
    /// Its ids.
    All(Arc<[Uuid]>),
    /// Its ids, but for what the bridge has written since.
    But(Arc<[Uuid]>, Vec<(Uuid, u64)>),
    /// Nothing, or nothing new enough.
    Nothing,
}

/// The lists and the walks of one service.
pub(super) struct Snapshots {
    state: Mutex<State>,
    /// Room for readings.
    pub(super) room: Arc<Semaphore>,
}

impl Default for Snapshots {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            room: Arc::new(Semaphore::new(MOST_READINGS)),
        }
    }
}

#[derive(Default)]
struct State {
    lists: HashMap<Key, List>,
    walks: Vec<Walk>,
    readings: HashMap<Key, Reading>,
    writes: u64,
}

impl Snapshots {
    /// Never held across an await.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that this bridge wrote, or may have written, a resource.
    pub(super) fn wrote(&self, resource_type: &str, id: Uuid) {
        let mut state = self.state();
        state.writes += 1;
        let number = state.writes;
        let State {
            lists, readings, ..
        } = &mut *state;
        let lists = lists.values_mut();
        let lists = lists.map(|list| (&list.resource_type, &mut list.written));
        let readings = readings.values_mut();
        let readings = readings.map(|reading| (&reading.resource_type, &mut reading.written));
        for (_, written) in lists
            .chain(readings)
            .filter(|(of, written)| *of == resource_type && written.len() <= MOST_WRITTEN)
        {
            written.insert(id, number);
        }
    }

    /// What is known of a selection that was asked for at that moment.
    pub(super) fn known(&self, key: Key, asked: Instant) -> Known {
        let mut state = self.state();
        let Some(list) = state.lists.get_mut(&key) else {
            return Known::Nothing;
        };
        let lasting = list.ids.len() > SMALL && asked < list.kept + AGE;
        if (!lasting && list.read < asked) || list.written.len() > MOST_WRITTEN {
            return Known::Nothing;
        }
        list.used = list.used.max(asked);
        let ids = Arc::clone(&list.ids);
        if list.written.is_empty() {
            return Known::All(ids);
        }
        let written = list.written.iter().map(|(id, number)| (*id, *number));
        Known::But(ids, written.collect())
    }

    /// The turn to read a selection.
    pub(super) fn turn(&self, key: Key, resource_type: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut state = self.state();
        let readings = &mut state.readings;
        readings.retain(|_, reading| Arc::strong_count(&reading.turn) > 1);
        let reading = readings.entry(key).or_insert_with(|| Reading {
            resource_type: resource_type.to_owned(),
            turn: Arc::default(),
            written: Written::new(),
        });
        Arc::clone(&reading.turn)
    }

    /// The one whose turn it is begins to read: what is written from now on may or may not be in what it reads.
    pub(super) fn reading(&self, key: Key) {
        if let Some(reading) = self.state().readings.get_mut(&key) {
            reading.written.clear();
        }
    }

    /// Keeps what was read of a selection: a list that lasts, or that others wait for.
    pub(super) fn keep(&self, key: Key, resource_type: &str, ids: &Arc<[Uuid]>, read: Instant) {
        let mut state = self.state();
        let reading = state.readings.get_mut(&key);
        // One is held here and one by the reader.
        let waited_for = reading
            .as_ref()
            .is_some_and(|reading| Arc::strong_count(&reading.turn) > 2);
        let written = reading.map(|reading| std::mem::take(&mut reading.written));
        if ids.len() <= SMALL && !waited_for {
            state.lists.remove(&key);
            return;
        }
        let now = Instant::now();
        let list = List {
            resource_type: resource_type.to_owned(),
            ids: Arc::clone(ids),
            read,
            kept: now,
            used: now,
            written: written.unwrap_or_default(),
        };
        state.lists.insert(key, list);
        state.trim(now);
    }

    /// Corrects a list by what became of the resources that were written since: those that are meant now.
    pub(super) fn correct(
        &self,
        key: Key,
        ids: &Arc<[Uuid]>,
        written: &[(Uuid, u64)],
        meant: &[Uuid],
    ) -> Arc<[Uuid]> {
        let asked: HashSet<Uuid> = written.iter().map(|(id, _)| *id).collect();
        let others = ids.iter().filter(|id| !asked.contains(id));
        let mut corrected: Vec<Uuid> = others.chain(meant).copied().collect();
        corrected.sort_unstable();
        let corrected: Arc<[Uuid]> = corrected.into();
        if let Some(list) = self.state().lists.get_mut(&key)
            && Arc::ptr_eq(&list.ids, ids)
        {
            list.ids = Arc::clone(&corrected);
            for (id, number) in written {
                if list.written.get(id) == Some(number) {
                    list.written.remove(id);
                }
            }
        }
        corrected
    }

    /// Where this walker is at this `startIndex`: that of the walk which goes on there; else of the one that took
    /// the last step.
    pub(super) fn resume(&self, walker: &Walker, start: usize) -> Option<Place> {
        let now = Instant::now();
        let state = self.state();
        let walks = state.walks.iter();
        let own = walks.filter(|walk| walk.walker == *walker && now < walk.used + PATIENCE);
        let walk = own.max_by_key(|walk| (walk.at(start).is_some(), walk.used))?;
        let elsewhere = || Place::new(Arc::clone(&walk.places[0].ids), start);
        Some(walk.at(start).cloned().unwrap_or_else(elsewhere))
    }

    /// Remembers a walk after a page of so many ids, of which so many came.
    pub(super) fn rest(&self, walker: Walker, place: Place, ids: usize, came: usize) {
        let now = Instant::now();
        let mut state = self.state();
        state.walks.retain(|walk| {
            let at = walk.at(place.start).filter(|_| walk.walker == walker);
            !at.is_some_and(|at| Arc::ptr_eq(&at.ids, &place.ids))
        });
        let [next, other] = place.next(ids, came);
        state.walks.push(Walk {
            walker,
            places: [place, next, other],
            used: now,
        });
        state.trim(now);
    }
}

impl Walk {
    fn at(&self, start: usize) -> Option<&Place> {
        self.places.iter().find(|place| place.start == start)
    }
}

impl State {
    /// Forgets what is too old or too much, what was used longest ago first.
    fn trim(&mut self, now: Instant) {
        self.walks.retain(|walk| now < walk.used + PATIENCE);
        self.lists.retain(|_, list| now < list.kept + AGE);
        while self.walks.len() > MOST
            || self.lists.len() > MOST
            || (self.ids() > MOST_IDS && self.walks.len() + self.lists.len() > 1)
        {
            let walk = (0..self.walks.len())
                .filter_map(|at| Some((self.walks.get(at)?.used, at)))
                .min();
            let list = self.lists.iter().map(|(key, list)| (list.used, *key));
            let list = list.min_by_key(|(used, _)| *used);
            match (walk, list) {
                (_, Some((_, key))) if self.lists.len() > MOST => {
                    self.lists.remove(&key);
                }
                (Some((used, at)), list)
                    if self.walks.len() > MOST || list.is_none_or(|list| used < list.0) =>
                {
                    self.walks.swap_remove(at);
                }
                (_, Some((_, key))) => {
                    self.lists.remove(&key);
                }
                _ => break,
            }
        }
    }

    /// How many ids are held; a list that several hold counts once.
    fn ids(&self) -> usize {
        let lists = self.lists.values().map(|list| &list.ids);
        let walks = self.walks.iter().map(|walk| &walk.places[0].ids);
        let mut seen = HashSet::new();
        lists
            .chain(walks)
            .filter(|ids| seen.insert(Arc::as_ptr(ids)))
            .map(|ids| ids.len())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: impl IntoIterator<Item = usize>) -> Arc<[Uuid]> {
        let ids = numbers.into_iter();
        ids.map(|number| Uuid::from_u128(u128::try_from(number).unwrap()))
            .collect()
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
        let known = |asked| all(snapshots.known(key(), asked));
        snapshots.keep(key(), "User", &ids(0..SMALL + 1), read);
        assert_eq!(known(read + AGE / 2), Some(SMALL + 1));
        assert_eq!(known(Instant::now() + AGE), None);
        let turn = snapshots.turn(key(), "User");
        let (reader, waiter) = (Arc::clone(&turn), turn);
        snapshots.keep(key(), "User", &ids(0..SMALL), read);
        drop((reader, waiter));
        assert_eq!(known(read), Some(SMALL));
        assert_eq!(known(read + Duration::from_millis(1)), None);
        assert_eq!(
            all(snapshots.known(Key::new("Group", "(uid=*)"), read)),
            None
        );
    }

    #[test]
    fn what_is_written_is_asked_for_until_the_list_is_corrected() {
        let snapshots = Snapshots::default();
        let read = Instant::now();
        snapshots.wrote("User", id(1));
        let list = ids(0..2000);
        snapshots.keep(key(), "User", &list, read);
        snapshots.wrote("User", id(5));
        snapshots.wrote("Group", id(6));
        snapshots.wrote("User", id(9999));
        let Known::But(known, mut written) = snapshots.known(key(), read) else {
            panic!("two were written")
        };
        written.sort_unstable();
        assert_eq!(
            written.iter().map(|one| one.0).collect::<Vec<_>>(),
            [id(5), id(9999)]
        );
        // One of them is written again while the directory is asked.
        snapshots.wrote("User", id(5));
        let corrected = snapshots.correct(key(), &known, &written, &[id(9999)]);
        assert_eq!(corrected.len(), 2000);
        assert!(corrected.is_sorted() && !corrected.contains(&id(5)));
        match snapshots.known(key(), read) {
            Known::But(now, written) => {
                assert!(Arc::ptr_eq(&now, &corrected));
                assert_eq!(written.len(), 1);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_written_while_a_list_is_read_may_be_missing_from_it() {
        let snapshots = Snapshots::default();
        let read = Instant::now();
        let turn = snapshots.turn(key(), "User");
        snapshots.wrote("User", id(1));
        snapshots.reading(key());
        snapshots.wrote("User", id(2));
        snapshots.keep(key(), "User", &ids(0..2000), read);
        drop(turn);
        let Known::But(_, written) = snapshots.known(key(), read) else {
            panic!("one was written")
        };
        assert_eq!(written[0].0, id(2));
        assert_eq!(written.len(), 1);
    }

    #[test]
    fn after_very_many_writes_a_list_is_read_anew() {
        let snapshots = Snapshots::default();
        let read = Instant::now();
        snapshots.keep(key(), "User", &ids(0..2000), read);
        for number in 0..=u128::try_from(MOST_WRITTEN).unwrap() {
            snapshots.wrote("User", id(number));
        }
        assert!(matches!(snapshots.known(key(), read), Known::Nothing));
    }

    #[test]
    fn a_walk_keeps_its_list_and_short_pages_move_nobody() {
        let snapshots = Snapshots::default();
        let (old, new) = (ids(0..1000), ids(1000..3000));
        snapshots.rest(okta(key()), Place::new(Arc::clone(&old), 1), 100, 98);
        snapshots.rest(okta(key()), Place::new(Arc::clone(&new), 1), 7, 7);
        let at = |start| snapshots.resume(&okta(key()), start);
        // By what was asked for, and by what came.
        for (start, total) in [(101, 1000), (99, 998)] {
            let place = at(start).unwrap();
            assert!(Arc::ptr_eq(&place.ids, &old), "{start}");
            assert_eq!((place.page(100)[0], place.total()), (id(100), total));
        }
        // Asked for again.
        snapshots.rest(okta(key()), at(99).unwrap(), 100, 100);
        assert_eq!(at(99).unwrap().page(1), [id(100)]);
        assert_eq!(at(199).unwrap().page(1), [id(200)]);
        assert_eq!(at(199).unwrap().total(), 998);
        // Somewhere else: the list of the last step.
        assert_eq!(at(501).unwrap().page(1), [id(500)]);
        let entra = Walker {
            client: "entra".into(),
            ..okta(key())
        };
        assert!(snapshots.resume(&entra, 101).is_none());
    }

    #[test]
    fn beyond_the_end_is_nothing() {
        let place = Place::new(ids(0..10), usize::MAX);
        assert!(place.page(100).is_empty());
        assert_eq!(place.total(), 10);
        assert_eq!(Place::new(ids(0..10), 9).page(100).len(), 2);
    }

    #[test]
    fn short_lists_that_nobody_waits_for_are_not_kept_and_no_more_than_some_are() {
        let snapshots = Snapshots::default();
        for number in 0..1000 {
            let key = Key::new("User", &number.to_string());
            let turn = snapshots.turn(key, "User");
            snapshots.keep(key, "User", &ids(0..1), Instant::now());
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
            snapshots.keep(key, "User", &ids(0..1), Instant::now());
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
            let list = ids(0..10_000);
            snapshots.keep(key, "User", &list, Instant::now());
            snapshots.rest(okta(key), Place::new(list, 1), 100, 100);
        }
        let state = snapshots.state();
        assert!(state.ids() <= MOST_IDS, "{}", state.ids());
        assert!(state.lists.contains_key(&Key::new("User", "299")));
        drop(state);
        let huge = ids(0..MOST_IDS + 1);
        snapshots.keep(key(), "User", &huge, Instant::now());
        assert!(all(snapshots.known(key(), Instant::now())).is_some());
        assert_eq!(snapshots.state().ids(), huge.len());
    }
}
