//! What SCIM says: the values of RFC 7643 and RFC 7644, and nothing about where they are stored.
//!
//! The room is pure: no socket, no clock, no random source. Bytes enter through [`json`], become a
//! [`Resource`] or a [`PatchRequest`] whose names and types agree with a [`Definition`], and leave
//! through a [`Projection`] or a [`ListResponse`]. Wherever identity providers disagree with the
//! RFCs, the [`dialect`] lists the leniency by name and source; a strict dialect answers as the RFC
//! does. Everything here meets hostile input first, so depth, length and work are bounded.

pub mod bulk;
pub mod dialect;
pub mod discovery;
pub mod error;
pub mod filter;
pub mod json;
pub mod list;
mod message;
pub mod patch;
pub mod path;
pub mod precondition;
pub mod projection;
pub mod resource;
pub mod schema;
pub mod search;
pub mod sort;
pub mod v1;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod leniency_tests;

pub use bulk::BulkRequest;
pub use dialect::{Behaviour, Dialect, Leniency, Profile, Switch};
pub use error::{Error, ScimType};
pub use filter::{Filter, Literal, Operator};
pub use list::{ListResponse, Page, Paging};
pub use patch::{CollectionDelta, Op, Operation, PatchRequest};
pub use path::{AttributePath, Path};
pub use precondition::{Precondition, Unmet, Version};
pub use projection::Projection;
pub use resource::{Ignored, Resource};
pub use schema::{
    Attribute, Definition, Kind, Mutability, Resolved, ResourceType, Returned, Schema, Uniqueness,
};
pub use search::SearchRequest;
pub use sort::{Sort, SortKey};
