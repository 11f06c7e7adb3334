//! Each row of the table with a text as a directory sends it.

use super::*;

/// Result code, text, meaning, the attribute named.
type Row = (u32, &'static str, Meaning, Option<&'static str>);

#[track_caller]
fn check(rows: &[Row]) {
    for (code, text, meaning, attribute) in rows {
        let read = rejection(*code, text, true);
        assert_eq!(read.meaning, *meaning, "{code} {text}");
        assert_eq!(
            read.attribute.as_ref().map(AttributeName::as_str),
            *attribute,
            "{code} {text}"
        );
    }
}

#[test]
#[rustfmt::skip] // One row of the table a line.
fn taken_names_and_values() {
    check(&[
        (68, "00000524: UpdErr: DSID-031A11E2, problem 6005 (ENTRY_EXISTS), data 0", Meaning::AccountNameTaken, Some("sAMAccountName")),
        (68, "00000526: UpdErr: DSID-031A11E2, problem 6005 (ENTRY_EXISTS), data 0", Meaning::AccountNameTaken, Some("sAMAccountName")),
        (68, "00002071: UpdErr: DSID-03050328, problem 6005 (ENTRY_EXISTS), data 0", Meaning::NameTaken, None),
        (68, "00002071: samldb: samAccountName 'ADA' already in use!", Meaning::AccountNameTaken, Some("sAMAccountName")),
        (68, "Entry CN=Ada,OU=Lab,DC=ad,DC=example,DC=test already exists", Meaning::NameTaken, None),
        (68, "", Meaning::NameTaken, None),
        (19, "000021C8: AtrErr: DSID-03200BBA, #1:\n\t0: 000021C8: DSID-03200BBA, problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 90290 (userPrincipalName)", Meaning::ValueTaken, Some("userPrincipalName")),
        (19, "000021C7: AtrErr: DSID-03200BBA, problem 1005", Meaning::ValueTaken, Some("servicePrincipalName")),
        (68, "00002071: samldb: samAccountName 'ada' already in use! (implied by userPrincipalName 'ada@example.test')", Meaning::ValueTaken, Some("userPrincipalName")),
        (19, "0000202F: samldb: userPrincipalName 'ada@example.test' is already in use", Meaning::ValueTaken, Some("userPrincipalName")),
        (19, "non-unique attributes found with (|(uid=ADA))", Meaning::ValueTaken, Some("uid")),
        (19, "Another entry with the same attribute value already exists (attribute: \"mail \")", Meaning::ValueTaken, Some("mail")),
    ]);
}

#[test]
#[rustfmt::skip] // One row of the table a line.
fn what_does_not_exist() {
    check(&[
        (32, "00002030: NameErr: DSID-0310020A, problem 2001 (NO_OBJECT), data 0, best match of: ''", Meaning::NoSuchEntry, None),
        (32, "0000208D: NameErr: DSID-0310020A, problem 2001 (NO_OBJECT), data 0", Meaning::NoSuchEntry, None),
        (32, "acl_read: Error retrieving instanceType for base.", Meaning::NoSuchEntry, None),
        (32, "00000525: NameErr: DSID-031A11A0", Meaning::NoSuchReference, None),
        (32, "00000527: NameErr: DSID-031A11A0", Meaning::NoSuchReference, None),
        (19, "000020B5: objectclass_attrs: manager not found", Meaning::NoSuchReference, None),
        (32, "00002089: UpdErr: DSID-031B0CB5", Meaning::ParentMissing, None),
        (53, "00002089: UpdErr: DSID-031B0CB5", Meaning::ParentMissing, None),
        (80, "00002095: subtree_rename: parent does not exist!", Meaning::ParentMissing, None),
    ]);
}

