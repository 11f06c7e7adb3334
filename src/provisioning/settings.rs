//! What the operator decided about provisioning, checked.

use std::collections::BTreeMap;

use crate::ldap::{Dn, Filter};
use crate::scim::discovery::BulkLimits;

/// Where the entries of one resource type live.
#[derive(Debug, Clone)]
pub struct ResourceSettings {
    /// Entries are looked up at or below this DN and nowhere else.
    pub base: Dn,
    /// New entries are made directly below this DN.
    pub create_in: Dn,
    /// Beside the mapping's own filter: only entries that match exist for the bridge.
    pub filter: Option<Filter>,
}

/// What to do with a reference (`manager`) to an id that no entry has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownReference {
    /// Leave the reference out and say so in the journal. Entra sends users before their managers exist.
    #[default]
    Drop,
    /// Refuse the request with 400 invalidValue.
    Refuse,
}

/// What the operator decided about provisioning.
#[derive(Debug, Clone)]
pub struct Settings {
    /// By resource type name (`User`, `Group`).
    pub resources: BTreeMap<String, ResourceSettings>,
    /// What becomes of a reference to an unknown id.
    pub unknown_manager: UnknownReference,
    /// What becomes of a group's member with an unknown id.
    pub unknown_member: UnknownReference,
    /// Organizational units the bridge may write in; empty means everywhere below the bases.
    pub allowed: Vec<Dn>,
    /// Entries that are never written.
    pub protected_entries: Vec<Dn>,
    /// Groups whose members, direct or nested, are never written and which get no members.
    pub protected_groups: Vec<Dn>,
    /// The bridge's own account.
    pub own_account: Option<Dn>,
    /// How many resources one list answer carries at most.
    pub max_results: usize,
    /// How many resources one query may look at, where the directory alone cannot say which match or in which order.
    pub max_candidates: usize,
    /// How much one bulk request carries at most.
    pub bulk: BulkLimits,
}

/// Why settings and mapping do not go together.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A resource type of the mapping has no `[resources.…]` table.
    #[error("the mapping serves `{0}`, but there is no [resources.{0}] with its base")]
    NoBase(String),
    /// A `[resources.…]` table names a type that the mapping does not serve.
    #[error("[resources.{0}] names a resource type that the mapping does not serve")]
    UnknownType(String),
    /// New entries would be made where they can never be found.
    #[error("[resources.{0}] create_in is not below base: a new entry could not be found again")]
    CreateOutsideBase(String),
}
