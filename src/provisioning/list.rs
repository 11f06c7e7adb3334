//! GET of a list: filter pushed down to the directory, a true total, pages in a stable order.
//!
//! The order is that of the ids: the one order that every directory can give, that no rename disturbs and that
//! is the same on every domain controller. A list that fits into the page costs one search. A longer one costs a search
//! for the ids alone and a batched read of the page.

use std::collections::HashMap;

use uuid::Uuid;

use super::service::Type;
use super::view::View;
use super::{Answer, Caller, Error, Query, Service};
use crate::directory::{Search, Wanted};
use crate::ldap::{Entry, Filter as LdapFilter};
use crate::scim::{Error as ScimError, Filter, ListResponse, Paging};

/// More matches than this are refused with tooMany: their ids would not fit into bounded memory.
const MOST_MATCHES: usize = 500_000;

impl Service {
    /// Lists the resources of a type (RFC 7644 §3.4.2).
    ///
    /// # Errors
    /// invalidFilter for what cannot be asked of the directory; an outage is never an empty list.
    pub async fn list(
        &self,
        caller: &Caller,
        resource_type: &str,
        query: &Query,
    ) -> Result<Answer, Error> {
        let of = self.resource_type(resource_type)?;
        let view = query.view(of)?;
        let most = self.settings().max_results;
        let paging = Paging::parse(
            query.start_index.as_deref(),
            query.count.as_deref(),
            most,
            most,
        )?;
        let filter = self
            .list_filter(caller, of, query.filter.as_deref())
            .await?;
        let (total, entries) = self.page(caller, of, filter, &view, paging).await?;
        let resources = entries
            .iter()
            .map(|entry| view.show(of, self.resource(of, entry, caller)));
        Ok(Answer::List(ListResponse::new(
            total,
            paging,
            resources.collect(),
        )))
    }

    async fn list_filter(
        &self,
        caller: &Caller,
        of: Type<'_>,
        text: Option<&str>,
    ) -> Result<LdapFilter, Error> {
        let Some(text) = text else {
            return Ok(of.filter.clone());
        };
        let filter = Filter::parse(text)?.resolve(&of.mapping.definition, &caller.dialect)?;
        let ids = of.mapping.references_in_filter(&filter);
        let targets = self.targets(&of.mapping.types_referred_to());
        let references = self
            .resolve(ids.iter().map(String::as_str), &targets, caller)
            .await?;
        Ok(LdapFilter::and([
            of.filter.clone(),
            of.mapping.filter(&filter, &references.table)?,
        ]))
    }

    async fn page(
        &self,
        caller: &Caller,
        of: Type<'_>,
        filter: LdapFilter,
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
                filter: filter.clone(),
                wanted: wanted.clone(),
                limit: Some(paging.count.saturating_add(1)),
            };
            let mut found = self.directory().search(&search, caller.deadline).await?;
            if found.complete && found.entries.len() <= paging.count {
                found.entries.sort_by_key(|entry| entry.id(kind));
                return Ok((found.entries.len(), found.entries));
            }
        }
        let ids = self.ids(caller, of, filter).await?;
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

    /// The ids of all matches, in order.
    async fn ids(
        &self,
        caller: &Caller,
        of: Type<'_>,
        filter: LdapFilter,
    ) -> Result<Vec<Uuid>, Error> {
        let kind = self.kind();
        let search = Search {
            base: of.place.base.clone(),
            filter,
            wanted: Wanted {
                attributes: vec![kind.id_attribute()],
                references: Vec::new(),
            },
            limit: Some(MOST_MATCHES),
        };
        let found = self.directory().search(&search, caller.deadline).await?;
        if !found.complete {
            return Err(ScimError::too_many(format!(
                "more than {MOST_MATCHES} resources match; narrow the `filter`, for instance to one `userName`"
            ))
            .into());
        }
        let mut ids: Vec<Uuid> = found
            .entries
            .iter()
            .filter_map(|entry| entry.id(kind))
            .collect();
        ids.sort_unstable();
        Ok(ids)
    }
}
