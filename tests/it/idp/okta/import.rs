//! §2.0 and §2.1: transport, connector test, import.

use std::collections::BTreeSet;

use serde_json::Value;
use uuid::Uuid;

use crate::support::people::{create_group_of, create_user, okta_user};
use crate::support::{Bridge, Manner, both};

both!(stories: [
    okta_2_0_the_token_with_and_without_bearer,
    okta_2_1_1_the_connector_test,
    okta_2_1_2_import_pages_through_users_and_groups,
    okta_2_1_3_the_spec_test_extras,
]);

async fn okta_2_0_the_token_with_and_without_bearer(bridge: &Bridge) {
    let token = bridge.tokens.of("okta");
    for credentials in [
        format!("Bearer {token}"),
        token.clone(),
        format!("bearer {token}"),
    ] {
        let client = bridge.okta().header("authorization", &credentials);
        client.get("/Users?startIndex=1&count=2").await.empty_list();
    }
    bridge.never_logged(&[&token]);
}

async fn okta_2_1_1_the_connector_test(bridge: &Bridge) {
    bridge
        .okta()
        .get("/Users?startIndex=1&count=2")
        .await
        .empty_list();
    bridge
        .okta()
        .get("/Users?count=1&startIndex=1")
        .await
        .empty_list();
    bridge
        .okta()
        .get("/Groups?startIndex=1&count=100")
        .await
        .empty_list();
    create_user(bridge, "ana").await;
    let answer = bridge.okta().get("/Users?startIndex=1&count=2").await;
    assert_eq!(answer.only()["userName"], bridge.name("ana").as_str());
}

async fn okta_2_1_2_import_pages_through_users_and_groups(bridge: &Bridge) {
    let mut ids = Vec::new();
    for number in 0..7 {
        ids.push(create_user(bridge, &format!("u{number}")).await);
    }
    let disable = serde_json::json!([{"op": "replace", "value": {"active": false}}]);
    bridge
        .okta()
        .patch(&format!("/Users/{}", ids[3]), disable)
        .await
        .accepted();
    let group = create_group_of(bridge, "Ops", &[&ids[0], &ids[1]]).await;

    for size in [3, 100] {
        let mut seen = Vec::new();
        let mut start = 1;
        loop {
            let answer = bridge
                .okta()
                .get(&format!("/Users?startIndex={start}&count={size}"))
                .await;
            let page = answer.list(7).to_vec();
            assert_eq!(answer.body["startIndex"], start);
            if page.is_empty() {
                break;
            }
            for user in &page {
                for needed in ["id", "userName"] {
                    assert!(user[needed].is_string(), "{needed}: {user}");
                }
                assert!(
                    user["name"]["givenName"].is_string() && user["name"]["familyName"].is_string(),
                    "{user}"
                );
                assert!(user["emails"][0]["value"].is_string(), "{user}");
                let id = user["id"].as_str().expect("text").to_owned();
                assert_eq!(user["active"], Value::Bool(id != ids[3]), "{user}");
                seen.push(id);
            }
            start += page.len();
        }
        assert_eq!(start, 8, "the pages add up");
        let distinct: BTreeSet<&String> = seen.iter().collect();
        assert_eq!(distinct.len(), 7, "nobody twice");
        assert_eq!(distinct, ids.iter().collect(), "nobody left out");
        let again: Vec<Value> = bridge
            .okta()
            .get(&format!("/Users?startIndex=1&count={size}"))
            .await
            .list(7)
            .to_vec();
        let first: Vec<&str> = again
            .iter()
            .filter_map(|user| user["id"].as_str())
            .collect();
        assert_eq!(
            first,
            seen[..first.len()]
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>(),
            "the order is stable"
        );
    }
    let answer = bridge.okta().get("/Groups?startIndex=1&count=100").await;
    assert_eq!(answer.only()["id"], group.as_str());
    assert_eq!(answer.only()["members"].as_array().map(Vec::len), Some(2));
    // The rest of §0.1 on lists.
    let none = bridge.okta().get("/Users?count=0").await;
    assert_eq!(none.list(7).len(), 0, "count=0 asks for the total only");
    let past = bridge.okta().get("/Users?startIndex=100&count=10").await;
    assert_eq!(
        past.list(7).len(),
        0,
        "past the end is an empty page with the true total"
    );
    let low = bridge.okta().get("/Users?startIndex=-3&count=2").await;
    assert_eq!(
        (low.list(7).len(), &low.body["startIndex"]),
        (2, &Value::from(1))
    );
    assert_eq!(
        bridge.okta().get("/Users?count=-1").await.list(7).len(),
        0,
        "a negative count is zero"
    );
}

async fn okta_2_1_3_the_spec_test_extras(bridge: &Bridge) {
    let spec = || bridge.client(Manner::OktaSpecTest);
    let answer = spec()
        .header("authorization", "non-token")
        .get("/Users?startIndex=1&count=1")
        .await;
    answer.error(401, None);
    spec().get("/Users/00919288221112222").await.not_found();

    let id = spec()
        .post("/Users", okta_user(bridge, "ana"))
        .await
        .created("/Users");
    let upper = bridge.name("ana").to_uppercase();
    let found = spec()
        .filter("/Users", &format!("userName eq \"{upper}\""))
        .await;
    assert_eq!(found.only()["id"], id.as_str());
    let random = spec()
        .filter("/Users", &format!("userName eq \"{}\"", Uuid::new_v4()))
        .await;
    random.empty_list();

    // It must be quick, 600 ms at most: that is counted in requests to the directory, since time here is everybody's.
    let mut least = u64::MAX;
    for _ in 0..3 {
        let before = bridge.round_trips().await;
        spec().get("/Groups").await.empty_list();
        least = least.min(bridge.round_trips().await - before);
    }
    assert!(least <= 1, "GET /Groups costs {least} round trips");
}
