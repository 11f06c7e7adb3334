//! What LDAP cannot answer, or answers with "undefined": never a silently wrong set.

use super::filters::{P3, push, push_to};
use super::*;

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
        ("openldap", "user-principal-name", r"(!(mail=é))"),
        ("openldap", "ascii", &everything),
        ("openldap", "telephone-number", &everything),
    ] {
        let lines = format!("nickName = {{ ldap = \"mail\", check = \"{check}\" }}");
        let pushed = push_to(&custom(directory, &lines), "User", r#"nickName ne "é""#);
        assert_eq!(pushed.as_deref(), Ok(expected), "{directory} {check}");
    }
}

/// Where the schema has no rule, the directory is asked for a superset.
#[test]
fn co_sw_and_ew_are_left_over_where_the_schema_has_no_substrings_rule() {
    let everything = crate::ldap::Filter::everything().to_string();
    for (filter, expected) in [
        (
            r#"profileUrl co "x""#,
            r#"(labeledURI=*) ? profileUrl co "x""#.to_owned(),
        ),
        (
            r#"not (profileUrl ew "x")"#,
            format!(r#"{everything} ? not (profileUrl ew "x")"#),
        ),
        (
            r#"title eq "x" and not (profileUrl co "x")"#,
            r#"(title=x) ? not (profileUrl co "x")"#.to_owned(),
        ),
        (r#"profileUrl ne "1""#, "(!(labeledURI=1))".to_owned()),
        (r#"profileUrl co """#, "(labeledURI=*)".to_owned()),
        ("profileUrl pr", "(labeledURI=*)".to_owned()),
    ] {
        assert_eq!(push("openldap", "User", filter), Ok(expected), "{filter}");
    }
    assert_eq!(
        push("active-directory", "User", r#"profileUrl co "1""#).as_deref(),
        Ok(r#"(wWWHomePage=*1*) ? profileUrl co "1""#)
    );
    let line = "\"x509Certificates.value\" = { ldap = \"userCertificate\", codec = \"binary\", many = true }";
    let pushed = |directory| {
        let filter = r#"x509Certificates.value eq "AAE=""#;
        push_to(&custom(directory, line), "User", filter)
    };
    assert_eq!(
        pushed("openldap").as_deref(),
        Ok(r#"(userCertificate=*) ? x509Certificates.value eq "AAE=""#)
    );
    assert_eq!(
        pushed("active-directory").as_deref(),
        Ok(r"(userCertificate=\00\01)")
    );
}

/// One type that cannot be compared must not make the others unaskable, nor be left out in silence. What directories
/// find by a telephone number is looked at: they see neither spaces nor hyphens in it.
#[test]
fn a_filter_on_phone_numbers_works_although_fax_numbers_cannot_be_compared() {
    let everybody = crate::ldap::Filter::everything();
    for (filter, expected) in [
        (
            r#"phoneNumbers[type eq "work"].value co "555""#,
            r#"(&(telephoneNumber=*)(telephoneNumber=*555*)) ? phoneNumbers[type eq "work" and value co "555"]"#,
        ),
        (
            r#"phoneNumbers[type eq "work" and value eq "1"]"#,
            r#"(&(telephoneNumber=*)(telephoneNumber=1)) ? phoneNumbers[type eq "work" and value eq "1"]"#,
        ),
        (
            r#"not (phoneNumbers[type eq "work" and value eq "1"])"#,
            &format!(r#"{everybody} ? not (phoneNumbers[type eq "work" and value eq "1"])"#),
        ),
        (
            r#"phoneNumbers[type eq "fax" or type eq "work" and value eq "1"]"#,
            r#"(|(&(telephoneNumber=*)(telephoneNumber=1))(facsimileTelephoneNumber=*)) ? phoneNumbers[type eq "fax" or type eq "work" and value eq "1"]"#,
        ),
        (
            r#"phoneNumbers[type ne "fax" and value eq "1"]"#,
            "(|(&(telephoneNumber=*)(telephoneNumber=1))(&(mobile=*)(mobile=1))(&(homePhone=*)(homePhone=1))(&(pager=*)(pager=1))(&(scimOtherPhone=*)(scimOtherPhone=1))) ? phoneNumbers[type ne \"fax\" and value eq \"1\"]",
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
    let pushed = push("openldap", "User", r#"phoneNumbers.value eq "1""#).unwrap();
    assert!(
        pushed.contains("(telephoneNumber=1)")
            && pushed.contains("(facsimileTelephoneNumber=*)")
            && pushed.ends_with(r#" ? phoneNumbers.value eq "1""#),
        "{pushed}"
    );
}

/// "An element that is not so" is another question than "no element that is so", and LDAP answers only
/// the second.
#[test]
fn an_element_that_is_not_so_is_left_over() {
    for directory in ["active-directory", "openldap"] {
        for filter in [
            format!(r#"members[value ne "{P3}"]"#),
            format!(r#"members[not (value eq "{P3}")]"#),
        ] {
            assert_eq!(
                push(directory, "Group", &filter),
                Ok(format!("(member=*) ? {filter}"))
            );
        }
        for filter in [
            r#"emails[value ne "a@x"]"#,
            r#"emails[type eq "other" and value ne "a@x"]"#,
            r#"emails[not (value eq "a@x")]"#,
        ] {
            let pushed = push(directory, "User", filter).unwrap();
            assert!(pushed.ends_with(&format!(" ? {filter}")), "{pushed}");
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
        "openldap",
        "User",
        r#"emails[type eq "other" and value pr and (value eq "a@x" or value eq "b@x")]"#,
    );
    assert_eq!(
        other.as_deref(),
        Ok("(&(scimOtherMail=*)(|(scimOtherMail=a@x)(scimOtherMail=b@x)))")
    );
}
