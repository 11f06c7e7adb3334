//! §2.3: updating a user.

use serde_json::json;

use crate::support::people::{create_group_of, okta_user};
use crate::support::{Bridge, GOOD_PASSWORD, Kind, both};

both!(stories: [
    okta_2_3_put_of_everything_that_get_returned_plus_changes,
    okta_2_3_put_clears_what_it_no_longer_names,
    okta_2_3_put_keeps_what_scim_does_not_know,
    okta_2_3_put_repeated_changes_nothing,
    okta_2_3_put_renames_and_a_taken_name_is_a_conflict,
    okta_2_3_a_new_password_by_patch,
]);

async fn okta_2_3_put_of_everything_that_get_returned_plus_changes(bridge: &Bridge) {
    let id = bridge
        .okta()
        .post("/Users", okta_user(bridge, "ana"))
        .await
        .created("/Users");
    let group = create_group_of(bridge, "Ops", &[&id]).await;
    let mut whole = bridge
        .okta()
        .get(&format!("/Users/{id}"))
        .await
        .resource()
        .clone();
    assert_eq!(whole["groups"][0]["value"], group.as_str());
    whole["displayName"] = json!("Ana R.");
    whole["name"]["familyName"] = json!("R.");
    whole["title"] = json!("Engineer");

    let answer = bridge.okta().put(&format!("/Users/{id}"), whole).await;

    answer.resource();
    answer.says(&json!({
        "id": id, "displayName": "Ana R.", "title": "Engineer", "name": {"givenName": "Ana", "familyName": "R."},
        "groups": [{"value": group}]
    }));
    let entry = bridge.held(&id).await;
    entry.holds(&[
        ("displayName", "Ana R."),
        ("name.familyName", "R."),
        ("title", "Engineer"),
        ("userName", &bridge.name("ana")),
    ]);
    assert!(entry.enabled());
    assert_eq!(
        bridge.admin.bind_as(&entry.dn, GOOD_PASSWORD).await,
        0,
        "a PUT without a password keeps it"
    );
    assert_eq!(
        bridge.held(&group).await.members(),
        [entry.dn.to_lowercase()],
        "groups is read-only"
    );
}

async fn okta_2_3_put_clears_what_it_no_longer_names(bridge: &Bridge) {
    let mut ana = okta_user(bridge, "ana");
    ana["title"] = json!("Engineer");
    ana["phoneNumbers"] = json!([{"type": "work", "value": "1"}, {"type": "mobile", "value": "2"}]);
    let id = bridge
        .okta()
        .post("/Users", ana.clone())
        .await
        .created("/Users");
    bridge.held(&id).await.holds(&[
        ("title", "Engineer"),
        ("phoneNumbers.work", "1"),
        ("phoneNumbers.mobile", "2"),
    ]);

    let fields = ana.as_object_mut().expect("an object");
    fields.remove("title");
    fields.remove("password");
    fields.insert(
        "phoneNumbers".into(),
        json!([{"type": "mobile", "value": "3"}]),
    );
    let answer = bridge.okta().put(&format!("/Users/{id}"), ana).await;

    answer.resource();
    answer.lacks(&["title"]);
    answer.says(&json!({"phoneNumbers": [{"type": "mobile", "value": "3"}]}));
    bridge
        .held(&id)
        .await
        .lacks(&["title", "phoneNumbers.work"])
        .holds(&[("phoneNumbers.mobile", "3"), ("displayName", "Ana Ruiz")]);
}

