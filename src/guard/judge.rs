//! The guard, and what has passed it.

use std::collections::HashSet;

use uuid::Uuid;

use super::attributes::{is_forbidden, judge_values, renames};
use super::standing::{Standings, fence_around_place};
use super::{Attempt, Facts, Fences, Plan, Refusal, Rule, Step};
use crate::ldap::{
    AttributeName, Change, Convergence, Dn, Modification, ModificationKind, Rdn, Target, Values,
    guid,
};

/// A plan of which every change, and every change that would undo one, is inside the fences.
///
/// Only [`Guard::judge`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardedPlan {
    plan: Plan,
}

impl GuardedPlan {
    /// The steps, first to last.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.plan.steps
    }

    /// The plan.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }
}

/// Judges plans by the fences it was given.
#[derive(Debug, Clone)]
pub struct Guard {
    fences: Fences,
    /// The same, to compare with.
    folded: Fences,
    /// `folded.protected_groups` once more: every member's groups are looked up in it.
    protected_groups: HashSet<Dn>,
}

impl Guard {
    /// A guard of these fences.
    #[must_use]
    pub fn new(fences: Fences) -> Self {
        let folded = fences.folded();
        let protected_groups = folded.protected_groups.iter().cloned().collect();
        Self {
            fences,
            folded,
            protected_groups,
        }
    }

    /// The fences.
    #[must_use]
    pub const fn fences(&self) -> &Fences {
        &self.fences
    }

    /// Lets a plan pass whose every change is inside the fences.
    ///
    /// `facts` must tell of every entry that is changed, renamed or deleted, and of every member that
    /// is added or removed, unless an earlier step of the same plan creates it. What is not told of is
    /// refused. Steps and their undoing are judged in the order in which they would be applied.
    ///
    /// # Errors
    /// The first rule that refuses a change.
    pub fn judge(&self, plan: Plan, facts: &[Facts]) -> Result<GuardedPlan, Refusal> {
        let mut court = Court {
            fences: &self.folded,
            standings: Standings::new(&self.folded, &self.protected_groups, facts),
        };
        for step in &plan.steps {
            court.change(&step.change)?;
            court.note(&step.change);
            if let Some(undo) = &step.undo {
                court.change(undo)?;
            }
        }
        Ok(GuardedPlan { plan })
    }
}

const MEMBERSHIP: [&str; 2] = ["member", "uniqueMember"];

struct Court<'a> {
    fences: &'a Fences,
    standings: Standings,
}

