//! §8: CyberArk Identity. `[A]`: the exact list of what it calls (identity-developer.cyberark.com). The body of a group's PATCH
//! is `[D]`.

use serde_json::json;

use crate::support::people::{create_user, names_of, plain_user};
use crate::support::{Bridge, Client, ENTERPRISE, GROUP, Manner, USER, both};

both!(stories: [
    cyberark_8_discovery_by_name,
    cyberark_8_users_live_by_post_and_put,
    cyberark_8_groups_live_by_post_and_patch,
]);

fn cyberark(bridge: &Bridge) -> Client<'_> {
    bridge.client(Manner::CyberArk)
}

async fn cyberark_8_discovery_by_name(bridge: &Bridge) {
    let client = cyberark(bridge);
    client.get("/ServiceProviderConfig").await.is(200);
    for name in ["User", "Group"] {
        let answer = client.get(&format!("/ResourceTypes/{name}")).await;
        assert_eq!(answer.is(200).body["name"], name);
    }
    for urn in [USER, GROUP, ENTERPRISE] {
        for path in [urn.to_owned(), urn.replace(':', "%3A")] {
            let answer = client.get(&format!("/Schemas/{path}")).await;
            assert_eq!(answer.is(200).body["id"], urn, "{path}");
        }
    }
    client.get("/Schemas/urn:example:nothing").await.not_found();
}

async fn cyberark_8_users_live_by_post_and_put(bridge: &Bridge) {
    let client = cyberark(bridge);
    client.get("/Users?count=1").await.empty_list();
    let filter = format!("userName eq \"{}\"", bridge.name("ana"));
    client.filter("/Users", &filter).await.empty_list();
    let id = client
        .post("/Users", plain_user(bridge, "ana"))
        .await
        .created("/Users");
    let path = format!("/Users/{id}");
    assert_eq!(
        client.filter("/Users", &filter).await.only()["id"],
        id.as_str()
    );
    let mut off = client.get(&path).await.resource().clone();
    off["active"] = json!(false);
    off["title"] = json!("Engineer");
    for _ in 0..2 {
        client.put(&path, off.clone()).await.resource();
        let entry = bridge.held(&id).await;
        entry.holds(&[("title", "Engineer"), ("department", "Labs")]);
        assert!(!entry.enabled(), "disabled by PUT, and still there");
    }
}

async fn cyberark_8_groups_live_by_post_and_patch(bridge: &Bridge) {
    let client = cyberark(bridge);
    let ana = create_user(bridge, "ana").await;
    client.get("/Groups").await.empty_list();
    let body = json!({"schemas": [GROUP], "displayName": bridge.group_name("Ops")});
    let group = client.post("/Groups", body).await.created("/Groups");
    let path = format!("/Groups/{group}");
    client.get(&path).await.resource();
    for (op, left) in [("add", vec![ana.as_str()]), ("remove", vec![])] {
        let operations = json!([{"op": op, "path": "members", "value": [{"value": ana}]}]);
        client.patch(&path, operations).await.resource();
        assert_eq!(
            bridge.held(&group).await.members(),
            names_of(bridge, &left).await
        );
    }
}
