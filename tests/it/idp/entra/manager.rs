//! §1.7: the manager goes out in a separate PATCH after both users exist, in many shapes.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::people::{create_user, entra_user};
use crate::support::{Answer, Bridge, ENTERPRISE, both};

both!(stories: [
    entra_1_7_1_a_manager_as_a_plain_string,
    entra_1_7_2_another_manager_takes_the_place,
    entra_1_7_3_a_manager_goes_with_every_kind_of_nothing,
    entra_1_7_4_a_manager_as_an_array_of_one_without_the_urn,
    entra_1_7_5_the_reference_check,
    entra_1_7_6_a_manager_nobody_knows_is_accepted_and_dropped,
    entra_1_7_a_manager_in_a_no_path_object,
    entra_1_7_a_manager_with_the_create,
    entra_1_7_a_repeated_manager_is_a_success,
]);

fn manager_path() -> String {
    format!("{ENTERPRISE}:manager")
}

async fn patch(bridge: &Bridge, id: &str, operations: Value) -> Answer {
    bridge
        .entra()
        .patch(&format!("/Users/{id}"), operations)
        .await
}

/// Asserts that both the answer and the directory say that `id` works for `boss`.
#[track_caller]
fn says_manager(bridge: &Bridge, answer: &Answer, boss: &str) {
    answer.says(&json!({ENTERPRISE: {"manager": {"value": boss}}}));
    let reference = answer.body[ENTERPRISE]["manager"]["$ref"]
        .as_str()
        .unwrap_or_default();
    assert_eq!(
        reference,
        format!("{}/Users/{boss}", bridge.base),
        "{}",
        answer.text
    );
}

async fn holds_manager(bridge: &Bridge, id: &str, boss: &str) {
    let held = bridge
        .held(id)
        .await
        .scim("manager")
        .map(|dn| dn.to_lowercase());
    assert_eq!(held, Some(bridge.held(boss).await.dn.to_lowercase()));
}

async fn entra_1_7_1_a_manager_as_a_plain_string(bridge: &Bridge) {
    let (ana, boss) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "boss").await,
    );
    let answer = patch(
        bridge,
        &ana,
        json!([{"op": "Add", "path": manager_path(), "value": boss}]),
    )
    .await;
    answer.resource();
    says_manager(bridge, &answer, &boss);
    holds_manager(bridge, &ana, &boss).await;
    bridge
        .held(&ana)
        .await
        .holds(&[("department", "Labs"), ("employeeNumber", "701984")]);
}

async fn entra_1_7_2_another_manager_takes_the_place(bridge: &Bridge) {
    let (ana, boss) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "boss").await,
    );
    let other = create_user(bridge, "other").await;
    for manager in [&boss, &other, &other] {
        let answer = patch(
            bridge,
            &ana,
            json!([{"op": "Replace", "path": manager_path(), "value": manager}]),
        )
        .await;
        answer.resource();
        says_manager(bridge, &answer, manager);
        holds_manager(bridge, &ana, manager).await;
    }
}

async fn entra_1_7_3_a_manager_goes_with_every_kind_of_nothing(bridge: &Bridge) {
    let (ana, boss) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "boss").await,
    );
    let path = manager_path();
    let nothings = [
        json!({"op": "Replace", "path": path, "value": ""}),
        json!({"op": "Replace", "path": path, "value": null}),
        json!({"op": "Replace", "path": path, "value": {"value": ""}}),
        json!({"op": "Replace", "path": path, "value": {"value": null}}),
        json!({"op": "Replace", "path": format!("{path}.value"), "value": ""}),
        json!({"op": "Remove", "path": path}),
        json!({"op": "Remove", "path": path, "value": boss}),
        json!({"op": "replace", "value": {path.clone(): ""}}),
    ];
    for nothing in nothings {
        patch(
            bridge,
            &ana,
            json!([{"op": "Add", "path": path, "value": boss}]),
        )
        .await
        .resource();
        holds_manager(bridge, &ana, &boss).await;
        for _ in 0..2 {
            let answer = patch(bridge, &ana, json!([nothing])).await;
            answer.resource();
            assert!(
                answer.body[ENTERPRISE].get("manager").is_none(),
                "{nothing}: {}",
                answer.text
            );
            bridge
                .held(&ana)
                .await
                .lacks(&["manager"])
                .holds(&[("department", "Labs")]);
        }
    }
}

