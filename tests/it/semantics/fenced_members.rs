//! A group that is deleted loses its members, those behind a fence as well: so it stays.

use serde_json::json;

use crate::support::people::create_user;
use crate::support::{Bridge, Kind, Options, Place, both};

both!(places: [
    a_group_with_a_fenced_member_is_not_deleted,
    a_group_with_a_member_below_a_protected_entry_is_not_deleted,
    a_group_with_a_privileged_member_is_not_deleted,
    to_ask_for_fenced_members_costs_a_search_however_many_members_there_are,
]);

async fn a_group_with_a_fenced_member_is_not_deleted(place: &Place) {
    let listed = place.plant_user(&place.people, "listed").await;
    let member = place.plant_user(&place.people, "member").await;
    let other = place.plant_user(&place.people, "other").await;
    let inner = place
        .plant_group(&place.groups, "Inner", &[&member.dn])
        .await;
    let crew = place
        .plant_group(&place.outside, "Crew", &[&inner.dn])
        .await;
    let options = Options::new()
        .with("guard.protected_entries", vec![listed.dn.as_str()])
        .with("guard.protected_groups", vec![crew.dn.as_str()]);
    let bridge = Bridge::start(place, options).await;
    let client = bridge.entra();
    for (first, fenced, rule) in [
        ("Listed", &listed.dn, "protected-entry"),
        ("Member", &member.dn, "protected-group"),
        ("Nested", &inner.dn, "protected-group"),
    ] {
        let members = [other.dn.as_str(), fenced.as_str()];
        let group = place.plant_group(&place.groups, first, &members).await;
        let before = bridge.held(&group.id).await;
        let path = format!("/Groups/{}", group.id);
        client.delete(&path).await.fenced(rule);
        let bulk = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
            "Operations": [{"method": "DELETE", "path": path}]});
        let answer = client.post("/Bulk", bulk).await;
        assert!(answer.text.contains(rule), "{}", answer.text);
        assert_eq!(bridge.held(&group.id).await, before);
    }
    let free = place.plant_group(&place.groups, "Free", &[&other.dn]).await;
    let path = format!("/Groups/{}", free.id);
    client.delete(&path).await.no_content();
}

async fn a_group_with_a_member_below_a_protected_entry_is_not_deleted(place: &Place) {
    let board = format!("ou=Board,{}", place.people);
    place.plant_ou(&board).await;
    let olga = place.plant_user(&board, "olga").await;
    let group = place.plant_group(&place.groups, "Ops", &[&olga.dn]).await;
    let options = Options::new().with("guard.protected_entries", vec![board.as_str()]);
    let bridge = Bridge::start(place, options).await;
    let path = format!("/Groups/{}", group.id);
    bridge.entra().delete(&path).await.fenced("protected-entry");
    bridge.held(&group.id).await;
}

async fn a_group_with_a_privileged_member_is_not_deleted(place: &Place) {
    let olga = place.plant_user(&place.people, "olga").await;
    let group = place.plant_group(&place.groups, "Ops", &[&olga.dn]).await;
    let bridge = Bridge::start(place, Options::new()).await;
    let path = format!("/Groups/{}", group.id);
    let client = bridge.entra();
    if place.kind() == Kind::Samba {
        place.admin.set(&olga.dn, "adminCount", &["1"]).await;
        client.delete(&path).await.fenced("privileged-account");
        place.admin.set(&olga.dn, "adminCount", &["0"]).await;
    }
    client.delete(&path).await.no_content();
}

async fn to_ask_for_fenced_members_costs_a_search_however_many_members_there_are(place: &Place) {
    let olga = place.plant_user(&place.people, "olga").await;
    let crew = place.plant_group(&place.outside, "Crew", &[&olga.dn]).await;
    let options = Options::new().with("guard.protected_groups", vec![crew.dn.as_str()]);
    let bridge = Bridge::start(place, options).await;
    let many = place.plant_users(&place.people, 40).await;
    let members: Vec<&str> = many.iter().map(|one| one.dn.as_str()).collect();
    let client = bridge.entra();
    // At the least of three: the fences are read anew now and then.
    let mut costs = Vec::new();
    for members in [&members[..1], &members] {
        let mut least = u64::MAX;
        for name in ["a", "b", "c"] {
            let name = format!("{name}{}", members.len());
            let group = place.plant_group(&place.groups, &name, members).await;
            let before = bridge.round_trips().await;
            let path = format!("/Groups/{}", group.id);
            client.delete(&path).await.no_content();
            least = least.min(bridge.round_trips().await - before);
        }
        costs.push(least);
    }
    let mut user = u64::MAX;
    for name in ["x", "y", "z"] {
        let id = create_user(&bridge, name).await;
        let before = bridge.round_trips().await;
        client.delete(&format!("/Users/{id}")).await.no_content();
        user = user.min(bridge.round_trips().await - before);
    }
    assert_eq!(user, 2);
    let searches = place.kind().pick(1, 2);
    assert_eq!(costs, [user + searches, user + searches]);
}
