//! The one table from what went wrong to what the client is told.
//!
//! Details name attribute, rule and remedy, and nothing of the directory's internals; causes go to the journal under
//! the request id.

use std::time::Duration;

use crate::provisioning;
use crate::scim::{Error as ScimError, ScimType};

/// Why a request is not answered with success.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// No, an empty, a malformed or a wrong credential.
    #[error("no live token")]
    Unauthenticated,
    /// No such path.
    #[error("no such endpoint")]
    UnknownPath,
    /// The path exists, the method does not.
    #[error("method not allowed")]
    Method {
        /// The methods that do, comma-separated.
        allow: String,
    },
    /// A part of RFC 7644 that is not served.
    #[error("{0} is not served")]
    NotServed(&'static str),
    /// A filter on what the service says of itself.
    #[error("discovery is not filtered")]
    DiscoveryFilter,
    /// The query string is at fault.
    #[error("{0}")]
    Query(String),
    /// The body is longer than allowed.
    #[error("body longer than {0} bytes")]
    BodyTooLong(usize),
    /// The body did not come in time, or broke off.
    #[error("body incomplete: {0}")]
    BodyIncomplete(&'static str),
    /// The body is neither `application/scim+json` nor `application/json`.
    #[error("unsupported media type")]
    MediaType,
    /// The body is compressed.
    #[error("unsupported content encoding")]
    Encoding,
    /// The request line or the header is longer than allowed.
    #[error("request head too long")]
    HeadTooLong,
    /// More requests at the same time than allowed.
    #[error("too many requests at the same time")]
    Busy,
    /// The answer did not come in time.
    #[error("no answer in time")]
    Late,
    /// A handler panicked; the cause is in the journal.
    #[error("the operation panicked")]
    Panicked,
    /// The service's own answer.
    #[error(transparent)]
    Service(#[from] provisioning::Error),
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// Status, scimType and detail: the body.
    pub(super) body: ScimError,
    /// When to come back.
    pub(super) retry_after: Option<Duration>,
}

/// When a busy or late bridge is worth another try.
const SOON: Duration = Duration::from_secs(2);

kinds!(Fault {
    Fault::Unauthenticated => "unauthenticated",
    Fault::UnknownPath => "unknown-path",
    Fault::Method { .. } => "method",
    Fault::NotServed(_) => "not-served",
    Fault::DiscoveryFilter => "discovery-filter",
    Fault::Query(_) => "query",
    Fault::BodyTooLong(_) => "body-too-long",
    Fault::BodyIncomplete(_) => "body-incomplete",
    Fault::MediaType => "media-type",
    Fault::Encoding => "encoding",
    Fault::HeadTooLong => "head-too-long",
    Fault::Busy => "busy",
    Fault::Late => "late",
    Fault::Panicked => "panicked",
    Fault::Service(provisioning::Error::Invalid(_)) => "invalid",
    Fault::Service(provisioning::Error::NotFound { .. }) => "not-found",
    Fault::Service(provisioning::Error::Conflict { .. }) => "conflict",
    Fault::Service(provisioning::Error::Refused(_)) => "fenced",
    Fault::Service(provisioning::Error::Denied { .. }) => "denied",
    Fault::Service(provisioning::Error::Contended { .. }) => "contended",
    Fault::Service(provisioning::Error::PreconditionFailed { .. }) => "precondition-failed",
    Fault::Service(provisioning::Error::Unavailable { .. }) => "unavailable",
    Fault::Service(provisioning::Error::NotBegun) => "not-begun",
    Fault::Service(provisioning::Error::Misconfigured { .. }) => "misconfigured",
    Fault::Service(provisioning::Error::Internal { .. }) => "internal",
});

impl Fault {
    /// The error document that a client is sent (RFC 7644 §3.12).
    pub fn document(&self) -> serde_json::Value {
        self.row().body.to_json()
    }

    /// What the client is told.
    pub(super) fn row(&self) -> Row {
        use provisioning::Error as E;
        match self {
            Fault::Unauthenticated => row(
                401,
                None,
                "authentication is required: send `Authorization: Bearer` with a live token of this bridge",
            ),
            Fault::UnknownPath => row(
                404,
                None,
                "there is no such endpoint; /ResourceTypes lists those of resources",
            ),
            Fault::Method { allow } => row(
                405,
                None,
                format!("this method means nothing here; send one of these: {allow}"),
            ),
            Fault::NotServed(what) => row(
                501,
                None,
                format!(
                    "{what} is not served to this client; use the resource's own URL, or have `me` of the client set in the configuration"
                ),
            ),
            // RFC 7644 §4 asks for 403, so that nobody takes the whole list for a filtered one.
            Fault::DiscoveryFilter => row(
                403,
                None,
                "/ServiceProviderConfig, /Schemas and /ResourceTypes cannot be filtered; leave `filter` out and read the whole answer",
            ),
            Fault::Query(detail) => row(400, Some(ScimType::InvalidValue), detail),
            Fault::BodyTooLong(limit) => row(
                413,
                None,
                format!(
                    "the body is longer than the {limit} bytes this bridge accepts; send fewer operations or members at once, or ask for a higher `body_limit`"
                ),
            ),
            Fault::BodyIncomplete(what) => row(
                400,
                Some(ScimType::InvalidSyntax),
                format!("the body {what}; send it whole, as long as `Content-Length` says"),
            ),
            Fault::MediaType => row(
                415,
                None,
                "send the body as `Content-Type: application/scim+json` or `application/json`",
            ),
            Fault::Encoding => row(415, None, "send the body without `Content-Encoding`"),
            Fault::HeadTooLong => row(
                431,
                None,
                "the request line and header are longer than the 98304 bytes this bridge accepts; send a long query as a POST to /.search, and fewer headers",
            ),
            Fault::Busy => later(
                503,
                "the bridge serves as many requests as it may; try again",
                SOON,
            ),
            Fault::Late => later(
                503,
                "the request could not be finished in time; try again: a repeated request does no harm",
                SOON,
            ),
            Fault::Panicked => row(500, None, INTERNAL),
            Fault::Service(error) => match error {
                E::Invalid(error) => Row {
                    body: error.clone(),
                    retry_after: None,
                },
                E::NotFound { detail } => row(404, None, detail),
                E::Conflict { detail, .. } => row(409, Some(ScimType::Uniqueness), detail),
                E::Refused(refusal) => row(403, None, refusal.to_string()),
                E::Denied { detail, .. } => row(403, None, detail),
                E::Contended { .. } => later(
                    503,
                    "the resource is being changed by others at the same time; nothing was changed, repeat the request",
                    SOON,
                ),
                E::PreconditionFailed { detail } => row(412, None, detail),
                E::Unavailable { retry_after, .. } => later(
                    503,
                    "the directory cannot be reached or did not answer in time; nothing is known to be lost, try again",
                    *retry_after,
                ),
                E::NotBegun => later(503, &error.to_string(), SOON),
                E::Misconfigured { .. } => row(
                    500,
                    None,
                    "the bridge's configuration does not fit the directory; its log names the cause under the request id",
                ),
                E::Internal { .. } => row(500, None, INTERNAL),
            },
        }
    }

    /// What only the journal may know.
    pub fn cause(&self) -> Option<&str> {
        use provisioning::Error as E;
        match self {
            Fault::Service(
                E::Unavailable { reason, .. }
                | E::Misconfigured { reason }
                | E::Internal { reason }
                | E::Denied { reason, .. }
                | E::Contended { reason },
            ) => Some(reason),
            _ => None,
        }
    }
}

const INTERNAL: &str =
    "an internal fault of the bridge; its log names the cause under the request id";

fn row(status: u16, scim_type: Option<ScimType>, detail: impl Into<String>) -> Row {
    Row {
        body: ScimError {
            status,
            scim_type,
            detail: detail.into(),
        },
        retry_after: None,
    }
}

fn later(status: u16, detail: &str, retry_after: Duration) -> Row {
    Row {
        retry_after: Some(retry_after),
        ..row(status, None, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use provisioning::Error as E;

    #[test]
    fn every_fault_has_its_status_and_scim_type() {
        let retry = Duration::from_secs(7);
        let text = |text: &str| text.to_owned();
        let table: Vec<(Fault, u16, Option<ScimType>)> = vec![
            (Fault::Unauthenticated, 401, None),
            (Fault::UnknownPath, 404, None),
            (Fault::Method { allow: text("GET") }, 405, None),
            (Fault::NotServed("/Me"), 501, None),
            (Fault::DiscoveryFilter, 403, None),
            (Fault::Query(text("x")), 400, Some(ScimType::InvalidValue)),
            (Fault::BodyTooLong(1), 413, None),
            (
                Fault::BodyIncomplete("broke off"),
                400,
                Some(ScimType::InvalidSyntax),
            ),
            (Fault::MediaType, 415, None),
            (Fault::Encoding, 415, None),
            (Fault::HeadTooLong, 431, None),
            (Fault::Busy, 503, None),
            (Fault::Late, 503, None),
            (Fault::Panicked, 500, None),
            (
                E::Invalid(ScimError {
                    status: 400,
                    scim_type: Some(ScimType::NoTarget),
                    detail: text("x"),
                })
                .into(),
                400,
                Some(ScimType::NoTarget),
            ),
            (E::NotFound { detail: text("x") }.into(), 404, None),
            (
                E::Conflict {
                    attribute: text("userName"),
                    detail: text("x"),
                }
                .into(),
                409,
                Some(ScimType::Uniqueness),
            ),
            (
                E::Denied {
                    detail: text("x"),
                    reason: text("y"),
                }
                .into(),
                403,
                None,
            ),
            (E::Contended { reason: text("y") }.into(), 503, None),
            (
                E::PreconditionFailed { detail: text("x") }.into(),
                412,
                None,
            ),
            (
                E::Unavailable {
                    retry_after: retry,
                    reason: text("y"),
                }
                .into(),
                503,
                None,
            ),
            (E::NotBegun.into(), 503, None),
            (E::Misconfigured { reason: text("y") }.into(), 500, None),
            (E::Internal { reason: text("y") }.into(), 500, None),
        ];
        for (fault, status, scim_type) in table {
            let row = fault.row();
            assert_eq!(
                (row.body.status, row.body.scim_type),
                (status, scim_type),
                "{fault:?}"
            );
            assert_eq!(row.retry_after.is_some(), status == 503, "{fault:?}");
        }
    }

    #[test]
    fn the_cause_goes_to_the_journal_and_not_to_the_client() {
        let secret = "cn=admin,dc=example: 80090308: data 52e";
        let reason = || secret.to_owned();
        for error in [
            E::Unavailable {
                retry_after: SOON,
                reason: reason(),
            },
            E::Misconfigured { reason: reason() },
            E::Internal { reason: reason() },
            E::Denied {
                detail: "ask the administrator".to_owned(),
                reason: reason(),
            },
        ] {
            let fault = Fault::from(error);
            assert_eq!(fault.cause(), Some(secret));
            assert!(!fault.row().body.detail.contains("80090308"), "{fault:?}");
        }
    }
}
