//! Values that must be unique although this directory does not enforce it: a search comes first.
//!
//! Where the directory enforces a rule itself, its own conflict is the check and nothing is asked here. A search before
//! a write leaves a moment in which somebody else can take the value; that is the best a directory without the rule
//! allows, and the reason why it is the mapping's exception, not its default.

use uuid::Uuid;

use super::service::Type;
use super::{Caller, Error, Service};
use crate::directory::{Search, Wanted};
use crate::ldap::Filter;
use crate::scim::Resource;

impl Service {
    /// Refuses the resource when another entry already has a value that the mapping calls unique.
    ///
    /// `own` is the resource's own id, which may of course have its value. `before` is what it looked like: an
    /// unchanged value is not asked for again.
    pub(super) async fn check_unique(
        &self,
        of: Type<'_>,
        own: Option<Uuid>,
        before: Option<&Resource>,
        resource: &Resource,
        caller: &Caller,
    ) -> Result<(), Error> {
        let unchanged = before
            .map(|before| of.mapping.unique_checks(before))
            .unwrap_or_default();
        for check in of.mapping.unique_checks(resource) {
            if unchanged.contains(&check) {
                continue;
            }
            let (path, filter) = check;
            if self.taken(of, own, filter, caller).await? {
                return Err(Error::taken(&path.to_string()));
            }
        }
        Ok(())
    }

    /// Whether a resource of this type other than `own` matches.
    pub(super) async fn taken(
        &self,
        of: Type<'_>,
        own: Option<Uuid>,
        filter: Filter,
        caller: &Caller,
    ) -> Result<bool, Error> {
        let kind = self.kind();
        let found = self
            .directory()
            .search(
                &Search {
                    base: of.place.base.clone(),
                    filter: Filter::and([of.filter.clone(), filter]),
                    wanted: Wanted {
                        attributes: vec![kind.id_attribute()],
                        references: Vec::new(),
                    },
                    order: None,
                    limit: Some(2),
                },
                caller.deadline,
            )
            .await?;
        Ok(found
            .entries
            .iter()
            .any(|entry| own.is_none() || entry.id(kind) != own))
    }
}
