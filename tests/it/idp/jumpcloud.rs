//! §5: JumpCloud's custom SCIM connector. `[A]` (jumpcloud.com, custom SCIM) and `[B]` (scim-v2-rust's fixtures, boxyhq/jackson).

use serde_json::{Value, json};

use crate::support::people::{names_of, plain_user};
use crate::support::{Bridge, Client, GROUP, Manner, both};

both!(stories: [
    jumpcloud_5_1_the_activation_creates_and_deletes,
    jumpcloud_5_2_create_after_a_look_up,
    jumpcloud_5_3_one_operation_per_attribute,
    jumpcloud_5_3_older_connectors_put,
    jumpcloud_5_4_deprovision,
    jumpcloud_5_5_groups,
    jumpcloud_5_6_an_api_key_alone,
]);

fn jumpcloud(bridge: &Bridge) -> Client<'_> {
    bridge.client(Manner::JumpCloud)
}

async fn create(bridge: &Bridge, first: &str) -> String {
    jumpcloud(bridge)
        .post("/Users", plain_user(bridge, first))
        .await
        .created("/Users")
}

/// "Test connection", in one run. Whether it updates by PUT or PATCH is `[C]`: both.
async fn jumpcloud_5_1_the_activation_creates_and_deletes(bridge: &Bridge) {
    let before = bridge.everything().await;
    let client = jumpcloud(bridge);
    client.get("/Users").await.empty_list();
    client.get("/Groups").await.empty_list();
    let filter = format!("userName eq \"{}\"", bridge.name("test"));
    client.filter("/Users", &filter).await.empty_list();
    let user = create(bridge, "test").await;
    let path = format!("/Users/{user}");
    client
        .put(&path, plain_user(bridge, "test"))
        .await
        .resource();
    let operations = json!([{"op": "replace", "path": "name.givenName", "value": "Tested"}]);
    client.patch(&path, operations).await.resource();
    bridge
        .held(&user)
        .await
        .holds(&[("name.givenName", "Tested")]);
    let body = json!({"schemas": [GROUP], "displayName": bridge.group_name("Test"), "members": [{"value": user}]});
    let group = client.post("/Groups", body).await.created("/Groups");
    assert_eq!(
        bridge.held(&group).await.members(),
        names_of(bridge, &[&user]).await
    );
    client
        .delete(&format!("/Groups/{group}"))
        .await
        .no_content();
    client.delete(&path).await.no_content();
    assert_eq!(
        bridge.everything().await.len(),
        before.len(),
        "both are gone"
    );
    client.get(&path).await.not_found();
}

async fn jumpcloud_5_2_create_after_a_look_up(bridge: &Bridge) {
    let mut ana = plain_user(bridge, "ana");
    ana["phoneNumbers"] = json!([{"type": "work", "value": "1"}, {"type": "mobile", "value": "2"}]);
    ana["addresses"] = json!([{"type": "work", "locality": "Bern", "postalCode": "3000"}]);
    let id = jumpcloud(bridge)
        .post("/Users", ana)
        .await
        .created("/Users");
    bridge.held(&id).await.holds(&[
        ("emails.work", &bridge.name("ana")),
        ("phoneNumbers.work", "1"),
        ("phoneNumbers.mobile", "2"),
        ("addresses.work.locality", "Bern"),
        ("addresses.work.postalCode", "3000"),
        ("department", "Labs"),
    ]);
    let filter = format!("userName eq \"{}\"", bridge.name("ana"));
    let found = jumpcloud(bridge).filter("/Users", &filter).await;
    assert_eq!(found.only()["id"], id.as_str());
}

async fn jumpcloud_5_3_one_operation_per_attribute(bridge: &Bridge) {
    let id = create(bridge, "ana").await;
    let operations = json!([
        {"op": "replace", "path": "name.givenName", "value": "Anita"},
        {"op": "replace", "path": "name.familyName", "value": "R."},
        {"op": "replace", "path": "active", "value": true}
    ]);
    for _ in 0..2 {
        let answer = jumpcloud(bridge)
            .patch(&format!("/Users/{id}"), operations.clone())
            .await;
        answer.resource();
        answer.says(&json!({"name": {"givenName": "Anita", "familyName": "R."}, "active": true}));
        bridge
            .held(&id)
            .await
            .holds(&[("name.givenName", "Anita"), ("name.familyName", "R.")]);
    }
}

async fn jumpcloud_5_3_older_connectors_put(bridge: &Bridge) {
    let id = create(bridge, "ana").await;
    let mut whole = plain_user(bridge, "ana");
    whole["id"] = json!(id);
    whole["displayName"] = json!("Ana R.");
    jumpcloud(bridge)
        .put(&format!("/Users/{id}"), whole)
        .await
        .resource();
    bridge.held(&id).await.holds(&[("displayName", "Ana R.")]);
}

async fn jumpcloud_5_4_deprovision(bridge: &Bridge) {
    let id = create(bridge, "ana").await;
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    for _ in 0..2 {
        jumpcloud(bridge)
            .patch(&format!("/Users/{id}"), off.clone())
            .await
            .resource();
        assert!(!bridge.held(&id).await.enabled());
    }
    jumpcloud(bridge)
        .delete(&format!("/Users/{id}"))
        .await
        .no_content();
    assert!(bridge.admin.by_id(&id).await.is_none());
}

/// Removal by an array is `[B]`.
async fn jumpcloud_5_5_groups(bridge: &Bridge) {
    let (ana, bo) = (create(bridge, "ana").await, create(bridge, "bo").await);
    let body = json!({"schemas": [GROUP], "displayName": bridge.group_name("Ops"), "members": [{"value": ana}]});
    let group = jumpcloud(bridge)
        .post("/Groups", body)
        .await
        .created("/Groups");
    let change = |op: &str, id: &str| -> Value {
        json!([{"op": op, "path": "members", "value": [{"value": id}]}])
    };
    for (operations, left) in [
        (change("add", &bo), vec![ana.as_str(), bo.as_str()]),
        (change("remove", &ana), vec![bo.as_str()]),
    ] {
        for _ in 0..2 {
            jumpcloud(bridge)
                .patch(&format!("/Groups/{group}"), operations.clone())
                .await
                .accepted();
            assert_eq!(
                bridge.held(&group).await.members(),
                names_of(bridge, &left).await
            );
        }
    }
}

/// `[C]`: the key as the whole of `Authorization`. A header of another name is not read.
async fn jumpcloud_5_6_an_api_key_alone(bridge: &Bridge) {
    let key = bridge.tokens.of("jumpcloud");
    let client = jumpcloud(bridge).header("authorization", &key);
    client.get("/Users").await.empty_list();
    let client = jumpcloud(bridge)
        .header("authorization", "")
        .header("x-api-key", &key);
    client.get("/Users").await.error(401, None);
}
