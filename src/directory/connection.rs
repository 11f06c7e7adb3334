//! One bound connection: how it is opened, watched, counted, aged and given up.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, StdStream};
use rustls::ClientConfig;
use secrecy::ExposeSecret;
use tokio::runtime::Handle;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::AbortHandle;

use super::capabilities::{self, Capabilities};
use super::deadline::Deadline;
use super::error::Error;
use super::lane::Lane;
use super::meaning::{self, Meaning};
use super::settings::{Security, Server, Settings};
use super::socket;

/// Which machine a connection leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Which of the configured URLs.
    pub(super) server: usize,
    /// Which of its addresses: one name may stand for many domain controllers.
    pub(super) address: SocketAddr,
}

/// What is needed to open a connection to one server.
pub(super) struct Opening<'a> {
    pub(super) settings: &'a Settings,
    pub(super) server: &'a Server,
    pub(super) index: usize,
    pub(super) tls: Arc<ClientConfig>,
    /// The address to try first.
    pub(super) address: Option<SocketAddr>,
    /// The bridge's own.
    pub(super) runtime: &'a Handle,
    /// The thread that will drive it, if it is one thread's own.
    pub(super) lane: Option<Arc<Lane>>,
    /// Told when the connection ends.
    pub(super) ended: Arc<Notify>,
    /// From 0 to 1: by how much of a tenth the connection's life is shortened, so that not all end together.
    pub(super) jitter: f64,
}

/// One bound connection, shared by many operations.
pub(super) struct Connection {
    ldap: Ldap,
    pub(super) place: Place,
    pub(super) capabilities: Capabilities,
    /// Whether TLS protects it.
    pub(super) secured: bool,
    permits: Arc<Semaphore>,
    width: usize,
    opened: Instant,
    expires: Instant,
    operations: AtomicU64,
    /// Milliseconds after opening at which the last answer came.
    last_answer: AtomicU64,
    /// An answer was late: to be probed at once.
    suspect: AtomicBool,
    probing: AtomicBool,
    state: Arc<State>,
    driver: AbortHandle,
    /// Drives it.
    pub(super) runtime: Handle,
    /// The thread whose reads it is kept for; none: everybody's.
    pub(super) lane: Option<Arc<Lane>>,
}

/// What the task that watches the driver shares with the connection.
struct State {
    /// Why the connection ended; none while it is open.
    end: watch::Sender<Option<String>>,
    /// A second handle of the socket, to make its end abrupt.
    socket: Mutex<Option<std::net::TcpStream>>,
}

/// The right to one operation on a connection.
pub(super) struct Lease {
    pub(super) connection: Arc<Connection>,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    /// Connects, secures and binds, all within the deadline.
    ///
    /// # Errors
    /// [`Error::BindRefused`] when the server does not want this account, [`Error::Unavailable`] for everything else.
    pub(super) async fn open(opening: Opening<'_>, deadline: Deadline) -> Result<Self, Error> {
        let server = opening.server;
        match deadline.bound(establish(&opening, deadline)).await {
            Some(Ok(connection)) => Ok(connection),
            Some(Err(error @ Error::BindRefused { .. })) => Err(error),
            Some(Err(Error::Unavailable { reason })) => {
                Err(Error::unavailable(format!("{server}: {reason}")))
            }
            Some(Err(error)) => Err(Error::unavailable(format!("{server}: {error}"))),
            None => Err(Error::unavailable(format!(
                "{server}: no connection in time"
            ))),
        }
    }

    /// A handle for one request.
    pub(super) fn handle(&self) -> Ldap {
        self.ldap.clone()
    }

    pub(super) fn is_open(&self) -> bool {
        self.state.end.borrow().is_none()
    }

    /// Why it ended.
    pub(super) fn end(&self) -> Option<String> {
        self.state.end.borrow().clone()
    }

    /// Whether it is kept for the reads of that thread.
    pub(super) fn is_of(&self, lane: &Arc<Lane>) -> bool {
        self.lane.as_ref().is_some_and(|own| Arc::ptr_eq(own, lane))
    }

