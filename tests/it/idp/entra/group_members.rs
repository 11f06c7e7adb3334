//! §1.9.5 to §1.9.10: membership.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::people::{create_group, create_group_of, create_user, names_of};
use crate::support::{Bridge, both, percent};

both!(stories: [
    entra_1_9_5_members_are_added_in_a_batch_and_again,
    entra_1_9_5_a_member_nobody_knows_is_refused_and_nothing_changes,
    entra_1_9_6_remove_with_an_array_removes_only_those,
    entra_1_9_6_remove_of_a_non_member_is_a_success,
    entra_1_9_7_remove_by_value_filter,
    entra_1_9_7_the_last_member_goes_and_another_comes,
    entra_1_9_8_the_membership_check,
    entra_1_9_10_replace_with_null_empties_the_group,
    entra_1_9_10_replace_with_a_list_is_exactly_that_list,
    entra_1_9_a_batch_arrives_out_of_order,
]);

fn values(ids: &[&str]) -> Vec<Value> {
    ids.iter()
        .map(|id| json!({"$ref": null, "value": id}))
        .collect()
}

async fn patch(bridge: &Bridge, group: &str, operations: Value) {
    bridge
        .entra()
        .patch(&format!("/Groups/{group}"), operations)
        .await
        .accepted();
}

/// Asserts that SCIM and the directory both say that exactly these are members.
async fn has_exactly(bridge: &Bridge, group: &str, ids: &[&str]) {
    assert_eq!(
        bridge.held(group).await.members(),
        names_of(bridge, ids).await
    );
    let answer = bridge.entra().get(&format!("/Groups/{group}")).await;
    let mut said: Vec<&str> = answer.resource()["members"]
        .as_array()
        .map(|members| {
            members
                .iter()
                .filter_map(|member| member["value"].as_str())
                .collect()
        })
        .unwrap_or_default();
    said.sort();
    let mut expected = ids.to_vec();
    expected.sort();
    assert_eq!(said, expected, "{}", answer.text);
}

async fn three(bridge: &Bridge) -> [String; 3] {
    [
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
        create_user(bridge, "cy").await,
    ]
}

async fn entra_1_9_5_members_are_added_in_a_batch_and_again(bridge: &Bridge) {
    let [ana, bo, cy] = three(bridge).await;
    let group = create_group(bridge, "Ops").await;
    patch(
        bridge,
        &group,
        json!([{"op": "Add", "path": "members", "value": values(&[&ana, &bo])}]),
    )
    .await;
    has_exactly(bridge, &group, &[&ana, &bo]).await;
    let user = bridge.entra().get(&format!("/Users/{ana}")).await;
    user.says(&json!({"groups": [{"value": group, "display": bridge.group_name("Ops")}]}));
    // One is there already, one is new, one is named twice.
    patch(
        bridge,
        &group,
        json!([{"op": "Add", "path": "members", "value": values(&[&bo, &cy, &cy])}]),
    )
    .await;
    has_exactly(bridge, &group, &[&ana, &bo, &cy]).await;
    // All are there already.
    patch(
        bridge,
        &group,
        json!([{"op": "Add", "path": "members", "value": values(&[&ana, &bo, &cy])}]),
    )
    .await;
    has_exactly(bridge, &group, &[&ana, &bo, &cy]).await;
}

async fn entra_1_9_5_a_member_nobody_knows_is_refused_and_nothing_changes(bridge: &Bridge) {
    let [ana, bo, _] = three(bridge).await;
    let group = create_group_of(bridge, "Ops", &[&ana]).await;
    let nobody = Uuid::new_v4().to_string();
    let before = bridge.held(&group).await;
    let operations = json!([{"op": "Add", "path": "members", "value": values(&[&bo, &nobody])}]);
    let answer = bridge
        .entra()
        .patch(&format!("/Groups/{group}"), operations)
        .await;
    let detail = answer.bad_request("invalidValue");
    assert!(
        detail.contains(&nobody),
        "the detail names the member: {detail}"
    );
    assert_eq!(bridge.held(&group).await, before);
}

async fn entra_1_9_6_remove_with_an_array_removes_only_those(bridge: &Bridge) {
    let [ana, bo, cy] = three(bridge).await;
    let group = create_group_of(bridge, "Ops", &[&ana, &bo, &cy]).await;
    let remove = json!([{"op": "Remove", "path": "members", "value": values(&[&bo])}]);
    for _ in 0..2 {
        patch(bridge, &group, remove.clone()).await;
        has_exactly(bridge, &group, &[&ana, &cy]).await;
    }
    // JumpCloud's lower-case twin of it.
    patch(
        bridge,
        &group,
        json!([{"op": "remove", "path": "members", "value": [{"value": ana}]}]),
    )
    .await;
    has_exactly(bridge, &group, &[&cy]).await;
}

