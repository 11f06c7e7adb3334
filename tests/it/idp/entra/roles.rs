//! §1.8: roles. No directory has a place for them by default, so they are taken without an error and nothing else moves.

use serde_json::{Value, json};

use crate::support::people::create_user;
use crate::support::{Bridge, both};

both!(stories: [entra_1_8_every_shape_of_roles_is_taken]);

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
