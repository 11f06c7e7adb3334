//! Changes of entries that exist.

use serde_json::json;

use super::super::{Difference, Fault};
use super::*;

pub(super) fn difference(
    directory: &str,
    before: &Entry,
    change: impl Fn(&mut serde_json::Map<String, Value>),
) -> Result<Difference, Fault> {
    let mapping = mapping(directory);
    let of = mapping
        .resource(
            if before.has(&name("member")) || before.has(&name("groupType")) {
                "Group"
            } else {
                "User"
            },
        )
        .unwrap();
    let (table, password) = (table(), password());
    let old = read(of, before);
    let mut new = old.clone().into_map();
    change(&mut new);
    of.write_changes(
        before,
        &old,
        &Resource::from_map(new),
        &context(&table, &password),
    )
}

/// Modifications in one line each: `+` add, `-` delete, `=` replace.
pub(super) fn shown(modifications: &[Modification]) -> Vec<String> {
    modifications
        .iter()
        .map(|change| {
            let sign = match change.kind {
                ModificationKind::Add => '+',
                ModificationKind::Delete => '-',
                ModificationKind::Replace => '=',
            };
            let values: Vec<String> = match &change.values {
                Values::Plain(values) => values
                    .iter()
                    .map(|value| String::from_utf8_lossy(value).into_owned())
                    .collect(),
                Values::Secret(_) => vec!["[redacted]".into()],
            };
            format!("{sign}{} {}", change.attribute, values.join("|"))
                .trim_end()
                .to_owned()
        })
        .collect()
}

pub(super) fn windows_user() -> Entry {
    Entry::new(Dn::parse("CN=Ana Ruiz,OU=People,DC=example").unwrap())
        .with(name("cn"), ["Ana Ruiz"])
        .with(name("sAMAccountName"), ["ana"])
        .with(name("userPrincipalName"), ["ana@example.com"])
        .with(name("displayName"), ["Ana Ruiz"])
        .with(name("userAccountControl"), ["66048"])
        .with(name("title"), ["Engineer"])
}

pub(super) fn unix_user() -> Entry {
    Entry::new(person(1))
        .with(name("uid"), ["p1"])
        .with(name("sn"), ["Ruiz"])
        .with(name("cn"), ["Ana Ruiz"])
        .with(name("title"), ["Engineer"])
}

/// A PUT: what is left out is cleared, but not the password, the switch, read-only attributes and members.
#[test]
fn a_put_clears_what_it_leaves_out_and_keeps_what_would_frighten() {
    let disabled = windows_user().with(name("userAccountControl"), Vec::<&str>::new());
    let mut disabled = disabled;
    disabled.insert(name("mail"), ["ana@example.com"]);
    let change = difference("active-directory", &disabled, |new| {
        *new = json!({ "userName": "ana@example.com", "displayName": "Ana Ruiz" })
            .as_object()
            .cloned()
            .unwrap();
    })
    .unwrap();
    assert_eq!(shown(&change.modifications), ["=title", "=mail"]);
    assert_eq!(
        shown(&change.inverse),
        ["=title Engineer", "=mail ana@example.com"]
    );
    assert_eq!(change.rename, None);
}

#[test]
fn null_deletes_the_attribute_and_an_empty_text_is_no_value() {
    let change = difference("openldap", &unix_user(), |new| {
        _ = new.insert("title".into(), Value::Null)
    })
    .unwrap();
    assert_eq!(shown(&change.modifications), ["=title"]);
    let without = difference("openldap", &unix_user(), |new| {
        _ = new.insert("nickName".into(), Value::Null)
    })
    .unwrap();
    assert!(without.is_empty(), "what is not there needs no deleting");
    // A lenient client's empty text is taken out before; a strict one means it, and no directory can hold it.
    let fault = difference("openldap", &unix_user(), |new| {
        _ = new.insert("title".into(), json!(""))
    })
    .unwrap_err();
    assert!(
        fault
            .to_string()
            .starts_with("`title` cannot be the empty string"),
        "{fault}"
    );
}

#[test]
fn a_new_password_is_a_secret_and_has_no_way_back() {
    let change = difference("active-directory", &windows_user(), |new| {
        _ = new.insert("password".into(), json!("N3w!"))
    })
    .unwrap();
    assert_eq!(shown(&change.modifications), ["=unicodePwd [redacted]"]);
    assert!(change.inverse.is_empty());
    assert!(!format!("{change:?}").contains("N3w"));
}

