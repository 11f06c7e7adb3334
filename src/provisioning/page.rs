//! One page of a selection, with the true total.
//!
//! The order, where the client asks for none, is that of the ids: the one order that every directory can give, that no
//! rename disturbs and that is the same on every domain controller. A selection that fits into the page costs one search. A larger one costs a
//! search for the ids alone and a batched read of the page.

use std::collections::HashMap;

use uuid::Uuid;

use super::selection::Selection;
use super::service::Type;
use super::view::View;
use super::{Caller, Error, Service};
use crate::directory::{Search, Wanted};
use crate::ldap::{DirectoryKind, Entry};
use crate::scim::Paging;

impl Service {
    /// The total, and the entries of the page.
    pub(super) async fn page(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
        view: &View,
        paging: Paging,
    ) -> Result<(usize, Vec<Entry>), Error> {
        if paging.start_index == 1 && paging.count > 0 {
            let whole = self
                .whole(caller, of, selection, view, paging.count)
                .await?;
            if let Some(entries) = whole {
                return Ok((entries.len(), entries));
            }
        }
        let ids = self.ids(caller, of, selection).await?;
        let page: &[Uuid] = ids.get(paging.offset()..).unwrap_or_default();
        let page = &page[..page.len().min(paging.count)];
        let mut found = self.entries(caller, of, view, page).await?;
        let entries = page.iter().filter_map(|id| found.remove(id)).collect();
        Ok((ids.len(), entries))
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
        let search = Search {
            base: of.place.base.clone(),
            filter: selection.filter.clone(),
            wanted: selection.also(with_id(view, self.kind())),
            limit: Some(most.saturating_add(1)),
        };
        let found = self.directory().search(&search, caller.deadline).await?;
        if !found.complete || found.entries.len() > most {
            return Ok(None);
        }
        Ok(Some(self.arrange(caller, of, selection, found.entries)))
    }

    /// The entries with these ids that are there.
    pub(super) async fn entries(
        &self,
        caller: &Caller,
        of: Type<'_>,
        view: &View,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, Entry>, Error> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let kind = self.kind();
        let wanted = with_id(view, kind);
        let found = self
            .directory()
            .find_many(ids, &of.place.base, of.filter, &wanted, caller.deadline)
            .await?;
        let found = found.into_iter();
        Ok(found
            .filter_map(|entry| Some((entry.id(kind)?, entry)))
            .collect())
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
