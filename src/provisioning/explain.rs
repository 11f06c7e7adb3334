//! What a directory's refusal means for the client: the one table from [`Meaning`] to [`Error`].
//!
//! The directory room says what happened in LDAP's terms; here it is put into the words of the person who sent the
//! SCIM request: the SCIM attribute, the rule, the remedy. The directory's own text goes into `reason`, for the journal.

use std::time::Duration;

use uuid::Uuid;

use super::Error;
use super::service::Type;
use crate::directory::{ApplyError, Error as DirectoryError, Meaning, Rejection, Undo};
use crate::ldap::AttributeName;
use crate::mapping::{Fault, ResourceMapping};
use crate::scim::Error as ScimError;

impl Error {
    /// When to come back after an outage.
    pub(super) const RETRY_AFTER: Duration = Duration::from_secs(10);

    pub(super) fn not_found(resource_type: &str, id: &str) -> Self {
        // What is no id is not repeated: it may be anything.
        let named = Uuid::try_parse(id)
            .map(|id| format!("id `{id}`"))
            .unwrap_or_else(|_| "this id".into());
        Self::NotFound {
            detail: format!(
                "there is no {resource_type} with {named}; look for it by a `filter`, or create it"
            ),
        }
    }

    /// A value that must be unique is taken.
    pub(super) fn taken(attribute: &str) -> Self {
        Self::Conflict {
            attribute: attribute.to_owned(),
            detail: format!(
                "another entry of the directory already has this `{attribute}`, which must be unique; \
                 choose another value, or match the existing resource by filter and update it"
            ),
        }
    }

    /// Another entry has the name, and the mapping proposes no other.
    pub(super) fn name_taken(of: Type<'_>) -> Self {
        Self::taken(&name_attribute(of.mapping))
    }

    /// Whether a write that was worked out from a reading lost against somebody else's write in between.
    pub(super) fn lost_race(&self) -> bool {
        matches!(self, Self::Contended { .. })
    }

    /// Whether another name may help: this one is taken.
    pub(super) fn is_name_taken(error: &ApplyError) -> bool {
        matches!(
            error.error.meaning(),
            Some(Meaning::NameTaken | Meaning::AccountNameTaken)
        )
    }

    /// What a refusal of a write means for the client, in the words of this type's mapping.
    pub fn of_refusal(rejection: Rejection, of: &ResourceMapping) -> Self {
        refused(rejection, of)
    }

    /// Why creating or changing an entry of this type failed.
    pub(super) fn of_write(error: ApplyError, of: Type<'_>) -> Self {
        if let Undo::Failed(undo) = &error.undo {
            tracing::error!(
                resource_type = of.name(),
                cause = %error.error,
                undo = %undo,
                "a change was refused half way and could not be undone; look at the entry"
            );
        }
        let explained = match error.error {
            DirectoryError::Refused(rejection) => Self::of_refusal(rejection, of.mapping),
            DirectoryError::Unmatched => Self::hidden(of),
            other => other.into(),
        };
        explained.with_what_stands(&error.undo)
    }

    /// As [`of_write`](Self::of_write), where nobody else can have been faster: a value that is present already was sent twice.
    pub(super) fn of_own_write(error: ApplyError, of: Type<'_>) -> Self {
        let refusal = match &error.error {
            DirectoryError::Refused(one) if one.meaning == Meaning::AlreadyPresent => {
                attribute(one, of.mapping)
            }
            _ => return Self::of_write(error, of),
        };
        let named = refusal.map_or_else(
            || "an attribute of the request (the directory does not say which)".to_owned(),
            |name| format!("`{name}`"),
        );
        let twice = Self::Invalid(ScimError::invalid_value(format!(
            "{named} has two values that are one to the directory, which may mind neither case nor spaces; send one of them"
        )));
        twice.with_what_stands(&error.undo)
    }

    /// The client is told when a part of its request stands.
    pub(super) fn with_what_stands(self, undo: &Undo) -> Self {
        match self {
            Self::Invalid(mut refusal) if matches!(undo, Undo::Kept | Undo::Failed(_)) => {
                refusal.detail.push_str(" Some of the request was carried out before this and stands; it is safe to repeat the request.");
                Self::Invalid(refusal)
            }
            explained => explained,
        }
    }
}

