//! The documents against the code: what they list is what the code has, their examples load, their links lead somewhere.
//! No directory is needed. A test that fails here says which document to correct.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use scimbridge::guard::{Facts, Fences, Guard, Plan, Refusal, Rule};
use scimbridge::http::Fault;
use scimbridge::ldap::{AttributeName, Change, Convergence, Dn, Modification, Target, Values};
use scimbridge::mapping::{Mapping, ReferenceTable, WriteContext};
use scimbridge::provisioning::Error;
use scimbridge::scim::{Leniency, Resource};
use serde_json::json;

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
    base = "DC=corp,DC=example,DC=com"
    [resources.Group]
    base = "DC=corp,DC=example,DC=com"
    [[clients]]
    name = "example"
    tokens = ["sha256:261265283124f0eff47b70f56182741e999f170293eaf644ae7fbc2381241f55"]
"#;

#[test]
fn every_leniency_is_documented_as_it_is() {
    let expected: Vec<String> = Leniency::ALL
        .iter()
        .map(|one| {
            let (given, strict) = one.description().split_once(" Strict: ").unwrap();
            let mut letters = strict.chars();
            let strict: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
            let cells = [&format!("`{}`", one.name()), given, one.source(), &strict];
            format!("| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
        })
        .collect();
    let document = read("docs/leniencies.md");
    let found: Vec<&str> = document.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(found, expected, "the table of docs/leniencies.md should be:\n{}", expected.join("\n"));
}

#[test]
fn every_rule_of_the_guard_is_documented() {
    let expected: Vec<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
    let document = read("docs/security.md");
    assert_eq!(first_cells(section(&document, "## Fences")), expected, "the table of rules in docs/security.md");
}

#[test]
fn what_is_documented_as_never_written_is_refused() {
    let document = read("docs/security.md");
    let list = section(&document, "## What is never written").lines().skip_while(|line| !line.starts_with("- "));
    let list: Vec<&str> = list.take_while(|line| !line.starts_with("- everything")).collect();
    let names = in_backticks(&list.join(" "));
    assert!(names.len() > 50, "the list was not found: {names:?}");
    for name in names.iter().map(String::as_str).chain(["sudoUser", "olcAccess", "2.5.4.3"]) {
        let rule = write(name).expect_err(name).rule;
        assert_eq!(rule, Rule::ForbiddenAttribute, "{name}");
    }
    assert!(write("title").is_ok(), "an attribute that is not in the list may be written");
}

/// What the guard says to a change of this attribute of an entry that no fence protects.
fn write(attribute: &str) -> Result<(), Refusal> {
    let dn = |text| Dn::parse(text).unwrap();
    let guard = Guard::new(Fences { bases: vec![dn("dc=e")], ..Fences::default() });
    let target = Target { dn: dn("uid=a,dc=e"), guid: None };
    let mut plan = Plan::empty();
    plan.push(Change::Modify {
        modifications: vec![Modification::replace(AttributeName::parse(attribute).unwrap(), Values::one("1"))],
        assertion: None,
        convergence: Convergence::Exact,
        target: target.clone(),
    });
    guard.judge(plan, &[Facts::new(target.dn)]).map(drop)
}

#[test]
fn codecs_checks_and_keys_are_documented() {
    let document = read("docs/mapping.md");
    let lines = first_cells(section(&document, "## Lines"));
    let with = |key: &str, value: &str| format!("[resource.User.attributes]\ntitle = {{ ldap = \"title\", {key} = {value} }}");
    let all: BTreeSet<&str> = lines.iter().flat_map(|cell| cell.split(", ")).collect();
    for (codec, heading) in [("codec", "### Codecs"), ("check", "### Checks")] {
        let documented = first_cells(section(&document, heading));
        assert_eq!(known(&with(codec, "\"qqqqqqqqqqqqqqqqqqqqqqqq\"")), documented, "{heading} of docs/mapping.md");
    }
    for key in known(&with("qqqqqqqqqqqqqqqqqqqqqqqq", "1")) {
        assert!(all.contains(key.as_str()), "docs/mapping.md does not document the key `{key}` of a line");
    }
    let unknown_filter = load(&with_base("[resource.User.derived]\ninfo = \"{{ title | qqqq }}\"")).unwrap_err();
    let documented: BTreeSet<String> = in_backticks(section(&document, "### Template filters")).iter().map(|name| bare(name)).collect();
    let (_, hint) = unknown_filter.split_once("hint: ").unwrap();
    for filter in in_backticks(hint).iter().map(|name| bare(name)) {
        assert!(documented.contains(&filter), "docs/mapping.md does not document the template filter `{filter}`");
    }
}

/// The names that a fault's hint lists as known.
fn known(fragment: &str) -> Vec<String> {
    let fault = load(&with_base(fragment)).unwrap_err();
    let (_, hint) = fault.split_once("hint: known are ").unwrap_or_else(|| panic!("no list of names in:\n{fault}"));
    in_backticks(hint)
}

#[test]
fn every_example_of_a_mapping_loads() {
    let document = read("docs/mapping.md");
    let examples = blocks(&document, "toml");
    assert!(examples.len() >= 8, "{} examples", examples.len());
    for example in examples {
        let text = if example.starts_with("[mapping]") { example.to_owned() } else { with_base(example) };
        if let Err(fault) = load(&text) {
            panic!("an example of docs/mapping.md does not load:\n{example}\n{fault}");
        }
    }
}

#[test]
fn the_faults_shown_are_what_the_bridge_says() {
    let document = read("docs/mapping.md");
    let whole = blocks(&document, "toml").into_iter().find(|text| text.starts_with("[mapping]")).unwrap();
    for (right, wrong) in [("locked-time", "lokced-time"), ("{{ displayName }}", "{{ displayNmae }}")] {
        let fault = Mapping::load("staff.toml", &whole.replace(right, wrong)).unwrap_err().report();
        assert!(document.contains(fault.trim_end()), "docs/mapping.md should show:\n{fault}");
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
        let (Some(template), Some(expected)) = (row[2].strip_prefix("`{{"), row.get(3)) else { continue };
        let template = format!("{{{{{}", template.trim_end_matches('`'));
        let mapping = load(&with_base(&format!("[resource.User.derived]\ncn = {}", toml::Value::from(template.as_str())))).unwrap();
        let context = WriteContext { references: &ReferenceTable::default(), generated_password: None };
        let entry = mapping.resource("User").unwrap().write_new(&person, &context).unwrap();
        assert_eq!(entry.alternatives[0].rdn.value(), expected.trim_matches('`'), "{template}");
        seen += 1;
    }
    assert!(seen > 10, "only {seen} templates were found");
}

#[test]
fn every_example_of_a_configuration_is_accepted() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("docs");
    std::fs::create_dir_all(folder.join("tls")).unwrap();
    for file in ["bind-password", "corp-ca.pem", "tls/server.pem", "tls/server.key"] {
        std::fs::write(folder.join(file), "-----BEGIN CERTIFICATE-----\n").unwrap();
    }
    let mut seen = 0;
    for (name, text) in documents().into_iter().filter(|(name, _)| !name.ends_with("mapping.md")) {
        for example in blocks(&text, "toml") {
            let whole = if example.starts_with("[server]") { example.to_owned() } else { merged(CONFIGURATION, example) };
            if let Err(refused) = scimbridge::config::load(&folder.join("scimbridge.toml"), &whole.replace("sha256:…", HASH), []) {
                panic!("an example of {name} is refused:\n{example}\n{refused}");
            }
            seen += 1;
        }
    }
    assert!(seen >= 4, "only {seen} examples were found");
}

