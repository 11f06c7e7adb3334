//! §1.4: updating a user in the default dialect: capitalised operations, one per attribute.

use serde_json::{Value, json};

use crate::support::people::{create_group_of, create_user, entra_user, names_of};
use crate::support::{Answer, Bridge, ENTERPRISE, both};

both!(stories: [
    entra_1_4_1_replace_of_simple_and_nested_attributes,
    entra_1_4_2_replace_of_the_work_mail_leaves_other_attributes,
    entra_1_4_3_add_on_a_filter_that_matches_nothing_creates_the_element,
    entra_1_4_3_several_operations_on_one_filter_land_in_one_element,
    entra_1_4_3_add_on_a_type_nobody_maps_is_a_success,
    entra_1_4_4_replace_on_a_filter_that_matches_nothing_creates_the_element,
    entra_1_4_5_an_extension_attribute_by_its_urn,
    entra_1_4_6_a_rename_keeps_the_id_and_the_memberships,
    entra_1_4_6_a_rename_onto_a_taken_name_is_a_conflict,
    entra_1_4_7_remove_of_a_present_and_of_an_absent_attribute,
    entra_1_4_8_clearing_every_optional_attribute_with_empty_text_and_with_null,
    entra_1_4_9_many_operations_in_order_the_last_wins,
    entra_1_4_9_one_bad_operation_and_nothing_is_changed,
    entra_1_4_a_repeated_update_changes_nothing_more,
]);

async fn patch(bridge: &Bridge, id: &str, operations: Value) -> Answer {
    bridge
        .entra()
        .patch(&format!("/Users/{id}"), operations)
        .await
}

async fn entra_1_4_1_replace_of_simple_and_nested_attributes(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let answer = patch(
        bridge,
        &id,
        json!([
            {"op": "Replace", "path": "displayName", "value": "Ana R."},
            {"op": "Replace", "path": "name.familyName", "value": "R."}
        ]),
    )
    .await;
    answer.resource();
    answer.says(&json!({"id": id, "displayName": "Ana R.", "name": {"familyName": "R.", "givenName": "Ana"}}));
    bridge.held(&id).await.holds(&[
        ("displayName", "Ana R."),
        ("name.familyName", "R."),
        ("name.givenName", "Ana"),
        ("userName", &bridge.name("ana")),
        ("department", "Labs"),
    ]);
}

async fn entra_1_4_2_replace_of_the_work_mail_leaves_other_attributes(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let before = bridge.held(&id).await;
    let mail = bridge.name("ana.r");
    let operations =
        json!([{"op": "Replace", "path": "emails[type eq \"work\"].value", "value": mail}]);
    let answer = patch(bridge, &id, operations).await;
    answer.resource();
    answer.says(&json!({"emails": [{"type": "work", "value": mail}]}));

    let after = bridge.held(&id).await;
    after.holds(&[("emails.work", &mail)]);
    let mut expected = before.without_bookkeeping();
    expected.insert("mail".to_owned(), vec![mail.into_bytes()]);
    assert_eq!(
        after.without_bookkeeping(),
        expected,
        "nothing but the mail was touched"
    );
}

async fn entra_1_4_3_add_on_a_filter_that_matches_nothing_creates_the_element(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    for (path, held, value) in [
        (
            "phoneNumbers[type eq \"mobile\"].value",
            "phoneNumbers.mobile",
            "+34 600 000 000",
        ),
        (
            "phoneNumbers[type eq \"fax\"].value",
            "phoneNumbers.fax",
            "+34 91 000 001",
        ),
        (
            "addresses[type eq \"work\"].locality",
            "addresses.work.locality",
            "Madrid",
        ),
    ] {
        bridge.held(&id).await.lacks(&[held]);
        let answer = patch(
            bridge,
            &id,
            json!([{"op": "Add", "path": path, "value": value}]),
        )
        .await;
        answer.resource();
        bridge.held(&id).await.holds(&[(held, value)]);
        // Sent again in the next cycle: the same element, not a second one.
        let again = patch(
            bridge,
            &id,
            json!([{"op": "Add", "path": path, "value": value}]),
        )
        .await;
        assert_eq!(
            again.resource()["phoneNumbers"],
            answer.body["phoneNumbers"]
        );
        bridge.held(&id).await.holds(&[(held, value)]);
    }
    let read = bridge.entra().get(&format!("/Users/{id}")).await;
    read.says(&json!({
        "phoneNumbers": [{"type": "mobile", "value": "+34 600 000 000"}, {"type": "fax", "value": "+34 91 000 001"}],
        "addresses": [{"type": "work", "locality": "Madrid"}]
    }));
}

