//! Why an operation did not happen. No HTTP here: the front door turns these into responses in one table.

use std::time::Duration;

use crate::guard::Refusal;

/// Why an operation was refused or could not be carried out. The text of the client-facing variants names attribute,
/// rule and remedy; `reason` fields are for the journal and never leave the house.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request itself is at fault (4xx with a scimType).
    #[error(transparent)]
    Invalid(#[from] crate::scim::Error),
    /// No such resource below the configured base (404).
    #[error("{detail}")]
    NotFound {
        /// What was looked for.
        detail: String,
    },
    /// A value that must be unique is taken (409 uniqueness).
    #[error("{detail}")]
    Conflict {
        /// The SCIM attribute, or the LDAP attribute where no line maps it.
        attribute: String,
        /// Attribute, rule and remedy.
        detail: String,
    },
    /// A fence stands in the way (403).
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The directory denies the bridge's own account the right (403).
    #[error("{detail}")]
    Denied {
        /// What to ask the directory administrator for.
        detail: String,
        /// The directory's own words, for the journal.
        reason: String,
    },
    /// Others kept changing the same values while this write was worked out (503 and Retry-After).
    #[error("the resource is being changed by others at the same time; repeat the request")]
    Contended {
        /// The directory's own words, for the journal.
        reason: String,
    },
    /// A precondition of the request no longer holds (412).
    #[error("{detail}")]
    PreconditionFailed {
        /// Which one.
        detail: String,
    },
    /// The directory cannot answer, or the outcome of a write is unknown (503 and Retry-After).
    #[error("the directory cannot be reached or did not answer in time")]
    Unavailable {
        /// When to come back.
        retry_after: Duration,
        /// The cause, for the journal.
        reason: String,
    },
    /// The time for a bulk request was over before this operation of it began (503).
    #[error(
        "the time for this request was over before this operation began; it was not tried, send it again"
    )]
    NotBegun,
    /// Configuration or mapping does not fit the directory (500).
    #[error(
        "the bridge's configuration does not fit the directory; its log names the cause under the request id"
    )]
    Misconfigured {
        /// The cause, for the journal.
        reason: String,
    },
    /// A fault of the bridge itself (500).
    #[error("internal fault; the log names the cause under the request id")]
    Internal {
        /// The cause, for the journal.
        reason: String,
    },
}
