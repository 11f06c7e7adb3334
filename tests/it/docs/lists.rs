//! What the documents list: leniencies, rules, attributes, codecs, answers, metrics.

use std::collections::BTreeSet;

use scimbridge::guard::{Facts, Fences, Guard, Plan, Refusal, Rule};
use scimbridge::ldap::{AttributeName, Change, Convergence, Dn, Modification, Target, Values};
use scimbridge::scim::{Behaviour, Leniency, Profile};

use super::examples::{load, with_base};
use super::markdown::{files, first_cells, in_backticks, read, root, section};

#[test]
fn every_leniency_is_documented_as_it_is() {
    let expected: Vec<String> = Leniency::ALL
        .iter()
        .map(|one| {
            let (given, strict) = one.description().split_once(" Strict: ").unwrap();
            let mut letters = strict.chars();
            let strict: String = letters
                .next()
                .into_iter()
                .flat_map(char::to_uppercase)
                .chain(letters)
                .collect();
            let cells = [&format!("`{}`", one.name()), given, one.source(), &strict];
            format!(
                "| {} |",
                cells.map(|cell| cell.replace('|', "\\|")).join(" | ")
            )
        })
        .collect();
    let document = read("docs/leniencies.md");
    let found: Vec<&str> = document
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    assert_eq!(
        found,
        expected,
        "the table of docs/leniencies.md should be:\n{}",
        expected.join("\n")
    );
}

#[test]
fn every_profile_is_documented_as_it_is() {
    let cell = |text: &str| text.replace('|', "\\|");
    let mut expected = Vec::new();
    for profile in Profile::ALL.iter().filter(|one| one.name != "generic") {
        expected.push(format!("### `{}`\n\n{}\n", profile.name, profile.about));
        let rows: Vec<String> = profile
            .switches()
            .map(|(switch, source)| format!("| `{}` | {} |", switch.name(), cell(source)))
            .collect();
        if !rows.is_empty() {
            expected.push(format!(
                "| switch | who says so |\n| --- | --- |\n{}\n",
                rows.join("\n")
            ));
        }
    }
    let document = read("docs/profiles.md");
    let found = section(&document, "## The profiles").trim();
    let expected = expected.join("\n");
    assert_eq!(
        found,
        expected.trim(),
        "this section of docs/profiles.md should be:\n{expected}"
    );
}

#[test]
fn every_behaviour_is_documented_as_it_is() {
    let expected: Vec<String> = Behaviour::ALL
        .iter()
        .map(|one| {
            let (on, off) = one.description().split_once(" Otherwise: ").unwrap();
            format!("| `{}` | {on} | {off} | {} |", one.name(), one.source())
        })
        .collect();
    let document = read("docs/profiles.md");
    let found: Vec<&str> = section(&document, "## Ways of answering")
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    assert_eq!(
        found,
        expected,
        "the table of docs/profiles.md should be:\n{}",
        expected.join("\n")
    );
}

#[test]
fn every_rule_of_the_guard_is_documented() {
    let expected: Vec<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
    let document = read("docs/security.md");
    assert_eq!(
        first_cells(section(&document, "## Fences")),
        expected,
        "the table of rules in docs/security.md"
    );
}

#[test]
fn what_is_documented_as_never_written_is_refused() {
    let document = read("docs/security.md");
    let list = section(&document, "## What is never written")
        .lines()
        .skip_while(|line| !line.starts_with("- "));
    let list: Vec<&str> = list
        .take_while(|line| !line.starts_with("- everything"))
        .collect();
    let names = in_backticks(&list.join(" "));
    assert!(names.len() > 50, "the list was not found: {names:?}");
    for name in names
        .iter()
        .map(String::as_str)
        .chain(["sudoUser", "olcAccess", "2.5.4.3"])
    {
        let rule = write(name).expect_err(name).rule;
        assert_eq!(rule, Rule::ForbiddenAttribute, "{name}");
    }
    assert!(
        write("title").is_ok(),
        "an attribute that is not in the list may be written"
    );
}

/// What the guard says to a change of this attribute of an entry that no fence protects.
fn write(attribute: &str) -> Result<(), Refusal> {
    let dn = |text| Dn::parse(text).unwrap();
    let guard = Guard::new(Fences {
        bases: vec![dn("dc=e")],
        ..Fences::default()
    });
    let target = Target {
        dn: dn("uid=a,dc=e"),
        guid: None,
    };
    let mut plan = Plan::empty();
    plan.push(Change::Modify {
        modifications: vec![Modification::replace(
            AttributeName::parse(attribute).unwrap(),
            Values::one("1"),
        )],
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
    let with = |key: &str, value: &str| {
        format!("[resource.User.attributes]\ntitle = {{ ldap = \"title\", {key} = {value} }}")
    };
    let all: BTreeSet<&str> = lines.iter().flat_map(|cell| cell.split(", ")).collect();
    for (codec, heading) in [("codec", "### Codecs"), ("check", "### Checks")] {
        let documented = first_cells(section(&document, heading));
        assert_eq!(
            known(&with(codec, "\"qqqqqqqqqqqqqqqqqqqqqqqq\"")),
            documented,
            "{heading} of docs/mapping.md"
        );
    }
    for key in known(&with("qqqqqqqqqqqqqqqqqqqqqqqq", "1")) {
        assert!(
            all.contains(key.as_str()),
            "docs/mapping.md does not document the key `{key}` of a line"
        );
    }
    let unknown_filter = load(&with_base(
        "[resource.User.derived]\ninfo = \"{{ title | qqqq }}\"",
    ))
    .unwrap_err();
    let documented: BTreeSet<String> = in_backticks(section(&document, "### Template filters"))
        .iter()
        .map(|name| bare(name))
        .collect();
    let (_, hint) = unknown_filter.split_once("hint: ").unwrap();
    for filter in in_backticks(hint).iter().map(|name| bare(name)) {
        assert!(
            documented.contains(&filter),
            "docs/mapping.md does not document the template filter `{filter}`"
        );
    }
}

/// The names that a fault's hint lists as known.
fn known(fragment: &str) -> Vec<String> {
    let fault = load(&with_base(fragment)).unwrap_err();
    let (_, hint) = fault
        .split_once("hint: known are ")
        .unwrap_or_else(|| panic!("no list of names in:\n{fault}"));
    in_backticks(hint)
}

/// A filter's name without its arguments.
fn bare(filter: &str) -> String {
    filter.split('(').next().unwrap().to_owned()
}

#[test]
fn every_metric_is_documented_and_every_documented_one_exists() {
    let prefix = "scimbridge_";
    let kinds = ["_http_", "_ldap_", "_directory_"];
    let names = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !(c.is_ascii_lowercase() || c == '_'));
        words
            .filter(|word| word.starts_with(prefix) && kinds.iter().any(|kind| word.contains(kind)))
            .map(str::to_owned)
            .collect()
    };
    let mut in_code = BTreeSet::new();
    for room in ["http", "directory"] {
        for file in files(&root().join("src").join(room), "rs") {
            in_code.extend(names(&std::fs::read_to_string(file).unwrap()));
        }
    }
    assert!(in_code.len() > 5, "{in_code:?}");
    assert_eq!(
        names(&read("docs/operations.md")),
        in_code,
        "left: docs/operations.md, right: the code"
    );
}