#[test]
#[rustfmt::skip] // One row of the table a line.
fn passwords() {
    check(&[
        (53, "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0", Meaning::PasswordPolicy, None),
        (19, "0000052D: AtrErr: DSID-03191083, #1:\n\t0: 0000052D: DSID-03191083, problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 9005a (unicodePwd)", Meaning::PasswordPolicy, Some("unicodePwd")),
        (19, "0000052D: Constraint violation - check_password_restrictions: the password is too short. It should be equal to or longer than 7 characters!", Meaning::PasswordPolicy, None),
        (19, "00000056: AtrErr: DSID-03191083", Meaning::PasswordPolicy, None),
        (19, "Password fails quality checking policy", Meaning::PasswordPolicy, None),
        (19, "invalid password syntax - password must be at least 8 characters long", Meaning::PasswordPolicy, None),
        (19, "invalid password syntax - passwords with storage scheme are not allowed", Meaning::PasswordPolicy, None),
        (53, "0000052C: SvcErr: DSID-031A12D2", Meaning::PasswordMalformed, None),
        (53, "00002035: setup_io: it's not allowed to set the NT hash password directly'", Meaning::PasswordMalformed, None),
    ]);
    let clear = rejection(
        53,
        "0000001F: SvcErr: DSID-031A126C, problem 5003 (WILL_NOT_PERFORM), data 0",
        false,
    );
    assert_eq!(clear.meaning, Meaning::PasswordNeedsTls);
    let clear = rejection(
        53,
        "00002077: SvcErr: DSID-031A126C, problem 5003 (WILL_NOT_PERFORM), data 0",
        false,
    );
    assert_eq!(clear.meaning, Meaning::PasswordNeedsTls);
}

#[test]
#[rustfmt::skip] // One row of the table a line.
fn account_names_and_groups() {
    check(&[
        (53, "0000001F: SvcErr: DSID-031A126C, problem 5003 (WILL_NOT_PERFORM), data 0", Meaning::BadAccountName, Some("sAMAccountName")),
        (80, "00000523: SysErr: DSID-031A0FB6, problem 22 (Invalid argument), data 0", Meaning::BadAccountName, Some("sAMAccountName")),
        (19, "0000202F: samldb: sAMAccountName contains invalid '/' character\n", Meaning::BadAccountName, Some("sAMAccountName")),
        (53, "0000051C: SvcErr: DSID-031A1254", Meaning::PrimaryGroup, None),
        (53, "0000055E: SvcErr: DSID-031A1254", Meaning::PrimaryGroup, None),
        (53, "00002149: SvcErr: DSID-031A1254", Meaning::PrimaryGroup, None),
        (68, "00002071: samldb: member already set via primaryGroupID 513", Meaning::PrimaryGroup, None),
        (53, "00002141: SvcErr: DSID-031A1254", Meaning::GroupType, None),
        (53, "00002144: SvcErr: DSID-031A1254", Meaning::MemberNotAllowed, None),
        (53, "00002148: SvcErr: DSID-031A1254", Meaning::MemberNotAllowed, None),
    ]);
}

#[test]
#[rustfmt::skip] // One row of the table a line.
fn values_present_and_absent() {
    check(&[
        (68, "00000562: UpdErr: DSID-031A1262, problem 6005 (ENTRY_EXISTS), data 0", Meaning::AlreadyPresent, None),
        (20, "0000200D: AttrErr: DSID-03191083", Meaning::AlreadyPresent, None),
        (53, "00000528: SvcErr: DSID-031A1254", Meaning::AlreadyPresent, None),
        (68, "Attribute member already exists for target GUID 20e1fb89-ba6c-4ab5-aaa1-87e371668646", Meaning::AlreadyPresent, None),
        (20, "modify/add: member: value #0 already exists", Meaning::AlreadyPresent, Some("member")),
        (16, "00000561: UpdErr: DSID-031A1262", Meaning::AlreadyAbsent, None),
        (53, "00000561: SvcErr: DSID-031A1254, problem 5003 (WILL_NOT_PERFORM), data 0", Meaning::AlreadyAbsent, None),
        (16, "0000200A: NoSuchAttribute", Meaning::AlreadyAbsent, None),
        (53, "00000529: SvcErr: DSID-031A1254", Meaning::AlreadyAbsent, None),
        (53, "Attribute member doesn't exist for target GUID 20e1fb89-ba6c-4ab5-aaa1-87e371668646", Meaning::AlreadyAbsent, None),
        (16, "modify/delete: member: no such value", Meaning::AlreadyAbsent, None),
    ]);
}

