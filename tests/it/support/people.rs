//! The people and groups the stories are about, spelt as each provider spells them.

use serde_json::{Value, json};

use super::answer::{ENTERPRISE, GROUP, USER};
use super::bridge::Bridge;
use super::place::GOOD_PASSWORD;

/// Entra's create (catalogue §1.3), for a first name: `ana` becomes `ana.<tag>@example.test`.
pub(crate) fn entra_user(bridge: &Bridge, first: &str) -> Value {
    let name = bridge.name(first);
    json!({
        "schemas": [USER, ENTERPRISE],
        "externalId": format!("{first}-{}", bridge.tag),
        "userName": name,
        "active": true,
        "displayName": format!("{} Ruiz", capitalised(first)),
        "emails": [{"primary": true, "type": "work", "value": name}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": format!("{} Ruiz", capitalised(first)), "familyName": "Ruiz", "givenName": capitalised(first)},
        "roles": [],
        ENTERPRISE: {"employeeNumber": "701984", "department": "Labs"}
    })
}

/// A create with nothing but the core schema and a department, as most connectors send it.
pub(crate) fn plain_user(bridge: &Bridge, first: &str) -> Value {
    let name = bridge.name(first);
    json!({
        "schemas": [USER, ENTERPRISE],
        "userName": name,
        "externalId": format!("{first}-{}", bridge.tag),
        "name": {"givenName": capitalised(first), "familyName": "Ruiz"},
        "displayName": format!("{} Ruiz", capitalised(first)),
        "emails": [{"value": name, "type": "work", "primary": true}],
        "active": true,
        ENTERPRISE: {"department": "Labs"}
    })
}

/// Okta's create (catalogue §2.2), with a password that both directories accept.
pub(crate) fn okta_user(bridge: &Bridge, first: &str) -> Value {
    let name = bridge.name(first);
    json!({
        "schemas": [USER],
        "userName": name,
        "name": {"givenName": capitalised(first), "familyName": "Ruiz"},
        "emails": [{"primary": true, "value": name, "type": "work"}],
        "displayName": format!("{} Ruiz", capitalised(first)),
        "locale": "en-US",
        "externalId": format!("00u{}{first}", bridge.tag),
        "groups": [],
        "password": GOOD_PASSWORD,
        "active": true
    })
}

/// Entra's create of a group (catalogue §1.9.2): an unknown schema URI, no members.
pub(crate) fn entra_group(bridge: &Bridge, first: &str) -> Value {
    json!({
        "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": format!("8aa1a0c0-{}", bridge.tag),
        "displayName": bridge.group_name(first),
        "meta": {"resourceType": "Group"}
    })
}

/// Creates a user as Entra does; answers the id.
pub(crate) async fn create_user(bridge: &Bridge, first: &str) -> String {
    bridge
        .entra()
        .post("/Users", entra_user(bridge, first))
        .await
        .created("/Users")
}

/// Creates an empty group as Entra does; answers the id.
pub(crate) async fn create_group(bridge: &Bridge, first: &str) -> String {
    bridge
        .entra()
        .post("/Groups", entra_group(bridge, first))
        .await
        .created("/Groups")
}

/// Creates a group and gives it these members (ids), as Entra does; answers the id.
pub(crate) async fn create_group_of(bridge: &Bridge, first: &str, members: &[&str]) -> String {
    let group = create_group(bridge, first).await;
    let values: Vec<Value> = members
        .iter()
        .map(|id| json!({"$ref": null, "value": id}))
        .collect();
    let operations = json!([{"op": "Add", "path": "members", "value": values}]);
    bridge
        .entra()
        .patch(&format!("/Groups/{group}"), operations)
        .await
        .accepted();
    group
}

/// The DNs of these ids as the directory's `member` would hold them, in lower case, sorted.
pub(crate) async fn names_of(bridge: &Bridge, ids: &[&str]) -> Vec<String> {
    let mut names = Vec::new();
    for id in ids {
        names.push(bridge.held(id).await.dn.to_lowercase());
    }
    names.sort();
    names
}

pub(crate) fn capitalised(first: &str) -> String {
    let mut letters = first.chars();
    letters
        .next()
        .map(|letter| letter.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