impl From<DirectoryError> for Error {
    /// Why a question to the directory failed. A refusal here has nothing to do with the request's values.
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::Refused(rejection) => match rejection.meaning {
                Meaning::Busy
                | Meaning::BindLost
                | Meaning::CookieLost
                | Meaning::CredentialsRefused => Self::Unavailable {
                    retry_after: Self::RETRY_AFTER,
                    reason: rejection.to_string(),
                },
                Meaning::TooMany => Self::Invalid(ScimError::too_many(
                    "the directory's own limit stopped this search; narrow the `filter`, for instance to one `userName`",
                )),
                _ => Self::Misconfigured {
                    reason: rejection.to_string(),
                },
            },
            other @ (DirectoryError::Unavailable { .. }
            | DirectoryError::OutcomeUnknown { .. }
            | DirectoryError::BindRefused { .. }
            | DirectoryError::Unmatched
            | DirectoryError::Protocol { .. }) => Self::Unavailable {
                retry_after: Self::RETRY_AFTER,
                reason: other.to_string(),
            },
        }
    }
}

impl From<Fault> for Error {
    /// A value that the mapping refuses before the directory has to.
    fn from(fault: Fault) -> Self {
        Self::Invalid(fault.into())
    }
}

/// The table: `docs/errors.md` and directory-facts speak of the same rows.
fn refused(rejection: Rejection, of: &ResourceMapping) -> Error {
    let attribute = attribute(&rejection, of);
    let named = attribute.as_deref().map(|name| format!("`{name}`"));
    let named = named
        .as_deref()
        .unwrap_or("a value of the request (the directory does not say which)");
    let invalid = |detail: String| Error::Invalid(ScimError::invalid_value(detail));
    match rejection.meaning {
        Meaning::NameTaken => Error::taken(&attribute.unwrap_or_else(|| name_attribute(of))),
        Meaning::AccountNameTaken => {
            Error::taken(&attribute.unwrap_or_else(|| scim_name(of, &AttributeName::known("sAMAccountName"))))
        }
        Meaning::ValueTaken => Error::taken(attribute.as_deref().unwrap_or("userName")),
        // Found a moment ago: renamed or deleted since. The next look tells which.
        Meaning::NoSuchEntry => Error::Contended { reason: rejection.to_string() },
        Meaning::NoSuchReference => invalid(format!(
            "{named} refers to an entry that does not exist any more; leave the reference out or create the entry first"
        )),
        Meaning::PasswordPolicy => invalid(
            "`password` is refused by the directory's password policy (length, complexity, history or age), or the account \
             would be enabled without one; send a `password` that the policy allows"
                .into(),
        ),
        Meaning::PasswordMalformed => {
            invalid("`password` is not of a form the directory takes; send other characters or another length".into())
        }
        Meaning::BadAccountName => invalid(format!(
            "{named} leads to an account name that the directory does not allow (at most 20 characters, none of \" / \\ [ ] : ; | = , + * ? < >); \
             send another `userName`"
        )),
        Meaning::PrimaryGroup => invalid(
            "`members`: the group is this account's primary group, whose membership is kept in the account and not in the group; \
             leave the member out"
                .into(),
        ),
        Meaning::GroupType => invalid(
            "`groupType`, which the mapping gives to groups, is of a kind that the directory does not allow here; have it corrected in the mapping"
                .into(),
        ),
        Meaning::MemberNotAllowed => invalid(
            "`members`: a group of this scope (groupType in the mapping) cannot have this member; add it to a universal or domain-local group"
                .into(),
        ),
        Meaning::InvalidValue => {
            invalid(format!("{named} does not fit the directory's syntax, length or range; send another value"))
        }
        Meaning::SingleValued => invalid(format!("{named} takes one value only; send one")),
        Meaning::InvalidName => {
            invalid(format!("`{}` does not make a name that the directory allows; send another value", name_attribute(of)))
        }
        Meaning::MissingAttribute => invalid(match &attribute {
            Some(name) => format!("`{name}` is required by the directory, and this request leaves it empty; send a value for it"),
            None => "the directory requires an attribute that this request leaves empty, and does not say which; \
                     send what /Schemas calls required, or have the mapping give the attribute a value"
                .into(),
        }),
        Meaning::NotModifiable => Error::Invalid(ScimError::mutability(format!(
            "{named} cannot be changed: the directory computes or owns it; leave it out"
        ))),
        Meaning::HasChildren => Error::Invalid(ScimError::new(
            409,
            None,
            format!(
                "the {} has entries below it in the directory and is not deleted with them; \
                 ask the directory administrator to move or delete those first",
                of.definition.resource_type.name
            ),
        )),
        Meaning::Denied => Error::Denied {
            detail: format!(
                "insufficient-access-rights: the bridge's account has no right to this change{} (or the entry is protected by \
                 AdminSDHolder or has inheritance blocked); ask the directory administrator to delegate it, or leave the entry alone",
                attribute.map(|name| format!(" of `{name}`")).unwrap_or_default()
            ),
            reason: rejection.to_string(),
        },
        Meaning::LastAdministrator => Error::Denied {
            detail: "last-administrator: the directory does not let the last administrator go; leave the entry alone".into(),
            reason: rejection.to_string(),
        },
        Meaning::AssertionFailed => Error::stale(),
        Meaning::AlreadyPresent | Meaning::AlreadyAbsent => Error::Contended { reason: rejection.to_string() },
        Meaning::Busy | Meaning::BindLost | Meaning::CookieLost | Meaning::CredentialsRefused => {
            Error::Unavailable { retry_after: Error::RETRY_AFTER, reason: rejection.to_string() }
        }
        Meaning::TooMany => Error::Invalid(ScimError::too_many(
            "the change is larger than the directory allows in one write; send fewer values in one request",
        )),
        Meaning::ParentMissing
        | Meaning::PasswordNeedsTls
        | Meaning::NotAllowedByClass
        | Meaning::UnknownAttribute
        | Meaning::SecurityRequired
        | Meaning::Elsewhere
        | Meaning::ControlUnavailable
        | Meaning::Other => Error::Misconfigured { reason: rejection.to_string() },
    }
}

