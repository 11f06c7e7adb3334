//! The kinds of directory this bridge serves, and the pure facts that differ between them.

use std::fmt;

use uuid::Uuid;

use super::{AttributeName, Dn, EntryName, Filter, guid};

/// The kind of directory behind the bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DirectoryKind {
    /// Microsoft Active Directory Domain Services, or Samba as an AD domain controller.
    ActiveDirectory,
    /// OpenLDAP's slapd.
    OpenLdap,
    /// 389 Directory Server, also under FreeIPA and Red Hat Directory Server.
    Ds389,
}

impl DirectoryKind {
    /// Every kind, in the order in which messages list them.
    pub const ALL: [Self; 3] = [Self::ActiveDirectory, Self::OpenLdap, Self::Ds389];

    /// The name used in configuration and mapping files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ActiveDirectory => "active-directory",
            Self::OpenLdap => "openldap",
            Self::Ds389 => "389ds",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The attribute that keeps its value for as long as the entry lives: objectGUID (MS-ADA3 2.44)
    /// or entryUUID (RFC 4530).
    #[must_use]
    pub const fn id_attribute(self) -> AttributeName {
        AttributeName::known(match self {
            Self::ActiveDirectory => "objectGUID",
            Self::OpenLdap | Self::Ds389 => "entryUUID",
        })
    }

    /// The attribute that has another value after every change of the entry, the same on every server: entryCSN, where
    /// there is one. uSNChanged is local to its domain controller (MS-ADA3 2.331), whenChanged and modifyTimestamp repeat
    /// within a second.
    #[must_use]
    pub const fn version_attribute(self) -> Option<AttributeName> {
        match self {
            Self::OpenLdap => Some(AttributeName::known("entryCSN")),
            Self::ActiveDirectory | Self::Ds389 => None,
        }
    }

    /// The id as the attribute holds it: 16 octets in Active Directory, lower-case text elsewhere.
    #[must_use]
    pub fn id_value(self, id: Uuid) -> Vec<u8> {
        match self {
            Self::ActiveDirectory => guid::to_stored(id).to_vec(),
            Self::OpenLdap | Self::Ds389 => id.to_string().into_bytes(),
        }
    }

    /// The id behind a value of the id attribute; `None` when the value has another form.
    #[must_use]
    pub fn id_of(self, value: &[u8]) -> Option<Uuid> {
        match self {
            Self::ActiveDirectory => guid::from_stored(value),
            Self::OpenLdap | Self::Ds389 => Uuid::try_parse_ascii(value).ok(),
        }
    }

    /// The filter that finds the one entry with this id.
    #[must_use]
    pub fn id_filter(self, id: Uuid) -> Filter {
        Filter::equal(self.id_attribute(), self.id_value(id))
    }

    /// Whether `<GUID=…>` stands for a DN in requests (MS-ADTS 3.1.1.3.1.2.4).
    #[must_use]
    pub const fn addresses_by_guid(self) -> bool {
        matches!(self, Self::ActiveDirectory)
    }

    /// How a DN-valued attribute is told which entry is meant: by id where the directory takes that (MS-ADTS
    /// 3.1.1.3.1.2.4), so that a rename in between cannot put another entry in its place; else by name.
    #[must_use]
    pub fn reference_value(self, id: Uuid, dn: &Dn) -> Vec<u8> {
        match self {
            Self::ActiveDirectory => EntryName::Guid(id).to_string(),
            Self::OpenLdap | Self::Ds389 => dn.to_string(),
        }
        .into_bytes()
    }

    /// Whether a group must hold a placeholder member while it has no other: OpenLDAP's
    /// groupOfNames requires `member` (RFC 4519 §3.5), and slapd takes the empty DN for one.
    #[must_use]
    pub const fn placeholder_member(self) -> bool {
        matches!(self, Self::OpenLdap)
    }
}

impl fmt::Display for DirectoryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "00112233-4455-6677-8899-aabbccddeeff";

    #[test]
    fn active_directory_is_searched_in_stored_byte_order() {
        let id = Uuid::parse_str(ID).unwrap();
        assert_eq!(
            DirectoryKind::ActiveDirectory.id_filter(id).to_string(),
            r"(objectGUID=\33\22\11\00\55\44\77\66\88\99\aa\bb\cc\dd\ee\ff)"
        );
        assert_eq!(
            DirectoryKind::OpenLdap.id_filter(id).to_string(),
            format!("(entryUUID={ID})")
        );
    }

    #[test]
    fn an_id_is_read_back_in_every_kind() {
        let id = Uuid::parse_str(ID).unwrap();
        for kind in DirectoryKind::ALL {
            assert_eq!(kind.id_of(&kind.id_value(id)), Some(id));
            assert_eq!(kind.id_of(b"\xff\xfe"), None);
            assert_eq!(DirectoryKind::parse(kind.name()), Some(kind));
        }
        assert_eq!(DirectoryKind::parse("novell"), None);
    }
}
