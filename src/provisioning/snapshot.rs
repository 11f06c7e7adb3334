//! Who matched a moment ago, as lists of ids, so that a page costs the same however deep it lies and shows what it would
//! have shown when the walk began.
//!
//! Why not the directory's own virtual list views: both directories sort the whole selection for each view (OpenLDAP takes
//! 2 s for 100,000 entries, as long as it takes to tell their ids), OpenLDAP keeps at most a few such lists, each for one
//! connection only, and what they show shifts while a client walks through it. An id is 16 octets: 100,000 are 1.6 MB.
//!
//! A [`List`] is what one selection meant at one moment. It lasts where more had to be looked at than one round trip tells,
//! however few of them were meant. A [`Walk`] is one client on its way through a list: all its pages
//! come from the list it began with, whoever begins anew meanwhile. Index paging names no walk, so it is told by client,
//! selection and position. Who is gone since leaves a page short and moves nobody else.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::scim::Error as ScimError;

/// A list for which more than [`SMALL`] were looked at may be as old as this when a walk begins, or a total is told.
const AGE: Duration = Duration::from_secs(60);

/// As many ids one round trip tells. A list for which no more were looked at is read anew whenever a walk begins.
const SMALL: usize = 1000;

/// A walk that took no step for so long is forgotten.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// A walk goes on for so long with the list it began with; then with a new one.
const LONGEST_WALK: Duration = Duration::from_secs(60 * 60);

/// More walks than this are not remembered, nor more lists.
const MOST: usize = 256;

/// All lists together hold no more ids than this, unless a single one does: 16 MB.
const MOST_IDS: usize = 1_000_000;

/// As many selections are read at once: each reading holds a place on the directory's connections until it is done, also
/// when nobody waits for it any more.
const MOST_READINGS: usize = 4;

/// So many of the bridge's own latest writes of a type are remembered, 1.6 MB: more than any directory takes in a minute
/// (here at most a thousand in a second). A list to which older ones are unknown goes without them until its minute is over.
const MOST_WRITTEN: usize = 100_000;

/// So many writes are looked at together.
const WRITTEN_AT_ONCE: usize = 500;

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

/// The ids of a selection, in order. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Ids {
    all: Arc<[Uuid]>,
    /// When their reading was done.
    read: Instant,
}

impl Ids {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.all, &other.all)
    }

    fn lasts(&self, asked: Instant) -> bool {
        asked < self.read + AGE
    }
}

impl Deref for Ids {
    type Target = [Uuid];

    fn deref(&self) -> &[Uuid] {
        &self.all
    }
}

/// What one selection meant, and what the bridge has written since.
struct List {
    resource_type: String,
    ids: Ids,
    /// Whether so many were looked at that they are not to be looked at again within the minute.
    lasting: bool,
    /// When their reading began.
    begun: Instant,
    used: Instant,
    /// Up to where what the bridge wrote is in it.
    until: usize,
}

/// What a reading found.
#[derive(Debug)]
pub(super) struct Matches {
    /// Those that are meant, in order.
    pub(super) ids: Vec<Uuid>,
    /// How many were looked at to find them.
    pub(super) looked_at: usize,
}

/// What this bridge wrote of one type, the latest last.
#[derive(Default)]
struct Log {
    latest: VecDeque<Uuid>,
    /// How many writes came before.
    forgotten: usize,
}

impl Log {
    fn end(&self) -> usize {
        self.forgotten + self.latest.len()
    }

    fn add(&mut self, id: Uuid) {
        if self.latest.len() >= MOST_WRITTEN {
            self.latest.pop_front();
            self.forgotten += 1;
        }
        self.latest.push_back(id);
    }