impl Court<'_> {
    fn change(&self, change: &Change) -> Result<(), Refusal> {
        match change {
            Change::Add { dn, attributes } => self.add(dn, attributes),
            Change::Modify {
                target,
                modifications,
                convergence,
                ..
            } => {
                self.target(target, Attempt::Change)?;
                self.modifications(target, modifications, *convergence)
            }
            Change::Rename { target, rdn, .. } => {
                self.target(target, Attempt::Rename)?;
                let Some(renamed) = change.dn_afterwards() else {
                    return Err(refusal(
                        Rule::ProtectedEntry,
                        Attempt::Rename,
                        &target.dn,
                        None,
                    ));
                };
                self.place(&renamed, Attempt::RenameInto)?;
                judge_name(rdn, &renamed, Attempt::RenameInto)
            }
            Change::Delete { target, .. } => self.target(target, Attempt::Delete),
        }
    }

    /// Remembers what a change leads to, so that later steps are judged by it.
    fn note(&mut self, change: &Change) {
        match change {
            Change::Add { dn, .. } => self.standings.created(dn),
            Change::Rename { target, .. } => {
                if let Some(renamed) = change.dn_afterwards() {
                    self.standings.renamed(&target.dn, renamed);
                }
            }
            Change::Modify { .. } | Change::Delete { .. } => {}
        }
    }

    fn add(&self, dn: &Dn, attributes: &[(AttributeName, Values)]) -> Result<(), Refusal> {
        self.place(dn, Attempt::Create)?;
        if let Some(rdn) = dn.rdn() {
            judge_name(rdn, dn, Attempt::Create)?;
        }
        for (attribute, values) in attributes {
            judge_attribute(attribute, values, None, dn, Attempt::Create)?;
            if self.is_membership(attribute) {
                self.members(attribute, values)?;
            }
        }
        Ok(())
    }

    fn place(&self, dn: &Dn, attempted: Attempt) -> Result<(), Refusal> {
        fence_around_place(self.fences, dn)
            .map_or(Ok(()), |rule| Err(refusal(rule, attempted, dn, None)))
    }

    fn target(&self, target: &Target, attempted: Attempt) -> Result<(), Refusal> {
        let Some(standing) = self.standings.of_name(&target.dn) else {
            // What lies outside is called so even when nothing else is known of it.
            let rule = fence_around_place(self.fences, &target.dn).unwrap_or(Rule::UnknownTarget);
            return Err(refusal(rule, attempted, &target.dn, None));
        };
        let by_id = target.guid.and_then(|id| self.standings.of_id(id));
        // The directory goes by the id: it must be that of the entry that is judged.
        let mistaken = target.guid.is_some() && standing.id != target.guid;
        let fenced = standing
            .fenced
            .or_else(|| by_id.and_then(|standing| standing.fenced))
            .or_else(|| mistaken.then_some(Rule::UnknownTarget));
        fenced.map_or(Ok(()), |rule| {
            Err(refusal(rule, attempted, &target.dn, None))
        })
    }

    fn is_membership(&self, attribute: &AttributeName) -> bool {
        let configured = &self.fences.membership;
        MEMBERSHIP.iter().any(|name| attribute.is(name))
            || configured.iter().any(|name| attribute.is(name.base()))
    }

    fn modifications(
        &self,
        target: &Target,
        modifications: &[Modification],
        convergence: Convergence,
    ) -> Result<(), Refusal> {
        let mut deleted: Option<&Modification> = None;
        for modification in modifications {
            let Modification {
                kind,
                attribute,
                values,
            } = modification;
            if is_forbidden(attribute) || renames(&target.dn, modification) {
                let rule = Rule::ForbiddenAttribute;
                return Err(refusal(rule, Attempt::Change, &target.dn, Some(attribute)));
            }
            if *kind == ModificationKind::Delete {
                deleted = Some(modification);
            } else {
                let before = deleted
                    .filter(|deleted| {
                        *kind == ModificationKind::Add && deleted.attribute == *attribute
                    })
                    // A delete that may be of a value that is not there confirms nothing.
                    .filter(|_| convergence == Convergence::Exact)
                    .map(|deleted| &deleted.values);
                judge_attribute(attribute, values, before, &target.dn, Attempt::Change)?;
            }
            if self.is_membership(attribute) {
                // To put a list in place of another removes members nobody has told of.
                if *kind == ModificationKind::Replace || values.is_empty() {
                    return Err(refusal(
                        Rule::UnknownTarget,
                        Attempt::Member,
                        &target.dn,
                        Some(attribute),
                    ));
                }
                self.members(attribute, values)?;
            }
        }
        Ok(())
    }

    fn members(&self, attribute: &AttributeName, values: &Values) -> Result<(), Refusal> {
        let refuse = |rule, dn: &Dn| Err(refusal(rule, Attempt::Member, dn, Some(attribute)));
        let Values::Plain(values) = values else {
            return refuse(Rule::UnknownTarget, &Dn::root());
        };
        // The placeholder of a group without members is the empty DN: it is nobody.
        for value in values.iter().filter(|value| !value.is_empty()) {
            let standing = match read_member(value) {
                Some(Member::Id(id)) => self.standings.of_id(id).ok_or_else(Dn::root),
                Some(Member::Name(dn)) => self.standings.of_name(&dn).ok_or(dn),
                None => Err(Dn::root()),
            };
            match standing {
                Ok(standing) => {
                    if let Some(rule) = standing.fenced {
                        return refuse(rule, &standing.dn);
                    }
                }
                Err(unknown) if unknown.is_root() => return refuse(Rule::UnknownTarget, &unknown),
                Err(unknown) => {
                    let rule =
                        fence_around_place(self.fences, &unknown).unwrap_or(Rule::UnknownTarget);
                    return refuse(rule, &unknown);
                }
            }
        }
        Ok(())
    }
}

/// How a value of a membership attribute names the member.
enum Member {
    Name(Dn),
    Id(Uuid),
}

/// `None` for anything but a DN or `<GUID=…>` alone: where a DN follows an id, the directory goes by
/// the id, and other ids than GUIDs cannot be judged.
fn read_member(value: &[u8]) -> Option<Member> {
    let text = std::str::from_utf8(value).ok()?;
    if let Some(bracketed) = text.strip_prefix('<') {
        let (name, id) = bracketed.strip_suffix('>')?.split_once('=')?;
        return name
            .eq_ignore_ascii_case("guid")
            .then(|| guid::parse(id).map(Member::Id))?;
    }
    let dn = Dn::parse(text).ok()?;
    (!dn.is_root()).then_some(Member::Name(dn))
}

fn judge_attribute(
    attribute: &AttributeName,
    values: &Values,
    before: Option<&Values>,
    dn: &Dn,
    attempted: Attempt,
) -> Result<(), Refusal> {
    let refuse = |rule| refusal(rule, attempted, dn, Some(attribute));
    if is_forbidden(attribute) {
        return Err(refuse(Rule::ForbiddenAttribute));
    }
    judge_values(attribute, values, before).map_err(refuse)
}

/// A relative name writes its attributes too.
fn judge_name(rdn: &Rdn, dn: &Dn, attempted: Attempt) -> Result<(), Refusal> {
    rdn.avas().try_for_each(|ava| {
        let values = Values::one(ava.value.text().unwrap_or(""));
        judge_attribute(&ava.attribute, &values, None, dn, attempted)
    })
}

fn refusal(rule: Rule, attempted: Attempt, dn: &Dn, attribute: Option<&AttributeName>) -> Refusal {
    Refusal {
        rule,
        attempted,
        dn: dn.clone(),
        attribute: attribute.cloned(),
    }
}

#[cfg(test)]
mod tests;
