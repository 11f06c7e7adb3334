//! How one value looks on either side: a JSON value in SCIM, octets in LDAP.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;

use crate::ldap::{DirectoryKind, FileTime, GeneralizedTime, Sid};

/// How a directory marks an account that its administrator has locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// By a moment that locks for good (OpenLDAP's `pwdAccountLockedTime`; draft-behera-ldap-password-policy §5.3.3).
    Time,
    /// By the word `true` (389 DS's `nsAccountLock`), whatever its case.
    Word,
}

impl Lock {
    /// The value that locks.
    pub(super) const fn mark(self) -> &'static [u8] {
        match self {
            Self::Time => b"000001010000Z",
            Self::Word => b"true",
        }
    }

    /// Whether one of the values locks the account.
    pub(super) fn is_in(self, values: &[Vec<u8>]) -> bool {
        values
            .iter()
            .any(|value| value.eq_ignore_ascii_case(self.mark()))
    }
}

/// Translation of single values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// UTF-8 text, octet for octet.
    String,
    /// Text with line breaks in a Postal Address: lines separated by `$` (RFC 4517 §3.3.28).
    PostalAddress,
    /// A whole number in decimal digits.
    Integer,
    /// `TRUE` or `FALSE` (RFC 4517 §3.3.3).
    Boolean,
    /// A GUID in the directory's own form: 16 octets in Active Directory, text elsewhere.
    Guid,
    /// A Windows SID as `S-1-…` (MS-DTYP 2.4.2).
    Sid,
    /// GeneralizedTime as RFC 3339.
    GeneralizedTime,
    /// 100 ns since 1601 as RFC 3339; both ways of writing "never" are no value.
    FileTime,
    /// One bit of a number as a boolean.
    Flag {
        /// The bit's value, such as 2.
        bit: u32,
        /// Whether a set bit means false.
        inverted: bool,
    },
    /// A boolean that is false while the attribute says that the account is locked.
    Locked(Lock),
    /// A DN as the id of another resource.
    Reference,
    /// A password; written, never read.
    Password,
    /// Octets as base64.
    Binary,
}

impl Codec {
    /// Every name a mapping file may use.
    pub(super) const NAMES: [&'static str; 14] = [
        "string",
        "postal-address",
        "integer",
        "boolean",
        "guid",
        "sid",
        "generalized-time",
        "filetime",
        "flag",
        "locked-time",
        "locked",
        "reference",
        "password",
        "binary",
    ];

