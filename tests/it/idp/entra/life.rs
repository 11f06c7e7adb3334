//! §1.6: disabling, restoring, deleting.

use serde_json::{Value, json};

use crate::support::people::{create_group_of, create_user, entra_user, names_of};
use crate::support::{Bridge, both};

both!(stories: [
    entra_1_6_1_disabling_in_every_dialect_keeps_entry_and_memberships,
    entra_1_6_2_a_retried_disable_stays_disabled,
    entra_1_6_3_restoring_enables_again,
    entra_1_6_4_delete_read_filter_delete_again,
    entra_1_6_4_a_deleted_user_can_be_created_again,
]);

async fn entra_1_6_1_disabling_in_every_dialect_keeps_entry_and_memberships(bridge: &Bridge) {
    let dialects: [Value; 5] = [
        json!([{"op": "Replace", "path": "active", "value": "False"}]),
        json!([{"op": "replace", "path": "active", "value": false}]),
        json!([{"op": "replace", "value": {"active": false}}]),
        json!([{"op": "Replace", "value": {"active": "False"}}]),
        json!([{"op": "add", "path": "active", "value": "false"}]),
    ];
    for (number, disable) in dialects.into_iter().enumerate() {
        let id = create_user(bridge, &format!("ana{number}")).await;
        let group = create_group_of(bridge, &format!("Ops{number}"), &[&id]).await;
        let before = bridge.held(&id).await;
        assert!(before.enabled());

        let answer = bridge.entra().patch(&format!("/Users/{id}"), disable).await;

        assert_eq!(answer.resource()["active"], false);
        let after = bridge.held(&id).await;
        assert!(!after.enabled());
        assert_eq!(after.dn, before.dn);
        assert_eq!(
            bridge.held(&group).await.members(),
            names_of(bridge, &[&id]).await
        );
        let mark = bridge.kind().lock_attribute().to_lowercase();
        let rest = |held: &crate::support::held::Held| {
            let mut attributes = held.without_bookkeeping();
            attributes.remove(&mark);
            attributes
        };
        assert_eq!(rest(&after), rest(&before), "nothing but the mark changed");
    }
}

async fn entra_1_6_2_a_retried_disable_stays_disabled(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let disable = json!([{"op": "Replace", "path": "active", "value": "False"}]);
    bridge
        .entra()
        .patch(&format!("/Users/{id}"), disable.clone())
        .await
        .resource();
    let once = bridge.held(&id).await;
    assert!(!once.enabled());

    let answer = bridge.entra().patch(&format!("/Users/{id}"), disable).await;

    assert_eq!(answer.resource()["active"], false);
    assert_eq!(bridge.held(&id).await, once, "the retry wrote nothing");
}

async fn entra_1_6_3_restoring_enables_again(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let group = create_group_of(bridge, "Ops", &[&id]).await;
    let before = bridge.held(&id).await;
    for restore in [json!("True"), json!(true)] {
        for (value, enabled) in [(json!("False"), false), (restore, true)] {
            let operations = json!([{"op": "Replace", "path": "active", "value": value}]);
            let answer = bridge
                .entra()
                .patch(&format!("/Users/{id}"), operations)
                .await;
            assert_eq!(answer.resource()["active"], enabled);
            assert_eq!(bridge.held(&id).await.enabled(), enabled);
        }
        assert_eq!(
            bridge.held(&id).await.without_bookkeeping(),
            before.without_bookkeeping(),
            "as it was"
        );
        assert_eq!(
            bridge.held(&group).await.members(),
            names_of(bridge, &[&id]).await
        );
    }
}

async fn entra_1_6_4_delete_read_filter_delete_again(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let other = create_user(bridge, "bo").await;
    let group = create_group_of(bridge, "Ops", &[&id, &other]).await;

    bridge
        .entra()
        .delete(&format!("/Users/{id}"))
        .await
        .no_content();

    assert_eq!(bridge.count(&bridge.people).await, 1);
    bridge
        .entra()
        .get(&format!("/Users/{id}"))
        .await
        .not_found();
    bridge
        .entra()
        .filter("/Users", &format!("userName eq \"{}\"", bridge.name("ana")))
        .await
        .empty_list();
    bridge
        .entra()
        .delete(&format!("/Users/{id}"))
        .await
        .not_found();
    let operations = json!([{"op": "Replace", "path": "active", "value": "False"}]);
    bridge
        .entra()
        .patch(&format!("/Users/{id}"), operations)
        .await
        .not_found();
    bridge
        .entra()
        .put(&format!("/Users/{id}"), entra_user(bridge, "ana"))
        .await
        .not_found();
    assert_eq!(
        bridge.held(&group).await.members(),
        names_of(bridge, &[&other]).await
    );
}

async fn entra_1_6_4_a_deleted_user_can_be_created_again(bridge: &Bridge) {
    let first = create_user(bridge, "ana").await;
    bridge
        .entra()
        .delete(&format!("/Users/{first}"))
        .await
        .no_content();
    let second = create_user(bridge, "ana").await;
    assert_ne!(first, second, "another person, another id");
    bridge
        .held(&second)
        .await
        .holds(&[("userName", &bridge.name("ana"))]);
}
