//! What every log line of a request carries: its id and the client. Never the query string, the body, a token or an id
//! from the path.

use tracing::{Span, field};

use super::identity::Identity;

/// The span around a request. What is recorded later is written anew by every line of the request, so it is the client
/// only.
pub(super) fn of(identity: &Identity) -> Span {
    tracing::info_span!("request", request_id = identity.id, client = field::Empty)
}

/// The method's name, from a closed list: a client may send any word.
pub(super) fn method(name: &str) -> &'static str {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
        .into_iter()
        .find(|known| *known == name)
        .unwrap_or("other")
}
