//! A value that the mapping refuses to write, before the directory has to.

use std::fmt;

use crate::ldap::AttributeName;
use crate::scim;

/// Why a resource cannot be written: attribute, rule, remedy. Becomes 400 invalidValue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The SCIM path of the mapping's line, or what a derived value is made of.
    pub attribute: String,
    /// The LDAP attribute that would have been written.
    pub ldap: AttributeName,
    /// The rule, as the end of a sentence that begins with the attribute.
    pub rule: String,
    /// What to do.
    pub remedy: String,
}

impl Fault {
    pub(super) fn new(
        attribute: impl Into<String>,
        ldap: &AttributeName,
        rule: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            attribute: attribute.into(),
            ldap: ldap.clone(),
            rule: rule.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}; {}", self.attribute, self.rule, self.remedy)
    }
}

impl std::error::Error for Fault {}

impl From<Fault> for scim::Error {
    fn from(fault: Fault) -> Self {
        Self::invalid_value(fault.to_string())
    }
}
