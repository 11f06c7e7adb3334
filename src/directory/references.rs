//! DN-valued attributes with the ids of what they point at: asked for in one of three ways, and read back.
//!
//! Active Directory tells the ids in the DNs themselves (extended DN control), OpenLDAP and 389 DS in a response control
//! (deref), and where neither is offered one batched search resolves them.

use std::collections::HashMap;

use ldap3::controls::{Control, RawControl};
use uuid::Uuid;

use crate::ldap::{AttributeName, DirectoryKind, Dn, Entry, EntryName, ExtendedDn, Reference};

use super::capabilities::Capabilities;
use super::controls;
use super::decode::RawEntry;
use super::error::Error;
use super::range::Range;

/// What to read of an entry. No name stands twice in a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Attributes as values. None at all asks for the DN only.
    pub attributes: Vec<AttributeName>,
    /// DN-valued attributes as references: each value with the id of the entry it points at, the placeholder member
    /// left out.
    pub references: Vec<AttributeName>,
}

impl Wanted {
    /// Nothing but the entry's name.
    #[must_use]
    pub const fn nothing() -> Self {
        Self {
            attributes: Vec::new(),
            references: Vec::new(),
        }
    }

    /// These attributes as values.
    pub fn attributes(attributes: impl IntoIterator<Item = AttributeName>) -> Self {
        Self {
            attributes: attributes.into_iter().collect(),
            references: Vec::new(),
        }
    }

    /// Everything that the other wants, too.
    pub fn add(&mut self, other: Self) {
        for (list, more) in [
            (&mut self.attributes, other.attributes),
            (&mut self.references, other.references),
        ] {
            for name in more {
                if !list.contains(&name) {
                    list.push(name);
                }
            }
        }
    }

    /// Each attribute once, for a request; `1.1` where there is none (RFC 4511 §4.5.1.8).
    pub(super) fn names(&self) -> Vec<String> {
        let further = self
            .references
            .iter()
            .filter(|name| !self.attributes.contains(name));
        let all = self.attributes.iter().chain(further);
        let mut names = Vec::with_capacity(self.attributes.len() + self.references.len());
        names.extend(all.map(|name| name.as_str().to_owned()));
        if names.is_empty() {
            names.push("1.1".to_owned());
        }
        names
    }
}

/// How the ids of references come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// In the values themselves.
    ExtendedDn,
    /// In a response control.
    Deref,
    /// Not at all: they are to be resolved.
    Plain,
}

impl Way {
    /// The way this server offers for what is wanted.
    pub(super) fn of(wanted: &Wanted, capabilities: &Capabilities) -> Self {
        if wanted.references.is_empty() {
            Self::Plain
        } else if capabilities.supports(controls::EXTENDED_DN) {
            Self::ExtendedDn
        } else if capabilities.supports(controls::DEREF) {
            Self::Deref
        } else {
            Self::Plain
        }
    }

    /// The control that asks for it.
    pub(super) fn control(self, wanted: &Wanted, kind: DirectoryKind) -> Option<RawControl> {
        match self {
            Self::ExtendedDn => Some(controls::extended_dn()),
            Self::Deref => Some(controls::deref(&wanted.references, kind)),
            Self::Plain => None,
        }
    }
}

/// An entry, with the attributes of which only a part has come.
pub(super) struct Read {
    pub(super) entry: Entry,
    pub(super) unfinished: Vec<Range>,
}

