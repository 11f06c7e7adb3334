//! Managers and members: ids on SCIM's side, DNs on the directory's, and what happens when one side knows nobody.

use serde_json::json;
use uuid::Uuid;

use crate::support::people::{create_group_of, create_user, entra_user};
use crate::support::{Bridge, ENTERPRISE, GROUP, Options, Place, both};

both!(stories: [
    a_deleted_manager_leaves_no_trace,
    a_manager_outside_the_base_is_not_shown_and_not_touched,
    a_group_is_no_manager_of_those_who_are_in_it,
    references_cost_no_look_up_of_their_own,
] places: [
    an_unknown_manager_is_refused_where_the_operator_says_so,
    an_unknown_member_is_left_out_where_the_operator_says_so,
]);

async fn a_deleted_manager_leaves_no_trace(bridge: &Bridge) {
    let (ana, boss) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "boss").await,
    );
    let operations = json!([{"op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": boss}]);
    bridge
        .entra()
        .patch(&format!("/Users/{ana}"), operations)
        .await
        .resource();
    bridge
        .entra()
        .delete(&format!("/Users/{boss}"))
        .await
        .no_content();
    let read = bridge.entra().get(&format!("/Users/{ana}")).await;
    assert!(
        read.resource()[ENTERPRISE].get("manager").is_none(),
        "{}",
        read.text
    );
    // The entry can still be changed, whatever the directory put in the manager's place.
    let operations = json!([{"op": "Replace", "path": "title", "value": "Engineer"}]);
    bridge
        .entra()
        .patch(&format!("/Users/{ana}"), operations)
        .await
        .resource();
    bridge.held(&ana).await.holds(&[("title", "Engineer")]);
    bridge
        .entra()
        .filter("/Users", &format!("manager eq \"{boss}\""))
        .await
        .empty_list();
}

async fn a_manager_outside_the_base_is_not_shown_and_not_touched(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let olga = bridge.plant_user(&bridge.outside, "olga").await;
    let dn = bridge.held(&ana).await.dn;
    bridge.admin.set(&dn, "manager", &[&olga.dn]).await;
    let read = bridge.entra().get(&format!("/Users/{ana}")).await;
    assert!(
        !read.resource().to_string().contains(&olga.id),
        "{}",
        read.text
    );
    let operations = json!([{"op": "Replace", "path": "title", "value": "Engineer"}]);
    bridge
        .entra()
        .patch(&format!("/Users/{ana}"), operations)
        .await
        .resource();
    assert_eq!(
        bridge.held(&ana).await.scim("manager").as_ref(),
        Some(&olga.dn),
        "a manager nobody asked to change"
    );
    // Nor does a PUT of what was read take away what SCIM cannot see.
    let whole = bridge
        .okta()
        .get(&format!("/Users/{ana}"))
        .await
        .resource()
        .clone();
    bridge
        .okta()
        .put(&format!("/Users/{ana}"), whole)
        .await
        .resource();
    assert_eq!(bridge.held(&ana).await.scim("manager"), Some(olga.dn));
}

async fn references_cost_no_look_up_of_their_own(bridge: &Bridge) {
    let mut ids = Vec::new();
    for number in 0..20 {
        ids.push(create_user(bridge, &format!("u{number}")).await);
    }
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    let one = create_group_of(bridge, "One", &all[..1]).await;
    let twenty = create_group_of(bridge, "Twenty", &all).await;
    let cost = async |group: &str| {
        let mut least = u64::MAX;
        for _ in 0..3 {
            let before = bridge.round_trips().await;
            bridge
                .entra()
                .get(&format!("/Groups/{group}"))
                .await
                .resource();
            least = least.min(bridge.round_trips().await - before);
        }
        least
    };
    let (few, lots) = (cost(&one).await, cost(&twenty).await);
    assert_eq!(lots, few, "members come with their ids");
    assert!(few <= 2, "{few} round trips to read a group");
}

async fn an_unknown_manager_is_refused_where_the_operator_says_so(place: &Place) {
    let bridge = Bridge::start(
        place,
        Options::new().with("references.unknown_manager", "refuse"),
    )
    .await;
    let ana = create_user(&bridge, "ana").await;
    let before = bridge.everything().await;
    let nobody = Uuid::new_v4().to_string();
    let operations = json!([
        {"op": "Replace", "path": "displayName", "value": "Changed"},
        {"op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": nobody}
    ]);
    let answer = bridge
        .entra()
        .patch(&format!("/Users/{ana}"), operations)
        .await;
    let detail = answer.bad_request("invalidValue");
    assert!(
        detail.contains("manager") && detail.contains(&nobody),
        "{detail}"
    );
    let mut bo = entra_user(&bridge, "bo");
    bo[ENTERPRISE]["manager"] = json!({"value": nobody});
    bridge
        .entra()
        .post("/Users", bo)
        .await
        .bad_request("invalidValue");
    assert_eq!(bridge.everything().await, before);
}

async fn an_unknown_member_is_left_out_where_the_operator_says_so(place: &Place) {
    let bridge = Bridge::start(
        place,
        Options::new().with("references.unknown_member", "drop"),
    )
    .await;
    let (ana, bo) = (
        create_user(&bridge, "ana").await,
        create_user(&bridge, "bo").await,
    );
    let nobody = Uuid::new_v4().to_string();
    let group = json!({
        "schemas": [GROUP],
        "displayName": bridge.group_name("Ops"),
        "members": [{"value": nobody}, {"value": ana}, {"value": "nobody"}]
    });
    let group = bridge
        .entra()
        .post("/Groups", group)
        .await
        .created("/Groups");
    let operations =
        json!([{"op": "Add", "path": "members", "value": [{"value": bo}, {"value": nobody}]}]);
    let path = format!("/Groups/{group}");
    bridge.entra().patch(&path, operations).await.accepted();
    let read = bridge.entra().get(&path).await;
    let members = read.resource()["members"].as_array().unwrap();
    let mut ids: Vec<&str> = members
        .iter()
        .map(|member| member["value"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    let mut expected = [ana.as_str(), bo.as_str()];
    expected.sort_unstable();
    assert_eq!(ids, expected);
    bridge.warned(&["member with an unknown id", &nobody]);
    // Nothing is left of a request that was about nobody, and that is no error.
    let operations = json!([{"op": "Add", "path": "members", "value": [{"value": nobody}]}]);
    bridge.entra().patch(&path, operations).await.accepted();
}

/// The user's entry tells the group's id and name; that makes it no person.
async fn a_group_is_no_manager_of_those_who_are_in_it(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let ops = create_group_of(bridge, "Ops", &[&ana]).await;
    let path = format!("/Users/{ana}");
    let read = bridge.entra().get(&path).await;
    read.says(&json!({"groups": [{"value": ops}]}));
    let operations = json!([{"op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": ops}]);
    bridge.entra().patch(&path, operations).await.resource();
    bridge.held(&ana).await.lacks(&["manager"]);
    bridge.warned(&["reference to an unknown id", &ops]);
}
