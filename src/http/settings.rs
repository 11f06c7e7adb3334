//! What the front door must know. The configuration's own types stay outside.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::scim::Dialect;

use super::tls::TlsFiles;
use super::token::TokenHash;

/// Where and how SCIM is served.
#[derive(Clone)]
pub struct Settings {
    /// Where SCIM is served. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where health and metrics are served, in plain HTTP.
    pub admin_listen: SocketAddr,
    /// Begins with `/` or is empty; no slash at its end.
    pub base_path: String,
    /// Where SCIM 1.1 is served, of the same form; `None`: nowhere.
    pub legacy_base_path: Option<String>,
    /// The SCIM base URL as clients see it, no slash at its end; `None`: from each request's `Host`.
    pub base_url: Option<String>,
    /// `None` is plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Longest body, in bytes.
    pub body_limit: usize,
    /// From a request's first byte to its answer.
    pub request_timeout: Duration,
    /// Requests served at the same time.
    pub max_concurrent_requests: usize,
    /// How long a stopping server waits for what it has begun.
    pub shutdown_timeout: Duration,
    /// Threads that speak HTTP.
    pub workers: usize,
    /// Who may call.
    pub clients: Vec<Client>,
    /// Where operations run; not on the HTTP threads, which drop what a hung-up client began.
    pub runtime: tokio::runtime::Handle,
    /// Renders the metrics in Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("listen", &self.listen)
            .finish_non_exhaustive()
    }
}

/// One identity provider.
#[derive(Debug, Clone)]
pub struct Client {
    /// For the log.
    pub name: String,
    /// The hashes of its live tokens: two while one is being replaced.
    pub tokens: Vec<TokenHash>,
    /// What is forgiven.
    pub dialect: Dialect,
    /// The path of the resource that its credential belongs to, `/Users/{id}`: what it reaches as `/Me`.
    pub me: Option<String>,
}
