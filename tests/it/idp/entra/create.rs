//! §1.3: creating a user.

use serde_json::json;

use crate::support::people::entra_user;
use crate::support::{Bridge, ENTERPRISE, USER, both};

both!(stories: [
    entra_1_3_a_user_is_created_with_every_attribute_verbatim,
    entra_1_3_capitals_and_phone_numbers_come_back_as_they_were_sent,
    entra_1_3_an_existing_user_name_is_a_conflict,
    entra_1_3_an_existing_user_name_in_other_capitals_is_a_conflict,
    entra_1_3_a_user_can_be_created_disabled,
    entra_1_3_the_read_is_what_the_create_answered,
]);

async fn entra_1_3_a_user_is_created_with_every_attribute_verbatim(bridge: &Bridge) {
    let sent = entra_user(bridge, "ana");
    let ana = bridge.name("ana");

    let answer = bridge.entra().post("/Users", sent.clone()).await;

    let id = answer.created("/Users");
    answer.says(&json!({
        "externalId": sent["externalId"],
        "userName": ana,
        "active": true,
        "displayName": "Ana Ruiz",
        "emails": [{"type": "work", "value": ana, "primary": true}],
        "name": {"familyName": "Ruiz", "givenName": "Ana"},
        "meta": {"resourceType": "User"},
        ENTERPRISE: {"employeeNumber": "701984", "department": "Labs"}
    }));
    let schemas = answer.body["schemas"].as_array().expect("schemas");
    assert!(
        schemas.contains(&json!(USER)) && schemas.contains(&json!(ENTERPRISE)),
        "{schemas:?}"
    );

    assert_eq!(
        bridge.count(&bridge.people).await,
        1,
        "one entry and nothing beside it"
    );
    let entry = bridge.held(&id).await;
    assert_eq!(entry.id(), id);
    assert!(
        entry
            .dn
            .to_lowercase()
            .ends_with(&bridge.people.to_lowercase()),
        "{}",
        entry.dn
    );
    assert!(entry.enabled());
    entry.holds(&[
        ("userName", &ana),
        ("externalId", sent["externalId"].as_str().expect("text")),
        ("displayName", "Ana Ruiz"),
        ("name.familyName", "Ruiz"),
        ("name.givenName", "Ana"),
        ("emails.work", &ana),
        ("employeeNumber", "701984"),
        ("department", "Labs"),
    ]);
    assert!(entry.has("cn"), "every person has a cn");
    if let crate::support::Kind::Samba = bridge.kind() {
        let account = entry.text("sAMAccountName").expect("an account name");
        assert!(
            account.len() <= 20 && !account.starts_with('$'),
            "{account}"
        );
        assert_eq!(
            entry.account_control() & 0x200,
            0x200,
            "an ordinary account"
        );
        assert_eq!(
            entry.account_control() & !0x1022F,
            0,
            "no flag beyond normal, disabled, no password needed or expiring"
        );
    }
}

async fn entra_1_3_capitals_and_phone_numbers_come_back_as_they_were_sent(bridge: &Bridge) {
    let mut sent = entra_user(bridge, "ana");
    let name = format!("Ana.{}@Example.Test", bridge.tag);
    sent["userName"] = json!(name);
    sent["emails"][0]["value"] = json!(name);
    sent["displayName"] = json!("ANA  ruiz (Ñandú) 日本 – É");
    sent["phoneNumbers"] = json!([{"type": "mobile", "value": "+34 (600) 000-000 ext. 7"}]);

    let answer = bridge.entra().post("/Users", sent.clone()).await;

    let id = answer.created("/Users");
    answer.says(&json!({
        "userName": name,
        "displayName": sent["displayName"],
        "emails": [{"value": name}],
        "phoneNumbers": [{"type": "mobile", "value": "+34 (600) 000-000 ext. 7"}]
    }));
    bridge.held(&id).await.holds(&[
        ("userName", &name),
        ("emails.work", &name),
        ("displayName", "ANA  ruiz (Ñandú) 日本 – É"),
        ("phoneNumbers.mobile", "+34 (600) 000-000 ext. 7"),
    ]);
}

async fn entra_1_3_an_existing_user_name_is_a_conflict(bridge: &Bridge) {
    bridge
        .entra()
        .post("/Users", entra_user(bridge, "ana"))
        .await
        .created("/Users");
    let before = bridge.everything().await;

    let mut second = entra_user(bridge, "bo");
    second["userName"] = json!(bridge.name("ana"));
    bridge
        .entra()
        .post("/Users", second)
        .await
        .conflict("userName");

    assert_eq!(bridge.everything().await, before);
}

async fn entra_1_3_an_existing_user_name_in_other_capitals_is_a_conflict(bridge: &Bridge) {
    bridge
        .entra()
        .post("/Users", entra_user(bridge, "ana"))
        .await
        .created("/Users");

    let mut second = entra_user(bridge, "bo");
    second["userName"] = json!(bridge.name("ana").to_uppercase());
    bridge
        .entra()
        .post("/Users", second)
        .await
        .conflict("userName");

    assert_eq!(bridge.count(&bridge.people).await, 1);
}

async fn entra_1_3_a_user_can_be_created_disabled(bridge: &Bridge) {
    let mut ana = entra_user(bridge, "ana");
    ana["active"] = json!(false);
    let answer = bridge.entra().post("/Users", ana).await;
    let id = answer.created("/Users");
    assert_eq!(answer.body["active"], false);
    assert!(!bridge.held(&id).await.enabled());
}

async fn entra_1_3_the_read_is_what_the_create_answered(bridge: &Bridge) {
    let created = bridge
        .entra()
        .post("/Users", entra_user(bridge, "ana"))
        .await;
    let id = created.created("/Users");
    let read = bridge.entra().get(&format!("/Users/{id}")).await;
    assert_eq!(read.resource(), &created.body);
}
