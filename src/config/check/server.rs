//! `[server]`

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::{Faults, duration, invalid, number};
use crate::config::checked::Server;
use crate::config::fault::Fault;
use crate::config::quantity;
use crate::config::raw::RawServer;

pub(super) fn check(raw: RawServer, folder: &Path, faults: &mut Faults) -> Option<Server> {
    let tls = tls(&raw, folder, faults);
    let listen = faults.keep(address("server.listen", &raw.listen));
    let admin_listen = faults.keep(address("server.admin_listen", &raw.admin_listen));
    if let (Some(listen), Some(admin)) = (listen, admin_listen)
        && listen == admin
        && listen.port() != 0
    {
        let message =
            format!("`server.admin_listen` is the same address as `server.listen`, `{listen}`");
        let fault = Fault::new("server.admin_listen", "contradiction", message);
        faults.add(fault.hint("the two listeners need a port each"));
    }
    let base_path = faults.keep(path("server.base_path", &raw.base_path));
    let legacy_base_path = raw
        .legacy_base_path
        .as_deref()
        .and_then(|text| faults.keep(path("server.legacy_base_path", text)));
    if let (Some(base), Some(legacy)) = (&base_path, &legacy_base_path) {
        apart(base, legacy, faults);
    }
    let base_url = raw
        .base_url
        .as_deref()
        .and_then(|text| faults.keep(base_url(text)));
    plain_http(&raw, listen, faults);
    let body_limit = faults.keep(body_size("server.body_limit", &raw.body_limit.0));
    let bulk_payload = faults.keep(body_size("server.bulk_payload", &raw.bulk_payload.0));
    // What waits for what is worked out in memory before anything is done.
    let bulk_operations = faults.keep(number("server.bulk_operations", raw.bulk_operations, 1000));
    let request_timeout = faults.keep(duration("server.request_timeout", &raw.request_timeout));
    let shutdown_timeout = faults.keep(duration("server.shutdown_timeout", &raw.shutdown_timeout));
    let max_concurrent_requests = faults.keep(number(
        "server.max_concurrent_requests",
        raw.max_concurrent_requests,
        65_536,
    ));
    let max_results = faults.keep(number("server.max_results", raw.max_results, 10_000));
    let max_candidates = faults.keep(number("server.max_candidates", raw.max_candidates, 500_000));
    let workers = match raw.workers {
        Some(workers) => faults.keep(number("server.workers", workers, 1024)),
        None => Some(std::thread::available_parallelism().map_or(1, std::num::NonZero::get)),
    };
    Some(Server {
        listen: listen?,
        admin_listen: admin_listen?,
        base_path: base_path?,
        legacy_base_path,
        base_url,
        tls,
        body_limit: body_limit?,
        request_timeout: request_timeout?,
        max_concurrent_requests: max_concurrent_requests?,
        max_results: max_results?,
        max_candidates: max_candidates?,
        bulk_operations: bulk_operations?,
        bulk_payload: bulk_payload?,
        shutdown_timeout: shutdown_timeout?,
        workers: workers?,
    })
}

fn body_size(key: &str, text: &str) -> Result<usize, Fault> {
    match quantity::size(text) {
        Some(bytes) if (1024..=64 << 20).contains(&bytes) => Ok(bytes),
        Some(_) => Err(invalid(key, "must be from 1KiB to 64MiB")),
        None => Err(invalid(key, "is no number of bytes")),
    }
}

