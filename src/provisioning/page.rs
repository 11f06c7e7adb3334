//! One page of a selection, with the true total.
//!
//! The order, where the client asks for none, is that of the ids: the one order that every directory can give, that no
//! rename disturbs and that is the same on every domain controller. A selection that fits into the page costs one search
//! and is as fresh as it. A larger one is paged through a list of its ids that is read at most once a minute (see
//! [`super::snapshot`]), and a page costs a batched read of its entries, wherever it lies.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::cursor::Cursor;
use super::selection::Selection;
use super::service::Type;
use super::snapshot::{Ids, Key, Known, Place, Walker};
use super::view::View;
use super::{Caller, Error, Service};
use crate::directory::{Deadline, Wanted};
use crate::ldap::{DirectoryKind, Entry};
use crate::scim::{Page, Paging};

/// The ids of a selection are read in this time, or not at all.
const LONGEST_READING: Duration = Duration::from_secs(300);

/// What a page shows.
pub(super) struct Shown {
    /// How many match, on all pages together.
    pub(super) total: usize,
    pub(super) entries: Vec<Entry>,
    /// With which cursor it goes on, if it does and cursors are asked for.
    pub(super) next: Option<String>,
}

impl Service {
    /// The total, and the entries of the page.
    pub(super) async fn page(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
        view: &View,
        paging: &Paging,
    ) -> Result<Shown, Error> {
        let key = Key::new(of.name(), &selection.key());
        let cursor = match &paging.page {
            Page::Cursor(text) => Cursor::read(text, key)?,
            Page::Index(_) => None,
        };
        let begins = match paging.page {
            Page::Cursor(_) => cursor.is_none(),
            Page::Index(start) => start == 1,
        };
        if begins && paging.count > 0 && !self.is_longer(key, paging.count) {
            let whole = self
                .whole(caller, of, selection, view, paging.count)
                .await?;
            if let Some(entries) = whole {
                return Ok(Shown {
                    total: entries.len(),
                    entries,
                    next: None,
                });
            }
        }
        let start = match (&paging.page, cursor) {
            (Page::Index(start), _) => *start,
            (Page::Cursor(_), cursor) => cursor.map_or(1, Cursor::start),
        };
        let walker = Walker {
            client: caller.client.clone(),
            by_cursor: matches!(paging.page, Page::Cursor(_)),
            key,
        };
        let goes_on = !begins && paging.count > 0;
        let resumed = goes_on.then(|| self.snapshots().resume(&walker, start, Instant::now()));
        let mut place = match resumed.flatten() {
            Some(place) => place,
            None => Place::new(self.list_ids(caller, of, selection, key).await?, start),
        };
        if let Some(cursor) = cursor {
            let before = cursor.position(&place.ids, selection.is_sorted());
            place = place.before(before);
        }
        let page = place.page(paging.count);
        let entries = self.entries(caller, of, view, page).await?;
        let (total, asked, came) = (place.total(), page.len(), entries.len());
        let seen = place.before.saturating_add(asked);
        let last = page.last().filter(|_| seen < place.ids.len());
        let next = last.filter(|_| walker.by_cursor);
        let next = next.map(|last| Cursor::after(*last, seen).write(key));
        if paging.count > 0 {
            self.snapshots()
                .rest(walker, place, asked, came, Instant::now());
        }
        Ok(Shown {
            total,
            entries,
            next,
        })
    }

    /// Notes that a resource was written, whatever came of it, so that no list is older than this.
    pub(super) fn wrote(&self, of: Type<'_>, id: &str) {
        if let Ok(id) = Uuid::try_parse(id) {
            self.snapshots().wrote(of.name(), id);
        }
    }

    /// Whether the selection is known to have more resources than that, so that it need not be tried.
    fn is_longer(&self, key: Key, count: usize) -> bool {
        match self.snapshots().known(key, Instant::now(), 0) {
            Known::All(ids) | Known::But(ids, _) => ids.len() > count,
            Known::TooMany(_) => true,
            Known::Nothing => false,
        }
    }

