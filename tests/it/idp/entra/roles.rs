//! §1.8: roles. No directory has a place for them by default, so they are taken without an error and nothing else moves.

use serde_json::{Value, json};

use crate::support::people::create_user;
use crate::support::{Bridge, Options, Place, both};

both!(
    stories: [entra_1_8_every_shape_of_roles_is_taken]
    places: [entra_1_8_one_line_gives_roles_a_home]
);

async fn entra_1_8_every_shape_of_roles_is_taken(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let before = bridge.held(&id).await.without_bookkeeping();
    let document = json!({"id": "06b0", "value": "Admin", "displayName": "Admin"}).to_string();
    let shapes: [Value; 5] = [
        json!([{"op": "Add", "path": "roles", "value": [{"value": document}]}]),
        json!([
            {"op": "Add", "path": "roles[primary eq \"True\"].value", "value": "Admin"},
            {"op": "Add", "path": "roles[primary eq \"True\"].display", "value": "Admin"},
            {"op": "Add", "path": "roles[primary eq \"True\"].type", "value": "WindowsAzureActiveDirectoryRole"}
        ]),
        json!([{"op": "Add", "path": "roles", "value": [
            {"primary": false, "value": "Admin"}, {"primary": false, "value": "Reader"}
        ]}]),
        json!([{"op": "replace", "path": "roles", "value": [{"primary": "False", "value": "Reader"}]}]),
        json!([{"op": "Remove", "path": "roles[primary eq \"True\"].value"}]),
    ];
    for operations in shapes {
        bridge
            .entra()
            .patch(&format!("/Users/{id}"), operations)
            .await
            .resource();
    }
    assert_eq!(bridge.held(&id).await.without_bookkeeping(), before);
}

/// By a line for their values, as docs/mapping.md shows it; here it takes the attribute of other mails.
async fn entra_1_8_one_line_gives_roles_a_home(place: &Place) {
    let options = Options::new().edit_mapping("'emails[type eq \"other\"].value'", "'roles.value'");
    let bridge = Bridge::start(place, options).await;
    let attribute = place.kind().pick("scimOtherMail", "otherMailbox");
    let id = create_user(&bridge, "ana").await;
    let path = format!("/Users/{id}");
    let document = json!({"id": "06b0", "value": "Admin", "displayName": "Admin"}).to_string();
    let add = |values: &[&str]| {
        let values: Vec<Value> = values.iter().map(|one| json!({"value": one})).collect();
        json!([{"op": "Add", "path": "roles", "value": values}])
    };
    let steps = [
        (add(&[&document]), vec![document.as_str()]),
        (
            add(&["Reader", "Writer"]),
            vec!["Reader", "Writer", &document],
        ),
        (
            json!([{"op": "replace", "path": "roles", "value": [{"primary": false, "value": "Reader"}]}]),
            vec!["Reader"],
        ),
        (
            json!([{"op": "Remove", "path": "roles", "value": [{"value": "Reader"}]}]),
            vec![],
        ),
        (
            json!([
                {"op": "Add", "path": "roles[primary eq \"True\"].value", "value": "Admin"},
                {"op": "Add", "path": "roles[primary eq \"True\"].display", "value": "Admin"},
                {"op": "Add", "path": "roles[primary eq \"True\"].type", "value": "WindowsAzureActiveDirectoryRole"}
            ]),
            vec!["Admin"],
        ),
        (
            json!([{"op": "Replace", "path": "roles[primary eq \"True\"].value", "value": "Reader"}]),
            vec!["Reader"],
        ),
        // Which one is primary nobody knows, so that none is taken away.
        (
            json!([{"op": "Remove", "path": "roles[primary eq \"True\"].value"}]),
            vec!["Reader"],
        ),
        // A name that is nothing is no reason to write to another element.
        (
            json!([{"op": "Add", "path": "roles[typ eq \"x\"].value", "value": "Admin"}]),
            vec!["Reader"],
        ),
    ];
    for (operations, held) in steps {
        for _ in 0..2 {
            let answer = bridge.entra().patch(&path, operations.clone()).await;
            let shown = answer.resource()["roles"].as_array().map_or(0, Vec::len);
            assert_eq!(shown, held.len(), "{operations}");
            assert_eq!(
                bridge.held(&id).await.texts(attribute),
                held,
                "{operations}"
            );
        }
    }
}
