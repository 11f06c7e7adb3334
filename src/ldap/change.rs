//! What is to be changed in a directory, as a value that can be printed, judged and then applied.

use std::fmt;

use secrecy::{ExposeSecret, SecretSlice};
use uuid::Uuid;

use super::{AttributeName, Dn, Filter, Rdn};

/// One value that must never be seen: prints as `[redacted]` and is overwritten when dropped.
pub struct SecretBytes(SecretSlice<u8>);

impl SecretBytes {
    /// Takes the octets over.
    #[must_use]
    pub fn new(octets: Vec<u8>) -> Self {
        Self(SecretSlice::from(octets))
    }

    /// The octets, for the one place that sends them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl Clone for SecretBytes {
    fn clone(&self) -> Self {
        Self::new(self.expose().to_vec())
    }
}

impl From<Vec<u8>> for SecretBytes {
    fn from(octets: Vec<u8>) -> Self {
        Self::new(octets)
    }
}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for SecretBytes {}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The values of one attribute in a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// Values that may be logged, journaled and printed as LDIF. Empty in a delete or replace: all of them.
    Plain(Vec<Vec<u8>>),
    /// One value that may not.
    Secret(SecretBytes),
}

impl Values {
    /// One plain value.
    pub fn one(value: impl Into<Vec<u8>>) -> Self {
        Self::Plain(vec![value.into()])
    }

    /// No values: in a delete or replace, the whole attribute goes.
    #[must_use]
    pub const fn none() -> Self {
        Self::Plain(Vec::new())
    }

    /// The plain values; empty for a secret.
    #[must_use]
    pub fn plain(&self) -> &[Vec<u8>] {
        match self {
            Self::Plain(values) => values,
            Self::Secret(_) => &[],
        }
    }

    /// Whether there are no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Plain(values) if values.is_empty())
    }
}

/// The entry a change is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name when it was read.
    pub dn: Dn,
    /// Its id, where the directory can be asked to change `<GUID=…>`, whatever its name is by then
    /// (not for a rename: Samba refuses that).
    pub guid: Option<Uuid>,
}

/// What is done to an attribute (RFC 4511 §4.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModificationKind {
    /// Adds values.
    Add,
    /// Removes the listed values, or the whole attribute when none is listed.
    Delete,
    /// Puts the listed values in place of those there are, or removes the attribute when none is listed.
    Replace,
}

/// One change of one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modification {
    /// What is done.
    pub kind: ModificationKind,
    /// To which attribute.
    pub attribute: AttributeName,
    /// With which values.
    pub values: Values,
}

impl Modification {
    /// Adds these values.
    #[must_use]
    pub fn add(attribute: AttributeName, values: Values) -> Self {
        Self {
            kind: ModificationKind::Add,
            attribute,
            values,
        }
    }

    /// Removes these values, or the attribute when there are none.
    #[must_use]
    pub fn delete(attribute: AttributeName, values: Values) -> Self {
        Self {
            kind: ModificationKind::Delete,
            attribute,
            values,
        }
    }

    /// Puts these values in place of what is there.
    #[must_use]
    pub fn replace(attribute: AttributeName, values: Values) -> Self {
        Self {
            kind: ModificationKind::Replace,
            attribute,
            values,
        }
    }
}

/// What it means when the directory says that a value is there already, or is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Convergence {
    /// The change is refused.
    Exact,
    /// The change is done: the wish was that it be so (members added or removed).
    Converge,
}

