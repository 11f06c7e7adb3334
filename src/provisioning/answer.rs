//! What an operation answers, before HTTP gives it a status line.

use crate::scim::{ListResponse, Resource, Version};

/// A resource, as far as the client wants to see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// What is seen of it.
    pub resource: Resource,
    /// Where it is read, seen or not.
    pub location: Option<String>,
    /// Its version, seen or not.
    pub version: Option<Version>,
}

/// The outcome of a successful operation. Bodies show what the directory holds, not what the request said.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// A new resource (201).
    Created(Shown),
    /// An existing resource (200).
    Resource(Shown),
    /// The client has this version already (304).
    NotModified(Option<Version>),
    /// A page (200).
    List(ListResponse),
    /// Done, and nothing to show (204).
    NoContent,
}
