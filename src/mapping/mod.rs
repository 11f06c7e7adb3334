//! The dictionary between SCIM and LDAP. A mapping file says once which SCIM path is which LDAP attribute; this room
//! checks the file as a whole when it is loaded, and from then on uses each line in three ways: to read an entry as a
//! resource, to write a resource as changes, and to translate a filter. It exists so that these three can never disagree.
//! What cannot be turned round (a common name made of first and last name) is a template, and kept apart. The room is
//! pure: DNs of references, base URLs and generated passwords are passed in.
//!
//! The way through: `file` (as written, with places) → `compile` (as checked) → [`Mapping`]; then `read`, `assign`,
//! `write`, `update`, `version`, `filter` and `order` each do one thing with it.

mod assign;
mod builtin;
mod check;
mod codec;
mod compile;
mod definition;
mod derived;
mod diagnostic;
mod enabling;
mod fault;
mod file;
mod filter;
mod left_out;
mod line;
mod order;
mod program;
mod read;
mod references;
mod resource_mapping;
mod table;
mod template;
mod update;
mod version;
mod write;

#[cfg(test)]
mod tests;

pub use check::Check;
pub use codec::Codec;
pub use diagnostic::Diagnostic;
pub use fault::Fault;
pub use filter::Translation;
pub use left_out::LeftOut;
pub use line::{Direction, Line, Unique};
pub use references::{ReadContext, ReferenceTable, TypeBase, WriteContext};
pub use resource_mapping::{
    Attributes, MappedAttribute, Mapping, ResourceMapping, WithoutPassword,
};
pub use write::{Alternative, Difference, NewEntry};
