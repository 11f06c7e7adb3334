//! The only room that talks to a directory. It exists so that everything that can go wrong between two machines is
//! dealt with in one place: connections that die, hang or age, answers that are late, lost or malformed, servers that
//! go away and come back, and the many dialects in which directories say no. What comes in are names, filters and
//! guarded plans; what goes out are entries and errors with a [`Meaning`]; no type of the LDAP client library leaves.
//!
//! From the wire upwards: `socket` and `tls` make a `connection`, `pool` keeps a few of them, `wire` runs one request
//! on one of them, `decode` and `controls` know the BER, `lane` gives threads one of their own, `codes` is the one table from result code to `meaning`. On top
//! of these stand the operations: `read`, `search`, `references`, `apply` with `members` and `outcome`.

mod apply;
mod ber;
mod capabilities;
mod codes;
mod connection;
mod controls;
mod deadline;
mod decode;
mod denial;
mod dispatch;
mod error;
mod following;
mod gate;
mod health;
mod identity;
mod inspect;
mod lane;
mod maintain;
mod meaning;
mod measure;
mod members;
mod outcome;
mod pool;
mod range;
mod read;
mod references;
mod rename;
mod request;
mod search;
mod service;
mod settings;
mod socket;
mod tls;
mod wire;

pub use apply::{Applied, ApplyError, ReadBack, Undo};
pub use capabilities::Capabilities;
pub use deadline::Deadline;
pub use error::{Error, Rejection};
pub use health::Health;
pub use lane::ReadsHere;
pub use meaning::Meaning;
pub use references::Wanted;
pub use search::{Found, Search};
pub use service::Directory;
pub use settings::{Bind, Settings, SettingsError, Trust};

#[cfg(test)]
mod afterwards_tests;
#[cfg(test)]
mod apply_tests;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod lane_tests;
#[cfg(test)]
mod members_tests;
#[cfg(test)]
mod pool_tests;
#[cfg(test)]
mod read_tests;
#[cfg(test)]
mod traps;
