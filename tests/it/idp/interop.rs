//! §11: the IETF's interoperability profile (draft-zollner-scim-interop-profile-02). Its §5.3 wants undefined attributes
//! refused, against what Entra ID, Okta and others rely on: `switch_off = ["unknown-attribute"]`.

use serde_json::{Value, json};

use crate::support::people::plain_user;
use crate::support::{Bridge, Client, ENTERPRISE, Manner, both};

both!(stories: [
    interop_5_3_undefined_attributes_are_refused,
    interop_an_add_to_a_single_attribute_is_a_replace,
    interop_filters_with_eq_and_and,
]);

fn interop(bridge: &Bridge) -> Client<'_> {
    bridge.client(Manner::Interop)
}

async fn create(bridge: &Bridge) -> String {
    interop(bridge)
        .post("/Users", plain_user(bridge, "ana"))
        .await
        .created("/Users")
}

async fn interop_5_3_undefined_attributes_are_refused(bridge: &Bridge) {
    let id = create(bridge).await;
    let path = format!("/Users/{id}");
    let before = bridge.everything().await;
    let with = |first: &str, change: fn(&mut Value)| {
        let mut body = plain_user(bridge, first);
        change(&mut body);
        body
    };
    let changes: [fn(&mut Value); 4] = [
        |body| body["shoeSize"] = json!(38),
        |body| body["name"]["nick"] = json!("A"),
        |body| body[ENTERPRISE]["badge"] = json!("17"),
        |body| body["urn:example:custom:2.0:User"] = json!({"badge": "17"}),
    ];
    for change in changes {
        interop(bridge)
            .post("/Users", with("bo", change))
            .await
            .bad_request("invalidSyntax");
        interop(bridge)
            .put(&path, with("ana", change))
            .await
            .bad_request("invalidSyntax");
    }
    let operations = json!([
        {"op": "replace", "path": "title", "value": "Engineer"},
        {"op": "replace", "path": "shoeSize", "value": 38}
    ]);
    let answer = interop(bridge).patch(&path, operations.clone()).await;
    assert!(answer.bad_request("invalidPath").contains("shoeSize"));
    assert_eq!(bridge.everything().await, before, "nothing changed");
    // By the default the rest is done.
    bridge.generic().patch(&path, operations).await.resource();
    bridge.held(&id).await.holds(&[("title", "Engineer")]);
}

async fn interop_an_add_to_a_single_attribute_is_a_replace(bridge: &Bridge) {
    let id = create(bridge).await;
    for (op, title) in [("add", "One"), ("add", "Two"), ("replace", "Three")] {
        let operations = json!([{"op": op, "path": "title", "value": title}]);
        interop(bridge)
            .patch(&format!("/Users/{id}"), operations)
            .await
            .resource();
        bridge.held(&id).await.holds(&[("title", title)]);
    }
}

async fn interop_filters_with_eq_and_and(bridge: &Bridge) {
    let id = create(bridge).await;
    let filter = format!("userName eq \"{}\" and active eq true", bridge.name("ana"));
    let found = interop(bridge).filter("/Users", &filter).await;
    assert_eq!(found.only()["id"], id.as_str());
    let filter = filter.replace("true", "false");
    interop(bridge).filter("/Users", &filter).await.empty_list();
}
