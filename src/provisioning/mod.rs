//! What a SCIM operation means for a directory.
//!
//! Here the rooms below meet: a typed SCIM operation comes in, what the directory holds is read (only what the
//! operation needs), the wished-for state becomes a [`Plan`](crate::guard::Plan) of LDAP changes, the guard judges it,
//! the directory applies it, and the answer is what the directory then holds. One file per operation, the same steps in
//! each; nothing here knows HTTP.

mod answer;
mod bulk;
mod caller;
mod conditional;
mod create;
mod cursor;
mod delete;
mod discovery;
mod error;
mod explain;
mod failed;
mod fenced_members;
mod fences;
mod list;
mod members;
mod named;
mod page;
mod password;
mod patch;
mod preview;
mod read;
mod recall;
mod recent;
mod references;
mod replace;
mod search;
mod selection;
mod service;
mod settings;
mod snapshot;
mod uniqueness;
mod unknown;
mod view;
mod visible;
mod write;

/// The moment by which an operation must be over, how the directory is doing, and a thread's wish to read for itself: the
/// front door needs them.
pub use crate::directory::{Deadline, Health, ReadsHere};
pub use answer::{Answer, Shown};
pub use bulk::Outcome;
pub use caller::{Caller, Query};
pub use error::Error;
pub use service::Service;
pub use settings::{ResourceSettings, Settings, SettingsError, UnknownReference};
