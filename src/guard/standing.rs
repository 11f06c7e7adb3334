//! What is known of entries while a plan is judged, and which rule fences each of them.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::well_known::{is_powerful_group, is_powerful_rid, is_windows_own};
use super::{Facts, Fences, Rule};
use crate::ldap::Dn;

/// What is known of one entry.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) dn: Dn,
    pub(super) id: Option<Uuid>,
    /// The rule that fences the entry.
    pub(super) fenced: Option<Rule>,
}

/// What is known of the entries a plan touches.
pub(super) struct Standings {
    by_dn: HashMap<Dn, Standing>,
    by_id: HashMap<Uuid, Standing>,
}

impl Standings {
    pub(super) fn new(fences: &Fences, protected_groups: &HashSet<Dn>, told: &[Facts]) -> Self {
        let mut by_dn: HashMap<Dn, Standing> = HashMap::with_capacity(told.len());
        let mut by_id: HashMap<Uuid, Standing> = HashMap::with_capacity(told.len());
        for facts in told {
            let fenced = fence_around(fences, protected_groups, facts);
            let mut standing = Standing {
                dn: facts.dn.clone(),
                id: facts.id,
                fenced,
            };
            // Told of twice: whatever speaks against the entry counts, and two ids for one name do.
            if let Some(before) = by_dn.get(&facts.dn) {
                let contradiction = (before.id != standing.id).then_some(Rule::UnknownTarget);
                standing.fenced = standing.fenced.or(before.fenced).or(contradiction);
            }
            if let Some(id) = facts.id {
                let before = by_id.entry(id).or_insert_with(|| standing.clone());
                before.fenced = before.fenced.or(standing.fenced);
            }
            by_dn.insert(facts.dn.clone(), standing);
        }
        Self { by_dn, by_id }
    }

    pub(super) fn of_name(&self, dn: &Dn) -> Option<&Standing> {
        self.by_dn.get(dn)
    }

    pub(super) fn of_id(&self, id: Uuid) -> Option<&Standing> {
        self.by_id.get(&id)
    }

    /// Nothing speaks against an entry that the plan itself makes in a place where it may.
    pub(super) fn created(&mut self, dn: &Dn) {
        let standing = || Standing {
            dn: dn.clone(),
            id: None,
            fenced: None,
        };
        self.by_dn.entry(dn.clone()).or_insert_with(standing);
    }

    /// An entry that is renamed stays what it is.
    pub(super) fn renamed(&mut self, from: &Dn, to: Dn) {
        if let Some(standing) = self.by_dn.get(from).cloned() {
            self.by_dn
                .insert(to.clone(), Standing { dn: to, ..standing });
        }
    }
}

/// The rule that fences a place in the tree, whatever is there.
pub(super) fn fence_around_place(fences: &Fences, dn: &Dn) -> Option<Rule> {
    let folded = dn.folded();
    // A fence protects what lies below it, and also what it stands on: to rename that would move it.
    let near = |fence: &Dn| folded.is_within(fence) || fence.is_within(&folded);
    if !fences.bases.iter().any(|base| dn.is_within(base)) {
        return Some(Rule::OutsideBase);
    }
    let holds_the_bases = fences
        .bases
        .iter()
        .chain(&fences.allowed)
        .any(|fence| fence.is_within(dn));
    if holds_the_bases || fences.protected_entries.iter().any(near) {
        return Some(Rule::ProtectedEntry);
    }
    if fences.own_account.as_ref().is_some_and(near) {
        return Some(Rule::OwnAccount);
    }
    if fences.protected_groups.iter().any(near) {
        return Some(Rule::ProtectedGroup);
    }
    let allowed = fences.allowed.is_empty() || fences.allowed.iter().any(|ou| dn.is_within(ou));
    (!allowed).then_some(Rule::OutsideAllowedOus)
}

/// The rule that fences an entry.
fn fence_around(fences: &Fences, protected_groups: &HashSet<Dn>, facts: &Facts) -> Option<Rule> {
    let place = fence_around_place(fences, &facts.dn);
    let by_id = facts.id.and_then(|id| fences.by_id.get(&id)).copied();
    match by_id.or(place) {
        // The weakest reason, so it is told last: an account may be moved into an allowed OU, but an
        // administrator's stays one.
        None | Some(Rule::OutsideAllowedOus) => {
            fence_around_account(fences, protected_groups, facts).or(place)
        }
        stronger => stronger,
    }
}

/// The rule that fences an account or group for what it is.
fn fence_around_account(
    fences: &Fences,
    protected_groups: &HashSet<Dn>,
    facts: &Facts,
) -> Option<Rule> {
    if facts.unreadable {
        return Some(Rule::UnknownTarget);
    }
    let sids = &fences.protected_group_sids;
    if facts.sid.as_ref().is_some_and(|sid| sids.contains(sid)) {
        return Some(Rule::ProtectedGroup);
    }
    if facts.sid.as_ref().is_some_and(is_windows_own) {
        return Some(Rule::WellKnownAccount);
    }
    let by_primary_group = facts.primary_group_rid.is_some_and(|rid| {
        let domain = facts.sid.as_ref().and_then(|sid| sid.domain());
        let group = domain.and_then(|domain| domain.with_rid(rid));
        is_powerful_rid(rid) || group.is_some_and(|group| sids.contains(&group))
    });
    let directly = || {
        facts
            .member_of
            .iter()
            .any(|group| protected_groups.contains(&group.folded()))
    };
    let through_others = || {
        facts
            .token_groups
            .iter()
            .any(|sid| sids.contains(sid) || is_powerful_group(sid))
    };
    let by_list = fences.protected_members.contains(&facts.dn.folded());
    if by_primary_group || by_list || directly() || through_others() {
        return Some(Rule::ProtectedGroup);
    }
    facts.admin_count.then_some(Rule::PrivilegedAccount)
}