    /// The first writes after the one number and before the other.
    fn between(&self, until: usize, end: usize) -> Written {
        let until = until.max(self.forgotten);
        let mut rest = self.latest.iter().skip(until - self.forgotten).copied();
        let first = end.saturating_sub(until).min(WRITTEN_AT_ONCE);
        let ids: Vec<Uuid> = rest.by_ref().take(first).collect();
        Written {
            until: until + ids.len(),
            later: if ids.is_empty() {
                Vec::new()
            } else {
                rest.collect()
            },
            ids,
        }
    }
}

/// Resources that this bridge wrote since a list was read. Whether they are meant is to be asked.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) ids: Vec<Uuid>,
    /// Those that were written after them: where these stand in the list says nothing.
    pub(super) later: Vec<Uuid>,
    until: usize,
}

/// Where a page of a list begins.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) ids: Ids,
    /// The `startIndex` that the client says.
    start: usize,
    /// How many ids of the list come before it.
    pub(super) before: usize,
}

impl Place {
    /// At this `startIndex` of a list of which the client has seen nothing.
    pub(super) fn new(ids: Ids, start: usize) -> Self {
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
            ids: self.ids.clone(),
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
    /// Up to where what the bridge wrote is in what is being read.
    until: usize,
}

/// What is known of a selection.
#[derive(Debug)]
pub(super) enum Known {
    /// Its ids.
    All(Ids),
    /// Its ids, but for these of what the bridge has written since, and maybe more.
    But(Ids, Written),
    /// That there are too many.
    TooMany(ScimError),
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
    /// Selections that were too long, and since when that is known.
    refused: HashMap<Key, (Instant, ScimError)>,
    /// By resource type.
    written: HashMap<String, Log>,
}

impl Snapshots {
    /// Never held across an await.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that this bridge wrote, or may have written, a resource.
    pub(super) fn wrote(&self, resource_type: &str, id: Uuid) {
        let mut state = self.state();
        let log = match state.written.get_mut(resource_type) {
            Some(log) => log,
            None => state.written.entry(resource_type.to_owned()).or_default(),
        };
        log.add(id);
    }

    /// How much this bridge has written of a type.
    pub(super) fn end(&self, resource_type: &str) -> usize {
        self.state().written.get(resource_type).map_or(0, Log::end)
    }

    /// What is known of a selection that was asked for at that moment, when the bridge had [written so much](Self::end).
    pub(super) fn known(&self, key: Key, asked: Instant, end: usize) -> Known {
        let mut state = self.state();
        let State {
            lists,
            written,
            refused,
            ..
        } = &mut *state;
        if let Some((since, error)) = refused.get(&key)
            && asked < *since + AGE
        {
            return Known::TooMany(error.clone());
        }
        let Some(list) = lists.get_mut(&key) else {
            return Known::Nothing;
        };
        if !(list.lasting && list.ids.lasts(asked)) && list.begun < asked {
            return Known::Nothing;
        }
        list.used = list.used.max(asked);
        let ids = list.ids.clone();
        let written = written.get(&list.resource_type);
        match written.map(|log| log.between(list.until, end)) {
            Some(written) if !written.ids.is_empty() => Known::But(ids, written),
            _ => Known::All(ids),
        }
    }

    /// How long the list was when it was last read, if it is still known: it may be too old to be shown.
    pub(super) fn length(&self, key: Key) -> Option<usize> {
        self.state().lists.get(&key).map(|list| list.ids.len())
    }

    /// The turn to read a selection.
    pub(super) fn turn(&self, key: Key, resource_type: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut state = self.state();
        let readings = &mut state.readings;
        readings.retain(|_, reading| Arc::strong_count(&reading.turn) > 1);
        let reading = readings.entry(key).or_insert_with(|| Reading {
            resource_type: resource_type.to_owned(),
            turn: Arc::default(),
            until: 0,
        });
        Arc::clone(&reading.turn)
    }

