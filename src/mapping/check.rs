//! Rules of attributes that directories enforce late, obscurely, or not at all: checked before anything is sent.

/// A rule by name, as `check = "…"` in a mapping file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// A user's sAMAccountName (adschema a-samaccountname): at most 20 characters, none of `"/\[]:;|=,+*?<>@` and no
    /// control character, no trailing dot, not only spaces and dots.
    SamAccountName,
    /// A group's sAMAccountName: the same characters, at most 256 of them.
    GroupAccountName,
    /// cn in Active Directory (MS-ADA1, rangeUpper 64): at most 64 characters, no control character.
    CommonName,
    /// userPrincipalName: at most 1,024 characters, no control character, no backslash, no spaces at the ends, one `@` at
    /// most and something on both sides of it.
    UserPrincipalName,
    /// Only ASCII, for attributes of syntax IA5 String such as `mail` in RFC 4524.
    Ascii,
    /// Two letters, as in ISO 3166-1.
    CountryCode,
}

const SAM_REFUSES: &str = "\"/\\[]:;|=,+*?<>@";

impl Check {
    /// Every name a mapping file may use.
    pub(super) const NAMES: [&'static str; 6] = [
        "sam-account-name",
        "group-account-name",
        "common-name",
        "user-principal-name",
        "ascii",
        "country-code",
    ];

    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "sam-account-name" => Self::SamAccountName,
            "group-account-name" => Self::GroupAccountName,
            "common-name" => Self::CommonName,
            "user-principal-name" => Self::UserPrincipalName,
            "ascii" => Self::Ascii,
            "country-code" => Self::CountryCode,
            _ => return None,
        })
    }

    /// The rule that the value breaks, as the end of a sentence that begins with the attribute.
    pub(super) fn broken_by(self, text: &str) -> Option<String> {
        match self {
            Self::SamAccountName => account_name(text, 20),
            Self::GroupAccountName => account_name(text, 256),
            Self::CommonName => at_most(text, 64).or_else(|| no_control(text)),
            Self::UserPrincipalName => at_most(text, 1024)
                .or_else(|| no_control(text))
                .or_else(|| principal(text)),
            Self::Ascii => (!text.is_ascii()).then(|| {
                "may hold ASCII characters only (the directory's syntax is IA5 String)".into()
            }),
            Self::CountryCode => (text.len() != 2
                || !text.bytes().all(|b| b.is_ascii_alphabetic()))
            .then(|| "must be a country code of two letters (ISO 3166-1)".into()),
        }
    }
}

/// Whether a character may be part of a sAMAccountName.
pub(super) fn may_be_in_account_name(c: char) -> bool {
    !c.is_control() && !SAM_REFUSES.contains(c)
}

pub(super) fn at_most(text: &str, most: usize) -> Option<String> {
    let length = text.chars().count();
    (length > most)
        .then(|| format!("may have at most {most} characters, and this value has {length}"))
}

fn no_control(text: &str) -> Option<String> {
    text.chars()
        .any(char::is_control)
        .then(|| "may not contain control characters".into())
}

fn account_name(text: &str, most: usize) -> Option<String> {
    at_most(text, most)
        .or_else(|| no_control(text))
        .or_else(|| {
            if let Some(refused) = text.chars().find(|c| SAM_REFUSES.contains(*c)) {
                return Some(format!(
                    "may not contain `{refused}`, nor any other of {SAM_REFUSES}"
                ));
            }
            if text.ends_with('.') {
                return Some("may not end with a dot".into());
            }
            text.chars()
                .all(|c| c == ' ' || c == '.')
                .then(|| "may not be made of spaces and dots only".into())
        })
}

fn principal(text: &str) -> Option<String> {
    if text.trim() != text {
        return Some("may not begin or end with a space".into());
    }
    if text.matches('@').count() > 1 || text.starts_with('@') || text.ends_with('@') {
        return Some("may contain one `@` only, with something before and after it".into());
    }
    if text.contains('\\') {
        // Kerberos escapes with it (RFC 1964 §2.1.1): Samba fails on what does not read as an escape.
        return Some("may not contain a backslash".into());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_judged_as_the_directory_would() {
        let table: &[(Check, &str, bool)] = &[
            (Check::SamAccountName, "ana.ruiz", true),
            (Check::SamAccountName, "12345678901234567890", true),
            (Check::SamAccountName, "123456789012345678901", false),
            (Check::SamAccountName, "ana@example", false),
            (Check::SamAccountName, "ana.", false),
            (Check::SamAccountName, "a\u{7}b", false),
            (Check::SamAccountName, " . ", false),
            (
                Check::GroupAccountName,
                "A group with quite a long name",
                true,
            ),
            (Check::GroupAccountName, "R+D", false),
            (Check::CommonName, "Ana Ruiz, jr", true),
            (Check::UserPrincipalName, "ana@example.com", true),
            (Check::UserPrincipalName, "ana", true),
            (Check::UserPrincipalName, "a@b@c", false),
            (Check::UserPrincipalName, "@c", false),
            (Check::UserPrincipalName, " a@c", false),
            (Check::UserPrincipalName, "EXAMPLE\\ana", false),
            (Check::Ascii, "ana@example.com", true),
            (Check::Ascii, "añá@example.com", false),
            (Check::CountryCode, "ES", true),
            (Check::CountryCode, "Spain", false),
        ];
        for (check, text, accepted) in table {
            assert_eq!(
                check.broken_by(text).is_none(),
                *accepted,
                "{check:?} of {text:?}"
            );
        }
    }

    #[test]
    fn length_counts_characters_not_octets() {
        assert_eq!(Check::CommonName.broken_by(&"é".repeat(64)), None);
        assert_eq!(
            Check::CommonName.broken_by(&"é".repeat(65)).as_deref(),
            Some("may have at most 64 characters, and this value has 65")
        );
    }

    #[test]
    fn every_check_has_a_name() {
        assert!(Check::NAMES.iter().all(|name| Check::parse(name).is_some()));
    }
}
