//! `plan`

use std::io::{self, Read};
use std::path::Path;

use super::{Outcome, Streams, assemble, log};
use crate::config::{self, Config};
use crate::directory::Deadline;
use crate::http::{Client, Fault};
use crate::provisioning::{Caller, Error};

/// Prints the LDIF that a request would cause.
pub(super) fn run(
    file: &Path,
    client: Option<&str>,
    method: &str,
    path: &str,
    streams: &mut Streams<'_>,
) -> io::Result<Outcome> {
    let config = match config::read(file) {
        Ok(config) => config,
        Err(refused) => {
            write!(streams.errors, "{refused}")?;
            return Ok(Outcome::Refused);
        }
    };
    let Some(caller) = caller(&config, client) else {
        let names: Vec<&str> = config
            .clients
            .iter()
            .map(|client| client.name.as_str())
            .collect();
        writeln!(
            streams.errors,
            "there is no client `{}`",
            client.unwrap_or_default()
        )?;
        writeln!(streams.errors, "hint: the clients are {}", names.join(", "))?;
        return Ok(Outcome::Refused);
    };
    let mut body = Vec::new();
    if !method.eq_ignore_ascii_case("DELETE") {
        let limit = config.server.body_limit;
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        streams.input.take(most).read_to_end(&mut body)?;
        if body.len() > limit {
            return refuse(&Fault::BodyTooLong(limit), streams);
        }
    }
    log::begin_quiet();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    // People paste the whole path; only what follows the base path is meant.
    let path = path.strip_prefix(&config.server.base_path).unwrap_or(path);
    match runtime.block_on(plan(&config, &runtime, &caller, method, path, &body)) {
        Ok(ldif) if ldif.is_empty() => {
            writeln!(streams.errors, "nothing would change")?;
            Ok(Outcome::Done)
        }
        Ok(ldif) => {
            streams.output.write_all(ldif.as_bytes())?;
            Ok(Outcome::Done)
        }
        Err(error) => refuse(&Fault::from(error), streams),
    }
}

async fn plan(
    config: &Config,
    runtime: &tokio::runtime::Runtime,
    caller: &Caller,
    method: &str,
    path: &str,
    body: &[u8],
) -> Result<String, Error> {
    let misfit = |failure| match failure {
        assemble::Failure::Schema(error) => Error::from(error),
        other => Error::Misconfigured {
            reason: other.to_string(),
        },
    };
    let directory = assemble::directory(config, runtime.handle()).map_err(misfit)?;
    let service = assemble::fitted_service(config, &directory, caller.deadline)
        .await
        .map_err(misfit)?;
    service.plan(caller, method, path, body).await
}

fn caller(config: &Config, name: Option<&str>) -> Option<Caller> {
    let clients: Vec<Client> = config.http_clients();
    let client = match name {
        Some(name) => clients.into_iter().find(|client| client.name == name)?,
        None => clients.into_iter().next()?,
    };
    let base_url = config.server.base_url.clone();
    Some(Caller {
        client: client.name,
        dialect: client.dialect,
        base_url: base_url.unwrap_or_else(|| {
            format!("http://{}{}", config.server.listen, config.server.base_path)
        }),
        deadline: Deadline::after(config.server.request_timeout),
    })
}

/// The answer the client would get, and for this reader also the cause.
fn refuse(fault: &Fault, streams: &mut Streams<'_>) -> io::Result<Outcome> {
    writeln!(streams.errors, "{:#}", fault.document())?;
    if let Some(cause) = fault.cause() {
        writeln!(streams.errors, "cause: {cause}")?;
    }
    Ok(Outcome::Failed)
}