async fn entra_1_9_6_remove_of_a_non_member_is_a_success(bridge: &Bridge) {
    let [ana, bo, cy] = three(bridge).await;
    let group = create_group_of(bridge, "Ops", &[&ana, &bo]).await;
    let nobody = Uuid::new_v4().to_string();
    // Somebody who was never in, somebody who is no longer at all, and a member.
    let operations =
        json!([{"op": "Remove", "path": "members", "value": values(&[&cy, &nobody, &bo])}]);
    patch(bridge, &group, operations).await;
    has_exactly(bridge, &group, &[&ana]).await;
}

async fn entra_1_9_7_remove_by_value_filter(bridge: &Bridge) {
    let [ana, bo, cy] = three(bridge).await;
    let group = create_group_of(bridge, "Ops", &[&ana, &bo, &cy]).await;
    let operations = json!([
        {"op": "remove", "path": format!("members[value eq \"{ana}\"]")},
        {"op": "remove", "path": format!("members[value eq \"{cy}\"]")}
    ]);
    for _ in 0..2 {
        patch(bridge, &group, operations.clone()).await;
        has_exactly(bridge, &group, &[&bo]).await;
    }
}

async fn entra_1_9_7_the_last_member_goes_and_another_comes(bridge: &Bridge) {
    let [ana, bo, _] = three(bridge).await;
    let group = create_group_of(bridge, "Ops", &[&ana]).await;
    patch(
        bridge,
        &group,
        json!([{"op": "remove", "path": format!("members[value eq \"{ana}\"]")}]),
    )
    .await;
    has_exactly(bridge, &group, &[]).await;
    patch(
        bridge,
        &group,
        json!([{"op": "Add", "path": "members", "value": values(&[&bo])}]),
    )
    .await;
    has_exactly(bridge, &group, &[&bo]).await;
}

async fn entra_1_9_8_the_membership_check(bridge: &Bridge) {
    let [ana, bo, _] = three(bridge).await;
    let group = create_group_of(bridge, "Ops", &[&ana]).await;
    let other = create_group_of(bridge, "Dev", &[&bo]).await;
    for attribute in ["members", "members.value"] {
        let yes = format!("id eq \"{group}\" and {attribute} eq \"{ana}\"");
        let answer = bridge.entra().filter("/Groups?attributes=id", &yes).await;
        assert_eq!(answer.only()["id"], group.as_str());
        assert!(answer.only().get("members").is_none(), "{}", answer.text);
        let nobody = Uuid::new_v4().to_string();
        for (group, member) in [
            (&group, &bo),
            (&other, &ana),
            (&group, &nobody),
            (&nobody, &ana),
        ] {
            let no = format!("id eq \"{group}\" and {attribute} eq \"{member}\"");
            bridge
                .entra()
                .filter("/Groups?attributes=id", &no)
                .await
                .empty_list();
        }
    }
    // The other shape on record: a filter on a single resource, to be ignored.
    let filter = percent(&format!("members[value eq \"{bo}\"]"));
    let answer = bridge
        .entra()
        .get(&format!(
            "/Groups/{group}?excludedAttributes=members&filter={filter}"
        ))
        .await;
    assert_eq!(answer.resource()["id"], group.as_str());
}

async fn entra_1_9_10_replace_with_null_empties_the_group(bridge: &Bridge) {
    let [ana, bo, _] = three(bridge).await;
    for nothing in [json!(null), json!([])] {
        let name = format!("Ops {}", if nothing.is_null() { "null" } else { "empty" });
        let group = create_group_of(bridge, &name, &[&ana, &bo]).await;
        for _ in 0..2 {
            patch(
                bridge,
                &group,
                json!([{"op": "Replace", "path": "members", "value": nothing}]),
            )
            .await;
            has_exactly(bridge, &group, &[]).await;
        }
    }
}

async fn entra_1_9_10_replace_with_a_list_is_exactly_that_list(bridge: &Bridge) {
    let [ana, bo, cy] = three(bridge).await;
    let group = create_group_of(bridge, "Ops", &[&ana, &bo]).await;
    for _ in 0..2 {
        patch(
            bridge,
            &group,
            json!([{"op": "Replace", "path": "members", "value": values(&[&bo, &cy])}]),
        )
        .await;
        has_exactly(bridge, &group, &[&bo, &cy]).await;
    }
}

async fn entra_1_9_a_batch_arrives_out_of_order(bridge: &Bridge) {
    let [ana, bo, cy] = three(bridge).await;
    let group = create_group(bridge, "Ops").await;
    // The removal overtook the addition, and both are retried.
    let add = json!([{"op": "Add", "path": "members", "value": values(&[&ana, &bo])}]);
    let remove = json!([{"op": "Remove", "path": "members", "value": values(&[&ana])}]);
    for operations in [&remove, &add, &remove, &remove] {
        patch(bridge, &group, operations.clone()).await;
    }
    has_exactly(bridge, &group, &[&bo]).await;
    // In one body the operations are applied in order.
    let operations = json!([
        {"op": "Add", "path": "members", "value": values(&[&ana, &cy])},
        {"op": "Remove", "path": "members", "value": values(&[&cy, &bo])},
        {"op": "Add", "path": "members", "value": values(&[&bo])}
    ]);
    patch(bridge, &group, operations).await;
    has_exactly(bridge, &group, &[&ana, &bo]).await;
}
