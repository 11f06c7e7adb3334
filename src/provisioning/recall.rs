//! A list of ids from a moment ago, brought up to date by what this bridge has written since: the population is not read
//! anew for it.

use std::collections::HashSet;
use std::time::Instant;

use uuid::Uuid;

use super::selection::{Place, Selection};
use super::service::Type;
use super::snapshot::{Ids, Key, Known};
use super::{Caller, Error, Service};

/// Of no more resources the place in an ordered list is looked for, which takes a search for each halving of the list. For
/// more the list is read anew.
const MOST_PLACED: usize = 32;

impl Service {
    /// The ids of the selection, if they were read recently enough. Of what this bridge wrote since it asks whether it is
    /// meant, and where it stands.
    pub(super) async fn known_ids(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
        key: Key,
        asked: Instant,
    ) -> Result<Option<Ids>, Error> {
        let (ids, written) = match self.snapshots().known(key, asked) {
            Known::All(ids) => return Ok(Some(ids)),
            Known::But(ids, written) => (ids, written),
            Known::Nothing => return Ok(None),
        };
        let wrote: Vec<Uuid> = written.iter().map(|(id, _)| *id).collect();
        let places = self.look_at(caller, of, selection, &wrote).await?;
        if selection.is_sorted() && places.len() > MOST_PLACED {
            return Ok(None);
        }
        let wrote: HashSet<Uuid> = wrote.into_iter().collect();
        let others = ids.iter().filter(|id| !wrote.contains(id)).copied();
        let mut list: Vec<Uuid> = others.collect();
        if selection.is_sorted() {
            for place in places {
                self.put_in(caller, of, selection, &mut list, place).await?;
            }
        } else {
            list.extend(places.into_iter().map(|(_, id)| id));
            list.sort_unstable();
        }
        Ok(Some(self.snapshots().correct(key, &ids, &written, list)))
    }

    /// Puts a resource where it belongs in an ordered list. Who is met on the way and is gone tells no place, and goes.
    async fn put_in(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
        list: &mut Vec<Uuid>,
        place: Place,
    ) -> Result<(), Error> {
        let (mut from, mut to) = (0, list.len());
        while from < to {
            let middle = from.midpoint(to);
            let Some(met) = list.get(middle).copied() else {
                break;
            };
            match self.look_at(caller, of, selection, &[met]).await?.first() {
                None => {
                    list.remove(middle);
                    to -= 1;
                }
                Some(other) if selection.compare(other, &place).is_lt() => from = middle + 1,
                Some(_) => to = middle,
            }
        }
        list.insert(from, place.1);
        Ok(())
    }
}
