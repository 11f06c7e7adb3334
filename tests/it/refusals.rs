//! Refusals as a client reads them. The table of docs/errors.md is made of the answers that these requests get from the
//! running bridge; `UPDATE_DOCS=1 cargo test --test it refusals` writes it anew.

use reqwest::Method;
use serde_json::{Value, json};

use crate::docs::markdown::{read, root, section};
use crate::hostile::leaks_nothing;
use crate::support::people::create_user;
use crate::support::run::in_a_place;
use crate::support::{Answer, Bridge, Kind, Manner, Options, Place};

const DOCUMENT: &str = "docs/errors.md";
const HEADING: &str = "## The request itself";

/// A request that is refused in the same way in front of every directory.
struct Example {
    status: u16,
    scim_type: &'static str,
    situation: &'static str,
    /// `{user}` and `{group}` stand for ids; the document shows the rest as it is.
    method: &'static str,
    path: &'static str,
    body: &'static str,
    strict: bool,
}

const fn lenient(
    (status, scim_type): (u16, &'static str),
    situation: &'static str,
    method: &'static str,
    path: &'static str,
    body: &'static str,
) -> Example {
    Example {
        status,
        scim_type,
        situation,
        method,
        path,
        body,
        strict: false,
    }
}

const fn strict(
    answer: (u16, &'static str),
    situation: &'static str,
    method: &'static str,
    path: &'static str,
    body: &'static str,
) -> Example {
    let mut example = lenient(answer, situation, method, path, body);
    example.strict = true;
    example
}

const SYNTAX: (u16, &str) = (400, "invalidSyntax");
const VALUE: (u16, &str) = (400, "invalidValue");
const FILTER: (u16, &str) = (400, "invalidFilter");
const PATH: (u16, &str) = (400, "invalidPath");
const TARGET: (u16, &str) = (400, "noTarget");
const MUTABILITY: (u16, &str) = (400, "mutability");
const UNIQUENESS: (u16, &str) = (409, "uniqueness");
const FENCED: (u16, &str) = (403, "");
const MISSING: (u16, &str) = (404, "");

/// Every kind of refusal that a request alone can bring about, in the order of the document.
#[rustfmt::skip]
const EXAMPLES: &[Example] = &[
    lenient(SYNTAX, "the body is empty", "POST", "/Users", ""),
    lenient(SYNTAX, "the body is no JSON", "POST", "/Users", r#"{"userName":"#),
    lenient(SYNTAX, "a key stands twice", "POST", "/Users", r#"{"userName":"ana","userName":"bo"}"#),
    lenient(SYNTAX, "PATCH without operations", "PATCH", "/Users/{user}", r#"{}"#),
    lenient(SYNTAX, "PATCH with an unknown `op`", "PATCH", "/Users/{user}", r#"{"Operations":[{"op":"increase","path":"title","value":"1"}]}"#),
    strict(SYNTAX, "an unknown attribute", "POST", "/Users", r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ana@example.test","shoeSize":42}"#),
    lenient(VALUE, "a required attribute is missing", "POST", "/Users", r#"{"displayName":"Ana Ruiz"}"#),
    lenient(VALUE, "a value of the wrong type", "POST", "/Users", r#"{"userName":7}"#),
    lenient(VALUE, "a member that is no known id", "PATCH", "/Groups/{group}", r#"{"Operations":[{"op":"add","path":"members","value":[{"value":"00000000-0000-0000-0000-000000000000"}]}]}"#),
    lenient(VALUE, "a number that is none", "GET", "/Users?count=many", ""),
    lenient(VALUE, "a parameter comes twice", "GET", "/Users?count=1&count=2", ""),
    lenient(FILTER, "the filter is not of the grammar", "GET", "/Users?filter=userName", ""),
    lenient(FILTER, "the attribute has no line in the mapping", "GET", "/Users?filter=birthday eq \"1990-01-01\"", ""),
    lenient(FILTER, "a password is asked for", "GET", "/Users?filter=password eq \"secret\"", ""),
    strict(PATH, "the path names no attribute", "PATCH", "/Users/{user}", r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"shoeSize","value":42}]}"#),
    lenient(TARGET, "a remove without a path", "PATCH", "/Users/{user}", r#"{"Operations":[{"op":"remove"}]}"#),
    strict(TARGET, "a value filter that matches nothing", "PATCH", "/Users/{user}", r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"phoneNumbers[type eq \"pager\"].value","value":"1"}]}"#),
    lenient(MUTABILITY, "a read-only attribute is the target", "PATCH", "/Users/{user}", r#"{"Operations":[{"op":"replace","path":"groups","value":[]}]}"#),
    lenient(MUTABILITY, "a required attribute is taken away", "PATCH", "/Users/{user}", r#"{"Operations":[{"op":"remove","path":"userName"}]}"#),
    lenient(MUTABILITY, "another `id` in the body", "PUT", "/Users/{user}", r#"{"id":"00000000-0000-0000-0000-000000000000","userName":"ana@example.test"}"#),
    lenient(UNIQUENESS, "the name is taken", "POST", "/Users", r#"{"userName":"{taken}"}"#),
    lenient(FENCED, "a fence", "DELETE", "/Users/{protected}", ""),
    lenient(MISSING, "no such resource", "GET", "/Users/00000000-0000-0000-0000-000000000000", ""),
    lenient(MISSING, "no such schema", "GET", "/Schemas/urn:example:none", ""),
    lenient(MISSING, "no such resource type", "GET", "/ResourceTypes/Printer", ""),
    lenient(MISSING, "no such endpoint", "GET", "/Printers", ""),
    lenient((405, ""), "a method that means nothing there", "PUT", "/Schemas", "{}"),
];

/// What the placeholders stand for.
struct Cast {
    user: String,
    group: String,
    taken: String,
    protected: String,
}

#[test]
fn the_document_shows_what_the_bridge_answers() {
    let mut told: Vec<Vec<String>> = Vec::new();
    for kind in [Kind::OpenLdap, Kind::Samba, Kind::Ds389] {
        in_a_place(kind, async |place: &Place| {
            told.push(answers(place).await);
        });
    }
    let table = table(&told);
    let document = read(DOCUMENT);
    let found = section(&document, HEADING);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let (before, after) = (found.find("| answer |"), found.rfind("|\n"));
        let old = &found[before.unwrap()..after.unwrap() + 2];
        std::fs::write(root().join(DOCUMENT), document.replace(old, &table)).unwrap();
        return;
    }
    assert!(
        found.contains(&table),
        "the table below `{HEADING}` of {DOCUMENT} is not what the bridge answers; with UPDATE_DOCS=1 this test writes:\n{table}"
    );
}

/// The details in front of one directory, in the order of the examples.
async fn answers(place: &Place) -> Vec<String> {
    let fenced = place.plant_user(&place.people, "fenced").await;
    let options = Options::new().with("guard.protected_entries", vec![fenced.dn.as_str()]);
    let bridge = &Bridge::start(place, options).await;
    let cast = Cast {
        user: create_user(bridge, "ana").await,
        group: place.plant_group(&place.groups, "Ops", &[]).await.id,
        taken: bridge.name("ana"),
        protected: fenced.id,
    };
    let before = place.everything().await;
    let mut details = Vec::new();
    for example in EXAMPLES {
        let answer = example.ask(bridge, &cast).await;
        let scim_type = Some(example.scim_type).filter(|name| !name.is_empty());
        details.push(answer.error(example.status, scim_type).to_owned());
        leaks_nothing(bridge, &answer);
        for inner in ["dc=", "ou=", "cn=", ".rs", "/target/"] {
            assert!(
                !answer.text.to_lowercase().contains(inner),
                "{}",
                answer.text
            );
        }
    }
    assert_eq!(
        place.everything().await,
        before,
        "a refusal changes nothing"
    );
    details
}

impl Example {
    async fn ask(&self, bridge: &Bridge, cast: &Cast) -> Answer {
        let filled = |text: &str| {
            text.replace("{user}", &cast.user)
                .replace("{group}", &cast.group)
                .replace("{taken}", &cast.taken)
                .replace("{protected}", &cast.protected)
        };
        let manner = if self.strict {
            Manner::Strict
        } else {
            Manner::Generic
        };
        let method = Method::from_bytes(self.method.as_bytes()).unwrap();
        let has_body = !matches!(self.method, "GET" | "DELETE");
        let body = has_body.then(|| filled(self.body).into_bytes());
        bridge
            .client(manner)
            .send(method, &filled(self.path), body)
            .await
    }
}

fn table(told: &[Vec<String>]) -> String {
    let mut text =
        String::from("| answer | situation | request | detail |\n| --- | --- | --- | --- |\n");
    for (index, example) in EXAMPLES.iter().enumerate() {
        let details: Vec<&String> = told.iter().map(|of| &of[index]).collect();
        assert!(
            details.iter().all(|detail| detail == &details[0]),
            "{}: the directories differ: {details:?}",
            example.situation
        );
        let mut answer = example.status.to_string();
        if !example.scim_type.is_empty() {
            answer += &format!(" `{}`", example.scim_type);
        }
        let whose = if example.strict {
            " (strict client)"
        } else {
            ""
        };
        let request = code(&format!(
            "{} {} {}",
            example.method,
            example.path,
            shown(example.body)
        ));
        let detail = code(details[0]);
        text += &format!(
            "| {answer} | {}{whose} | {request} | {detail} |\n",
            example.situation
        );
    }
    text
}

/// The body without the `schemas` that strict clients must send.
fn shown(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        // Parsed only to be recognised: a map would put the keys in another order.
        Ok(Value::Object(object)) if object.contains_key("schemas") => {
            let schemas = format!("\"schemas\":{},", json!(object["schemas"]));
            body.replacen(&schemas, "", 1)
        }
        _ => body.to_owned(),
    }
}

/// As code in a cell of a table, whatever backticks and bars it has.
fn code(text: &str) -> String {
    let text = text.trim().replace('|', "\\|");
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}
