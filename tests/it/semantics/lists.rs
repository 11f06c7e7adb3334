//! Lists: every page, the true total, and filters that the directory itself evaluates.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::people::{create_group_of, create_user, entra_user};
use crate::support::{Bridge, ENTERPRISE, both};

both!(stories: [
    more_users_than_the_directory_gives_at_once,
    filters_say_what_they_mean,
    filters_nobody_can_evaluate_are_refused,
    attributes_and_excluded_attributes_choose_what_is_shown,
    what_is_not_shown_is_not_read,
    a_match_costs_one_search,
    times_and_order_of_a_list_are_stable_while_it_is_read,
]);

/// The first names of the users a filter finds.
async fn found(bridge: &Bridge, filter: &str) -> BTreeSet<String> {
    let answer = bridge.entra().filter("/Users", filter).await;
    let total = answer.body["totalResults"].as_u64().unwrap_or_default();
    let users = answer.list(usize::try_from(total).expect("a small number"));
    let names = users
        .iter()
        .filter_map(|user| user["userName"].as_str()?.split('.').next());
    names.map(str::to_owned).collect()
}

async fn more_users_than_the_directory_gives_at_once(bridge: &Bridge) {
    // OpenLDAP gives the bridge's account 500 entries and not one more, unless it asks page by page.
    let total = bridge.kind().pick(620, 60);
    bridge.plant_users(&bridge.people, total).await;
    let mut seen = BTreeSet::new();
    let mut start = 1;
    while start <= total {
        let answer = bridge
            .okta()
            .get(&format!("/Users?startIndex={start}&count=100"))
            .await;
        let page = answer.list(total);
        assert!(!page.is_empty(), "page at {start}: {}", answer.text);
        seen.extend(
            page.iter()
                .map(|user| user["id"].as_str().expect("an id").to_owned()),
        );
        start += page.len();
    }
    assert_eq!(seen.len(), total, "everybody, nobody twice");
    bridge.okta().get("/Users?count=0").await.list(total);
    let last = bridge
        .okta()
        .get(&format!("/Users?startIndex={total}&count=100"))
        .await;
    assert_eq!(last.list(total).len(), 1);
    let filtered = bridge
        .okta()
        .filter("/Users?count=5", "name.familyName eq \"planted\"")
        .await;
    assert_eq!(filtered.list(total).len(), 5);
    assert_eq!(bridge.count(&bridge.people).await, total);
}

async fn filters_say_what_they_mean(bridge: &Bridge) {
    for (first, title, department, active) in [
        ("ana", "Head of Labs", "Labs", true),
        ("bo", "Engineer", "Labs", true),
        ("cy", "Engineer", "Sales", false),
    ] {
        let mut user = entra_user(bridge, first);
        user["title"] = json!(title);
        user["active"] = json!(active);
        user[ENTERPRISE]["department"] = json!(department);
        bridge.entra().post("/Users", user).await.created("/Users");
    }
    let dee = create_user(bridge, "dee").await;
    let all = ["ana", "bo", "cy", "dee"];
    let (ana, tag) = (bridge.name("ana"), &bridge.tag);
    let table: Vec<(String, Vec<&str>)> = vec![
        ("title eq \"engineer\"".into(), vec!["bo", "cy"]),
        ("title ne \"Engineer\" and title pr".into(), vec!["ana"]),
        ("title co \"of\"".into(), vec!["ana"]),
        ("title sw \"Eng\"".into(), vec!["bo", "cy"]),
        ("title ew \"Labs\"".into(), vec!["ana"]),
        ("title pr".into(), vec!["ana", "bo", "cy"]),
        ("not (title pr)".into(), vec!["dee"]),
        (
            "not(title eq \"Engineer\") and userName sw \"a\"".into(),
            vec!["ana"],
        ),
        (
            format!("{ENTERPRISE}:department eq \"labs\" and title co \"e\""),
            vec!["ana", "bo"],
        ),
        (
            format!("userName eq \"{ana}\" or title eq \"Engineer\""),
            vec!["ana", "bo", "cy"],
        ),
        (
            format!("(userName sw \"a\" or userName sw \"b\") and userName co \"{tag}\""),
            vec!["ana", "bo"],
        ),
        ("active eq false".into(), vec!["cy"]),
        ("active eq true".into(), vec!["ana", "bo", "dee"]),
        ("active ne true".into(), vec!["cy"]),
        ("userName pr".into(), all.to_vec()),
        ("emails pr".into(), all.to_vec()),
        (format!("emails co \"{tag}\""), all.to_vec()),
        (
            format!("emails[type eq \"work\" and value co \"bo.{tag}\"]"),
            vec!["bo"],
        ),
        (
            format!("emails[type eq \"work\"].value sw \"cy.{tag}\""),
            vec!["cy"],
        ),
        ("emails.type eq \"work\"".into(), all.to_vec()),
        ("name.givenName eq \"Bo\"".into(), vec!["bo"]),
        (
            "urn:ietf:params:scim:schemas:core:2.0:User:name.givenName eq \"Bo\"".into(),
            vec!["bo"],
        ),
        (format!("id eq \"{dee}\""), vec!["dee"]),
        // An id is case-exact (RFC 7643 §3.1), and this one is nobody's.
        (format!("id eq \"{}\"", dee.to_uppercase()), vec![]),
        ("userName eq \"*\"".into(), vec![]),
        ("title co \"*\"".into(), vec![]),
    ];
    for (filter, expected) in table {
        let expected: BTreeSet<String> = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(found(bridge, &filter).await, expected, "{filter}");
    }
}