    /// The codec of that name; a flag gets its bit from the line.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "string" => Self::String,
            "postal-address" => Self::PostalAddress,
            "integer" => Self::Integer,
            "boolean" => Self::Boolean,
            "guid" => Self::Guid,
            "sid" => Self::Sid,
            "generalized-time" => Self::GeneralizedTime,
            "filetime" => Self::FileTime,
            "flag" => Self::Flag {
                bit: 0,
                inverted: false,
            },
            "locked-time" => Self::Locked(Lock::Time),
            "locked" => Self::Locked(Lock::Word),
            "reference" => Self::Reference,
            "password" => Self::Password,
            "binary" => Self::Binary,
            _ => return None,
        })
    }

    /// What the octets mean; `None` when they are not of this codec's form, or mean nothing in SCIM.
    pub(super) fn decode(self, kind: DirectoryKind, octets: &[u8]) -> Option<Value> {
        let text = || std::str::from_utf8(octets).ok();
        Some(match self {
            Self::String => text()?.into(),
            Self::PostalAddress => postal_lines(text()?).into(),
            Self::Integer => text()?.trim().parse::<i64>().ok()?.into(),
            Self::Boolean => match text()? {
                flag if flag.eq_ignore_ascii_case("TRUE") => true.into(),
                flag if flag.eq_ignore_ascii_case("FALSE") => false.into(),
                _ => return None,
            },
            Self::Guid => kind.id_of(octets)?.to_string().into(),
            Self::Sid => Sid::from_bytes(octets).ok()?.to_string().into(),
            Self::GeneralizedTime => GeneralizedTime::parse(text()?)
                .ok()?
                .timestamp()
                .to_string()
                .into(),
            Self::FileTime => FileTime::parse(text()?)
                .ok()?
                .timestamp()?
                .to_string()
                .into(),
            Self::Flag { bit, inverted } => ((number(octets)? & bit != 0) != inverted).into(),
            Self::Locked(_) => false.into(),
            Self::Binary => STANDARD.encode(octets).into(),
            Self::Reference | Self::Password => return None,
        })
    }

    /// The octets for a value, or the rule that it breaks. Flags, locks, references and passwords are written by
    /// their own rules, not here.
    pub(super) fn encode(
        self,
        kind: DirectoryKind,
        value: &Value,
    ) -> Result<Vec<u8>, &'static str> {
        match self {
            Self::String => plain_text(value).map(String::into_bytes),
            Self::PostalAddress => Ok(to_postal_lines(&plain_text(value)?).into_bytes()),
            Self::Integer => match value {
                Value::Number(number) if number.is_i64() || number.is_u64() => {
                    Ok(number.to_string().into_bytes())
                }
                Value::String(text) => match text.trim().parse::<i64>() {
                    Ok(number) => Ok(number.to_string().into_bytes()),
                    Err(_) => Err("must be a whole number"),
                },
                _ => Err("must be a whole number"),
            },
            Self::Boolean => match boolean(value) {
                Some(true) => Ok(b"TRUE".to_vec()),
                Some(false) => Ok(b"FALSE".to_vec()),
                None => Err("must be true or false"),
            },
            Self::Guid => value
                .as_str()
                .and_then(|text| uuid::Uuid::try_parse(text).ok())
                .map(|id| kind.id_value(id))
                .ok_or("must be a GUID such as 00112233-4455-6677-8899-aabbccddeeff"),
            Self::Sid => value
                .as_str()
                .and_then(|text| Sid::parse(text).ok())
                .map(|sid| sid.to_bytes())
                .ok_or("must be a SID such as S-1-5-21-1-2-3-1104"),
            Self::GeneralizedTime => moment(value)
                .and_then(|moment| GeneralizedTime::new(moment).ok())
                .map(|time| match kind {
                    DirectoryKind::ActiveDirectory => time.active_directory(),
                    DirectoryKind::OpenLdap | DirectoryKind::Ds389 => time.to_string(),
                })
                .map(String::into_bytes)
                .ok_or("must be a moment such as 2026-01-31T23:59:59Z"),
            Self::FileTime => moment(value)
                .and_then(|moment| FileTime::from_timestamp(Some(moment)).ok())
                .map(|time| time.to_string().into_bytes())
                .ok_or("must be a moment after 1601 such as 2026-01-31T23:59:59Z"),
            Self::Binary => value
                .as_str()
                .and_then(|text| STANDARD.decode(text).ok())
                .filter(|octets| !octets.is_empty())
                .ok_or("must be base64"),
            Self::Flag { .. } | Self::Locked(_) | Self::Reference | Self::Password => {
                Err("is written by a rule of its own")
            }
        }
    }

    /// The octets of a part of a text value, for substring filters.
    pub(super) fn fragment(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::String => Some(text.as_bytes().to_vec()),
            Self::PostalAddress => Some(to_postal_lines(text).into_bytes()),
            _ => None,
        }
    }

    /// Whether values are texts that may be searched by their parts.
    pub(super) const fn is_text(self) -> bool {
        matches!(self, Self::String | Self::PostalAddress)
    }
}

/// The octets that Active Directory takes as a password: UTF-16LE in double quotes (MS-ADTS 3.1.1.3.1.5.1).
pub(super) fn unicode_password(password: &str) -> Vec<u8> {
    std::iter::once('"')
        .chain(password.chars())
        .chain(std::iter::once('"'))
        .flat_map(|c| {
            let mut units = [0u16; 2];
            c.encode_utf16(&mut units).to_vec()
        })
        .flat_map(u16::to_le_bytes)
        .collect()
}