async fn entra_1_4_3_several_operations_on_one_filter_land_in_one_element(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let answer = patch(
        bridge,
        &id,
        json!([
            {"op": "Add", "path": "addresses[type eq \"work\"].streetAddress", "value": "Calle Mayor 1"},
            {"op": "Add", "path": "addresses[type eq \"work\"].locality", "value": "Madrid"},
            {"op": "Add", "path": "addresses[type eq \"work\"].postalCode", "value": "28013"}
        ]),
    )
    .await;
    answer.resource();
    answer.says(&json!({
        "addresses": [{"type": "work", "streetAddress": "Calle Mayor 1", "locality": "Madrid", "postalCode": "28013"}]
    }));
    bridge.held(&id).await.holds(&[
        ("addresses.work.streetAddress", "Calle Mayor 1"),
        ("addresses.work.locality", "Madrid"),
        ("addresses.work.postalCode", "28013"),
    ]);
}

async fn entra_1_4_3_add_on_a_type_nobody_maps_is_a_success(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let before = bridge.held(&id).await;
    let operations = json!([
        {"op": "Add", "path": "ims[type eq \"skype\"].value", "value": "ana"},
        {"op": "Add", "path": "displayName", "value": "Ana R."}
    ]);
    patch(bridge, &id, operations).await.resource();
    let after = bridge.held(&id).await;
    after.holds(&[
        ("displayName", "Ana R."),
        ("emails.work", &bridge.name("ana")),
    ]);
    assert_eq!(after.id(), before.id());
}

async fn entra_1_4_4_replace_on_a_filter_that_matches_nothing_creates_the_element(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let operations =
        json!([{"op": "Replace", "path": "phoneNumbers[type eq \"work\"].value", "value": "1"}]);
    let answer = patch(bridge, &id, operations).await;
    answer.resource();
    answer.says(&json!({"phoneNumbers": [{"type": "work", "value": "1"}]}));
    bridge.held(&id).await.holds(&[("phoneNumbers.work", "1")]);
}

async fn entra_1_4_5_an_extension_attribute_by_its_urn(bridge: &Bridge) {
    // Created without the extension, so that the URN has to appear.
    let mut ana = entra_user(bridge, "ana");
    ana.as_object_mut().expect("an object").remove(ENTERPRISE);
    ana["schemas"] = json!([crate::support::USER]);
    let id = bridge.entra().post("/Users", ana).await.created("/Users");
    bridge.held(&id).await.lacks(&["department"]);

    let operations =
        json!([{"op": "Replace", "path": format!("{ENTERPRISE}:department"), "value": "R&D"}]);
    let answer = patch(bridge, &id, operations).await;

    answer.resource();
    answer.says(&json!({ENTERPRISE: {"department": "R&D"}}));
    assert!(
        answer.body["schemas"]
            .as_array()
            .is_some_and(|list| list.contains(&json!(ENTERPRISE))),
        "{}",
        answer.text
    );
    bridge
        .held(&id)
        .await
        .holds(&[("department", "R&D")])
        .lacks(&["employeeNumber"]);
}

