//! What LDAP says: names, filters, entries, changes, schema and the few binary values that directories
//! hide in octet strings, as pure values. The room exists so that no LDAP string is ever put together
//! by formatting: a DN or a filter is built from parts, and escaping happens once, in its `Display`.
//! Nothing here knows a socket, a clock or another room.

pub mod attribute;
pub mod change;
pub mod dn;
pub mod entry;
pub mod filter;
pub mod guid;
pub mod kind;
pub mod ldif;
pub mod matching;
pub mod order;
pub mod schema;
pub mod sid;
pub mod time;

pub use attribute::{AttributeName, AttributeNameError};
pub use change::{
    Change, Convergence, Modification, ModificationKind, SecretBytes, Target, Values,
};
pub use dn::{Ava, AvaValue, Dn, DnError, EntryName, ExtendedDn, Rdn};
pub use entry::{Entry, Reference};
pub use filter::{Filter, FilterError};
pub use kind::DirectoryKind;
pub use order::OrderBy;
pub use schema::{AttributeType, ObjectClass, ObjectClassKind, Schema};
pub use sid::{Sid, SidError};
pub use time::{FileTime, GeneralizedTime, TimeError};
