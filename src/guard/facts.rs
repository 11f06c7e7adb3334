//! What must be known of an entry before it may be written.

use uuid::Uuid;

use crate::ldap::{AttributeName, DirectoryKind, Dn, Entry, Sid};

const ADMIN_COUNT: AttributeName = AttributeName::known("adminCount");
const OBJECT_SID: AttributeName = AttributeName::known("objectSid");
const PRIMARY_GROUP: AttributeName = AttributeName::known("primaryGroupID");
const MEMBER_OF: AttributeName = AttributeName::known("memberOf");
const TOKEN_GROUPS: AttributeName = AttributeName::known("tokenGroups");

/// What the guard knows of an entry that is to be changed, or to be made a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Its name.
    pub dn: Dn,
    /// Its objectGUID or entryUUID: needed where a change addresses it, or lists it as a member, by id.
    pub id: Option<Uuid>,
    /// Whether it is, or once was, in a group that Windows protects (adminCount, MS-ADA1 2.7).
    pub admin_count: bool,
    /// Its security identifier.
    pub sid: Option<Sid>,
    /// The RID of its primary group, which is in neither `member` nor `memberOf`.
    pub primary_group_rid: Option<u32>,
    /// The groups it is directly a member of.
    pub member_of: Vec<Dn>,
    /// The groups it is a member of at whatever depth (tokenGroups, MS-ADTS 3.1.1.4.5.19).
    pub token_groups: Vec<Sid>,
    /// Whether one of these attributes held something that could not be read: then the entry counts
    /// as unknown.
    pub unreadable: bool,
}

impl Facts {
    /// The facts of an entry that has nothing of note but its name.
    #[must_use]
    pub const fn new(dn: Dn) -> Self {
        Self {
            dn,
            id: None,
            admin_count: false,
            sid: None,
            primary_group_rid: None,
            member_of: Vec::new(),
            token_groups: Vec::new(),
            unreadable: false,
        }
    }

    /// The attributes to read so that [`Facts::of`] can tell. Active Directory computes `tokenGroups`
    /// for a base search only.
    #[must_use]
    pub fn attributes(kind: DirectoryKind, base_read: bool) -> Vec<AttributeName> {
        let mut attributes = vec![kind.id_attribute(), MEMBER_OF];
        if kind == DirectoryKind::ActiveDirectory {
            attributes.extend([ADMIN_COUNT, OBJECT_SID, PRIMARY_GROUP]);
            if base_read {
                attributes.push(TOKEN_GROUPS);
            }
        }
        attributes
    }

    /// What an entry tells that was read with [`Facts::attributes`].
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        let mut facts = Self::new(entry.dn.clone());
        facts.id = entry
            .id(DirectoryKind::ActiveDirectory)
            .or_else(|| entry.id(DirectoryKind::OpenLdap));
        // Whatever is not plainly zero counts: this attribute is only ever written by the directory.
        facts.admin_count = entry.values(&ADMIN_COUNT).iter().any(|value| value != b"0");
        for value in entry.values(&OBJECT_SID) {
            match Sid::from_bytes(value) {
                Ok(sid) => facts.sid = Some(sid),
                Err(_) => facts.unreadable = true,
            }
        }
        for value in entry.values(&PRIMARY_GROUP) {
            match std::str::from_utf8(value)
                .ok()
                .and_then(|text| text.parse().ok())
            {
                Some(rid) => facts.primary_group_rid = Some(rid),
                None => facts.unreadable = true,
            }
        }
        for value in entry.values(&MEMBER_OF) {
            match std::str::from_utf8(value)
                .ok()
                .and_then(|text| Dn::parse(text).ok())
            {
                Some(dn) => facts.member_of.push(dn),
                None => facts.unreadable = true,
            }
        }
        let references = entry.references(&MEMBER_OF).iter();
        facts
            .member_of
            .extend(references.map(|reference| reference.dn.clone()));
        for value in entry.values(&TOKEN_GROUPS) {
            match Sid::from_bytes(value) {
                Ok(sid) => facts.token_groups.push(sid),
                Err(_) => facts.unreadable = true,
            }
        }
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldap::Reference;

    fn dn(text: &str) -> Dn {
        Dn::parse(text).unwrap()
    }

    #[test]
    fn an_active_directory_account_tells_its_standing() {
        let sid = Sid::parse("S-1-5-21-1-2-3-1104").unwrap();
        let admins = Sid::parse("S-1-5-21-1-2-3-512").unwrap();
        let id = Uuid::from_u128(9);
        let entry = Entry::new(dn("CN=Ada,DC=e"))
            .with(
                AttributeName::known("objectGUID"),
                [DirectoryKind::ActiveDirectory.id_value(id)],
            )
            .with(ADMIN_COUNT, ["1"])
            .with(OBJECT_SID, [sid.to_bytes()])
            .with(PRIMARY_GROUP, ["513"])
            .with(MEMBER_OF, ["CN=Staff,DC=e"])
            .with(TOKEN_GROUPS, [admins.to_bytes()]);
        let expected = Facts {
            dn: dn("CN=Ada,DC=e"),
            id: Some(id),
            admin_count: true,
            sid: Some(sid),
            primary_group_rid: Some(513),
            member_of: vec![dn("CN=Staff,DC=e")],
            token_groups: vec![admins],
            unreadable: false,
        };
        assert_eq!(Facts::of(&entry), expected);
    }

    #[test]
    fn memberships_asked_for_as_references_count_too() {
        let mut entry = Entry::new(dn("uid=ada,dc=e"));
        entry.insert_references(
            MEMBER_OF,
            [Reference {
                dn: dn("cn=admins,dc=e"),
                id: None,
            }],
        );
        assert_eq!(Facts::of(&entry).member_of, [dn("cn=admins,dc=e")]);
    }

    #[test]
    fn what_cannot_be_read_is_not_taken_for_harmless() {
        for attribute in [OBJECT_SID, PRIMARY_GROUP, MEMBER_OF, TOKEN_GROUPS] {
            let entry = Entry::new(dn("cn=a,dc=e")).with(attribute.clone(), [vec![0xff, 0xfe]]);
            assert!(Facts::of(&entry).unreadable, "{attribute}");
        }
        assert!(Facts::of(&Entry::new(dn("cn=a,dc=e")).with(ADMIN_COUNT, ["x"])).admin_count);
        assert!(!Facts::of(&Entry::new(dn("cn=a,dc=e")).with(ADMIN_COUNT, ["0"])).admin_count);
    }

    #[test]
    fn token_groups_are_asked_for_only_where_the_directory_computes_them() {
        assert!(Facts::attributes(DirectoryKind::ActiveDirectory, true).contains(&TOKEN_GROUPS));
        assert!(!Facts::attributes(DirectoryKind::ActiveDirectory, false).contains(&TOKEN_GROUPS));
        assert!(!Facts::attributes(DirectoryKind::OpenLdap, true).contains(&TOKEN_GROUPS));
    }
}
