//! What the operator decided about the connection to the directory, checked.

use std::net::IpAddr;
use std::time::Duration;

use secrecy::SecretString;

use crate::ldap::DirectoryKind;

/// How to reach the directory and how much to ask of it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which kind of directory it is.
    pub kind: DirectoryKind,
    /// `ldaps://host[:port]` or `ldap://host[:port]`, the preferred server first. IPv6 literals in brackets.
    pub urls: Vec<String>,
    /// Whether `ldap://` connections are secured by StartTLS (RFC 4511 §4.14) before the bind.
    pub start_tls: bool,
    /// Whether `ldap://` without StartTLS is allowed. The bind password then travels in clear.
    pub allow_clear_text: bool,
    /// Whose certificates are believed.
    pub trust: Trust,
    /// Whom to bind as.
    pub bind: Bind,
    /// Connections kept open, each shared by many operations. Default 4.
    pub connections: usize,
    /// Operations in flight on one connection. Default 32.
    pub in_flight: usize,
    /// The time for one probe, one undo or one look after an unknown outcome. Default 10 s.
    pub operation_timeout: Duration,
    /// The time for connecting, TLS and bind together. Default 5 s.
    pub connect_timeout: Duration,
    /// A connection older than this is replaced without disturbing what runs on it. Default 30 min.
    pub max_age: Duration,
    /// A connection that carried this many operations is replaced likewise. Default 250,000.
    pub max_operations: u64,
    /// Idle time before TCP keepalive probes; they follow every third of it. Default 30 s.
    pub keepalive: Duration,
    /// An idle connection is asked for the rootDSE this often. Default 30 s.
    pub probe_interval: Duration,
    /// While the preferred server is not the one in use, it is tried this often. Default 60 s.
    pub fail_back_interval: Duration,
    /// After a refused bind none is tried for this long, and twice as long each further time, so that the account is
    /// not locked. Default 30 s.
    pub bind_pause: Duration,
    /// The longest such pause. Default 10 min.
    pub bind_pause_limit: Duration,
    /// The most entries one search answers; beyond it the answer is incomplete. Default 100,000.
    pub max_entries: usize,
    /// The most values of one attribute that are read. Default 200,000.
    pub max_values: usize,
}

/// Whose certificates are believed.
#[derive(Debug, Clone)]
pub enum Trust {
    /// The operating system's trust store.
    Platform,
    /// Only these certification authorities: one or more certificates in PEM.
    Authorities(Vec<u8>),
}

/// Whom to bind as (simple bind, RFC 4513 §5.1.3).
#[derive(Debug, Clone)]
pub struct Bind {
    /// A DN; in Active Directory also a userPrincipalName or `DOMAIN\name`.
    pub dn: String,
    /// Never empty: that would be an anonymous bind (RFC 4513 §5.1.2).
    pub password: SecretString,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SettingsError {
    /// There is no server to talk to.
    #[error("no directory URL is configured\nhint: urls = [\"ldaps://dc1.example.org\"]")]
    NoUrl,
    /// A URL of another form.
    #[error(
        "`{url}` is not a directory URL: {reason}\nhint: write ldaps://host or ldap://host:port, nothing more"
    )]
    Url {
        /// As configured.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The password would travel in clear.
    #[error("`{0}` would send the bind password in clear\nhint: use ldaps://, or start_tls = true")]
    ClearText(String),
    /// StartTLS inside TLS does not exist.
    #[error(
        "`{0}` is TLS from the start, so start_tls = true contradicts it\nhint: use ldap:// with start_tls, or leave start_tls out"
    )]
    StartTlsOverTls(String),
    /// A simple bind without a name or password is an anonymous one.
    #[error("the bind {0} is empty: that would be an anonymous bind (RFC 4513 §5.1.2)")]
    Anonymous(&'static str),
    /// A number that must not be zero.
    #[error("`{0}` must be at least 1")]
    Zero(&'static str),
    /// The file with the certification authorities holds none.
    #[error(
        "the configured certification authorities cannot be used: {0}\nhint: the file must hold one or more certificates in PEM (-----BEGIN CERTIFICATE-----)"
    )]
    Authorities(String),
    /// The operating system's trust store or the TLS library refused.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

