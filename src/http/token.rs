//! Bearer tokens as they are kept: only their SHA-256. A token is 256 random bits, so a fast hash is enough; there is
//! nothing to guess.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The SHA-256 of a bearer token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a token's bytes.
    pub fn of(token: &str) -> TokenHash {
        TokenHash(Sha256::digest(token.as_bytes()).into())
    }

    /// `sha256:` and 64 hexadecimal digits, as [`Display`](fmt::Display) writes it.
    pub fn parse(text: &str) -> Option<TokenHash> {
        let digits = text.strip_prefix("sha256:")?.as_bytes();
        let mut bytes = [0; 32];
        if digits.len() != 64 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair
                .iter()
                .try_fold(0, |sum, digit| Some(sum << 4 | nibble(*digit)?))?;
        }
        Some(TokenHash(bytes))
    }

    /// The 32 bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Equality that takes the same time whatever the bytes.
    pub(super) fn matches(&self, other: &TokenHash) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

impl fmt::Display for TokenHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("sha256:")?;
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_hash_is_that_of_sha256sum() {
        assert_eq!(
            TokenHash::of("abc").to_string(),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn what_is_no_hash_is_not_taken_for_one() {
        let good = TokenHash::of("abc").to_string();
        for wrong in [
            "",
            "sha256:",
            "ba78",
            &good[7..],
            &good[..70],
            &format!("{good}0"),
            &good.replace('b', "g"),
            &format!("sha256:{}", "+1".repeat(32)),
        ] {
            assert_eq!(TokenHash::parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_printed_hash_is_read_back(token in ".{0,64}") {
            let hash = TokenHash::of(&token);
            prop_assert!(TokenHash::parse(&hash.to_string()).is_some_and(|read| read.matches(&hash)));
        }

        #[test]
        fn different_tokens_do_not_match(one in "[a-z]{1,20}", other in "[a-z]{1,20}") {
            prop_assume!(one != other);
            prop_assert!(!TokenHash::of(&one).matches(&TokenHash::of(&other)));
        }
    }
}
