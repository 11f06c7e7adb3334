//! The gate before binds: a refused bind closes it for a while, so that a wrong password does not lock the account.

use std::time::{Duration, Instant};

/// Lets a bind through, or not yet.
#[derive(Debug)]
pub(super) struct Gate {
    first: Duration,
    limit: Duration,
    /// Until when it is closed, for how long that was in all, and why.
    closed: Option<(Instant, Duration, String)>,
}

impl Gate {
    pub(super) const fn new(first: Duration, limit: Duration) -> Self {
        Self {
            first,
            limit,
            closed: None,
        }
    }

    /// Why no bind may be tried at this moment.
    pub(super) fn closed(&self, now: Instant) -> Option<&str> {
        self.closed
            .as_ref()
            .filter(|(until, ..)| now < *until)
            .map(|(.., reason)| reason.as_str())
    }

    /// When it opens; none when it is open.
    pub(super) fn opens(&self, now: Instant) -> Option<Instant> {
        self.closed
            .as_ref()
            .map(|(until, ..)| *until)
            .filter(|until| now < *until)
    }

    /// A bind was refused: the pause doubles each time, up to the limit.
    pub(super) fn refused(&mut self, now: Instant, reason: String) {
        let pause = match &self.closed {
            Some((_, last, _)) => (*last * 2).min(self.limit),
            None => self.first,
        };
        self.closed = Some((now + pause, pause, reason));
    }

    /// A bind was accepted.
    pub(super) fn accepted(&mut self) {
        self.closed = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_after_a_refused_bind_grows_to_ten_minutes_and_is_forgotten_after_an_accepted_one()
    {
        let mut gate = Gate::new(Duration::from_secs(30), Duration::from_secs(600));
        let mut now = Instant::now();
        assert_eq!(gate.closed(now), None);
        for pause in [30, 60, 120, 240, 480, 600, 600] {
            gate.refused(now, "wrong".into());
            let pause = Duration::from_secs(pause);
            assert_eq!(gate.opens(now), Some(now + pause));
            assert_eq!(
                gate.closed(now + pause - Duration::from_millis(1)),
                Some("wrong")
            );
            now += pause;
            assert_eq!(gate.closed(now), None);
        }
        gate.accepted();
        gate.refused(now, "wrong".into());
        assert_eq!(gate.opens(now), Some(now + Duration::from_secs(30)));
    }
}
