//! Which resources a query means: its filter as one that the directory answers, and the ids of all that match, in order.

use uuid::Uuid;

use super::service::Type;
use super::{Caller, Error, Query, Service};
use crate::directory::{Search, Wanted};
use crate::ldap::Filter as LdapFilter;
use crate::scim::{Error as ScimError, Filter};

/// More matches than this are refused with tooMany: their ids would not fit into bounded memory.
const MOST_MATCHES: usize = 500_000;

/// Which resources of a type are meant.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    /// What the directory is asked.
    pub(super) filter: LdapFilter,
}

impl Selection {
    /// Whether the directory alone can say which resources are meant and in which order.
    pub(super) fn is_plain(&self) -> bool {
        true
    }

    /// Two selections with the same key mean the same resources of one type, in the same order.
    pub(super) fn key(&self) -> String {
        self.filter.to_string()
    }

    /// Whether the order is another than that of the ids.
    pub(super) fn is_sorted(&self) -> bool {
        false
    }
}

impl Service {
    /// What the query selects.
    pub(super) async fn selection(
        &self,
        caller: &Caller,
        of: Type<'_>,
        query: &Query,
    ) -> Result<Selection, Error> {
        let Some(text) = query.filter.as_deref() else {
            return Ok(Selection {
                filter: of.filter.clone(),
            });
        };
        let filter = Filter::parse(text)?.resolve(&of.mapping.definition, &caller.dialect)?;
        let ids = of.mapping.references_in_filter(&filter);
        let targets = self.targets(&of.mapping.types_referred_to());
        let references = self
            .resolve(ids.iter().map(String::as_str), &targets, caller)
            .await?;
        Ok(Selection {
            filter: LdapFilter::and([
                of.filter.clone(),
                of.mapping.filter(&filter, &references.table)?,
            ]),
        })
    }

    /// The ids of all matches, in order.
    pub(super) async fn ids(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
    ) -> Result<Vec<Uuid>, Error> {
        let kind = self.kind();
        let search = Search {
            base: of.place.base.clone(),
            filter: selection.filter.clone(),
            wanted: Wanted {
                attributes: vec![kind.id_attribute()],
                references: Vec::new(),
            },
            limit: Some(MOST_MATCHES),
        };
        let found = self
            .directory()
            .search_each(&search, |entry| entry.id(kind), caller.deadline)
            .await?;
        if !found.complete {
            return Err(ScimError::too_many(format!(
                "more than {MOST_MATCHES} resources match; narrow the `filter`, for instance to one `userName`"
            ))
            .into());
        }
        let mut ids = found.entries;
        ids.sort_unstable();
        Ok(ids)
    }
}