async fn okta_2_3_put_keeps_what_scim_does_not_know(bridge: &Bridge) {
    let id = bridge
        .okta()
        .post("/Users", okta_user(bridge, "ana"))
        .await
        .created("/Users");
    let dn = bridge.held(&id).await.dn;
    let (attribute, value) = match bridge.kind() {
        Kind::OpenLdap | Kind::Ds389 => ("carLicense", "M-1234"),
        Kind::Samba => ("physicalDeliveryOfficeName", "Room 7"),
    };
    bridge.admin.set(&dn, attribute, &[value]).await;
    bridge
        .admin
        .set(&dn, "description", &["kept by hand"])
        .await;

    let mut changed = okta_user(bridge, "ana");
    changed["displayName"] = json!("Ana R.");
    changed
        .as_object_mut()
        .expect("an object")
        .remove("password");
    bridge
        .okta()
        .put(&format!("/Users/{id}"), changed)
        .await
        .resource();

    let entry = bridge.held(&id).await;
    assert_eq!(entry.text(attribute).as_deref(), Some(value));
    assert_eq!(entry.text("description").as_deref(), Some("kept by hand"));
    entry.holds(&[("displayName", "Ana R.")]);
}

async fn okta_2_3_put_repeated_changes_nothing(bridge: &Bridge) {
    let id = bridge
        .okta()
        .post("/Users", okta_user(bridge, "ana"))
        .await
        .created("/Users");
    let mut ana = okta_user(bridge, "ana");
    ana.as_object_mut().expect("an object").remove("password");
    ana["displayName"] = json!("Ana R.");
    let first = bridge
        .okta()
        .put(&format!("/Users/{id}"), ana.clone())
        .await;
    first.resource();
    let once = bridge.held(&id).await;
    let second = bridge.okta().put(&format!("/Users/{id}"), ana).await;
    assert_eq!(second.resource(), &first.body);
    assert_eq!(bridge.held(&id).await, once);
}

async fn okta_2_3_put_renames_and_a_taken_name_is_a_conflict(bridge: &Bridge) {
    let id = bridge
        .okta()
        .post("/Users", okta_user(bridge, "ana"))
        .await
        .created("/Users");
    bridge
        .okta()
        .post("/Users", okta_user(bridge, "bo"))
        .await
        .created("/Users");
    let mut ana = okta_user(bridge, "ana");
    ana.as_object_mut().expect("an object").remove("password");

    ana["userName"] = json!(bridge.name("bo"));
    bridge
        .okta()
        .put(&format!("/Users/{id}"), ana.clone())
        .await
        .conflict("userName");
    bridge
        .held(&id)
        .await
        .holds(&[("userName", &bridge.name("ana"))]);

    ana["userName"] = json!(bridge.name("anita"));
    let answer = bridge.okta().put(&format!("/Users/{id}"), ana).await;
    assert_eq!(answer.resource()["id"], id.as_str());
    bridge.held(&id).await.holds(&[
        ("userName", &bridge.name("anita")),
        ("emails.work", &bridge.name("ana")),
    ]);
}

async fn okta_2_3_a_new_password_by_patch(bridge: &Bridge) {
    let id = bridge
        .okta()
        .post("/Users", okta_user(bridge, "ana"))
        .await
        .created("/Users");
    let new = "N3w-and-Better-Horse";
    let answer = bridge
        .okta()
        .patch(
            &format!("/Users/{id}"),
            json!([{"op": "replace", "value": {"password": new}}]),
        )
        .await;
    answer.accepted();
    let dn = bridge.held(&id).await.dn;
    assert_eq!(bridge.admin.bind_as(&dn, new).await, 0, "the new password");
    assert_eq!(bridge.admin.bind_as(&dn, "never-set-Password-1").await, 49);
    if bridge.kind() != Kind::Samba {
        // Active Directory takes the previous password for another hour (`old password allowed period`).
        assert_eq!(
            bridge.admin.bind_as(&dn, GOOD_PASSWORD).await,
            49,
            "not the old one"
        );
    }

    let refused = bridge
        .okta()
        .patch(
            &format!("/Users/{id}"),
            json!([{"op": "replace", "value": {"password": "short"}}]),
        )
        .await;
    let detail = refused.bad_request("invalidValue");
    assert!(
        detail.contains("password") && !detail.contains("short\""),
        "{detail}"
    );
    assert_eq!(
        bridge.admin.bind_as(&dn, new).await,
        0,
        "a refused password changes nothing"
    );
    bridge.never_logged(&[new, GOOD_PASSWORD]);
}
