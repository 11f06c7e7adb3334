//! The connections: few, long-lived, each shared by many operations, all to the same server.
//!
//! All to the same server, because a directory with several masters shows a change at once only on the one that made
//! it: whoever writes and then reads must reach the same machine.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

use super::connection::{Connection, Lease, Place};
use super::deadline::Deadline;
use super::error::Error;
use super::following::Following;
use super::gate::Gate;
use super::health::Health;
use super::lane::Lane;
use super::measure;
use super::settings::{Server, Settings, SettingsError};
use super::tls::Tls;

/// A caller is not sent away because of a failure before it has waited this long: servers restart.
const PATIENCE: Duration = Duration::from_secs(1);

/// The connections and what is known of the servers.
pub(super) struct Pool {
    pub(super) settings: Settings,
    pub(super) servers: Vec<(Server, Arc<ClientConfig>)>,
    pub(super) runtime: Handle,
    state: Mutex<State>,
    /// Changes whenever a connection comes, or an attempt to make one fails.
    changed: watch::Sender<u64>,
    /// Wakes the task that looks after the connections.
    pub(super) wake: Arc<Notify>,
    round_trips: AtomicU64,
    pub(super) following: Following,
}

/// What a connection is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// May be dropped at any moment, and sent again.
    Read,
    Write,
}

pub(super) struct State {
    pub(super) connections: Vec<Arc<Connection>>,
    /// The threads that read for themselves.
    pub(super) lanes: Vec<Arc<Lane>>,
    /// Where the connections lead.
    pub(super) current: Option<Place>,
    /// How often that was another place than before.
    moves: u64,
    pub(super) gate: Gate,
    /// Why the last attempt failed; none after one that succeeded.
    pub(super) problem: Option<Error>,
    /// How many attempts in a row have failed.
    pub(super) failures: u32,
    pub(super) last_failure: Option<Instant>,
    pub(super) last_fail_back: Instant,
}

impl Pool {
    pub(super) fn new(settings: Settings, runtime: Handle) -> Result<Self, SettingsError> {
        let tls = Tls::new(&settings.trust)?;
        let servers = settings
            .servers()?
            .into_iter()
            .map(|server| tls.config(&server).map(|config| (server, config)))
            .collect::<Result<_, _>>()?;
        let state = State {
            connections: Vec::new(),
            lanes: Vec::new(),
            current: None,
            moves: 0,
            gate: Gate::new(settings.bind_pause, settings.bind_pause_limit),
            problem: None,
            failures: 0,
            last_failure: None,
            last_fail_back: Instant::now(),
        };
        Ok(Self {
            settings,
            servers,
            runtime,
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
            wake: Arc::new(Notify::new()),
            round_trips: AtomicU64::new(0),
            following: Following::default(),
        })
    }

    /// Never held across an await.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells those who wait that something changed.
    pub(super) fn tell(&self) {
        self.changed
            .send_modify(|changes| *changes = changes.wrapping_add(1));
    }

    /// How often the connections have led elsewhere than before: where that changes, what was done may be news to who answers.
    pub(super) fn moves(&self) -> u64 {
        self.state().moves
    }

