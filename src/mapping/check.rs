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
    /// The value in an entry's name in 389 DS: letters, digits and ASCII punctuation, with single spaces inside. Of other
    /// names the server (2.3.1) keeps another spelling, or the old value when they change.
    PlainName,
    /// Only ASCII, for attributes of syntax IA5 String such as `mail` in RFC 4524.
    Ascii,
    /// Only what a Printable String may hold (RFC 4517 §3.3.29), for attributes of syntax Telephone Number such as
    /// `telephoneNumber` in RFC 4519.
    TelephoneNumber,
    /// Two letters, as in ISO 3166-1.
    CountryCode,
}

const SAM_REFUSES: &str = "\"/\\[]:;|=,+*?<>@";
/// What a Printable String may hold beside ASCII letters and digits.
const PRINTABLE: &str = "'()+,-.=/:? ";

impl Check {
    /// Every name a mapping file may use.
    pub(super) const NAMES: [&'static str; 8] = [
        "sam-account-name",
        "group-account-name",
        "common-name",
        "user-principal-name",
        "plain-name",
        "ascii",
        "telephone-number",
        "country-code",
    ];

    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "sam-account-name" => Self::SamAccountName,
            "group-account-name" => Self::GroupAccountName,
            "common-name" => Self::CommonName,
            "user-principal-name" => Self::UserPrincipalName,
            "plain-name" => Self::PlainName,
            "ascii" => Self::Ascii,
            "telephone-number" => Self::TelephoneNumber,
            "country-code" => Self::CountryCode,
            _ => return None,
        })
    }

    /// Whether the rule is the attribute's syntax, so that no value in a directory that keeps syntaxes breaks it, and
    /// none can be compared with a text that does. The other rules are stricter than what may be in a directory already.
    pub(super) const fn is_syntax(self) -> bool {
        matches!(self, Self::Ascii | Self::TelephoneNumber)
    }

    /// The check that belongs to an attribute with this equality rule, named or by its OID (RFC 4517 §4.2): the rule
    /// compares with nothing else.
    pub fn of_equality_rule(rule: &str) -> Option<Self> {
        let is = |names: &[&str]| names.iter().any(|name| rule.eq_ignore_ascii_case(name));
        if is(&[
            "caseIgnoreIA5Match",
            "1.3.6.1.4.1.1466.109.114.2",
            "caseExactIA5Match",
            "1.3.6.1.4.1.1466.109.114.1",
        ]) {
            Some(Self::Ascii)
        } else if is(&["telephoneNumberMatch", "2.5.13.20"]) {
            Some(Self::TelephoneNumber)
        } else {
            None
        }
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
            Self::PlainName => plain_name(text),
            Self::Ascii => (!text.is_ascii()).then(|| {
                "may hold ASCII characters only (the directory's syntax is IA5 String)".into()
            }),
            Self::TelephoneNumber => text
                .chars()
                .any(|c| !c.is_ascii_alphanumeric() && !PRINTABLE.contains(c))
                .then(|| {
                    "may hold ASCII letters, digits, spaces and `'()+,-.=/:?` only (the directory's syntax is Telephone Number)".into()
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

fn plain_name(text: &str) -> Option<String> {
    let plain = |c: char| c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ';
    if text.trim() != text || text.contains("  ") {
        return Some(
            "may have single spaces only, and none at its ends, since it names the entry".into(),
        );
    }
    text.chars().any(|c| !plain(c)).then(|| {
        "may hold letters, digits, ASCII punctuation and spaces only, since it names the entry"
            .into()
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
            (
                Check::TelephoneNumber,
                "+34 (91) 555-01.02, ext=7/8:9?",
                true,
            ),
            (Check::TelephoneNumber, "555 #12", false),
            (Check::TelephoneNumber, "teléfono", false),
            (Check::TelephoneNumber, "1\n2", false),
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
    fn what_a_rule_compares_is_a_check() {
        for (rule, check) in [
            ("caseIgnoreIA5Match", Some(Check::Ascii)),
            ("1.3.6.1.4.1.1466.109.114.1", Some(Check::Ascii)),
            ("TELEPHONENUMBERMATCH", Some(Check::TelephoneNumber)),
            ("caseIgnoreMatch", None),
        ] {
            assert_eq!(Check::of_equality_rule(rule), check, "{rule}");
            assert!(check.is_none_or(Check::is_syntax), "{rule}");
        }
        assert!(!Check::CommonName.is_syntax());
    }

    #[test]
    fn every_check_has_a_name() {
        assert!(Check::NAMES.iter().all(|name| Check::parse(name).is_some()));
    }
}