#[test]
fn one_of_several_values_changes_and_the_others_stay_behind_it() {
    let mapping = mapping("openldap");
    let user = mapping.resource("User").unwrap();
    let mut entry = unix_user().with(name("mail"), ["old@x", "other@x"]);
    let mail = |value: &str| json!([{ "value": value, "type": "work", "primary": true }]);
    let change = difference("openldap", &entry, |new| {
        _ = new.insert("emails".into(), mail("new@x"))
    })
    .unwrap();
    assert_eq!(
        shown(&change.modifications),
        ["-mail old@x|other@x", "+mail new@x|other@x"]
    );
    apply(user, &mut entry, &change.modifications);
    assert_eq!(read(user, &entry).as_map()["emails"], mail("new@x"));
    // The other value becomes the first one: nothing is lost, nothing is twice.
    let change = difference("openldap", &entry, |new| {
        _ = new.insert("emails".into(), mail("other@x"))
    })
    .unwrap();
    assert_eq!(
        shown(&change.modifications),
        ["-mail new@x|other@x", "+mail other@x"]
    );
}

#[test]
fn a_value_that_differs_from_another_by_case_only_takes_its_place() {
    let entry = unix_user().with(name("mail"), ["old@x", "Other@x"]);
    let change = difference("openldap", &entry, |new| {
        let emails = json!([{ "value": "other@x", "type": "work", "primary": true }]);
        _ = new.insert("emails".into(), emails);
    })
    .unwrap();
    assert_eq!(
        shown(&change.modifications),
        ["-mail old@x|Other@x", "+mail other@x"]
    );
}

#[test]
fn an_attribute_without_matching_rule_is_replaced_as_a_whole() {
    let entry = unix_user().with(name("facsimileTelephoneNumber"), ["1", "2"]);
    let change = difference("openldap", &entry, |new| {
        _ = new.insert(
            "phoneNumbers".into(),
            json!([{ "value": "3", "type": "fax" }]),
        );
    })
    .unwrap();
    assert_eq!(
        shown(&change.modifications),
        ["=facsimileTelephoneNumber 3|2"]
    );
}

#[test]
fn lists_change_by_value() {
    let entry = windows_user().with(name("otherMailbox"), ["a@x", "b@x", "c@x"]);
    let change = difference("active-directory", &entry, |new| {
        _ = new.insert("emails".into(), json!([{ "value": "c@x", "type": "other" }, { "value": "d@x", "type": "other" }, { "value": "a@x", "type": "other" }]));
    })
    .unwrap();
    assert_eq!(
        shown(&change.modifications),
        ["-otherMailbox b@x", "+otherMailbox d@x"]
    );
    assert_eq!(
        shown(&change.inverse),
        ["-otherMailbox d@x", "+otherMailbox b@x"]
    );
}

#[test]
fn the_auxiliary_class_is_added_once_where_the_entry_lacks_it() {
    let entry = unix_user().with(name("objectClass"), ["inetOrgPerson"]);
    let change = |entry: &Entry| {
        difference("openldap", entry, |new| {
            new.insert("externalId".into(), json!("ana"));
            new.insert("nickName".into(), json!("Ani"));
        })
        .map(|change| shown(&change.modifications))
        .unwrap()
    };
    assert_eq!(
        change(&entry),
        [
            "+objectClass scimbridgeObject",
            "=scimExternalId ana",
            "=scimNickName Ani"
        ]
    );
    let entry = entry.with(name("objectClass"), ["SCIMBRIDGEOBJECT"]);
    assert_eq!(change(&entry), ["=scimExternalId ana", "=scimNickName Ani"]);
}

#[test]
fn the_naming_attribute_is_renamed_never_modified() {
    let change = difference("openldap", &unix_user(), |new| {
        _ = new.insert("userName".into(), json!("p2"))
    })
    .unwrap();
    assert_eq!(
        change.rename.unwrap(),
        [crate::ldap::Rdn::new(name("uid"), "p2")]
    );
    assert!(change.modifications.is_empty());
    // Only the case: still a rename.
    let change = difference("openldap", &unix_user(), |new| {
        _ = new.insert("userName".into(), json!("P1"))
    })
    .unwrap();
    assert_eq!(change.rename.unwrap()[0].value(), "P1");
}

