//! Members change by value: those the request does not name are not touched, whoever put them there.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::people::{create_group, create_group_of, create_user, names_of};
use crate::support::{Bridge, GROUP, Kind, Options, Place, both};

both!(stories: [
    foreign_members_stay_when_members_come_and_go,
    foreign_members_are_not_shown_as_members,
    what_was_read_can_be_put_back_and_foreign_members_stay,
    a_put_without_members_keeps_all_of_them,
    a_put_with_members_is_exactly_that_list_of_those_the_bridge_may_see,
    the_placeholder_is_never_seen,
    many_changes_at_the_same_time_lose_nobody,
    a_group_can_be_a_member_of_a_group,
    a_thousand_and_some_members_in_one_request,
    a_member_is_one_however_its_id_is_spelt,
    a_failed_member_change_changes_no_member,
    member_of_is_shown_on_the_user_and_cannot_be_written_there,
] places: [
    the_type_of_a_member_is_not_asked_for_where_nothing_tells_it,
]);

fn values(ids: &[&str]) -> Vec<Value> {
    ids.iter().map(|id| json!({"value": id})).collect()
}

async fn patch(bridge: &Bridge, group: &str, operations: Value) {
    bridge
        .entra()
        .patch(&format!("/Groups/{group}"), operations)
        .await
        .accepted();
}

async fn foreign_members_stay_when_members_come_and_go(bridge: &Bridge) {
    let (ana, bo) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
    );
    let olga = bridge.plant_user(&bridge.outside, "olga").await;
    let group = create_group(bridge, "Ops").await;
    let dn = bridge.held(&group).await.dn;
    bridge.admin.give(&dn, "member", &[&olga.dn]).await;
    let steps = [
        (
            json!([{"op": "Add", "path": "members", "value": values(&[&ana, &bo])}]),
            vec![&ana, &bo],
        ),
        (
            json!([{"op": "Remove", "path": "members", "value": values(&[&ana])}]),
            vec![&bo],
        ),
        (
            json!([{"op": "remove", "path": format!("members[value eq \"{bo}\"]")}]),
            vec![],
        ),
    ];
    for (operations, ids) in steps {
        patch(bridge, &group, operations).await;
        let ids: Vec<&str> = ids.into_iter().map(String::as_str).collect();
        let mut expected = names_of(bridge, &ids).await;
        expected.push(olga.dn.to_lowercase());
        expected.sort();
        assert_eq!(
            bridge.held(&group).await.members(),
            expected,
            "somebody outside the base is nobody's to remove"
        );
    }
}

async fn foreign_members_are_not_shown_as_members(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let olga = bridge.plant_user(&bridge.outside, "olga").await;
    let group = create_group_of(bridge, "Ops", &[&ana]).await;
    let dn = bridge.held(&group).await.dn;
    bridge.admin.give(&dn, "member", &[&olga.dn]).await;
    let read = bridge.entra().get(&format!("/Groups/{group}")).await;
    let members = read.resource()["members"].as_array().expect("members");
    assert!(
        members.iter().any(|member| member["value"] == ana.as_str()),
        "{}",
        read.text
    );
    assert!(
        !read.text.contains(&olga.id),
        "an id outside the base does not exist: {}",
        read.text
    );
    assert_eq!(members.len(), 1, "{}", read.text);
}

async fn what_was_read_can_be_put_back_and_foreign_members_stay(bridge: &Bridge) {
    // Okta's wizard apps read the group and put back what they read, plus a change.
    let (ana, bo) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
    );
    let olga = bridge.plant_user(&bridge.outside, "olga").await;
    let group = create_group_of(bridge, "Ops", &[&ana]).await;
    let dn = bridge.held(&group).await.dn;
    bridge.admin.give(&dn, "member", &[&olga.dn]).await;
    let mut whole = bridge
        .okta()
        .get(&format!("/Groups/{group}"))
        .await
        .resource()
        .clone();
    whole["members"]
        .as_array_mut()
        .expect("members")
        .push(json!({"value": bo}));
    bridge
        .okta()
        .put(&format!("/Groups/{group}"), whole)
        .await
        .accepted();
    let mut expected = names_of(bridge, &[&ana, &bo]).await;
    expected.push(olga.dn.to_lowercase());
    expected.sort();
    assert_eq!(bridge.held(&group).await.members(), expected);
}

