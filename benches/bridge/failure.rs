//! Why a run of the benchmark stopped.

use std::io;

/// Every way to fail; the text is for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file, socket or process.
    #[error("cannot {doing}: {source}")]
    Io { doing: String, source: io::Error },
    /// A script or program said no; what it wrote follows.
    #[error("`{command}` failed: {said}")]
    Command { command: String, said: String },
    /// The lab's directory lacks something the benchmark needs.
    #[error("the directory: {0}")]
    Directory(String),
    /// The bridge did not come up, or went away.
    #[error("the bridge: {0}")]
    Bridge(String),
    /// The bridge or the directory answered, and not what was asked for: figures would mean nothing.
    #[error("wrong answer: {0}")]
    WrongAnswer(String),
    /// The client library's error, its text kept.
    #[error("LDAP: {0}")]
    Ldap(#[from] ldap3::LdapError),
    /// TLS of the load generator.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
}

/// Says what was being done when an I/O error struck.
pub(crate) trait Doing<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, Failure>;
}

impl<T> Doing<T> for Result<T, io::Error> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, Failure> {
        self.map_err(|source| Failure::Io {
            doing: what(),
            source,
        })
    }
}
