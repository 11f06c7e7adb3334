//! The moment by which an answer must be there.

use std::future::Future;
use std::time::{Duration, Instant};

/// The moment by which an operation must be over: connecting, TLS, bind and every round trip together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// So much time from now.
    #[must_use]
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// At this moment.
    #[must_use]
    pub const fn at(moment: Instant) -> Self {
        Self(moment)
    }

    /// The time that is left; zero when the moment has passed.
    #[must_use]
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether the moment has passed.
    #[must_use]
    pub fn passed(self) -> bool {
        self.remaining().is_zero()
    }

    /// The earlier of this deadline and one so much time from now.
    #[must_use]
    pub fn or_after(self, time: Duration) -> Self {
        self.min(Self::after(time))
    }

    /// So much earlier than this one: for a part of the work, when the rest needs time as well.
    #[must_use]
    pub fn earlier_by(self, time: Duration) -> Self {
        Self(self.0.checked_sub(time).unwrap_or(self.0))
    }

    /// At least so much time from now, even where this deadline is nearer: for what must be tried once more after it.
    #[must_use]
    pub fn but_at_least(self, time: Duration) -> Self {
        self.max(Self::after(time))
    }

    /// The outcome of the future, or `None` when the deadline came first; the future is dropped then.
    pub(super) async fn bound<F: Future>(self, future: F) -> Option<F::Output> {
        tokio::time::timeout_at(self.0.into(), future).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_future_that_never_ends_is_given_up_at_the_deadline() {
        let begun = Instant::now();
        let deadline = Deadline::after(Duration::from_millis(30));
        assert_eq!(deadline.bound(std::future::pending::<()>()).await, None);
        assert!(begun.elapsed() >= Duration::from_millis(30));
        assert!(deadline.passed());
    }

    #[test]
    fn a_nearer_deadline_wins_and_a_grace_never_shortens() {
        let far = Deadline::after(Duration::from_secs(60));
        assert!(far.or_after(Duration::from_secs(1)).remaining() <= Duration::from_secs(1));
        let earlier = far.earlier_by(Duration::from_secs(59));
        assert!(earlier.remaining() <= Duration::from_secs(1) && !earlier.passed());
        assert!(far.but_at_least(Duration::from_secs(1)).remaining() > Duration::from_secs(50));
    }
}
