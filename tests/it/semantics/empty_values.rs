//! An empty or null value deletes the attribute, and an attribute that must be there cannot be emptied.

use serde_json::json;

use crate::support::people::{create_user, entra_user};
use crate::support::run::in_a_place;
use crate::support::{Bridge, Kind, Options, Place, both};

both!(stories: [
    an_empty_value_in_a_create_is_no_value,
    an_empty_value_in_a_put_deletes,
    a_multi_valued_attribute_goes_with_an_empty_array,
    the_user_name_cannot_be_emptied,
    blank_text_is_stored_or_refused_but_never_a_fault,
]);

async fn an_empty_value_in_a_create_is_no_value(bridge: &Bridge) {
    let mut ana = entra_user(bridge, "ana");
    ana["title"] = json!("");
    ana["phoneNumbers"] = json!([{"type": "work", "value": ""}, {"type": "mobile", "value": null}]);
    ana["addresses"] = json!([]);
    ana["name"]["middleName"] = json!("");
    let answer = bridge.entra().post("/Users", ana).await;
    let id = answer.created("/Users");
    answer.lacks(&["title", "phoneNumbers", "addresses"]);
    bridge.held(&id).await.lacks(&[
        "title",
        "phoneNumbers.work",
        "phoneNumbers.mobile",
        "addresses.work.locality",
    ]);
}

async fn an_empty_value_in_a_put_deletes(bridge: &Bridge) {
    let mut ana = entra_user(bridge, "ana");
    ana["title"] = json!("Engineer");
    ana["phoneNumbers"] = json!([{"type": "work", "value": "1"}]);
    let id = bridge
        .entra()
        .post("/Users", ana.clone())
        .await
        .created("/Users");
    for empty in [json!(""), json!(null)] {
        bridge
            .entra()
            .put(&format!("/Users/{id}"), ana.clone())
            .await
            .resource();
        bridge
            .held(&id)
            .await
            .holds(&[("title", "Engineer"), ("phoneNumbers.work", "1")]);
        let mut emptied = ana.clone();
        emptied["title"] = empty.clone();
        emptied["phoneNumbers"][0]["value"] = empty;
        bridge
            .entra()
            .put(&format!("/Users/{id}"), emptied)
            .await
            .resource();
        bridge
            .held(&id)
            .await
            .lacks(&["title", "phoneNumbers.work"]);
    }
}

async fn a_multi_valued_attribute_goes_with_an_empty_array(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    for nothing in [
        json!([]),
        json!(null),
        json!([{"type": "work", "value": ""}]),
    ] {
        let set = json!([{"op": "replace", "path": "phoneNumbers", "value": [{"type": "work", "value": "1"}]}]);
        bridge
            .entra()
            .patch(&format!("/Users/{id}"), set)
            .await
            .resource();
        bridge.held(&id).await.holds(&[("phoneNumbers.work", "1")]);
        let clear = json!([{"op": "replace", "path": "phoneNumbers", "value": nothing}]);
        let answer = bridge.entra().patch(&format!("/Users/{id}"), clear).await;
        answer.resource();
        answer.lacks(&["phoneNumbers"]);
        bridge.held(&id).await.lacks(&["phoneNumbers.work"]);
    }
}

async fn the_user_name_cannot_be_emptied(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let before = bridge.held(&id).await;
    for operation in [
        json!({"op": "Replace", "path": "userName", "value": ""}),
        json!({"op": "Replace", "path": "userName", "value": null}),
        json!({"op": "Remove", "path": "userName"}),
    ] {
        let answer = bridge
            .entra()
            .patch(&format!("/Users/{id}"), json!([operation]))
            .await;
        let detail = answer.client_error();
        assert!(detail.contains("userName"), "{detail}");
        assert_eq!(bridge.held(&id).await, before);
    }
    let mut nobody = entra_user(bridge, "bo");
    nobody["userName"] = json!("");
    bridge
        .entra()
        .post("/Users", nobody.clone())
        .await
        .bad_request("invalidValue");
    nobody
        .as_object_mut()
        .expect("an object")
        .remove("userName");
    bridge
        .entra()
        .post("/Users", nobody)
        .await
        .bad_request("invalidValue");
    assert_eq!(bridge.count(&bridge.people).await, 1);
}

async fn blank_text_is_stored_or_refused_but_never_a_fault(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    for blank in [" ", "   ", "\t", "\u{a0}"] {
        let operations = json!([{"op": "Replace", "path": "title", "value": blank}]);
        let answer = bridge
            .entra()
            .patch(&format!("/Users/{id}"), operations)
            .await;
        if answer.status == 200 {
            assert_eq!(
                answer.body["title"].as_str(),
                bridge.held(&id).await.scim("title").as_deref(),
                "what is told is held"
            );
        } else {
            answer.bad_request("invalidValue");
        }
    }
}

/// Active Directory does not let accountExpires go: an account that never expires says so.
#[test]
fn an_expiry_can_be_taken_away_in_active_directory() {
    in_a_place(Kind::Samba, async |place: &Place| {
        let account = "urn:example:params:scim:schemas:extension:account:2.0:User";
        let options = Options::new()
            .edit_mapping(
                "\nextensions = [",
                &format!("\nextensions = [\"{account}\", "),
            )
            .edit_mapping(
                "\ntitle = ",
                &format!("\n\"{account}:expires\" = {{ ldap = \"accountExpires\", codec = \"filetime\" }}\ntitle = "),
            );
        let bridge = Bridge::start(place, options).await;
        let mut ana = entra_user(&bridge, "ana");
        ana[account] = json!({"expires": "2031-01-31T23:59:59Z"});
        let client = bridge.entra();
        let id = client.post("/Users", ana.clone()).await.created("/Users");
        let path = format!("/Users/{id}");
        let expires = format!("{account}:expires");
        for _ in 0..2 {
            let remove = json!([{"op": "remove", "path": expires}]);
            client.patch(&path, remove).await.lacks(&[account]);
            let held = bridge.held(&id).await.text("accountExpires");
            assert!(
                matches!(held.as_deref(), Some("0" | "9223372036854775807")),
                "{held:?}"
            );
        }
        client.put(&path, ana.clone()).await.resource();
        let held = bridge.held(&id).await.text("accountExpires");
        assert_eq!(held.as_deref(), Some("135721439990000000"));
        ana.as_object_mut().expect("a user").remove(account);
        client.put(&path, ana).await.lacks(&[account]);
    });
}