/// Reads an entry as it arrived.
pub(super) fn entry(
    raw: RawEntry,
    response: &[Control],
    wanted: &Wanted,
    way: Way,
    kind: DirectoryKind,
) -> Result<Read, Error> {
    let mut entry = Entry::new(name(&raw.name, way)?);
    let mut ids: HashMap<String, Uuid> = HashMap::new();
    if way == Way::Deref {
        let lines = controls::dereferenced(response, kind)?.unwrap_or_default();
        ids.reserve(lines.len());
        for line in lines {
            if let Some(id) = line.id {
                ids.insert(line.dn, id);
            }
        }
    }
    let mut unfinished = Vec::new();
    for (description, values) in raw.attributes {
        let asked = wanted
            .attributes
            .iter()
            .chain(&wanted.references)
            .find(|asked| asked.as_str().eq_ignore_ascii_case(&description));
        let (attribute, range) = match asked {
            Some(asked) => (asked.clone(), None),
            None => Range::split(&description).ok_or_else(|| {
                Error::protocol(format!("`{description}` is no attribute description"))
            })?,
        };
        unfinished.extend(range);
        if wanted.references.contains(&attribute) {
            let mut references = Vec::with_capacity(values.len());
            for value in &values {
                let text = std::str::from_utf8(value).map_err(|_| not_a_dn(&attribute))?;
                let (dn, mut id) = pointed_at(text, way).ok_or_else(|| not_a_dn(&attribute))?;
                if way == Way::Deref {
                    id = ids.get(text).copied();
                }
                if !is_placeholder(&dn) {
                    references.push(Reference { dn, id });
                }
            }
            entry.insert_references(attribute.clone(), references);
            if !wanted.attributes.contains(&attribute) {
                continue;
            }
        }
        let values: Vec<Vec<u8>> = match way {
            Way::ExtendedDn if holds_dns(&attribute) => values.into_iter().map(plain).collect(),
            _ => values,
        };
        entry.insert(attribute, values);
    }
    Ok(Read { entry, unfinished })
}

/// Makes further values of an attribute, from a later part of a range, the entry's.
pub(super) fn merge(entry: &mut Entry, attribute: &AttributeName, part: &Entry) {
    if !part.values(attribute).is_empty() {
        entry.insert(attribute.clone(), part.values(attribute).iter().cloned());
    }
    if !part.references(attribute).is_empty() {
        entry.insert_references(
            attribute.clone(),
            part.references(attribute).iter().cloned(),
        );
    }
}

/// How an entry that arrived under this name is asked for more: by its id where the name tells it. The name with ids in
/// front is none in a request (MS-ADTS 3.1.1.3.1.2.4).
pub(super) fn address(text: &str, way: Way) -> Result<EntryName, Error> {
    let (dn, id) = pointed_at(text, way).ok_or_else(no_name)?;
    Ok(id.map_or(EntryName::Dn(dn), EntryName::Guid))
}

fn name(text: &str, way: Way) -> Result<Dn, Error> {
    pointed_at(text, way).map(|(dn, _)| dn).ok_or_else(no_name)
}

fn no_name() -> Error {
    Error::protocol("the name of an entry is no distinguished name")
}

fn pointed_at(text: &str, way: Way) -> Option<(Dn, Option<Uuid>)> {
    if way == Way::ExtendedDn {
        let read = ExtendedDn::parse(text).ok()?;
        return Some((read.dn, read.guid));
    }
    Some((Dn::parse(text).ok()?, None))
}

fn not_a_dn(attribute: &AttributeName) -> Error {
    Error::protocol(format!(
        "{attribute} holds a value that is no distinguished name, but is asked for as a reference"
    ))
}

/// The member that stands for none: the empty DN, or what OpenLDAP's overlay refint leaves (olcRefintNothing).
pub(super) fn is_placeholder(dn: &Dn) -> bool {
    dn.is_root()
        || dn
            .rdn()
            .is_some_and(|rdn| dn.depth() == 1 && rdn.value() == "empty-membership-placeholder")
}

/// Turns `<GUID=…>;<SID=…>;CN=…` back to the DN that is meant, without changing the DN's spelling.
fn plain(value: Vec<u8>) -> Vec<u8> {
    let mut rest = value.as_slice();
    while rest.starts_with(b"<GUID=") || rest.starts_with(b"<SID=") || rest.starts_with(b"<WKGUID=")
    {
        let Some(end) = rest.windows(2).position(|pair| pair == b">;") else {
            break;
        };
        rest = &rest[end + 2..];
    }
    rest.to_vec()
}