impl Settings {
    /// Settings with every default.
    #[must_use]
    pub fn new(kind: DirectoryKind, urls: Vec<String>, bind: Bind, trust: Trust) -> Self {
        Self {
            kind,
            urls,
            start_tls: false,
            allow_clear_text: false,
            trust,
            bind,
            connections: 4,
            in_flight: 32,
            operation_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            max_age: Duration::from_secs(30 * 60),
            max_operations: 250_000,
            keepalive: Duration::from_secs(30),
            probe_interval: Duration::from_secs(30),
            fail_back_interval: Duration::from_secs(60),
            bind_pause: Duration::from_secs(30),
            bind_pause_limit: Duration::from_secs(600),
            max_entries: 500_000,
            max_values: 200_000,
        }
    }

    /// The servers behind the URLs.
    pub(super) fn servers(&self) -> Result<Vec<Server>, SettingsError> {
        use secrecy::ExposeSecret;
        for (value, name) in [
            (self.connections, "connections"),
            (self.in_flight, "in_flight"),
        ] {
            if value == 0 {
                return Err(SettingsError::Zero(name));
            }
        }
        if self.bind.dn.trim().is_empty() {
            return Err(SettingsError::Anonymous("name"));
        }
        if self.bind.password.expose_secret().is_empty() {
            return Err(SettingsError::Anonymous("password"));
        }
        let servers: Vec<Server> = self
            .urls
            .iter()
            .map(|url| self.server(url))
            .collect::<Result<_, _>>()?;
        if servers.is_empty() {
            Err(SettingsError::NoUrl)
        } else {
            Ok(servers)
        }
    }

    fn server(&self, url: &str) -> Result<Server, SettingsError> {
        let server = Server::parse(url, self.start_tls).map_err(|reason| SettingsError::Url {
            url: url.to_owned(),
            reason,
        })?;
        match server.security {
            Security::Tls if self.start_tls => Err(SettingsError::StartTlsOverTls(url.to_owned())),
            Security::None if !self.allow_clear_text => {
                Err(SettingsError::ClearText(url.to_owned()))
            }
            _ => Ok(server),
        }
    }
}

/// How a connection is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    /// LDAPS.
    Tls,
    /// StartTLS on an `ldap://` connection.
    StartTls,
    /// Not at all.
    None,
}

/// One server, as its URL names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) security: Security,
    pub(super) host: Host,
    pub(super) port: u16,
}

/// A host as written: a name to be resolved, or an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Host {
    Name(String),
    Address(IpAddr),
}

impl Server {
    fn parse(url: &str, start_tls: bool) -> Result<Self, &'static str> {
        let (scheme, rest) = url.split_once("://").ok_or("it has no scheme")?;
        let (security, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "ldaps" => (Security::Tls, 636),
            "ldap" if start_tls => (Security::StartTls, 389),
            "ldap" => (Security::None, 389),
            _ => return Err("the scheme is neither ldaps nor ldap"),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.strip_prefix('[') {
            Some(literal) => {
                let (literal, port) = literal
                    .split_once(']')
                    .ok_or("the bracket of the IPv6 address is not closed")?;
                let address = literal
                    .parse()
                    .map_err(|_| "what stands in brackets is not an IPv6 address")?;
                (
                    Host::Address(IpAddr::V6(address)),
                    port.strip_prefix(':').or((!port.is_empty()).then_some("?")),
                )
            }
            None => {
                let (host, port) = match rest.split_once(':') {
                    Some((host, port)) => (host, Some(port)),
                    None => (rest, None),
                };
                let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
                if host.is_empty() || host.len() > 253 || !host.bytes().all(allowed) {
                    return Err("the host is neither a DNS name nor an address");
                }
                (
                    host.parse().map_or_else(
                        |_| Host::Name(host.to_owned()),
                        |v4| Host::Address(IpAddr::V4(v4)),
                    ),
                    port,
                )
            }
        };
        let port = match port {
            None => default_port,
            Some(port) => port
                .parse()
                .ok()
                .filter(|port| *port != 0)
                .ok_or("the port is not a number from 1 to 65535")?,
        };
        Ok(Self {
            security,
            host,
            port,
        })
    }

