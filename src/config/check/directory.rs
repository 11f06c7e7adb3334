//! `[directory]`

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::server::unreadable;
use super::{Faults, dn, duration, number};
use crate::config::checked::Directory;
use crate::config::fault::{Fault, nearest};
use crate::config::load::{missing, secret};
use crate::config::raw::RawDirectory;
use crate::guard::is_forbidden;
use crate::mapping::{Diagnostic, Mapping};

/// The mapping: a built-in one by name, or a file; or the report of its fault. `None` when it could not even be read,
/// and that is remembered.
pub(super) fn mapping(
    raw: &RawDirectory,
    folder: &Path,
    faults: &mut Faults,
) -> Option<Result<Mapping, String>> {
    let name = raw.mapping.as_str();
    let key = "directory.mapping";
    let load = |source: &str, text: &str| {
        let mapping = Mapping::load(source, text).and_then(writable);
        Some(mapping.map_err(|cause| cause.report()))
    };
    if name.ends_with(".toml") {
        let file = folder.join(name);
        return match std::fs::read_to_string(&file) {
            Ok(text) => load(&file.display().to_string(), &text),
            Err(error) => faults.keep(Err(unreadable(key, &file, &error))),
        };
    }
    if let Some(text) = Mapping::builtin(name) {
        return load(name, text);
    }
    let names: Vec<&str> = Mapping::builtin_names().collect();
    let fault = Fault::new(
        key,
        "unknown-mapping",
        format!("there is no built-in mapping `{name}`"),
    );
    faults.keep(Err(match nearest(name, names.iter().copied()) {
        Some(near) => fault.hint(format!(
            "did you mean `{near}`? A file's name ends in `.toml`"
        )),
        None => fault.hint(format!(
            "built in are {}; a file's name ends in `.toml`",
            super::quoted(&names)
        )),
    }))
}

/// Refuses lines that write what the guard lets nobody write: each of these writes would be refused.
fn writable(mapping: Mapping) -> Result<Mapping, Box<Diagnostic>> {
    let hint = "map another attribute, by its name and not by its OID, or add `direction = \"read\"`; docs/security.md lists what is never written";
    mapping.refuse_written(is_forbidden, hint)?;
    Ok(mapping)
}

pub(super) fn check(raw: RawDirectory, folder: &Path, faults: &mut Faults) -> Option<Directory> {
    if raw.urls.is_empty() {
        faults.add(
            Fault::new("directory.urls", "missing", "`directory.urls` is empty")
                .hint("name at least one directory server"),
        );
    }
    let urls: Option<Vec<String>> = raw
        .urls
        .iter()
        .enumerate()
        .map(|(index, text)| {
            faults.keep(url(&format!("directory.urls.{index}"), text, raw.start_tls))
        })
        .collect();
    let ca = raw
        .ca_file
        .as_deref()
        .and_then(|file| faults.keep(authorities(&folder.join(file))));
    let bind_dn = faults.keep(dn("directory.bind_dn", &raw.bind_dn));
    let bind_password = password(
        raw.bind_password,
        raw.bind_password_file.as_deref(),
        folder,
        faults,
    );
    let connections = faults.keep(number("directory.connections", raw.connections, 64));
    let in_flight = faults.keep(number("directory.in_flight", raw.in_flight, 1024));
    let connect_timeout = faults.keep(duration("directory.connect_timeout", &raw.connect_timeout));
    let operation_timeout = faults.keep(duration(
        "directory.operation_timeout",
        &raw.operation_timeout,
    ));
    let max_age = faults.keep(duration("directory.max_age", &raw.max_age));
    Some(Directory {
        urls: urls?,
        start_tls: raw.start_tls,
        ca,
        bind_dn: bind_dn?,
        bind_password: bind_password?,
        connections: connections?,
        in_flight: in_flight?,
        connect_timeout: connect_timeout?,
        operation_timeout: operation_timeout?,
        max_age: max_age?,
    })
}

fn url(key: &str, text: &str, start_tls: bool) -> Result<String, Fault> {
    let fault = |rule, message: String| Fault::new(key, rule, message);
    let (secure, rest) = match (text.strip_prefix("ldaps://"), text.strip_prefix("ldap://")) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        _ => {
            let fault = fault("invalid-value", format!("`{text}` is no LDAP URL"));
            return Err(fault.hint("write `ldaps://host` or `ldaps://host:port`; `ldap://` goes with `start_tls = true`"));
        }
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let Some(host) = host(authority) else {
        let fault = fault(
            "invalid-value",
            format!("`{text}` does not name a host, or names more than host and port"),
        );
        return Err(fault.hint(
            "write `ldaps://host` or `ldaps://host:port`; bases belong in `[resources.NAME]`",
        ));
    };
    if secure && start_tls {
        let fault = fault(
            "contradiction",
            format!("`{text}` is TLS from the start, and `start_tls` begins it later"),
        );
        return Err(fault.hint("remove `start_tls`, or write `ldap://`"));
    }
    let loopback = host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    if !secure && !start_tls && !loopback {
        let fault = fault(
            "plain-ldap",
            format!("`{text}` would send the bind password and every value unencrypted"),
        );
        return Err(fault.hint("write `ldaps://`, or set `start_tls = true`"));
    }
    Ok(text.strip_suffix('/').unwrap_or(text).to_owned())
}