/// Whether Active Directory's schema gives the attribute the syntax of a DN, so that the extended DN control changes
/// its values. Others are left alone: a description may well say `<GUID=…>`.
fn holds_dns(attribute: &AttributeName) -> bool {
    const DNS: [&str; 28] = [
        "assistant",
        "configurationNamingContext",
        "defaultNamingContext",
        "defaultObjectCategory",
        "directReports",
        "distinguishedName",
        "dSCorePropagationData",
        "homeMDB",
        "lastKnownParent",
        "managedBy",
        "managedObjects",
        "manager",
        "member",
        "memberOf",
        "msDS-AuthNPolicyBL",
        "msDS-MembersForAzRole",
        "msDS-NonMembers",
        "msDS-PSOApplied",
        "msDS-PSOAppliesTo",
        "msDS-ResultantPSO",
        "objectCategory",
        "owner",
        "publicDelegates",
        "roleOccupant",
        "schemaNamingContext",
        "secretary",
        "seeAlso",
        "subschemaSubentry",
    ];
    DNS.iter().any(|name| attribute.is(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "20e1fb89-ba6c-4ab5-aaa1-87e371668646";

    fn raw(name: &str, attributes: &[(&str, &[&str])]) -> RawEntry {
        let attributes = attributes
            .iter()
            .map(|(name, values)| {
                (
                    (*name).to_owned(),
                    values
                        .iter()
                        .map(|value| value.as_bytes().to_vec())
                        .collect(),
                )
            })
            .collect();
        RawEntry {
            name: name.to_owned(),
            attributes,
        }
    }

    fn wanted(attributes: &[&'static str], references: &[&'static str]) -> Wanted {
        let names = |names: &[&'static str]| {
            names
                .iter()
                .map(|name| AttributeName::known(name))
                .collect()
        };
        Wanted {
            attributes: names(attributes),
            references: names(references),
        }
    }

    #[test]
    fn extended_dns_carry_the_ids_and_every_other_dn_is_plain_again() {
        let extended = |dn: &str| format!("<GUID={ID}>;<SID=S-1-5-21-1-2-3-1104>;{dn}");
        let group = extended("CN=Staff,DC=e");
        let ada = extended("CN=Lovelace\\, Ada,DC=e");
        let arrived = raw(
            &group,
            &[
                ("member", &[&ada]),
                ("managedBy", &[&ada]),
                ("description", &[&ada]),
            ],
        );
        let wanted = wanted(&["managedBy", "description"], &["member"]);
        let read = entry(
            arrived,
            &[],
            &wanted,
            Way::ExtendedDn,
            DirectoryKind::ActiveDirectory,
        )
        .unwrap()
        .entry;
        assert_eq!(read.dn.to_string(), "CN=Staff,DC=e");
        let member = &read.references(&AttributeName::known("member"))[0];
        assert_eq!(member.id, Uuid::parse_str(ID).ok());
        assert_eq!(member.dn.to_string(), "CN=Lovelace\\, Ada,DC=e");
        assert_eq!(
            read.values(&AttributeName::known("member")),
            &[] as &[Vec<u8>]
        );
        assert_eq!(
            read.text(&AttributeName::known("managedBy")),
            Some("CN=Lovelace\\, Ada,DC=e")
        );
        assert_eq!(
            read.text(&AttributeName::known("description")),
            Some(ada.as_str()),
            "text is not a DN"
        );
    }

    #[test]
    fn an_attribute_can_be_wanted_as_values_and_as_references() {
        let both = wanted(&["memberOf"], &["memberOf"]);
        assert_eq!(both.names(), ["memberOf"]);
        let read = entry(
            raw("uid=a", &[("memberOf", &["cn=g"])]),
            &[],
            &both,
            Way::Plain,
            DirectoryKind::OpenLdap,
        );
        let read = read.unwrap().entry;
        assert_eq!(read.text(&AttributeName::known("memberOf")), Some("cn=g"));
        assert_eq!(read.references(&AttributeName::known("memberOf")).len(), 1);
    }

    #[test]
    fn placeholder_members_are_hidden() {
        let group = raw(
            "cn=g",
            &[(
                "member",
                &["", "cn=empty-membership-placeholder", "uid=ada,dc=e"],
            )],
        );
        let read = entry(
            group,
            &[],
            &wanted(&[], &["member"]),
            Way::Plain,
            DirectoryKind::OpenLdap,
        )
        .unwrap()
        .entry;
        let members: Vec<String> = read
            .references(&AttributeName::known("member"))
            .iter()
            .map(|one| one.dn.to_string())
            .collect();
        assert_eq!(members, ["uid=ada,dc=e"]);
    }

    #[test]
    fn nothing_wanted_asks_for_no_attributes() {
        assert_eq!(Wanted::nothing().names(), ["1.1"]);
    }

    #[test]
    fn a_reference_that_is_no_dn_is_an_error() {
        let odd = raw("cn=g", &[("member", &["no dn"])]);
        assert!(
            entry(
                odd,
                &[],
                &wanted(&[], &["member"]),
                Way::Plain,
                DirectoryKind::OpenLdap
            )
            .is_err()
        );
    }
}
