//! Two listeners and their end: SCIM and admin.

use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use tokio::sync::watch;

use super::admin::{self, Admin};
use super::handler::{State, handle};
use super::in_flight::InFlight;
use super::metrics;
use super::settings::Settings;
use super::tls::{TlsError, server_config};
use crate::provisioning::Service;

/// How long a client may take for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an idle connection is kept. Longer than the 60 seconds of common load balancers, so that they close first.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a client may take to close.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections on one thread.
const CONNECTIONS: usize = 4096;

/// Why the bridge cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, not ours, or not allowed.
    #[error(
        "cannot listen on {address}: {cause}\nhint: is another process listening there, or the port below 1024?"
    )]
    Listen {
        /// As configured.
        address: SocketAddr,
        /// What the system says.
        cause: std::io::Error,
    },
    /// Certificate or key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A server ended with an error of its own.
    #[error("the HTTP server failed: {0}")]
    Failed(#[from] std::io::Error),
}

/// Both listeners, bound and ready to run.
pub struct Server {
    settings: Settings,
    service: watch::Receiver<Service>,
    scim: TcpListener,
    admin: TcpListener,
    tls: Option<rustls::ServerConfig>,
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Server")
            .field("scim", &self.scim)
            .field("admin", &self.admin)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Binds both listeners and reads certificate and key. Nothing is served yet.
    ///
    /// # Errors
    /// An address that cannot be listened on, or TLS files that cannot be used.
    pub fn bind(
        settings: Settings,
        service: watch::Receiver<Service>,
    ) -> Result<Server, StartError> {
        let tls = settings.tls.as_ref().map(server_config).transpose()?;
        let listen = |address: SocketAddr| {
            TcpListener::bind(address).map_err(|cause| StartError::Listen { address, cause })
        };
        let scim = listen(settings.listen)?;
        let admin = listen(settings.admin_listen)?;
        Ok(Server {
            settings,
            service,
            scim,
            admin,
            tls,
        })
    }

    /// Where SCIM is served, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.scim.local_addr().unwrap_or(self.settings.listen)
    }

    /// Where health and metrics are served, with the real port.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin
            .local_addr()
            .unwrap_or(self.settings.admin_listen)
    }

    /// Serves until `stop` resolves; then takes no more connections, finishes what it began, within the bound, and
    /// returns. Health and metrics are served until the end.
    ///
    /// # Errors
    /// When a listener fails for good.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), StartError> {
        metrics::describe();
        let limit = self.settings.shutdown_timeout;
        let in_flight = InFlight::new(self.settings.max_concurrent_requests);
        let admin = admin_server(self.admin, &self.settings, &self.service, &in_flight)?;
        let scim = scim_server(self.scim, self.tls, self.settings, self.service, &in_flight)?;
        let (scim_handle, admin_handle) = (scim.handle(), admin.handle());
        let stopping = async {
            stop.await;
            tracing::info!(in_flight = in_flight.count(), "stopping");
            finish(&scim_handle, &in_flight, limit).await;
            admin_handle.stop(false).await;
        };
        // A listener that fails ends the bridge; one that is stopped ends with `stopping`.
        tokio::select! {
            served = futures_util::future::try_join(scim, admin) => { served?; }
            () = stopping => {}
        }
        tracing::info!("stopped");
        Ok(())
    }
}

async fn finish(scim: &ServerHandle, in_flight: &InFlight, limit: Duration) {
    let began = Instant::now();
    // Connections first (actix-web waits for their answers), then operations whose clients hung up.
    scim.stop(true).await;
    if !in_flight
        .drained(limit.saturating_sub(began.elapsed()))
        .await
    {
        tracing::warn!(
            in_flight = in_flight.count(),
            "stopped before everything was finished"
        );
    }
}

fn scim_server(
    listener: TcpListener,
    tls: Option<rustls::ServerConfig>,
    settings: Settings,
    service: watch::Receiver<Service>,
    in_flight: &InFlight,
) -> Result<actix_web::dev::Server, StartError> {
    let (workers, shutdown, request) = (
        settings.workers,
        settings.shutdown_timeout,
        settings.request_timeout,
    );
    let state = web::Data::new(State {
        settings,
        service,
        in_flight: in_flight.clone(),
    });
    let server = HttpServer::new(move || {
        let reads_here = state.service.borrow().read_here();
        App::new()
            .app_data(state.clone())
            .app_data(web::Data::new(reads_here))
            .default_service(web::to(handle))
    })
    .workers(workers)
    .disable_signals()
    .keep_alive(KEEP_ALIVE)
    .client_request_timeout(HEAD_TIMEOUT.min(request))
    .client_disconnect_timeout(DISCONNECT_TIMEOUT)
    .tls_handshake_timeout(HANDSHAKE_TIMEOUT)
    .max_connections(CONNECTIONS)
    .shutdown_timeout(shutdown.as_secs().max(1));
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls)?,
        None => server.listen(listener)?,
    };
    Ok(server.run())
}

fn admin_server(
    listener: TcpListener,
    settings: &Settings,
    service: &watch::Receiver<Service>,
    in_flight: &InFlight,
) -> Result<actix_web::dev::Server, StartError> {
    let admin = web::Data::new(Admin {
        service: service.clone(),
        in_flight: in_flight.clone(),
        render: settings.metrics.clone(),
    });
    let server =
        HttpServer::new(move || App::new().app_data(admin.clone()).configure(admin::routes))
            .workers(1)
            .disable_signals()
            .client_request_timeout(HEAD_TIMEOUT)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            .max_connections(64)
            .listen(listener)?;
    Ok(server.run())
}