    /// The one whose turn it is begins to read: what is written from now on may or may not be in what it reads.
    pub(super) fn reading(&self, key: Key) {
        let mut state = self.state();
        let State {
            readings, written, ..
        } = &mut *state;
        if let Some(reading) = readings.get_mut(&key) {
            reading.until = written.get(&reading.resource_type).map_or(0, Log::end);
        }
    }

    /// Remembers that a selection is too long to be read.
    pub(super) fn refuse(&self, key: Key, error: &ScimError) {
        let mut state = self.state();
        let now = Instant::now();
        state.refused.insert(key, (now, error.clone()));
        state.trim(now);
    }

    /// Keeps what was read of a selection since that moment: a list that lasts, or that others wait for.
    pub(super) fn keep(
        &self,
        key: Key,
        resource_type: &str,
        matches: Matches,
        begun: Instant,
    ) -> Ids {
        let mut state = self.state();
        let reading = state.readings.get(&key);
        // One is held here and one by the reader.
        let waited_for = reading.is_some_and(|reading| Arc::strong_count(&reading.turn) > 2);
        let until = reading.map_or(0, |reading| reading.until);
        let now = Instant::now();
        let lasting = matches.looked_at > SMALL;
        let ids = Ids {
            all: matches.ids.into(),
            read: now,
        };
        if !lasting && !waited_for {
            state.lists.remove(&key);
            return ids;
        }
        let list = List {
            resource_type: resource_type.to_owned(),
            ids: ids.clone(),
            lasting,
            begun,
            used: now,
            until,
        };
        state.lists.insert(key, list);
        state.trim(now);
        ids
    }

    /// Puts a list in place of one that it was made of, in which what was written until then is as it should be.
    pub(super) fn correct(&self, key: Key, ids: &Ids, written: &Written, corrected: Vec<Uuid>) {
        if let Some(list) = self.state().lists.get_mut(&key)
            && list.ids.is(ids)
        {
            list.ids = Ids {
                all: corrected.into(),
                read: ids.read,
            };
            list.until = written.until;
        }
    }

    /// Where this walker is at this `startIndex`: that of the walk which goes on there; else of the one that was there
    /// already, but then it may be polling and is to see who is new; else of the one that took the last step.
    pub(super) fn resume(&self, walker: &Walker, start: usize, now: Instant) -> Option<Place> {
        let state = self.state();
        let own = state.walks.iter().filter(|walk| {
            walk.walker == *walker
                && now < walk.used + PATIENCE
                && now < walk.places[0].ids.read + LONGEST_WALK
        });
        let walk =
            own.max_by_key(|walk| (walk.at(start).is_some(), !walk.was_at(start), walk.used))?;
        if walk.was_at(start) && !walk.places[0].ids.lasts(now) {
            return None;
        }
        let elsewhere = || Place::new(walk.places[0].ids.clone(), start);
        Some(walk.at(start).cloned().unwrap_or_else(elsewhere))
    }

    /// Remembers a walk after a page of so many ids, of which so many came.
    pub(super) fn rest(&self, walker: Walker, place: Place, ids: usize, came: usize, now: Instant) {
        let mut state = self.state();
        state.walks.retain(|walk| {
            let at = walk.at(place.start).filter(|_| walk.walker == walker);
            !at.is_some_and(|at| at.ids.is(&place.ids))
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

    /// Whether the last page began there.
    fn was_at(&self, start: usize) -> bool {
        self.places[0].start == start
    }
}

impl State {
    /// Forgets what is too old or too much, what was used longest ago first.
    fn trim(&mut self, now: Instant) {
        self.walks.retain(|walk| now < walk.used + PATIENCE);
        self.lists.retain(|_, list| list.ids.lasts(now));
        self.refused.retain(|_, (since, _)| now < *since + AGE);
        if self.refused.len() > MOST {
            self.refused.clear();
        }
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
            .filter(|ids| seen.insert(Arc::as_ptr(&ids.all)))
            .map(|ids| ids.len())
            .sum()
    }
}

#[cfg(test)]
mod tests;
