//! SCIM filters as LDAP filters.

use super::*;
use crate::scim::{Dialect, Filter};

pub(super) fn push(directory: &str, of: &str, filter: &str) -> Result<String, String> {
    push_to(&mapping(directory), of, filter)
}

/// The LDAP filter; and after a question mark what is left of the SCIM filter.
pub(super) fn push_to(mapping: &Mapping, of: &str, filter: &str) -> Result<String, String> {
    let of = mapping.resource(of).unwrap();
    let filter = Filter::parse(filter).unwrap();
    let filter = filter.resolve(&of.definition, &Dialect::lenient());
    match filter.and_then(|filter| of.filter(&filter, &table())) {
        Ok(Translation {
            filter,
            residual: None,
        }) => Ok(filter.to_string()),
        Ok(Translation {
            filter,
            residual: Some(residual),
        }) => Ok(format!("{filter} ? {residual}")),
        Err(error) => {
            assert_eq!(error.scim_type, Some(crate::scim::ScimType::InvalidFilter));
            Err(error.detail)
        }
    }
}

pub(super) const P3: &str = "00000000-0000-0000-0000-000000000003";

#[test]
fn every_operator_on_a_mapped_attribute_is_pushed_down() {
    let everything = crate::ldap::Filter::everything().to_string();
    let nothing = crate::ldap::Filter::nothing().to_string();
    let manager = format!("{ENTERPRISE}:manager eq \"{P3}\"");
    let anybody = format!(r#"{everything} ? externalId ne "00ujl""#);
    let others = format!(r#"{everything} ? userName ne "ana""#);
    let no_boss = format!(r#"{everything} ? not (title eq "Boss")"#);
    let core = "urn:ietf:params:scim:schemas:core:2.0:User";
    let schemas = format!(r#"schemas eq "{ENTERPRISE}" and not (schemas eq "{core}")"#);
    let table: Vec<(&str, &str, &str)> = vec![
        (
            r#"userName eq "ana@example.com""#,
            r#"(userPrincipalName=ana@example.com) ? userName eq "ana@example.com""#,
            "(uid=ana@example.com)",
        ),
        (
            r#"USERNAME Eq "Ana""#,
            r#"(userPrincipalName=Ana) ? userName eq "Ana""#,
            "(uid=Ana)",
        ),
        (r#"userName ne "ana""#, &others, "(!(uid=ana))"),
        (
            r#"userName co "n)(a*""#,
            r#"(userPrincipalName=*n\29\28a\2a*) ? userName co "n)(a*""#,
            r"(uid=*n\29\28a\2a*)",
        ),
        (
            r#"userName sw "an""#,
            r#"(userPrincipalName=an*) ? userName sw "an""#,
            "(uid=an*)",
        ),
        (
            r#"userName ew "na""#,
            r#"(userPrincipalName=*na) ? userName ew "na""#,
            "(uid=*na)",
        ),
        ("title pr", "(title=*)", "(title=*)"),
        (r#"title eq """#, &nothing, &nothing),
        (r#"title ne """#, &everything, &everything),
        (r#"title co """#, "(title=*)", "(title=*)"),
        ("title eq null", "(!(title=*))", "(!(title=*))"),
        ("title ne null", "(title=*)", "(title=*)"),
        (r#"not (title eq "Boss")"#, &no_boss, "(!(title=Boss))"),
        (
            r#"name.familyName eq "Ruiz""#,
            r#"(sn=Ruiz) ? name.familyName eq "Ruiz""#,
            "(sn=Ruiz)",
        ),
        (
            r#"title eq "a" and userType eq "b""#,
            r#"(&(title=a)(employeeType=b)) ? title eq "a" and userType eq "b""#,
            "(&(title=a)(employeeType=b))",
        ),
        (
            r#"title eq "a" or userType eq "b""#,
            r#"(|(title=a)(employeeType=b)) ? title eq "a" or userType eq "b""#,
            "(|(title=a)(employeeType=b))",
        ),
        (
            "active eq true",
            "(!(userAccountControl:1.2.840.113556.1.4.803:=2))",
            "(!(pwdAccountLockedTime=000001010000Z))",
        ),
        (
            "active eq false",
            "(userAccountControl:1.2.840.113556.1.4.803:=2)",
            "(pwdAccountLockedTime=000001010000Z)",
        ),
        (
            r#"active ne "True""#,
            "(userAccountControl:1.2.840.113556.1.4.803:=2)",
            "(pwdAccountLockedTime=000001010000Z)",
        ),
        ("active pr", "(userAccountControl=*)", &everything),
        (
            r#"externalId eq "00-15""#,
            r#"(msDS-cloudExtensionAttribute1=00-15) ? externalId eq "00-15""#,
            "(scimExternalId=00-15)",
        ),
        // Its case counts in SCIM, and not in Active Directory.
        (
            r#"externalId eq "00ujl""#,
            r#"(msDS-cloudExtensionAttribute1=00ujl) ? externalId eq "00ujl""#,
            r#"(scimExternalId=00ujl) ? externalId eq "00ujl""#,
        ),
        (r#"externalId ne "00ujl""#, &anybody, &anybody),
        (
            &manager,
            "(manager=uid=p3,ou=people,dc=example)",
            "(manager=uid=p3,ou=people,dc=example)",
        ),
        (
            r#"urn:ietf:params:scim:schemas:core:2.0:User:userName eq "a""#,
            r#"(userPrincipalName=a) ? userName eq "a""#,
            "(uid=a)",
        ),
        (
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq "701984""#,
            r#"(employeeNumber=701984) ? urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq "701984""#,
            "(employeeNumber=701984)",
        ),
        (
            r#"groups.value eq "00000000-0000-0000-0000-000000000003""#,
            "(memberOf=uid=p3,ou=people,dc=example)",
            "(memberOf=uid=p3,ou=people,dc=example)",
        ),
        (r#"groups eq "nothing""#, &nothing, &nothing),
        (r#"groups ne "nothing""#, &everything, &everything),
        (
            r#"id eq "00000000-0000-0000-0000-000000000003""#,
            r"(objectGUID=\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\03)",
            "(entryUUID=00000000-0000-0000-0000-000000000003)",
        ),
        (r#"id eq "0""#, &nothing, &nothing),
        ("id pr", &everything, &everything),
        (
            r#"meta.resourceType eq "User" and title pr"#,
            "(title=*)",
            "(title=*)",
        ),
        (
            r#"meta.resourceType eq "Group" and title pr"#,
            &nothing,
            &nothing,
        ),
        (
            r#"meta.created eq "2026-01-31T23:59:59Z""#,
            "(whenCreated=20260131235959.0Z)",
            "(createTimestamp=20260131235959Z)",
        ),
        (
            r#"meta.created eq "2026-01-31T23:59:59.5Z""#,
            &nothing,
            &nothing,
        ),
        (
            r#"meta.lastModified gt "2026-01-31T23:59:59Z""#,
            "(whenChanged>=20260201000000.0Z)",
            "(modifyTimestamp>=20260201000000Z)",
        ),
        (
            r#"meta.lastModified gt "2026-01-31T23:59:59.5Z""#,
            "(whenChanged>=20260201000000.0Z)",
            "(modifyTimestamp>=20260201000000Z)",
        ),
        (
            r#"meta.lastModified ge "2026-02-01T00:59:59+01:00""#,
            "(whenChanged>=20260131235959.0Z)",
            "(modifyTimestamp>=20260131235959Z)",
        ),
        (
            r#"not (meta.lastModified lt "2026-02-01T00:00:00Z")"#,
            "(!(whenChanged<=20260131235959.0Z))",
            "(!(modifyTimestamp<=20260131235959Z))",
        ),
        (
            r#"meta.lastModified le "2026-01-31T23:59:59.9Z""#,
            "(whenChanged<=20260131235959.0Z)",
            "(modifyTimestamp<=20260131235959Z)",
        ),
        (&schemas, &nothing, &nothing),
    ];
    for (filter, active_directory, openldap) in table {
        assert_eq!(
            push("active-directory", "User", filter).as_deref(),
            Ok(active_directory),
            "{filter}"
        );
        assert_eq!(
            push("openldap", "User", filter).as_deref(),
            Ok(openldap),
            "{filter}"
        );
    }
}

#[test]
fn elements_are_chosen_by_what_the_mapping_knows_of_them() {
    let nothing = crate::ldap::Filter::nothing().to_string();
    let table: Vec<(&str, &str)> = vec![
        (r#"emails eq "a@x""#, "(|(mail=a@x)(scimOtherMail=a@x))"),
        (
            r#"emails.value co "@x""#,
            "(|(mail=*@x*)(scimOtherMail=*@x*))",
        ),
        (
            r#"emails.value ne "a@x""#,
            "(!(|(mail=a@x)(scimOtherMail=a@x)))",
        ),
        (
            r#"emails[type eq "work"].value eq "a@x""#,
            "(&(mail=*)(mail=a@x))",
        ),
        (
            r#"emails[type eq "work" and value co "@x"]"#,
            "(&(mail=*)(mail=*@x*))",
        ),
        (
            r#"emails[type eq "WORK" or value eq "a@x"]"#,
            "(|(mail=*)(&(scimOtherMail=*)(scimOtherMail=a@x)))",
        ),
        (r#"emails[type ne "work"]"#, "(scimOtherMail=*)"),
        (
            r#"emails[not (value eq "a@x" or type eq "other")]"#,
            "(&(mail=*)(!(mail=a@x)))",
        ),
        (
            r#"emails[type eq "work" and value ne "a@x"]"#,
            "(&(mail=*)(!(mail=a@x)))",
        ),
        (r#"emails[type eq "home"]"#, &nothing),
        (
            r#"emails[primary eq true].value eq "a@x""#,
            // Of several other mailboxes the first is the primary one, which takes a look.
            r#"(|(&(mail=*)(mail=a@x))(&(scimOtherMail=*)(!(mail=*))(scimOtherMail=a@x))) ? emails[primary eq true and value eq "a@x"]"#,
        ),
        (
            r#"emails[not (primary eq true)]"#,
            "(scimOtherMail=*) ? emails[not (primary eq true)]",
        ),
        ("emails.primary pr", "(|(mail=*)(scimOtherMail=*))"),
        (
            r#"phoneNumbers[primary eq true and type eq "fax"]"#,
            "(&(facsimileTelephoneNumber=*)(!(telephoneNumber=*))(!(mobile=*)))",
        ),
        (r#"emails.type eq "other""#, "(scimOtherMail=*)"),
        ("emails pr", "(|(mail=*)(scimOtherMail=*))"),
        ("emails.value pr", "(|(mail=*)(scimOtherMail=*))"),
        ("not (emails pr)", "(!(|(mail=*)(scimOtherMail=*)))"),
        (
            r#"addresses[type eq "work"].locality eq "Madrid""#,
            "(&(|(postalAddress=*)(street=*)(l=*)(st=*)(postalCode=*)(co=*))(l=Madrid))",
        ),
        (
            "name pr",
            "(|(sn=*)(givenName=*)(cn=*)(scimMiddleName=*)(personalTitle=*)(generationQualifier=*))",
        ),
    ];
    for (filter, expected) in table {
        assert_eq!(
            push("openldap", "User", filter).as_deref(),
            Ok(expected),
            "{filter}"
        );
    }
}

#[test]
fn membership_is_asked_by_id() {
    let member = "(member=uid=p3,ou=people,dc=example)";
    for filter in [
        format!(r#"members eq "{P3}""#),
        format!(r#"members.value eq "{P3}""#),
        format!(r#"members[value eq "{P3}"]"#),
    ] {
        assert_eq!(
            push("openldap", "Group", &filter).as_deref(),
            Ok(member),
            "{filter}"
        );
        assert_eq!(
            mapping("openldap")
                .resource("Group")
                .unwrap()
                .references_in_filter(&Filter::parse(&filter).unwrap()),
            [P3]
        );
    }
    let check = format!(r#"id eq "{P3}" and members eq "{P3}""#);
    assert_eq!(
        push("openldap", "Group", &check),
        Ok(format!("(&(entryUUID={P3}){member})"))
    );
    assert_eq!(
        push("openldap", "Group", r#"displayName eq "Ops""#).as_deref(),
        Ok("(cn=Ops)")
    );
}

#[test]
fn line_breaks_of_an_address_are_asked_as_the_directory_writes_them() {
    assert_eq!(
        push("openldap", "User", r#"addresses.formatted co "1\nMadrid$""#).as_deref(),
        Ok(r"(postalAddress=*1$Madrid\5c24*)")
    );
}

/// What is left over is asked of a superset, and whatever else the filter says still narrows it.
#[test]
fn what_ldap_cannot_say_is_left_over() {
    let everything = crate::ldap::Filter::everything().to_string();
    let table: Vec<(&str, &str, String)> = vec![
        ("User", r#"title gt "a""#, r#"(title=*) ? title gt "a""#.into()),
        (
            "User",
            r#"not (title gt "a")"#,
            format!(r#"{everything} ? not (title gt "a")"#),
        ),
        (
            "User",
            r#"userName sw "a" and title gt "a" and userType pr and title lt "b""#,
            r#"(&(uid=a*)(title=*)(employeeType=*)(title=*)) ? title gt "a" and title lt "b""#.into(),
        ),
        (
            "User",
            r#"userName eq "a" or title gt "a""#,
            r#"(|(uid=a)(title=*)) ? userName eq "a" or title gt "a""#.into(),
        ),
        (
            "User",
            r#"userName eq "a" and not (userType eq "x" and title gt "a")"#,
            r#"(uid=a) ? not (userType eq "x" and title gt "a")"#.into(),
        ),
        (
            "User",
            r#"not (userType eq "x" or title gt "a")"#,
            r#"(!(employeeType=x)) ? not (userType eq "x" or title gt "a")"#.into(),
        ),
        // A directory takes spaces at the ends of a part for nothing.
        (
            "User",
            r#"title co " of  staff""#,
            r#"(title=*of*staff*) ? title co " of  staff""#.into(),
        ),
        ("User", r#"title sw " ""#, r#"(title=*) ? title sw " ""#.into()),
        ("User", r#"id co "1""#, format!(r#"{everything} ? id co "1""#)),
        (
            "User",
            r#"groups.display eq "Ops""#,
            r#"(memberOf=*) ? groups.display eq "Ops""#.into(),
        ),
        (
            "User",
            r#"phoneNumbers[type eq "fax"].value eq "1""#,
            r#"(&(facsimileTelephoneNumber=*)(facsimileTelephoneNumber=*)) ? phoneNumbers[type eq "fax" and value eq "1"]"#.into(),
        ),
        (
            "User",
            r#"emails[type eq "other" and value co "a" and value co "b"]"#,
            r#"(&(scimOtherMail=*)(scimOtherMail=*a*)(scimOtherMail=*b*)) ? emails[type eq "other" and value co "a" and value co "b"]"#.into(),
        ),
        (
            "Group",
            r#"members[type eq "User"]"#,
            r#"(member=*) ? members[type eq "User"]"#.into(),
        ),
        ("Group", "members pr", "(member=*) ? members pr".into()),
        (
            "User",
            r#"meta.created sw "2026""#,
            r#"(createTimestamp=*) ? meta.created sw "2026""#.into(),
        ),
    ];
    for (of, filter, expected) in table {
        assert_eq!(push("openldap", of, filter), Ok(expected), "{filter}");
    }
    let lines = r#""urn:example:scim:extension:acme:2.0:User:floor" = { ldap = "roomNumber", codec = "integer" }"#;
    for (operator, asked) in [
        ("eq", "7"),
        ("gt", "*"),
        ("ge", "*"),
        ("lt", "*"),
        ("le", "*"),
    ] {
        let filter = format!("urn:example:scim:extension:acme:2.0:User:floor {operator} 7");
        let pushed = push_to(&custom("openldap", lines), "User", &filter).unwrap();
        assert!(
            pushed.starts_with(&format!("(roomNumber={asked})")),
            "{pushed}"
        );
        assert_eq!(pushed.contains('?'), operator != "eq", "{pushed}");
    }
}

#[test]
fn what_cannot_be_asked_is_refused_with_the_attribute_and_the_reason() {
    for (of, filter, expected) in [
        (
            "User",
            r#"nickNmae eq "a""#,
            "The attribute `nickNmae` is not mapped for User",
        ),
        (
            "User",
            r#"title eq "" and shoeSize eq "1""#,
            "The attribute `shoeSize` is not mapped for User",
        ),
        (
            "User",
            r#"phoneNumbers[type eq "nowhere" and shoeSize eq "1"]"#,
            "The attribute `phoneNumbers.shoeSize` is not mapped for User",
        ),
        (
            "Group",
            r#"members[shoeSize eq "1"]"#,
            "The attribute `members.shoeSize` is not mapped for Group",
        ),
        (
            "User",
            r#"title ne "" or password eq "a""#,
            "The attribute `password` can never be part of a filter",
        ),
        (
            "User",
            "password pr",
            "The attribute `password` can never be part of a filter",
        ),
        (
            "User",
            r#"name eq "Ana""#,
            "name cannot be compared with `Ana` by `eq`: it is of type complex",
        ),
        (
            "User",
            r#"active eq "maybe""#,
            "active cannot be compared with `maybe` by `eq`: it is of type boolean",
        ),
        (
            "User",
            r#"active gt "true""#,
            "active cannot be compared with `true` by `gt`: it is of type boolean",
        ),
        (
            "User",
            r#"meta.created gt "yesterday""#,
            "meta.created cannot be compared with `yesterday` by `gt`: it is of type dateTime",
        ),
        (
            "User",
            r#"title[value eq "x"]"#,
            "The attribute `title` has no elements",
        ),
        (
            "User",
            r#"title eq "" and not (meta.version eq "1")"#,
            "The attribute `meta.version` cannot be part of a filter",
        ),
        (
            "Group",
            "meta.version pr",
            "The attribute `meta.version` cannot be part of a filter",
        ),
    ] {
        let detail = push("openldap", of, filter).unwrap_err();
        assert!(detail.starts_with(expected), "{filter}: {detail}");
    }
}

/// Of `Equipe` Active Directory finds `Équipe`, which SCIM takes for another.
#[test]
fn what_active_directory_takes_for_the_same_text_is_looked_at() {
    for (filter, candidates) in [
        (r#"displayName eq "Equipe""#, "(cn=Equipe)"),
        (r#"displayName sw "E""#, "(cn=E*)"),
        (r#"displayName co "qui""#, "(cn=*qui*)"),
        (r#"displayName ew "é""#, "(cn=*é)"),
        (r#"displayName ne "Equipe""#, "(objectClass=*)"),
        (r#"not (displayName eq "Equipe")"#, "(objectClass=*)"),
    ] {
        let asked = push("active-directory", "Group", filter);
        assert_eq!(asked, Ok(format!("{candidates} ? {filter}")));
    }
    // What is no text is compared as it is.
    let number = r#""urn:example:scim:extension:acme:2.0:User:floor" = { ldap = "uidNumber", codec = "integer" }"#;
    let floor = "urn:example:scim:extension:acme:2.0:User:floor ne 7";
    assert_eq!(
        push_to(&custom("active-directory", number), "User", floor).as_deref(),
        Ok("(!(uidNumber=7))")
    );
    for filter in ["active eq true", "title pr", "displayName eq null"] {
        let asked = push("active-directory", "User", filter).unwrap();
        assert!(!asked.contains('?'), "{asked}");
    }
}

/// That there is a value is told as little as the value itself.
#[test]
fn what_is_only_written_is_refused_whatever_is_asked_of_it() {
    let of = custom(
        "openldap",
        "title = { ldap = \"title\", direction = \"write\" }\n\
         nickName = { ldap = \"initials\", direction = \"write\" }\n\
         \"name.familyName\" = { ldap = \"sn\", direction = \"write\" }\n\
         \"name.givenName\" = \"givenName\"",
    );
    for filter in [
        "title pr",
        "title eq null",
        "not (title ne null)",
        r#"title eq "a""#,
        r#"userName eq "a" and title sw "a""#,
        "name.familyName pr",
        "nickName pr or userName pr",
    ] {
        let detail = push_to(&of, "User", filter).unwrap_err();
        assert!(
            detail.contains("is only written, never read; leave it out"),
            "{filter}: {detail}"
        );
    }
    let shown = push_to(&of, "User", "name pr");
    assert_eq!(shown.as_deref(), Ok("(givenName=*)"));
}

/// Only the first of them is shown as the primary one.
#[test]
fn which_of_many_values_is_primary_is_looked_at() {
    let of = custom(
        "openldap",
        r#""emails.value" = { ldap = "mail", many = true, primary = true, check = "ascii" }"#,
    );
    for (filter, candidates) in [
        (
            r#"emails[primary eq true and value eq "b@x"]"#,
            "(&(mail=*)(mail=b@x))",
        ),
        ("emails[primary eq false]", "(mail=*)"),
        ("emails[not (primary eq true)]", "(mail=*)"),
        ("emails.primary eq false", "(mail=*)"),
    ] {
        let asked = push_to(&of, "User", filter);
        assert_eq!(asked, Ok(format!("{candidates} ? {filter}")));
    }
}
