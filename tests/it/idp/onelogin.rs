//! §4: OneLogin, whose bodies are an administrator's JSON template, so that their shape varies by application. `[B]` and `[C]`
//! (developers.onelogin.com/scim, published templates, django-scim2's adapter).

use serde_json::{Value, json};

use crate::support::people::{create_user, names_of};
use crate::support::{Bridge, Client, ENTERPRISE, GROUP, Manner, both};

both!(stories: [
    onelogin_4_1_whatever_is_probed_answers,
    onelogin_4_2_match_by_user_name_or_mail,
    onelogin_4_3_create_by_the_old_template,
    onelogin_4_4_update_by_put_and_by_patch,
    onelogin_4_4_mails_as_one_object,
    onelogin_4_5_suspend_and_delete,
    onelogin_4_6_groups_of_rules,
    onelogin_4_7_the_administrators_own_headers_do_not_matter,
]);

fn onelogin(bridge: &Bridge) -> Client<'_> {
    bridge.client(Manner::OneLogin)
}

/// The typical template: the URN of SCIM 1.0 alone, `id` null, a boolean in quotes, a manager in the manner of 1.1 `[B]`.
fn template(bridge: &Bridge, first: &str) -> Value {
    let name = bridge.name(first);
    json!({
        "schemas": ["urn:scim:schemas:core:1.0"],
        "id": null,
        "meta": {"location": ""},
        "userName": name,
        "name": {"givenName": "Ana", "familyName": "Ruiz", "formatted": "Ana Ruiz"},
        "emails": [{"value": name, "type": "work", "primary": true}],
        "active": "true",
        "externalId": format!("{first}-{}", bridge.tag),
        ENTERPRISE: {"department": "Labs", "manager": {"managerId": "77", "displayName": "Bo"}}
    })
}

async fn create(bridge: &Bridge, first: &str) -> String {
    onelogin(bridge)
        .post("/Users", template(bridge, first))
        .await
        .created("/Users")
}

/// `[C]`
async fn onelogin_4_1_whatever_is_probed_answers(bridge: &Bridge) {
    for path in ["", "/", "/ServiceProviderConfig"] {
        let answer = onelogin(bridge).get(path).await;
        assert!(answer.is(200).body["schemas"].is_array(), "{path}");
    }
    onelogin(bridge).get("/Users?count=1").await.empty_list();
}

/// `email eq` is `[C]`.
async fn onelogin_4_2_match_by_user_name_or_mail(bridge: &Bridge) {
    let id = create(bridge, "ana").await;
    for attribute in ["userName", "email"] {
        let filter = |first| format!("{attribute} eq \"{}\"", bridge.name(first));
        let found = onelogin(bridge).filter("/Users", &filter("ana")).await;
        assert_eq!(found.only()["id"], id.as_str());
        onelogin(bridge)
            .filter("/Users", &filter("bo"))
            .await
            .empty_list();
    }
}

async fn onelogin_4_3_create_by_the_old_template(bridge: &Bridge) {
    let id = create(bridge, "ana").await;
    let entry = bridge.held(&id).await;
    entry.holds(&[
        ("userName", &bridge.name("ana")),
        ("name.formatted", "Ana Ruiz"),
        ("emails.work", &bridge.name("ana")),
        ("externalId", &format!("ana-{}", bridge.tag)),
        ("department", "Labs"),
    ]);
    entry.lacks(&["manager"]);
    assert!(entry.enabled());
    let before = bridge.everything().await;
    onelogin(bridge)
        .post("/Users", template(bridge, "ana"))
        .await
        .conflict("userName");
    assert_eq!(bridge.everything().await, before);
}

async fn onelogin_4_4_update_by_put_and_by_patch(bridge: &Bridge) {
    let id = create(bridge, "ana").await;
    let path = format!("/Users/{id}");
    let mut changed = template(bridge, "ana");
    changed["name"]["familyName"] = json!("R.");
    onelogin(bridge)
        .put(&path, changed.clone())
        .await
        .resource();
    bridge
        .held(&id)
        .await
        .holds(&[("name.familyName", "R."), ("name.givenName", "Ana")]);
    changed["name"]["givenName"] = json!("Anita");
    let operations = json!([{"op": "replace", "value": changed}]);
    for _ in 0..2 {
        onelogin(bridge)
            .patch(&path, operations.clone())
            .await
            .resource();
        bridge.held(&id).await.holds(&[
            ("name.givenName", "Anita"),
            ("name.familyName", "R."),
            ("department", "Labs"),
        ]);
    }
}

/// `[B]`
async fn onelogin_4_4_mails_as_one_object(bridge: &Bridge) {
    let id = create(bridge, "ana").await;
    let path = format!("/Users/{id}");
    let mail = |first: &str| json!({"value": bridge.name(first)});
    let mut whole = template(bridge, "ana");
    whole["emails"] = mail("second");
    onelogin(bridge).put(&path, whole).await.resource();
    bridge
        .held(&id)
        .await
        .holds(&[("emails.work", &bridge.name("second"))]);
    let operations = json!([{"op": "replace", "value": {"emails": mail("third")}}]);
    onelogin(bridge).patch(&path, operations).await.resource();
    bridge
        .held(&id)
        .await
        .holds(&[("emails.work", &bridge.name("third"))]);
}

async fn onelogin_4_5_suspend_and_delete(bridge: &Bridge) {
    let id = create(bridge, "ana").await;
    let path = format!("/Users/{id}");
    let mut suspended = template(bridge, "ana");
    suspended["active"] = json!("false");
    onelogin(bridge).put(&path, suspended).await.resource();
    assert!(!bridge.held(&id).await.enabled());
    let back = json!([{"op": "replace", "value": {"active": "true"}}]);
    onelogin(bridge).patch(&path, back).await.resource();
    assert!(bridge.held(&id).await.enabled());
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    onelogin(bridge).patch(&path, off).await.resource();
    assert!(!bridge.held(&id).await.enabled());
    onelogin(bridge).delete(&path).await.no_content();
    assert!(bridge.admin.by_id(&id).await.is_none());
}

/// `[C]`
async fn onelogin_4_6_groups_of_rules(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    onelogin(bridge)
        .get("/Groups?startIndex=1&count=100")
        .await
        .empty_list();
    let body = json!({"schemas": [GROUP], "displayName": bridge.group_name("Ops")});
    let group = onelogin(bridge)
        .post("/Groups", body)
        .await
        .created("/Groups");
    let operations = json!([{"op": "add", "path": "members", "value": [{"value": ana}]}]);
    onelogin(bridge)
        .patch(&format!("/Groups/{group}"), operations)
        .await
        .accepted();
    assert_eq!(
        bridge.held(&group).await.members(),
        names_of(bridge, &[&ana]).await
    );
}

async fn onelogin_4_7_the_administrators_own_headers_do_not_matter(bridge: &Bridge) {
    let client = onelogin(bridge)
        .header("x-request-source", "onelogin; app=7")
        .header("x-api-version", "2");
    client.get("/Users?count=1").await.empty_list();
}