async fn a_put_without_members_keeps_all_of_them(bridge: &Bridge) {
    let (ana, bo) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
    );
    let group = create_group_of(bridge, "Ops", &[&ana, &bo]).await;
    let before = bridge.held(&group).await;
    let body =
        json!({"schemas": [GROUP], "displayName": bridge.group_name("Ops"), "externalId": "x"});
    bridge
        .entra()
        .put(&format!("/Groups/{group}"), body)
        .await
        .accepted();
    let after = bridge.held(&group).await;
    assert_eq!(after.members(), before.members());
    after.holds(&[("group.externalId", "x")]);
}

async fn a_put_with_members_is_exactly_that_list_of_those_the_bridge_may_see(bridge: &Bridge) {
    let (ana, bo) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
    );
    let cy = create_user(bridge, "cy").await;
    let group = create_group_of(bridge, "Ops", &[&ana, &bo]).await;
    let body = json!({"schemas": [GROUP], "displayName": bridge.group_name("Ops"), "members": values(&[&bo, &cy])});
    for _ in 0..2 {
        bridge
            .entra()
            .put(&format!("/Groups/{group}"), body.clone())
            .await
            .accepted();
        assert_eq!(
            bridge.held(&group).await.members(),
            names_of(bridge, &[&bo, &cy]).await
        );
    }
}

async fn the_placeholder_is_never_seen(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let group = create_group(bridge, "Ops").await;
    let check = async |expected: usize| {
        let read = bridge.entra().get(&format!("/Groups/{group}")).await;
        let members = read.resource()["members"].as_array().map_or(0, Vec::len);
        assert_eq!(members, expected, "{}", read.text);
        assert!(!read.text.contains("placeholder"), "{}", read.text);
        let listed = bridge.entra().get("/Groups").await;
        assert_eq!(
            listed.only()["members"].as_array().map_or(0, Vec::len),
            expected,
            "{}",
            listed.text
        );
        // OpenLDAP cannot say "a member who is somebody" in one condition: then the filter is refused, not wrong.
        let with = bridge.entra().filter("/Groups", "members pr").await;
        if with.status == 200 {
            with.list(usize::from(expected > 0));
        } else {
            with.bad_request("invalidFilter");
        }
    };
    check(0).await;
    patch(
        bridge,
        &group,
        json!([{"op": "Add", "path": "members", "value": values(&[&ana])}]),
    )
    .await;
    check(1).await;
    bridge
        .entra()
        .delete(&format!("/Users/{ana}"))
        .await
        .no_content();
    check(0).await;
    assert_eq!(
        bridge.held(&group).await.members(),
        Vec::<String>::new(),
        "a deleted user leaves its groups"
    );
    let bo = create_user(bridge, "bo").await;
    patch(
        bridge,
        &group,
        json!([{"op": "Replace", "path": "members", "value": values(&[&bo])}]),
    )
    .await;
    check(1).await;
    patch(
        bridge,
        &group,
        json!([{"op": "Replace", "path": "members", "value": []}]),
    )
    .await;
    check(0).await;
}

async fn many_changes_at_the_same_time_lose_nobody(bridge: &Bridge) {
    let group = create_group(bridge, "Ops").await;
    let mut ids = Vec::new();
    for number in 0..12 {
        ids.push(create_user(bridge, &format!("u{number}")).await);
    }
    let client = bridge.entra();
    let path = format!("/Groups/{group}");
    let adds = ids.iter().map(|id| {
        client.patch(
            &path,
            json!([{"op": "Add", "path": "members", "value": values(&[id])}]),
        )
    });
    for answer in join_all(adds).await {
        answer.accepted();
    }
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(
        bridge.held(&group).await.members(),
        names_of(bridge, &all).await
    );
    let removes = all[..6].iter().map(|id| {
        client.patch(
            &path,
            json!([{"op": "remove", "path": format!("members[value eq \"{id}\"]")}]),
        )
    });
    for answer in join_all(removes).await {
        answer.accepted();
    }
    assert_eq!(
        bridge.held(&group).await.members(),
        names_of(bridge, &all[6..]).await
    );
}

