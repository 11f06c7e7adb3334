//! What LDAP cannot answer, or answers with "undefined": never a silently wrong set.

use super::filters::{P3, push};
use super::*;
use crate::scim::Filter;

/// In LDAP a comparison with what is none of the attribute's syntax is undefined, and so is its
/// negation, which then finds nobody instead of everybody.
#[test]
fn ne_and_not_with_a_value_outside_the_syntax_find_everybody() {
    let everything = crate::ldap::Filter::everything().to_string();
    let nothing = crate::ldap::Filter::nothing().to_string();
    for (filter, expected) in [
        (r#"emails[type eq "work"].value eq "é""#, nothing.as_str()),
        (r#"emails[type eq "work" and value ne "é"]"#, "(mail=*)"),
        (r#"emails.value eq "é""#, r"(scimOtherMail=é)"),
        (r#"emails.value ne "é""#, r"(!(scimOtherMail=é))"),
        (r#"not (emails.value co "é")"#, r"(!(scimOtherMail=*é*))"),
        (r#"phoneNumbers[type eq "work"].value sw "é""#, &nothing),
        (
            r##"not (phoneNumbers[type eq "work"].value eq "#")"##,
            &everything,
        ),
        (
            r##"phoneNumbers[type eq "home" and value ne "#"]"##,
            "(homePhone=*)",
        ),
        // What the attribute can hold is the directory's to compare, and so is any text in a Directory String.
        (
            r#"emails[type eq "work" and value ne "e"]"#,
            "(&(mail=*)(!(mail=e)))",
        ),
        (r#"title ne "é""#, r"(!(title=é))"),
    ] {
        assert_eq!(
            push("openldap", "User", filter).as_deref(),
            Ok(expected),
            "{filter}"
        );
    }
    // A check is a rule of this file where it is not the attribute's syntax: others may have written what it refuses.
    for (directory, check, expected) in [
        ("active-directory", "ascii", r"(!(mail=é))"),
        ("openldap", "user-principal-name", r"(!(mail=é))"),
        ("openldap", "ascii", &everything),
        ("openldap", "telephone-number", &everything),
    ] {
        let lines = format!("nickName = {{ ldap = \"mail\", check = \"{check}\" }}");
        let filter = Filter::parse(r#"nickName ne "é""#).unwrap();
        let mapping = custom(directory, &lines);
        let pushed = mapping.resource("User").unwrap().filter(&filter, &table());
        assert_eq!(pushed.unwrap().to_string(), expected, "{directory} {check}");
    }
}

/// Where the schema has no rule, nothing can be asked; what needs no rule is answered.
#[test]
fn co_sw_and_ew_are_refused_where_the_schema_has_no_substrings_rule() {
    let message = |operator| {
        format!("The attribute `profileUrl` supports eq, ne, pr in this directory, not {operator}.")
    };
    for (filter, operator) in [
        (r#"profileUrl co "x""#, "co"),
        (r#"profileUrl sw "x""#, "sw"),
        (r#"not (profileUrl ew "x")"#, "ew"),
        (r#"title eq "x" or profileUrl co "x""#, "co"),
        (r#"title eq "x" and not (profileUrl co "x")"#, "co"),
    ] {
        assert_eq!(
            push("openldap", "User", filter),
            Err(message(operator)),
            "{filter}"
        );
    }
    for (filter, expected) in [
        (r#"profileUrl ne "x""#, "(!(labeledURI=x))"),
        (r#"profileUrl co """#, "(labeledURI=*)"),
        ("profileUrl pr", "(labeledURI=*)"),
    ] {
        assert_eq!(
            push("openldap", "User", filter).as_deref(),
            Ok(expected),
            "{filter}"
        );
    }
    assert_eq!(
        push("active-directory", "User", r#"profileUrl co "x""#).as_deref(),
        Ok("(wWWHomePage=*x*)")
    );
    let line = "\"x509Certificates.value\" = { ldap = \"userCertificate\", codec = \"binary\", many = true }";
    let filter = Filter::parse(r#"x509Certificates.value ne "AAE=""#).unwrap();
    let pushed = |directory| {
        let mapping = custom(directory, line);
        mapping.resource("User").unwrap().filter(&filter, &table())
    };
    let refused = pushed("openldap").unwrap_err().detail;
    assert!(
        refused.ends_with("supports pr in this directory, not ne."),
        "{refused}"
    );
    assert!(pushed("active-directory").is_ok());
}

/// One type that cannot be compared must not make the others unaskable, nor be left out in silence.
#[test]
fn a_filter_on_phone_numbers_works_although_fax_numbers_cannot_be_compared() {
    for (filter, expected) in [
        (
            r#"phoneNumbers[type eq "work"].value co "555""#,
            "(&(telephoneNumber=*)(telephoneNumber=*555*))",
        ),
        (
            r#"phoneNumbers[type eq "work" and value eq "1"]"#,
            "(&(telephoneNumber=*)(telephoneNumber=1))",
        ),
        (
            r#"not (phoneNumbers[type eq "work" and value eq "1"])"#,
            "(!(&(telephoneNumber=*)(telephoneNumber=1)))",
        ),
        (
            r#"phoneNumbers[type eq "fax" or type eq "work" and value eq "1"]"#,
            "(|(&(telephoneNumber=*)(telephoneNumber=1))(facsimileTelephoneNumber=*))",
        ),
        (
            r#"phoneNumbers[type ne "fax" and value eq "1"]"#,
            "(|(&(telephoneNumber=*)(telephoneNumber=1))(&(mobile=*)(mobile=1))(&(homePhone=*)(homePhone=1))(&(pager=*)(pager=1))(&(scimOtherPhone=*)(scimOtherPhone=1)))",
        ),
        // Two comparisons of a list with many values are refused only where the type allows many.
        (
            r#"emails[type eq "work" and value co "a" and value ew "b"]"#,
            "(&(mail=*)(mail=*a*)(mail=*b))",
        ),
        (
            r#"title eq "" and phoneNumbers.value eq "1""#,
            &crate::ldap::Filter::nothing().to_string(),
        ),
    ] {
        assert_eq!(
            push("openldap", "User", filter).as_deref(),
            Ok(expected),
            "{filter}"
        );
    }
    let fax =
        r#"The attribute `phoneNumbers[type eq "fax"].value` supports pr in this directory, not "#;
    for (filter, rest) in [
        (
            r#"phoneNumbers.value eq "1""#,
            r#"eq; `phoneNumbers[type ne "fax" and value eq …]` leaves it out."#,
        ),
        (
            r#"phoneNumbers[value sw "1"]"#,
            r#"sw; `phoneNumbers[type ne "fax" and value sw …]` leaves it out."#,
        ),
        (
            r#"phoneNumbers.value ne "1""#,
            r#"ne; `not (phoneNumbers[type ne "fax" and value eq …])` leaves it out."#,
        ),
        (r#"phoneNumbers[type eq "fax"].value gt "1""#, "gt."),
    ] {
        assert_eq!(
            push("openldap", "User", filter),
            Err(format!("{fax}{rest}")),
            "{filter}"
        );
    }
    // What nobody knows is a fault wherever it stands.
    for filter in [
        r#"title eq "" and shoeSize eq "1""#,
        r#"phoneNumbers[type eq "nowhere" and shoeSize eq "1"]"#,
        r#"title ne "" or password eq "1""#,
    ] {
        assert!(push("openldap", "User", filter).is_err(), "{filter}");
    }
}

/// "An element that is not so" is another question than "no element that is so", and LDAP answers only
/// the second.
#[test]
fn members_with_another_id_are_refused_and_not_answered_by_none_with_this_id() {
    for directory in ["active-directory", "openldap"] {
        for filter in [
            format!(r#"members[value ne "{P3}"]"#),
            format!(r#"members[not (value eq "{P3}")]"#),
            format!(r#"members[value eq "{P3}" or value ne "{P3}"]"#),
        ] {
            let detail = push(directory, "Group", &filter).unwrap_err();
            assert!(
                detail.starts_with("Inside `members[…]` only `value eq` with an id can be asked, and `or` of these, not ")
                    && detail.ends_with("; `members.value ne` finds what does not have that id at all."),
                "{filter}: {detail}"
            );
        }
        for (filter, operator) in [
            (r#"emails[value ne "a@x"]"#, "ne"),
            (r#"emails[type eq "other" and value ne "a@x"]"#, "ne"),
            (r#"emails[not (value eq "a@x")]"#, "not"),
        ] {
            let detail = push(directory, "User", filter).unwrap_err();
            let expected =
                format!("Inside `emails[…]` a value cannot be compared by {operator} here");
            assert!(detail.starts_with(&expected), "{filter}: {detail}");
        }
        for filter in [
            format!(r#"members.value ne "{P3}""#),
            format!(r#"not (members[value eq "{P3}"])"#),
        ] {
            assert_eq!(
                push(directory, "Group", &filter).as_deref(),
                Ok("(!(member=uid=p3,ou=people,dc=example))"),
                "{filter}"
            );
        }
    }
    let other = push(
        "active-directory",
        "User",
        r#"emails[type eq "other" and value pr and (value eq "a@x" or value eq "b@x")]"#,
    );
    assert_eq!(
        other.as_deref(),
        Ok("(&(otherMailbox=*)(|(otherMailbox=a@x)(otherMailbox=b@x)))")
    );
}
