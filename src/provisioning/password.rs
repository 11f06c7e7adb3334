//! First passwords for accounts whose provider sends none.

use secrecy::SecretString;

use super::Error;

/// No character that looks like another one, none that a shell or a form would take amiss.
const ALPHABET: &[u8; 64] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789!-._+=:";

/// 24 random characters of an alphabet of 64: 144 bits, with an upper-case letter, a lower-case letter, a digit and a sign,
/// as Active Directory's complexity rule wants (MS-SAMR §3.1.1.7.2). Nobody is told this password.
///
/// The rule also forbids the account's name, and each part of the display name, where they have three characters or more.
/// No account name has a comma in it, and no such part, since commas part them: with a comma in every third place there is
/// room for neither.
///
/// # Errors
/// When the operating system gives no random bytes.
pub(super) fn generate() -> Result<SecretString, Error> {
    loop {
        let mut bytes = [0u8; 35];
        getrandom::fill(&mut bytes).map_err(|error| Error::Internal {
            reason: format!("no random bytes for a first password: {error}"),
        })?;
        let characters = bytes
            .iter()
            .enumerate()
            .map(|(place, byte)| match place % 3 {
                2 => ',',
                _ => char::from(ALPHABET[usize::from(byte % 64)]),
            });
        let password: String = characters.collect();
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
                .all(|password| password.len() == 35 && is_complex(password))
        );
    }

    #[test]
    fn no_part_of_a_name_fits_into_a_first_password() {
        for _ in 0..1_000 {
            let password = generate().unwrap();
            let mut threes = password.expose_secret().as_bytes().windows(3);
            assert!(threes.all(|three| three.contains(&b',')));
        }
    }
}