    /// Everything that is selected, in order, if its candidates are no more than that, and than may be looked at.
    async fn whole(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
        view: &View,
        most: usize,
    ) -> Result<Option<Vec<Entry>>, Error> {
        let most = if selection.is_plain() {
            most
        } else {
            most.min(self.settings().max_candidates)
        };
        let wanted = selection.also(view.wanted.clone());
        let search = self.search_for(of, selection, wanted, most);
        let found = self.directory().search(&search, caller.deadline).await?;
        if !found.complete {
            return Ok(None);
        }
        Ok(Some(self.arrange(caller, of, selection, found.entries)))
    }

    /// The entries with these ids, in this order; what is gone meanwhile is left out.
    pub(super) async fn entries(
        &self,
        caller: &Caller,
        of: Type<'_>,
        view: &View,
        ids: &[Uuid],
    ) -> Result<Vec<Entry>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let kind = self.kind();
        let wanted = with_id(view, kind);
        let found = self
            .directory()
            .find_many(ids, &of.place.base, of.filter, &wanted, caller.deadline)
            .await?;
        let mut found: HashMap<Uuid, Entry> = found
            .into_iter()
            .filter_map(|entry| Some((entry.id(kind)?, entry)))
            .collect();
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    /// The ids of the selection, in order, as they were at most a minute ago; what this bridge wrote since is in them.
    async fn list_ids(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
        key: Key,
    ) -> Result<Ids, Error> {
        let (asked, end) = (Instant::now(), self.snapshots().end(of.name()));
        if let Known::All(ids) = self.snapshots().known(key, asked, end) {
            return Ok(ids);
        }
        let late = || Error::Unavailable {
            retry_after: Error::RETRY_AFTER,
            reason: "the ids of all matches are still being read".into(),
        };
        let turn = self.snapshots().turn(key, of.name());
        let patience = || caller.deadline.remaining();
        let mine = tokio::time::timeout(patience(), turn.lock_owned()).await;
        let mine = mine.map_err(|_| late())?;
        let known = self
            .known_ids(caller, of, selection, key, asked, end)
            .await?;
        if let Some(ids) = known {
            return Ok(ids);
        }
        let room = Arc::clone(&self.snapshots().room).acquire_owned();
        let room = tokio::time::timeout(patience(), room).await;
        let room = room.map_err(|_| late())?.map_err(|_| late())?;
        // The reading goes on when this caller has to give up: whoever comes back finds what it read.
        let (service, name, selection) = (self.clone(), of.name().to_owned(), selection.clone());
        let caller = Caller {
            deadline: Deadline::after(LONGEST_READING),
            ..caller.clone()
        };
        let wait = patience();
        let reading = tokio::spawn(async move {
            let _held = (mine, room);
            service.read_ids(&caller, &name, &selection, key).await
        });
        match tokio::time::timeout(wait, reading).await {
            Ok(Ok(read)) => read,
            Ok(Err(stopped)) => Err(Error::Internal {
                reason: format!("the reading of a list was stopped: {stopped}"),
            }),
            Err(_) => Err(late()),
        }
    }

    /// Reads the ids of the selection, and keeps them.
    async fn read_ids(
        &self,
        caller: &Caller,
        resource_type: &str,
        selection: &Selection,
        key: Key,
    ) -> Result<Ids, Error> {
        let begun = Instant::now();
        self.snapshots().reading(key);
        let of = self.resource_type(resource_type)?;
        match self.ids(caller, of, selection).await {
            Ok(matches) => Ok(self.snapshots().keep(key, resource_type, matches, begun)),
            Err(Error::Invalid(error)) => {
                self.snapshots().refuse(key, &error);
                Err(error.into())
            }
            Err(error) => Err(error),
        }
    }
}

/// What the view needs, and the id.
fn with_id(view: &View, kind: DirectoryKind) -> Wanted {
    let mut wanted = view.wanted.clone();
    if !wanted.attributes.contains(&kind.id_attribute()) {
        wanted.attributes.push(kind.id_attribute());
    }
    wanted
}