const HASH: &str = "sha256:261265283124f0eff47b70f56182741e999f170293eaf644ae7fbc2381241f55";

#[test]
fn the_front_doors_answers_are_documented() {
    let words = || String::from("x");
    let faults = [
        Fault::Unauthenticated,
        Fault::UnknownPath,
        Fault::Method { allow: "GET, POST".into() },
        Fault::NotServed("/Bulk"),
        Fault::BodyTooLong(1 << 20),
        Fault::BodyIncomplete("broke off"),
        Fault::MediaType,
        Fault::Encoding,
        Fault::HeadTooLong,
        Fault::Busy,
        Fault::Late,
        Error::Contended { reason: words() }.into(),
        Error::Unavailable { retry_after: Duration::ZERO, reason: words() }.into(),
        Error::Misconfigured { reason: words() }.into(),
        Error::Internal { reason: words() }.into(),
    ];
    let document = read("docs/errors.md");
    let mut status = String::new();
    for fault in faults {
        let answer = fault.document();
        let detail = answer["detail"].as_str().unwrap();
        let row = document.lines().find(|line| line.starts_with('|') && line.contains(detail));
        let row = row.unwrap_or_else(|| panic!("docs/errors.md has no row with: {detail}"));
        status.clone_from(&answer["status"].as_str().unwrap().to_owned());
        // The rows of an outage and of a fault stand below a heading with their status.
        let above = document.split(row).next().unwrap();
        assert!(row.contains(&format!("| {status}")) || section_of(above).contains(&status), "docs/errors.md, status of: {row}");
    }
}

