//! What the documents show: every TOML block is loaded, the templates are tried out, and the faults are the real ones.

use std::path::Path;

use scimbridge::mapping::{Mapping, ReferenceTable, WriteContext};
use scimbridge::scim::Resource;
use serde_json::json;

use super::markdown::{blocks, documents, read, rows, section};

/// What an example that is only a part of a mapping file is put into.
const MAPPING: &str = r#"
    [mapping]
    name = "example"
    directory = "active-directory"
    [resource.User]
    endpoint = "/Users"
    schema = "urn:ietf:params:scim:schemas:core:2.0:User"
    extensions = ["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]
    object_classes = ["user"]
    filter = "(objectClass=user)"
    rdn = "cn"
    [resource.User.attributes]
    userName = { ldap = "userPrincipalName", required = true }
    displayName = "displayName"
    "name.givenName" = "givenName"
    "name.familyName" = "sn"
    title = "title"
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department" = "department"
    [resource.User.derived]
    cn = "{{ displayName }}"
    [resource.Group]
    endpoint = "/Groups"
    schema = "urn:ietf:params:scim:schemas:core:2.0:Group"
    object_classes = ["group"]
    filter = "(objectClass=group)"
    rdn = "cn"
    [resource.Group.attributes]
    displayName = { ldap = "cn", required = true }
"#;

/// What an example that is only a part of a configuration is put into.
const CONFIGURATION: &str = r#"
    [directory]
    mapping = "openldap"
    urls = ["ldaps://ldap.example.com"]
    bind_dn = "cn=scimbridge,ou=services,dc=example,dc=com"
    bind_password_file = "bind-password"
    [resources.User]
    base = "OU=People,DC=corp,DC=example,DC=com"
    [resources.Group]
    base = "OU=Groups,DC=corp,DC=example,DC=com"
    [[clients]]
    name = "example"
    tokens = ["sha256:261265283124f0eff47b70f56182741e999f170293eaf644ae7fbc2381241f55"]
"#;

const HASH: &str = "sha256:261265283124f0eff47b70f56182741e999f170293eaf644ae7fbc2381241f55";

#[test]
fn every_example_of_a_mapping_loads() {
    let document = read("docs/mapping.md");
    let examples = blocks(&document, "toml");
    assert!(examples.len() >= 8, "{} examples", examples.len());
    for example in examples {
        let text = if example.starts_with("[mapping]") {
            example.to_owned()
        } else {
            with_base(example)
        };
        if let Err(fault) = load(&text) {
            panic!("an example of docs/mapping.md does not load:\n{example}\n{fault}");
        }
    }
}

#[test]
fn the_lines_for_roles_load_beside_each_built_in_mapping() {
    let document = read("docs/mapping.md");
    let lists = section(&document, "### Lists and elements");
    let example = blocks(lists, "toml")
        .into_iter()
        .find(|example| example.contains("roles"))
        .expect("an example");
    for name in ["active-directory", "openldap", "389ds"] {
        let text = merged(&read(&format!("mappings/{name}.toml")), example);
        if let Err(fault) = load(&text) {
            panic!("{name}: {fault}");
        }
    }
}

#[test]
fn the_faults_shown_are_what_the_bridge_says() {
    let document = read("docs/mapping.md");
    let whole = blocks(&document, "toml")
        .into_iter()
        .find(|text| text.starts_with("[mapping]"))
        .unwrap();
    for (right, wrong) in [
        ("locked-time", "lokced-time"),
        ("{{ displayName }}", "{{ displayNmae }}"),
    ] {
        let fault = Mapping::load("staff.toml", &whole.replace(right, wrong))
            .unwrap_err()
            .report();
        assert!(
            document.contains(fault.trim_end()),
            "docs/mapping.md should show:\n{fault}"
        );
    }
}

#[test]
fn the_templates_give_what_the_table_says() {
    let document = read("docs/mapping.md");
    let person = json!({
        "userName": "Ana.Ruiz@example.com",
        "displayName": "Ána Ruiz Peña",
        "name": { "givenName": "Ána", "familyName": "Ruiz Peña" },
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "Labs" },
    });
    let person = Resource::from_map(person.as_object().unwrap().clone());
    let mut seen = 0;
    for row in rows(section(&document, "## From Okta and Entra expressions")) {
        let (Some(template), Some(expected)) = (row[2].strip_prefix("`{{"), row.get(3)) else {
            continue;
        };
        let template = format!("{{{{{}", template.trim_end_matches('`'));
        let mapping = load(&with_base(&format!(
            "[resource.User.derived]\ncn = {}",
            toml::Value::from(template.as_str())
        )))
        .unwrap();
        let context = WriteContext {
            references: &ReferenceTable::default(),
            generated_password: None,
        };
        let entry = mapping
            .resource("User")
            .unwrap()
            .write_new(&person, &context)
            .unwrap();
        assert_eq!(
            entry.alternatives[0].rdn.value(),
            expected.trim_matches('`'),
            "{template}"
        );
        seen += 1;
    }
    assert!(seen > 10, "only {seen} templates were found");
}

#[test]
fn every_example_of_a_configuration_is_accepted() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("docs");
    std::fs::create_dir_all(folder.join("tls")).unwrap();
    for file in [
        "bind-password",
        "corp-ca.pem",
        "tls/server.pem",
        "tls/server.key",
    ] {
        std::fs::write(folder.join(file), "-----BEGIN CERTIFICATE-----\n").unwrap();
    }
    let mut seen = 0;
    for (name, text) in documents()
        .into_iter()
        .filter(|(name, _)| !name.ends_with("mapping.md"))
    {
        // Types of one's own are parts of a mapping; tests/it/semantics/custom_types.rs runs them.
        let parts_of_mappings = |example: &&str| example.starts_with("[resource.");
        for example in blocks(&text, "toml")
            .into_iter()
            .filter(|example| !parts_of_mappings(example))
        {
            let complete = example.starts_with("[server]") && example.contains("[directory]");
            let whole = if complete {
                example.to_owned()
            } else {
                merged(CONFIGURATION, example)
            };
            if let Err(refused) = scimbridge::config::load(
                &folder.join("scimbridge.toml"),
                &whole.replace("sha256:…", HASH),
                [],
            ) {
                panic!("an example of {name} is refused:\n{example}\n{refused}");
            }
            seen += 1;
        }
    }
    assert!(seen >= 4, "only {seen} examples were found");
}

pub(super) fn load(text: &str) -> Result<Mapping, String> {
    Mapping::load("example.toml", text).map_err(|fault| fault.report())
}

pub(super) fn with_base(fragment: &str) -> String {
    merged(MAPPING, fragment)
}

/// One TOML document with another on top: tables are united, lists of names are appended, everything else is replaced.
fn merged(base: &str, top: &str) -> String {
    let indented = top
        .lines()
        .map(str::trim_start)
        .collect::<Vec<_>>()
        .join("\n");
    let mut base: toml::Table = base.parse().unwrap();
    unite(
        &mut base,
        indented
            .parse()
            .unwrap_or_else(|error| panic!("{error}\n{top}")),
    );
    toml::to_string(&base).unwrap()
}

fn unite(base: &mut toml::Table, top: toml::Table) {
    for (key, value) in top {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(base)), toml::Value::Table(top)) => unite(base, top),
            (Some(toml::Value::Array(base)), toml::Value::Array(top)) if key == "extensions" => {
                base.extend(top)
            }
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}