    /// How many operations are in flight.
    pub(super) fn in_flight(&self) -> usize {
        self.width.saturating_sub(self.permits.available_permits())
    }

    /// The right to one operation, if one is free.
    pub(super) fn try_lease(self: &Arc<Self>) -> Option<Lease> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        Some(Lease {
            connection: Arc::clone(self),
            _permit: permit,
        })
    }

    /// Waits for the right to one operation; none when the connection ends first.
    pub(super) async fn lease(self: Arc<Self>) -> Option<Lease> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok()?;
        Some(Lease {
            connection: self,
            _permit: permit,
        })
    }

    /// Whether it is to be replaced because of its age or its work. Work counts because the client library forgets to
    /// free the number of every abandoned request.
    pub(super) fn has_expired(&self, most_operations: u64) -> bool {
        Instant::now() >= self.expires || self.operations.load(Ordering::Relaxed) >= most_operations
    }

    pub(super) fn count_operation(&self) {
        self.operations.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn answered(&self) {
        let elapsed = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_answer.fetch_max(elapsed, Ordering::Relaxed);
    }

    /// An answer is late; the next look at the connections probes this one.
    pub(super) fn suspect(&self) {
        self.suspect.store(true, Ordering::Relaxed);
    }

    /// Whether it is time to ask whether the server is still there. Claims the probe: the caller must run it.
    pub(super) fn claim_probe(&self, interval: Duration) -> bool {
        let last = Duration::from_millis(self.last_answer.load(Ordering::Relaxed));
        let due = self.suspect.load(Ordering::Relaxed)
            || self.opened.elapsed().saturating_sub(last) >= interval;
        due && !self.probing.swap(true, Ordering::Relaxed)
    }

    /// The probe is over: a connection without an answer is given up.
    pub(super) fn probed(&self, alive: bool) {
        if alive {
            self.answered();
            self.suspect.store(false, Ordering::Relaxed);
        } else {
            self.give_up();
        }
        self.probing.store(false, Ordering::Relaxed);
    }

    /// Ends the connection at once. What was not sent yet never will be, and the server is told by a reset.
    pub(super) fn give_up(&self) {
        if let Some(socket) = self
            .state
            .socket
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
        {
            socket::forget_unsent(socket);
        }
        self.permits.close();
        self.driver.abort();
    }

    /// Ends the connection and waits until its socket is closed.
    pub(super) async fn give_up_and_wait(&self) {
        let mut end = self.state.end.subscribe();
        self.give_up();
        let ended = end.wait_for(Option::is_some);
        if Deadline::after(Duration::from_secs(1))
            .bound(ended)
            .await
            .is_none()
        {
            tracing::warn!("a directory connection that was given up did not end within a second");
        }
    }
}

impl Drop for Connection {
    /// The last user is gone: say goodbye to the server (RFC 4511 §4.3).
    fn drop(&mut self) {
        if self.is_open() {
            let mut ldap = self.ldap.clone();
            self.runtime.spawn(async move {
                Deadline::after(Duration::from_secs(1))
                    .bound(ldap.unbind())
                    .await
            });
        }
    }
}

