//! §1.3 a to h: what a create may look like besides.

use serde_json::json;
use uuid::Uuid;

use crate::support::people::entra_user;
use crate::support::{Bridge, ENTERPRISE, USER, both};

both!(stories: [
    entra_1_3_a_null_attributes_are_absent_attributes,
    entra_1_3_b_active_may_be_the_text_true,
    entra_1_3_c_roles_with_a_text_primary,
    entra_1_3_d_roles_with_a_boolean_primary,
    entra_1_3_e_a_manager_that_is_nobody_is_dropped,
    entra_1_3_f_a_custom_extension_that_schemas_does_not_list,
    entra_1_3_f_the_enterprise_extension_that_schemas_does_not_list,
    entra_1_3_g_the_validators_full_user,
    entra_1_3_h_a_misspelt_urn_is_ignored,
]);

async fn entra_1_3_a_null_attributes_are_absent_attributes(bridge: &Bridge) {
    let mut ana = entra_user(bridge, "ana");
    for name in ["addresses", "phoneNumbers", "title", "manager", "nickName"] {
        ana[name] = json!(null);
    }
    ana[ENTERPRISE]["manager"] = json!(null);
    ana[ENTERPRISE]["division"] = json!(null);

    let answer = bridge.entra().post("/Users", ana).await;

    let id = answer.created("/Users");
    answer.lacks(&["addresses", "phoneNumbers", "title", "manager", "nickName"]);
    bridge.held(&id).await.lacks(&[
        "title",
        "phoneNumbers.work",
        "phoneNumbers.mobile",
        "addresses.work.locality",
        "manager",
    ]);
}

async fn entra_1_3_b_active_may_be_the_text_true(bridge: &Bridge) {
    for (first, text, enabled) in [
        ("ana", "True", true),
        ("bo", "False", false),
        ("cy", "true", true),
    ] {
        let mut user = entra_user(bridge, first);
        user["active"] = json!(text);
        let answer = bridge.entra().post("/Users", user).await;
        let id = answer.created("/Users");
        assert_eq!(answer.body["active"], enabled, "a boolean, not text");
        assert_eq!(bridge.held(&id).await.enabled(), enabled);
    }
}

async fn entra_1_3_c_roles_with_a_text_primary(bridge: &Bridge) {
    let mut ana = entra_user(bridge, "ana");
    ana["roles"] = json!([{"primary": "True", "display": "d", "type": "t", "value": "v"}]);
    let id = bridge.entra().post("/Users", ana).await.created("/Users");
    bridge
        .held(&id)
        .await
        .holds(&[("userName", &bridge.name("ana"))]);
}

async fn entra_1_3_d_roles_with_a_boolean_primary(bridge: &Bridge) {
    let mut ana = entra_user(bridge, "ana");
    ana["roles"] =
        json!([{"primary": true, "type": "WindowsAzureActiveDirectoryRole", "value": "Admin"}]);
    let id = bridge.entra().post("/Users", ana).await.created("/Users");
    bridge
        .held(&id)
        .await
        .holds(&[("userName", &bridge.name("ana"))]);
}

async fn entra_1_3_e_a_manager_that_is_nobody_is_dropped(bridge: &Bridge) {
    let nobody = Uuid::new_v4().to_string();
    for (first, manager) in [
        ("ana", json!(nobody)),
        ("bo", json!({"value": nobody})),
        ("cy", json!("not an id")),
    ] {
        let mut user = entra_user(bridge, first);
        user[ENTERPRISE]["manager"] = manager;
        let answer = bridge.entra().post("/Users", user).await;
        let id = answer.created("/Users");
        assert!(
            answer.body[ENTERPRISE].get("manager").is_none(),
            "{}",
            answer.text
        );
        bridge
            .held(&id)
            .await
            .lacks(&["manager"])
            .holds(&[("department", "Labs")]);
    }
    bridge.warned(&["manager"]);
}

