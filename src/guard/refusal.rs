//! Why the guard said no, for the identity engineer who has to act on it.

use std::fmt;

use crate::ldap::{AttributeName, Dn};

listed! {
    /// The rule that refused a change.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Rule {
        /// The entry is not below a base DN.
        OutsideBase,
        /// The entry is below a base DN, but in none of the allowed OUs.
        OutsideAllowedOus,
        /// The entry is listed as protected, lies below one that is, or holds a fence itself.
        ProtectedEntry,
        /// The entry is a protected group, or a member of one at whatever depth.
        ProtectedGroup,
        /// The directory marks the entry as privileged: adminCount.
        PrivilegedAccount,
        /// The entry is one that every domain has, by its relative identifier.
        WellKnownAccount,
        /// The entry is the account the bridge itself uses.
        OwnAccount,
        /// The attribute may not be written through this bridge, or not in this way.
        ForbiddenAttribute,
        /// The value would set a flag or number that gives rights or takes a safeguard away.
        ForbiddenFlag,
        /// Nothing, or not enough, is known of the entry.
        UnknownTarget,
    }
}

impl Rule {
    /// The rule's name in messages, journals and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OutsideBase => "outside-base",
            Self::OutsideAllowedOus => "outside-allowed-ous",
            Self::ProtectedEntry => "protected-entry",
            Self::ProtectedGroup => "protected-group",
            Self::PrivilegedAccount => "privileged-account",
            Self::WellKnownAccount => "well-known-account",
            Self::OwnAccount => "own-account",
            Self::ForbiddenAttribute => "forbidden-attribute",
            Self::ForbiddenFlag => "forbidden-flag",
            Self::UnknownTarget => "unknown-target",
        }
    }

    const fn reason(self) -> &'static str {
        match self {
            Self::OutsideBase => "it is not below the configured base DN",
            Self::OutsideAllowedOus => {
                "it is in none of the organisational units this bridge may write in"
            }
            Self::ProtectedEntry => {
                "the entry is on the list of protected entries, or a fence of this bridge stands on it"
            }
            Self::ProtectedGroup => {
                "it is a protected group, or belongs to one directly or through other groups"
            }
            Self::PrivilegedAccount => {
                "the directory marks it as privileged (adminCount is set, which stays behind after the privilege is gone)"
            }
            Self::WellKnownAccount => "it is one of the accounts and groups that every domain has",
            Self::OwnAccount => "it is the account this bridge itself uses",
            Self::ForbiddenAttribute => {
                "this attribute cannot be written through the bridge, or not in this way"
            }
            Self::ForbiddenFlag => "the value would give rights or take a safeguard away",
            Self::UnknownTarget => {
                "the bridge could not establish what the entry is, so it does not write"
            }
        }
    }

    const fn remedy(self) -> &'static str {
        match self {
            Self::OutsideBase => {
                "Use an entry below the base DN, or have the base DN changed in the configuration."
            }
            Self::OutsideAllowedOus => {
                "Move the entry into an allowed organisational unit, or have its own added to the allowed ones in the configuration."
            }
            Self::ProtectedEntry => {
                "Take it out of the assignment in the identity provider, or have the configured list of protected entries changed."
            }
            Self::ProtectedGroup => {
                "Manage privileged groups and their members in the directory itself; take them out of the assignment in the identity provider."
            }
            Self::PrivilegedAccount => {
                "Take it out of the assignment in the identity provider; if it is no longer privileged, have a domain administrator clear adminCount."
            }
            Self::WellKnownAccount => {
                "Manage it in the directory itself; take it out of the assignment in the identity provider."
            }
            Self::OwnAccount => {
                "Manage the bridge's account in the directory itself; take it out of the assignment in the identity provider."
            }
            Self::ForbiddenAttribute => {
                "Take the attribute out of the mapping; a naming attribute is changed by a rename."
            }
            Self::ForbiddenFlag => {
                "Take the flag or number out of the mapping or the request, and set it in the directory itself if it is meant."
            }
            Self::UnknownTarget => {
                "Check that the bridge's account may read the entry and its memberOf, objectSid and adminCount; if it may, report this."
            }
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What was about to be done when a rule said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// To create an entry.
    Create,
    /// To change attributes of an entry.
    Change,
    /// To rename or move an entry that is fenced.
    Rename,
    /// To give an entry a name that is fenced.
    RenameInto,
    /// To delete an entry.
    Delete,
    /// To delete a group of which a fenced entry is a member.
    DeleteGroup,
    /// To make a fenced entry a member of a group, or take it out of one.
    Member,
}

impl Attempt {
    const fn sentence(self) -> &'static str {
        match self {
            Self::Create => "creating this entry",
            Self::Change => "changing this entry",
            Self::Rename => "renaming or moving this entry",
            Self::RenameInto => "giving an entry this name or place",
            Self::Delete => "deleting this entry",
            Self::DeleteGroup => "deleting this group for one of its members",
            Self::Member => "adding or removing this member",
        }
    }
}

/// A change was refused.
///
/// `Display` tells the rule, what was attempted and the remedy; it never shows a DN, since the one who
/// asked may not be entitled to know it. The journal takes the DN from the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The rule.
    pub rule: Rule,
    /// What was attempted.
    pub attempted: Attempt,
    /// The entry that is fenced: of a member, the member's, and of a rename, the old or the new name.
    pub dn: Dn,
    /// The attribute concerned, if the rule is about one or the entry is a member.
    pub attribute: Option<AttributeName>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "The rule `{}` refuses {}",
            self.rule,
            self.attempted.sentence()
        )?;
        if let Some(attribute) = &self.attribute {
            write!(f, " (attribute `{attribute}`)")?;
        }
        write!(f, ": {}. {}", self.rule.reason(), self.rule.remedy())
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_rule_attempt_and_remedy_but_no_dn() {
        for rule in Rule::ALL {
            let refusal = Refusal {
                rule,
                attempted: Attempt::Member,
                dn: Dn::parse("CN=Secret Project,DC=elsewhere").unwrap(),
                attribute: Some(AttributeName::known("member")),
            };
            let text = refusal.to_string();
            assert!(
                text.starts_with(&format!(
                    "The rule `{}` refuses adding or removing",
                    rule.name()
                )),
                "{text}"
            );
            assert!(text.contains("`member`") && text.ends_with('.'), "{text}");
            assert!(
                !text.contains("Secret") && !text.contains("elsewhere"),
                "{text}"
            );
        }
    }

    #[test]
    fn rule_names_are_kebab_case_and_distinct() {
        let names: std::collections::BTreeSet<_> =
            Rule::ALL.iter().map(|rule| rule.name()).collect();
        assert_eq!(names.len(), Rule::ALL.len());
        assert!(
            names
                .iter()
                .all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
        );
    }
}
