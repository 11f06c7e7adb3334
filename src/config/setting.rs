//! The one table of settings. Defaults, environment variables, hints and the reference are made from it.

/// One thing an operator can decide.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Where it stands: `section.key`. `*` stands for a resource type's name, `[]` for each table of an array.
    pub key: &'static str,
    /// What may be written there.
    pub kind: Kind,
    /// What holds when nothing is written.
    pub default: WhenAbsent,
    /// What it does, for the person who must decide.
    pub meaning: &'static str,
}

/// What holds when a setting is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenAbsent {
    /// It must be written.
    Required,
    /// This, written as in TOML.
    Value(&'static str),
    /// Nothing, or what the words say.
    Absent(&'static str),
}

/// What a setting's value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// `address:port`.
    Address,
    /// A path within a URL, or a whole URL.
    Url,
    /// A file name, relative to the folder of the configuration file.
    File,
    /// A number with its unit.
    Duration,
    /// Bytes, as a number or with a unit.
    Size,
    /// A whole number above zero.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A distinguished name.
    Dn,
    /// An LDAP filter.
    Filter,
    /// A list of texts.
    List,
    /// One of these.
    Choice(&'static [&'static str]),
    /// A value that is never printed.
    Secret,
    /// A list of tables; only as a whole can it come from the environment.
    Tables,
}

impl Kind {
    /// What to write, with an example.
    pub(super) fn expected(self) -> String {
        match self {
            Kind::Text => "a text in quotes".to_owned(),
            Kind::Address => "an address and port in quotes, as in `\"127.0.0.1:8080\"`".to_owned(),
            Kind::Url => "a URL or path in quotes".to_owned(),
            Kind::File => "a file name in quotes".to_owned(),
            Kind::Duration => "a number with its unit in quotes, as in `\"500ms\"`, `\"10s\"`, `\"2m\"` or `\"1h\"`".to_owned(),
            Kind::Size => "a number of bytes, or a number with its unit in quotes, as in `\"64KiB\"` or `\"1MiB\"`".to_owned(),
            Kind::Number => "a whole number above zero, without quotes".to_owned(),
            Kind::Boolean => "`true` or `false`, without quotes".to_owned(),
            Kind::Dn => "a distinguished name in quotes, as in `\"ou=people,dc=example,dc=com\"`".to_owned(),
            Kind::Filter => "an LDAP filter in quotes, as in `\"(employeeType=staff)\"`".to_owned(),
            Kind::List => "a list of texts, as in `[\"one\", \"two\"]`".to_owned(),
            Kind::Choice(choices) => {
                let quoted: Vec<String> = choices.iter().map(|choice| format!("`\"{choice}\"`")).collect();
                format!("one of {}", quoted.join(", "))
            }
            Kind::Secret => "a text in quotes".to_owned(),
            Kind::Tables => "tables, each under its own `[[…]]` line".to_owned(),
        }
    }

    /// The word for the reference.
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Address => "address:port",
            Kind::Url => "URL",
            Kind::File => "file",
            Kind::Duration => "duration",
            Kind::Size => "bytes",
            Kind::Number => "number",
            Kind::Boolean => "true or false",
            Kind::Dn => "DN",
            Kind::Filter => "LDAP filter",
            Kind::List => "list of texts",
            Kind::Choice(_) => "choice",
            Kind::Secret => "secret text",
            Kind::Tables => "tables",
        }
    }
}

/// The names a section of the file may have, with what the section is about.
pub(super) const SECTIONS: &[(&str, &str)] = &[
    ("server", "Where the bridge listens, and its bounds."),
    (
        "directory",
        "The directory behind the bridge, and the account it binds with.",
    ),
    (
        "resources.*",
        "Where the entries of one resource type of the mapping live: `[resources.User]`, `[resources.Group]`.",
    ),
    (
        "guard",
        "Fences: what the bridge may never touch, whoever asks.",
    ),
    (
        "references",
        "What becomes of references to entries that do not exist.",
    ),
    (
        "clients[]",
        "Who may call: one `[[clients]]` table for each identity provider.",
    ),
    ("log", "The log on standard error."),
];

