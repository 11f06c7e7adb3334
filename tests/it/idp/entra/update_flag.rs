//! §1.5: the dialect of `aadOptscim062020`: lower-case operations, and one without a path whose value's keys are paths.

use serde_json::{Value, json};

use crate::support::people::{create_user, entra_user};
use crate::support::{Answer, Bridge, ENTERPRISE, both};

both!(stories: [
    entra_1_5_value_paths_and_a_no_path_object_in_one_body,
    entra_1_5_dotted_keys_are_paths_and_siblings_stay,
    entra_1_5_nested_objects_merge,
    entra_1_5_urn_keys_name_attributes_of_the_extension,
    entra_1_5_the_two_dialects_mix,
]);

async fn patch(bridge: &Bridge, id: &str, operations: Value) -> Answer {
    bridge
        .entra()
        .patch(&format!("/Users/{id}"), operations)
        .await
}

async fn entra_1_5_value_paths_and_a_no_path_object_in_one_body(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let mail = bridge.name("ana.r");
    let number = format!("{ENTERPRISE}:employeeNumber");
    let operations = json!([
        {"op": "replace", "path": "emails[type eq \"work\"].value", "value": mail},
        {"op": "add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+34 600 000 000"},
        {"op": "replace", "value": {
            "displayName": "Ana R.", "name.givenName": "Anita", "name.familyName": "R.", "active": true, number: "701985"
        }}
    ]);

    let answer = patch(bridge, &id, operations.clone()).await;

    answer.resource();
    answer.says(&json!({
        "displayName": "Ana R.",
        "name": {"givenName": "Anita", "familyName": "R."},
        "active": true,
        "emails": [{"type": "work", "value": mail}],
        "phoneNumbers": [{"type": "mobile", "value": "+34 600 000 000"}],
        ENTERPRISE: {"employeeNumber": "701985", "department": "Labs"}
    }));
    let entry = bridge.held(&id).await;
    entry.holds(&[
        ("displayName", "Ana R."),
        ("name.givenName", "Anita"),
        ("name.familyName", "R."),
        ("emails.work", &mail),
        ("phoneNumbers.mobile", "+34 600 000 000"),
        ("employeeNumber", "701985"),
        ("department", "Labs"),
    ]);
    assert!(entry.enabled());
    assert_eq!(
        patch(bridge, &id, operations).await.resource(),
        &answer.body
    );
    assert_eq!(
        bridge.held(&id).await,
        entry,
        "repeated, it changes nothing"
    );
}

async fn entra_1_5_dotted_keys_are_paths_and_siblings_stay(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let answer = patch(
        bridge,
        &id,
        json!([{"op": "replace", "value": {"name.givenName": "Anita"}}]),
    )
    .await;
    answer.resource();
    answer.says(&json!({"name": {"givenName": "Anita", "familyName": "Ruiz"}}));
    bridge
        .held(&id)
        .await
        .holds(&[("name.givenName", "Anita"), ("name.familyName", "Ruiz")]);
}

async fn entra_1_5_nested_objects_merge(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let value = json!({"name": {"givenName": "Anita"}, ENTERPRISE: {"department": "X"}});
    let answer = patch(bridge, &id, json!([{"op": "replace", "value": value}])).await;
    answer.resource();
    answer.says(&json!({
        "name": {"givenName": "Anita", "familyName": "Ruiz"},
        ENTERPRISE: {"department": "X", "employeeNumber": "701984"}
    }));
    bridge.held(&id).await.holds(&[
        ("name.givenName", "Anita"),
        ("name.familyName", "Ruiz"),
        ("department", "X"),
        ("employeeNumber", "701984"),
    ]);
}

async fn entra_1_5_urn_keys_name_attributes_of_the_extension(bridge: &Bridge) {
    let mut ana = entra_user(bridge, "ana");
    ana.as_object_mut().expect("an object").remove(ENTERPRISE);
    let id = bridge.entra().post("/Users", ana).await.created("/Users");
    let upper = ENTERPRISE.replace("enterprise", "Enterprise");
    let value =
        json!({format!("{ENTERPRISE}:department"): "Labs", format!("{upper}:EMPLOYEENUMBER"): "7"});
    let answer = patch(bridge, &id, json!([{"op": "add", "value": value}])).await;
    answer.resource();
    answer.says(&json!({ENTERPRISE: {"department": "Labs", "employeeNumber": "7"}}));
    bridge
        .held(&id)
        .await
        .holds(&[("department", "Labs"), ("employeeNumber", "7")]);
}

async fn entra_1_5_the_two_dialects_mix(bridge: &Bridge) {
    // On-demand provisioning ignores the flag, so one tenant sends both.
    let id = create_user(bridge, "ana").await;
    patch(
        bridge,
        &id,
        json!([{"op": "replace", "value": {"active": false}}]),
    )
    .await
    .resource();
    assert!(!bridge.held(&id).await.enabled());
    let operations = json!([
        {"op": "Replace", "path": "active", "value": "True"},
        {"op": "REPLACE", "path": "DisplayName", "value": "Ana R."},
        {"op": "add", "value": {"Title": "Engineer"}}
    ]);
    let answer = patch(bridge, &id, operations).await;
    answer.resource();
    answer.says(&json!({"active": true, "displayName": "Ana R.", "title": "Engineer"}));
    let entry = bridge.held(&id).await;
    assert!(entry.enabled());
    entry.holds(&[("displayName", "Ana R."), ("title", "Engineer")]);
}
