use super::*;
use proptest::prelude::*;

fn name(text: &'static str) -> AttributeName {
    AttributeName::known(text)
}

/// As slapd prints them.
const OPENLDAP_ATTRIBUTES: [&str; 5] = [
    "( 2.5.4.41 NAME 'name' DESC 'RFC4519: common supertype of name attributes' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{32768} )",
    "( 2.5.4.4 NAME ( 'sn' 'surname' ) DESC 'RFC2256: last (family) name(s) for which the entity is known by' SUP name )",
    "( 2.16.840.1.113730.3.1.241 NAME 'displayName' DESC 'RFC2798: preferred name to be used when displaying entries' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )",
    "( 1.3.6.1.1.16.4 NAME 'entryUUID' DESC 'UUID of the entry' EQUALITY UUIDMatch ORDERING UUIDOrderingMatch SYNTAX 1.3.6.1.1.16.1 SINGLE-VALUE NO-USER-MODIFICATION USAGE directoryOperation )",
    "( 1.3.6.1.4.1.4203.1.12.2.3.0.1 NAME 'olcAccess' EQUALITY caseIgnoreMatch SYNTAX OMsDirectoryString X-ORDERED 'VALUES' )",
];

const OPENLDAP_CLASSES: [&str; 4] = [
    "( 2.5.6.0 NAME 'top' DESC 'top of the superclass chain' ABSTRACT MUST objectClass )",
    "( 2.5.6.6 NAME 'person' DESC 'RFC2256: a person' SUP top STRUCTURAL MUST ( sn $ cn ) MAY ( userPassword $ telephoneNumber ) )",
    "( 2.5.6.7 NAME 'organizationalPerson' SUP person STRUCTURAL MAY ( title $ ou ) )",
    "( 1.1.1 NAME 'extra' SUP top AUXILIARY MAY carLicense )",
];

#[test]
fn openldap_schema_is_read_with_what_sup_passes_on() {
    let schema = Schema::parse(OPENLDAP_ATTRIBUTES, OPENLDAP_CLASSES);
    assert_eq!(schema.unread(), 0);
    let surname = schema.attribute(&name("SURNAME")).unwrap();
    assert_eq!(surname.names, [name("sn"), name("surname")]);
    assert_eq!(
        surname.syntax.as_deref(),
        Some("1.3.6.1.4.1.1466.115.121.1.15")
    );
    assert_eq!(surname.length_bound, Some(32768));
    assert_eq!(surname.equality.as_deref(), Some("caseIgnoreMatch"));
    assert_eq!(
        surname.substring.as_deref(),
        Some("caseIgnoreSubstringsMatch")
    );
    assert_eq!(surname.ordering, None);
    assert!(!surname.single_valued && surname.user_modifiable);
    assert!(
        schema
            .attribute(&name("displayname;lang-en"))
            .unwrap()
            .single_valued
    );
    let id = schema.attribute(&name("1.3.6.1.1.16.4")).unwrap();
    assert!(!id.user_modifiable && id.operational && id.single_valued);
    assert!(schema.attribute(&name("nope")).is_none());
}

#[test]
fn an_entry_may_have_what_its_classes_and_those_above_allow() {
    let schema = Schema::parse(OPENLDAP_ATTRIBUTES, OPENLDAP_CLASSES);
    let allowed = schema.allowed_attributes(["OrganizationalPerson", "extra", "unheardOf"]);
    for attribute in [
        "objectClass",
        "sn",
        "surname",
        "cn",
        "telephonenumber",
        "title",
        "carLicense",
    ] {
        assert!(allowed.contains(&name(attribute)), "{attribute}");
    }
    assert!(!allowed.contains(&name("displayName")));
    let required = schema.required_attributes(["organizationalPerson"]);
    assert_eq!(
        required,
        [name("objectClass"), name("sn"), name("surname"), name("cn")].into()
    );
    assert_eq!(
        schema.object_class("extra").unwrap().kind,
        ObjectClassKind::Auxiliary
    );
}

