//! An id outside the base, or of another resource type, does not exist: for reading, changing, deleting, and as a member.

use serde_json::json;

use crate::support::people::{create_group, create_user, entra_user};
use crate::support::{Bridge, GROUP, both};

both!(stories: [
    an_id_outside_the_base_is_404_for_everything,
    an_id_of_another_type_is_404_for_everything,
    an_id_outside_the_base_is_no_member,
    an_id_outside_the_base_is_no_manager,
]);

async fn an_id_outside_the_base_is_404_for_everything(bridge: &Bridge) {
    let user = bridge.plant_user(&bridge.outside, "olga").await;
    let group = bridge
        .plant_group(&bridge.outside, "Outsiders", &[&user.dn])
        .await;
    // The lab's own outsiders, and entries that are neither user nor group.
    let outsider = bridge
        .admin
        .entry(bridge.lab.get("OUTSIDER"))
        .await
        .expect("the lab has an outsider");
    let unit = bridge
        .admin
        .entry(&bridge.people)
        .await
        .expect("the OU is there");
    let before = bridge.everything().await;
    let rename = json!([{"op": "replace", "path": "displayName", "value": "Changed"}]);

    for id in [&user.id, &outsider.id(), &unit.id(), &group.id] {
        for endpoint in ["/Users", "/Groups"] {
            let path = format!("{endpoint}/{id}");
            bridge.entra().get(&path).await.not_found();
            bridge
                .entra()
                .patch(&path, rename.clone())
                .await
                .not_found();
            bridge.entra().delete(&path).await.not_found();
            bridge
                .entra()
                .filter(endpoint, &format!("id eq \"{id}\""))
                .await
                .empty_list();
        }
        bridge
            .entra()
            .put(&format!("/Users/{id}"), entra_user(bridge, "olga"))
            .await
            .not_found();
        let body = json!({"schemas": [GROUP], "displayName": bridge.group_name("Changed")});
        bridge
            .entra()
            .put(&format!("/Groups/{id}"), body)
            .await
            .not_found();
    }
    assert_eq!(bridge.everything().await, before);
    let after = bridge.admin.entry(bridge.lab.get("OUTSIDER")).await;
    assert_eq!(after, Some(outsider));
}

async fn an_id_of_another_type_is_404_for_everything(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let ops = create_group(bridge, "Ops").await;
    let before = bridge.everything().await;
    let rename = json!([{"op": "replace", "path": "displayName", "value": "Changed"}]);
    for path in [format!("/Groups/{ana}"), format!("/Users/{ops}")] {
        bridge.entra().get(&path).await.not_found();
        bridge
            .entra()
            .patch(&path, rename.clone())
            .await
            .not_found();
        bridge.entra().delete(&path).await.not_found();
    }
    assert_eq!(bridge.everything().await, before);
}

async fn an_id_outside_the_base_is_no_member(bridge: &Bridge) {
    let olga = bridge.plant_user(&bridge.outside, "olga").await;
    let ops = create_group(bridge, "Ops").await;
    let before = bridge.held(&ops).await;
    let operations = json!([{"op": "Add", "path": "members", "value": [{"value": olga.id}]}]);
    bridge
        .entra()
        .patch(&format!("/Groups/{ops}"), operations)
        .await
        .bad_request("invalidValue");
    assert_eq!(bridge.held(&ops).await, before);
    let body = json!({"schemas": [GROUP], "displayName": bridge.group_name("Dev"), "members": [{"value": olga.id}]});
    bridge
        .entra()
        .post("/Groups", body)
        .await
        .bad_request("invalidValue");
    assert_eq!(bridge.count(&bridge.groups).await, 1, "no second group");
    let filter = format!("members eq \"{}\"", olga.id);
    bridge.entra().filter("/Groups", &filter).await.empty_list();
}

async fn an_id_outside_the_base_is_no_manager(bridge: &Bridge) {
    let olga = bridge.plant_user(&bridge.outside, "olga").await;
    let ana = create_user(bridge, "ana").await;
    let path = format!("{}:manager", crate::support::ENTERPRISE);
    let operations = json!([{"op": "Add", "path": path, "value": olga.id}]);
    let answer = bridge
        .entra()
        .patch(&format!("/Users/{ana}"), operations)
        .await;
    answer.resource();
    assert!(
        answer.body[crate::support::ENTERPRISE]
            .get("manager")
            .is_none(),
        "{}",
        answer.text
    );
    bridge.held(&ana).await.lacks(&["manager"]);
}
