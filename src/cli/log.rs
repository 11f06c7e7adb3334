//! The journal: tracing to standard error.

use std::io;

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Begins the journal as configured. Only the first call of a process has an effect.
pub(super) fn begin(log: &Log) {
    // What a hostile client makes actix-web say is no event of ours; who wants to hear it names it in the filter.
    // The LDAP library's warnings repeat, in its own terms, what the directory room says in words.
    let filter = EnvFilter::new(format!(
        "actix_server=warn,actix_http=off,ldap3=off,rustls_platform_verifier=off,{}",
        log.filter
    ));
    start(filter, log.format);
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, "panicked");
        // The message may hold values.
        tracing::debug!(%panic, "panicked");
    }));
}

/// Begins a quiet journal for commands that answer on standard output.
pub(super) fn begin_quiet() {
    start(
        EnvFilter::new("error,ldap3=off,rustls_platform_verifier=off"),
        LogFormat::Text,
    );
}

fn start(filter: EnvFilter, format: LogFormat) {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    // A second journal in one process happens only in tests; the first one stays.
    let _ = match format {
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .try_init(),
        LogFormat::Text => builder.with_ansi(false).try_init(),
    };
}