async fn establish(opening: &Opening<'_>, deadline: Deadline) -> Result<Connection, Error> {
    let (settings, server) = (opening.settings, opening.server);
    let lane = opening.lane.as_ref();
    let runtime = lane.map_or(opening.runtime, |lane| &lane.runtime);
    let (stream, address) = socket::connect(server, opening.address, settings.keepalive, deadline)
        .await
        .map_err(Error::unavailable)?;
    let second = stream
        .try_clone()
        .map_err(|error| Error::unavailable(error.to_string()))?;
    let library = LdapConnSettings::new()
        .set_std_stream(StdStream::Tcp(stream))
        .set_config(Arc::clone(&opening.tls))
        .set_starttls(server.security == Security::StartTls);
    let url = server.library_url();
    // In a task of its own, since the library panics on malformed answers.
    let connecting =
        runtime.spawn(async move { LdapConnAsync::with_settings(library, &url).await });
    let (library, ldap) = match AbortOnDrop(connecting).join().await {
        Ok(Ok(pair)) => pair,
        Ok(Err(error)) => {
            return Err(Error::unavailable(format!(
                "{}: {error}",
                socket::shown(address)
            )));
        }
        Err(_) => return Err(Error::protocol("the answer to StartTLS is malformed")),
    };

    let permits = Arc::new(Semaphore::new(settings.in_flight));
    let state = Arc::new(State {
        end: watch::Sender::new(None),
        socket: Mutex::new(Some(second)),
    });
    let driving = runtime.spawn(library.drive());
    let driver = driving.abort_handle();
    // Not where it is driven: a thread that ends takes its tasks with it, and the end is to be seen.
    opening.runtime.spawn({
        let (state, permits, ended) = (
            Arc::clone(&state),
            Arc::clone(&permits),
            Arc::clone(&opening.ended),
        );
        async move {
            let reason = match driving.await {
                Ok(Ok(())) => "the server closed the connection".to_owned(),
                Ok(Err(error)) => error.to_string(),
                Err(end) if end.is_cancelled() => "the connection was given up".to_owned(),
                Err(_) => "the server sent something that is not LDAP".to_owned(),
            };
            *state.socket.lock().unwrap_or_else(PoisonError::into_inner) = None;
            permits.close();
            state.end.send_replace(Some(reason));
            ended.notify_one();
        }
    });

    let opened = Instant::now();
    let life = settings.max_age.mul_f64(1.0 - opening.jitter / 10.0);
    let mut connection = Connection {
        ldap,
        place: Place {
            server: opening.index,
            address,
        },
        capabilities: Capabilities::default(),
        secured: server.security != Security::None,
        permits,
        width: settings.in_flight,
        opened,
        expires: opened + life,
        operations: AtomicU64::new(0),
        last_answer: AtomicU64::new(0),
        suspect: AtomicBool::new(false),
        probing: AtomicBool::new(false),
        state,
        driver,
        runtime: runtime.clone(),
        lane: opening.lane.clone(),
    };
    bind(&connection, settings).await?;
    connection.capabilities = capabilities::read(&connection, deadline).await?;
    Ok(connection)
}

async fn bind(connection: &Connection, settings: &Settings) -> Result<(), Error> {
    let mut ldap = connection.handle();
    let (dn, password) = (settings.bind.dn.clone(), settings.bind.password.clone());
    let binding = connection
        .runtime
        .spawn(async move { ldap.simple_bind(&dn, password.expose_secret()).await });
    let result = match AbortOnDrop(binding).join().await {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => {
            let reason = connection.end().unwrap_or_else(|| error.to_string());
            return Err(Error::unavailable(format!(
                "the bind got no answer: {reason}"
            )));
        }
        Err(_) => return Err(Error::protocol("the answer to the bind is malformed")),
    };
    if result.rc == 0 {
        return Ok(());
    }
    let rejection = meaning::rejection(result.rc, &result.text, connection.secured);
    let busy = matches!(rejection.meaning, Meaning::Busy | Meaning::Other) && result.rc != 53;
    if busy {
        return Err(Error::unavailable(format!("the bind failed: {rejection}")));
    }
    let reason = match meaning::bind_reason(&result.text) {
        Some(reason) => format!(
            "{reason} (bind as `{}`, result {}: {})",
            settings.bind.dn, result.rc, result.text
        ),
        None => format!(
            "{} (bind as `{}`, result {}: {})",
            rejection.meaning, settings.bind.dn, result.rc, result.text
        ),
    };
    Err(Error::BindRefused { reason })
}

/// A task that ends with the one that waits for it.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> AbortOnDrop<T> {
    /// Waits for it. Only the end of its runtime cancels it: then the bridge stops, and nobody wants to know why.
    async fn join(mut self) -> Result<T, tokio::task::JoinError> {
        match (&mut self.0).await {
            Err(end) if end.is_cancelled() => std::future::pending().await,
            ended => ended,
        }
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
