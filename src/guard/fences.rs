//! Where the fences stand.

use std::collections::{BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::Rule;
use crate::ldap::{AttributeName, Dn, Sid};

/// Where the bridge may write and what it may not touch there.
///
/// The defaults refuse everything: without a base, every entry is outside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fences {
    /// The base DNs: nothing is written that is not below one of them.
    pub bases: Vec<Dn>,
    /// The OUs within the bases in which entries may be written; empty: everywhere in the bases.
    pub allowed: Vec<Dn>,
    /// Entries that are never written, with everything below them.
    pub protected_entries: Vec<Dn>,
    /// Groups that are never written and whose members are not either, with all the groups nested in
    /// them, to whatever depth.
    pub protected_groups: Vec<Dn>,
    /// The SIDs of the same groups, where the directory has SIDs. The groups that Windows itself
    /// protects are always fenced and need not be among them.
    pub protected_group_sids: BTreeSet<Sid>,
    /// Members of these groups, by the groups' own lists: an entry's memberOf does not tell of all of them (slapo-memberof
    /// fills it in only for members that were there when they were added).
    pub protected_members: HashSet<Dn>,
    /// The account the bridge binds as.
    pub own_account: Option<Dn>,
    /// The rules that fence these entries whatever they are called: what was found under the names above.
    pub by_id: HashMap<Uuid, Rule>,
    /// The attributes that hold members, besides `member` and `uniqueMember`.
    pub membership: Vec<AttributeName>,
}

impl Fences {
    /// The same with what protects by name [folded](Dn::folded). Where the bridge may write is taken to the letter.
    pub(super) fn folded(&self) -> Self {
        let all = |names: &[Dn]| names.iter().map(Dn::folded).collect();
        Self {
            protected_entries: all(&self.protected_entries),
            protected_groups: all(&self.protected_groups),
            protected_members: self.protected_members.iter().map(Dn::folded).collect(),
            own_account: self.own_account.as_ref().map(Dn::folded),
            ..self.clone()
        }
    }
}
