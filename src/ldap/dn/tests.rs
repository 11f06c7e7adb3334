use std::collections::HashSet;

use super::*;
use crate::ldap::AttributeName;
use proptest::prelude::*;

fn dn(text: &str) -> Dn {
    Dn::parse(text).unwrap()
}

fn value(text: &str) -> String {
    dn(text).rdn().unwrap().value().to_owned()
}

#[test]
fn the_examples_of_rfc_4514_are_read() {
    assert_eq!(dn("UID=jsmith,DC=example,DC=net").depth(), 3);
    let several = dn("OU=Sales+CN=J.  Smith,DC=example,DC=net");
    let rdn = several.rdn().unwrap();
    assert!(rdn.is_multi_valued());
    assert_eq!(rdn.value_of(&AttributeName::known("cn")), Some("J.  Smith"));
    assert_eq!(
        value(r#"CN=James \"Jim\" Smith\, III,DC=example,DC=net"#),
        r#"James "Jim" Smith, III"#
    );
    assert_eq!(
        value(r"CN=Before\0dAfter,DC=example,DC=net"),
        "Before\rAfter"
    );
    assert_eq!(value(r"1.3.6.1.4.1.1466.0=#04024869"), "Hi");
    assert_eq!(value(r"CN=Lu\C4\8Di\C4\87"), "Lučić");
}

#[test]
fn every_escape_is_understood() {
    assert_eq!(
        value(r#"cn=\ \#\,\+\"\\\<\>\;\=\ ,dc=e"#),
        r##" #,+"\<>;= "##
    );
    assert_eq!(value(r"cn=\00\0a\7F,dc=e"), "\0\n\u{7f}");
    assert_eq!(value("cn=  a b  ,dc=e"), "a b");
    assert_eq!(value(r"cn=a\  ,dc=e"), "a ");
    assert_eq!(value(r"cn=a\20 ,dc=e"), "a ");
    assert_eq!(value("cn=,dc=e"), "");
    assert_eq!(value("cn=a=b#c d,dc=e"), "a=b#c d");
}

#[test]
fn samba_escapes_a_question_mark() {
    assert_eq!(value(r"CN=who\?,DC=e"), "who?");
    let extended = ExtendedDn::parse(
        r"<GUID=58149b57-72e4-4826-a3d2-ce9d4e898156>;CN=who\?,DC=e"
            .replace(r"\\", r"\")
            .as_str(),
    )
    .unwrap();
    assert_eq!(extended.dn.rdn().unwrap().value(), "who?");
}

#[test]
fn everything_that_needs_an_escape_gets_one() {
    let print = |text: &str| Rdn::new(AttributeName::known("cn"), text).to_string();
    assert_eq!(print(r#",+"\<>;="#), r#"cn=\,\+\"\\\<\>\;\="#);
    assert_eq!(print(" a "), r"cn=\ a\ ");
    assert_eq!(print(" "), r"cn=\ ");
    assert_eq!(print("  "), r"cn=\ \ ");
    assert_eq!(print("#a#"), r"cn=\#a#");
    assert_eq!(print("a\0b\nc"), r"cn=a\00b\0Ac");
    assert_eq!(print("Zoë 👩‍🚀"), "cn=Zoë 👩‍🚀");
    assert_eq!(print(""), "cn=");
}

#[test]
fn a_value_cannot_become_another_part_of_the_name() {
    let base = dn("ou=people,dc=example");
    let evil = base.child(Rdn::new(AttributeName::known("uid"), "evil,ou=x"));
    assert_eq!(evil.to_string(), r"uid=evil\,ou\=x,ou=people,dc=example");
    assert_eq!(evil.parent(), Some(base.clone()));
    assert_eq!(dn(&evil.to_string()).depth(), 3);
    // Nor can a value imitate the separator of the normalised form.
    let sneaky = Dn::root().child(Rdn::new(
        AttributeName::known("cn"),
        "a\0ou=people\0dc=example",
    ));
    assert!(!sneaky.is_within(&base));
}

#[test]
fn the_older_forms_of_rfc_2253_are_read() {
    let modern = dn(r"cn=Smith\, John,o=Acme");
    assert_eq!(dn(r#"CN="Smith, John" ; O = Acme"#), modern);
    assert_eq!(dn(r#"OID.2.5.4.3="Smith\2C John",o=Acme"#), modern);
    assert_eq!(dn("cn = a + sn = b , dc = e"), dn("sn=b+cn=a,dc=e"));
}

#[test]
fn what_is_no_dn_is_refused_where_it_goes_wrong() {
    for (text, error) in [
        ("abc", DnError::NoEquals(0)),
        ("cn=a,b,dc=e", DnError::NoEquals(5)),
        ("cn=a,,dc=e", DnError::NoEquals(5)),
        ("cn=a,", DnError::NoEquals(5)),
        (r"cn=a\", DnError::Escape(4)),
        (r"cn=a\z", DnError::Escape(4)),
        (r"cn=a\4", DnError::Escape(4)),
        ("cn=a<b", DnError::Unescaped(4, '<')),
        ("cn=a\0b", DnError::Unescaped(4, '\0')),
        ("cn=a\"b", DnError::Unescaped(4, '"')),
        (r"cn=\ff", DnError::NotUtf8(3)),
        ("cn=#", DnError::Hexadecimal(3)),
        ("cn=#040", DnError::Hexadecimal(3)),
        ("cn=#04xx", DnError::Hexadecimal(3)),
        ("cn=\"a", DnError::Quotation(3)),
        ("cn=\"a\"b", DnError::Quotation(3)),
        ("cn=#0400 x", DnError::Unescaped(9, 'x')),
    ] {
        assert_eq!(Dn::parse(text).unwrap_err(), error, "{text}");
    }
    assert!(matches!(Dn::parse("c n=a"), Err(DnError::Attribute(0, _))));
    assert!(matches!(Dn::parse("=a"), Err(DnError::Attribute(0, _))));
    assert!(matches!(
        Dn::parse(&"a".repeat(MAX_LENGTH + 1)),
        Err(DnError::TooLong(_))
    ));
}

#[test]
fn names_that_a_directory_takes_for_one_are_equal() {
    for (left, right) in [
        ("CN=Ada,DC=E", "cn=ada,dc=e"),
        ("cn=Ada  King, dc=e", "CN=ada king,DC=e"),
        ("cn=ÉTÉ", "cn=été"),
        ("2.5.4.3=a,0.9.2342.19200300.100.1.25=e", "cn=a,dc=e"),
        ("commonName=a", "cn=a"),
        ("cn=#04024869", "cn=hi"),
        ("cn=a+sn=b", "sn=B+CN=A"),
        (r"cn=\ a\ ", "cn=a"),
    ] {
        assert_eq!(dn(left), dn(right), "{left}");
        assert_eq!(HashSet::from([dn(left), dn(right)]).len(), 1);
    }
    for (left, right) in [
        ("cn=a,dc=e", "cn=a"),
        ("cn=a,cn=b", "cn=a+cn=b"),
        (r"cn=a\,cn\=b", "cn=a,cn=b"),
        (r"cn=a\+cn\=b", "cn=a+cn=b"),
        ("cn=#0500", r"cn=\#0500"),
        ("cn=a b", "cn=ab"),
        ("uid=a", "cn=a"),
        ("cn=é", "cn=e"),
    ] {
        assert_ne!(dn(left), dn(right), "{left}");
    }
    assert!(!dn("CN=a").same_spelling(&dn("cn=a")));
    assert!(dn(r"cn=\61").same_spelling(&dn("cn=a")));
}

#[test]
fn within_goes_by_whole_relative_names() {
    let base = dn("ou=people,dc=example");
    assert!(dn("uid=ada,OU=People,DC=Example").is_within(&base));
    assert!(base.is_within(&base));
    assert!(base.is_within(&Dn::root()));
    assert!(!dn("uid=ada,ou=salespeople,dc=example").is_within(&base));
    assert!(!dn("dc=example").is_within(&base));
    assert!(!Dn::root().is_within(&base));
}

#[test]
fn the_way_up_ends_at_the_root() {
    let leaf = dn("cn=a,ou=x,dc=e");
    let above: Vec<String> = std::iter::successors(Some(leaf), Dn::parent)
        .map(|dn| dn.to_string())
        .collect();
    assert_eq!(above, ["cn=a,ou=x,dc=e", "ou=x,dc=e", "dc=e", ""]);
    assert_eq!(dn("  "), Dn::root());
}

#[test]
fn a_long_name_is_read_in_proportion_to_its_length() {
    let long = format!("cn={}", r"\2C".repeat(MAX_LENGTH / 4));
    assert_eq!(value(&long).len(), MAX_LENGTH / 4);
    let many = format!("dc=e{}", ",dc=e".repeat(MAX_LENGTH / 6));
    let many = dn(&many);
    assert!(many.is_within(&dn("dc=e,dc=e")));
}

/// Any text, with a liking for what is special in a DN.
fn any_text() -> impl Strategy<Value = String> {
    let special = proptest::collection::vec(
        prop_oneof![
            proptest::sample::select(vec![
                ' ', ',', '+', '"', '\\', '<', '>', ';', '=', '#', '\0', '\n', '\r', '\u{1}',
                '\u{2}', '\u{7f}', 'a', '\u{301}', 'é', 'İ', '😀', '\u{200d}', '\u{202e}',
            ]),
            any::<char>(),
        ],
        0..12,
    );
    prop_oneof![special.prop_map(String::from_iter), any::<String>()]
}

fn any_rdn() -> impl Strategy<Value = Rdn> {
    let ava = || {
        let value = prop_oneof![
            4 => any_text().prop_map(AvaValue::Text),
            1 => proptest::collection::vec(any::<u8>(), 1..9).prop_map(AvaValue::Ber),
        ];
        ("[a-z][a-z0-9-]{0,5}|2\\.5\\.4\\.[1-9]", value).prop_map(|(name, value)| Ava {
            attribute: AttributeName::parse(&name).unwrap(),
            value,
        })
    };
    (ava(), proptest::collection::vec(ava(), 0..2))
        .prop_map(|(first, rest)| rest.into_iter().fold(Rdn::from_ava(first), Rdn::and))
}

fn any_dn() -> impl Strategy<Value = Dn> {
    proptest::collection::vec(any_rdn(), 0..5).prop_map(|rdns| {
        rdns.into_iter()
            .fold(Dn::root(), |above, rdn| above.child(rdn))
    })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back_letter_by_letter(dn in any_dn()) {
        let printed = dn.to_string();
        let read = Dn::parse(&printed).unwrap();
        prop_assert!(read.same_spelling(&dn), "{printed}");
        prop_assert_eq!(&read, &dn);
        prop_assert_eq!(read.to_string(), printed);
    }

    #[test]
    fn any_text_survives_as_a_value(text in any_text()) {
        let dn = dn("ou=x,dc=e").child(Rdn::new(AttributeName::known("cn"), text.clone()));
        let read = Dn::parse(&dn.to_string()).unwrap();
        prop_assert_eq!(read.rdn().unwrap().value(), text);
        prop_assert_eq!(read.depth(), 3);
    }

    #[test]
    fn child_and_parent_are_each_others_way_back(dn in any_dn(), rdn in any_rdn()) {
        let child = dn.child(rdn.clone());
        prop_assert_eq!(child.parent(), Some(dn.clone()));
        prop_assert_eq!(child.rdn(), Some(&rdn));
        prop_assert!(child.is_within(&dn) && !dn.is_within(&child));
        prop_assert_eq!(child.depth(), dn.depth() + 1);
    }

    #[test]
    fn within_is_an_order(a in any_dn(), b in any_dn(), c in any_dn()) {
        prop_assert!(a.is_within(&a) && a.is_within(&Dn::root()));
        if a.is_within(&b) && b.is_within(&a) {
            prop_assert_eq!(&a, &b);
        }
        if a.is_within(&b) && b.is_within(&c) {
            prop_assert!(a.is_within(&c));
        }
        // The definition: some entry on the way up is the base.
        let on_the_way_up = std::iter::successors(Some(a.clone()), Dn::parent).any(|above| above == b);
        prop_assert_eq!(a.is_within(&b), on_the_way_up);
    }

    #[test]
    fn no_text_makes_it_panic(text in any_text(), like in "(cn|ou)=[a, +\\\\\"#;=<0-9é]{0,12}") {
        for text in [text, like] {
            if let Ok(dn) = Dn::parse(&text) {
                prop_assert!(Dn::parse(&dn.to_string()).unwrap().same_spelling(&dn));
            }
            let _ = ExtendedDn::parse(&text);
        }
    }
}

#[test]
fn folded_names_are_equal_in_every_normalisation_and_case() {
    let dn = |text: &str| Dn::parse(text).unwrap();
    let composed = dn("uid=jos\u{e9},ou=Stra\u{df}e,dc=e");
    for other in [
        "uid=jose\u{301},ou=Stra\u{df}e,dc=e",
        "UID=JOSE\u{301},OU=STRASSE,DC=E",
        "uid=\u{ff4a}os\u{c9},ou=stra\u{1e9e}e,dc=e",
    ] {
        assert_ne!(composed, dn(other), "{other}");
        assert_eq!(composed.folded(), dn(other).folded(), "{other}");
    }
    assert_ne!(composed.folded(), dn("uid=jose,ou=strasse,dc=e").folded());
    assert!(
        dn("cn=\u{c9},ou=A,dc=e")
            .folded()
            .is_within(&dn("ou=a,dc=e"))
    );
}
