//! What an operation answers, before HTTP gives it a status line.

use crate::scim::{ListResponse, Resource, Version};

/// The outcome of a successful operation. Bodies show what the directory holds, not what the request said.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// A new resource (201); `meta.location` names it.
    Created(Resource),
    /// An existing resource (200).
    Resource(Resource),
    /// The client has this version already (304).
    NotModified(Option<Version>),
    /// A page (200).
    List(ListResponse),
    /// Done, and nothing to show (204).
    NoContent,
}
