//! Faults in mapping files, as their author sees them.

use super::*;

fn report(lines: &str) -> String {
    let text = format!(
        "[mapping]\nname = \"t\"\ndirectory = \"openldap\"\n[resource.User]\nendpoint = \"/Users\"\nschema = \"urn:ietf:params:scim:schemas:core:2.0:User\"\nextensions = [\"{ENTERPRISE}\"]\nobject_classes = [\"person\"]\nfilter = \"(objectClass=person)\"\nrdn = \"uid\"\n[resource.User.attributes]\nuserName = {{ ldap = \"uid\", required = true }}\n{lines}\n"
    );
    match Mapping::load("my.toml", &text) {
        Ok(_) => panic!("these lines should have been refused: {lines}"),
        Err(fault) => fault.report(),
    }
}

#[test]
fn a_misspelt_codec_is_shown_with_caret_and_hint() {
    insta::assert_snapshot!(report("active = { ldap = \"pwdAccountLockedTime\", codec = \"lokced-time\" }"), @r#"
    my.toml:13:51: `lokced-time` is no codec
       |
    13 | active = { ldap = "pwdAccountLockedTime", codec = "lokced-time" }
       |                                                   ^^^^^^^^^^^^^ not known
    hint: did you mean `locked-time`?
    "#);
}

#[test]
fn a_misspelt_attribute_is_shown_with_the_one_that_was_meant() {
    insta::assert_snapshot!(report("\"name.givnName\" = \"givenName\""), @r#"
    my.toml:13:1: `name.givnName` is no attribute of urn:ietf:params:scim:schemas:core:2.0:User
       |
    13 | "name.givnName" = "givenName"
       | ^^^^^^^^^^^^^^^ this path
    hint: did you mean `name.givenName`?
    "#);
}

#[test]
fn two_lines_that_write_one_attribute_are_refused() {
    insta::assert_snapshot!(report("title = \"title\"\nuserType = \"TITLE\""), @r#"
    my.toml:14:12: `TITLE` is written by the line `title` too
       |
    14 | userType = "TITLE"
       |            ^^^^^^^ a second time here
    hint: map one of them to another attribute, or add `direction = "read"`
    "#);
}

#[test]
fn a_broken_template_is_shown_where_it_is_broken() {
    insta::assert_snapshot!(report("[resource.User.derived]\ncn = \"{{ userName | slug }}\""), @r#"
    my.toml:14:21: the template does not work: filter slug is unknown
       |
    14 | cn = "{{ userName | slug }}"
       |                     ^^^^ here
    hint: filters are `ascii`, `truncate(n)`, `before("@")`, `after("@")`, `samaccount`, `pick("work")`, `upper`, `lower`, `trim`, `replace` and the others of minijinja
    "#);
}

/// Each row: what was typed, and the beginning of the answer after the place.
#[test]
fn every_contradiction_is_found_at_load() {
    for (lines, expected) in [
        (
            "title = \"userPassword\"",
            "`userPassword` holds passwords, which only the codec `password` keeps secret",
        ),
        (
            "title = { ldap = \"2.5.4.35;x-old\", direction = \"read\" }",
            "`2.5.4.35;x-old` holds passwords",
        ),
        (
            "[resource.User.constant]\nunicodePwd = \"x\"",
            "`unicodePwd` holds passwords",
        ),
        (
            "[resource.User.derived]\nuserpassword = \"{{ userName }}\"",
            "`userpassword` holds passwords",
        ),
        (
            "name = \"cn\"",
            "`name` has sub-attributes; a line maps one of them",
        ),
        (
            "active = \"title\"",
            "the codec `string` gives no values of the type `boolean`",
        ),
        (
            "title = { ldap = \"title\", codec = \"boolean\" }",
            "the codec `boolean` gives no values of the type `string`",
        ),
        (
            "title = { ldap = \"title\", many = true }",
            "`title` has one value only",
        ),
        (
            "'title[type eq \"x\"]' = \"title\"",
            "`title` has no elements to select from",
        ),
        (
            "'emails[type ne \"x\"].value' = \"mail\"",
            "the brackets of a mapped path may hold `eq` and `and` only",
        ),
        (
            "'emails[tpye eq \"x\"].value' = \"mail\"",
            "`tpye` cannot select elements of `emails` here",
        ),
        (
            "active = { ldap = \"x\", codec = \"flag\" }",
            "the codec `flag` needs `bit`",
        ),
        (
            "active = { ldap = \"x\", codec = \"flag\", bit = 3 }",
            "`bit` must be the value of one bit of 32",
        ),
        (
            "title = { ldap = \"title\", bit = 2 }",
            "`bit` belongs to the codec `flag`",
        ),
        (
            "title = { ldap = \"title\", base = 2 }",
            "`base` is the number that flags are set in",
        ),
        (
            "title = { ldap = \"ti tle\" }",
            "`ti tle` is no LDAP attribute name",
        ),
        (
            "title = { ldap = \"title\", direction = \"up\" }",
            "`up` is no direction",
        ),
        (
            "title = { ldap = \"title\", unique = \"yes\" }",
            "`yes` is no kind of `unique`",
        ),
        (
            "title = { ldap = \"title\", check = \"nice\" }",
            "`nice` is no check",
        ),
        (
            "title = { ldap = \"title\", max_length = 0 }",
            "`max_length` must be 1 or more",
        ),
        (
            "title = { ldap = \"title\", default = [1] }",
            "`default` must be a text",
        ),
        (
            "active = { ldap = \"x\", codec = \"locked-time\", default = \"yes\" }",
            "the `default` is no value that this line can write",
        ),
        (
            "password = { ldap = \"userPassword\", codec = \"password\" }",
            "a password is never read",
        ),
        (
            "groups = { ldap = \"memberOf\", codec = \"reference\", to = [\"User\"] }",
            "`groups` is read-only in SCIM",
        ),
        (
            "groups = { ldap = \"memberOf\", codec = \"reference\", direction = \"read\" }",
            "`to` and the codec `reference` belong together",
        ),
        (
            "groups = { ldap = \"memberOf\", codec = \"reference\", direction = \"read\", to = [\"Gruop\"] }",
            "`Gruop` is no resource type of this file",
        ),
        (
            "title = { ldap = \"title\", codec = \"reference\", to = [\"User\"] }",
            "`title` holds no references to other resources",
        ),
        ("id = \"entryUUID\"", "`id` is the bridge's own"),
        (
            "\"urn:example:other:title\" = \"title\"",
            "`urn:example:other` is not among the `extensions` of User",
        ),
        ("\"emails[\" = \"mail\"", "`emails[` is no SCIM path"),
        (
            "[resource.User.derived]\nuid = { template = \"{{ userName }}\", follow = true }",
            "`uid` is written by the line `userName`; its template stands in",
        ),
        (
            "[resource.User.derived]\ncn = {}",
            "the derived value `cn` needs a `template`",
        ),
        (
            "[resource.User.constant]\nuid = \"x\"",
            "`uid` is written by the line `userName` already",
        ),
    ] {
        let report = report(lines);
        let rule = report.split_once(": ").map_or("", |(_, rule)| rule);
        assert!(rule.starts_with(expected), "{lines}\n{report}");
        assert!(report.contains('^'), "{report}");
    }
}

#[test]
fn a_head_that_makes_no_sense_is_found_too() {
    let good = Mapping::builtin("openldap").unwrap();
    for (from, to, expected) in [
        (
            "directory = \"openldap\"",
            "directory = \"novell\"",
            "`novell` is no kind of directory",
        ),
        (
            "rdn = \"uid\"",
            "rdn = \"employeeID\"",
            "nothing gives `employeeID` a value",
        ),
        (
            "filter = \"(objectClass=inetOrgPerson)\"",
            "filter = \"objectClass=\"",
            "`filter` is no LDAP filter",
        ),
        (
            "endpoint = \"/Groups\"",
            "endpoint = \"/Users\"",
            "an endpoint belongs to one resource type",
        ),
        (
            "endpoint = \"/Groups\"",
            "endpoint = \"Groups\"",
            "`endpoint` must be a slash and letters",
        ),
        (
            "displayName = { ldap = \"cn\", required = true, unique = \"bridge\", max_length = 256 }",
            "",
            "`displayName` is required by this schema and has no line",
        ),
        ("[resource.Group]\n", "[resource.User]\n", "not TOML"),
    ] {
        let text = good.replace(from, to);
        assert_ne!(text, good, "{from}");
        let fault = Mapping::load("t.toml", &text).unwrap_err();
        assert!(fault.rule().starts_with(expected), "{}", fault.report());
        assert_eq!(fault.file(), "t.toml");
    }
}

#[test]
fn the_fault_is_a_diagnostic_for_the_terminal_too() {
    use miette::Diagnostic as _;
    let fault = Mapping::load("t.toml", "[mapping]\nnmae = 1").unwrap_err();
    assert_eq!(
        fault.to_string(),
        "t.toml:2:1: `nmae` is not known in `[mapping]`"
    );
    assert_eq!(fault.help().unwrap().to_string(), "did you mean `name`?");
    assert_eq!(fault.labels().unwrap().next().unwrap().offset(), 10);
}
