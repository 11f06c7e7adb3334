//! A list of ids from a moment ago, brought up to date by what this bridge has written since: the population is not read
//! anew for it.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use uuid::Uuid;

use super::selection::{Place, Selection};
use super::service::Type;
use super::snapshot::{Ids, Key, Known, Written};
use super::{Caller, Error, Service};
use crate::directory::Deadline;

impl Service {
    /// The ids of the selection, if they were read recently enough. Of what this bridge wrote until it was asked for them it
    /// asks whether it is meant, and where it stands. What half of the caller's time does not suffice for is in the next
    /// list: the other half is for the page. One caller at a time does this for a list, while the others wait.
    pub(super) async fn known_ids(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
        key: Key,
        asked: Instant,
        end: usize,
    ) -> Result<Option<Ids>, Error> {
        let deadline = Deadline::after(caller.deadline.remaining() / 2);
        loop {
            let (ids, written) = match self.snapshots().known(key, asked, end) {
                Known::All(ids) => return Ok(Some(ids)),
                Known::But(ids, _) if deadline.passed() => return Ok(Some(ids)),
                Known::But(ids, written) => (ids, written),
                Known::TooMany(error) => return Err(error.into()),
                Known::Nothing => return Ok(None),
            };
            let caller = Caller {
                deadline,
                ..caller.clone()
            };
            match self.corrected(&caller, of, selection, &ids, &written).await {
                Ok(corrected) => self.snapshots().correct(key, &ids, &written, corrected),
                Err(Error::Unavailable { .. }) if deadline.passed() => return Ok(Some(ids)),
                Err(error) => return Err(error),
            }
        }
    }

    /// The list with these resources where they belong now.
    async fn corrected(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
        ids: &[Uuid],
        written: &Written,
    ) -> Result<Vec<Uuid>, Error> {
        let moved: HashSet<Uuid> = written.ids.iter().copied().collect();
        let asked: Vec<Uuid> = moved.iter().copied().collect();
        let places = self.look_at(caller, of, selection, &asked).await?;
        let stay = |id: &&Uuid| !moved.contains(id);
        if !selection.is_sorted() {
            let mut list: Vec<Uuid> = ids.iter().filter(stay).copied().collect();
            list.extend(places.into_iter().map(|(_, id)| id));
            list.sort_unstable();
            return Ok(list);
        }
        // Whoever was written later stands where it stood, and tells no place.
        let later: HashSet<&Uuid> = written.later.iter().collect();
        let landmarks = ids.iter().filter(stay).filter(|id| !later.contains(id));
        let landmarks: Vec<Uuid> = landmarks.copied().collect();
        let (mut before, gone) = self
            .places_among(caller, of, selection, landmarks, places)
            .await?;
        let mut list = Vec::with_capacity(ids.len() + moved.len());
        for id in ids.iter().filter(stay).filter(|id| !gone.contains(id)) {
            list.extend(before.remove(&Some(*id)).unwrap_or_default());
            list.push(*id);
        }
        list.extend(before.remove(&None).unwrap_or_default());
        Ok(list)
    }

    /// Before which of an ordered list these belong, in order; none is its end. And who of the list is gone, as far as it
    /// was met on the way.
    async fn places_among(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
        mut list: Vec<Uuid>,
        mut places: Vec<Place>,
    ) -> Result<(HashMap<Option<Uuid>, Vec<Uuid>>, HashSet<Uuid>), Error> {
        places.sort_unstable_by(|one, other| selection.compare(one, other));
        let mut all_gone = HashSet::new();
        // Between which of the list each belongs, narrowed for all of them together.
        let mut between: Vec<(usize, usize)> = vec![(0, list.len()); places.len()];
        loop {
            let open = between.iter().filter(|(from, to)| from < to);
            let middles: HashSet<Uuid> = open
                .filter_map(|(from, to)| list.get(from.midpoint(*to)).copied())
                .collect();
            if middles.is_empty() {
                break;
            }
            let asked: Vec<Uuid> = middles.iter().copied().collect();
            let met = self.look_at(caller, of, selection, &asked).await?;
            let met: HashMap<Uuid, Place> = met.into_iter().map(|met| (met.1, met)).collect();
            for ((from, to), place) in between.iter_mut().zip(&places) {
                let middle = from.midpoint(*to);
                let other = list.get(middle).filter(|_| *from < *to);
                let other = other.and_then(|id| met.get(id));
                match other.map(|other| selection.compare(other, place).is_lt()) {
                    Some(true) => *from = middle + 1,
                    Some(false) => *to = middle,
                    None => {}
                }
            }
            let gone = |id: &Uuid| middles.contains(id) && !met.contains_key(id);
            let holes = list.iter().enumerate().filter(|(_, id)| gone(id));
            let holes: Vec<usize> = holes.map(|(at, _)| at).collect();
            for (from, to) in &mut between {
                *from -= holes.partition_point(|hole| hole < from);
                *to -= holes.partition_point(|hole| hole < to);
            }
            list.retain(|id| {
                let gone = gone(id);
                all_gone.extend(gone.then_some(*id));
                !gone
            });
        }
        let mut found: HashMap<Option<Uuid>, Vec<Uuid>> = HashMap::new();
        for ((at, _), (_, id)) in between.into_iter().zip(places) {
            found.entry(list.get(at).copied()).or_default().push(id);
        }
        Ok((found, all_gone))
    }
}