#[test]
#[rustfmt::skip] // One row of the table a line.
fn schema() {
    check(&[
        (65, "0000207D: UpdErr: DSID-0315166D, problem 6002 (OBJ_CLASS_VIOLATION), data 590689", Meaning::NotAllowedByClass, None),
        (65, "attribute 'title' not allowed", Meaning::NotAllowedByClass, Some("title")),
        (65, "0000207C: UpdErr: DSID-0315166D", Meaning::MissingAttribute, None),
        (65, "object class 'inetOrgPerson' requires attribute 'sn'", Meaning::MissingAttribute, Some("sn")),
        (65, "attribute \"colour\" not allowed\n", Meaning::NotAllowedByClass, Some("colour")),
        (65, "missing attribute \"sn\" required by object class \"inetOrgPerson\"\n", Meaning::MissingAttribute, Some("sn")),
        (65, "single-valued attribute \"displayName\" has multiple values\n", Meaning::SingleValued, Some("displayName")),
        (19, "The value is not 7-bit clean: password-ü", Meaning::InvalidValue, Some("uid")),
        (16, "00000057: LdapErr: DSID-0C090D8A, comment: Error in attribute conversion operation, data 0, v3839", Meaning::UnknownAttribute, None),
        (16, "0000200A: objectclass_attrs: attribute 'colour' on entry 'CN=a,DC=e' was not found in the schema!", Meaning::UnknownAttribute, Some("colour")),
        (16, "acl_modify: attribute 'colour' on entry 'CN=a,DC=e' was not found in the schema!", Meaning::UnknownAttribute, Some("colour")),
        (21, "Element displayName has empty attribute in ldb message ()!", Meaning::InvalidValue, Some("displayName")),
        (17, "0000200C: AtrErr: DSID-03", Meaning::UnknownAttribute, None),
        (17, "colour: attribute type undefined", Meaning::UnknownAttribute, Some("colour")),
        (21, "0000200B: AtrErr: DSID-0315155F, #1:\n\t0: 0000200B: DSID-0315155F, problem 1005, data 0, Att 2 (l)", Meaning::InvalidValue, Some("l")),
        (21, "mail: value #0 invalid per syntax", Meaning::InvalidValue, Some("mail")),
        (19, "00002082: AtrErr: DSID-03151D05, #1:\n\t0: 00002082: DSID-03151D05, problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 6 (c):len 4", Meaning::InvalidValue, Some("c")),
        (19, "00002081: AtrErr: DSID-03151D05", Meaning::SingleValued, None),
        (19, "displayName: multiple values provided", Meaning::SingleValued, Some("displayName")),
        (19, "attribute 'displayName' cannot have multiple values", Meaning::SingleValued, Some("displayName")),
        (34, "invalid DN", Meaning::InvalidName, None),
    ]);
}

#[test]
#[rustfmt::skip] // One row of the table a line.
fn what_cannot_be_changed() {
    check(&[
        (67, "00002016: UpdErr: DSID-031A11E2, problem 6004 (CANT_ON_RDN), data 0", Meaning::NotModifiable, None),
        (67, "00002016: Modify of RDN 'CN' on CN=Ada not permitted, must use 'rename' operation instead", Meaning::NotModifiable, None),
        (53, "000020B1: SvcErr: DSID-031A1254", Meaning::NotModifiable, None),
        (19, "0000209A: SvcErr: DSID-031A1254", Meaning::NotModifiable, None),
        (53, "0000211B: SvcErr: DSID-031A1254", Meaning::NotModifiable, None),
        (53, "00002035: objectclass_attrs: can't write linked attribute memberOf", Meaning::NotModifiable, None),
        (64, "value of naming attribute 'uid' is not present in entry", Meaning::NotModifiable, Some("uid")),
        (19, "entryUUID: no user modification allowed", Meaning::NotModifiable, Some("entryUUID")),
    ]);
}