async fn entra_1_4_6_a_rename_keeps_the_id_and_the_memberships(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let group = create_group_of(bridge, "Ops", &[&id]).await;
    let new = bridge.name("new");

    let answer = patch(
        bridge,
        &id,
        json!([{"op": "Replace", "path": "userName", "value": new}]),
    )
    .await;

    answer.resource();
    answer.says(&json!({"id": id, "userName": new}));
    let entry = bridge.held(&id).await;
    entry.holds(&[("userName", &new)]);
    assert_eq!(
        bridge.held(&group).await.members(),
        [entry.dn.to_lowercase()],
        "the membership follows"
    );
    let read = bridge.entra().get(&format!("/Groups/{group}")).await;
    read.says(&json!({"members": [{"value": id}]}));
    bridge
        .entra()
        .filter("/Users", &format!("userName eq \"{}\"", bridge.name("ana")))
        .await
        .empty_list();
    let found = bridge
        .entra()
        .filter("/Users", &format!("userName eq \"{new}\""))
        .await;
    assert_eq!(found.only()["id"], id.as_str());
    assert_eq!(bridge.count(&bridge.people).await, 1);
}

async fn entra_1_4_6_a_rename_onto_a_taken_name_is_a_conflict(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    create_user(bridge, "bo").await;
    let before = bridge.everything().await;

    let operations = json!([
        {"op": "Replace", "path": "title", "value": "Engineer"},
        {"op": "Replace", "path": "userName", "value": bridge.name("bo")}
    ]);
    patch(bridge, &id, operations).await.conflict("userName");

    let after = bridge.everything().await;
    let plain = |all: &[crate::support::held::Held]| -> Vec<_> {
        all.iter().map(|held| held.without_bookkeeping()).collect()
    };
    assert_eq!(
        plain(&after),
        plain(&before),
        "neither the name nor the title changed"
    );
}

async fn entra_1_4_7_remove_of_a_present_and_of_an_absent_attribute(bridge: &Bridge) {
    let mut ana = entra_user(bridge, "ana");
    ana["title"] = json!("Engineer");
    let id = bridge.entra().post("/Users", ana).await.created("/Users");
    bridge.held(&id).await.holds(&[("title", "Engineer")]);
    for _ in 0..2 {
        let answer = patch(bridge, &id, json!([{"op": "Remove", "path": "title"}])).await;
        answer.resource();
        answer.lacks(&["title"]);
        bridge
            .held(&id)
            .await
            .lacks(&["title"])
            .holds(&[("displayName", "Ana Ruiz")]);
    }
}

async fn entra_1_4_8_clearing_every_optional_attribute_with_empty_text_and_with_null(
    bridge: &Bridge,
) {
    let department = format!("{ENTERPRISE}:department");
    let number = format!("{ENTERPRISE}:employeeNumber");
    let paths = [
        ("title", "title"),
        ("displayName", "displayName"),
        ("name.givenName", "name.givenName"),
        ("preferredLanguage", "preferredLanguage"),
        ("emails[type eq \"work\"].value", "emails.work"),
        ("phoneNumbers[type eq \"work\"].value", "phoneNumbers.work"),
        (
            "phoneNumbers[type eq \"mobile\"].value",
            "phoneNumbers.mobile",
        ),
        ("phoneNumbers[type eq \"fax\"].value", "phoneNumbers.fax"),
        (
            "addresses[type eq \"work\"].streetAddress",
            "addresses.work.streetAddress",
        ),
        (
            "addresses[type eq \"work\"].locality",
            "addresses.work.locality",
        ),
        (
            "addresses[type eq \"work\"].region",
            "addresses.work.region",
        ),
        (
            "addresses[type eq \"work\"].postalCode",
            "addresses.work.postalCode",
        ),
        (department.as_str(), "department"),
        (number.as_str(), "employeeNumber"),
    ];
    let id = create_user(bridge, "ana").await;
    for empty in [json!(""), json!(null)] {
        for (path, held) in paths {
            let set = json!([{"op": "Replace", "path": path, "value": "x1"}]);
            patch(bridge, &id, set).await.resource();
            bridge.held(&id).await.holds(&[(held, "x1")]);
            let clear = json!([{"op": "Replace", "path": path, "value": empty}]);
            patch(bridge, &id, clear.clone()).await.resource();
            bridge.held(&id).await.lacks(&[held]);
            patch(bridge, &id, clear).await.resource();
            bridge.held(&id).await.lacks(&[held]);
        }
    }
    let read = bridge.entra().get(&format!("/Users/{id}")).await;
    read.resource();
    read.lacks(&[
        "title",
        "displayName",
        "preferredLanguage",
        "emails",
        "phoneNumbers",
        "addresses",
    ]);
}

