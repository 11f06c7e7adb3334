//! Configurations as operators write them, and what each mistake is answered.

mod fences;

use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret;

use super::{Config, Refused, SETTINGS, WhenAbsent, load};
use crate::scim::{Behaviour, Dialect, Leniency, Profile, Switch};

const HASH: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/// The smallest configuration that is whole.
fn whole() -> String {
    format!(
        r#"[directory]
mapping = "openldap"
urls = ["ldaps://ldap.example.com"]
bind_dn = "cn=scimbridge,dc=example,dc=com"
bind_password = "hunter2"

[resources.User]
base = "ou=people,dc=example,dc=com"

[resources.Group]
base = "ou=groups,dc=example,dc=com"

[[clients]]
name = "entra"
tokens = ["{HASH}"]
"#
    )
}

fn read(text: &str) -> Result<Config, Refused> {
    with(text, &[])
}

fn with(text: &str, variables: &[(&str, &str)]) -> Result<Config, Refused> {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load(Path::new("scimbridge.toml"), text, variables)
}

/// The report for a configuration that must be refused.
fn report(text: &str) -> String {
    read(text)
        .expect_err("this configuration must be refused")
        .to_string()
}

/// The whole configuration with one line replaced.
fn but(line: &str, other: &str) -> String {
    let text = whole();
    assert!(text.contains(line), "{line}");
    text.replace(line, other)
}

#[test]
fn the_smallest_configuration_gets_every_default() {
    let config = read(&whole()).unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.base_path, "/scim/v2");
    assert_eq!(config.server.body_limit, 1 << 20);
    assert_eq!(config.server.request_timeout, Duration::from_secs(30));
    assert_eq!(config.directory.connections, 4);
    assert_eq!(config.directory.bind_password.expose_secret(), "hunter2");
    assert_eq!(
        config.resources["User"].create_in,
        config.resources["User"].base
    );
    assert_eq!(config.clients[0].dialect, Dialect::lenient());
}