/// The host of `host`, `host:port`, `[v6]` or `[v6]:port`; `None` for anything else.
fn host(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (
                host,
                if after.is_empty() {
                    None
                } else {
                    Some(after.strip_prefix(':')?)
                },
            )
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let named = |letter: char| letter.is_ascii_alphanumeric() || "-._:".contains(letter);
    let valid = !host.is_empty() && host.chars().all(named);
    (valid && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port != 0)))
        .then_some(host)
}

fn authorities(file: &Path) -> Result<Vec<u8>, Fault> {
    let key = "directory.ca_file";
    let text = std::fs::read(file).map_err(|error| unreadable(key, file, &error))?;
    if text.windows(11).any(|part| part == b"CERTIFICATE") {
        return Ok(text);
    }
    let message = format!("`{key}`: `{}` holds no PEM certificate", file.display());
    Err(Fault::new(key, "invalid-value", message)
        .hint("a PEM file has a line `-----BEGIN CERTIFICATE-----`"))
}

fn password(
    typed: Option<SecretString>,
    file: Option<&str>,
    folder: &Path,
    faults: &mut Faults,
) -> Option<SecretString> {
    let (key, password) = match (typed, file) {
        (Some(_), Some(_)) => {
            let fault = Fault::new(
                "directory.bind_password",
                "contradiction",
                "`directory.bind_password` and `directory.bind_password_file` are both set",
            );
            return faults.keep(Err(fault.hint("keep the file, remove `bind_password`")));
        }
        (None, None) => return faults.keep(Err(missing("directory.bind_password_file"))),
        (Some(password), None) => ("directory.bind_password", password),
        (None, Some(file)) => {
            let key = "directory.bind_password_file";
            let file = folder.join(file);
            let read =
                std::fs::read_to_string(&file).map_err(|error| unreadable(key, &file, &error));
            (key, secret(faults.keep(read)?))
        }
    };
    if password.expose_secret().is_empty() {
        // RFC 4513 §5.1.2: a bind with an empty password succeeds as anonymous.
        let fault = Fault::new(
            key,
            "invalid-value",
            format!("`{key}` gives an empty password"),
        );
        return faults.keep(Err(fault.hint(
            "a bind without a password is anonymous, and the directory would not say so",
        )));
    }
    Some(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TITLE: &str = "\ntitle = \"title\"\n";

    /// The report on the built-in mapping for OpenLDAP, with another line for `title` and this below it.
    fn refused(title: &str, below: &str) -> String {
        let text = Mapping::builtin("openldap").unwrap().to_owned() + below;
        let mapping = Mapping::load("my.toml", &text.replacen(TITLE, title, 1)).and_then(writable);
        mapping.expect_err(title).report()
    }

    #[test]
    fn lines_that_the_guard_would_refuse_are_refused_at_load() {
        for name in Mapping::builtin_names() {
            let mapping = Mapping::load(name, Mapping::builtin(name).unwrap()).unwrap();
            assert!(writable(mapping).is_ok(), "{name}");
        }
        insta::assert_snapshot!(refused("\ntitle = \"authzTo\"\n", ""), @r#"
        my.toml:41:10: `authzTo` is never written, whatever a mapping says
           |
        41 | title = "authzTo"
           |          ^^^^^^^ this attribute
        hint: map another attribute, by its name and not by its OID, or add `direction = "read"`; docs/security.md lists what is never written
        "#);
        for attribute in [
            "pwdPolicySubentry",
            "2.5.4.12",
            "AUTHZTO;lang-en",
            "sudoUser",
        ] {
            let line = format!("\ntitle = \"{attribute}\"\n");
            let constant = format!("\n[resource.User.constant]\n\"{attribute}\" = \"x\"\n");
            for report in [refused(&line, ""), refused(TITLE, &constant)] {
                let rule = format!("`{attribute}` is never written");
                assert!(
                    report.contains(&rule) && report.contains("^^^^^^^^"),
                    "{report}"
                );
            }
        }
        let read = Mapping::builtin("openldap").unwrap().replacen(
            TITLE,
            "\ntitle = { ldap = \"memberOf\", direction = \"read\" }\n",
            1,
        );
        let read = Mapping::load("my.toml", &read).and_then(writable);
        assert!(read.is_ok());
    }
}
