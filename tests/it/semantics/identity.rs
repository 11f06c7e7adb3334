//! The id is the directory's own: renaming and moving keep it, whoever does it.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::people::{create_group_of, create_user};
use crate::support::{Bridge, both};

both!(stories: [
    a_move_by_the_administrator_keeps_the_id,
    a_rename_by_the_administrator_keeps_the_id,
    a_rename_through_scim_keeps_manager_and_memberships,
    a_change_of_capitals_alone_is_a_rename_too,
    an_entry_moved_out_of_the_base_is_gone,
]);

async fn a_move_by_the_administrator_keeps_the_id(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let group = create_group_of(bridge, "Ops", &[&id]).await;
    let branch = format!("ou=Branch,{}", bridge.people);
    bridge.plant_ou(&branch).await;
    let dn = bridge.held(&id).await.dn;
    let (rdn, _) = dn.split_once(',').expect("a DN has a parent");
    bridge.admin.rename(&dn, rdn, Some(&branch)).await;

    let read = bridge.entra().get(&format!("/Users/{id}")).await;
    assert_eq!(read.resource()["userName"], bridge.name("ana").as_str());
    let operations = json!([{"op": "Replace", "path": "title", "value": "Engineer"}]);
    bridge
        .entra()
        .patch(&format!("/Users/{id}"), operations)
        .await
        .resource();

    let entry = bridge.held(&id).await;
    assert!(
        entry.dn.to_lowercase().ends_with(&branch.to_lowercase()),
        "it stays where it was moved to: {}",
        entry.dn
    );
    entry.holds(&[("title", "Engineer")]);
    let members = bridge.entra().get(&format!("/Groups/{group}")).await;
    members.says(&json!({"members": [{"value": id}]}));
    // A rename through SCIM changes the name and not the place.
    let operations = json!([{"op": "Replace", "path": "userName", "value": bridge.name("anita")}]);
    bridge
        .entra()
        .patch(&format!("/Users/{id}"), operations)
        .await
        .resource();
    let entry = bridge.held(&id).await;
    entry.holds(&[("userName", &bridge.name("anita"))]);
    assert!(
        entry.dn.to_lowercase().ends_with(&branch.to_lowercase()),
        "{}",
        entry.dn
    );
}

async fn a_rename_by_the_administrator_keeps_the_id(bridge: &Bridge) {
    let planted = bridge.plant_user(&bridge.people, "ana").await;
    let renamed = bridge.name("anita");
    let rdn = bridge
        .kind()
        .pick(format!("uid={renamed}"), format!("CN={renamed}"));
    bridge.admin.rename(&planted.dn, &rdn, None).await;
    let read = bridge.entra().get(&format!("/Users/{}", planted.id)).await;
    let expected = bridge.kind().pick(renamed.as_str(), planted.name.as_str());
    assert_eq!(read.resource()["userName"], expected);
}

async fn a_rename_through_scim_keeps_manager_and_memberships(bridge: &Bridge) {
    let (ana, boss) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "boss").await,
    );
    let path = format!("{}:manager", crate::support::ENTERPRISE);
    let operations = json!([{"op": "Add", "path": path, "value": boss}]);
    bridge
        .entra()
        .patch(&format!("/Users/{ana}"), operations)
        .await
        .resource();
    let group = create_group_of(bridge, "Ops", &[&ana, &boss]).await;

    let operations = json!([
        {"op": "Replace", "path": "userName", "value": bridge.name("chief")},
        {"op": "Replace", "path": "displayName", "value": "The Chief"}
    ]);
    let answer = bridge
        .entra()
        .patch(&format!("/Users/{boss}"), operations)
        .await;

    assert_eq!(answer.resource()["id"], boss.as_str());
    let chief = bridge.held(&boss).await.dn.to_lowercase();
    // OpenLDAP answers the rename first, and lets the references follow.
    let begun = Instant::now();
    loop {
        let manager = bridge.held(&ana).await.scim("manager");
        let members = bridge.held(&group).await.members();
        if manager.is_some_and(|dn| dn.to_lowercase() == chief) && members.contains(&chief) {
            break;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{members:?} and {:?}",
            bridge.held(&ana).await
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let read = bridge.entra().get(&format!("/Users/{ana}")).await;
    read.says(&json!({crate::support::ENTERPRISE: {"manager": {"value": boss}}}));
}

async fn a_change_of_capitals_alone_is_a_rename_too(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let shouted = bridge.name("ana").replace("ana.", "ANA.");
    let operations = json!([{"op": "Replace", "path": "userName", "value": shouted}]);
    let answer = bridge
        .entra()
        .patch(&format!("/Users/{id}"), operations)
        .await;
    assert_eq!(answer.resource()["userName"], shouted.as_str());
    bridge.held(&id).await.holds(&[("userName", &shouted)]);
}

async fn an_entry_moved_out_of_the_base_is_gone(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let dn = bridge.held(&id).await.dn;
    let (rdn, _) = dn.split_once(',').expect("a DN has a parent");
    bridge.admin.rename(&dn, rdn, Some(&bridge.outside)).await;
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
    assert!(bridge.held(&id).await.enabled(), "and untouched");
}
