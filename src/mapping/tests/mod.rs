//! The room as a whole: both built-in mappings, reading, writing and filters, and the laws between them.

mod builtin;
mod disabling;
mod discovery;
mod faults;
mod filters;
mod laws;
mod reading;
mod undefined;
mod updating;
mod versions;
mod writing;

use serde_json::Value;
use uuid::Uuid;

use super::{
    Mapping, ReadContext, ReferenceTable, ResourceMapping, Translation, TypeBase, WriteContext,
};
use crate::ldap::{AttributeName, Dn, Entry, Modification, ModificationKind, Reference, Values};
use crate::scim::Resource;

pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

pub(super) fn mapping(name: &str) -> Mapping {
    match Mapping::load(name, Mapping::builtin(name).unwrap()) {
        Ok(mapping) => mapping,
        Err(fault) => panic!("{}", fault.report()),
    }
}

/// A mapping of one User type with these lines, and what follows them.
pub(super) fn custom(directory: &str, lines: &str) -> Mapping {
    let text = format!(
        "[mapping]\nname = \"t\"\ndirectory = \"{directory}\"\n[resource.User]\nendpoint = \"/Users\"\nschema = \"urn:ietf:params:scim:schemas:core:2.0:User\"\nextensions = [\"{ENTERPRISE}\", \"urn:example:scim:extension:acme:2.0:User\"]\nobject_classes = [\"person\"]\nfilter = \"(objectClass=person)\"\nrdn = \"uid\"\n[resource.User.attributes]\nuserName = {{ ldap = \"uid\", required = true }}\n{lines}\n"
    );
    match Mapping::load("custom.toml", &text) {
        Ok(mapping) => mapping,
        Err(fault) => panic!("{}", fault.report()),
    }
}

pub(super) fn resource(value: Value) -> Resource {
    match value {
        Value::Object(map) => Resource::from_map(map),
        other => panic!("a resource is an object, not {other}"),
    }
}

pub(super) fn name(text: &str) -> AttributeName {
    AttributeName::parse(text).unwrap()
}

pub(super) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(super) fn person(number: u128) -> Dn {
    Dn::parse(&format!("uid=p{number},ou=people,dc=example")).unwrap()
}

/// People 1 to 9 are known.
pub(super) fn table() -> ReferenceTable {
    (1..10).map(|number| (id(number), person(number))).collect()
}

pub(super) fn bases() -> Vec<TypeBase> {
    [
        ("User", "/Users", "ou=people,dc=example"),
        ("Group", "/Groups", "ou=groups,dc=example"),
    ]
    .map(|(name, endpoint, base)| TypeBase {
        name: name.into(),
        endpoint: endpoint.into(),
        base: Dn::parse(base).unwrap(),
    })
    .into()
}

pub(super) fn read(of: &ResourceMapping, entry: &Entry) -> Resource {
    let bases = bases();
    of.to_resource(
        entry,
        &ReadContext {
            base_url: "https://scim.example/v2",
            bases: &bases,
        },
    )
}

pub(super) fn context<'a>(
    table: &'a ReferenceTable,
    password: &'a secrecy::SecretString,
) -> WriteContext<'a> {
    WriteContext {
        references: table,
        generated_password: Some(password),
    }
}

pub(super) fn password() -> secrecy::SecretString {
    "Generated-1".into()
}

/// The entry that a directory would make of an add request: DNs become references, the placeholder is hidden, and what
/// nobody may read is not there.
pub(super) fn entry_of(
    of: &ResourceMapping,
    rdn: &crate::ldap::Rdn,
    attributes: &[(AttributeName, Values)],
) -> Entry {
    let mut entry = Entry::new(
        Dn::parse("ou=people,dc=example")
            .unwrap()
            .child(rdn.clone()),
    );
    for (name, values) in attributes {
        put(of, &mut entry, name, values.plain().to_vec());
    }
    entry.insert(of.kind.id_attribute(), [of.kind.id_value(id(77))]);
    entry
}

fn put(of: &ResourceMapping, entry: &mut Entry, name: &AttributeName, values: Vec<Vec<u8>>) {
    let values: Vec<Vec<u8>> = values
        .into_iter()
        .filter(|value| !value.is_empty())
        .collect();
    if of
        .lines
        .iter()
        .any(|line| line.is_reference() && line.ldap == *name)
    {
        let known = |dn: &Dn| (1..10).find(|number| person(*number) == *dn).map(id);
        let references = values.iter().map(|value| {
            let dn = Dn::parse(std::str::from_utf8(&named(value)).unwrap()).unwrap();
            Reference { id: known(&dn), dn }
        });
        let mut fresh = Entry::new(entry.dn.clone());
        let kept: Vec<_> = entry
            .attributes()
            .map(|(name, values)| (name.clone(), values.to_vec()))
            .collect();
        for (name, values) in kept {
            fresh.insert(name, values);
        }
        for line in of
            .lines
            .iter()
            .filter(|line| line.is_reference() && line.ldap != *name)
        {
            fresh.insert_references(line.ldap.clone(), entry.references(&line.ldap).to_vec());
        }
        fresh.insert_references(name.clone(), references);
        *entry = fresh;
        return;
    }
    let mut fresh = Entry::new(entry.dn.clone());
    let kept: Vec<_> = entry
        .attributes()
        .map(|(name, values)| (name.clone(), values.to_vec()))
        .collect();
    for (known, values) in kept.into_iter().filter(|(known, _)| known != name) {
        fresh.insert(known, values);
    }
    for line in of.lines.iter().filter(|line| line.is_reference()) {
        fresh.insert_references(line.ldap.clone(), entry.references(&line.ldap).to_vec());
    }
    if !values.is_empty() {
        fresh.insert(name.clone(), values);
    }
    *entry = fresh;
}

/// As Active Directory does, which takes ids for values and shows names.
fn named(value: &[u8]) -> Vec<u8> {
    let by_id = (1..10).find(|number| value == format!("<GUID={}>", id(*number)).as_bytes());
    by_id.map_or_else(
        || value.to_vec(),
        |number| person(number).to_string().into_bytes(),
    )
}

/// What a directory makes of modifications; like a real one it refuses to add what is there and to delete what is not.
pub(super) fn apply(of: &ResourceMapping, entry: &mut Entry, modifications: &[Modification]) {
    for change in modifications {
        let is_reference = of
            .lines
            .iter()
            .any(|line| line.is_reference() && line.ldap == change.attribute);
        let mut values: Vec<Vec<u8>> = if is_reference {
            entry
                .references(&change.attribute)
                .iter()
                .map(|reference| reference.dn.to_string().into_bytes())
                .collect()
        } else {
            entry.values(&change.attribute).to_vec()
        };
        let changed: Vec<Vec<u8>> = change
            .values
            .plain()
            .iter()
            .map(|value| named(value))
            .collect();
        match change.kind {
            ModificationKind::Replace => values = changed,
            ModificationKind::Add => {
                for value in &changed {
                    assert!(
                        !values.contains(value),
                        "20 attributeOrValueExists: {change:?}"
                    );
                    values.push(value.clone());
                }
            }
            ModificationKind::Delete => {
                for value in &changed {
                    assert!(values.contains(value), "16 noSuchAttribute: {change:?}");
                    values.retain(|known| known != value);
                }
            }
        }
        put(of, entry, &change.attribute, values);
    }
}
