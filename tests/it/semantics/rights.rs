//! What the directory's own access rules deny the bridge: 403, said so, and nothing changed.

use serde_json::json;

use crate::support::people::{entra_group, entra_user};
use crate::support::{Bridge, Options, Place, both};

both!(places: [what_the_bridges_account_may_not_write_is_403]);

async fn what_the_bridges_account_may_not_write_is_403(place: &Place) {
    let outside = place.lab.get("OUTSIDE_OU");
    let options = Options::new()
        .with("resources.User.base", outside)
        .with("resources.Group.base", outside)
        .with("log.filter", "info");
    let bridge = Bridge::start(place, options).await;
    let client = bridge.entra();
    let user = place
        .admin
        .entry(place.lab.get("OUTSIDER"))
        .await
        .expect("the lab has an outsider");
    let group = place
        .admin
        .entry(place.lab.get("OUTSIDERS"))
        .await
        .expect("and their group");
    let (user_path, group_path) = (
        format!("/Users/{}", user.id()),
        format!("/Groups/{}", group.id()),
    );
    client.get(&user_path).await.is(200);
    client.get(&group_path).await.is(200);

    for answer in [
        client.post("/Users", entra_user(&bridge, "ana")).await,
        client.post("/Groups", entra_group(&bridge, "Ops")).await,
        client
            .patch(
                &user_path,
                json!([{"op": "Replace", "path": "title", "value": "Changed"}]),
            )
            .await,
        client
            .patch(
                &user_path,
                json!([{"op": "Replace", "path": "active", "value": "False"}]),
            )
            .await,
        client
            .patch(
                &group_path,
                json!([{"op": "Replace", "path": "members", "value": []}]),
            )
            .await,
        client.delete(&user_path).await,
        client.delete(&group_path).await,
    ] {
        answer.error(403, None);
        let told = answer.text.to_lowercase();
        assert!(
            !told.contains("dc=") && !told.contains("outsider"),
            "{}",
            answer.text
        );
    }

    assert_eq!(
        place.admin.entry(place.lab.get("OUTSIDER")).await,
        Some(user)
    );
    assert_eq!(
        place.admin.entry(place.lab.get("OUTSIDERS")).await,
        Some(group)
    );
    bridge.warned(&["denied"]);
    bridge.never_logged(&["Olga", "outsider@"]);
}
