//! What is to be done, as a value.

use crate::ldap::{AttributeName, Change, Filter, Modification, ModificationKind, ldif};

/// One change, and how to take it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub change: Change,
    /// What undoes it: applied when a *later* step was definitely refused by the directory.
    pub undo: Option<Change>,
    /// What the entry must match afterwards; where it does not, this step is undone with those before it.
    pub must_match: Option<Filter>,
}

impl Step {
    /// A step that is not taken back.
    #[must_use]
    pub const fn new(change: Change) -> Self {
        Self {
            change,
            undo: None,
            must_match: None,
        }
    }

    /// A step that `undo` takes back.
    #[must_use]
    pub const fn with_undo(change: Change, undo: Change) -> Self {
        Self {
            change,
            undo: Some(undo),
            must_match: None,
        }
    }

    /// The same step, after which the entry must match.
    #[must_use]
    pub fn then_matches(mut self, filter: Option<&Filter>) -> Self {
        self.must_match = filter.cloned();
        self
    }
}

impl From<Change> for Step {
    fn from(change: Change) -> Self {
        Self::new(change)
    }
}

/// The changes that one operation means, in the order in which they are applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The steps, first to last.
    pub steps: Vec<Step>,
}

impl Plan {
    /// A plan that changes nothing.
    #[must_use]
    pub const fn empty() -> Self {
        Self { steps: Vec::new() }
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Adds a step at the end.
    pub fn push(&mut self, step: impl Into<Step>) {
        self.steps.push(step.into());
    }

    /// Has the directory refuse the plan unless the entry of the first change matches. The others follow on the first.
    pub fn only_if(&mut self, condition: &Filter) {
        if let Some(first) = self.steps.first_mut() {
            first.change.only_if(condition);
        }
    }

    /// The changes, first to last, without what would undo them.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.steps.iter().map(|step| &step.change)
    }

    /// The attributes that are changed, each once, for the journal. A rename counts as its naming attribute; what is only
    /// put back, to make sure that it is there, does not count.
    #[must_use]
    pub fn attributes(&self) -> Vec<&AttributeName> {
        let mut names: Vec<&AttributeName> = Vec::new();
        for change in self.changes() {
            let changed: Vec<&AttributeName> = match change {
                Change::Add { attributes, .. } => attributes.iter().map(|(name, _)| name).collect(),
                Change::Modify { modifications, .. } => {
                    let attributes = modifications.iter().map(|one| &one.attribute);
                    attributes
                        .filter(|name| !is_put_back(name, modifications))
                        .collect()
                }
                Change::Rename { rdn, .. } => vec![rdn.attribute()],
                Change::Delete { .. } => Vec::new(),
            };
            for name in changed {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// The changes as LDIF (RFC 2849), secrets left out.
    #[must_use]
    pub fn to_ldif(&self) -> String {
        ldif::write(self.changes())
    }
}

/// Whether the modifications take values of the attribute out and put the same ones in again.
fn is_put_back(name: &AttributeName, modifications: &[Modification]) -> bool {
    let mut of = modifications.iter().filter(|one| one.attribute == *name);
    match (of.next(), of.next(), of.next()) {
        (Some(out), Some(back), None) => {
            out.kind == ModificationKind::Delete
                && back.kind == ModificationKind::Add
                && out.values == back.values
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldap::{Convergence, Dn, Target, Values};

    #[test]
    fn what_is_only_put_back_is_not_journaled_as_changed() {
        let [title, mail] = ["title", "mail"].map(AttributeName::known);
        let mut plan = Plan::empty();
        plan.push(Change::Modify {
            target: Target {
                dn: Dn::root(),
                guid: None,
            },
            modifications: vec![
                Modification::delete(title.clone(), Values::one("a")),
                Modification::add(title, Values::one("a")),
                Modification::delete(mail.clone(), Values::one("a")),
                Modification::add(mail.clone(), Values::one("b")),
            ],
            assertion: None,
            convergence: Convergence::Exact,
        });
        assert_eq!(plan.attributes(), [&mail]);
    }
}
