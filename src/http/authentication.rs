//! Who is calling: bearer tokens (RFC 6750 §2.1), compared by hash.

use super::settings::Client;
use super::token::TokenHash;
use crate::scim::Leniency;

/// Longest `Authorization` value that is looked at, in bytes.
const LONGEST: usize = 4096;

/// The client behind an `Authorization` header's value; `None` for no, an empty, a malformed or a wrong credential.
///
/// Every live token of every client is compared, whichever matches, so that the time tells nothing.
pub(super) fn authenticate<'a>(
    clients: &'a [Client],
    authorization: Option<&[u8]>,
) -> Option<&'a Client> {
    let credential = Credential::read(authorization?)?;
    let hash = TokenHash::of(credential.token);
    let mut found = None;
    for client in clients {
        for token in &client.tokens {
            if token.matches(&hash) {
                found = Some(client);
            }
        }
    }
    found.filter(|client| !credential.bare || client.dialect.allows(Leniency::BareToken))
}

struct Credential<'a> {
    token: &'a str,
    /// Without the word `Bearer` before it: with none, or with the client's own.
    bare: bool,
}

impl<'a> Credential<'a> {
    fn read(value: &'a [u8]) -> Option<Credential<'a>> {
        if value.len() > LONGEST {
            return None;
        }
        let text = std::str::from_utf8(value).ok()?.trim();
        let (token, bare) = match text.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                (token.trim_start(), false)
            }
            Some((_, token)) => (token.trim_start(), true),
            None => (text, true),
        };
        let visible = |letter: char| letter.is_ascii_graphic();
        (!token.is_empty() && token.chars().all(visible)).then_some(Credential { token, bare })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::Dialect;

    fn clients() -> Vec<Client> {
        let client = |name: &str, tokens: &[&str], dialect| Client {
            name: name.to_owned(),
            tokens: tokens.iter().map(|token| TokenHash::of(token)).collect(),
            dialect,
            me: None,
        };
        vec![
            client("entra", &["old-token", "new-token"], Dialect::lenient()),
            client("lab", &["lab-token"], Dialect::strict()),
        ]
    }

    fn who(value: &str) -> Option<String> {
        authenticate(&clients(), Some(value.as_bytes())).map(|client| client.name.clone())
    }

    #[test]
    fn both_tokens_of_a_client_are_live() {
        assert_eq!(who("Bearer old-token").as_deref(), Some("entra"));
        assert_eq!(who("Bearer new-token").as_deref(), Some("entra"));
        assert_eq!(who("bearer  lab-token").as_deref(), Some("lab"));
    }

    #[test]
    fn no_empty_malformed_or_wrong_credential_is_anyone() {
        assert!(authenticate(&clients(), None).is_none());
        for wrong in [
            "",
            " ",
            "Bearer",
            "Bearer ",
            "Bearer wrong",
            "Bearer old-token x",
            "Basic b2xkLXRva2Vu",
            "Bearer old-toke",
            "Bearer old-token\u{0}",
            "Bearer öld-token",
        ] {
            assert_eq!(who(wrong), None, "{wrong:?}");
        }
        assert!(authenticate(&clients(), Some(b"Bearer \xff")).is_none());
        assert_eq!(who(&format!("Bearer {}", "x".repeat(5000))), None);
    }

    #[test]
    fn the_hash_itself_is_no_token() {
        assert_eq!(who(&format!("Bearer {}", TokenHash::of("old-token"))), None);
    }

    /// Okta's "header" authentication sends what the administrator typed, without a scheme.
    #[test]
    fn bare_token() {
        assert_eq!(who("old-token").as_deref(), Some("entra"));
        assert_eq!(who("lab-token"), None, "a strict client must say Bearer");
        // PingFederate's administrator may choose the word.
        assert_eq!(who("Token old-token").as_deref(), Some("entra"));
        assert_eq!(
            who("Token lab-token"),
            None,
            "a strict client must say Bearer"
        );
    }
}
