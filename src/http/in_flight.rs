//! What is under way: a bound while serving, a thing to wait for while stopping.
//!
//! A ticket travels with the operation, not with the connection, so that an operation whose client hung up still
//! counts, and a stopping bridge still waits for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The operations under way, at most so many.
#[derive(Debug, Clone)]
pub(super) struct InFlight {
    places: Arc<Semaphore>,
    bound: u32,
}

/// A place among them, free again when dropped.
#[derive(Debug)]
pub(super) struct Ticket {
    _place: OwnedSemaphorePermit,
}

impl InFlight {
    pub(super) fn new(bound: usize) -> InFlight {
        let bound = u32::try_from(bound.clamp(1, 65_536)).unwrap_or(1);
        InFlight {
            places: Arc::new(Semaphore::new(bound as usize)),
            bound,
        }
    }

    /// A place, or `None` where all are taken. Nobody queues: a request that cannot be served is refused at once.
    pub(super) fn enter(&self) -> Option<Ticket> {
        Arc::clone(&self.places)
            .try_acquire_owned()
            .ok()
            .map(|place| Ticket { _place: place })
    }

    /// How many are under way.
    pub(super) fn count(&self) -> usize {
        (self.bound as usize).saturating_sub(self.places.available_permits())
    }

    /// Waits until nothing is under way; false when `limit` passed first.
    pub(super) async fn drained(&self, limit: Duration) -> bool {
        let all = self.places.acquire_many(self.bound);
        tokio::time::timeout(limit, all).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_more_than_the_bound_is_refused_and_a_dropped_ticket_frees_its_place() {
        let in_flight = InFlight::new(2);
        let first = in_flight.enter();
        let second = in_flight.enter();
        assert!(first.is_some() && second.is_some() && in_flight.enter().is_none());
        assert_eq!(in_flight.count(), 2);
        drop(first);
        assert!(in_flight.enter().is_some());
    }

    #[tokio::test]
    async fn draining_waits_for_the_last_ticket_and_no_longer_than_allowed() {
        let in_flight = InFlight::new(4);
        let ticket = in_flight.enter();
        assert!(!in_flight.drained(Duration::from_millis(20)).await);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            drop(ticket);
        });
        assert!(in_flight.drained(Duration::from_secs(5)).await);
    }
}
