//! Managers and members: ids on SCIM's side, DNs on the directory's, and what happens when one side knows nobody.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::people::{create_group_of, create_user, entra_group, entra_user, names_of};
use crate::support::{Bridge, ENTERPRISE, GROUP, Options, Place, both};

both!(stories: [
    a_deleted_manager_leaves_no_trace,
    a_manager_outside_the_base_is_not_shown_and_not_touched,
    a_group_is_no_manager_of_those_who_are_in_it,
    references_cost_no_look_up_of_their_own,
    a_reference_may_be_given_as_its_address,
] places: [
    an_unknown_manager_is_refused_where_the_operator_says_so,
    an_unknown_member_is_left_out_where_the_operator_says_so,
    a_list_of_references_in_an_extension_changes_as_members_do,
    the_owner_of_a_group_can_become_its_member,
]);

const TEAM: &str = "urn:example:params:scim:schemas:extension:team:2.0:User";

async fn a_reference_may_be_given_as_its_address(bridge: &Bridge) {
    let boss = create_user(bridge, "boss").await;
    let address = format!("https://scim.example.test/scim/v2/Users/{boss}");
    let manager = json!({"$ref": address});
    let mut body = entra_user(bridge, "ana");
    body[ENTERPRISE]["manager"] = manager.clone();
    let client = bridge.entra();
    let ana = client.post("/Users", body.clone()).await.created("/Users");
    let path = format!("/Users/{ana}");
    let name = bridge.held(&boss).await.dn.to_lowercase();
    let check = async || {
        let held = bridge.held(&ana).await.scim("manager");
        assert_eq!(held.map(|dn| dn.to_lowercase()).as_ref(), Some(&name));
    };
    check().await;
    client.put(&path, body.clone()).await.resource();
    check().await;
    // An address that is empty says nothing, and one that is echoed beside an empty value does not count.
    let nothing = json!([{"op": "replace", "path": format!("{ENTERPRISE}:manager"), "value": {"displayName": "Bo", "$ref": null}}]);
    client.patch(&path, nothing).await.resource();
    check().await;
    for value in [Value::Null, json!("")] {
        body[ENTERPRISE]["manager"] = json!({"value": value, "$ref": address});
        client.put(&path, body.clone()).await.resource();
        bridge.held(&ana).await.lacks(&["manager"]);
    }
    for (target, value) in [
        ("manager", manager),
        ("manager.$ref", json!(address)),
        ("manager.$ref", json!(format!("../Users/{boss}"))),
    ] {
        let target = format!("{ENTERPRISE}:{target}");
        let remove = json!([{"op": "remove", "path": format!("{ENTERPRISE}:manager")}]);
        client.patch(&path, remove).await.resource();
        bridge.held(&ana).await.lacks(&["manager"]);
        let set = json!([{"op": "replace", "path": target, "value": value}]);
        let answer = client.patch(&path, set).await;
        answer.says(&json!({ENTERPRISE: {"manager": {"value": boss}}}));
        check().await;
    }
    let mut group = entra_group(bridge, "Ops");
    group["members"] = json!([{"$ref": address}]);
    let group = client.post("/Groups", group).await.created("/Groups");
    assert_eq!(bridge.held(&group).await.members(), [name]);
}

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

