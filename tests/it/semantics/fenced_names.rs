//! What is fenced stays fenced, however its name is written and whatever it is called meanwhile.

use std::time::Duration;

use serde_json::json;

use crate::support::people::entra_user;
use crate::support::{Bridge, Kind, Options, Place, Planted, both};

both!(places: [
    a_name_in_another_normalisation_fences_an_entry,
    a_name_in_another_normalisation_fences_a_group_and_its_members,
    a_member_listed_in_another_normalisation_is_fenced,
    a_protected_entry_that_is_renamed_keeps_its_fence,
    a_protected_entry_whose_name_another_one_gets_keeps_its_fence,
    a_fence_around_nothing_is_told_and_stops_every_write,
]);

/// é as one letter, and as two.
const COMPOSED: &str = "jos\u{e9}";
const DECOMPOSED: &str = "jose\u{301}";

/// How a directory sees these two as names.
fn are_one_name(place: &Place) -> bool {
    place.kind() == Kind::OpenLdap
}

/// The configuration names what the directory spells otherwise: either it finds it, and it is fenced, or nothing is
/// written at all.
async fn fenced_or_refused(bridge: &Bridge, path: &str, rule: &str) {
    let before = bridge.everything().await;
    let client = bridge.entra();
    let change = json!([{"op": "Replace", "path": "displayName", "value": "Changed"}]);
    for answer in [client.patch(path, change).await, client.delete(path).await] {
        if are_one_name(bridge) {
            answer.fenced(rule);
        } else {
            answer.error(500, None);
        }
    }
    assert_eq!(bridge.everything().await, before);
}

fn respelt(planted: &Planted) -> String {
    let name = planted.dn.replace(DECOMPOSED, COMPOSED);
    assert_ne!(name, planted.dn, "the directory keeps the spelling");
    name
}

async fn a_name_in_another_normalisation_fences_an_entry(place: &Place) {
    let jose = place.plant_group(&place.groups, DECOMPOSED, &[]).await;
    let options = Options::new()
        .with("guard.protected_entries", vec![respelt(&jose)])
        .not_ready();
    let bridge = Bridge::start(place, options).await;
    let path = format!("/Groups/{}", jose.id);
    fenced_or_refused(&bridge, &path, "protected-entry").await;
}

async fn a_name_in_another_normalisation_fences_a_group_and_its_members(place: &Place) {
    let olga = place.plant_user(&place.people, "olga").await;
    let crew = place
        .plant_group(&place.groups, DECOMPOSED, &[&olga.dn])
        .await;
    let options = Options::new()
        .with("guard.protected_groups", vec![respelt(&crew)])
        .not_ready();
    let bridge = Bridge::start(place, options).await;
    for path in [
        format!("/Groups/{}", crew.id),
        format!("/Users/{}", olga.id),
    ] {
        fenced_or_refused(&bridge, &path, "protected-group").await;
    }
}

/// OpenLDAP keeps a member as it was typed, and tells an entry nothing of a group that named it before it was there.
async fn a_member_listed_in_another_normalisation_is_fenced(place: &Place) {
    if place.kind() == Kind::Ds389 {
        // Its uids are ASCII, and two normalisations two names.
        return;
    }
    let listed = format!("uid={},{}", place.name(COMPOSED), place.people);
    let (jose, crew) = if are_one_name(place) {
        let crew = place.plant_group(&place.outside, "Crew", &[&listed]).await;
        let jose = place.plant_user(&place.people, DECOMPOSED).await;
        assert!(!place.held(&jose.id).await.has("memberOf"));
        (jose, crew)
    } else {
        let jose = place.plant_user(&place.people, DECOMPOSED).await;
        let crew = place.plant_group(&place.outside, "Crew", &[&jose.dn]).await;
        (jose, crew)
    };
    let options = Options::new().with("guard.protected_groups", vec![crew.dn.as_str()]);
    let bridge = Bridge::start(place, options).await;
    let path = format!("/Users/{}", jose.id);
    bridge.entra().delete(&path).await.fenced("protected-group");
}

