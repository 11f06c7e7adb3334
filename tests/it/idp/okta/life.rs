//! §2.4: deactivating and reactivating.

use serde_json::json;

use crate::support::people::{create_group_of, okta_user};
use crate::support::{Bridge, GOOD_PASSWORD, both};

both!(stories: [okta_2_4_oin_deactivates_by_patch, okta_2_4_aiw_deactivates_by_get_and_put]);

async fn okta_2_4_oin_deactivates_by_patch(bridge: &Bridge) {
    let id = bridge
        .okta()
        .post("/Users", okta_user(bridge, "ana"))
        .await
        .created("/Users");
    let dn = bridge.held(&id).await.dn;
    for active in [false, false, true, true] {
        let operations = json!([{"op": "replace", "value": {"active": active}}]);
        bridge
            .okta()
            .patch(&format!("/Users/{id}"), operations)
            .await
            .accepted();
        assert_eq!(bridge.held(&id).await.enabled(), active);
        let code = bridge.admin.bind_as(&dn, GOOD_PASSWORD).await;
        assert_eq!(code == 0, active, "signing in answers {code}");
    }
}

async fn okta_2_4_aiw_deactivates_by_get_and_put(bridge: &Bridge) {
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
    whole["active"] = json!(false);
    for _ in 0..2 {
        let answer = bridge
            .okta()
            .put(&format!("/Users/{id}"), whole.clone())
            .await;
        assert_eq!(answer.resource()["active"], false);
        assert!(!bridge.held(&id).await.enabled());
    }
    // Reactivation: by name, by id, then PUT.
    let filter = format!("userName eq \"{}\"", bridge.name("ana"));
    let found = bridge
        .okta()
        .filter("/Users?startIndex=1&count=100", &filter)
        .await;
    assert_eq!(
        (&found.only()["id"], &found.only()["active"]),
        (&json!(id), &json!(false))
    );
    let mut whole = bridge
        .okta()
        .get(&format!("/Users/{id}"))
        .await
        .resource()
        .clone();
    whole["active"] = json!(true);
    let answer = bridge.okta().put(&format!("/Users/{id}"), whole).await;
    assert_eq!(answer.resource()["active"], true);
    let entry = bridge.held(&id).await;
    assert!(entry.enabled());
    assert_eq!(bridge.admin.bind_as(&entry.dn, GOOD_PASSWORD).await, 0);
    assert_eq!(
        bridge.held(&group).await.members(),
        [entry.dn.to_lowercase()]
    );
}
