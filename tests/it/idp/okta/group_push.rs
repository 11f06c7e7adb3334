//! §2.5: group push.

use serde_json::{Value, json};

use crate::support::people::{create_user, names_of};
use crate::support::{Bridge, GROUP, both};

both!(stories: [
    okta_2_5_1_and_2_a_group_is_looked_up_and_created,
    okta_2_5_2_oin_creates_a_group_with_members,
    okta_2_5_3_aiw_puts_the_whole_group,
    okta_2_5_3_a_put_without_members_keeps_them,
    okta_2_5_4_oin_renames_and_repeats_the_name,
    okta_2_5_5_oin_changes_members,
    okta_2_5_6_oin_pushes_all_members,
    okta_2_5_7_unlink_deletes_the_group,
]);

fn member(bridge: &Bridge, id: &str, first: &str) -> Value {
    json!({"value": id, "display": bridge.name(first)})
}

async fn create(bridge: &Bridge, members: Value) -> String {
    let body =
        json!({"schemas": [GROUP], "displayName": bridge.group_name("Ops"), "members": members});
    bridge.okta().post("/Groups", body).await.created("/Groups")
}

async fn okta_2_5_1_and_2_a_group_is_looked_up_and_created(bridge: &Bridge) {
    let filter = format!("displayName eq \"{}\"", bridge.group_name("Ops"));
    bridge
        .okta()
        .filter("/Groups?startIndex=1&count=100", &filter)
        .await
        .empty_list();
    let group = create(bridge, json!([])).await;
    bridge
        .held(&group)
        .await
        .holds(&[("group.displayName", &bridge.group_name("Ops"))]);
    assert_eq!(bridge.held(&group).await.members(), Vec::<String>::new());
    // Now there is an existing group to link.
    let found = bridge
        .okta()
        .filter("/Groups?startIndex=1&count=100", &filter)
        .await;
    assert_eq!(found.only()["id"], group.as_str());
    let body = json!({"schemas": [GROUP], "displayName": bridge.group_name("Ops"), "members": []});
    bridge
        .okta()
        .post("/Groups", body)
        .await
        .conflict("displayName");
}

async fn okta_2_5_2_oin_creates_a_group_with_members(bridge: &Bridge) {
    let (ana, bo) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
    );
    let group = create(
        bridge,
        json!([member(bridge, &ana, "ana"), member(bridge, &bo, "bo")]),
    )
    .await;
    assert_eq!(
        bridge.held(&group).await.members(),
        names_of(bridge, &[&ana, &bo]).await
    );
    let read = bridge.okta().get(&format!("/Groups/{group}")).await;
    read.says(&json!({"members": [{"value": ana}, {"value": bo}]}));
}

async fn okta_2_5_3_aiw_puts_the_whole_group(bridge: &Bridge) {
    let (ana, bo, cy) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
        create_user(bridge, "cy").await,
    );
    let group = create(bridge, json!([])).await;
    let lists: [&[(&str, &str)]; 4] = [
        &[(&ana, "ana"), (&bo, "bo")],
        &[(&bo, "bo"), (&cy, "cy")],
        &[(&bo, "bo"), (&cy, "cy")],
        &[],
    ];
    for list in lists {
        bridge
            .okta()
            .get(&format!("/Groups/{group}"))
            .await
            .resource();
        let members: Vec<Value> = list
            .iter()
            .map(|(id, first)| member(bridge, id, first))
            .collect();
        let body = json!({"schemas": [GROUP], "id": group, "displayName": bridge.group_name("Ops"), "members": members});
        bridge
            .okta()
            .put(&format!("/Groups/{group}"), body)
            .await
            .accepted();
        let ids: Vec<&str> = list.iter().map(|(id, _)| *id).collect();
        assert_eq!(
            bridge.held(&group).await.members(),
            names_of(bridge, &ids).await,
            "exactly that list"
        );
    }
}

async fn okta_2_5_3_a_put_without_members_keeps_them(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let group = create(bridge, json!([member(bridge, &ana, "ana")])).await;
    let name = bridge.group_name("Ops EU");
    let body = json!({"schemas": [GROUP], "id": group, "displayName": name});
    bridge
        .okta()
        .put(&format!("/Groups/{group}"), body)
        .await
        .accepted();
    let entry = bridge.held(&group).await;
    entry.holds(&[("group.displayName", &name)]);
    assert_eq!(entry.members(), names_of(bridge, &[&ana]).await);
}

async fn okta_2_5_4_oin_renames_and_repeats_the_name(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let group = create(bridge, json!([member(bridge, &ana, "ana")])).await;
    let name = bridge.group_name("Ops EU");
    let operations = json!([{"op": "replace", "value": {"id": group, "displayName": name}}]);
    bridge
        .okta()
        .patch(&format!("/Groups/{group}"), operations.clone())
        .await
        .accepted();
    let renamed = bridge.held(&group).await;
    renamed.holds(&[("group.displayName", &name)]);
    bridge
        .okta()
        .patch(&format!("/Groups/{group}"), operations)
        .await
        .accepted();
    assert_eq!(
        bridge.held(&group).await,
        renamed,
        "sent with every membership change though nothing changed"
    );
    assert_eq!(renamed.members(), names_of(bridge, &[&ana]).await);
}

async fn okta_2_5_5_oin_changes_members(bridge: &Bridge) {
    let (ana, bo, cy) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
        create_user(bridge, "cy").await,
    );
    let group = create(
        bridge,
        json!([member(bridge, &ana, "ana"), member(bridge, &cy, "cy")]),
    )
    .await;
    let operations = json!([
        {"op": "remove", "path": format!("members[value eq \"{ana}\"]")},
        {"op": "add", "path": "members", "value": [member(bridge, &bo, "bo")]}
    ]);
    for _ in 0..2 {
        bridge
            .okta()
            .patch(&format!("/Groups/{group}"), operations.clone())
            .await
            .accepted();
        assert_eq!(
            bridge.held(&group).await.members(),
            names_of(bridge, &[&bo, &cy]).await
        );
    }
}

async fn okta_2_5_6_oin_pushes_all_members(bridge: &Bridge) {
    let (ana, bo) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
    );
    let group = create(bridge, json!([member(bridge, &bo, "bo")])).await;
    let operations =
        json!([{"op": "replace", "path": "members", "value": [member(bridge, &ana, "ana")]}]);
    for _ in 0..2 {
        bridge
            .okta()
            .patch(&format!("/Groups/{group}"), operations.clone())
            .await
            .accepted();
        assert_eq!(
            bridge.held(&group).await.members(),
            names_of(bridge, &[&ana]).await
        );
    }
}

async fn okta_2_5_7_unlink_deletes_the_group(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let group = create(bridge, json!([member(bridge, &ana, "ana")])).await;
    bridge
        .okta()
        .delete(&format!("/Groups/{group}"))
        .await
        .no_content();
    assert!(bridge.admin.by_id(&group).await.is_none());
    bridge
        .okta()
        .get(&format!("/Groups/{group}"))
        .await
        .not_found();
    bridge.okta().get(&format!("/Users/{ana}")).await.resource();
}
