//! The task that looks after the connections: opens, replaces, probes and moves them.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::capabilities::root_dse_query;
use super::connection::{Connection, Opening, Place};
use super::deadline::Deadline;
use super::error::Error;
use super::lane::{Lane, Vacancy};
use super::measure;
use super::pool::{Pool, backoff, jitter};

/// A look at the connections at least this often.
const TICK: Duration = Duration::from_secs(1);
/// However many callers want a connection, attempts are this far apart.
const BREATH: Duration = Duration::from_millis(200);

/// Looks after the connections until nobody uses them any more.
pub(super) async fn maintain(pool: Weak<Pool>) {
    let Some(wake) = pool.upgrade().map(|pool| Arc::clone(&pool.wake)) else {
        return;
    };
    loop {
        let pause = match pool.upgrade() {
            Some(pool) => pool.look_after().await,
            None => return,
        };
        // A wish for a connection, or the end of one, shortens the wait, but not to nothing.
        if Deadline::after(pause)
            .bound(wake.notified())
            .await
            .is_some()
        {
            let breath = pool.upgrade().map(|pool| pool.breath()).unwrap_or_default();
            tokio::time::sleep(breath).await;
        }
    }
}

impl Pool {
    /// What is left of the least time between two attempts.
    fn breath(&self) -> Duration {
        let state = self.state();
        state.last_failure.map_or(Duration::ZERO, |failure| {
            BREATH.saturating_sub(failure.elapsed())
        })
    }

    /// One look at the connections. Answers how long until the next.
    async fn look_after(self: Arc<Self>) -> Duration {
        self.sweep();
        self.probe_idle();
        if let Some(opens) = self.state().gate.opens(Instant::now()) {
            return opens
                .saturating_duration_since(Instant::now())
                .min(TICK * 30);
        }
        match self.fill().await {
            Ok(()) => TICK,
            Err(error) => {
                tracing::warn!(%error, "no connection to the directory could be opened");
                self.failed(error);
                let failures = self.state().failures;
                backoff(failures, jitter())
            }
        }
    }

    /// Takes out what has ended.
    fn sweep(&self) {
        let (ended, left) = {
            let mut state = self.state();
            let (open, ended): (Vec<_>, Vec<_>) = state
                .connections
                .drain(..)
                .partition(|connection| connection.is_open());
            state.connections = open;
            (ended, state.connections.len())
        };
        for connection in &ended {
            let reason = connection.end().unwrap_or_default();
            tracing::info!(address = %connection.place.address, reason, "a connection to the directory ended");
        }
        measure::connections(left);
    }

    /// Asks servers that have been silent for a while, or late, whether they are there. A connection without an answer
    /// is given up: a server that hangs, or a path that swallows packets, is noticed in no other way.
    fn probe_idle(self: &Arc<Self>) {
        let interval = self.settings.probe_interval;
        let due: Vec<_> = self
            .state()
            .connections
            .iter()
            .filter(|one| one.claim_probe(interval))
            .cloned()
            .collect();
        let patience = self
            .settings
            .operation_timeout
            .min(self.settings.connect_timeout);
        for connection in due {
            self.runtime.spawn(async move {
                let mut query = root_dse_query(false);
                query.attributes = vec!["supportedLDAPVersion".to_owned()];
                let alive = connection.search(query, Deadline::after(patience)).await.is_ok();
                if !alive {
                    tracing::warn!(address = %connection.place.address, "the directory does not answer; its connection is given up");
                }
                connection.probed(alive);
            });
        }
    }

    /// Opens what is missing, replaces what has expired, goes back to the preferred server.
    async fn fill(&self) -> Result<(), Error> {
        self.go_back().await;
        while let Some(Vacancy { lane, replaces }) = self.vacancy() {
            match self.open_current(lane.clone()).await {
                Ok(connection) => self.install(connection, replaces.as_ref()),
                // Its thread has ended meanwhile.
                Err(_) if lane.is_some_and(|lane| !self.has(&lane)) => {}
                Err(error) => return Err(error),
            }
        }
        let most = self.settings.max_operations;
        let expired = self
            .state()
            .connections
            .iter()
            .find(|one| one.has_expired(most))
            .cloned();
        if let Some(expired) = expired {
            let connection = self.open_current(expired.lane.clone()).await?;
            self.install(connection, Some(&expired));
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Tries the preferred server while another is in use.
    async fn go_back(&self) {
        {
            let mut state = self.state();
            let elsewhere = state.current.is_some_and(|place| place.server != 0);
            if state.connections.is_empty()
                || !elsewhere
                || state.last_fail_back.elapsed() < self.settings.fail_back_interval
            {
                return;
            }
            state.last_fail_back = Instant::now();
        }
        match self.open(0, None, None).await {
            Ok(connection) => {
                tracing::info!(address = %connection.place.address, "back to the preferred directory server");
                self.install(connection, None);
            }
            Err(error) => {
                // It counts as a bind that was tried, but the connections in use are good.
                if let Error::BindRefused { .. } = error {
                    self.failed(error);
                }
            }
        }
    }

    /// Where the other connections lead, or anywhere when there are none.
    async fn open_current(&self, lane: Option<Arc<Lane>>) -> Result<Connection, Error> {
        let current = {
            let state = self.state();
            state.current.filter(|_| !state.connections.is_empty())
        };
        let Some(place) = current else {
            return self.open_anywhere().await;
        };
        let connection = self.open(place.server, Some(place), lane).await?;
        if connection.place != place && !self.state().connections.is_empty() {
            return Err(Error::unavailable(format!(
                "{} did not answer, another address of its name did",
                place.address
            )));
        }
        Ok(connection)
    }

    /// Where the last connections led, else to the first server that answers.
    async fn open_anywhere(&self) -> Result<Connection, Error> {
        let last = self.state().current;
        let mut order: Vec<usize> = last.iter().map(|place| place.server).collect();
        order.extend(
            (0..self.servers.len()).filter(|index| Some(*index) != last.map(|place| place.server)),
        );
        let mut problems = Vec::new();
        for index in order {
            match self
                .open(index, last.filter(|place| place.server == index), None)
                .await
            {
                Ok(connection) => {
                    let mut state = self.state();
                    state.last_fail_back = Instant::now();
                    return Ok(connection);
                }
                // The account is the same everywhere: asking another server would only count as one more failure.
                Err(error @ Error::BindRefused { .. }) => return Err(error),
                Err(Error::Unavailable { reason }) => problems.push(reason),
                Err(error) => problems.push(error.to_string()),
            }
        }
        Err(Error::unavailable(problems.join("; ")))
    }

    async fn open(
        &self,
        index: usize,
        place: Option<Place>,
        lane: Option<Arc<Lane>>,
    ) -> Result<Connection, Error> {
        let Some((server, tls)) = self.servers.get(index) else {
            return Err(Error::unavailable("no such server is configured"));
        };
        let opening = Opening {
            settings: &self.settings,
            server,
            index,
            tls: Arc::clone(tls),
            address: place.map(|place| place.address),
            runtime: &self.runtime,
            lane,
            ended: Arc::clone(&self.wake),
            jitter: jitter(),
        };
        let connection =
            Connection::open(opening, Deadline::after(self.settings.connect_timeout)).await;
        measure::attempt(match &connection {
            Ok(_) => "ok",
            Err(Error::BindRefused { .. }) => "bind_refused",
            Err(_) => "unavailable",
        });
        connection
    }
}