    /// The URL for the client library, whose host is only the name the certificate is checked against, since the
    /// socket is ours. An IPv6 literal cannot be told it that way (it keeps the brackets), see [`super::tls`].
    pub(super) fn library_url(&self) -> String {
        let scheme = if self.security == Security::Tls {
            "ldaps"
        } else {
            "ldap"
        };
        match &self.host {
            Host::Name(name) => format!("{scheme}://{name}:{}", self.port),
            Host::Address(IpAddr::V4(address)) => format!("{scheme}://{address}:{}", self.port),
            Host::Address(IpAddr::V6(_)) => {
                format!("{scheme}://{}:{}", super::tls::IPV6_STAND_IN, self.port)
            }
        }
    }
}

impl std::fmt::Display for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.security == Security::Tls {
            "ldaps"
        } else {
            "ldap"
        };
        match &self.host {
            Host::Name(name) => write!(f, "{scheme}://{name}:{}", self.port),
            Host::Address(IpAddr::V4(address)) => write!(f, "{scheme}://{address}:{}", self.port),
            Host::Address(IpAddr::V6(address)) => write!(f, "{scheme}://[{address}]:{}", self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> Settings {
        let bind = Bind {
            dn: "cn=bridge".into(),
            password: "secret".to_owned().into(),
        };
        Settings::new(
            DirectoryKind::OpenLdap,
            vec![url.to_owned()],
            bind,
            Trust::Platform,
        )
    }

    fn fault(settings: &Settings) -> SettingsError {
        settings.servers().unwrap_err()
    }

    #[test]
    fn hosts_are_names_or_addresses_with_or_without_a_port() {
        for (url, shown) in [
            ("ldaps://dc1.example.org", "ldaps://dc1.example.org:636"),
            ("LDAPS://dc1.example.org/", "ldaps://dc1.example.org:636"),
            ("ldaps://127.0.0.1:1636", "ldaps://127.0.0.1:1636"),
            ("ldaps://[::1]:1636", "ldaps://[::1]:1636"),
            ("ldaps://[fd00::1]", "ldaps://[fd00::1]:636"),
        ] {
            assert_eq!(
                settings(url).servers().unwrap()[0].to_string(),
                shown,
                "{url}"
            );
        }
    }

    #[test]
    fn what_is_not_a_directory_url_is_refused_with_its_reason() {
        for url in [
            "dc1",
            "http://dc1",
            "ldaps://",
            "ldaps://[::1",
            "ldaps://[::1]1",
            "ldaps://a b",
            "ldaps://a:0",
            "ldaps://a:x",
            "ldaps://a/dc=x",
        ] {
            assert!(
                matches!(fault(&settings(url)), SettingsError::Url { .. }),
                "{url}"
            );
        }
    }

    #[test]
    fn a_password_never_travels_in_clear_unless_that_is_wanted() {
        let mut clear = settings("ldap://dc1.example.org");
        assert!(matches!(fault(&clear), SettingsError::ClearText(_)));
        clear.start_tls = true;
        assert_eq!(clear.servers().unwrap()[0].security, Security::StartTls);
        clear.start_tls = false;
        clear.allow_clear_text = true;
        assert_eq!(clear.servers().unwrap()[0].security, Security::None);
    }

    #[test]
    fn an_anonymous_bind_is_refused() {
        let mut anonymous = settings("ldaps://dc1");
        anonymous.bind.password = String::new().into();
        assert_eq!(fault(&anonymous), SettingsError::Anonymous("password"));
    }

    #[test]
    fn start_tls_inside_tls_is_a_contradiction() {
        let mut both = settings("ldaps://dc1");
        both.start_tls = true;
        assert!(matches!(fault(&both), SettingsError::StartTlsOverTls(_)));
    }
}