#[test]
fn a_derived_name_follows_until_somebody_gives_another_by_hand() {
    let rename = |new: &mut serde_json::Map<String, Value>| {
        _ = new.insert("displayName".into(), json!("Ana R."))
    };
    let names = |entry: &Entry| {
        difference("active-directory", entry, rename)
            .unwrap()
            .rename
            .map(|names| names[0].value().to_owned())
    };
    assert_eq!(names(&windows_user()).as_deref(), Some("Ana R."));

    // The second candidate was taken at creation; it is the templates' work as well.
    let mut second = windows_user();
    second.dn = Dn::parse("CN=Ana Ruiz 2,OU=People,DC=example").unwrap();
    assert_eq!(names(&second).as_deref(), Some("Ana R."));

    let mut by_hand = windows_user();
    by_hand.dn = Dn::parse("CN=The Boss,OU=People,DC=example").unwrap();
    assert_eq!(names(&by_hand), None);

    let other = difference("active-directory", &second, |new| {
        _ = new.insert("title".into(), json!("Boss"))
    })
    .unwrap();
    assert_eq!(
        other.rename, None,
        "a change of something else renames nobody"
    );
}

#[test]
fn what_does_not_follow_stays() {
    let change = difference("active-directory", &windows_user(), |new| {
        _ = new.insert("userName".into(), json!("other@example.com"))
    })
    .unwrap();
    assert_eq!(
        shown(&change.modifications),
        ["=userPrincipalName other@example.com"]
    );
}

#[test]
fn a_template_stands_in_when_a_line_loses_its_value() {
    let change = difference("openldap", &unix_user(), |new| {
        new.insert("name".into(), json!({ "formatted": "Ana Ruiz" }));
    })
    .unwrap();
    assert_eq!(shown(&change.modifications), ["=sn p1"]);
}

#[test]
fn a_manager_comes_changes_and_goes() {
    let mapping = mapping("openldap");
    let user = mapping.resource("User").unwrap();
    let mut entry = unix_user();
    let manager = |number: Option<u128>| {
        move |new: &mut serde_json::Map<String, Value>| match number {
            Some(number) => {
                _ = new.insert(
                    ENTERPRISE.into(),
                    json!({ "manager": { "value": id(number).to_string().to_uppercase() } }),
                )
            }
            None => _ = new.remove(ENTERPRISE),
        }
    };
    for (number, expected) in [
        (Some(3), vec!["=manager uid=p3,ou=people,dc=example"]),
        (Some(3), vec![]),
        (Some(4), vec!["=manager uid=p4,ou=people,dc=example"]),
        (None, vec!["=manager"]),
        (None, vec![]),
    ] {
        let change = difference("openldap", &entry, manager(number)).unwrap();
        assert_eq!(shown(&change.modifications), expected);
        apply(user, &mut entry, &change.modifications);
    }
    let unknown = difference("openldap", &entry, manager(Some(99))).unwrap_err();
    assert!(unknown.rule.starts_with("refers to id"), "{unknown}");
}

#[test]
fn members_change_by_value_and_a_put_without_them_keeps_them() {
    let mapping = mapping("active-directory");
    let group = mapping.resource("Group").unwrap();
    let mut entry = Entry::new(Dn::parse("CN=Ops,OU=Groups,DC=example").unwrap())
        .with(name("cn"), ["Ops"])
        .with(name("groupType"), ["-2147483646"]);
    entry.insert_references(
        name("member"),
        [1, 2].map(|number| Reference {
            dn: person(number),
            id: Some(id(number)),
        }),
    );
    let to = |numbers: &[u128]| {
        json!(
            numbers
                .iter()
                .map(|number| json!({ "value": id(*number).to_string() }))
                .collect::<Vec<_>>()
        )
    };

    let change = difference("active-directory", &entry, |new| {
        _ = new.insert("members".into(), to(&[3, 2]))
    })
    .unwrap();
    assert_eq!(
        shown(&change.modifications),
        [
            "-member <GUID=00000000-0000-0000-0000-000000000001>",
            "+member <GUID=00000000-0000-0000-0000-000000000003>"
        ]
    );
    apply(group, &mut entry, &change.modifications);
    assert!(
        difference("active-directory", &entry, |new| _ =
            new.insert("members".into(), to(&[2, 3])))
        .unwrap()
        .is_empty()
    );

    assert!(
        difference("active-directory", &entry, |new| _ = new.remove("members"))
            .unwrap()
            .is_empty()
    );
    let emptied = difference("active-directory", &entry, |new| {
        _ = new.insert("members".into(), json!([]))
    })
    .unwrap();
    assert_eq!(
        shown(&emptied.modifications),
        [
            "-member <GUID=00000000-0000-0000-0000-000000000002>|<GUID=00000000-0000-0000-0000-000000000003>"
        ]
    );
}

