//! `serve`

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::runtime::{Builder, Handle};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::{Outcome, Streams, assemble, log};
use crate::config::{self, Config};
use crate::directory::{Deadline, Directory};
use crate::http::Server;
use crate::provisioning::Service;

/// How long the start waits for the directory's schema before it serves without.
const SCHEMA_PATIENCE: Duration = Duration::from_secs(5);

/// How often the schema is asked for while the directory is down.
const SCHEMA_INTERVAL: Duration = Duration::from_secs(5);

/// How long a look at the fences may take, unless the start waits for it.
const FENCES_PATIENCE: Duration = Duration::from_secs(30);

/// Upper bounds of the duration histograms' buckets, in seconds.
const BUCKETS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];

/// Serves until a signal. A second signal ends it at once.
pub(super) fn run(file: &Path, streams: &mut Streams<'_>) -> io::Result<Outcome> {
    let config = match config::read(file) {
        Ok(config) => config,
        Err(refused) => {
            write!(streams.errors, "{refused}")?;
            return Ok(Outcome::Refused);
        }
    };
    log::begin(&config.log);
    let served = runtime(config.server.workers)
        .map_err(|error| error.to_string())
        .and_then(|runtime| {
            let served = runtime.block_on(serve(config, runtime.handle().clone()));
            runtime.shutdown_timeout(Duration::from_secs(1));
            served
        });
    match served {
        Ok(outcome) => Ok(outcome),
        Err(reason) => {
            writeln!(streams.errors, "scimbridge cannot serve: {reason}")?;
            Ok(Outcome::Failed)
        }
    }
}

fn runtime(threads: usize) -> io::Result<tokio::runtime::Runtime> {
    Builder::new_multi_thread()
        .worker_threads(threads.max(2))
        .thread_name("operation")
        .enable_all()
        .build()
}

async fn serve(config: Config, runtime: Handle) -> Result<Outcome, String> {
    let signals = |kind| signal(kind).map_err(|error| error.to_string());
    let (mut terminate, mut interrupt) = (
        signals(SignalKind::terminate())?,
        signals(SignalKind::interrupt())?,
    );
    let metrics = recorder()?;
    let directory =
        assemble::directory(&config, &runtime).map_err(|failure| failure.to_string())?;
    let service = assemble::service(&config, &directory).map_err(|failure| failure.to_string())?;
    let (sender, receiver) = watch::channel(service);
    let render = {
        let metrics = metrics.clone();
        Arc::new(move || metrics.render())
    };
    let service = receiver.clone();
    let server = Server::bind(config.http_settings(runtime.clone(), render), receiver)
        .map_err(|error| error.to_string())?;
    runtime.spawn(upkeep(metrics));
    let config = Arc::new(config);
    if fit(&config, &directory, &sender, SCHEMA_PATIENCE).await {
        look_at_fences(&service, SCHEMA_PATIENCE).await;
    } else {
        runtime.spawn(keep_fitting(Arc::clone(&config), directory, sender));
    }
    runtime.spawn(keep_looking_at_fences(service));
    tracing::info!(
        address = %server.address(),
        admin = %server.admin_address(),
        base_path = config.server.base_path,
        tls = config.server.tls.is_some(),
        mapping = config.mapping.name,
        "listening"
    );
    let (stop, stopping) = tokio::sync::oneshot::channel();
    let serving = server.run(async {
        let _ = stopping.await;
    });
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => return ended.map(|()| Outcome::Done).map_err(|error| error.to_string()),
        () = either(&mut terminate, &mut interrupt) => {}
    }
    let _ = stop.send(());
    tokio::select! {
        ended = &mut serving => ended.map(|()| Outcome::Done).map_err(|error| error.to_string()),
        () = either(&mut terminate, &mut interrupt) => {
            tracing::warn!("a second signal: stopping at once");
            Ok(Outcome::Failed)
        }
    }
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Replaces the service by one that knows the directory's schema. True when there is nothing more to try.
async fn fit(
    config: &Config,
    directory: &Directory,
    service: &watch::Sender<Service>,
    patience: Duration,
) -> bool {
    match assemble::fitted_service(config, directory, Deadline::after(patience)).await {
        Ok(fitted) => {
            service.send_replace(fitted);
            true
        }
        Err(assemble::Failure::Schema(error)) => {
            tracing::warn!(cause = %error, "the directory's schema is not known yet; the mapping is used as written");
            false
        }
        Err(failure) => {
            tracing::error!(cause = %failure, "the mapping does not fit the directory's schema and is used as written; run `scimbridge check`");
            true
        }
    }
}

async fn keep_fitting(config: Arc<Config>, directory: Directory, service: watch::Sender<Service>) {
    loop {
        tokio::time::sleep(SCHEMA_INTERVAL).await;
        if fit(&config, &directory, &service, SCHEMA_PATIENCE).await {
            return;
        }
    }
}

/// Reads the fences before the first write does, and again while they do not stand.
async fn look_at_fences(service: &watch::Receiver<Service>, patience: Duration) {
    let service = service.borrow().clone();
    service.look_at_fences(Deadline::after(patience)).await;
}

async fn keep_looking_at_fences(service: watch::Receiver<Service>) {
    loop {
        tokio::time::sleep(SCHEMA_INTERVAL).await;
        look_at_fences(&service, FENCES_PATIENCE).await;
    }
}

fn recorder() -> Result<PrometheusHandle, String> {
    let failed = |error: metrics_exporter_prometheus::BuildError| {
        format!("metrics cannot be recorded: {error}")
    };
    PrometheusBuilder::new()
        .set_buckets(&BUCKETS)
        .map_err(failed)?
        .install_recorder()
        .map_err(failed)
}

/// Keeps the recorder's memory bounded.
async fn upkeep(metrics: PrometheusHandle) {
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        metrics.run_upkeep();
    }
}
