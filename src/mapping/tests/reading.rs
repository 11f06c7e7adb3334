//! Entries as resources.

use serde_json::json;

use super::*;

fn ana_in_active_directory() -> Entry {
    let kind = crate::ldap::DirectoryKind::ActiveDirectory;
    let mut entry = Entry::new(Dn::parse("CN=Ana Ruiz,OU=People,DC=example").unwrap())
        .with(name("objectGUID"), [kind.id_value(id(7))])
        .with(name("userPrincipalName"), ["ana@example.com"])
        .with(name("userAccountControl"), ["514"])
        .with(name("mail"), ["ana@example.com"])
        .with(name("otherMailbox"), ["one@x", "two@x"])
        .with(name("telephoneNumber"), ["1"])
        .with(name("mobile"), ["2"])
        .with(name("streetAddress"), ["Calle 1"])
        .with(name("l"), ["Madrid"])
        .with(name("department"), ["Labs"])
        .with(name("unicodePwd"), ["never"])
        .with(name("whenCreated"), ["20260101120000.0Z"])
        .with(name("whenChanged"), ["20260102120000.0Z"]);
    entry.insert_references(
        name("manager"),
        [Reference {
            dn: person(3),
            id: Some(id(3)),
        }],
    );
    entry.insert_references(
        name("memberOf"),
        [
            Reference {
                dn: Dn::parse("CN=Ops,OU=Groups,DC=example").unwrap(),
                id: Some(id(20)),
            },
            Reference {
                dn: Dn::parse("CN=Unknown,DC=elsewhere").unwrap(),
                id: None,
            },
        ],
    );
    entry
}

#[test]
fn an_account_reads_as_a_user() {
    let mapping = mapping("active-directory");
    let user = read(
        mapping.resource("User").unwrap(),
        &ana_in_active_directory(),
    );
    insta::assert_snapshot!(serde_json::to_string_pretty(user.as_map()).unwrap(), @r#"
    {
      "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
      ],
      "id": "00000000-0000-0000-0000-000000000007",
      "userName": "ana@example.com",
      "active": false,
      "emails": [
        {
          "value": "ana@example.com",
          "type": "work",
          "primary": true
        },
        {
          "value": "one@x",
          "type": "other"
        },
        {
          "value": "two@x",
          "type": "other"
        }
      ],
      "phoneNumbers": [
        {
          "value": "1",
          "type": "work",
          "primary": true
        },
        {
          "value": "2",
          "type": "mobile"
        }
      ],
      "addresses": [
        {
          "streetAddress": "Calle 1",
          "locality": "Madrid",
          "type": "work",
          "primary": true
        }
      ],
      "groups": [
        {
          "value": "00000000-0000-0000-0000-000000000014",
          "$ref": "https://scim.example/v2/Groups/00000000-0000-0000-0000-000000000014",
          "type": "Group",
          "display": "Ops"
        }
      ],
      "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
        "department": "Labs",
        "manager": {
          "value": "00000000-0000-0000-0000-000000000003",
          "$ref": "https://scim.example/v2/Users/00000000-0000-0000-0000-000000000003",
          "displayName": "p3"
        }
      },
      "meta": {
        "resourceType": "User",
        "created": "2026-01-01T12:00:00Z",
        "lastModified": "2026-01-02T12:00:00Z",
        "location": "https://scim.example/v2/Users/00000000-0000-0000-0000-000000000007"
      }
    }
    "#);
}

#[test]
fn what_the_directory_does_not_have_is_not_there() {
    let mapping = mapping("openldap");
    let entry = Entry::new(person(1)).with(name("uid"), ["p1"]);
    let user = read(mapping.resource("User").unwrap(), &entry);
    let keys: Vec<&str> = user.as_map().keys().map(String::as_str).collect();
    assert_eq!(keys, ["schemas", "userName", "active", "meta"]);
    assert_eq!(user.schemas().count(), 1);
}

#[test]
fn a_lock_reads_as_inactive_and_no_lock_as_active() {
    let mapping = mapping("openldap");
    let user = mapping.resource("User").unwrap();
    let active = |entry: &Entry| read(user, entry).as_map().get("active").cloned();
    let entry = Entry::new(person(1));
    assert_eq!(active(&entry), Some(json!(true)));
    for (lock, expected) in [("000001010000Z", false), ("20260101000000Z", true)] {
        assert_eq!(
            active(&entry.clone().with(name("pwdAccountLockedTime"), [lock])),
            Some(json!(expected)),
            "a lock that failed attempts made is no disabling"
        );
    }
}