#[test]
fn a_required_value_cannot_be_taken_away() {
    let fault = difference("openldap", &unix_user(), |new| _ = new.remove("userName")).unwrap_err();
    assert_eq!(
        (fault.attribute.as_str(), fault.rule.as_str()),
        ("userName", "is required and has no value")
    );
}

#[test]
fn two_bits_of_one_number_change_in_one_step() {
    let mapping = custom(
        "active-directory",
        "active = { ldap = \"userAccountControl\", codec = \"flag\", bit = 2, inverted = true, base = 512 }\n'urn:example:scim:extension:acme:2.0:User:never' = { ldap = \"userAccountControl\", codec = \"flag\", bit = 65536 }",
    );
    let user = mapping.resource("User").unwrap();
    let (table, password) = (table(), password());
    let before = Entry::new(person(1))
        .with(name("uid"), ["p1"])
        .with(name("userAccountControl"), ["512"]);
    let old = read(user, &before);
    let mut new = old.clone().into_map();
    new.insert("active".into(), json!(false));
    new.insert(
        "urn:example:scim:extension:acme:2.0:User".into(),
        json!({ "never": true }),
    );
    let new = Resource::from_map(new);
    let change = user
        .write_changes(&before, &old, &new, &context(&table, &password))
        .unwrap();
    assert_eq!(
        shown(&change.modifications),
        ["-userAccountControl 512", "+userAccountControl 66050"]
    );
    let created = user.write_new(&new, &context(&table, &password)).unwrap();
    assert!(
        created.alternatives[0]
            .attributes
            .contains(&(name("userAccountControl"), Values::one("66050")))
    );
}

#[test]
fn a_value_that_goes_takes_its_hidden_siblings_along_so_that_repeating_is_safe() {
    let many = Entry::new(person(1))
        .with(name("uid"), ["p1"])
        .with(name("sn"), ["Ruiz"])
        .with(name("cn"), ["Ana Ruiz"])
        .with(name("title"), ["T1", "T2", "T3"]);
    let change = difference("openldap", &many, |new| {
        new.shift_remove("title");
    })
    .unwrap();
    assert_eq!(shown(&change.modifications), ["=title"]);
    assert_eq!(shown(&change.inverse), ["=title T1|T2|T3"]);
}

#[test]
fn a_rename_keeps_the_other_part_of_a_name_of_two() {
    let dn = Dn::parse("uid=p1+employeeNumber=77,ou=people,dc=example").unwrap();
    let entry = Entry::new(dn)
        .with(name("uid"), ["p1"])
        .with(name("employeeNumber"), ["77"])
        .with(name("sn"), ["Ruiz"])
        .with(name("cn"), ["Ana Ruiz"]);
    let change = difference("openldap", &entry, |new| {
        _ = new.insert("userName".into(), json!("p2"))
    })
    .unwrap();
    let names: Vec<String> = change
        .rename
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(names, ["uid=p2+employeeNumber=77"]);
}

#[test]
fn an_entry_named_by_another_attribute_is_changed_and_not_renamed() {
    let entry = Entry::new(Dn::parse("cn=Ana Ruiz,ou=people,dc=example").unwrap())
        .with(name("uid"), ["p1"])
        .with(name("sn"), ["Ruiz"])
        .with(name("cn"), ["Ana Ruiz"]);
    let change = difference("openldap", &entry, |new| {
        _ = new.insert("userName".into(), json!("p2"))
    })
    .unwrap();
    assert_eq!(change.rename, None);
    assert_eq!(shown(&change.modifications), ["=uid p2"]);
}