const fn setting(
    key: &'static str,
    kind: Kind,
    default: WhenAbsent,
    meaning: &'static str,
) -> Setting {
    Setting {
        key,
        kind,
        default,
        meaning,
    }
}

use WhenAbsent::{Absent, Required, Value};

/// Every setting there is.
pub const SETTINGS: &[Setting] = &[
    setting(
        "server.listen",
        Kind::Address,
        Value("\"127.0.0.1:8080\""),
        "Where SCIM is served. Port 0 takes a free port; the log line `listening` names it.",
    ),
    setting(
        "server.base_path",
        Kind::Url,
        Value("\"/scim/v2\""),
        "The path below which SCIM is served.",
    ),
    setting(
        "server.legacy_base_path",
        Kind::Url,
        Absent("SCIM 1.1 is not served"),
        "The path below which SCIM 1.1 (JSON) is served beside 2.0, as in `\"/scim/v1\"`: for Okta's on-premises agent and other older clients.",
    ),
    setting(
        "server.base_url",
        Kind::Url,
        Absent("scheme and `Host` of each request, then `base_path`"),
        "The SCIM base URL as clients see it, for `meta.location` and `$ref`. Set it behind a proxy or a load balancer.",
    ),
    setting(
        "server.certificate_file",
        Kind::File,
        Absent("no TLS"),
        "PEM file with the server's certificate and its intermediates, leaf first. TLS 1.2 and 1.3 are spoken.",
    ),
    setting(
        "server.private_key_file",
        Kind::File,
        Absent("no TLS"),
        "PEM file with the certificate's private key.",
    ),
    setting(
        "server.plain_http",
        Kind::Boolean,
        Value("false"),
        "Serve HTTP without TLS on an address that is not loopback. Tokens and passwords then cross the network readable: only behind a proxy that ends TLS on the same host or a network of its own.",
    ),
    setting(
        "server.admin_listen",
        Kind::Address,
        Value("\"127.0.0.1:8081\""),
        "Where `/healthz`, `/readyz` and `/metrics` are served, in plain HTTP and without authentication. They carry no personal values.",
    ),
    setting(
        "server.body_limit",
        Kind::Size,
        Value("\"1MiB\""),
        "Longest request body; a longer one is answered 413.",
    ),
    setting(
        "server.request_timeout",
        Kind::Duration,
        Value("\"30s\""),
        "From the first byte of a request to its answer. A request that cannot be served in this time is answered 503. Okta gives up after 60 seconds.",
    ),
    setting(
        "server.max_concurrent_requests",
        Kind::Number,
        Value("256"),
        "Requests served at the same time; one more is answered 503 with `Retry-After`.",
    ),
    setting(
        "server.max_results",
        Kind::Number,
        Value("1000"),
        "Resources on one page of a list, whatever `count` asks for.",
    ),
    setting(
        "server.max_candidates",
        Kind::Number,
        Value("10000"),
        "Resources that one query may look at, where the directory alone cannot say which match or in which order; beyond, it is answered 400 tooMany. Each costs memory while the query lasts.",
    ),
    setting(
        "server.bulk_operations",
        Kind::Number,
        Value("1000"),
        "Operations in one request to `/Bulk`, 1 to 1000; more are answered 413. All of them together have `request_timeout`; what was not begun in that time is answered 503.",
    ),
    setting(
        "server.bulk_payload",
        Kind::Size,
        Value("\"1MiB\""),
        "Longest body of a request to `/Bulk`; a longer one is answered 413.",
    ),
    setting(
        "server.shutdown_timeout",
        Kind::Duration,
        Value("\"30s\""),
        "How long a stopping bridge waits for requests it has begun.",
    ),
    setting(
        "server.workers",
        Kind::Number,
        Absent("the number of processors"),
        "Threads that speak HTTP.",
    ),
    setting(
        "directory.mapping",
        Kind::Text,
        Required,
        "Name of a built-in mapping (`scimbridge mapping show NAME` prints it), or a file name ending in `.toml`.",
    ),
    setting(
        "directory.urls",
        Kind::List,
        Required,
        "`ldaps://host[:port]` or `ldap://host[:port]`, the preferred one first; the others serve when it does not answer. `ldap://` without `start_tls` is refused except to a loopback host.",
    ),
    setting(
        "directory.start_tls",
        Kind::Boolean,
        Value("false"),
        "Begin TLS on `ldap://` connections before binding.",
    ),
    setting(
        "directory.ca_file",
        Kind::File,
        Absent("the system's trust store"),
        "PEM file with the authorities that may vouch for the directory's certificate. It replaces the system's trust store.",
    ),
    setting(
        "directory.bind_dn",
        Kind::Dn,
        Required,
        "The bridge's own account, as a DN. It can never be changed through the bridge.",
    ),
    setting(
        "directory.bind_password_file",
        Kind::File,
        Absent("`bind_password`"),
        "File with the account's password; one line end at its end is cut off. Exactly one of `bind_password_file` and `bind_password` must be there.",
    ),
    setting(
        "directory.bind_password",
        Kind::Secret,
        Absent("`bind_password_file`"),
        "The account's password itself. Prefer the file.",
    ),
    setting(
        "directory.connections",
        Kind::Number,
        Value("4"),
        "Long-lived connections to the directory; each carries many operations at once. At most 64.",
    ),
    setting(
        "directory.in_flight",
        Kind::Number,
        Value("32"),
        "Operations under way on one connection. At most 1024.",
    ),
    setting(
        "directory.connect_timeout",
        Kind::Duration,
        Value("\"5s\""),
        "For a connection, its TLS handshake and its bind together.",
    ),
    setting(
        "directory.operation_timeout",
        Kind::Duration,
        Value("\"10s\""),
        "For one LDAP operation. What is slower is abandoned and answered 503.",
    ),
    setting(
        "directory.max_age",
        Kind::Duration,
        Value("\"30m\""),
        "A connection older than this is replaced when it is idle, so that load spreads again after a failover.",
    ),
    setting(
        "resources.*.base",
        Kind::Dn,
        Required,
        "Entries are looked for at and below this DN. What lies outside does not exist for the bridge.",
    ),
    setting(
        "resources.*.create_in",
        Kind::Dn,
        Absent("`base`"),
        "New entries are made directly below this DN, which must lie within `base`.",
    ),
    setting(
        "resources.*.filter",
        Kind::Filter,
        Absent("none"),
        "Added to the mapping's own filter: entries that do not match do not exist for the bridge, and what would make one of them is refused, unless it disables the account.",
    ),
    setting(
        "guard.allowed",
        Kind::List,
        Value("[]"),
        "DNs of organizational units within which changes are allowed; empty: everywhere within the bases.",
    ),
    setting(
        "guard.protected_entries",
        Kind::List,
        Value("[]"),
        "DNs of entries that are never changed or deleted and never become members of anything. While one of them is not in the directory, nothing is written.",
    ),
    setting(
        "guard.protected_groups",
        Kind::List,
        Value("[]"),
        "DNs of groups. They, the groups nested in them and all their members are never changed or deleted, and they get no members. While one of them is not in the directory, nothing is written.",
    ),
    setting(
        "references.unknown_manager",
        Kind::Choice(&["drop", "refuse"]),
        Value("\"drop\""),
        "A `manager` that is no known id: leave it out and say so in the log, or refuse the request with 400.",
    ),
    setting(
        "references.unknown_member",
        Kind::Choice(&["drop", "refuse"]),
        Value("\"refuse\""),
        "A member of a group that is no known id: refuse the request with 400, or leave it out and say so in the log. A client whose member was left out and who does not read the answer believes that it is there.",
    ),
    setting(
        "clients[].name",
        Kind::Text,
        Required,
        "Name in the log: lower-case letters, digits, `.`, `_` and `-`, each name once.",
    ),
    setting(
        "clients[].tokens",
        Kind::List,
        Required,
        "One or two hashes of bearer tokens, `sha256:` and 64 hexadecimal digits, as `scimbridge token new` prints them. Two while a token is being replaced.",
    ),
    setting(
        "clients[].profile",
        Kind::Choice(&[
            "generic",
            "entra",
            "okta",
            "ping",
            "onelogin",
            "jumpcloud",
            "google",
            "sailpoint",
            "cyberark",
            "strict",
        ]),
        Value("\"generic\""),
        "How the client speaks SCIM: which leniencies and which ways of answering it gets. `generic` takes the dialects of all known identity providers at once; `strict` takes what RFC 7644 says and nothing else. `scimbridge profiles NAME` prints a profile. `lenient` is the former name of `generic`.",
    ),
    setting(
        "clients[].switch_on",
        Kind::List,
        Absent("nothing beside the profile's"),
        "Names of switches that this client gets beside those of its profile. `scimbridge profiles` lists them.",
    ),
    setting(
        "clients[].switch_off",
        Kind::List,
        Absent("all of the profile's stay"),
        "Names of switches of the profile that this client does not get. `[\"unknown-attribute\"]` refuses attributes that are not defined, as draft-zollner-scim-interop-profile §5.3 wants.",
    ),
    setting(
        "clients[].me",
        Kind::Text,
        Absent("`/Me` is answered 501"),
        "The resource this client's token belongs to, as endpoint and id: `/Users/{id}`. The client reaches it as `/Me`, too.",
    ),
    setting(
        "log.filter",
        Kind::Text,
        Value("\"info\""),
        "What is logged, as in `info,scimbridge=debug`. At `debug` and below personal values may appear; secrets never do.",
    ),
    setting(
        "log.format",
        Kind::Choice(&["json", "text"]),
        Value("\"json\""),
        "One JSON object per line, or text for people.",
    ),
];

