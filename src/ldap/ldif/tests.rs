use super::*;
use crate::ldap::{Convergence, Dn, Filter, Rdn, SecretBytes, Target};
use proptest::prelude::*;

fn name(text: &'static str) -> AttributeName {
    AttributeName::known(text)
}

fn target(dn: &str) -> Target {
    Target {
        dn: Dn::parse(dn).unwrap(),
        guid: None,
    }
}

fn modify(dn: &str, modifications: Vec<Modification>) -> Change {
    Change::Modify {
        target: target(dn),
        modifications,
        assertion: None,
        convergence: Convergence::Exact,
    }
}

#[test]
fn a_new_account_is_written_without_its_password() {
    let add = Change::Add {
        dn: Dn::parse("CN=Ada Lovelace,OU=People,DC=example,DC=org").unwrap(),
        attributes: vec![
            (name("objectClass"), Values::one("user")),
            (name("cn"), Values::one("Ada Lovelace")),
            (
                name("unicodePwd"),
                Values::Secret(SecretBytes::new(b"\"\0h\0u\0n\0t\0e\0r\0".to_vec())),
            ),
            (name("description"), Values::one(" leading space")),
        ],
    };
    assert_eq!(
        write([&add].into_iter()),
        "version: 1\n\
         \n\
         dn: CN=Ada Lovelace,OU=People,DC=example,DC=org\n\
         changetype: add\n\
         objectClass: user\n\
         cn: Ada Lovelace\n\
         # unicodePwd: [redacted]\n\
         description:: IGxlYWRpbmcgc3BhY2U=\n"
    );
}

#[test]
fn a_password_reset_cannot_be_replayed_as_emptying_the_password() {
    let reset = modify(
        "uid=ada,dc=e",
        vec![
            Modification::replace(
                name("userPassword"),
                Values::Secret(SecretBytes::new(b"hunter2".to_vec())),
            ),
            Modification::delete(name("title"), Values::none()),
        ],
    );
    assert_eq!(
        write([&reset].into_iter()),
        "version: 1\n\ndn: uid=ada,dc=e\nchangetype: modify\n\
         # replace: userPassword\n# userPassword: [redacted]\n# -\n\
         delete: title\n-\n"
    );
}

#[test]
fn renames_and_deletes_are_records_of_their_own() {
    let rename = Change::Rename {
        target: target("cn=a,ou=x,dc=e"),
        rdn: Rdn::new(name("cn"), "Zoë"),
        delete_old_rdn: true,
        superior: Dn::parse("ou=y,dc=e").ok(),
        assertion: None,
    };
    let delete = Change::Delete {
        target: target("cn=b,dc=e"),
        assertion: None,
    };
    assert_eq!(
        write([&rename, &delete].into_iter()),
        "version: 1\n\ndn: cn=a,ou=x,dc=e\nchangetype: modrdn\nnewrdn:: Y249Wm/Dqw==\ndeleteoldrdn: 1\n\
         newsuperior: ou=y,dc=e\n\ndn: cn=b,dc=e\nchangetype: delete\n"
    );
}

#[test]
fn a_value_cannot_break_out_of_its_line() {
    let evil = modify(
        "cn=a,dc=e",
        vec![Modification::add(
            name("sn"),
            Values::one("x\ndn: cn=admin,dc=e"),
        )],
    );
    let assertion = Change::Modify {
        target: target("cn=a,dc=e"),
        modifications: vec![],
        assertion: Some(Filter::equal(name("sn"), "é\nchangetype: delete")),
        convergence: Convergence::Exact,
    };
    let ldif = write([&evil, &assertion].into_iter());
    assert_eq!(
        ldif.lines().filter(|line| line.starts_with("dn:")).count(),
        2
    );
    assert!(!ldif.contains("\nchangetype: delete"));
    assert!(ldif.contains("# only if (sn=\\c3\\a9\\0achangetype: delete)\n"));
    assert!(ldif.is_ascii());
}

#[test]
fn nothing_is_written_for_no_changes() {
    assert_eq!(write(std::iter::empty()), "");
}

/// A reader just good enough to tell what `write` wrote: unfolds lines, drops comments, decodes values.
fn read(ldif: &str) -> Vec<Vec<(String, Vec<u8>)>> {
    let unfolded = ldif.replace("\n ", "");
    let mut records = vec![];
    for block in unfolded.split("\n\n").skip(1) {
        let lines = block.lines().filter(|line| !line.starts_with('#'));
        let record = lines.map(|line| match line.split_once(':') {
            None => (line.to_owned(), vec![]),
            Some((name, value)) => match value.strip_prefix(':') {
                Some(encoded) => (name.to_owned(), STANDARD.decode(encoded.trim()).unwrap()),
                None => (
                    name.to_owned(),
                    value.strip_prefix(' ').unwrap_or(value).as_bytes().to_vec(),
                ),
            },
        });
        records.push(record.collect());
    }
    records
}

proptest! {
    #[test]
    fn a_modify_can_be_read_back(
        rdn in any::<String>(),
        texts in proptest::collection::vec(any::<String>(), 1..4),
        octets in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let dn = Dn::parse("ou=x,dc=e").unwrap().child(Rdn::new(name("cn"), rdn));
        let mut values: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
        values.push(octets);
        let change = Change::Modify {
            target: Target { dn: dn.clone(), guid: None },
            modifications: vec![
                Modification::add(name("sn"), Values::Plain(values.clone())),
                Modification::delete(name("title"), Values::none()),
            ],
            assertion: None,
            convergence: Convergence::Converge,
        };
        let ldif = write([&change].into_iter());
        prop_assert!(ldif.lines().all(|line| line.len() <= LINE && line.is_ascii()));
        let text = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        let mut expected = vec![
            ("dn".to_owned(), dn.to_string().into_bytes()),
            text("changetype", "modify"),
            text("add", "sn"),
        ];
        expected.extend(values.into_iter().map(|value| ("sn".to_owned(), value)));
        expected.extend([text("-", ""), text("delete", "title"), text("-", "")]);
        prop_assert_eq!(read(&ldif), vec![expected]);
    }
}