#[test]
fn a_variable_wins_over_the_file_whatever_it_looks_like() {
    let config = with(
        &whole(),
        &[
            ("SCIMBRIDGE_SERVER__LISTEN", "127.0.0.1:9"),
            ("SCIMBRIDGE_SERVER__BODY_LIMIT", "64KiB"),
            ("SCIMBRIDGE_DIRECTORY__CONNECTIONS", "8"),
            ("SCIMBRIDGE_DIRECTORY__BIND_PASSWORD", "12345"),
            ("SCIMBRIDGE_DIRECTORY__URLS", "ldaps://other.example.com"),
            (
                "SCIMBRIDGE_RESOURCES__USER__BASE",
                "ou=staff,dc=example,dc=com",
            ),
            (
                "SCIMBRIDGE_GUARD__PROTECTED_ENTRIES",
                r#"["cn=a,dc=x", "cn=b,dc=x"]"#,
            ),
            ("SCIMBRIDGE_CONFIG", "elsewhere.toml"),
            ("SCIMBRIDGE_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
            ("PATH", "/bin"),
        ],
    )
    .unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!(config.server.listen.port(), 9);
    assert_eq!(config.server.body_limit, 65_536);
    assert_eq!(config.directory.connections, 8);
    assert_eq!(config.directory.bind_password.expose_secret(), "12345");
    assert_eq!(config.directory.urls, ["ldaps://other.example.com"]);
    assert_eq!(
        config.resources["User"].base.to_string(),
        "ou=staff,dc=example,dc=com"
    );
    assert_eq!(config.protected_entries.len(), 2);
}

#[test]
fn clients_may_come_from_one_variable() {
    let text = whole();
    let file = text.split("[[clients]]").next().unwrap();
    let clients = format!("[{{ name = \"okta\", tokens = [\"{HASH}\"], profile = \"strict\" }}]");
    let config = with(file, &[("SCIMBRIDGE_CLIENTS", &clients)])
        .unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!(config.clients[0].name, "okta");
    assert_eq!(config.clients[0].dialect, Dialect::strict());
}

#[test]
fn a_client_has_its_profile_and_switches_of_its_own() {
    let with_client = |more: &str| with(&format!("{}{more}", whole()), &[]);
    let config = with_client("profile = \"okta\"\nswitch_on = [\"operator-case\", \"members-not-returned\"]\nswitch_off = [\"unknown-attribute\"]")
        .unwrap_or_else(|refused| panic!("{refused}"));
    let okta = Profile::parse("okta").unwrap().dialect();
    let expected = okta
        .with(Leniency::OperatorCase)
        .on(Switch::Behaviour(Behaviour::MembersNotReturned))
        .without(Leniency::UnknownAttribute);
    assert_eq!(config.clients[0].dialect, expected);
    for profile in Profile::ALL {
        let config = with_client(&format!("profile = \"{}\"", profile.name)).unwrap();
        assert_eq!(config.clients[0].dialect, profile.dialect());
    }
    let former = with_client("profile = \"lenient\"").unwrap();
    assert_eq!(former.clients[0].dialect, Dialect::lenient());
    for wrong in [
        "profile = \"Okta\"",
        "switch_on = [\"everything\"]",
        "switch_on = [\"null-path\"]\nswitch_off = [\"null-path\"]",
    ] {
        let report = with_client(wrong).unwrap_err().to_string();
        assert!(report.contains("hint: "), "{report}");
    }
}

#[test]
fn an_unknown_key_is_shown_with_its_line_a_caret_and_the_likely_one() {
    let text = format!("[server]\nlistn = \"127.0.0.1:1\"\n{}", whole());
    insta::assert_snapshot!(report(&text), @r#"
    scimbridge.toml:2:1: there is no setting `server.listn` [unknown-key]
      |
    2 | listn = *************
      | ^^^^^
    hint: did you mean `listen`?
    "#);
}

#[test]
fn a_key_in_the_wrong_section_is_told_its_home() {
    let text = format!("[server]\nbind_dn = \"cn=x\"\n{}", whole());
    assert!(
        report(&text).contains("hint: `bind_dn` belongs in `[directory]`"),
        "{}",
        report(&text)
    );
    let text = format!("[sever]\n{}", whole());
    assert!(
        report(&text).contains("there is no section `sever`"),
        "{}",
        report(&text)
    );
    assert!(
        report(&text).contains("hint: did you mean `server`?"),
        "{}",
        report(&text)
    );
}

#[test]
fn a_missing_value_points_at_the_section_it_belongs_in() {
    insta::assert_snapshot!(report(&but("urls = [\"ldaps://ldap.example.com\"]\n", "")), @r#"
    scimbridge.toml:1:2: `directory.urls` is missing [missing]
      |
    1 | [directory]
      |  ^^^^^^^^^
    hint: write a list of texts, as in `["one", "two"]`. `ldaps://host[:port]` or `ldap://host[:port]`, the preferred one first; the others serve when it does not answer. `ldap://` without `start_tls` is refused except to a loopback host.
    "#);
}

#[test]
fn every_required_setting_is_missed() {
    for setting in SETTINGS
        .iter()
        .filter(|setting| setting.default == WhenAbsent::Required)
    {
        let name = setting.key.rsplit('.').next().unwrap();
        let text: String = whole()
            .lines()
            .filter(|line| !line.starts_with(&format!("{name} =")))
            .map(|line| format!("{line}\n"))
            .collect();
        let refused = report(&text);
        assert!(
            refused.contains("[missing]") && refused.contains(name),
            "{}: {refused}",
            setting.key
        );
    }
    assert!(
        report("").contains("`directory.mapping` is missing"),
        "{}",
        report("")
    );
}

#[test]
fn the_wrong_type_is_told_the_right_one() {
    for (line, expected) in [
        (
            "[server]\nrequest_timeout = 30\n",
            "hint: write a number with its unit in quotes",
        ),
        (
            "[server]\nplain_http = \"yes\"\n",
            "hint: write `true` or `false`",
        ),
        (
            "[server]\nworkers = -1\n",
            "hint: write a whole number above zero",
        ),
        (
            "[guard]\nallowed = \"ou=x\"\n",
            "hint: write a list of texts",
        ),
        (
            "server = 3\n",
            "hint: write its settings below a line `[server]`",
        ),
        (
            "[log]\nformat = \"xml\"\n",
            "`log.format` is neither `json` nor `text`",
        ),
        ("[log]\nfilter = \"a=b=c\"\n", "is no log filter"),
        ("[server]\nworkers = 0\n", "must be from 1 to 1024"),
        (
            "[server]\nrequest_timeout = \"0s\"\n",
            "must be longer than nothing",
        ),
        ("[server]\nbody_limit = \"1MB\"\n", "is no number of bytes"),
        (
            "[server]\nbulk_operations = 1001\n",
            "must be from 1 to 1000",
        ),
        (
            "[server]\nbulk_payload = \"1KiB\"\nbulk_operations = 0\n",
            "must be from 1 to 1000",
        ),
        (
            "[server]\nlisten = \"localhost\"\n",
            "is no numeric address with a port",
        ),
        ("[server]\nbase_path = \"scim\"\n", "is no plain path"),
        (
            "[server]\nlegacy_base_path = \"scim/v1\"\n",
            "is no plain path",
        ),
        (
            "[server]\nlegacy_base_path = \"/scim/v2/old\"\n",
            "one lies within the other",
        ),
        (
            "[server]\nbase_url = \"scim.example.com\"\n",
            "is no base URL",
        ),
        (
            "[references]\nunknown_manager = \"ignore\"\n",
            "is neither `drop` nor `refuse`",
        ),
        (
            "[references]\nunknown_member = \"ignore\"\n",
            "is neither `drop` nor `refuse`",
        ),
    ] {
        let refused = report(&format!("{line}{}", whole()));
        assert!(
            refused.contains(expected) && refused.contains("hint: "),
            "{line}: {refused}"
        );
    }
}

#[test]
fn contradictions_are_refused() {
    for (text, expected) in [
        (
            format!("[server]\ncertificate_file = \"a.pem\"\n{}", whole()),
            "TLS needs both files",
        ),
        (
            format!("[server]\nlisten = \"0.0.0.0:80\"\n{}", whole()),
            "which other machines reach, and there is no certificate",
        ),
        (
            format!("[server]\nlisten = \"127.0.0.1:8081\"\n{}", whole()),
            "the two listeners need a port each",
        ),
        (
            but("urls = [\"ldaps://", "start_tls = true\nurls = [\"ldaps://"),
            "is TLS from the start",
        ),
        (
            but("ldaps://ldap.example.com", "ldap://ldap.example.com"),
            "unencrypted",
        ),
        (
            but("ldaps://ldap.example.com", "https://ldap.example.com"),
            "is no LDAP URL",
        ),
        (
            but("ldaps://ldap.example.com", "ldaps://ldap.example.com/dc=x"),
            "names more than host and port",
        ),
        (
            but(
                "bind_password =",
                "bind_password_file = \"x\"\nbind_password =",
            ),
            "are both set",
        ),
        (
            but("bind_password = \"hunter2\"\n", ""),
            "`directory.bind_password_file` is missing",
        ),
        (
            but("bind_password = \"hunter2\"", "bind_password = \"\""),
            "gives an empty password",
        ),
        (
            but("bind_password =", "bind_password_file ="),
            "cannot be read",
        ),
        (
            but(
                "base = \"ou=people,dc=example,dc=com\"",
                "base = \"ou=people,dc=example,dc=com\"\ncreate_in = \"ou=other\"",
            ),
            "is not within the base",
        ),
        (
            but(
                "base = \"ou=people,dc=example,dc=com\"",
                "base = \"people\"",
            ),
            "is no distinguished name",
        ),
        (
            but(
                "base = \"ou=people,dc=example,dc=com\"",
                "base = \"ou=people,dc=example,dc=com\"\nfilter = \"(x=\"",
            ),
            "is no LDAP filter",
        ),
        (
            but("[resources.Group]", "[resources.Grup]"),
            "hint: did you mean `[resources.Group]`?",
        ),
        (
            but("mapping = \"openldap\"", "mapping = \"openldpa\""),
            "hint: did you mean `openldap`?",
        ),
        (
            format!("[guard]\nallowed = [\"dc=elsewhere\"]\n{}", whole()),
            "lies outside every base",
        ),
        (
            but("name = \"entra\"", "name = \"Entra ID\""),
            "lower-case letters",
        ),
        (
            format!(
                "{}\n[[clients]]\nname = \"entra\"\ntokens = [\"{}\"]\n",
                whole(),
                HASH.replace('b', "c")
            ),
            "two clients are called `entra`",
        ),
        (
            format!(
                "{}\n[[clients]]\nname = \"okta\"\ntokens = [\"{HASH}\"]\n",
                whole()
            ),
            "the client `entra` already has this token",
        ),
        (
            but(&format!("[\"{HASH}\"]"), "[]"),
            "one or two tokens, not 0",
        ),
        (
            whole().split("[[clients]]").next().unwrap().to_owned(),
            "nobody could call",
        ),
    ] {
        let refused = report(&text);
        assert!(
            refused.contains(expected) && refused.contains("hint: "),
            "{expected}: {refused}"
        );
    }
}

#[test]
fn plain_http_on_every_address_needs_a_word() {
    assert!(
        read(&format!(
            "[server]\nlisten = \"0.0.0.0:8080\"\nplain_http = true\n{}",
            whole()
        ))
        .is_ok()
    );
    assert!(read(&format!("[server]\nlisten = \"[::1]:8080\"\n{}", whole())).is_ok());
    assert!(read(&but("ldaps://ldap.example.com", "ldap://127.0.0.1:389")).is_ok());
    assert!(read(&but("ldaps://ldap.example.com", "ldaps://[fd00::1]:636")).is_ok());
}

#[test]
fn all_faults_are_reported_at_once() {
    let text = format!(
        "[server]\nlisten = \"x\"\nbase_path = \"y\"\n{}",
        whole().replace("ldaps://", "http://")
    );
    assert_eq!(read(&text).unwrap_err().faults.len(), 3);
}

#[test]
fn a_fault_in_a_variable_names_the_variable() {
    for (name, value, expected) in [
        (
            "SCIMBRIDGE_SERVER__LISTEN",
            "x",
            "environment variable `SCIMBRIDGE_SERVER__LISTEN`: `server.listen` is `x`",
        ),
        (
            "SCIMBRIDGE_SERVER__WORKERS",
            "many",
            "environment variable `SCIMBRIDGE_SERVER__WORKERS`",
        ),
        (
            "SCIMBRIDGE_SERVER__LISTN",
            "x",
            "hint: did you mean `SCIMBRIDGE_SERVER__LISTEN`?",
        ),
        (
            "SCIMBRIDGE_SERVER_LISTEN",
            "x",
            "hint: a double underscore nests: `SCIMBRIDGE_SERVER__LISTEN`",
        ),
        (
            "SCIMBRIDGE_DIRECTORY__URLS",
            "[\"ldaps://a\", \"b\"]",
            "environment variable `SCIMBRIDGE_DIRECTORY__URLS`: `b` is no LDAP URL",
        ),
        (
            "SCIMBRIDGE_CLIENTS",
            "entra",
            "is not a TOML array of tables",
        ),
        (
            "SCIMBRIDGE_CLIENTS",
            "1\nx = 2",
            "is not a TOML array of tables",
        ),
    ] {
        let refused = with(&whole(), &[(name, value)]).unwrap_err().to_string();
        assert!(refused.contains(expected), "{name}: {refused}");
    }
}

#[test]
fn what_is_not_toml_is_shown_where_it_breaks() {
    let refused = report("[server]\nlisten = \n");
    assert!(
        refused.starts_with("scimbridge.toml:2:") && refused.contains("this is not TOML"),
        "{refused}"
    );
}

#[test]
fn no_report_shows_a_secret() {
    let token = "scimbridge_topsecrettopsecrettopsecret";
    for text in [
        but(
            "bind_password = \"hunter2\"",
            "bind_password = \"hunter2\" oops",
        ),
        but(
            "bind_password = \"hunter2\"",
            "bind_password = [\"hunter2\"]",
        ),
        but(
            "bind_password = \"hunter2\"",
            "bind_password_file = \"x\"\nbind_password = \"hunter2\"",
        ),
        but("bind_password = \"hunter2\"", "bind_pasword = \"hunter2\""),
        but(
            "bind_password = \"hunter2\"",
            "extra = { password = \"hunter2\" }",
        ),
        but("bind_password = \"hunter2\"", "bind_password = hunter2"),
        but(HASH, token),
        but(&format!("[\"{HASH}\"]"), &format!("\"{token}\"")),
        but(
            &format!("[\"{HASH}\"]"),
            &format!("[\"{HASH}\", \"{token}\"]"),
        ),
        but(&format!("[\"{HASH}\"]"), &format!("[\"{token}\"")),
    ] {
        let refused = read(&text).unwrap_err();
        for shown in [refused.to_string(), format!("{refused:?}")] {
            assert!(
                !shown.contains("hunter2") && !shown.contains("topsecret"),
                "{shown}"
            );
        }
    }
    let config = read(&whole()).unwrap_or_else(|refused| panic!("{refused}"));
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn a_secret_file_loses_one_line_end_and_no_more() {
    for (written, meant) in [
        ("a b\n", "a b"),
        ("a\r\n", "a"),
        ("a\n\n", "a\n"),
        ("a", "a"),
        ("a\r", "a\r"),
    ] {
        assert_eq!(
            super::load::secret(written.to_owned()).expose_secret(),
            meant
        );
    }
}

#[test]
fn every_setting_of_the_table_is_understood_and_no_other() {
    let mut text = String::new();
    for setting in SETTINGS {
        let value = match setting.key {
            "directory.mapping" => "\"openldap\"",
            "directory.urls" => "[\"ldaps://x\"]",
            "clients[].tokens" => &format!("[\"{HASH}\"]"),
            key if key.ends_with("bind_dn") || key.ends_with("base") => "\"dc=x\"",
            _ => match setting.default {
                WhenAbsent::Value(value) => value,
                _ => continue,
            },
        };
        let key = setting
            .key
            .replace('*', "User")
            .replace("clients[].", "client.");
        text.push_str(&format!("{key} = {value}\n"));
    }
    text = text.replace("client.", "");
    // Every key stands where the table says, so only the values that were left out are missed.
    let (clients, rest): (Vec<&str>, Vec<&str>) = text
        .lines()
        .partition(|line| !line.split('=').next().unwrap().contains('.'));
    let text = format!(
        "{}\nresources.Group.base = \"dc=x\"\ndirectory.bind_password = \"x\"\n[[clients]]\nname = \"a\"\n{}\n",
        rest.join("\n"),
        clients.join("\n")
    );
    assert!(read(&text).is_ok(), "{}\n{text}", report(&text));
}

#[test]
fn me_is_an_endpoint_and_an_id() {
    let with_me = |me: &str| format!("{}me = \"{me}\"\n", whole());
    let id = "2819c223-7f76-453a-919d-413861904646";
    let config = read(&with_me(&format!("/Users/{id}"))).unwrap();
    assert_eq!(config.clients[0].me, Some(format!("/Users/{id}")));
    for (wrong, words) in [
        ("ana@example.com", "names no resource"),
        ("/Users/ana", "names no resource"),
        (id, "names no resource"),
        (&format!("/Rooms/{id}"), "does not serve"),
        (&format!("/users/{id}"), "does not serve"),
    ] {
        let report = report(&with_me(wrong));
        assert!(report.contains(words), "{report}");
    }
}
