//! What a version is made of, and how a write makes sure of it.

use super::{custom, mapping, name, person};
use crate::ldap::{Entry, Modification, Reference, Values};

fn entry() -> Entry {
    let mut entry = Entry::new(person(1))
        .with(name("userPrincipalName"), ["ana@example.test"])
        .with(name("userAccountControl"), ["512"])
        .with(name("otherMailbox"), ["a@example.test", "b@example.test"])
        .with(name("title"), ["Pilot"]);
    entry.insert_references(
        name("manager"),
        [Reference {
            dn: person(2),
            id: None,
        }],
    );
    entry
}

#[test]
fn a_counter_is_the_version_where_the_directory_has_one() {
    let openldap = mapping("openldap");
    let users = openldap.resource("User").unwrap();
    let csn = "20261128004009.256127Z#000000#000#000000";
    let entry = Entry::new(person(1)).with(name("entryCSN"), [csn]);
    assert_eq!(users.version_plan().attributes, [name("entryCSN")]);
    assert_eq!(
        users.version(&entry).unwrap().to_string(),
        format!("W/\"{csn}\"")
    );
    assert_eq!(
        users.version_filter(&entry).unwrap().to_string(),
        format!("(entryCSN={csn})")
    );
    assert_eq!(
        users.version(&Entry::new(person(1))),
        None,
        "it cannot be seen"
    );
}

#[test]
fn elsewhere_it_is_a_hash_of_the_content_in_any_order_and_case_of_names() {
    let directory = mapping("active-directory");
    let users = directory.resource("User").unwrap();
    let version = |entry: &Entry| users.version(entry).unwrap();
    let first = version(&entry());
    assert_eq!(first.to_string().len(), "W/".len() + 2 + 32);
    let other_order = Entry::new(person(3))
        .with(name("TITLE"), ["Pilot"])
        .with(name("otherMailbox"), ["b@example.test", "a@example.test"])
        .with(name("userAccountControl"), ["512"])
        .with(name("userPrincipalName"), ["ana@example.test"]);
    let mut other_order = other_order
        .with(name("memberOf"), ["cn=ops"])
        .with(name("whenChanged"), ["x"]);
    assert_ne!(version(&other_order), first, "no manager yet");
    other_order.insert_references(
        name("manager"),
        [Reference {
            dn: person(2),
            id: Some(super::id(2)),
        }],
    );
    assert_eq!(version(&other_order), first);
    for (attribute, value) in [
        ("title", "Boss"),
        ("sn", "Ruiz"),
        ("pwdLastSet", "1"),
        ("otherMailbox", "c@example.test"),
    ] {
        assert_ne!(
            version(&entry().with(name(attribute), [value])),
            first,
            "{attribute}"
        );
    }
    // No value can pass for two, nor move to the next attribute.
    let one = Entry::new(person(1)).with(name("otherMailbox"), ["a", "bc"]);
    let two = Entry::new(person(1)).with(name("otherMailbox"), ["ab", "c"]);
    assert_ne!(version(&one), version(&two));
    assert_eq!(users.version_filter(&entry()), None);
}

#[test]
fn every_value_that_was_read_is_swapped() {
    let directory = mapping("active-directory");
    let users = directory.resource("User").unwrap();
    let text = |attribute: &str, values: &[&str]| {
        (
            name(attribute),
            Values::Plain(
                values
                    .iter()
                    .map(|value| value.as_bytes().to_vec())
                    .collect(),
            ),
        )
    };
    let wished = [
        Modification::replace(name("title"), Values::one("Boss")),
        Modification::replace(name("manager"), Values::none()),
        Modification::replace(name("sn"), Values::one("Ruiz")),
    ];
    let swapped = users.compare_and_swap(&entry(), &wished);
    let expected = [
        (false, text("title", &["Pilot"])),
        (true, text("title", &["Boss"])),
        (false, text("manager", &[&person(2).to_string()])),
        (true, text("sn", &["Ruiz"])),
        (false, text("userPrincipalName", &["ana@example.test"])),
        (true, text("userPrincipalName", &["ana@example.test"])),
        (false, text("userAccountControl", &["512"])),
        (true, text("userAccountControl", &["512"])),
        (
            false,
            text("otherMailbox", &["a@example.test", "b@example.test"]),
        ),
        (
            true,
            text("otherMailbox", &["a@example.test", "b@example.test"]),
        ),
    ];
    let expected = expected.map(|(adds, (attribute, values))| {
        if adds {
            Modification::add(attribute, values)
        } else {
            Modification::delete(attribute, values)
        }
    });
    assert_eq!(swapped, expected);
}

#[test]
fn what_cannot_be_compared_or_names_the_entry_is_left_alone() {
    let lines = "title = { ldap = \"title\", equality = false }\ndisplayName = \"displayName\"\n";
    let directory = custom("389ds", lines);
    let users = directory.resource("User").unwrap();
    let entry = Entry::new(person(1))
        .with(name("uid"), ["p1"])
        .with(name("title"), ["Pilot"]);
    let wished = [Modification::replace(name("title"), Values::one("Boss"))];
    assert_eq!(users.compare_and_swap(&entry, &wished), wished);
    assert_eq!(users.compare_and_swap(&entry, &[]), []);
}