#[test]
#[rustfmt::skip] // One row of the table a line.
fn rights_and_limits() {
    check(&[
        (50, "00002098: SecErr: DSID-03150F94, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0", Meaning::Denied, None),
        (50, "acl: unable to get access to CN=Ada", Meaning::Denied, None),
        (50, "Insufficient 'add' privilege to add the entry 'uid=ada,ou=outside,dc=example,dc=test'.\n", Meaning::Denied, None),
        (50, "Insufficient 'write' privilege to the 'title' attribute of entry 'uid=ada,ou=outside,dc=example,dc=test'.\n", Meaning::Denied, None),
        (53, "0000052A: SvcErr: DSID-031A1254", Meaning::LastAdministrator, None),
        (66, "00002015: UpdErr: DSID-031A11E2, problem 6003 (CANT_ON_NON_LEAF), data 0", Meaning::HasChildren, None),
        (66, "subordinate objects must be deleted first", Meaning::HasChildren, None),
        (4, "", Meaning::TooMany, None),
        (11, "00002024: SvcErr: DSID-031A1254, problem 5008 (ADMIN_LIMIT_EXCEEDED), data -1026", Meaning::TooMany, None),
    ]);
}

#[test]
#[rustfmt::skip] // One row of the table a line.
fn trouble_with_server_or_connection() {
    check(&[
        (3, "", Meaning::Busy, None),
        (51, "0000200E: SvcErr: DSID-031A1254, problem 5001 (BUSY), data 0", Meaning::Busy, None),
        (52, "0000200F: SvcErr: DSID-031A1254", Meaning::Busy, None),
        (8, "00002028: LdapErr: DSID-0C09033D, comment: The server requires binds to turn on integrity checking if SSL\\TLS are not already active on the connection, data 0, v4563", Meaning::SecurityRequired, None),
        (8, "BindSimple: Transport encryption required.", Meaning::SecurityRequired, None),
        (13, "confidentiality required", Meaning::SecurityRequired, None),
        (1, "000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a successful bind must be completed on the connection., data 0, v4563", Meaning::BindLost, None),
        (1, "00002020: Operation unavailable without authentication", Meaning::BindLost, None),
        (10, "0000202B: RefErr: DSID-0310084C, data 0, 1 access points\n\tref 1: 'example.test'", Meaning::Elsewhere, None),
        (12, "00000057: LdapErr: DSID-0C090850, comment: Error processing control, data 0, v4563", Meaning::CookieLost, None),
        (12, "critical control unavailable in context", Meaning::ControlUnavailable, None),
        (122, "", Meaning::AssertionFailed, None),
        (80, "internal error", Meaning::Other, None),
    ]);
}

#[test]
fn refused_binds_say_why() {
    let text = |data: &str| {
        format!(
            "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {data}, v1db1"
        )
    };
    for (data, word) in [
        ("52e", "wrong"),
        ("525", "no such account"),
        ("530", "hour"),
        ("531", "machine"),
        ("532", "password has expired"),
        ("533", "disabled"),
        ("701", "account has expired"),
        ("773", "must be changed"),
        ("775", "locked"),
    ] {
        let text = text(data);
        assert_eq!(
            rejection(49, &text, true).meaning,
            Meaning::CredentialsRefused
        );
        assert_eq!(
            rejection(49, &text, true).sub_code,
            None,
            "an HRESULT is no sub code"
        );
        assert!(bind_reason(&text).unwrap().contains(word), "{data}");
    }
    assert_eq!(rejection(49, "", true).meaning, Meaning::CredentialsRefused);
    assert_eq!(
        rejection(
            53,
            "Account inactivated. Contact system administrator.",
            true
        )
        .meaning,
        Meaning::CredentialsRefused
    );
}

#[test]
fn the_sub_code_comes_before_the_result_code() {
    assert_eq!(
        rejection(19, "00002098: whatever", true).meaning,
        Meaning::Denied
    );
    assert_eq!(
        rejection(50, "0000ABCD: unheard of", true).meaning,
        Meaning::Denied,
        "an unknown sub code leaves it to the result code"
    );
}

#[test]
fn hostile_texts_are_read_without_panicking() {
    for text in [
        "Att ",
        "Att é(",
        "non-unique attributes found with ",
        "attribute: é",
        " '",
        "\u{130}: att 9 (",
        "é '",
        "00000524é:",
    ] {
        let _ = rejection(19, text, true);
        let _ = bind_reason(text);
    }
}