async fn entra_1_7_4_a_manager_as_an_array_of_one_without_the_urn(bridge: &Bridge) {
    let (ana, boss) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "boss").await,
    );
    let shapes = [
        json!([{"$ref": format!("http://bridge.example/scim/v2/Users/{boss}"), "value": boss}]),
        json!([{"$ref": null, "value": boss}]),
        json!({"value": boss}),
    ];
    for path in ["manager".to_owned(), manager_path()] {
        for shape in &shapes {
            patch(
                bridge,
                &ana,
                json!([{"op": "Remove", "path": manager_path()}]),
            )
            .await
            .resource();
            let answer = patch(
                bridge,
                &ana,
                json!([{"op": "Add", "path": path, "value": shape}]),
            )
            .await;
            answer.resource();
            says_manager(bridge, &answer, &boss);
            holds_manager(bridge, &ana, &boss).await;
        }
    }
}

async fn entra_1_7_5_the_reference_check(bridge: &Bridge) {
    let (ana, boss) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "boss").await,
    );
    patch(
        bridge,
        &ana,
        json!([{"op": "Add", "path": manager_path(), "value": boss}]),
    )
    .await
    .resource();
    for attribute in [
        "manager".to_owned(),
        manager_path(),
        format!("{}.value", manager_path()),
    ] {
        let yes = format!("id eq \"{ana}\" and {attribute} eq \"{boss}\"");
        let answer = bridge.entra().filter("/Users?attributes=id", &yes).await;
        let found = answer.only();
        assert_eq!(found["id"], ana.as_str());
        assert!(
            found.get("userName").is_none(),
            "only what was asked for: {found}"
        );
        for (user, manager) in [
            (&boss, &ana),
            (&ana, &ana),
            (&ana, &Uuid::new_v4().to_string()),
        ] {
            let no = format!("id eq \"{user}\" and {attribute} eq \"{manager}\"");
            bridge
                .entra()
                .filter("/Users?attributes=id", &no)
                .await
                .empty_list();
        }
    }
}

async fn entra_1_7_6_a_manager_nobody_knows_is_accepted_and_dropped(bridge: &Bridge) {
    let (ana, boss) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "boss").await,
    );
    let nobody = Uuid::new_v4().to_string();
    let operations = json!([
        {"op": "Add", "path": manager_path(), "value": nobody},
        {"op": "Replace", "path": "displayName", "value": "Ana R."}
    ]);
    let answer = patch(bridge, &ana, operations).await;
    answer.resource();
    assert!(
        answer.body[ENTERPRISE].get("manager").is_none(),
        "{}",
        answer.text
    );
    bridge
        .held(&ana)
        .await
        .lacks(&["manager"])
        .holds(&[("displayName", "Ana R.")]);
    bridge.warned(&["manager", &nobody]);
    // The group's id is no user's id, and the boss is none the worse for it.
    patch(
        bridge,
        &ana,
        json!([{"op": "Add", "path": manager_path(), "value": boss}]),
    )
    .await
    .resource();
    holds_manager(bridge, &ana, &boss).await;
}

async fn entra_1_7_a_manager_in_a_no_path_object(bridge: &Bridge) {
    let (ana, boss) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "boss").await,
    );
    let other = create_user(bridge, "other").await;
    for (value, manager) in [
        (json!({manager_path(): boss}), &boss),
        (json!({ENTERPRISE: {"manager": other}}), &other),
        (json!({ENTERPRISE: {"manager": {"value": boss}}}), &boss),
    ] {
        let answer = patch(bridge, &ana, json!([{"op": "replace", "value": value}])).await;
        answer.resource();
        says_manager(bridge, &answer, manager);
        holds_manager(bridge, &ana, manager).await;
    }
    bridge.held(&ana).await.holds(&[("department", "Labs")]);
}

async fn entra_1_7_a_manager_with_the_create(bridge: &Bridge) {
    let boss = create_user(bridge, "boss").await;
    for (first, manager) in [("ana", json!(boss)), ("bo", json!({"value": boss}))] {
        let mut user = entra_user(bridge, first);
        user[ENTERPRISE]["manager"] = manager;
        let answer = bridge.entra().post("/Users", user).await;
        let id = answer.created("/Users");
        says_manager(bridge, &answer, &boss);
        holds_manager(bridge, &id, &boss).await;
    }
}

async fn entra_1_7_a_repeated_manager_is_a_success(bridge: &Bridge) {
    let (ana, boss) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "boss").await,
    );
    let operations = json!([{"op": "Add", "path": manager_path(), "value": boss}]);
    let first = patch(bridge, &ana, operations.clone()).await;
    first.resource();
    let once = bridge.held(&ana).await;
    assert_eq!(
        patch(bridge, &ana, operations).await.resource(),
        &first.body
    );
    assert_eq!(bridge.held(&ana).await, once);
}