async fn entra_1_3_f_a_custom_extension_that_schemas_does_not_list(bridge: &Bridge) {
    let mut ana = entra_user(bridge, "ana");
    ana["urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User"] =
        json!({"tag": "x", "deep": {"er": [1]}});
    let answer = bridge.entra().post("/Users", ana).await;
    let id = answer.created("/Users");
    assert_eq!(answer.body["displayName"], "Ana Ruiz");
    bridge
        .held(&id)
        .await
        .holds(&[("userName", &bridge.name("ana")), ("department", "Labs")]);
}

async fn entra_1_3_f_the_enterprise_extension_that_schemas_does_not_list(bridge: &Bridge) {
    let mut ana = entra_user(bridge, "ana");
    ana["schemas"] = json!([USER]);
    let answer = bridge.entra().post("/Users", ana).await;
    let id = answer.created("/Users");
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
        .holds(&[("employeeNumber", "701984"), ("department", "Labs")]);
}

async fn entra_1_3_g_the_validators_full_user(bridge: &Bridge) {
    let mut ana = entra_user(bridge, "ana");
    ana["title"] = json!("Engineer");
    ana["preferredLanguage"] = json!("es-ES");
    ana["timezone"] = json!("VZWIYKYRPTDT");
    ana["profileUrl"] = json!("QKSLJLQJRZNG");
    ana["nickName"] = json!("Anita");
    ana["userType"] = json!("Employee");
    ana["phoneNumbers"] = json!([
        {"type": "work", "value": "+34 91 000 000", "primary": true},
        {"type": "mobile", "value": "+34 600 000 000"},
        {"type": "fax", "value": "+34 91 000 001"}
    ]);
    ana["addresses"] = json!([{
        "type": "work", "formatted": "Calle Mayor 1, Madrid", "streetAddress": "Calle Mayor 1", "locality": "Madrid",
        "region": "MD", "postalCode": "28013", "country": "ES", "primary": true
    }]);
    ana[ENTERPRISE] = json!({
        "employeeNumber": "701984", "department": "Labs", "costCenter": "CC-1", "organization": "Example", "division": "North"
    });

    let answer = bridge.entra().post("/Users", ana).await;

    let id = answer.created("/Users");
    answer.says(&json!({
        "title": "Engineer",
        "preferredLanguage": "es-ES",
        "phoneNumbers": [
            {"type": "work", "value": "+34 91 000 000"},
            {"type": "mobile", "value": "+34 600 000 000"},
            {"type": "fax", "value": "+34 91 000 001"}
        ],
        "addresses": [{"type": "work", "streetAddress": "Calle Mayor 1", "locality": "Madrid", "region": "MD", "postalCode": "28013"}],
        ENTERPRISE: {"employeeNumber": "701984", "department": "Labs"}
    }));
    bridge.held(&id).await.holds(&[
        ("title", "Engineer"),
        ("preferredLanguage", "es-ES"),
        ("phoneNumbers.work", "+34 91 000 000"),
        ("phoneNumbers.mobile", "+34 600 000 000"),
        ("phoneNumbers.fax", "+34 91 000 001"),
        ("addresses.work.streetAddress", "Calle Mayor 1"),
        ("addresses.work.locality", "Madrid"),
        ("addresses.work.region", "MD"),
        ("addresses.work.postalCode", "28013"),
    ]);
}

async fn entra_1_3_h_a_misspelt_urn_is_ignored(bridge: &Bridge) {
    let misspelt = "urn:ietf:params:scim:schemas:extension:enterprise:2.0User";
    let mut ana = entra_user(bridge, "ana");
    ana["schemas"] = json!([USER, misspelt]);
    ana[misspelt] = json!({"department": "Nowhere"});
    let answer = bridge.entra().post("/Users", ana).await;
    let id = answer.created("/Users");
    assert!(answer.body.get(misspelt).is_none(), "{}", answer.text);
    bridge.held(&id).await.holds(&[("department", "Labs")]);
}
