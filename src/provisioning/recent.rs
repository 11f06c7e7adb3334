//! What was seen within the last hour, in bounded memory.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long something counts as seen.
const AGE: Duration = Duration::from_secs(60 * 60);

/// How many things are remembered. What comes when all are fresh is not.
const MOST: usize = 4096;

/// Remembers what was seen, each for an hour after it was first seen.
#[derive(Debug)]
pub(super) struct Recent<K> {
    seen: Mutex<HashMap<K, Instant>>,
}

impl<K> Default for Recent<K> {
    fn default() -> Self {
        Self {
            seen: Mutex::new(HashMap::new()),
        }
    }
}

impl<K: Eq + Hash> Recent<K> {
    /// Remembers that this was seen. False when it is remembered already, or the memory is full.
    pub(super) fn add(&self, key: K) -> bool {
        self.add_at(key, Instant::now())
    }

    /// Whether this was seen within the last hour.
    pub(super) fn contains(&self, key: &K) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(key).is_some_and(|since| since.elapsed() < AGE)
    }

    fn add_at(&self, key: K, now: Instant) -> bool {
        let fresh = |since: &Instant| now.duration_since(*since) < AGE;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.get(&key).is_some_and(fresh) {
            return false;
        }
        if seen.len() >= MOST {
            seen.retain(|_, since| fresh(since));
        }
        if seen.len() >= MOST {
            return false;
        }
        seen.insert(key, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_new_once_an_hour() {
        let (recent, now) = (Recent::default(), Instant::now());
        assert!(recent.add_at("a", now));
        assert!(!recent.add_at("a", now + AGE / 2), "it is not renewed");
        assert!(recent.add_at("b", now + AGE / 2));
        assert!(recent.add_at("a", now + AGE));
        assert!(recent.contains(&"a") && !recent.contains(&"c"));
    }

    #[test]
    fn what_does_not_fit_is_not_new_until_there_is_room() {
        let (recent, now) = (Recent::default(), Instant::now());
        assert!((0..MOST).all(|number| recent.add_at(number, now)));
        assert!(!recent.add_at(MOST, now));
        assert!(recent.add_at(MOST, now + AGE));
        assert_eq!(
            recent.seen.lock().unwrap().len(),
            1,
            "the old ones are gone"
        );
    }
}
