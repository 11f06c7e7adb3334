//! SCIM filters as LDAP filters.

use super::*;
use crate::scim::Filter;

pub(super) fn push(directory: &str, of: &str, filter: &str) -> Result<String, String> {
    let mapping = mapping(directory);
    let filter = Filter::parse(filter).unwrap();
    match mapping.resource(of).unwrap().filter(&filter, &table()) {
        Ok(filter) => Ok(filter.to_string()),
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
    let table: Vec<(&str, &str, &str)> = vec![
        (
            r#"userName eq "ana@example.com""#,
            "(userPrincipalName=ana@example.com)",
            "(uid=ana@example.com)",
        ),
        (
            r#"USERNAME Eq "Ana""#,
            "(userPrincipalName=Ana)",
            "(uid=Ana)",
        ),
        (
            r#"userName ne "ana""#,
            "(!(userPrincipalName=ana))",
            "(!(uid=ana))",
        ),
        (
            r#"userName co "n)(a*""#,
            r"(userPrincipalName=*n\29\28a\2a*)",
            r"(uid=*n\29\28a\2a*)",
        ),
        (
            r#"userName sw "an""#,
            "(userPrincipalName=an*)",
            "(uid=an*)",
        ),
        (
            r#"userName ew "na""#,
            "(userPrincipalName=*na)",
            "(uid=*na)",
        ),
        ("title pr", "(title=*)", "(title=*)"),
        (r#"title eq """#, &nothing, &nothing),
        (r#"title ne """#, &everything, &everything),
        (r#"title co """#, "(title=*)", "(title=*)"),
        ("title eq null", "(!(title=*))", "(!(title=*))"),
        ("title ne null", "(title=*)", "(title=*)"),
        (
            r#"not (title eq "Boss")"#,
            "(!(title=Boss))",
            "(!(title=Boss))",
        ),
        (r#"name.familyName eq "Ruiz""#, "(sn=Ruiz)", "(sn=Ruiz)"),
        (
            r#"title eq "a" and userType eq "b""#,
            "(&(title=a)(employeeType=b))",
            "(&(title=a)(employeeType=b))",
        ),
        (
            r#"title eq "a" or userType eq "b""#,
            "(|(title=a)(employeeType=b))",
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
            r#"externalId eq "00ujl""#,
            "(msDS-cloudExtensionAttribute1=00ujl)",
            "(scimExternalId=00ujl)",
        ),
        (
            &manager,
            "(manager=uid=p3,ou=people,dc=example)",
            "(manager=uid=p3,ou=people,dc=example)",
        ),
        (
            r#"urn:ietf:params:scim:schemas:core:2.0:User:userName eq "a""#,
            "(userPrincipalName=a)",
            "(uid=a)",
        ),
        (
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq "701984""#,
            "(employeeNumber=701984)",
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
        (r#"emails eq "a@x""#, "(|(mail=a@x)(otherMailbox=a@x))"),
        (
            r#"emails.value co "@x""#,
            "(|(mail=*@x*)(otherMailbox=*@x*))",
        ),
        (
            r#"emails.value ne "a@x""#,
            "(!(|(mail=a@x)(otherMailbox=a@x)))",
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
            "(|(mail=*)(&(otherMailbox=*)(otherMailbox=a@x)))",
        ),
        (r#"emails[type ne "work"]"#, "(otherMailbox=*)"),
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
            "(|(&(mail=*)(mail=a@x))(&(otherMailbox=*)(!(mail=*))(otherMailbox=a@x)))",
        ),
        (
            r#"emails[not (primary eq true)]"#,
            "(&(otherMailbox=*)(mail=*))",
        ),
        ("emails.primary pr", "(|(mail=*)(otherMailbox=*))"),
        (
            r#"phoneNumbers[primary eq true and type eq "fax"]"#,
            "(&(facsimileTelephoneNumber=*)(!(telephoneNumber=*))(!(mobile=*)))",
        ),
        (r#"emails.type eq "other""#, "(otherMailbox=*)"),
        ("emails pr", "(|(mail=*)(otherMailbox=*))"),
        ("emails.value pr", "(|(mail=*)(otherMailbox=*))"),
        ("not (emails pr)", "(!(|(mail=*)(otherMailbox=*)))"),
        (
            r#"addresses[type eq "work"].locality eq "Madrid""#,
            "(&(|(postalAddress=*)(streetAddress=*)(l=*)(st=*)(postalCode=*)(co=*))(l=Madrid))",
        ),
        (
            "name pr",
            "(|(givenName=*)(sn=*)(middleName=*)(personalTitle=*)(generationQualifier=*)(msDS-cloudExtensionAttribute2=*))",
        ),
    ];
    for (filter, expected) in table {
        assert_eq!(
            push("active-directory", "User", filter).as_deref(),
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

#[test]
fn what_cannot_be_asked_is_refused_with_the_attribute_and_what_can() {
    for (of, filter, expected) in [
        (
            "User",
            r#"title gt "a""#,
            "The attribute `title` supports eq, ne, co, sw, ew, pr in this directory, not gt.",
        ),
        (
            "User",
            r#"nickNmae eq "a""#,
            "The attribute `nickNmae` is not mapped for User",
        ),
        (
            "User",
            r#"password eq "a""#,
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
            "The attribute `name` cannot be compared as a whole",
        ),
        (
            "User",
            r#"active eq "maybe""#,
            "The attribute `active` is compared with true or false",
        ),
        (
            "User",
            r#"active co "tr""#,
            "The attribute `active` supports eq, ne, pr",
        ),
        (
            "User",
            r#"meta.lastModified ge "2026-01-01T00:00:00Z""#,
            "The attribute `meta.lastModified` supports eq, ne and pr, not ge.",
        ),
        (
            "User",
            r#"id co "1""#,
            "The attribute `id` supports eq, ne and pr",
        ),
        (
            "User",
            r#"groups.display eq "Ops""#,
            "The attribute `groups.display` cannot be compared as a whole",
        ),
        (
            "User",
            r#"phoneNumbers[type eq "fax"].value eq "1""#,
            "The attribute `phoneNumbers[type eq \"fax\"].value` supports pr in this directory",
        ),
        (
            "User",
            r#"emails[type eq "other" and value co "a" and value co "b"]"#,
            "Inside `emails[…]` one comparison",
        ),
        (
            "User",
            r#"title[value eq "x"]"#,
            "The attribute `title` has no elements",
        ),
        (
            "Group",
            r#"members[type eq "User"]"#,
            "Inside `members[…]` only `value eq`",
        ),
        (
            "Group",
            "members pr",
            "The attribute `members` supports eq, ne in this directory",
        ),
    ] {
        let detail = push("openldap", of, filter).unwrap_err();
        assert!(detail.starts_with(expected), "{filter}: {detail}");
    }
}
