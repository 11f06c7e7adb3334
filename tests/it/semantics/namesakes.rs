//! Somebody gives up a name, and another gets it: what refers to the one never becomes the other's, and what is asked for the
//! one is done to it. OpenLDAP's overlay refint follows a rename, or a deletion, some time after it was answered, and looks
//! at names only.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::races::{add, values};
use crate::support::people::{create_group_of, create_user, entra_user, names_of};
use crate::support::{Bridge, Client, ENTERPRISE, GROUP, Kind, both};

both!(stories: [
    who_gets_a_name_joins_a_group_and_who_had_it_does_not,
    two_exchange_their_names_and_stay_in_their_groups,
    who_gets_a_name_becomes_a_manager_and_who_had_it_does_not,
    who_was_renamed_a_moment_ago_leaves_the_group,
    who_was_renamed_a_moment_ago_is_in_the_group_once,
]);

/// An idle slapd took 0.2 to 0.5 seconds to follow.
const FOLLOWED: Duration = Duration::from_millis(1_500);

async fn rename(client: &Client<'_>, id: &str, name: &str) {
    let operations = json!([{"op": "Replace", "path": "userName", "value": name}]);
    client
        .patch(&format!("/Users/{id}"), operations)
        .await
        .accepted();
}

/// Gives refint something to do first: OpenLDAP is done with a rename at once where the directory is small and idle.
async fn keep_busy(bridge: &Bridge, first: &str) {
    if bridge.kind() != Kind::OpenLdap {
        return;
    }
    let dn = format!("uid={},{}", bridge.name(first), bridge.people);
    let groups = (0..100).map(|number| {
        let dn = &dn;
        async move {
            bridge
                .plant_group(&bridge.outside, &format!("{first} {number}"), &[dn])
                .await
        }
    });
    join_all(groups).await;
    let busy = create_user(bridge, first).await;
    rename(
        &bridge.entra(),
        &busy,
        &bridge.name(&format!("{first}.new")),
    )
    .await;
}

/// Another person of the same name. The directories of the lab keep mail unique, too.
fn namesake(bridge: &Bridge, first: &str) -> Value {
    let mut user = entra_user(bridge, first);
    user["emails"][0]["value"] = json!(bridge.name(&format!("{first}.new")));
    user
}

/// A group that had its member's name before there was the member: no memberOf tells the directory of it, where the directory
/// fills that in only when somebody joins. The group and the member.
async fn group_older_than_its_member(bridge: &Bridge, name: &str, first: &str) -> (String, String) {
    if bridge.kind() == Kind::Samba {
        let user = create_user(bridge, first).await;
        return (create_group_of(bridge, name, &[&user]).await, user);
    }
    let dn = format!("uid={},{}", bridge.name(first), bridge.people);
    let group = bridge.plant_group(&bridge.groups, name, &[&dn]).await;
    let user = create_user(bridge, first).await;
    assert!(!bridge.held(&user).await.has("memberOf"));
    (group.id, user)
}

async fn assert_members(bridge: &Bridge, group: &str, members: &[&str], story: &str) {
    tokio::time::sleep(FOLLOWED).await;
    let held = bridge.held(group).await.members();
    assert_eq!(held, names_of(bridge, members).await, "{story}");
}