async fn filters_nobody_can_evaluate_are_refused(bridge: &Bridge) {
    create_user(bridge, "ana").await;
    for filter in [
        "",
        "userName",
        "userName eq",
        "eq \"x\"",
        "userName is \"x\"",
        "userName eq \"x\" and",
        "userName eq \"x\" xor title pr",
        "(userName pr",
        "userName pr)",
        "userName eq \"x",
        "userName eq 'x'",
        "shoeSize eq 38",
        "name.shoeSize eq 38",
        "urn:nobody:knows:this eq \"x\"",
        "emails[type eq \"work\"",
        "emails[].value eq \"x\"",
        "userName gt 7",
        "active sw \"t\"",
        "userName[value eq \"x\"]",
        "meta.version eq \"1\"",
        "not (meta.version pr)",
    ] {
        let answer = bridge.entra().filter("/Users", filter).await;
        if filter.is_empty() && answer.status == 200 {
            continue; // No filter at all.
        }
        answer.bad_request("invalidFilter");
    }
}

async fn attributes_and_excluded_attributes_choose_what_is_shown(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let path = format!("/Users/{id}");
    let shown = |value: &Value| -> BTreeSet<String> {
        value
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect()
    };
    let keys = |names: &[&str]| -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    };

    let answer = bridge
        .entra()
        .get(&format!("{path}?attributes=userName,name.givenName"))
        .await;
    assert_eq!(
        shown(answer.is(200).body.get("name").expect("name")),
        keys(&["givenName"])
    );
    assert!(
        shown(&answer.body).is_subset(&keys(&["schemas", "id", "userName", "name", "meta"])),
        "{}",
        answer.text
    );
    assert_eq!(answer.body["id"], id.as_str());

    let answer = bridge
        .entra()
        .get(&format!("{path}?attributes={ENTERPRISE}:department"))
        .await;
    assert_eq!(
        answer.is(200).body[ENTERPRISE],
        json!({"department": "Labs"})
    );
    assert!(answer.body.get("userName").is_none(), "{}", answer.text);

    let answer = bridge
        .entra()
        .get(&format!(
            "{path}?excludedAttributes=name,emails,{ENTERPRISE}:department"
        ))
        .await;
    answer.resource();
    assert!(
        answer.body.get("name").is_none() && answer.body.get("emails").is_none(),
        "{}",
        answer.text
    );
    assert_eq!(answer.body[ENTERPRISE], json!({"employeeNumber": "701984"}));

    let answer = bridge
        .entra()
        .get(&format!("{path}?excludedAttributes=id,schemas"))
        .await;
    assert_eq!(
        answer.is(200).body["id"],
        id.as_str(),
        "what is always returned cannot be left out"
    );

    let mut user = entra_user(bridge, "bo");
    user["title"] = json!("Engineer");
    let answer = bridge.entra().post("/Users?attributes=title", user).await;
    assert_eq!(answer.is(201).body["title"], "Engineer");
    assert!(answer.body.get("userName").is_none(), "{}", answer.text);
}

async fn what_is_not_shown_is_not_read(bridge: &Bridge) {
    // Reading a group without its members costs one round trip, however many there are.
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(create_user(bridge, &format!("u{number}")).await);
    }
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    let group = create_group_of(bridge, "Ops", &all).await;
    let mut least = u64::MAX;
    for _ in 0..3 {
        let before = bridge.round_trips().await;
        let answer = bridge
            .entra()
            .get(&format!("/Groups/{group}?excludedAttributes=members"))
            .await;
        assert!(answer.resource().get("members").is_none());
        least = least.min(bridge.round_trips().await - before);
    }
    assert_eq!(least, 1);
}

async fn a_match_costs_one_search(bridge: &Bridge) {
    create_user(bridge, "ana").await;
    create_group_of(bridge, "Ops", &[]).await;
    let (ana, ops) = (bridge.name("ana"), bridge.group_name("Ops"));
    for (path, filter) in [
        ("/Users", format!("userName eq \"{ana}\"")),
        (
            "/Users",
            format!("emails[type eq \"work\"].value eq \"{ana}\""),
        ),
        (
            "/Users",
            format!("userName eq \"{ana}\" and active eq true"),
        ),
        (
            "/Groups?excludedAttributes=members",
            format!("displayName eq \"{ops}\""),
        ),
    ] {
        let mut least = u64::MAX;
        for _ in 0..3 {
            let before = bridge.round_trips().await;
            bridge.entra().filter(path, &filter).await.list(1);
            least = least.min(bridge.round_trips().await - before);
        }
        assert_eq!(least, 1, "{filter}");
    }
}

async fn times_and_order_of_a_list_are_stable_while_it_is_read(bridge: &Bridge) {
    for number in 0..6 {
        create_user(bridge, &format!("u{number}")).await;
    }
    let ids = async |query: &str| -> Vec<String> {
        let answer = bridge.okta().get(&format!("/Users?{query}")).await;
        answer
            .list(6)
            .iter()
            .map(|user| user["id"].as_str().expect("an id").to_owned())
            .collect()
    };
    let whole = ids("startIndex=1&count=100").await;
    assert_eq!(whole.len(), 6);
    let mut pieces = Vec::new();
    for start in 1..=6 {
        pieces.extend(ids(&format!("startIndex={start}&count=1")).await);
    }
    assert_eq!(pieces, whole);
}