/// The setting behind a path with real names and indexes (`resources.User.base`, `clients.0.tokens.1`).
pub(super) fn find(path: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| covers(setting.key, path))
}

/// Whether `pattern` (from the table) describes `path`, or a list the path points into.
fn covers(pattern: &str, path: &str) -> bool {
    let mut given = path.split('.');
    for part in pattern.split('.') {
        if let Some(array) = part.strip_suffix("[]") {
            if given.next() != Some(array)
                || given
                    .next()
                    .is_none_or(|index| index.parse::<usize>().is_err())
            {
                return false;
            }
        } else {
            match given.next() {
                Some(_) if part == "*" => {}
                Some(name) if name == part => {}
                _ => return false,
            }
        }
    }
    given.all(|rest| rest.parse::<usize>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_names_and_indexes_finds_its_setting() {
        for (path, key) in [
            ("server.listen", "server.listen"),
            ("resources.User.base", "resources.*.base"),
            ("clients.1.tokens.0", "clients[].tokens"),
            ("directory.urls.2", "directory.urls"),
        ] {
            assert_eq!(find(path).map(|setting| setting.key), Some(key), "{path}");
        }
        assert!(find("server").is_none());
        assert!(find("server.listen.deeper").is_none());
        assert!(find("clients.first.name").is_none());
    }

    #[test]
    fn every_setting_stands_in_a_described_section() {
        for setting in SETTINGS {
            let section = setting
                .key
                .rsplit_once('.')
                .map_or("", |(section, _)| section);
            assert!(
                SECTIONS.iter().any(|(name, _)| *name == section),
                "{}",
                setting.key
            );
        }
    }
}
