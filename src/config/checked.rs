//! The configuration as it is meant: every value parsed, every contradiction excluded.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::http::TokenHash;
use crate::ldap::dn::Dn;
use crate::ldap::filter::Filter;
use crate::mapping::Mapping;
use crate::provisioning::UnknownReference;
use crate::scim::Dialect;

/// A checked configuration.
#[derive(Debug)]
pub struct Config {
    /// Where and how SCIM is served.
    pub server: Server,
    /// The directory behind it.
    pub directory: Directory,
    /// The dictionary between the two, compiled.
    pub mapping: Mapping,
    /// By resource type name.
    pub resources: BTreeMap<String, Resource>,
    /// Organizational units in which changes are allowed; empty: everywhere within the bases.
    pub allowed: Vec<Dn>,
    /// Entries never to be touched.
    pub protected_entries: Vec<Dn>,
    /// Groups never to be touched, with all their members.
    pub protected_groups: Vec<Dn>,
    /// What becomes of a manager that is no known id.
    pub unknown_manager: UnknownReference,
    /// What becomes of a group's member that is no known id.
    pub unknown_member: UnknownReference,
    /// Who may call. At least one; no token hash twice.
    pub clients: Vec<Client>,
    /// The journal.
    pub log: Log,
}

/// `[server]`
#[derive(Debug)]
pub struct Server {
    /// Where SCIM is served.
    pub listen: SocketAddr,
    /// Where health and metrics are served.
    pub admin_listen: SocketAddr,
    /// Begins with `/` or is empty; no slash at its end.
    pub base_path: String,
    /// Of the same form and neither within the other; `None`: SCIM 1.1 is not served.
    pub legacy_base_path: Option<String>,
    /// Scheme, host and path, no slash at its end.
    pub base_url: Option<String>,
    /// Certificate and private key files; `None` is plain HTTP.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Bytes.
    pub body_limit: usize,
    /// From a request's first byte to its answer.
    pub request_timeout: Duration,
    /// Requests at the same time.
    pub max_concurrent_requests: usize,
    /// Resources on one page.
    pub max_results: usize,
    /// Resources that one query may look at.
    pub max_candidates: usize,
    /// Operations in one bulk request.
    pub bulk_operations: usize,
    /// Bytes of one bulk request.
    pub bulk_payload: usize,
    /// How long a stopping bridge waits.
    pub shutdown_timeout: Duration,
    /// Threads that speak HTTP.
    pub workers: usize,
}

/// `[directory]`
#[derive(Debug)]
pub struct Directory {
    /// Preferred first; each `ldap://host[:port]` or `ldaps://host[:port]`.
    pub urls: Vec<String>,
    /// Begin TLS before binding.
    pub start_tls: bool,
    /// PEM text; `None` is the system's trust store.
    pub ca: Option<Vec<u8>>,
    /// The bridge's own account.
    pub bind_dn: Dn,
    /// Its password.
    pub bind_password: SecretString,
    /// Long-lived connections.
    pub connections: usize,
    /// Operations under way on one connection.
    pub in_flight: usize,
    /// Connection, TLS and bind together.
    pub connect_timeout: Duration,
    /// One LDAP operation.
    pub operation_timeout: Duration,
    /// A connection older than this is replaced.
    pub max_age: Duration,
}

/// `[resources.NAME]`
#[derive(Debug)]
pub struct Resource {
    /// Entries live at and below.
    pub base: Dn,
    /// New entries are made below. Within `base`.
    pub create_in: Dn,
    /// Beside the mapping's own filter.
    pub filter: Option<Filter>,
}

/// `[[clients]]`
#[derive(Debug, Clone)]
pub struct Client {
    /// For the log.
    pub name: String,
    /// One or two.
    pub tokens: Vec<TokenHash>,
    /// How it speaks SCIM: its profile, with the operator's own switches.
    pub dialect: Dialect,
    /// The path of the resource that the credential belongs to: `/Users/{id}`.
    pub me: Option<String>,
}

/// `[log]`
#[derive(Debug)]
pub struct Log {
    /// A filter that tracing-subscriber accepts.
    pub filter: String,
    /// How a line looks.
    pub format: LogFormat,
}

/// How a line of the journal looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object.
    Json,
    /// For people.
    Text,
}
