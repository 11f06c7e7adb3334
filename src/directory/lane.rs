//! Threads that read for themselves.
//!
//! A connection is driven by a task. A read on another thread than this task's wakes that thread up to send, and is woken
//! up to receive; one on the same thread needs neither. So every HTTP thread may have a connection of its own, driven by
//! its own runtime. Only reads go there: when the thread ends, so does the connection, and a read can be sent again, or
//! is not wanted any more. Writes keep to the connections that the bridge's own runtime drives.

use std::sync::{Arc, Weak};
use std::thread::{self, ThreadId};

use tokio::runtime::{Handle, RuntimeFlavor};

use super::connection::Connection;
use super::pool::{Pool, State};

/// A thread with a runtime of its own, which drives a connection for the reads that are made on it.
pub(super) struct Lane {
    thread: ThreadId,
    pub(super) runtime: Handle,
}

impl Lane {
    /// Whether this code runs on it.
    pub(super) fn is_here(&self) -> bool {
        self.thread == thread::current().id()
    }
}

/// The wish that this thread reads for itself; it ends when this is dropped.
#[derive(Debug)]
pub struct ReadsHere {
    pool: Weak<Pool>,
    lane: Option<Arc<Lane>>,
}

impl ReadsHere {
    /// Without effect where this thread does not run a runtime by itself.
    pub(super) fn new(pool: &Arc<Pool>) -> Self {
        let alone = |runtime: &Handle| runtime.runtime_flavor() == RuntimeFlavor::CurrentThread;
        let lane = Handle::try_current().ok().filter(alone).map(|runtime| {
            Arc::new(Lane {
                thread: thread::current().id(),
                runtime,
            })
        });
        if let Some(lane) = &lane {
            pool.state().lanes.push(Arc::clone(lane));
            pool.wake.notify_one();
        }
        Self {
            pool: Arc::downgrade(pool),
            lane,
        }
    }
}

impl Drop for ReadsHere {
    fn drop(&mut self) {
        if let (Some(pool), Some(lane)) = (self.pool.upgrade(), &self.lane) {
            pool.state().lanes.retain(|other| !Arc::ptr_eq(other, lane));
        }
    }
}

impl Pool {
    /// Whether the thread still reads for itself.
    pub(super) fn has(&self, lane: &Arc<Lane>) -> bool {
        self.state().lanes.iter().any(|one| Arc::ptr_eq(one, lane))
    }

    /// The next connection to open.
    pub(super) fn vacancy(&self) -> Option<Vacancy> {
        self.state().vacancy(self.settings.connections)
    }
}

impl std::fmt::Debug for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Lane").field(&self.thread).finish()
    }
}

/// Where a connection is wanted.
pub(super) struct Vacancy {
    /// Whose it will be; none: everybody's.
    pub(super) lane: Option<Arc<Lane>>,
    /// The one that makes way for it.
    pub(super) replaces: Option<Arc<Connection>>,
}

impl State {
    /// The next connection to open, so that there are `most` in all, and at most half of them are lanes'.
    fn vacancy(&self, most: usize) -> Option<Vacancy> {
        let shared: Vec<_> = self
            .connections
            .iter()
            .filter(|connection| connection.lane.is_none())
            .collect();
        let has_none = |lane: &&Arc<Lane>| {
            let own = |connection: &Arc<Connection>| connection.is_of(lane);
            !self.connections.iter().any(own)
        };
        let lane = self.lanes.iter().take(most / 2).find(has_none).cloned();
        if self.connections.len() < most {
            // The first is everybody's: whether there is a directory does not depend on an HTTP thread.
            return Some(Vacancy {
                lane: lane.filter(|_| !shared.is_empty()),
                replaces: None,
            });
        }
        let spare = shared.first().filter(|_| shared.len() > most - most / 2);
        lane.zip(spare).map(|(lane, spare)| Vacancy {
            lane: Some(lane),
            replaces: Some(Arc::clone(spare)),
        })
    }
}
