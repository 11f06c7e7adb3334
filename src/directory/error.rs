//! Why the directory did not do what was asked.

use crate::ldap::AttributeName;

use super::meaning::Meaning;

/// Why the directory did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No answer: no connection, or none in time, or too much in flight. For a write: it was certainly not sent.
    #[error("the directory is unavailable: {reason}")]
    Unavailable {
        /// What was tried, for the person who must act.
        reason: String,
    },
    /// The directory answered, and said no. Nothing was changed.
    #[error(transparent)]
    Refused(#[from] Rejection),
    /// A write was sent and its answer was lost, and a look at the entry did not show the change. Asking again is safe.
    #[error("it is not known whether the change happened: {reason}")]
    OutcomeUnknown {
        /// The entry the change was about; not in the message, which goes to the log.
        dn: String,
        /// What was lost and what the look showed.
        reason: String,
    },
    /// After the change the entry did not match what it must: the change was taken back.
    #[error("the entry did not match its filter any more")]
    Unmatched,
    /// The directory answered something that is not LDAP as RFC 4511 has it, or more than the limits allow.
    #[error("the directory's answer cannot be used: {reason}")]
    Protocol {
        /// What is wrong with it.
        reason: String,
    },
    /// The directory refuses the bridge's own account. No further bind is tried for a while, lest the account be locked.
    #[error("the directory refuses the bridge's account: {reason}")]
    BindRefused {
        /// In the directory's words, with what its `data` code means.
        reason: String,
    },
}

/// A refusal by the directory, with what it means. `Display` leaves the diagnostic message out: it may name people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the directory refused: {meaning} (result {code}{}{})",
    .sub_code.map(|sub| format!(", code {sub:08X}")).unwrap_or_default(),
    .attribute.as_ref().map(|name| format!(", attribute {name}")).unwrap_or_default())]
pub struct Rejection {
    /// What it means, by the one table.
    pub meaning: Meaning,
    /// The LDAP result code (RFC 4511 appendix A).
    pub code: u32,
    /// The Win32 code at the head of Active Directory's diagnostic message.
    pub sub_code: Option<u32>,
    /// The diagnostic message, as sent. May name personal values: not for the client, nor for the log above debug.
    pub text: String,
    /// The attribute, where the message names it.
    pub attribute: Option<AttributeName>,
}

impl Error {
    pub(super) fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable {
            reason: reason.into(),
        }
    }

    pub(super) fn protocol(reason: impl Into<String>) -> Self {
        Self::Protocol {
            reason: reason.into(),
        }
    }

    /// What the refusal means, when it is one.
    #[must_use]
    pub fn meaning(&self) -> Option<Meaning> {
        match self {
            Self::Refused(rejection) => Some(rejection.meaning),
            _ => None,
        }
    }
}
