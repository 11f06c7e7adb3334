//! The front door: who is calling, may they, and what an answer looks like on the wire.
//!
//! actix-web carries the bytes and is named nowhere else. A request passes its limits, is authenticated, finds its
//! route, and becomes one call of [`provisioning::Service`](crate::provisioning::Service). A write runs on the bridge's
//! own runtime, so that a client that hangs up never stops it half way; a short read runs where the request came in. Every
//! refusal, ours or the service's, becomes a response in one table ([`error`]). A second listener serves health and
//! metrics.

mod admin;
mod authentication;
mod body;
mod bulk;
mod delivery;
mod error;
mod handler;
mod identity;
mod in_flight;
mod metrics;
mod precondition;
mod query;
mod response;
mod route;
mod server;
mod settings;
mod span;
mod tls;
mod token;
mod version;

pub use error::Fault;
pub use server::{Server, StartError};
pub use settings::{Client, Settings};
pub use tls::{TlsError, TlsFiles};
pub use token::TokenHash;