async fn a_group_can_be_a_member_of_a_group(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let inner = create_group_of(bridge, "Inner", &[&ana]).await;
    let outer = create_group(bridge, "Outer").await;
    patch(
        bridge,
        &outer,
        json!([{"op": "Add", "path": "members", "value": values(&[&inner])}]),
    )
    .await;
    assert_eq!(
        bridge.held(&outer).await.members(),
        names_of(bridge, &[&inner]).await
    );
    let read = bridge.entra().get(&format!("/Groups/{outer}")).await;
    read.says(&json!({"members": [{"value": inner, "type": "Group", "$ref": format!("{}/Groups/{inner}", bridge.base)}]}));
}

async fn a_thousand_and_some_members_in_one_request(bridge: &Bridge) {
    // More than one batch of a thousand; in Samba fewer, because every member has to be made first.
    let total = bridge.kind().pick(1_050, 60);
    let planted = bridge.plant_users(&bridge.people, total).await;
    let all: Vec<&str> = planted.iter().map(|user| user.id.as_str()).collect();
    let group = create_group(bridge, "Ops").await;
    patch(
        bridge,
        &group,
        json!([{"op": "Add", "path": "members", "value": values(&all)}]),
    )
    .await;
    assert_eq!(bridge.held(&group).await.members().len(), total);
    let read = bridge.entra().get(&format!("/Groups/{group}")).await;
    assert_eq!(
        read.resource()["members"].as_array().map(Vec::len),
        Some(total)
    );
    // Replaced by all but one and the other way round: a computed difference.
    patch(
        bridge,
        &group,
        json!([{"op": "Replace", "path": "members", "value": values(&all[1..])}]),
    )
    .await;
    assert_eq!(bridge.held(&group).await.members().len(), total - 1);
    patch(
        bridge,
        &group,
        json!([{"op": "Remove", "path": "members", "value": values(&all[..total - 2])}]),
    )
    .await;
    assert_eq!(
        bridge.held(&group).await.members(),
        names_of(bridge, &all[total - 2..]).await
    );
    // All of them by one filter, also those who are no members any more.
    let named: Vec<String> = all.iter().map(|id| format!("value eq \"{id}\"")).collect();
    let path = format!("members[{}]", named.join(" or "));
    patch(bridge, &group, json!([{"op": "Remove", "path": path}])).await;
    assert!(bridge.held(&group).await.members().is_empty());
}

async fn a_member_is_one_however_its_id_is_spelt(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let group = create_group(bridge, "Ops").await;
    let spelt = ana.replace('-', "").to_uppercase();
    let add = json!({"op": "Add", "path": "members", "value": values(&[&ana])});
    let remove = json!({"op": "Remove", "path": "members", "value": values(&[&spelt])});
    patch(bridge, &group, json!([add, remove])).await;
    assert!(bridge.held(&group).await.members().is_empty());
    patch(bridge, &group, json!([remove, add])).await;
    assert_eq!(
        bridge.held(&group).await.members(),
        names_of(bridge, &[&ana]).await
    );
}

async fn a_failed_member_change_changes_no_member(bridge: &Bridge) {
    let (ana, bo) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
    );
    let group = create_group_of(bridge, "Ops", &[&ana]).await;
    let before = bridge.held(&group).await;
    for bad in [
        json!("not an id"),
        json!(""),
        json!(7),
        json!({}),
        json!(null),
    ] {
        let members = json!([{"value": bo}, {"value": bad}]);
        let answer = bridge
            .entra()
            .patch(
                &format!("/Groups/{group}"),
                json!([{"op": "Add", "path": "members", "value": members}]),
            )
            .await;
        if answer.status == 200 || answer.status == 204 {
            // An element that says nothing may be passed over, never one that says something wrong.
            assert!(
                bad == json!("") || bad.is_null() || bad == json!({}),
                "{bad} was taken"
            );
            patch(
                bridge,
                &group,
                json!([{"op": "remove", "path": format!("members[value eq \"{bo}\"]")}]),
            )
            .await;
            assert_eq!(bridge.held(&group).await.members(), before.members());
        } else {
            answer.bad_request("invalidValue");
            assert_eq!(
                bridge.held(&group).await.members(),
                before.members(),
                "{bad}"
            );
        }
    }
}

