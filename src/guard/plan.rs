//! What is to be done, as a value.

use crate::ldap::{AttributeName, Change, ldif};

/// One change, and how to take it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub change: Change,
    /// What undoes it: applied when a *later* step was definitely refused by the directory.
    pub undo: Option<Change>,
}

impl Step {
    /// A step that is not taken back.
    #[must_use]
    pub const fn new(change: Change) -> Self {
        Self { change, undo: None }
    }

    /// A step that `undo` takes back.
    #[must_use]
    pub const fn with_undo(change: Change, undo: Change) -> Self {
        Self {
            change,
            undo: Some(undo),
        }
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

    /// The changes, first to last, without what would undo them.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.steps.iter().map(|step| &step.change)
    }

    /// The attributes that are changed, each once, for the journal. A rename counts as its naming attribute.
    #[must_use]
    pub fn attributes(&self) -> Vec<&AttributeName> {
        let mut names: Vec<&AttributeName> = Vec::new();
        for change in self.changes() {
            let changed: Vec<&AttributeName> = match change {
                Change::Add { attributes, .. } => attributes.iter().map(|(name, _)| name).collect(),
                Change::Modify { modifications, .. } => {
                    modifications.iter().map(|one| &one.attribute).collect()
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
