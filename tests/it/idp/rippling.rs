//! §9: Rippling, by the default profile. All of it is `[C]` (guides of WorkOS, Kombo and authn.sh).

use serde_json::{Value, json};

use crate::support::people::{create_user, names_of, plain_user};
use crate::support::{Bridge, ENTERPRISE, GROUP, USER, both};

both!(stories: [
    rippling_9_1_and_2_probe_and_match,
    rippling_9_3_create_and_a_repeated_create,
    rippling_9_3_a_create_with_mails_only_is_called_by_the_mail,
    rippling_9_4_update_by_put_or_patch,
    rippling_9_5_terminate,
    rippling_9_6_groups_by_put_or_by_patch,
]);

fn user(bridge: &Bridge, first: &str) -> Value {
    let mut user = plain_user(bridge, first);
    user[ENTERPRISE]["employeeNumber"] = json!("7");
    user
}

async fn create(bridge: &Bridge, first: &str) -> String {
    bridge
        .generic()
        .post("/Users", user(bridge, first))
        .await
        .created("/Users")
}

async fn rippling_9_1_and_2_probe_and_match(bridge: &Bridge) {
    bridge.generic().get("/ServiceProviderConfig").await.is(200);
    bridge.generic().get("/Users").await.empty_list();
    let id = create(bridge, "ana").await;
    for filter in [
        format!("userName eq \"{}\"", bridge.name("ana")),
        format!("externalId eq \"ana-{}\"", bridge.tag),
    ] {
        let found = bridge.generic().filter("/Users", &filter).await;
        assert_eq!(found.only()["id"], id.as_str(), "{filter}");
    }
}

async fn rippling_9_3_create_and_a_repeated_create(bridge: &Bridge) {
    let id = create(bridge, "ana").await;
    bridge.held(&id).await.holds(&[("employeeNumber", "7")]);
    let before = bridge.everything().await;
    bridge
        .generic()
        .post("/Users", user(bridge, "ana"))
        .await
        .conflict("userName");
    assert_eq!(bridge.everything().await, before, "no twin");
}

async fn rippling_9_3_a_create_with_mails_only_is_called_by_the_mail(bridge: &Bridge) {
    let body = |mails: Value| json!({"schemas": [USER], "name": {"familyName": "Ruiz"}, "emails": mails, "active": true});
    let mail = bridge.name("ana");
    let mails = json!([{"value": bridge.name("second")}, {"value": mail, "primary": true}]);
    let answer = bridge.generic().post("/Users", body(mails.clone())).await;
    let id = answer.created("/Users");
    answer.says(&json!({"userName": mail}));
    bridge
        .held(&id)
        .await
        .holds(&[("userName", &mail), ("emails.work", &mail)]);

    let before = bridge.everything().await;
    let again = bridge.generic().post("/Users", body(mails)).await;
    again.conflict("userName");
    for mails in [json!([]), json!([{"value": ""}])] {
        let nameless = bridge.generic().post("/Users", body(mails)).await;
        assert!(nameless.bad_request("invalidValue").contains("userName"));
    }
    assert_eq!(bridge.everything().await, before, "no twin");
}

async fn rippling_9_4_update_by_put_or_patch(bridge: &Bridge) {
    let id = create(bridge, "ana").await;
    let path = format!("/Users/{id}");
    let mut whole = user(bridge, "ana");
    whole["title"] = json!("One");
    bridge.generic().put(&path, whole).await.resource();
    bridge.held(&id).await.holds(&[("title", "One")]);
    let operations = json!([{"op": "replace", "value": {"title": "Two", "emails": [{"value": bridge.name("two"), "type": "work", "primary": true}]}}]);
    bridge.generic().patch(&path, operations).await.resource();
    let entry = bridge.held(&id).await;
    entry.holds(&[
        ("title", "Two"),
        ("emails.work", &bridge.name("two")),
        ("employeeNumber", "7"),
    ]);
}

async fn rippling_9_5_terminate(bridge: &Bridge) {
    let id = create(bridge, "ana").await;
    let path = format!("/Users/{id}");
    let off = json!([{"op": "replace", "value": {"active": false}}]);
    bridge.generic().patch(&path, off).await.resource();
    assert!(!bridge.held(&id).await.enabled());
    bridge.generic().delete(&path).await.no_content();
    assert!(bridge.admin.by_id(&id).await.is_none());
}

async fn rippling_9_6_groups_by_put_or_by_patch(bridge: &Bridge) {
    let (ana, bo) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
    );
    let body = |members: Value| json!({"schemas": [GROUP], "displayName": bridge.group_name("Ops"), "members": members});
    let created = bridge.generic().post("/Groups", body(json!([]))).await;
    let group = created.created("/Groups");
    let path = format!("/Groups/{group}");
    bridge
        .generic()
        .put(&path, body(json!([{"value": ana}])))
        .await
        .resource();
    assert_eq!(
        bridge.held(&group).await.members(),
        names_of(bridge, &[&ana]).await
    );
    let operations = json!([
        {"op": "add", "path": "members", "value": [{"value": bo}]},
        {"op": "remove", "path": format!("members[value eq \"{ana}\"]")}
    ]);
    let answer = bridge.generic().patch(&path, operations).await;
    answer.resource();
    answer.says(&json!({"members": [{"value": bo}]}));
    assert_eq!(
        bridge.held(&group).await.members(),
        names_of(bridge, &[&bo]).await
    );
}