    /// Counts an LDAP request that is sent for a caller.
    pub(super) fn count_round_trip(&self) {
        self.round_trips.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn round_trips(&self) -> u64 {
        self.round_trips.load(Ordering::Relaxed)
    }

    /// The right to one operation on the connection that suits it best, other than `avoid` where there is another.
    pub(super) async fn lease(
        &self,
        purpose: Purpose,
        avoid: Option<&Arc<Connection>>,
        deadline: Deadline,
    ) -> Result<Lease, Error> {
        let free = self.best(purpose, avoid);
        if let Some(lease) = free.and_then(|connection| connection.try_lease()) {
            return Ok(lease);
        }
        let mut changes = self.changed.subscribe();
        let begun = Instant::now();
        loop {
            changes.borrow_and_update();
            let Some(connection) = self.best(purpose, avoid) else {
                self.await_connection(&mut changes, begun, deadline).await?;
                continue;
            };
            if let Some(lease) = connection.try_lease() {
                return Ok(lease);
            }
            if !connection.is_open() {
                continue;
            }
            let wait = Arc::clone(&connection).lease();
            match deadline.bound(wait).await {
                Some(Some(lease)) => return Ok(lease),
                // It ended: look for another.
                Some(None) => deadline
                    .bound(tokio::task::yield_now())
                    .await
                    .unwrap_or_default(),
                None => {
                    let width = self.settings.in_flight;
                    return Err(Error::unavailable(format!(
                        "every connection has {width} operations in flight"
                    )));
                }
            }
        }
    }

    /// For a read the one of this thread, while it has room; for everything else the least busy that is everybody's.
    fn best(&self, purpose: Purpose, avoid: Option<&Arc<Connection>>) -> Option<Arc<Connection>> {
        let state = self.state();
        let fit = state.connections.iter().filter(|connection| {
            connection.is_open() && (purpose == Purpose::Read || connection.lane.is_none())
        });
        let avoided = |connection: &Arc<Connection>| {
            avoid.is_some_and(|avoid| Arc::ptr_eq(avoid, connection))
        };
        fit.min_by_key(|connection| {
            let far = match &connection.lane {
                Some(lane) if lane.is_here() => 0,
                None => 1,
                Some(_) => 2,
            };
            let busy = connection.in_flight();
            let full = busy >= self.settings.in_flight;
            (avoided(connection), full, far, busy)
        })
        .cloned()
    }

    /// Waits for the next connection, or for the reason why there is none.
    async fn await_connection(
        &self,
        changes: &mut watch::Receiver<u64>,
        begun: Instant,
        deadline: Deadline,
    ) -> Result<(), Error> {
        {
            let state = self.state();
            if let Some(reason) = state.gate.closed(Instant::now()) {
                return Err(Error::BindRefused {
                    reason: reason.to_owned(),
                });
            }
            if begun.elapsed() >= PATIENCE
                && state.last_failure.is_some_and(|failure| failure > begun)
                && let Some(problem) = &state.problem
            {
                return Err(problem.clone());
            }
        }
        self.wake.notify_one();
        if deadline.bound(changes.changed()).await.is_some() {
            return Ok(());
        }
        let problem = self.state().problem.clone();
        Err(problem.unwrap_or_else(|| Error::unavailable("no connection in time")))
    }

    /// Puts a new connection among the others. Those that lead elsewhere are left to finish what runs on them.
    pub(super) fn install(&self, connection: Connection, replaces: Option<&Arc<Connection>>) {
        let place = connection.place;
        let count = {
            let mut state = self.state();
            state.connections.retain(|old| {
                old.place == place && !replaces.is_some_and(|replaced| Arc::ptr_eq(old, replaced))
            });
            state.connections.push(Arc::new(connection));
            if state.current.replace(place).is_some_and(|old| old != place) {
                state.moves += 1;
            }
            state.problem = None;
            state.failures = 0;
            state.gate.accepted();
            state.connections.len()
        };
        measure::connections(count);
        self.tell();
    }

    /// Notes that no connection could be made.
    pub(super) fn failed(&self, error: Error) {
        {
            let mut state = self.state();
            let now = Instant::now();
            if let Error::BindRefused { reason } = &error {
                state.gate.refused(now, reason.clone());
            }
            state.failures = state.failures.saturating_add(1);
            state.last_failure = Some(now);
            state.problem = Some(error);
        }
        self.tell();
    }

    pub(super) fn health(&self) -> Health {
        let state = self.state();
        let connections = state
            .connections
            .iter()
            .filter(|connection| connection.is_open())
            .count();
        let server = state.current.filter(|_| connections > 0).and_then(|place| {
            let (server, _) = self.servers.get(place.server)?;
            Some(format!("{server} ({})", place.address.ip()))
        });
        Health {
            ready: connections > 0,
            connections,
            server,
            problem: state.problem.as_ref().map(ToString::to_string),
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.wake.notify_one();
    }
}

/// How long to wait after so many failures in a row: from a quarter of a second to half a minute, never quite the same.
pub(super) fn backoff(failures: u32, jitter: f64) -> Duration {
    let step = Duration::from_millis(250) * 2_u32.pow(failures.saturating_sub(1).min(7));
    step.min(Duration::from_secs(30))
        .mul_f64(0.75 + jitter / 2.0)
}

/// A number from 0 to 1 that differs from process to process and from call to call; for spreading load, not for secrets.
pub(super) fn jitter() -> f64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let number = RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(number >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_between_attempts_grows_and_is_spread() {
        assert_eq!(backoff(1, 0.5), Duration::from_millis(250));
        assert_eq!(backoff(4, 0.5), Duration::from_secs(2));
        assert_eq!(backoff(u32::MAX, 0.5), Duration::from_secs(30));
        assert!(backoff(4, 0.0) < backoff(4, 1.0));
        let numbers: Vec<f64> = (0..10).map(|_| jitter()).collect();
        assert!(numbers.iter().all(|number| (0.0..=1.0).contains(number)));
        assert!(
            numbers
                .iter()
                .any(|number| (number - numbers[0]).abs() > 1e-6),
            "{numbers:?}"
        );
    }
}