#[test]
fn every_metric_is_documented_and_every_documented_one_exists() {
    let prefix = "scimbridge_";
    let kinds = ["_http_", "_ldap_", "_directory_"];
    let names = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !(c.is_ascii_lowercase() || c == '_'));
        words.filter(|word| word.starts_with(prefix) && kinds.iter().any(|kind| word.contains(kind))).map(str::to_owned).collect()
    };
    let mut in_code = BTreeSet::new();
    for room in ["http", "directory"] {
        for file in files(&root().join("src").join(room), "rs") {
            in_code.extend(names(&std::fs::read_to_string(file).unwrap()));
        }
    }
    assert!(in_code.len() > 5, "{in_code:?}");
    assert_eq!(names(&read("docs/operations.md")), in_code, "left: docs/operations.md, right: the code");
}

#[test]
fn every_link_leads_somewhere() {
    let mut broken = Vec::new();
    for (name, text) in documents() {
        let folder = root().join(&name).parent().unwrap().to_owned();
        for link in links(&text) {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let file = if path.is_empty() { root().join(&name) } else { folder.join(path) };
            let there = file.exists() && (anchor.is_empty() || anchors(&file).contains(anchor));
            if !there {
                broken.push(format!("{name}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every document with its name.
fn documents() -> Vec<(String, String)> {
    let mut all = vec!["README.md".to_owned(), "CHANGELOG.md".to_owned()];
    let below = files(&root().join("docs"), "md");
    all.extend(below.iter().map(|file| file.strip_prefix(root()).unwrap().display().to_string()));
    all.into_iter().map(|name| (name.clone(), read(&name))).collect()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|of| of == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// From a heading to the next one of its depth or above.
fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let start = document.find(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("there is no `{heading}`"));
    let text = &document[start + heading.len() + 2..];
    let end = text.match_indices("\n#").find(|(at, _)| {
        let depth = text[at + 1..].chars().take_while(|c| *c == '#').count();
        text[at + 1 + depth..].starts_with(' ') && depth <= heading.find(' ').unwrap()
    });
    &text[..end.map_or(text.len(), |(at, _)| at)]
}

/// The last section heading in a text, with the text below it.
fn section_of(text: &str) -> &str {
    text.rfind("\n## ").map_or(text, |at| &text[at..])
}

/// The cells of every row of the tables in a text, headings and rulers left out.
fn rows(text: &str) -> Vec<Vec<String>> {
    let lines: Vec<&str> = text.lines().collect();
    let table = lines.windows(2).filter(|pair| !pair[1].starts_with("| ---") && pair[0].starts_with("| ") && !pair[0].starts_with("| ---"));
    let last = lines.last().filter(|line| line.starts_with("| ")).copied();
    table
        .map(|pair| pair[0])
        .chain(last)
        .map(|line| {
            let inner = line.replace("\\|", "\u{1}");
            inner.trim().trim_matches('|').split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect()
        })
        .collect()
}

/// The names in backticks in the first cell of each row of the first table in a text.
fn first_cells(text: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| !line.starts_with("| "));
    let table: Vec<&str> = lines.take_while(|line| line.starts_with("| ")).collect();
    rows(&table.join("\n")).iter().flat_map(|row| in_backticks(&row[0])).collect()
}

/// The words between single backticks, in order.
fn in_backticks(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// A filter's name without its arguments.
fn bare(filter: &str) -> String {
    filter.split('(').next().unwrap().to_owned()
}

/// The fenced blocks of a language.
fn blocks<'a>(document: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    document.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

fn load(text: &str) -> Result<Mapping, String> {
    Mapping::load("example.toml", text).map_err(|fault| fault.report())
}

fn with_base(fragment: &str) -> String {
    merged(MAPPING, fragment)
}

/// One TOML document with another on top: tables are united, lists of names are appended, everything else is replaced.
fn merged(base: &str, top: &str) -> String {
    let indented = top.lines().map(str::trim_start).collect::<Vec<_>>().join("\n");
    let mut base: toml::Table = base.parse().unwrap();
    unite(&mut base, indented.parse().unwrap_or_else(|error| panic!("{error}\n{top}")));
    toml::to_string(&base).unwrap()
}

fn unite(base: &mut toml::Table, top: toml::Table) {
    for (key, value) in top {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(base)), toml::Value::Table(top)) => unite(base, top),
            (Some(toml::Value::Array(base)), toml::Value::Array(top)) if key == "extensions" => base.extend(top),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// The targets of links to files and headings of this repository.
fn links(text: &str) -> Vec<String> {
    let prose: String = text.split("```").step_by(2).collect();
    let targets = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:")).map(str::to_owned).collect()
}

/// The anchors of a document's headings, as GitHub and GitLab make them.
fn anchors(file: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let prose: String = text.split("```").step_by(2).collect();
    let headings = prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    headings
        .map(|heading| {
            let kept = heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>();
            kept.replace(' ', "-")
        })
        .collect()
}