#[test]
fn active_directory_quotes_syntaxes_and_adds_by_content_rules() {
    let schema = Schema::parse(
        [
            "( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' SYNTAX '1.3.6.1.4.1.1466.115.121.1.15' SINGLE-VALUE )",
            "( 1.2.840.113556.1.4.2 NAME 'objectGUID' SYNTAX '1.3.6.1.4.1.1466.115.121.1.40' SINGLE-VALUE NO-USER-MODIFICATION )",
        ],
        [
            "( 2.5.6.0 NAME 'top' ABSTRACT MUST (objectClass $ objectCategory ) MAY (cn $ memberOf ) )",
            "( 1.2.840.113556.1.5.9 NAME 'user' SUP top STRUCTURAL MAY (accountExpires ) )",
            "( 1.2.840.113556.1.5.6 NAME 'securityPrincipal' SUP top AUXILIARY MUST (sAMAccountName ) )",
            "( 1.2.840.113556.1.3.46 NAME 'mailRecipient' SUP top AUXILIARY MAY (mail ) )",
        ],
    )
    .with_content_rules([
        "( 1.2.840.113556.1.5.9 NAME 'user' AUX ( mailRecipient $ securityPrincipal ) MAY (sAMAccountType ) )",
    ]);
    let account = schema.attribute(&name("samaccountname")).unwrap();
    assert_eq!(
        account.syntax.as_deref(),
        Some("1.3.6.1.4.1.1466.115.121.1.15")
    );
    assert!(
        !schema
            .attribute(&name("objectGUID"))
            .unwrap()
            .user_modifiable
    );
    let allowed = schema.allowed_attributes(["user"]);
    for attribute in [
        "mail",
        "sAMAccountName",
        "accountExpires",
        "sAMAccountType",
        "objectCategory",
    ] {
        assert!(allowed.contains(&name(attribute)), "{attribute}");
    }
    assert!(
        schema
            .required_attributes(["user"])
            .contains(&name("sAMAccountName"))
    );
}

#[test]
fn oddities_of_389_directory_server_are_read() {
    let schema = Schema::parse(
        [
            "( nsRoleDN-oid NAME 'nsRoleDN' DESC 'Netscape's role's name' SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 X-ORIGIN ( 'Netscape' 'user defined' ) SINGLE-VALUE )",
            "(2.16.840.1.113730.3.1.2 name('a_b' 'c') syntax 1.2.3 x-origin 'x' usage USERAPPLICATIONS)",
        ],
        [],
    );
    let role = schema.attribute(&name("nsRoleDN")).unwrap();
    assert!(role.single_valued);
    assert_eq!(role.oid, "nsRoleDN-oid");
    assert!(!schema.attribute(&name("a_b")).unwrap().operational);
    assert!(schema.attribute(&name("2.16.840.1.113730.3.1.2")).is_some());
}

#[test]
fn what_cannot_be_read_is_counted_and_passed_over() {
    let schema = Schema::parse(
        [
            "",
            "(",
            "( 1.2.3",
            "no",
            "( 1.2.3 NAME 'x",
            "( 1.2.4 NAME 'y' )",
        ],
        ["()", "( 1.1 SUP ( a"],
    );
    assert_eq!(schema.unread(), 7);
    assert!(schema.attribute(&name("y")).is_some());
    assert!(schema.attribute(&name("x")).is_none());
}

#[test]
fn derivations_in_a_circle_end() {
    let schema = Schema::parse(
        ["( 1.1 NAME 'a' SUP b )", "( 1.2 NAME 'b' SUP a )"],
        [
            "( 1.3 NAME 'x' SUP y MAY a )",
            "( 1.4 NAME 'y' SUP x MUST b )",
        ],
    );
    assert_eq!(schema.attribute(&name("a")).unwrap().syntax, None);
    assert_eq!(
        schema.allowed_attributes(["x"]),
        [name("a"), name("b")].into()
    );
}

proptest! {
    #[test]
    fn no_description_makes_it_panic(text in "\\PC*", like in "\\( 1\\.2 (NAME|SUP|MAY|X-A|DESC|[A-Z]+|[(')$ ]| ){0,20}") {
        let _ = Schema::parse([text.as_str(), like.as_str()], [text.as_str(), like.as_str()])
            .with_content_rules([text.as_str(), like.as_str()])
            .allowed_attributes(["x"]);
    }
}
