//! Who asks, and what they asked for beside the body.

use crate::directory::Deadline;
use crate::scim::{Dialect, Precondition};

/// The client behind a request, as the front door knew it.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The client's configured name; it appears in the journal.
    pub client: String,
    /// How this client speaks SCIM, and what is forgiven.
    pub dialect: Dialect,
    /// The SCIM base URL as the client sees it, without a trailing slash. `meta.location` and `$ref` start with it.
    pub base_url: String,
    /// The id under which this request is found in the journal.
    pub request_id: String,
    /// The instant after which nobody waits for an answer any more.
    pub deadline: Deadline,
}

/// The query parameters of RFC 7644 §3.4.2 and §3.9, decoded but not yet understood, and the request's conditions.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// `filter`: a SCIM filter expression.
    pub filter: Option<String>,
    /// `startIndex`: one-based; less than one means one.
    pub start_index: Option<String>,
    /// `count`: how many resources at most; less than zero means zero.
    pub count: Option<String>,
    /// `attributes`: comma-separated attribute paths to return.
    pub attributes: Option<String>,
    /// `excludedAttributes`: comma-separated attribute paths to leave out.
    pub excluded_attributes: Option<String>,
    /// `If-Match` and `If-None-Match`; a collection has no version and ignores them.
    pub precondition: Precondition,
}
