//! §2.2: creating and linking a user.

use serde_json::json;

use crate::support::people::{create_user, okta_user};
use crate::support::{Bridge, GOOD_PASSWORD, Manner, both};

both!(stories: [
    okta_2_2_1_nobody_of_that_name,
    okta_2_2_2_a_user_is_created_and_can_sign_in,
    okta_2_2_2_a_password_the_directory_refuses_is_400_and_leaves_nothing,
    okta_2_2_2_the_spec_test_repeats_the_post,
    okta_2_2_3_an_existing_user_is_linked_by_put,
]);

async fn okta_2_2_1_nobody_of_that_name(bridge: &Bridge) {
    let filter = format!("userName eq \"{}\"", bridge.name("ana"));
    bridge
        .okta()
        .filter("/Users?startIndex=1&count=100", &filter)
        .await
        .empty_list();
}

async fn okta_2_2_2_a_user_is_created_and_can_sign_in(bridge: &Bridge) {
    let sent = okta_user(bridge, "ana");
    let ana = bridge.name("ana");

    let answer = bridge.okta().post("/Users", sent.clone()).await;

    let id = answer.created("/Users");
    answer.says(&json!({
        "userName": ana, "displayName": "Ana Ruiz", "active": true, "externalId": sent["externalId"],
        "name": {"givenName": "Ana", "familyName": "Ruiz"},
        "emails": [{"value": ana, "type": "work", "primary": true}]
    }));
    answer.lacks(&["password", "groups"]);
    let read = bridge.okta().get(&format!("/Users/{id}")).await;
    assert_eq!(read.resource(), &answer.body);
    let entry = bridge.held(&id).await;
    entry.holds(&[
        ("userName", &ana),
        ("externalId", sent["externalId"].as_str().expect("text")),
        ("emails.work", &ana),
    ]);
    assert!(entry.enabled());
    assert_eq!(
        bridge.admin.bind_as(&entry.dn, GOOD_PASSWORD).await,
        0,
        "the password is set"
    );
    assert_eq!(
        bridge.admin.bind_as(&entry.dn, "another-Password-1").await,
        49
    );
    bridge.never_logged(&[GOOD_PASSWORD]);
}

async fn okta_2_2_2_a_password_the_directory_refuses_is_400_and_leaves_nothing(bridge: &Bridge) {
    let before = bridge.everything().await;
    let mut ana = okta_user(bridge, "ana");
    ana["password"] = json!("1mz05");

    let answer = bridge.okta().post("/Users", ana.clone()).await;

    let detail = answer.bad_request("invalidValue");
    assert!(
        detail.contains("password"),
        "the detail names the attribute: {detail}"
    );
    assert!(
        !detail.contains("1mz05"),
        "and does not repeat the value: {detail}"
    );
    assert_eq!(bridge.everything().await, before, "no half-made account");
    bridge.never_logged(&["1mz05"]);

    // The next attempt, with a better password, finds nothing in its way.
    ana["password"] = json!(GOOD_PASSWORD);
    bridge.okta().post("/Users", ana).await.created("/Users");
}

async fn okta_2_2_2_the_spec_test_repeats_the_post(bridge: &Bridge) {
    let client = bridge.client(Manner::OktaSpecTest);
    let id = client
        .post("/Users", okta_user(bridge, "ana"))
        .await
        .created("/Users");
    let before = bridge.everything().await;
    client
        .post("/Users", okta_user(bridge, "ana"))
        .await
        .conflict("userName");
    assert_eq!(bridge.everything().await, before);
    assert_eq!(
        bridge
            .admin
            .bind_as(&bridge.held(&id).await.dn, GOOD_PASSWORD)
            .await,
        0
    );
}

async fn okta_2_2_3_an_existing_user_is_linked_by_put(bridge: &Bridge) {
    // Somebody whom the directory knew before Okta did.
    let planted = bridge.plant_user(&bridge.people, "ana").await;
    let filter = format!("userName eq \"{}\"", planted.name);
    let found = bridge
        .okta()
        .filter("/Users?startIndex=1&count=100", &filter)
        .await;
    assert_eq!(found.only()["id"], planted.id.as_str());
    let read = bridge.okta().get(&format!("/Users/{}", planted.id)).await;
    let mut merged = read.resource().clone();
    merged["externalId"] = json!(format!("00u{}", bridge.tag));
    merged["displayName"] = json!("Ana Ruiz");
    merged["name"] = json!({"givenName": "Ana", "familyName": "Ruiz"});

    let answer = bridge
        .okta()
        .put(&format!("/Users/{}", planted.id), merged)
        .await;

    answer.resource();
    answer.says(&json!({"id": planted.id, "externalId": format!("00u{}", bridge.tag), "displayName": "Ana Ruiz"}));
    let entry = bridge.held(&planted.id).await;
    entry.holds(&[
        ("externalId", &format!("00u{}", bridge.tag)),
        ("name.givenName", "Ana"),
        ("name.familyName", "Ruiz"),
    ]);
    assert_eq!(
        bridge.admin.bind_as(&entry.dn, GOOD_PASSWORD).await,
        0,
        "the old password still works"
    );
    assert_eq!(bridge.count(&bridge.people).await, 1);
    let _ = create_user(bridge, "bo").await;
}
