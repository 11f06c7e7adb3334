//! What a request alone can bring about: refused in the same words in front of every directory.

use super::{Example, HEADINGS, documented, example, merged};
use crate::support::people::create_user;
use crate::support::run::in_a_place;
use crate::support::{Bridge, Kind, Options, Place};

const SYNTAX: (u16, &str) = (400, "invalidSyntax");
const VALUE: (u16, &str) = (400, "invalidValue");
const FILTER: (u16, &str) = (400, "invalidFilter");
const PATH: (u16, &str) = (400, "invalidPath");
const TARGET: (u16, &str) = (400, "noTarget");
const MUTABILITY: (u16, &str) = (400, "mutability");
const CURSOR: (u16, &str) = (400, "invalidCursor");
const COUNT: (u16, &str) = (400, "invalidCount");
const TOO_MANY: (u16, &str) = (400, "tooMany");
const UNIQUENESS: (u16, &str) = (409, "uniqueness");
const UNMET: (u16, &str) = (412, "");
const MISSING: (u16, &str) = (404, "");

/// In the order of the document.
#[rustfmt::skip]
const EXAMPLES: &[Example] = &[
    example(SYNTAX, "the body is empty", "POST", "/Users", ""),
    example(SYNTAX, "the body is no JSON", "POST", "/Users", r#"{"userName":"#),
    example(SYNTAX, "a key stands twice", "POST", "/Users", r#"{"userName":"ana","userName":"bo"}"#),
    example(SYNTAX, "PATCH without operations", "PATCH", "/Users/{user}", r#"{}"#),
    example(SYNTAX, "PATCH with an unknown `op`", "PATCH", "/Users/{user}", r#"{"Operations":[{"op":"increase","path":"title","value":"1"}]}"#),
    example(SYNTAX, "an unknown attribute", "POST", "/Users", r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ana@example.test","shoeSize":42}"#).strict(),
    example(VALUE, "a required attribute is missing", "POST", "/Users", r#"{"displayName":"Ana Ruiz"}"#),
    example(VALUE, "a value of the wrong type", "POST", "/Users", r#"{"userName":7}"#),
    example(VALUE, "a text that is no boolean", "PATCH", "/Users/{user}", r#"{"Operations":[{"op":"replace","path":"active","value":"perhaps"}]}"#),
    example(VALUE, "a member that is no known id", "PATCH", "/Groups/{group}", r#"{"Operations":[{"op":"add","path":"members","value":[{"value":"00000000-0000-0000-0000-000000000000"}]}]}"#),
    example(VALUE, "a number that is none", "GET", "/Users?count=many", ""),
    example(VALUE, "a parameter comes twice", "GET", "/Users?count=1&count=2", ""),
    example(VALUE, "the query cannot be decoded", "GET", "/Users?filter=%ff", ""),
    example(VALUE, "`sortOrder` is neither of the two", "GET", "/Users?sortBy=userName&sortOrder=up", ""),
    example(VALUE, "`sortBy` names what has no line in the mapping", "GET", "/Users?sortBy=shoeSize", ""),
    example(VALUE, "a condition that is no list of entity tags", "DELETE", "/Users/{user}", "").with(&[("if-match", "7")]),
    example(FILTER, "the filter is not of the grammar", "GET", "/Users?filter=userName", ""),
    example(FILTER, "the attribute has no line in the mapping", "GET", "/Users?filter=birthday eq \"1990-01-01\"", ""),
    example(FILTER, "a boolean is to be greater", "GET", "/Users?filter=active gt true", ""),
    example(FILTER, "a password is asked for", "GET", "/Users?filter=password eq \"secret\"", ""),
    example(CURSOR, "the cursor is none of this bridge's", "GET", "/Users?cursor=abc", ""),
    example(COUNT, "a page by cursor is to have no results", "GET", "/Users?cursor=&count=0", ""),
    example(TOO_MANY, "more to look at than `max_candidates`, here 1", "GET", "/Users?sortBy=active", ""),
    example(PATH, "the path names no attribute", "PATCH", "/Users/{user}", r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"shoeSize","value":42}]}"#).strict(),
    example(TARGET, "a remove without a path", "PATCH", "/Users/{user}", r#"{"Operations":[{"op":"remove"}]}"#),
    example(TARGET, "a value filter that matches nothing", "PATCH", "/Users/{user}", r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"phoneNumbers[type eq \"pager\"].value","value":"1"}]}"#).strict(),
    example(MUTABILITY, "a read-only attribute is the target", "PATCH", "/Users/{user}", r#"{"Operations":[{"op":"replace","path":"groups","value":[]}]}"#),
    example(MUTABILITY, "a required attribute is taken away", "PATCH", "/Users/{user}", r#"{"Operations":[{"op":"remove","path":"userName"}]}"#),
    example(MUTABILITY, "another `id` in the body", "PUT", "/Users/{user}", r#"{"id":"00000000-0000-0000-0000-000000000000","userName":"ana@example.test"}"#),
    example(UNIQUENESS, "the name is taken", "POST", "/Users", r#"{"userName":"{taken}"}"#),
    example(UNMET, "the resource is of another version", "DELETE", "/Users/{user}", "").with(&[("if-match", "W/\"7\"")]),
    example(UNMET, "the resource exists", "DELETE", "/Users/{user}", "").with(&[("if-none-match", "*")]),
    example(MISSING, "no such resource", "GET", "/Users/00000000-0000-0000-0000-000000000000", ""),
    example(MISSING, "what is no id", "GET", "/Users/nobody", ""),
    example(MISSING, "no such schema", "GET", "/Schemas/urn:example:none", ""),
    example(MISSING, "no such resource type", "GET", "/ResourceTypes/Printer", ""),
];

#[test]
fn requests_that_are_refused_everywhere() {
    let mut told = Vec::new();
    for kind in [Kind::OpenLdap, Kind::Samba, Kind::Ds389] {
        in_a_place(kind, async |place: &Place| {
            told.push((kind, answers(place).await))
        });
    }
    for (kind, rows) in &told[1..] {
        assert_eq!(
            *rows, told[0].1,
            "{kind} is answered in other words than {}",
            told[0].0
        );
    }
    documented("## The request itself", &HEADINGS, &merged(told));
}

async fn answers(place: &Place) -> Vec<super::Row> {
    let bridge = &Bridge::start(place, Options::new().with("server.max_candidates", 1)).await;
    let user = create_user(bridge, "ana").await;
    create_user(bridge, "bo").await;
    let group = place.plant_group(&place.groups, "Ops", &[]).await.id;
    let taken = bridge.name("ana");
    let places = [
        ("{user}", user.as_str()),
        ("{group}", &group),
        ("{taken}", &taken),
    ];
    let before = place.everything().await;
    let mut rows = Vec::new();
    for example in EXAMPLES {
        rows.push(example.row(bridge, &places).await);
    }
    assert_eq!(
        place.everything().await,
        before,
        "a refusal changes nothing"
    );
    rows
}
