//! A request's id: under it client, log and journal find the same request.

use std::time::Instant;

use actix_web::http::header::HeaderMap;
use uuid::Uuid;

/// The header that carries it, both ways.
pub(super) const HEADER: &str = "x-request-id";

/// What is known of a request before anything else.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) id: String,
    pub(super) began: Instant,
}

impl Identity {
    /// The client's own id where it is harmless in a log, else a new one.
    pub(super) fn of(headers: &HeaderMap) -> Identity {
        let own = headers
            .get(HEADER)
            .and_then(|value| value.to_str().ok())
            .filter(|id| harmless(id));
        let id = own.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
        Identity {
            id,
            began: Instant::now(),
        }
    }
}

fn harmless(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_short_plain_id_is_taken_from_the_client() {
        assert!(harmless("6f1c-A.b_9"));
        for wrong in ["", "a b", "a\"b", "é", "a\nb", "a/b", &"x".repeat(65)] {
            assert!(!harmless(wrong), "{wrong:?}");
        }
    }
}
