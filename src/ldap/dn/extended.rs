//! The ways Active Directory writes a DN with the ids of its entry (MS-ADTS 3.1.1.3.1.2.4 and 3.1.1.3.4.1.5).

use std::fmt;

use uuid::Uuid;

use super::{Dn, DnError};
use crate::ldap::{Sid, guid};

/// How an entry is addressed in a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EntryName {
    /// By its name.
    Dn(Dn),
    /// By its id, whatever its name is: Active Directory only.
    Guid(Uuid),
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dn(dn) => write!(f, "{dn}"),
            Self::Guid(id) => write!(f, "<GUID={id}>"),
        }
    }
}

impl From<Dn> for EntryName {
    fn from(dn: Dn) -> Self {
        Self::Dn(dn)
    }
}

/// A DN as the extended DN control 1.2.840.113556.1.4.529 makes Active Directory print it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedDn {
    /// The entry's objectGUID.
    pub guid: Option<Uuid>,
    /// Its objectSid, if it has one.
    pub sid: Option<Sid>,
    /// Its name.
    pub dn: Dn,
}

impl ExtendedDn {
    /// Reads `<GUID=…>;<SID=…>;CN=…`, in either of the control's forms, or a plain DN. Components of
    /// other names are passed over, as are ids that cannot be read: the DN still tells the entry.
    ///
    /// # Errors
    /// When what remains after the components is not a DN.
    pub fn parse(text: &str) -> Result<Self, DnError> {
        let (mut guid, mut sid, mut rest) = (None, None, text);
        while let Some((component, after)) =
            rest.strip_prefix('<').and_then(|rest| rest.split_once('>'))
        {
            match component.split_once('=') {
                Some((name, value)) if name.eq_ignore_ascii_case("guid") => {
                    guid = guid::parse(value)
                }
                Some((name, value)) if name.eq_ignore_ascii_case("sid") => sid = parse_sid(value),
                _ => {}
            }
            rest = after.strip_prefix(';').unwrap_or(after);
        }
        Ok(Self {
            guid,
            sid,
            dn: Dn::parse(rest)?,
        })
    }
}

fn parse_sid(text: &str) -> Option<Sid> {
    Sid::parse(text).ok().or_else(|| {
        let octets: Option<Vec<u8>> = text
            .as_bytes()
            .chunks(2)
            .map(|pair| {
                let pair = std::str::from_utf8(pair)
                    .ok()
                    .filter(|pair| pair.len() == 2)?;
                u8::from_str_radix(pair, 16).ok()
            })
            .collect();
        Sid::from_bytes(&octets?).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_control_give_the_same_ids() {
        let text = "<GUID=00112233-4455-6677-8899-aabbccddeeff>;<SID=S-1-5-32-544>;CN=Admins,DC=e";
        let hex = "<GUID=33221100554477668899aabbccddeeff>;<SID=01020000000000052000000020020000>;CN=Admins,DC=e";
        let read = ExtendedDn::parse(text).unwrap();
        assert_eq!(
            read.guid,
            Uuid::parse_str("00112233-4455-6677-8899-aabbccddeeff").ok()
        );
        assert_eq!(read.sid, Sid::parse("S-1-5-32-544").ok());
        assert_eq!(read.dn, Dn::parse("cn=admins,dc=e").unwrap());
        assert_eq!(ExtendedDn::parse(hex).unwrap(), read);
    }

    #[test]
    fn a_plain_dn_and_unknown_components_are_read_too() {
        let plain = ExtendedDn::parse("CN=a,DC=e").unwrap();
        assert_eq!((plain.guid, plain.sid), (None, None));
        let more = ExtendedDn::parse("<GUID=oops>;<RMD_FLAGS=0>;CN=a,DC=e").unwrap();
        assert_eq!((more.guid, more.dn), (None, plain.dn));
        assert!(ExtendedDn::parse("<GUID=oops").is_err());
    }

    #[test]
    fn an_entry_is_addressed_by_name_or_id() {
        assert_eq!(
            EntryName::from(Dn::parse("cn=a, dc=e").unwrap()).to_string(),
            "cn=a,dc=e"
        );
        assert_eq!(
            EntryName::Guid(Uuid::from_u128(1)).to_string(),
            "<GUID=00000000-0000-0000-0000-000000000001>"
        );
    }
}