/// A number as directories print them. Windows prints 32 flag bits as a signed number.
pub(super) fn number(octets: &[u8]) -> Option<u32> {
    let number: i64 = std::str::from_utf8(octets).ok()?.trim().parse().ok()?;
    u32::try_from(number)
        .ok()
        .or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned))
}

/// The number as Windows prints it: 32 bits, signed.
pub(super) fn number_text(number: u32) -> String {
    number.cast_signed().to_string()
}

/// A boolean, also as the text that some providers send.
pub(super) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn moment(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

fn plain_text(value: &Value) -> Result<String, &'static str> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return Err("must be a text"),
    };
    if text.is_empty() {
        return Err("cannot be the empty string, which no directory can hold");
    }
    if text.contains('\0') {
        return Err("must not contain the character NUL");
    }
    Ok(text)
}

fn to_postal_lines(text: &str) -> String {
    let mut lines = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => lines.push_str("\\5C"),
            '$' => lines.push_str("\\24"),
            '\n' => lines.push('$'),
            c => lines.push(c),
        }
    }
    lines
}

fn postal_lines(lines: &str) -> String {
    let mut text = String::with_capacity(lines.len());
    let mut rest = lines;
    while let Some(at) = rest.find(['$', '\\']) {
        let (before, special) = rest.split_at(at);
        text.push_str(before);
        let escaped = special.get(..3).map(str::to_ascii_uppercase);
        let (c, length) = match escaped.as_deref() {
            Some("\\24") => ('$', 3),
            Some("\\5C") => ('\\', 3),
            _ if special.starts_with('$') => ('\n', 1),
            _ => ('\\', 1),
        };
        text.push(c);
        rest = special.get(length..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const AD: DirectoryKind = DirectoryKind::ActiveDirectory;
    const OPENLDAP: DirectoryKind = DirectoryKind::OpenLdap;

    /// Each row: codec, directory, what SCIM shows, what LDAP holds.
    fn pairs() -> Vec<(Codec, DirectoryKind, Value, Vec<u8>)> {
        vec![
            (
                Codec::String,
                AD,
                json!("Ána  O'Neill "),
                "Ána  O'Neill ".into(),
            ),
            (
                Codec::PostalAddress,
                OPENLDAP,
                json!("Calle 1\nMadrid\\$"),
                b"Calle 1$Madrid\\5C\\24".to_vec(),
            ),
            (Codec::Integer, AD, json!(-42), b"-42".to_vec()),
            (Codec::Boolean, OPENLDAP, json!(true), b"TRUE".to_vec()),
            (Codec::Boolean, OPENLDAP, json!(false), b"FALSE".to_vec()),
            (
                Codec::Guid,
                AD,
                json!("00112233-4455-6677-8899-aabbccddeeff"),
                b"\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff".to_vec(),
            ),
            (
                Codec::Guid,
                OPENLDAP,
                json!("00112233-4455-6677-8899-aabbccddeeff"),
                b"00112233-4455-6677-8899-aabbccddeeff".to_vec(),
            ),
            (
                Codec::Sid,
                AD,
                json!("S-1-5-32-544"),
                Sid::parse("S-1-5-32-544").unwrap().to_bytes(),
            ),
            (
                Codec::GeneralizedTime,
                OPENLDAP,
                json!("2026-01-31T23:59:59Z"),
                b"20260131235959Z".to_vec(),
            ),
            (
                Codec::GeneralizedTime,
                AD,
                json!("2026-01-31T23:59:59Z"),
                b"20260131235959.0Z".to_vec(),
            ),
            (
                Codec::FileTime,
                AD,
                json!("1970-01-01T00:00:00Z"),
                b"116444736000000000".to_vec(),
            ),
            (Codec::Binary, AD, json!("AAH/"), b"\x00\x01\xff".to_vec()),
        ]
    }

    #[test]
    fn every_pair_translates_both_ways() {
        for (codec, kind, scim, ldap) in pairs() {
            assert_eq!(
                codec.encode(kind, &scim).as_ref(),
                Ok(&ldap),
                "{codec:?} writes {scim}"
            );
            assert_eq!(
                codec.decode(kind, &ldap),
                Some(scim),
                "{codec:?} reads {ldap:?}"
            );
        }
    }

    #[test]
    fn what_is_not_of_the_codecs_form_is_no_value() {
        for (codec, octets) in [
            (Codec::String, &b"\xff\xfe"[..]),
            (Codec::Integer, b"twelve"),
            (Codec::Boolean, b"yes"),
            (Codec::Guid, b"short"),
            (Codec::Sid, b"\x01"),
            (Codec::GeneralizedTime, b"yesterday"),
            (Codec::FileTime, b"0"),
            (Codec::FileTime, b"9223372036854775807"),
            (
                Codec::Flag {
                    bit: 2,
                    inverted: true,
                },
                b"x",
            ),
            (Codec::Password, b"{SSHA}secret"),
        ] {
            assert_eq!(codec.decode(AD, octets), None, "{codec:?} {octets:?}");
        }
    }

    #[test]
    fn a_value_that_breaks_a_rule_is_told_which() {
        assert_eq!(
            Codec::String.encode(AD, &json!("a\0b")),
            Err("must not contain the character NUL")
        );
        assert_eq!(
            Codec::String.encode(AD, &json!({"a": 1})),
            Err("must be a text")
        );
        assert_eq!(
            Codec::Integer.encode(AD, &json!(1.5)),
            Err("must be a whole number")
        );
        assert_eq!(
            Codec::Boolean.encode(AD, &json!("yes")),
            Err("must be true or false")
        );
        assert_eq!(Codec::Binary.encode(AD, &json!("%")), Err("must be base64"));
        assert!(
            Codec::FileTime
                .encode(AD, &json!("1500-01-01T00:00:00Z"))
                .is_err()
        );
    }

    #[test]
    fn a_flag_reads_one_bit_also_of_a_signed_number() {
        let disabled = Codec::Flag {
            bit: 2,
            inverted: true,
        };
        assert_eq!(disabled.decode(AD, b"514"), Some(json!(false)));
        assert_eq!(disabled.decode(AD, b"512"), Some(json!(true)));
        let security = Codec::Flag {
            bit: 0x8000_0000,
            inverted: false,
        };
        assert_eq!(security.decode(AD, b"-2147483646"), Some(json!(true)));
        assert_eq!(number_text(0x8000_0002), "-2147483646");
    }

    #[test]
    fn a_windows_password_is_quoted_utf_16() {
        assert_eq!(unicode_password("a€"), b"\"\0a\0\xac\x20\"\0");
        assert_eq!(unicode_password("𝄞").len(), 8);
    }

    #[test]
    fn every_codec_has_a_name() {
        for name in Codec::NAMES {
            assert!(Codec::parse(name).is_some(), "{name}");
        }
        assert_eq!(Codec::parse("strnig"), None);
    }

    proptest! {
        #[test]
        fn any_text_without_nul_survives(text in "[^\\x00]{1,40}") {
            for codec in [Codec::String, Codec::PostalAddress] {
                let octets = codec.encode(OPENLDAP, &json!(text)).unwrap();
                prop_assert_eq!(codec.decode(OPENLDAP, &octets), Some(json!(text)));
            }
        }

        #[test]
        fn no_octets_make_a_codec_panic(octets in proptest::collection::vec(any::<u8>(), 0..40), text in "[$\\\\25Cc4é]{0,12}") {
            for name in Codec::NAMES {
                let _ = Codec::parse(name).unwrap().decode(AD, &octets);
                let _ = Codec::parse(name).unwrap().decode(OPENLDAP, text.as_bytes());
            }
        }
    }
}
