//! What an operation of a bulk request is refused with, and what refuses the whole.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Example, HEADINGS, Row, code, documented, example, merged};
use crate::hostile::{names_no_cause, names_nothing};
use crate::support::people::create_user;
use crate::support::run::in_a_place;
use crate::support::{Answer, Bridge, Kind, Options, Place, Relay};

const NOBODY: &str = "/Users/00000000-0000-0000-0000-000000000000";

/// What refuses the whole: nothing is done.
#[rustfmt::skip]
const WHOLE: &[Example] = &[
    example((400, "invalidSyntax"), "the whole: no operations", "POST", "/Bulk", r#"{"Operations":[]}"#),
    example((400, "invalidSyntax"), "the whole: an operation without `path`", "POST", "/Bulk", r#"{"Operations":[{"method":"DELETE"}]}"#),
    example((400, "invalidValue"), "the whole: two operations with one `bulkId`", "POST", "/Bulk", r#"{"Operations":[{"method":"POST","path":"/Users","bulkId":"a","data":{}},{"method":"POST","path":"/Users","bulkId":"a","data":{}}]}"#),
    example((413, ""), "the whole: more operations than `bulk_operations`, here 3", "POST", "/Bulk", r#"{"Operations":[{"method":"DELETE","path":"/Users/1"},{"method":"DELETE","path":"/Users/2"},{"method":"DELETE","path":"/Users/3"},{"method":"DELETE","path":"/Users/4"}]}"#),
];

#[test]
fn refusals_of_bulk_operations() {
    let mut told = Vec::new();
    for kind in [Kind::OpenLdap, Kind::Samba, Kind::Ds389] {
        in_a_place(kind, async |place: &Place| {
            let mut rows = each_for_itself(place).await;
            rows.extend(not_now(place).await);
            told.push((kind, rows));
        });
    }
    documented("## Bulk", &HEADINGS, &merged(told));
}

async fn bulk(bridge: &Bridge, operations: &Value) -> Answer {
    let answer = bridge
        .generic()
        .post("/Bulk", json!({ "Operations": operations }))
        .await;
    answer.is(200);
    names_nothing(bridge, &answer);
    answer
}

/// The row of the operation at this position; the log has its kind under the id of the whole request.
#[track_caller]
fn row(
    bridge: &Bridge,
    answer: &Answer,
    at: usize,
    kind: &str,
    situation: &str,
    shown: &str,
) -> Row {
    let response = &answer.body["Operations"][at]["response"];
    let word = |name: &str| response[name].as_str().unwrap_or_default();
    assert!(!word("detail").is_empty(), "{situation}: {}", answer.text);
    let kinds = super::kinds(bridge, answer);
    assert!(
        kinds.iter().any(|one| one == kind),
        "{situation}: {kinds:?}"
    );
    let scim_type = match word("scimType") {
        "" => String::new(),
        name => format!(" `{name}`"),
    };
    vec![
        format!("{}{scim_type}", word("status")),
        format!("`{kind}`"),
        situation.to_owned(),
        code(shown),
        code(word("detail")),
    ]
}

async fn each_for_itself(place: &Place) -> Vec<Row> {
    let bridge = &Bridge::start(place, Options::new().with("server.bulk_operations", 3)).await;
    let user = create_user(bridge, "ana").await;
    let of_user = format!("/Users/{user}");
    let before = place.everything().await;
    let mut rows = Vec::new();
    for whole in WHOLE {
        rows.push(whole.row(bridge, &[]).await);
    }
    for (situation, kind, operation) in [
        (
            "another method",
            "invalid",
            json!({"method": "GET", "path": NOBODY}),
        ),
        (
            "a POST without `bulkId`",
            "invalid",
            json!({"method": "POST", "path": "/Users", "data": {}}),
        ),
        (
            "no `data`",
            "invalid",
            json!({"method": "PUT", "path": NOBODY}),
        ),
        (
            "a POST to a resource",
            "invalid",
            json!({"method": "POST", "path": NOBODY, "bulkId": "a", "data": {}}),
        ),
        (
            "a DELETE of an endpoint",
            "invalid",
            json!({"method": "DELETE", "path": "/Users"}),
        ),
        (
            "a `version` that is no list of entity tags",
            "invalid",
            json!({"method": "DELETE", "path": of_user, "version": "7"}),
        ),
        (
            "the resource is of another version",
            "precondition-failed",
            json!({"method": "DELETE", "path": of_user, "version": "W/\"7\""}),
        ),
        (
            "no such resource",
            "not-found",
            json!({"method": "DELETE", "path": NOBODY}),
        ),
        (
            "a reference to a `bulkId` that no POST of the request has",
            "invalid",
            json!({"method": "DELETE", "path": "/Users/bulkId:b"}),
        ),
        (
            "new resources that refer to each other in a circle",
            "invalid",
            json!({"method": "POST", "path": "/Users", "bulkId": "a", "data": {"userName": "bulkId:a"}}),
        ),
    ] {
        let answer = bulk(bridge, &json!([operation])).await;
        let shown = operation.to_string().replace(&user, "{user}");
        rows.push(row(bridge, &answer, 0, kind, situation, &shown));
    }
    let refers = json!({"method": "DELETE", "path": "/Users/bulkId:a"});
    let operations =
        json!([{"method": "POST", "path": "/Users", "bulkId": "a", "data": {}}, refers]);
    let answer = bulk(bridge, &operations).await;
    let situation = "a reference to a resource that could not be created";
    rows.push(row(
        bridge,
        &answer,
        1,
        "precondition-failed",
        situation,
        &operations.to_string(),
    ));
    assert_eq!(
        place.everything().await,
        before,
        "a refusal changes nothing"
    );
    rows
}

/// In front of a directory that hangs.
async fn not_now(place: &Place) -> Vec<Row> {
    let relay = Relay::to(place.lab).await;
    let options = Options::new()
        .with("directory.urls", vec![relay.url().as_str()])
        .with("server.request_timeout", "4s");
    let bridge = &Bridge::start(place, options).await;
    relay.freeze();
    let operations: Vec<Value> = (0..9)
        .map(|number| json!({"method": "DELETE", "path": format!("{}{number}", &NOBODY[..NOBODY.len() - 1])}))
        .collect();
    let answer = bulk(bridge, &json!(operations)).await;
    names_no_cause(bridge, &answer);
    let late = "not begun before `request_timeout` was nearly over";
    let late = row(
        bridge,
        &answer,
        8,
        "not-begun",
        late,
        "the ninth of nine operations, in front of a directory that hangs",
    );
    bridge.warned(&["\"not_begun\":1", "ran out of time", answer.request_id()]);
    relay.cut();
    bridge
        .wait_for_readiness(503, Duration::from_secs(20))
        .await;
    let operations = json!([
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"userName": bridge.name("bo")}},
        {"method": "DELETE", "path": "/Users/bulkId:a"},
    ]);
    let answer = bulk(bridge, &operations).await;
    names_no_cause(bridge, &answer);
    let shown = operations
        .to_string()
        .replace(&bridge.name("bo"), "bo@example.test");
    let situation = "a reference to a resource that could not be created for now, in front of a directory that is down";
    let again = row(bridge, &answer, 1, "invalid", situation, &shown);
    vec![again, late]
}