#[test]
fn a_lock_by_a_word_reads_as_inactive_whatever_its_case() {
    let mapping = mapping("389ds");
    let user = mapping.resource("User").unwrap();
    let entry = Entry::new(person(1));
    for (locks, expected) in [
        (&[][..], true),
        (&["true"][..], false),
        (&["TRUE"][..], false),
        (&["false"][..], true),
        (&["truer"][..], true),
    ] {
        let entry = entry
            .clone()
            .with(name("nsAccountLock"), locks.iter().copied());
        assert_eq!(
            read(user, &entry).as_map()["active"],
            json!(expected),
            "{locks:?}"
        );
    }
}

#[test]
fn the_first_value_is_the_one_that_scim_sees_and_of_the_name_the_one_in_the_dn() {
    let mapping = mapping("openldap");
    let entry = Entry::new(person(1))
        .with(name("uid"), ["alias", "P1"])
        .with(name("mail"), ["first@x", "second@x"]);
    let user = read(mapping.resource("User").unwrap(), &entry);
    assert_eq!(user.as_map()["userName"], "P1");
    assert_eq!(
        user.as_map()["emails"],
        json!([{ "value": "first@x", "type": "work", "primary": true }])
    );
}

#[test]
fn without_a_value_for_the_primary_line_the_first_element_is_the_primary_one() {
    let mapping = mapping("active-directory");
    let entry = Entry::new(person(1))
        .with(name("mobile"), ["2"])
        .with(name("pager"), ["3"])
        .with(name("otherMailbox"), ["one@x", "two@x"]);
    let user = read(mapping.resource("User").unwrap(), &entry);
    assert_eq!(
        user.as_map()["phoneNumbers"],
        json!([{ "value": "2", "type": "mobile", "primary": true }, { "value": "3", "type": "pager" }])
    );
    assert_eq!(
        user.as_map()["emails"],
        json!([{ "value": "one@x", "type": "other", "primary": true }, { "value": "two@x", "type": "other" }])
    );
}

#[test]
fn a_members_type_is_told_when_only_one_base_holds_it() {
    let mapping = mapping("openldap");
    let mut entry =
        Entry::new(Dn::parse("cn=Ops,ou=groups,dc=example").unwrap()).with(name("cn"), ["Ops"]);
    entry.insert_references(
        name("member"),
        [
            Reference {
                dn: person(1),
                id: Some(id(1)),
            },
            Reference {
                dn: Dn::parse("cn=Nested,ou=groups,dc=example").unwrap(),
                id: Some(id(20)),
            },
            Reference {
                dn: Dn::parse("cn=far,dc=elsewhere").unwrap(),
                id: Some(id(21)),
            },
        ],
    );
    let group = read(mapping.resource("Group").unwrap(), &entry);
    let members = group.as_map()["members"].as_array().unwrap();
    assert_eq!(members[0]["type"], "User");
    assert_eq!(
        members[1]["$ref"],
        format!("https://scim.example/v2/Groups/{}", id(20))
    );
    assert_eq!(
        members.len(),
        2,
        "what lies outside the bases cannot be read, not even its id"
    );
}

#[test]
fn a_value_that_is_no_text_is_left_out_and_the_rest_is_read() {
    let mapping = mapping("openldap");
    let entry = Entry::new(person(1))
        .with(name("uid"), ["p1"])
        .with(name("title"), [vec![0xff, 0xfe]]);
    let user = read(mapping.resource("User").unwrap(), &entry);
    assert_eq!(user.as_map().get("title"), None);
    assert_eq!(user.as_map()["userName"], "p1");
}

#[test]
fn a_schema_of_ones_own_needs_a_mapping_file_only() {
    let mapping = custom(
        "openldap",
        "'urn:example:scim:extension:acme:2.0:User:badge' = { ldap = \"employeeNumber\", codec = \"integer\" }\n'urn:example:scim:extension:acme:2.0:User:tags' = { ldap = \"description\", many = true }\n'urn:example:scim:extension:acme:2.0:User:desk.floor' = \"roomNumber\"\n'urn:example:scim:extension:acme:2.0:User:cards[type eq \"door\"].value' = \"carLicense\"",
    );
    let entry = Entry::new(person(1))
        .with(name("uid"), ["p1"])
        .with(name("employeeNumber"), ["42"])
        .with(name("description"), ["a", "b"])
        .with(name("roomNumber"), ["3"])
        .with(name("carLicense"), ["X-1"]);
    let user = mapping.resource("User").unwrap();
    let badge = user.definition.extensions[0].attribute("badge").unwrap();
    assert_eq!(badge.kind, crate::scim::schema::Kind::Integer);
    assert_eq!(
        read(user, &entry).as_map()["urn:example:scim:extension:acme:2.0:User"],
        json!({ "badge": 42, "tags": ["a", "b"], "desk": { "floor": "3" }, "cards": [{ "value": "X-1", "type": "door" }] })
    );
}