async fn a_list_of_references_in_an_extension_changes_as_members_do(place: &Place) {
    let ldap = "seeAlso";
    let extensions = format!("extensions = [\"{ENTERPRISE}\"]");
    let with_team = format!("extensions = [\"{ENTERPRISE}\", \"{TEAM}\"]");
    let line = format!(
        "[resource.User.attributes]\n\"{TEAM}:delegates\" = {{ ldap = \"{ldap}\", codec = \"reference\", many = true, to = [\"User\"] }}"
    );
    let options = Options::new()
        .edit_mapping(&extensions, &with_team)
        .edit_mapping("[resource.User.attributes]", &line);
    let bridge = Bridge::start(place, options).await;
    let mut ids = Vec::new();
    for first in ["ana", "bo", "cy"] {
        ids.push(create_user(&bridge, first).await);
    }
    let values = |ids: &[&String]| {
        json!(
            ids.iter()
                .map(|id| json!({"value": id}))
                .collect::<Vec<_>>()
        )
    };
    let mut dee = entra_user(&bridge, "dee");
    dee[TEAM] = json!({"delegates": values(&[&ids[0], &ids[1]])});
    let dee = bridge.entra().post("/Users", dee).await.created("/Users");
    let path = format!("/Users/{dee}");
    // As the directory has it, and as SCIM shows it.
    let are = async |expected: &[&String]| {
        let held: BTreeSet<String> = bridge.held(&dee).await.texts(ldap).into_iter().collect();
        assert_eq!(held.len(), expected.len(), "{held:?}");
        let read = bridge.entra().get(&path).await;
        let shown = read.resource()[TEAM]["delegates"].as_array();
        let shown: BTreeSet<String> = shown
            .into_iter()
            .flatten()
            .map(|one| one["value"].to_string())
            .collect();
        let expected: BTreeSet<String> = expected.iter().map(|id| json!(id).to_string()).collect();
        assert_eq!(shown, expected, "{}", read.text);
    };
    are(&[&ids[0], &ids[1]]).await;

    let list = format!("{TEAM}:delegates");
    let steps = [
        (
            json!({"op": "remove", "path": format!("{list}[value eq \"{}\"]", ids[0])}),
            vec![&ids[1]],
        ),
        (
            json!({"op": "add", "path": list, "value": values(&[&ids[2]])}),
            vec![&ids[1], &ids[2]],
        ),
        (
            json!({"op": "remove", "path": list, "value": values(&[&ids[1]])}),
            vec![&ids[2]],
        ),
        (
            json!({"op": "replace", "path": list, "value": values(&[&ids[0], &ids[1]])}),
            vec![&ids[0], &ids[1]],
        ),
        (
            json!({"op": "replace", "value": {TEAM: {"delegates": values(&[&ids[1], &ids[2]])}}}),
            vec![&ids[1], &ids[2]],
        ),
        (
            json!({"op": "remove", "path": format!("{list}[type eq \"User\" and value eq \"{}\"]", ids[1])}),
            vec![&ids[2]],
        ),
        (json!({"op": "remove", "path": list}), vec![]),
    ];
    for (operation, expected) in &steps {
        // The second time there is nothing left to do.
        for _ in 0..2 {
            let answer = bridge.entra().patch(&path, json!([operation])).await;
            answer.accepted();
            are(expected).await;
        }
    }

    // A PUT is exactly the list it carries, and keeps the one it leaves out.
    let mut whole = bridge.okta().get(&path).await.resource().clone();
    for (sent, expected) in [
        (
            json!({"delegates": values(&[&ids[0], &ids[1]])}),
            vec![&ids[0], &ids[1]],
        ),
        (json!({"delegates": values(&[&ids[2]])}), vec![&ids[2]]),
        (json!({}), vec![&ids[2]]),
        (json!({"delegates": []}), vec![]),
    ] {
        whole[TEAM] = sent;
        bridge.okta().put(&path, whole.clone()).await.accepted();
        are(&expected).await;
    }

    let nobody = Uuid::new_v4().to_string();
    let operations = json!([{"op": "add", "path": list, "value": [{"value": nobody}]}]);
    let answer = bridge.entra().patch(&path, operations).await;
    let detail = answer.bad_request("invalidValue");
    assert!(detail.contains(&format!("{list}.value")), "{detail}");
}

async fn the_owner_of_a_group_can_become_its_member(place: &Place) {
    const OWNED: &str = "urn:example:scim:extension:owned:2.0:Group";
    let classes = place.kind().pick(
        "object_classes = [\"top\", \"groupOfNames\"]",
        "object_classes = [\"top\", \"group\"]",
    );
    let ldap = place.kind().pick("owner", "managedBy");
    let line = format!(
        "\"{OWNED}:owner\" = {{ ldap = \"{ldap}\", codec = \"reference\", to = [\"User\"] }}\nmembers = {{"
    );
    let options = Options::new()
        .edit_mapping(classes, &format!("{classes}\nextensions = [\"{OWNED}\"]"))
        .edit_mapping("members = {", &line);
    let bridge = Bridge::start(place, options).await;
    let (ana, bo) = (
        create_user(&bridge, "ana").await,
        create_user(&bridge, "bo").await,
    );
    let mut group = entra_group(&bridge, "Ops");
    group[OWNED] = json!({"owner": {"value": ana}});
    group["members"] = json!([{"value": bo}]);
    let client = bridge.entra();
    let id = client
        .post("/Groups", group.clone())
        .await
        .created("/Groups");
    group["members"] = json!([{"value": ana}, {"value": bo}]);
    let answer = client.put(&format!("/Groups/{id}"), group).await;
    assert_eq!(answer.resource()[OWNED]["owner"]["value"], ana.as_str());
    let members = bridge.held(&id).await.members();
    assert_eq!(members, names_of(&bridge, &[&ana, &bo]).await);
}