async fn who_gets_a_name_joins_a_group_and_who_had_it_does_not(bridge: &Bridge) {
    let client = bridge.entra();
    let keep = create_user(bridge, "keep").await;
    for (first, gives_up) in [("ana", "PATCH"), ("bo", "DELETE")] {
        let ops = create_group_of(bridge, first, &[&keep]).await;
        let old = create_user(bridge, first).await;
        let operations = json!([{"op": "Replace", "path": "userName", "value": bridge.name(&format!("{first}.old"))}]);
        let body = json!({"Operations": [
            {"method": gives_up, "path": format!("/Users/{old}"), "data": {
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations,
            }},
            {"method": "POST", "path": "/Users", "bulkId": "new", "data": namesake(bridge, first)},
            {"method": "PATCH", "path": format!("/Groups/{ops}"), "data": {
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": add(&["bulkId:new"]),
            }},
        ], "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]});
        keep_busy(bridge, gives_up).await;
        let answer = client.post("/Bulk", body).await;
        let answers = answer.is(200).body["Operations"].as_array().unwrap();
        let status = |one: &Value| one["status"].as_str().unwrap().starts_with('2');
        assert!(answers.iter().all(status), "{answers:?}");
        let new = answers[1]["location"].as_str().unwrap();
        let (_, new) = new.rsplit_once('/').unwrap();
        assert_members(bridge, &ops, &[&keep, new], gives_up).await;
    }
}

async fn two_exchange_their_names_and_stay_in_their_groups(bridge: &Bridge) {
    let client = bridge.entra();
    let (ana, bo) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
    );
    let (of_ana, of_bo) = (
        create_group_of(bridge, "Ana", &[&ana]).await,
        create_group_of(bridge, "Bo", &[&bo]).await,
    );
    keep_busy(bridge, "busy").await;
    for (id, first) in [(&ana, "other"), (&bo, "ana"), (&ana, "bo")] {
        rename(&client, id, &bridge.name(first)).await;
    }
    assert_members(bridge, &of_ana, &[&ana], "Ana").await;
    assert_members(bridge, &of_bo, &[&bo], "Bo").await;
}

async fn who_gets_a_name_becomes_a_manager_and_who_had_it_does_not(bridge: &Bridge) {
    let client = bridge.entra();
    let (bo, boss) = (
        create_user(bridge, "bo").await,
        create_user(bridge, "boss").await,
    );
    keep_busy(bridge, "busy").await;
    rename(&client, &boss, &bridge.name("boss.old")).await;
    let new = client.post("/Users", namesake(bridge, "boss")).await;
    let new = new.created("/Users");
    let path = format!("{ENTERPRISE}:manager");
    let operations = json!([{"op": "Add", "path": path, "value": new}]);
    client
        .patch(&format!("/Users/{bo}"), operations)
        .await
        .accepted();
    tokio::time::sleep(FOLLOWED).await;
    let manager = bridge.held(&bo).await.text("manager").expect("a manager");
    let new = bridge.held(&new).await.dn;
    assert_eq!(manager.to_lowercase(), new.to_lowercase());
}

async fn who_was_renamed_a_moment_ago_leaves_the_group(bridge: &Bridge) {
    let client = bridge.entra();
    let bo = create_user(bridge, "bo").await;
    for by_put in [false, true] {
        let first = format!("ana{by_put}");
        let (group, ana) = group_older_than_its_member(bridge, &first, &first).await;
        let path = format!("/Groups/{group}");
        client.patch(&path, add(&[&bo])).await.accepted();
        keep_busy(bridge, &format!("busy{by_put}")).await;
        rename(&client, &ana, &bridge.name(&format!("{first}.new"))).await;
        let answer = if by_put {
            let name = bridge.group_name(&first);
            let put = json!({"schemas": [GROUP], "displayName": name, "members": values(&[&bo])});
            client.put(&path, put).await
        } else {
            let remove = json!([{"op": "Remove", "path": "members", "value": values(&[&ana])}]);
            client.patch(&path, remove).await
        };
        answer.accepted();
        assert_members(bridge, &group, &[&bo], &first).await;
    }
}

async fn who_was_renamed_a_moment_ago_is_in_the_group_once(bridge: &Bridge) {
    let client = bridge.entra();
    let (group, ana) = group_older_than_its_member(bridge, "Ops", "ana").await;
    keep_busy(bridge, "busy").await;
    rename(&client, &ana, &bridge.name("ana.new")).await;
    let path = format!("/Groups/{group}");
    client.patch(&path, add(&[&ana])).await.accepted();
    assert_members(bridge, &group, &[&ana], "added").await;
}