fn tls(raw: &RawServer, folder: &Path, faults: &mut Faults) -> Option<(PathBuf, PathBuf)> {
    let one_alone = |have: &str, need: &str| {
        let message = format!("`server.{have}` is set without `server.{need}`");
        Fault::new(format!("server.{have}"), "contradiction", message).hint("TLS needs both files")
    };
    match (&raw.certificate_file, &raw.private_key_file) {
        (None, None) => None,
        (Some(_), None) => faults.keep(Err(one_alone("certificate_file", "private_key_file"))),
        (None, Some(_)) => faults.keep(Err(one_alone("private_key_file", "certificate_file"))),
        (Some(certificate), Some(key)) => {
            let (certificate, key) = (folder.join(certificate), folder.join(key));
            for (setting, file) in [
                ("server.certificate_file", &certificate),
                ("server.private_key_file", &key),
            ] {
                if let Err(error) = std::fs::File::open(file) {
                    faults.add(unreadable(setting, file, &error));
                }
            }
            Some((certificate, key))
        }
    }
}

pub(super) fn unreadable(key: &str, file: &Path, error: &std::io::Error) -> Fault {
    let message = format!("`{key}`: `{}` cannot be read: {error}", file.display());
    Fault::new(key, "unreadable", message)
        .hint("file names are relative to the folder of the configuration file; the bridge's user must be able to read it")
}

fn plain_http(raw: &RawServer, listen: Option<SocketAddr>, faults: &mut Faults) {
    let has_tls = raw.certificate_file.is_some() || raw.private_key_file.is_some();
    if raw.plain_http && has_tls {
        let message = "`server.plain_http` is set, and so is a certificate";
        let fault = Fault::new("server.plain_http", "contradiction", message);
        faults.add(
            fault.hint("remove `plain_http` to serve TLS, or the certificate to serve plain HTTP"),
        );
    }
    if let Some(listen) = listen
        && !raw.plain_http
        && !has_tls
        && !listen.ip().is_loopback()
    {
        let message = format!(
            "`server.listen` is `{listen}`, which other machines reach, and there is no certificate"
        );
        let fault = Fault::new("server.listen", "plain-http", message);
        faults.add(fault.hint(
            "set `certificate_file` and `private_key_file`; or `plain_http = true` if something in front ends TLS",
        ));
    }
}

fn address(key: &str, text: &str) -> Result<SocketAddr, Fault> {
    text.parse().map_err(|_| {
        invalid(
            key,
            &format!("is `{text}`, which is no numeric address with a port"),
        )
    })
}

fn path(key: &str, text: &str) -> Result<String, Fault> {
    let trimmed = text.trim_end_matches('/');
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/-._~".contains(letter);
    if !text.starts_with('/') || trimmed.contains("//") || !text.chars().all(plain) {
        return Err(Fault::new(
            key,
            "invalid-value",
            format!("`{key}` is `{text}`, which is no plain path"),
        )
        .hint("begin with `/` and use letters, digits, `-`, `.`, `_`, `~`, as in `\"/scim/v2\"`"));
    }
    Ok(trimmed.to_owned())
}

/// A path that lies within the other's could mean either version.
fn apart(base: &str, legacy: &str, faults: &mut Faults) {
    let within = |inner: &str, outer: &str| format!("{inner}/").starts_with(&format!("{outer}/"));
    if within(base, legacy) || within(legacy, base) {
        let message = format!(
            "`server.legacy_base_path` is `{legacy}` and `server.base_path` is `{base}`, so that one lies within the other"
        );
        let fault = Fault::new("server.legacy_base_path", "contradiction", message);
        faults.add(
            fault.hint(
                "give each version a path of its own, as in `\"/scim/v1\"` and `\"/scim/v2\"`",
            ),
        );
    }
}

fn base_url(text: &str) -> Result<String, Fault> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split('/').next().unwrap_or_default());
    let clean = |letter: char| letter.is_ascii_graphic() && !"?#\"<>\\^`{|}".contains(letter);
    match host {
        Some(host) if !host.is_empty() && !host.contains('@') && text.chars().all(clean) => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err(Fault::new(
            "server.base_url",
            "invalid-value",
            format!("`server.base_url` is `{text}`, which is no base URL"),
        )
        .hint("write it as clients do, without query: `\"https://scim.example.com/scim/v2\"`")),
    }
}
