//! `token new`

use std::io;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Outcome, Streams};
use crate::http::TokenHash;

/// Prints a new token of 256 random bits, and its hash. The token is kept nowhere.
pub(super) fn new(streams: &mut Streams<'_>) -> io::Result<Outcome> {
    let mut bytes = [0; 32];
    if let Err(error) = getrandom::fill(&mut bytes) {
        writeln!(streams.errors, "the system gives no random bytes: {error}")?;
        return Ok(Outcome::Failed);
    }
    // The prefix lets secret scanners know it for what it is.
    let token = format!("scimbridge_{}", URL_SAFE_NO_PAD.encode(bytes));
    writeln!(streams.output, "token: {token}")?;
    writeln!(streams.output, "hash: {}", TokenHash::of(&token))?;
    writeln!(
        streams.errors,
        "hint: paste the token into the identity provider, it is not shown again; write the hash into `tokens` of a `[[clients]]`"
    )?;
    Ok(Outcome::Done)
}
