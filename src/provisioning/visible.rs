//! What the operator's own filter hides could never be found, changed or disabled again. So nothing is made, and nothing is
//! changed, that the filter of its type would hide.

use serde_json::Value;

use super::Error;
use super::service::Type;
use super::write::Update;
use crate::ldap::{Change, Filter, Modification, Values};
use crate::scim::{AttributePath, Error as ScimError};

impl Error {
    /// The filter of this type would hide what was asked for.
    pub(super) fn hidden(of: Type<'_>) -> Self {
        Self::Invalid(ScimError::invalid_value(format!(
            "this {0} would not match the filter that [resources.{0}] of the configuration sets, and could never be found \
             again; send values that match, or have the filter changed",
            of.name()
        )))
    }
}

impl Update {
    /// What the entry must still match when it is changed. Who is disabled may be hidden by it: to refuse that would leave
    /// somebody an account that is to be closed.
    pub(super) fn must_match<'a>(&self, of: Type<'a>) -> Option<&'a Filter> {
        let active = self.new.get(&AttributePath::of("active"));
        let filter = of.place.filter.as_ref();
        filter.filter(|_| active != Some(&Value::Bool(false)))
    }
}

/// Whether the change is one of what the filter looks at.
pub(super) fn is_looked_at(filter: &Filter, change: &Change) -> bool {
    match change {
        Change::Modify { modifications, .. } => modifications
            .iter()
            .any(|one| filter.mentions(&one.attribute)),
        _ => true,
    }
}

/// What is to be sent by itself, before the rest: what the filter looks at, where a password is set beside it. That could not
/// be taken back.
pub(super) fn sent_first(
    filter: Option<&Filter>,
    modifications: Vec<Modification>,
    inverse: Vec<Modification>,
) -> [(Vec<Modification>, Vec<Modification>); 2] {
    let is_secret = |one: &Modification| matches!(one.values, Values::Secret(_));
    match filter {
        Some(filter) if modifications.iter().any(is_secret) => {
            let first = |one: &Modification| filter.mentions(&one.attribute) && !is_secret(one);
            let (now, later) = modifications.into_iter().partition(first);
            let (back, back_later) = inverse.into_iter().partition(first);
            [(now, back), (later, back_later)]
        }
        _ => [(Vec::new(), Vec::new()), (modifications, inverse)],
    }
}
