//! How the connection to the directory is doing, for `/readyz` and for people.

/// How the connection to the directory is doing at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Whether at least one bound connection is open.
    pub ready: bool,
    /// Bound connections that are open.
    pub connections: usize,
    /// The server in use, as its URL and address; none when no connection is open.
    pub server: Option<String>,
    /// Why there is no connection, or why the last attempt to open one failed.
    pub problem: Option<String>,
}
