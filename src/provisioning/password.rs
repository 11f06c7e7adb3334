//! First passwords for accounts whose provider sends none.

use secrecy::SecretString;

use super::Error;

/// No character that looks like another one, none that a shell or a form would take amiss.
const ALPHABET: &[u8; 64] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789!-._+=:";

/// 32 random characters of an alphabet of 64: 192 bits, with an upper-case letter, a lower-case letter, a digit and a
/// sign, as Active Directory's complexity rule wants (MS-SAMR §3.1.1.7.2). Nobody is told this password.
///
/// # Errors
/// When the operating system gives no random bytes.
pub(super) fn generate() -> Result<SecretString, Error> {
    loop {
        let mut bytes = [0u8; 32];
        getrandom::fill(&mut bytes).map_err(|error| Error::Internal {
            reason: format!("no random bytes for a first password: {error}"),
        })?;
        let password: String = bytes
            .iter()
            .map(|byte| char::from(ALPHABET[usize::from(byte % 64)]))
            .collect();
        if is_complex(&password) {
            return Ok(password.into());
        }
    }
}

fn is_complex(password: &str) -> bool {
    password.chars().any(|c| c.is_ascii_uppercase())
        && password.chars().any(|c| c.is_ascii_lowercase())
        && password.chars().any(|c| c.is_ascii_digit())
        && password.chars().any(|c| c.is_ascii_punctuation())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn first_passwords_are_long_complex_and_never_the_same() {
        let passwords: std::collections::BTreeSet<String> = (0..200)
            .map(|_| generate().unwrap().expose_secret().to_owned())
            .collect();
        assert_eq!(passwords.len(), 200);
        assert!(
            passwords
                .iter()
                .all(|password| password.len() == 32 && is_complex(password))
        );
    }
}
