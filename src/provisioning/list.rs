//! GET of a list: filter pushed down to the directory, a true total, pages in a stable order.

use super::{Answer, Caller, Error, Query, Service};
use crate::scim::{Definition, Dialect, Filter, ListResponse, Literal, Page, Paging, Uniqueness};

impl Service {
    /// Whether it is the look-up that identity providers make before they write: who has this id, or this unique name.
    pub fn looks_up_one(&self, caller: &Caller, resource_type: &str, query: &Query) -> bool {
        let filter = query.filter.as_deref().map(Filter::parse);
        let (Some(Ok(filter)), Ok(of)) = (filter, self.resource_type(resource_type)) else {
            return false;
        };
        query.sort_by.is_none() && names_one(&filter, &of.mapping.definition, &caller.dialect)
    }

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
        let view = query.view(of, caller)?;
        let paging = self.paging(query)?;
        let mut selection = self.selection(caller, of, query).await?;
        if paging.count == 0 && matches!(paging.page, Page::Index(_)) {
            // A total is the same in any order, and the list by ids is likelier to be at hand.
            selection = selection.unsorted();
        }
        let shown = self.page(caller, of, &selection, &view, &paging).await?;
        // Each entry goes when its resource is made: a page is not held twice.
        let entries = shown.entries.into_iter();
        let resources = entries
            .map(|entry| view.show(of, self.resource(of, &entry, caller), &entry))
            .collect();
        let list = ListResponse::new(shown.total, &paging.page, resources);
        Ok(Answer::List(list.followed_by(shown.next)))
    }

    /// Which page the query asks for.
    pub(super) fn paging(&self, query: &Query) -> Result<Paging, Error> {
        let most = self.settings().max_results;
        Ok(Paging::parse(
            query.start_index.as_deref(),
            query.cursor.as_deref(),
            query.count.as_deref(),
            most,
            most,
        )?)
    }
}

/// Whether equalities alone say who is meant, one of them by what only one has. `active eq true` is everybody.
fn names_one(filter: &Filter, definition: &Definition, dialect: &Dialect) -> bool {
    let equalities = filter.equalities().unwrap_or_default();
    equalities.iter().any(|(path, value)| {
        let found = definition.lookup_in_filter(path, dialect);
        matches!(value, Literal::String(_))
            && found.is_some_and(|found| {
                let leaf = found.leaf();
                leaf.uniqueness != Uniqueness::None || leaf.name == "externalId"
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Mapping;

    #[test]
    fn only_what_one_has_names_one() {
        for name in Mapping::builtin_names() {
            let mapping = Mapping::load(name, Mapping::builtin(name).unwrap()).unwrap();
            let users = &mapping.resource("User").unwrap().definition;
            let names_one = |filter: &str| {
                let filter = Filter::parse(filter).unwrap();
                names_one(&filter, users, &Dialect::lenient())
            };
            for filter in [
                "userName eq \"ana\"",
                "USERNAME eq \"ana\"",
                "externalId eq \"7\"",
                "id eq \"7\"",
                "active eq true and userName eq \"ana\"",
            ] {
                assert!(names_one(filter), "{name}: {filter}");
            }
            for filter in [
                "active eq true",
                "name.familyName eq \"Ruiz\"",
                "meta.resourceType eq \"User\"",
                "externalId eq null",
                "userName sw \"a\"",
                "userName eq \"ana\" or active eq true",
                "shoeSize eq \"7\"",
            ] {
                assert!(!names_one(filter), "{name}: {filter}");
            }
        }
    }
}
