//! A list of ids from a moment ago, brought up to date by what this bridge has written since: the population is not read
//! anew for it.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use uuid::Uuid;

use super::selection::{Place, Selection};
use super::service::Type;
use super::snapshot::{Ids, Key, Known};
use super::{Caller, Error, Service};
use crate::directory::Deadline;

impl Service {
    /// The ids of the selection, if they were read recently enough. Of what this bridge wrote since it asks whether it is
    /// meant, and where it stands. What half of the caller's time does not suffice for is in the next list: the other half
    /// is for the page.
    pub(super) async fn known_ids(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
        key: Key,
        asked: Instant,
    ) -> Result<Option<Ids>, Error> {
        let deadline = Deadline::after(caller.deadline.remaining() / 2);
        loop {
            let (ids, written) = match self.snapshots().known(key, asked) {
                Known::All(ids) => return Ok(Some(ids)),
                Known::But(ids, _) if deadline.passed() => return Ok(Some(ids)),
                Known::But(ids, written) => (ids, written),
                Known::Nothing => return Ok(None),
            };
            let caller = Caller {
                deadline,
                ..caller.clone()
            };
            let written_ids: HashSet<Uuid> = written.ids.iter().copied().collect();
            let corrected = self.corrected(&caller, of, selection, &ids, written_ids);
            match corrected.await {
                Ok(corrected) => self.snapshots().correct(key, &ids, &written, corrected),
                Err(Error::Unavailable { .. }) if deadline.passed() => return Ok(Some(ids)),
                Err(error) => return Err(error),
            }
        }
    }

    /// The list as it is with these resources where they belong now.
    async fn corrected(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
        ids: &[Uuid],
        written: HashSet<Uuid>,
    ) -> Result<Vec<Uuid>, Error> {
        let others = ids.iter().filter(|id| !written.contains(id)).copied();
        let mut list: Vec<Uuid> = others.collect();
        let written: Vec<Uuid> = written.into_iter().collect();
        let places = self.look_at(caller, of, selection, &written).await?;
        if selection.is_sorted() {
            self.put_in(caller, of, selection, &mut list, places)
                .await?;
        } else {
            list.extend(places.into_iter().map(|(_, id)| id));
            list.sort_unstable();
        }
        Ok(list)
    }

    /// Puts resources where they belong in an ordered list. Who is met on the way and is gone tells no place, and goes.
    async fn put_in(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
        list: &mut Vec<Uuid>,
        places: Vec<Place>,
    ) -> Result<(), Error> {
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
            let mut gone = middles;
            let asked: Vec<Uuid> = gone.iter().copied().collect();
            let met = self.look_at(caller, of, selection, &asked).await?;
            let met: HashMap<Uuid, Place> = met.into_iter().map(|met| (met.1, met)).collect();
            gone.retain(|id| !met.contains_key(id));
            if !gone.is_empty() {
                list.retain(|id| !gone.contains(id));
                between.fill((0, list.len()));
                continue;
            }
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
        }
        let found = between.into_iter().map(|(from, _)| from);
        let mut placed: Vec<(usize, Place)> = found.zip(places).collect();
        placed.sort_unstable_by(|(at, one), (other_at, other)| {
            at.cmp(other_at).then_with(|| selection.compare(one, other))
        });
        // From behind, so that nobody moves whose place is still to come.
        for (at, (_, id)) in placed.into_iter().rev() {
            list.insert(at, id);
        }
        Ok(())
    }
}