/// The attribute the refusal names, in the client's words.
fn attribute(rejection: &Rejection, of: &ResourceMapping) -> Option<String> {
    rejection.attribute.as_ref().map(|name| scim_name(of, name))
}

fn scim_name(of: &ResourceMapping, attribute: &AttributeName) -> String {
    of.scim_name_of(attribute)
        .unwrap_or_else(|| attribute.to_string())
}

/// The attribute that makes the entry's name.
fn name_attribute(of: &ResourceMapping) -> String {
    scim_name(of, &of.rdn)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection(meaning: Meaning) -> DirectoryError {
        DirectoryError::Refused(Rejection {
            meaning,
            code: 0,
            sub_code: None,
            text: "cn=secret,dc=x".into(),
            attribute: None,
        })
    }

    #[test]
    fn an_outage_is_never_an_absence() {
        let outages = [
            DirectoryError::Unavailable {
                reason: "refused".into(),
            },
            DirectoryError::BindRefused {
                reason: "data 52e".into(),
            },
            DirectoryError::OutcomeUnknown {
                dn: "cn=x".into(),
                reason: "lost".into(),
            },
            DirectoryError::Protocol {
                reason: "garbage".into(),
            },
            rejection(Meaning::Busy),
            rejection(Meaning::CredentialsRefused),
        ];
        for outage in outages {
            assert!(matches!(Error::from(outage), Error::Unavailable { .. }));
        }
    }

    #[test]
    fn a_refusal_says_when_a_part_of_the_request_stands() {
        let failed = Undo::Failed(Box::new(rejection(Meaning::Denied)));
        for (undo, stands) in [
            (Undo::NotNeeded, false),
            (Undo::Done, false),
            (Undo::Kept, true),
            (failed, true),
        ] {
            let refused = Error::Invalid(ScimError::invalid_value("`title` is too long."));
            let told = refused.with_what_stands(&undo).to_string();
            assert!(told.contains("`title` is too long."), "{told}");
            assert_eq!(told.contains("stands"), stands, "{told}");
        }
    }

    #[test]
    fn what_the_client_reads_quotes_nothing_of_the_directory() {
        for meaning in [
            Meaning::Other,
            Meaning::ParentMissing,
            Meaning::Busy,
            Meaning::NoSuchEntry,
            Meaning::Denied,
        ] {
            assert!(
                !Error::from(rejection(meaning))
                    .to_string()
                    .contains("secret"),
                "{meaning:?}"
            );
        }
    }
}