async fn member_of_is_shown_on_the_user_and_cannot_be_written_there(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let (ops, dev) = (
        create_group_of(bridge, "Ops", &[&ana]).await,
        create_group(bridge, "Dev").await,
    );
    let read = bridge.entra().get(&format!("/Users/{ana}")).await;
    read.says(&json!({"groups": [{"value": ops, "$ref": format!("{}/Groups/{ops}", bridge.base), "display": bridge.group_name("Ops")}]}));
    let operations = json!([{"op": "Add", "path": "groups", "value": values(&[&dev])}]);
    let answer = bridge
        .entra()
        .patch(&format!("/Users/{ana}"), operations)
        .await;
    answer.bad_request("mutability");
    assert_eq!(bridge.held(&dev).await.members(), Vec::<String>::new());
    let mut whole = read.resource().clone();
    whole["groups"] = json!([{"value": dev}]);
    bridge
        .entra()
        .put(&format!("/Users/{ana}"), whole)
        .await
        .resource();
    assert_eq!(bridge.held(&dev).await.members(), Vec::<String>::new());
    assert_eq!(
        bridge.held(&ops).await.members(),
        names_of(bridge, &[&ana]).await
    );
    if bridge.kind() == Kind::Samba {
        assert!(
            !read.text.contains("Domain Users"),
            "the primary group is not below the base: {}",
            read.text
        );
    }
}

/// A filter that can match nobody would answer success and change nothing.
async fn the_type_of_a_member_is_not_asked_for_where_nothing_tells_it(place: &Place) {
    let options = Options::new()
        .with("resources.User.base", place.root.as_str())
        .with("resources.User.create_in", place.people.as_str())
        .with("resources.Group.base", place.root.as_str())
        .with("resources.Group.create_in", place.groups.as_str());
    let bridge = Bridge::start(place, options).await;
    let ana = create_user(&bridge, "ana").await;
    let group = create_group_of(&bridge, "Ops", &[&ana]).await;
    let path = format!("/Groups/{group}");
    let before = bridge.held(&group).await;
    for filter in ["type eq \"User\"", "type ne \"Group\"", "$ref co \"Users\""] {
        let remove = json!([{"op": "remove", "path": format!("members[{filter}]")}]);
        let answer = bridge.entra().patch(&path, remove).await;
        let detail = answer.bad_request("invalidFilter");
        assert!(detail.contains("overlap"), "{detail}");
        assert_eq!(bridge.held(&group).await, before, "{filter}");
        for asked in [
            format!("members[{filter}]"),
            format!("displayName pr and members.{filter}"),
        ] {
            let found = bridge.entra().filter("/Groups", &asked).await;
            let detail = found.bad_request("invalidFilter");
            assert!(detail.contains("overlap"), "{detail}");
        }
    }
    let mine = format!("members[value eq \"{ana}\"]");
    let found = bridge.entra().filter("/Groups", &mine).await;
    assert_eq!(found.only()["id"], group.as_str());
    let remove = json!([{"op": "remove", "path": format!("members[value eq \"{ana}\"]")}]);
    patch(&bridge, &group, remove).await;
    assert_eq!(bridge.held(&group).await.members(), Vec::<String>::new());
}

/// OpenLDAP and 389 DS take the name of somebody who is gone by then; Active Directory refuses it.
mod a_member_who_is_deleted_while_the_group_is_made {
    use crate::support::{Kind, run::in_a_place};

    #[test]
    fn openldap() {
        in_a_place(Kind::OpenLdap, super::is_refused_with_the_group_or_left_out);
    }

    #[test]
    fn ds389() {
        in_a_place(Kind::Ds389, super::is_refused_with_the_group_or_left_out);
    }
}

async fn is_refused_with_the_group_or_left_out(place: &Place) {
    for policy in ["refuse", "drop"] {
        let options = Options::new().with("references.unknown_member", policy);
        let bridge = Bridge::start(place, options).await;
        let client = bridge.entra();
        for round in 0..24 {
            let id = create_user(&bridge, &format!("{policy}{round}")).await;
            let name = bridge.group_name(&format!("Ops {policy}{round}"));
            let group =
                json!({"schemas": [GROUP], "displayName": name, "members": [{"value": id}]});
            let user = format!("/Users/{id}");
            let leaves = async {
                tokio::time::sleep(Duration::from_micros(250 * (round % 12))).await;
                client.delete(&user).await.is(204);
            };
            let (made, ()) = tokio::join!(client.post("/Groups", group), leaves);
            let found = client
                .filter("/Groups", &format!("displayName eq \"{name}\""))
                .await;
            if policy == "drop" || made.status == 201 {
                made.created("/Groups");
                found.only();
            } else {
                made.bad_request("invalidValue");
                found.empty_list();
            }
        }
    }
}
