//! §1.9: groups, but for their members.

use serde_json::json;

use crate::support::people::{create_group, create_group_of, create_user, entra_group, names_of};
use crate::support::{Bridge, GROUP, both, percent};

both!(stories: [
    entra_1_9_1_a_group_is_matched_by_name_without_members,
    entra_1_9_1_a_group_is_matched_by_external_id,
    entra_1_9_2_a_group_is_created_empty,
    entra_1_9_2_the_same_name_again_is_a_conflict,
    entra_1_9_3_a_group_is_read_without_members,
    entra_1_9_4_a_group_is_renamed_and_keeps_id_and_members,
    entra_1_9_4_a_rename_onto_a_taken_name_is_a_conflict,
    entra_1_9_9_a_group_is_deleted_and_the_users_stay,
]);

async fn entra_1_9_1_a_group_is_matched_by_name_without_members(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let group = create_group_of(bridge, "Ops", &[&ana]).await;
    create_group(bridge, "Dev").await;
    let name = bridge.group_name("Ops");
    let plus = percent(&format!("displayName eq \"{name}\"")).replace("%20", "+");
    for answer in [
        bridge
            .entra()
            .filter(
                "/Groups?excludedAttributes=members",
                &format!("displayName eq \"{name}\""),
            )
            .await,
        bridge
            .entra()
            .filter(
                "/Groups?excludedAttributes=members",
                &format!("displayName eq \"{}\"", name.to_uppercase()),
            )
            .await,
        bridge
            .entra()
            .get(&format!("/Groups?excludedAttributes=members&filter={plus}"))
            .await,
    ] {
        let found = answer.only();
        assert_eq!(found["id"], group.as_str());
        assert_eq!(found["displayName"], name.as_str());
        assert!(found.get("members").is_none(), "{found}");
    }
    let with = bridge
        .entra()
        .filter("/Groups", &format!("displayName eq \"{name}\""))
        .await;
    assert_eq!(
        with.only()["members"][0]["value"],
        ana.as_str(),
        "asked without exclusion, they are there"
    );
}

async fn entra_1_9_1_a_group_is_matched_by_external_id(bridge: &Bridge) {
    let group = create_group(bridge, "Ops").await;
    let filter = format!("externalId eq \"8aa1a0c0-{}\"", bridge.tag);
    let answer = bridge
        .entra()
        .filter("/Groups?excludedAttributes=members", &filter)
        .await;
    assert_eq!(answer.only()["id"], group.as_str());
    bridge
        .entra()
        .filter("/Groups", "externalId eq \"nobody\"")
        .await
        .empty_list();
}

async fn entra_1_9_2_a_group_is_created_empty(bridge: &Bridge) {
    let answer = bridge
        .entra()
        .post("/Groups", entra_group(bridge, "Ops"))
        .await;
    let group = answer.created("/Groups");
    let name = bridge.group_name("Ops");
    answer.says(&json!({
        "schemas": [GROUP],
        "displayName": name,
        "externalId": format!("8aa1a0c0-{}", bridge.tag),
        "meta": {"resourceType": "Group"}
    }));
    answer.lacks(&["members"]);
    let entry = bridge.held(&group).await;
    assert_eq!(entry.id(), group);
    assert!(
        entry
            .dn
            .to_lowercase()
            .ends_with(&bridge.groups.to_lowercase()),
        "{}",
        entry.dn
    );
    entry.holds(&[
        ("group.displayName", &name),
        ("group.externalId", &format!("8aa1a0c0-{}", bridge.tag)),
    ]);
    assert_eq!(entry.members(), Vec::<String>::new());
    match bridge.kind() {
        crate::support::Kind::OpenLdap => {
            assert!(
                entry
                    .texts("objectClass")
                    .iter()
                    .any(|class| class.eq_ignore_ascii_case("groupOfNames"))
            );
            assert_eq!(
                entry.values("member").len(),
                1,
                "the schema wants a member, so there is a placeholder: {entry:?}"
            );
        }
        // 389 DS takes a group without a member.
        crate::support::Kind::Ds389 => assert!(!entry.has("member")),
        crate::support::Kind::Samba => {
            assert!(!entry.has("member"));
            let kind: i32 = entry
                .text("groupType")
                .expect("a group type")
                .parse()
                .expect("a number");
            assert!(kind < 0, "a security group: {kind}");
        }
    }
}

