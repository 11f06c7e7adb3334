//! Queries in a body, and queries over the resources of all types.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::selection::{Place, Selection};
use super::service::Type;
use super::view::View;
use super::{Answer, Caller, Error, Query, Service};
use crate::ldap::Entry;
use crate::scim::error::quoted;
use crate::scim::{
    Error as ScimError, Filter, ListResponse, Page, Paging, Resource, SearchRequest, json,
};

/// One type's part of a query over all.
struct Part<'a> {
    of: Type<'a>,
    view: Arc<View>,
    selection: Selection,
}

impl Service {
    /// A query in a body (RFC 7644 §3.4.3), over one resource type or over all.
    ///
    /// # Errors
    /// As for a list; invalidSyntax and invalidValue for a body that is no SearchRequest.
    pub async fn search(
        &self,
        caller: &Caller,
        resource_type: Option<&str>,
        body: &[u8],
    ) -> Result<Answer, Error> {
        let query = SearchRequest::parse(json::parse(body)?, &caller.dialect)?.into();
        match resource_type {
            Some(resource_type) => self.list(caller, resource_type, &query).await,
            None => self.list_all(caller, &query).await,
        }
    }

    /// Lists the resources of all types (RFC 7644 §3.4.2.1): those of each type one after the other in the mapping's
    /// order, or in the order that the query asks for. An attribute that a type does not have has no value there.
    ///
    /// # Errors
    /// As for a list; invalidFilter for an attribute that no type has.
    pub async fn list_all(&self, caller: &Caller, query: &Query) -> Result<Answer, Error> {
        let paging = self.paging(query)?;
        let Page::Index(start) = paging.page else {
            return Err(ScimError::invalid_value(
                "`cursor` pages through the resources of one type; send it to their endpoint, or page by `startIndex` here",
            )
            .into());
        };
        let mut parts = self.parts(caller, query).await?;
        let is_sorted = query
            .sort_by
            .as_deref()
            .is_some_and(|by| !by.trim().is_empty());
        if paging.count == 0 {
            // As in a list of one type: totals are at hand by ids.
            for part in &mut parts {
                part.selection = part.selection.clone().unsorted();
            }
        }
        let (total, resources) = if is_sorted && paging.count > 0 {
            self.in_order(caller, &parts, start, paging.count).await?
        } else {
            self.one_after_the_other(caller, &parts, start, paging.count)
                .await?
        };
        Ok(Answer::List(ListResponse::new(
            total,
            &paging.page,
            resources,
        )))
    }

    async fn parts<'a>(&'a self, caller: &Caller, query: &Query) -> Result<Vec<Part<'a>>, Error> {
        let filter = query.filter.as_deref().map(Filter::parse).transpose()?;
        for path in filter.as_ref().map(Filter::paths).unwrap_or_default() {
            let mut definitions = self.mapping().definitions();
            if !definitions.any(|of| of.lookup_in_filter(path, &caller.dialect).is_some()) {
                return Err(ScimError::invalid_filter(format!(
                    "The attribute {} is not mapped for any resource type, so that nothing can be compared with it; use one of those that /Schemas lists.",
                    quoted(&path.to_string())
                ))
                .into());
            }
        }
        let (mut parts, mut ordered) = (Vec::new(), false);
        for of in self.types() {
            let sort = self.sort(caller, of, query)?;
            ordered |= sort.is_some();
            let filter = filter
                .clone()
                .map(|filter| filter.without_undefined(&of.mapping.definition, &caller.dialect));
            parts.push(Part {
                of,
                view: query.view(of, caller)?,
                selection: self.select(caller, of, filter, sort).await?,
            });
        }
        match query.sort_by.as_deref().map(str::trim) {
            Some(by) if !by.is_empty() && !ordered => {
                Err(self.unknown_sort(by, "any resource type"))
            }
            _ => Ok(parts),
        }
    }

    async fn one_after_the_other(
        &self,
        caller: &Caller,
        parts: &[Part<'_>],
        start: usize,
        count: usize,
    ) -> Result<(usize, Vec<Resource>), Error> {
        let (mut total, mut resources) = (0usize, Vec::new());
        for part in parts {
            let rest = Paging {
                page: Page::Index(start.saturating_sub(total).max(1)),
                count: count.saturating_sub(resources.len()),
            };
            let shown = self
                .page(caller, part.of, &part.selection, &part.view, &rest)
                .await?;
            total = total.saturating_add(shown.total);
            let entries = shown.entries.iter();
            resources.extend(entries.map(|entry| self.shown(caller, part, entry)));
        }
        Ok((total, resources))
    }

    async fn in_order(
        &self,
        caller: &Caller,
        parts: &[Part<'_>],
        start: usize,
        count: usize,
    ) -> Result<(usize, Vec<Resource>), Error> {
        let mut places: Vec<(usize, Place)> = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            let found = self.places(caller, part.of, &part.selection).await?;
            places.extend(found.into_iter().map(|place| (number, place)));
        }
        if let Some(ordered) = parts
            .iter()
            .map(|part| &part.selection)
            .find(|of| of.is_sorted())
        {
            places.sort_by(|(_, one), (_, other)| ordered.compare(one, other));
        } else {
            places.sort_by_key(|(_, (_, id))| *id);
        }
        let page = places.get(start.saturating_sub(1)..).unwrap_or_default();
        let page = &page[..page.len().min(count)];
        let mut shown: HashMap<Uuid, Resource> = HashMap::new();
        for (number, part) in parts.iter().enumerate() {
            let own = page.iter().filter(|(of, _)| *of == number);
            let ids: Vec<Uuid> = own.map(|(_, (_, id))| *id).collect();
            let found = self.entries(caller, part.of, &part.view, &ids).await?;
            let kind = self.kind();
            shown.extend(
                found
                    .iter()
                    .filter_map(|entry| Some((entry.id(kind)?, self.shown(caller, part, entry)))),
            );
        }
        let resources = page.iter().filter_map(|(_, (_, id))| shown.remove(id));
        Ok((places.len(), resources.collect()))
    }

    fn shown(&self, caller: &Caller, part: &Part<'_>, entry: &Entry) -> Resource {
        part.view
            .show(part.of, self.resource(part.of, entry, caller), entry)
    }
}
