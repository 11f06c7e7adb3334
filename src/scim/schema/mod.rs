//! Schemas: what attributes exist and how they behave, RFC 7643 §2 and §7.
//!
//! Plain data. The three built-in definitions are those of RFC 7643 §8.7.1; a mapping takes what it
//! maps out of them, or describes schemas of its own. Names are looked up by comparing, not hashing: a
//! schema has a few dozen names, most of which differ already in length.

mod attribute;
mod common;
mod core_group;
mod core_user;
mod definition;
mod enterprise_user;
mod holder;
mod json;
mod service_provider;

pub use attribute::{Attribute, Kind, Mutability, Returned, Uniqueness};
pub use common::common;
pub use core_group::core_group;
pub use core_user::core_user;
pub use definition::{Definition, Resolved, ResourceType};
pub use enterprise_user::enterprise_user;
pub use holder::{Holder, Kept};
pub use service_provider::{resource_type, schema, service_provider_config};

/// URN of the core User schema.
pub const USER_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// URN of the core Group schema.
pub const GROUP_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// URN of the enterprise extension of User.
pub const ENTERPRISE_URN: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A schema, RFC 7643 §7.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// The URN.
    pub id: String,
    /// The human-readable name.
    pub name: String,
    /// What it describes.
    pub description: String,
    /// In the order in which they are shown.
    pub attributes: Vec<Attribute>,
}

impl Schema {
    /// The attribute of that name, in any case.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        attribute::find(&self.attributes, name)
    }
}
