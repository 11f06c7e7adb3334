//! One page of a selection, with the true total.
//!
//! The order is that of the ids: the one order that every directory can give, that no rename disturbs and that
//! is the same on every domain controller. A selection that fits into the page costs one search. A larger one costs a
//! search for the ids alone and a batched read of the page.

use std::collections::HashMap;

use uuid::Uuid;

use super::selection::Selection;
use super::service::Type;
use super::view::View;
use super::{Caller, Error, Service};
use crate::directory::Search;
use crate::ldap::Entry;
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
        let kind = self.kind();
        let mut wanted = view.wanted.clone();
        if !wanted.attributes.contains(&kind.id_attribute()) {
            wanted.attributes.push(kind.id_attribute());
        }
        if paging.start_index == 1 && paging.count > 0 {
            let search = Search {
                base: of.place.base.clone(),
                filter: selection.filter.clone(),
                wanted: wanted.clone(),
                limit: Some(paging.count.saturating_add(1)),
            };
            let mut found = self.directory().search(&search, caller.deadline).await?;
            if found.complete && found.entries.len() <= paging.count {
                found.entries.sort_by_key(|entry| entry.id(kind));
                return Ok((found.entries.len(), found.entries));
            }
        }
        let ids = self.ids(caller, of, selection).await?;
        let page: &[Uuid] = ids.get(paging.offset()..).unwrap_or_default();
        let page = &page[..page.len().min(paging.count)];
        let found = if page.is_empty() {
            Vec::new()
        } else {
            self.directory()
                .find_many(page, &of.place.base, of.filter, &wanted, caller.deadline)
                .await?
        };
        let mut found: HashMap<Uuid, Entry> = found
            .into_iter()
            .filter_map(|entry| Some((entry.id(kind)?, entry)))
            .collect();
        Ok((
            ids.len(),
            page.iter().filter_map(|id| found.remove(id)).collect(),
        ))
    }
}
