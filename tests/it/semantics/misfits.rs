//! A configuration that does not fit the directory is told as such: never as an absence, and nothing is left half done.

use serde_json::{Value, json};

use crate::support::people::{create_user, entra_group, entra_user};
use crate::support::{Bridge, Kind, Options, Place, both};

both!(places: [
    a_new_entry_that_the_configured_filter_hides_is_taken_away,
    a_missing_place_for_new_entries_is_the_operators_fault,
    a_base_that_is_gone_is_not_the_end_of_everybody_below_it,
]);

/// It could never be found, changed or disabled again.
async fn a_new_entry_that_the_configured_filter_hides_is_taken_away(place: &Place) {
    let external = place.kind().pick("description", "adminDisplayName");
    let options = Options::new()
        .with("resources.User.filter", "(title=*)")
        .with("resources.Group.filter", format!("({external}=*)"));
    let bridge = Bridge::start(place, options).await;
    let client = bridge.entra();
    let mut group = entra_group(&bridge, "Ops");
    group.as_object_mut().expect("a group").remove("externalId");
    for (path, hidden, kind) in [
        ("/Users", entra_user(&bridge, "ana"), "User"),
        ("/Groups", group, "Group"),
    ] {
        let answer = client.post(path, hidden).await;
        let detail = answer.bad_request("invalidValue");
        assert!(detail.contains(&format!("resources.{kind}")), "{detail}");
        assert_eq!(bridge.count(&bridge.root).await, 0, "{kind}");
        let told: Vec<Value> = bridge
            .log_of(&answer)
            .into_iter()
            .filter(|line| line["id"].is_string())
            .map(|line| line["message"].clone())
            .collect();
        assert_eq!(told, ["written", "deleted"], "{kind}");
    }
    let mut seen = entra_user(&bridge, "ana");
    seen["title"] = json!("Engineer");
    let id = client.post("/Users", seen).await.created("/Users");
    client.get(&format!("/Users/{id}")).await.resource();
}

async fn a_missing_place_for_new_entries_is_the_operators_fault(place: &Place) {
    let gone = format!("ou=Gone,{}", place.people);
    let options = Options::new().with("resources.User.create_in", gone.as_str());
    let bridge = Bridge::start(place, options).await;
    let before = bridge.everything().await;
    let answer = bridge
        .entra()
        .post("/Users", entra_user(&bridge, "ana"))
        .await;
    let detail = answer.error(500, None);
    assert!(detail.contains("configuration"), "{detail}");
    let log = bridge.log_text();
    assert!(
        log.contains("create_in of [resources.User] is not in the directory"),
        "{log}"
    );
    assert_eq!(bridge.everything().await, before);
}

/// A provider that hears 404 makes everybody anew.
async fn a_base_that_is_gone_is_not_the_end_of_everybody_below_it(place: &Place) {
    let bridge = Bridge::start(place, Options::new()).await;
    let ana = create_user(&bridge, "ana").await;
    let path = format!("/Users/{ana}");
    let client = bridge.entra();
    let elsewhere = place.people.replacen("People", "Elsewhere", 1);
    place
        .admin
        .rename(&place.people, "ou=Elsewhere", None)
        .await;
    let before = bridge.held(&ana).await;
    let change = json!([{"op": "Replace", "path": "title", "value": "Engineer"}]);
    for answer in [
        client.get(&path).await,
        client.patch(&path, change).await,
        client.put(&path, entra_user(&bridge, "ana")).await,
        client.delete(&path).await,
    ] {
        let detail = answer.error(500, None);
        assert!(detail.contains("configuration"), "{detail}");
    }
    assert_eq!(bridge.held(&ana).await, before);
    // 389 DS 2.3.1 itself finds nobody below an OU that was renamed and got its name back.
    if place.kind() != Kind::Ds389 {
        place.admin.rename(&elsewhere, "ou=People", None).await;
        client.get(&path).await.resource();
    }
}
