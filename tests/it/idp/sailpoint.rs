//! §7: SailPoint's SCIM 2.0 connector (ISC, IdentityIQ). It reads before it writes and trusts discovery. `[B]`
//! (developer.sailpoint.com discussion); the bodies of its PATCHes are `[D]`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::people::{create_group_of, create_user, names_of, plain_user};
use crate::support::{Bridge, Client, ENTERPRISE, Manner, USER, both};

both!(stories: [
    sailpoint_7_1_the_discovery_trio,
    sailpoint_7_2_aggregation_pages_through_accounts_and_groups,
    sailpoint_7_3_a_single_account,
    sailpoint_7_4_create_and_change,
    sailpoint_7_4_entitlements_are_the_groups_members,
    sailpoint_7_5_enable_disable_delete,
]);

fn sailpoint(bridge: &Bridge) -> Client<'_> {
    bridge.client(Manner::SailPoint)
}

async fn sailpoint_7_1_the_discovery_trio(bridge: &Bridge) {
    let client = sailpoint(bridge);
    let config = client.get("/ServiceProviderConfig").await;
    for feature in ["patch", "bulk", "filter", "changePassword", "sort", "etag"] {
        assert!(
            config.is(200).body[feature]["supported"].is_boolean(),
            "{feature}"
        );
    }
    let types = client.get("/ResourceTypes").await;
    let listed = types.is(200).body["Resources"]
        .as_array()
        .expect("Resources")
        .clone();
    let schemas = client.get("/Schemas").await;
    let described: BTreeSet<&str> = schemas.is(200).body["Resources"]
        .as_array()
        .expect("Resources")
        .iter()
        .filter_map(|schema| schema["id"].as_str())
        .collect();
    for one in &listed {
        let name = one["name"].as_str().expect("a name");
        let alone = client.get(&format!("/ResourceTypes/{name}")).await;
        assert_eq!(&alone.is(200).body, one, "the same alone as in the list");
        assert!(
            described.contains(one["schema"].as_str().unwrap()),
            "{name} is described"
        );
        let endpoint = one["endpoint"].as_str().expect("an endpoint");
        client.get(endpoint).await.empty_list();
    }
    for urn in [USER, ENTERPRISE] {
        let schema = client.get(&format!("/Schemas/{urn}")).await;
        assert_eq!(schema.is(200).body["id"], urn);
    }
    let user = client.get(&format!("/Schemas/{USER}")).await;
    let groups = user.body["attributes"]
        .as_array()
        .and_then(|all| all.iter().find(|one| one["name"] == "groups"))
        .expect("groups are described");
    assert_eq!(
        groups["mutability"], "readOnly",
        "so that nobody writes them"
    );
}

async fn sailpoint_7_2_aggregation_pages_through_accounts_and_groups(bridge: &Bridge) {
    let mut made = BTreeSet::new();
    for number in 0..7 {
        made.insert(create_user(bridge, &format!("u{number}")).await);
    }
    let mut seen = BTreeSet::new();
    for start in [1, 4, 7, 10] {
        let answer = sailpoint(bridge)
            .get(&format!("/Users?startIndex={start}&count=3"))
            .await;
        for user in answer.list(7) {
            assert!(
                seen.insert(user["id"].as_str().unwrap().to_owned()),
                "once only"
            );
        }
    }
    assert_eq!(seen, made);
    let some: Vec<&str> = made.iter().take(2).map(String::as_str).collect();
    let group = create_group_of(bridge, "Ops", &some).await;
    let answer = sailpoint(bridge)
        .get("/Groups?startIndex=1&count=100")
        .await;
    assert_eq!(answer.only()["id"], group.as_str());
    let members: BTreeSet<&str> = answer.only()["members"]
        .as_array()
        .expect("members")
        .iter()
        .filter_map(|member| member["value"].as_str())
        .collect();
    assert_eq!(members, some.into_iter().collect());
}

async fn sailpoint_7_3_a_single_account(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let read = sailpoint(bridge).get(&format!("/Users/{id}")).await;
    let filter = format!("userName eq \"{}\"", bridge.name("ana"));
    let found = sailpoint(bridge).filter("/Users", &filter).await;
    assert_eq!(found.only(), read.resource());
}

async fn sailpoint_7_4_create_and_change(bridge: &Bridge) {
    let id = sailpoint(bridge)
        .post("/Users", plain_user(bridge, "ana"))
        .await
        .created("/Users");
    let operations = json!([{"op": "replace", "path": "title", "value": "Engineer"}]);
    sailpoint(bridge)
        .patch(&format!("/Users/{id}"), operations)
        .await
        .resource();
    bridge
        .held(&id)
        .await
        .holds(&[("title", "Engineer"), ("department", "Labs")]);
}

/// `[D]`: on the group, or on the user's read-only `groups`, which is refused and says what to do.
async fn sailpoint_7_4_entitlements_are_the_groups_members(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let group = create_group_of(bridge, "Ops", &[]).await;
    let entitle =
        |op: &str| -> Value { json!([{"op": op, "path": "members", "value": [{"value": ana}]}]) };
    for (op, left) in [("add", vec![ana.as_str()]), ("remove", vec![])] {
        sailpoint(bridge)
            .patch(&format!("/Groups/{group}"), entitle(op))
            .await
            .accepted();
        assert_eq!(
            bridge.held(&group).await.members(),
            names_of(bridge, &left).await
        );
    }
    let before = bridge.everything().await;
    let operations = json!([{"op": "add", "path": "groups", "value": [{"value": group}]}]);
    let answer = sailpoint(bridge)
        .patch(&format!("/Users/{ana}"), operations)
        .await;
    assert!(answer.bad_request("mutability").contains("members"));
    assert_eq!(bridge.everything().await, before);
}

async fn sailpoint_7_5_enable_disable_delete(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let path = format!("/Users/{id}");
    for active in [false, true] {
        let operations = json!([{"op": "replace", "path": "active", "value": active}]);
        let answer = sailpoint(bridge).patch(&path, operations).await;
        assert_eq!(answer.resource()["active"], active);
        assert_eq!(bridge.held(&id).await.enabled(), active);
    }
    sailpoint(bridge).delete(&path).await.no_content();
    assert!(bridge.admin.by_id(&id).await.is_none());
}