async fn entra_1_9_2_the_same_name_again_is_a_conflict(bridge: &Bridge) {
    create_group(bridge, "Ops").await;
    let before = bridge.everything().await;
    bridge
        .entra()
        .post("/Groups", entra_group(bridge, "Ops"))
        .await
        .conflict("displayName");
    assert_eq!(bridge.everything().await, before);
}

async fn entra_1_9_3_a_group_is_read_without_members(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let group = create_group_of(bridge, "Ops", &[&ana]).await;
    let answer = bridge
        .entra()
        .get(&format!("/Groups/{group}?excludedAttributes=members"))
        .await;
    answer.resource();
    answer.says(&json!({"id": group, "displayName": bridge.group_name("Ops")}));
    assert!(answer.body.get("members").is_none(), "{}", answer.text);
    let whole = bridge.entra().get(&format!("/Groups/{group}")).await;
    whole.says(&json!({"members": [{"value": ana, "$ref": format!("{}/Users/{ana}", bridge.base), "type": "User"}]}));
}

async fn entra_1_9_4_a_group_is_renamed_and_keeps_id_and_members(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let group = create_group_of(bridge, "Ops", &[&ana]).await;
    let (eu, us) = (bridge.group_name("Ops EU"), bridge.group_name("Ops US"));
    let external = format!("9bb-{}", bridge.tag);
    let renames = [
        (
            json!([{"op": "Replace", "path": "displayName", "value": eu}]),
            &eu,
        ),
        (
            json!([{"op": "replace", "value": {"displayName": us, "externalId": external}}]),
            &us,
        ),
        (
            json!([{"op": "replace", "value": {"id": group, "displayName": eu}}]),
            &eu,
        ),
        (
            json!([{"op": "replace", "value": {"id": group, "displayName": eu}}]),
            &eu,
        ),
    ];
    for (operations, name) in renames {
        bridge
            .entra()
            .patch(&format!("/Groups/{group}"), operations)
            .await
            .accepted();
        let entry = bridge.held(&group).await;
        entry.holds(&[("group.displayName", name)]);
        assert_eq!(entry.members(), names_of(bridge, &[&ana]).await);
        let read = bridge.entra().get(&format!("/Groups/{group}")).await;
        read.resource();
        read.says(&json!({"displayName": name, "members": [{"value": ana}]}));
    }
    bridge
        .held(&group)
        .await
        .holds(&[("group.externalId", &external)]);
    assert_eq!(bridge.count(&bridge.groups).await, 1);
    let user = bridge.entra().get(&format!("/Users/{ana}")).await;
    user.says(&json!({"groups": [{"value": group, "display": eu}]}));
}

async fn entra_1_9_4_a_rename_onto_a_taken_name_is_a_conflict(bridge: &Bridge) {
    let group = create_group(bridge, "Ops").await;
    create_group(bridge, "Dev").await;
    let operations =
        json!([{"op": "Replace", "path": "displayName", "value": bridge.group_name("Dev")}]);
    bridge
        .entra()
        .patch(&format!("/Groups/{group}"), operations)
        .await
        .conflict("displayName");
    bridge
        .held(&group)
        .await
        .holds(&[("group.displayName", &bridge.group_name("Ops"))]);
}

async fn entra_1_9_9_a_group_is_deleted_and_the_users_stay(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let group = create_group_of(bridge, "Ops", &[&ana]).await;
    bridge
        .entra()
        .delete(&format!("/Groups/{group}"))
        .await
        .no_content();
    assert!(bridge.admin.by_id(&group).await.is_none());
    bridge
        .entra()
        .get(&format!("/Groups/{group}"))
        .await
        .not_found();
    bridge
        .entra()
        .delete(&format!("/Groups/{group}"))
        .await
        .not_found();
    let user = bridge.entra().get(&format!("/Users/{ana}")).await;
    user.resource();
    user.lacks(&["groups"]);
    assert!(bridge.held(&ana).await.enabled());
}