async fn entra_1_4_9_many_operations_in_order_the_last_wins(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let mut operations: Vec<Value> = (0..20)
        .map(|number| json!({"op": "Replace", "path": "title", "value": format!("Engineer {number}")}))
        .collect();
    operations.extend([
        json!({"op": "Add", "path": "displayName", "value": "A"}),
        json!({"op": "Remove", "path": "displayName"}),
        json!({"op": "Add", "path": "displayName", "value": "B"}),
        json!({"op": "Add", "path": "phoneNumbers[type eq \"work\"].value", "value": "1"}),
        json!({"op": "Replace", "path": "phoneNumbers[type eq \"work\"].value", "value": "2"}),
        json!({"op": "Replace", "path": "name.givenName", "value": "Anita"}),
        json!({"op": "Remove", "path": format!("{ENTERPRISE}:department")}),
    ]);
    let answer = patch(bridge, &id, json!(operations)).await;
    answer.resource();
    answer.says(
        &json!({"title": "Engineer 19", "displayName": "B", "phoneNumbers": [{"value": "2"}]}),
    );
    bridge
        .held(&id)
        .await
        .holds(&[
            ("title", "Engineer 19"),
            ("displayName", "B"),
            ("phoneNumbers.work", "2"),
            ("name.givenName", "Anita"),
            ("employeeNumber", "701984"),
        ])
        .lacks(&["department"]);
}

async fn entra_1_4_9_one_bad_operation_and_nothing_is_changed(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let before = bridge.held(&id).await;
    let bad = [
        (
            json!({"op": "Replace", "path": "name..givenName", "value": "x"}),
            "invalidPath",
        ),
        (
            json!({"op": "Replace", "path": "active", "value": "perhaps"}),
            "invalidValue",
        ),
        (
            json!({"op": "Replace", "path": "title", "value": {"no": "object"}}),
            "invalidValue",
        ),
        (
            json!({"op": "Explode", "path": "title", "value": "x"}),
            "invalidSyntax",
        ),
        (json!({"op": "Remove"}), "noTarget"),
    ];
    for (operation, scim_type) in bad {
        let operations =
            json!([{"op": "Replace", "path": "displayName", "value": "Changed"}, operation]);
        patch(bridge, &id, operations).await.bad_request(scim_type);
        assert_eq!(
            bridge.held(&id).await,
            before,
            "{operation}: a PATCH is atomic"
        );
    }
}

async fn entra_1_4_a_repeated_update_changes_nothing_more(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let operations = json!([
        {"op": "Replace", "path": "displayName", "value": "Ana R."},
        {"op": "Add", "path": "phoneNumbers[type eq \"work\"].value", "value": "1"},
        {"op": "Remove", "path": "title"}
    ]);
    let first = patch(bridge, &id, operations.clone()).await;
    first.resource();
    let once = bridge.held(&id).await;

    let second = patch(bridge, &id, operations).await;

    assert_eq!(second.resource(), &first.body);
    assert_eq!(bridge.held(&id).await, once, "not even the version moved");
    assert_eq!(names_of(bridge, &[&id]).await, [once.dn.to_lowercase()]);
}
