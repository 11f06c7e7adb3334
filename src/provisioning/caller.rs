//! Who asks, and what they asked for beside the body.

use crate::directory::Deadline;
use crate::scim::{Dialect, Precondition, SearchRequest};

/// The client behind a request, as the front door knew it.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The client's configured name; it appears in the journal.
    pub client: String,
    /// How this client speaks SCIM, and what is forgiven.
    pub dialect: Dialect,
    /// The SCIM base URL as the client sees it, without a trailing slash. `meta.location` and `$ref` start with it.
    pub base_url: String,
    /// The instant after which nobody waits for an answer any more.
    pub deadline: Deadline,
}

/// The query parameters of RFC 7644 §3.4.2 and §3.9, decoded but not yet understood, and the request's conditions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// `filter`: a SCIM filter expression.
    pub filter: Option<String>,
    /// `sortBy`: the attribute path to order by.
    pub sort_by: Option<String>,
    /// `sortOrder`: `ascending` or `descending`.
    pub sort_order: Option<String>,
    /// `startIndex`: one-based; less than one means one.
    pub start_index: Option<String>,
    /// `count`: how many resources at most; less than zero means zero.
    pub count: Option<String>,
    /// `cursor`: the `nextCursor` of the page before, or empty to begin (RFC 9865 §2).
    pub cursor: Option<String>,
    /// `attributes`: comma-separated attribute paths to return.
    pub attributes: Option<String>,
    /// `excludedAttributes`: comma-separated attribute paths to leave out.
    pub excluded_attributes: Option<String>,
    /// `If-Match` and `If-None-Match`; a collection has no version and ignores them.
    pub precondition: Precondition,
}

impl Query {
    /// Whether the query asks for anything at all.
    pub fn is_empty(&self) -> bool {
        *self == Query::default()
    }
}

impl From<SearchRequest> for Query {
    fn from(search: SearchRequest) -> Self {
        Query {
            filter: search.filter,
            sort_by: search.sort_by,
            sort_order: search.sort_order,
            start_index: search.start_index,
            count: search.count,
            cursor: search.cursor,
            attributes: search.attributes,
            excluded_attributes: search.excluded_attributes,
            precondition: Precondition::default(),
        }
    }
}