async fn fenced_olga(place: &Place) -> (Planted, Bridge) {
    let olga = place.plant_user(&place.people, "olga").await;
    let options = Options::new().with("guard.protected_entries", vec![olga.dn.as_str()]);
    let bridge = Bridge::start(place, options).await;
    let path = format!("/Users/{}", olga.id);
    bridge.entra().delete(&path).await.fenced("protected-entry");
    (olga, bridge)
}

/// The new relative name of somebody whom the administrator renames.
fn helga(place: &Place) -> String {
    let naming = place.kind().pick("uid", "cn");
    format!("{naming}=helga.{}", place.tag)
}

async fn a_protected_entry_that_is_renamed_keeps_its_fence(place: &Place) {
    let (olga, bridge) = fenced_olga(place).await;
    let path = format!("/Users/{}", olga.id);
    let client = bridge.entra();
    place.admin.rename(&olga.dn, &helga(place), None).await;
    let before = bridge.everything().await;
    // While the fences are believed, the id tells; then nothing is written, since the name tells nothing any more.
    let at_once = client.delete(&path).await;
    assert!([403, 500].contains(&at_once.status), "{}", at_once.text);
    tokio::time::sleep(Duration::from_millis(5_500)).await;
    client.delete(&path).await.error(500, None);
    assert_eq!(bridge.everything().await, before);
    let (status, told) = bridge.admin("/readyz").await.expect("it listens");
    assert_eq!(status, 503, "{told}");
    assert!(told.contains("protected_entries"), "{told}");
    let (name, parent) = olga.dn.split_once(',').expect("two parts");
    let now = format!("{},{parent}", helga(place));
    place.admin.rename(&now, name, None).await;
    bridge
        .wait_for_readiness(200, Duration::from_secs(30))
        .await;
    client.delete(&path).await.fenced("protected-entry");
}

async fn a_protected_entry_whose_name_another_one_gets_keeps_its_fence(place: &Place) {
    let (olga, bridge) = fenced_olga(place).await;
    let naming = helga(place);
    if place.kind() == Kind::Samba {
        // The names that must be unique besides.
        place
            .admin
            .set(&olga.dn, "sAMAccountName", &["helga"])
            .await;
        let principal = place.name("helga");
        place
            .admin
            .set(&olga.dn, "userPrincipalName", &[principal])
            .await;
    }
    place.admin.rename(&olga.dn, &naming, None).await;
    let other = place.plant_user(&place.people, "olga").await;
    assert_eq!(other.dn, olga.dn);
    tokio::time::sleep(Duration::from_millis(5_500)).await;
    for id in [&olga.id, &other.id] {
        let path = format!("/Users/{id}");
        bridge.entra().delete(&path).await.fenced("protected-entry");
    }
}

async fn a_fence_around_nothing_is_told_and_stops_every_write(place: &Place) {
    for key in ["protected_entries", "protected_groups"] {
        let nothing = format!("cn=Nothing,{}", place.people);
        let key = format!("guard.{key}");
        let options = Options::new()
            .with(&key, vec![nothing.as_str()])
            .not_ready();
        let bridge = Bridge::start(place, options).await;
        let (_, key) = key.split_once('.').expect("a section");
        // Before anybody writes.
        let (status, told) = bridge.admin("/readyz").await.expect("it listens");
        assert_eq!(status, 503, "{told}");
        assert!(told.contains(key), "{told}");
        assert!(bridge.log_text().contains(key));
        let client = bridge.entra();
        let post = client.post("/Users", entra_user(&bridge, "ana")).await;
        post.error(500, None);
        client.get("/Users").await.empty_list();
        let (content, told) = bridge.check();
        assert!(!content, "{told}");
        assert!(
            told.contains(&format!("[guard] {key} `{nothing}`")),
            "{told}"
        );
    }
}