/// One change to a directory: one LDAP operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Creates an entry.
    Add {
        /// Its name.
        dn: Dn,
        /// What it holds, its object classes and naming attribute included.
        attributes: Vec<(AttributeName, Values)>,
    },
    /// Changes attributes of an entry, all or none.
    Modify {
        /// Which entry.
        target: Target,
        /// In this order.
        modifications: Vec<Modification>,
        /// Refused by the directory unless the entry matches (RFC 4528).
        assertion: Option<Filter>,
        /// What to make of values that are there already.
        convergence: Convergence,
    },
    /// Renames an entry, moves it, or both (RFC 4511 §4.9).
    Rename {
        /// Which entry.
        target: Target,
        /// Its new relative name.
        rdn: Rdn,
        /// Whether the value of the old relative name is removed from the entry.
        delete_old_rdn: bool,
        /// The entry it is moved below; none: it stays where it is.
        superior: Option<Dn>,
        /// As for a modify.
        assertion: Option<Filter>,
    },
    /// Deletes an entry that has nothing below it.
    Delete {
        /// Which entry.
        target: Target,
        /// As for a modify.
        assertion: Option<Filter>,
    },
}

impl Change {
    /// The name of the entry that is changed, before the change.
    #[must_use]
    pub fn dn(&self) -> &Dn {
        match self {
            Self::Add { dn, .. } => dn,
            Self::Modify { target, .. }
            | Self::Rename { target, .. }
            | Self::Delete { target, .. } => &target.dn,
        }
    }

    /// The entry that is changed; none where one is made.
    #[must_use]
    pub const fn target(&self) -> Option<&Target> {
        match self {
            Self::Add { .. } => None,
            Self::Modify { target, .. }
            | Self::Rename { target, .. }
            | Self::Delete { target, .. } => Some(target),
        }
    }

    /// What the entry must match for the change to happen.
    #[must_use]
    pub const fn assertion(&self) -> Option<&Filter> {
        match self {
            Self::Add { .. } => None,
            Self::Modify { assertion, .. }
            | Self::Rename { assertion, .. }
            | Self::Delete { assertion, .. } => assertion.as_ref(),
        }
    }

    /// Has the directory refuse the change unless the entry matches. One that is to be made has nothing to match.
    pub fn only_if(&mut self, condition: &Filter) {
        match self {
            Self::Add { .. } => {}
            Self::Modify { assertion, .. }
            | Self::Rename { assertion, .. }
            | Self::Delete { assertion, .. } => {
                let before = assertion.take().into_iter();
                *assertion = Some(Filter::and(before.chain([condition.clone()])));
            }
        }
    }

    /// The name of the entry after the change; `None` after a delete.
    #[must_use]
    pub fn dn_afterwards(&self) -> Option<Dn> {
        match self {
            Self::Add { dn, .. } => Some(dn.clone()),
            Self::Modify { target, .. } => Some(target.dn.clone()),
            Self::Rename {
                target,
                rdn,
                superior,
                ..
            } => {
                let above = match superior {
                    Some(superior) => superior.clone(),
                    None => target.dn.parent()?,
                };
                Some(above.child(rdn.clone()))
            }
            Self::Delete { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_as_redacted() {
        let values = Values::Secret(SecretBytes::new(b"hunter2".to_vec()));
        assert_eq!(format!("{values:?}"), "Secret([redacted])");
        assert_eq!(values, values.clone());
        assert!(values.plain().is_empty());
        assert!(!values.is_empty());
    }

    #[test]
    fn a_rename_tells_the_name_it_leads_to() {
        let target = Target {
            dn: Dn::parse("cn=a,ou=x,dc=e").unwrap(),
            guid: None,
        };
        let rdn = Rdn::new(AttributeName::known("cn"), "b, c");
        let rename = |superior| Change::Rename {
            target: target.clone(),
            rdn: rdn.clone(),
            delete_old_rdn: true,
            superior,
            assertion: None,
        };
        assert_eq!(
            rename(None).dn_afterwards(),
            Dn::parse(r"cn=b\, c,ou=x,dc=e").ok()
        );
        let moved = rename(Dn::parse("ou=y,dc=e").ok());
        assert_eq!(moved.dn_afterwards(), Dn::parse(r"cn=b\, c,ou=y,dc=e").ok());
        assert_eq!(moved.dn(), &target.dn);
    }
}
