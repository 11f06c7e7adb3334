//! §11: clients without a profile of their own, by the default one.

use serde_json::{Value, json};

use crate::support::people::{create_user, names_of, plain_user};
use crate::support::{Bridge, Manner, both};

both!(stories: [
    keycloak_11_a_string_boolean_without_a_path,
    servicenow_11_put_or_patch,
    midpoint_11_discovery_then_lists_then_patch,
    wso2_11_post_put_patch_delete,
    the_default_profile_takes_both_dialects_of_entra_at_once,
]);

async fn create(bridge: &Bridge, first: &str) -> String {
    bridge
        .generic()
        .post("/Users", plain_user(bridge, first))
        .await
        .created("/Users")
}

/// `[B]`, the driver in Stalwart.
async fn keycloak_11_a_string_boolean_without_a_path(bridge: &Bridge) {
    let id = create(bridge, "ana").await;
    for (text, enabled) in [("false", false), ("true", true)] {
        let operations = json!([{"op": "replace", "value": {"active": text}}]);
        let answer = bridge
            .generic()
            .patch(&format!("/Users/{id}"), operations)
            .await;
        assert_eq!(answer.resource()["active"], enabled);
        assert_eq!(bridge.held(&id).await.enabled(), enabled);
    }
}

/// `[C]`
async fn servicenow_11_put_or_patch(bridge: &Bridge) {
    let id = create(bridge, "ana").await;
    let path = format!("/Users/{id}");
    let mut whole = plain_user(bridge, "ana");
    whole["title"] = json!("One");
    bridge.generic().put(&path, whole).await.resource();
    bridge.held(&id).await.holds(&[("title", "One")]);
    let operations = json!([{"op": "replace", "value": {"title": "Two"}}]);
    bridge.generic().patch(&path, operations).await.resource();
    bridge
        .held(&id)
        .await
        .holds(&[("title", "Two"), ("department", "Labs")]);
}

/// `[C]`, connector-scimrest.
async fn midpoint_11_discovery_then_lists_then_patch(bridge: &Bridge) {
    for path in ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"] {
        bridge.generic().get(path).await.is(200);
    }
    let id = create(bridge, "ana").await;
    let listed = bridge.generic().get("/Users?startIndex=1&count=20").await;
    assert_eq!(listed.only()["id"], id.as_str());
    let operations = json!([
        {"op": "replace", "path": "displayName", "value": "Ana R."},
        {"op": "add", "path": "phoneNumbers", "value": [{"type": "work", "value": "1"}]}
    ]);
    bridge
        .generic()
        .patch(&format!("/Users/{id}"), operations)
        .await
        .resource();
    bridge
        .held(&id)
        .await
        .holds(&[("displayName", "Ana R."), ("phoneNumbers.work", "1")]);
}

/// `[A]`, WSO2 Identity Server and Asgardeo, outbound provisioning. Of its ways to authenticate, the bearer token is taken.
async fn wso2_11_post_put_patch_delete(bridge: &Bridge) {
    let id = create(bridge, "ana").await;
    let path = format!("/Users/{id}");
    let mut whole = plain_user(bridge, "ana");
    whole["name"]["familyName"] = json!("R.");
    bridge.generic().put(&path, whole).await.resource();
    let operations = json!([{"op": "replace", "value": {"name": {"givenName": "Anita"}}}]);
    bridge.generic().patch(&path, operations).await.resource();
    bridge
        .held(&id)
        .await
        .holds(&[("name.givenName", "Anita"), ("name.familyName", "R.")]);
    bridge.generic().delete(&path).await.no_content();
    assert!(bridge.admin.by_id(&id).await.is_none());
    let basic = bridge
        .generic()
        .header("authorization", "Basic YW5hOmFuYQ==");
    basic.get("/Users").await.error(401, None);
}

/// `[A]`: on-demand provisioning ignores the flag aadOptscim062020, so one tenant sends both. By the default profile and by
/// the one named after it.
async fn the_default_profile_takes_both_dialects_of_entra_at_once(bridge: &Bridge) {
    let (ana, bo) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
    );
    let group = crate::support::people::create_group(bridge, "Ops").await;
    let user = format!("/Users/{ana}");
    let members = format!("/Groups/{group}");
    for manner in [Manner::Generic, Manner::Entra] {
        let client = bridge.client(manner);
        let rounds: [(&str, Value); 4] = [
            (
                &user,
                json!([{"op": "Replace", "path": "active", "value": "False"}, {"op": "Add", "path": "phoneNumbers[type eq \"work\"].value", "value": "1"}]),
            ),
            (
                &user,
                json!([{"op": "replace", "value": {"active": true, "name.familyName": "R."}}]),
            ),
            (
                &members,
                json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": ana}, {"$ref": null, "value": bo}]}]),
            ),
            (
                &members,
                json!([{"op": "remove", "path": format!("members[value eq \"{ana}\"]")}, {"op": "Remove", "path": "members", "value": [{"$ref": null, "value": ana}]}]),
            ),
        ];
        for (path, operations) in rounds {
            client.patch(path, operations).await.accepted();
        }
        let entry = bridge.held(&ana).await;
        entry.holds(&[("name.familyName", "R."), ("phoneNumbers.work", "1")]);
        assert!(entry.enabled());
        assert_eq!(
            bridge.held(&group).await.members(),
            names_of(bridge, &[&bo]).await
        );
    }
}
