//! Fences: what stands behind one can be read, and neither changed nor deleted nor made a member's back door. Every
//! refusal is 403, names its rule, and leaves the directory as it was.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::admin::one;
use crate::support::people::{create_group, create_user, entra_group, entra_user};
use crate::support::{Bridge, ENTERPRISE, GROUP, Kind, Options, Place, Planted, both};

both!(places: [
    outside_the_allowed_ous,
    creating_outside_the_allowed_ous,
    a_listed_entry,
    a_listed_group,
    a_member_of_a_protected_group,
    a_member_of_a_group_nested_in_a_protected_group,
    a_member_that_was_listed_before_it_existed,
    who_enters_a_protected_group_is_fenced_within_seconds,
    a_protected_group_that_does_not_exist_stops_every_write,
    no_new_member_for_a_group_nested_in_a_protected_group,
    groups_of_windows_are_fenced_with_what_is_nested_in_them,
    an_account_that_the_directory_calls_privileged,
    accounts_that_every_domain_has,
    the_bridges_own_account,
    a_fenced_entry_can_still_be_read_and_found,
    writes_side_by_side_ask_once_what_is_fenced,
]);

/// Asserts that every way of changing this user is refused by this rule, and that nothing changed.
async fn user_is_fenced(bridge: &Bridge, user: &Planted, rule: &str) {
    let before = bridge.held(&user.id).await;
    let path = format!("/Users/{}", user.id);
    let client = bridge.entra();
    client.get(&path).await.resource();
    let changes = [
        json!([{"op": "Replace", "path": "displayName", "value": "Changed"}]),
        json!([{"op": "Replace", "path": "active", "value": "False"}]),
        json!([{"op": "Replace", "path": "userName", "value": bridge.name("changed")}]),
        json!([{"op": "replace", "value": {"password": "Changed-7-Password"}}]),
    ];
    for operations in changes {
        client.patch(&path, operations).await.fenced(rule);
    }
    client
        .put(&path, entra_user(bridge, "changed"))
        .await
        .fenced(rule);
    client.delete(&path).await.fenced(rule);
    // As a member of a group that may itself be changed.
    let group = create_group(bridge, &format!("Door {rule}")).await;
    let add = json!([{"op": "Add", "path": "members", "value": [{"value": user.id}]}]);
    client
        .patch(&format!("/Groups/{group}"), add)
        .await
        .fenced(rule);
    assert_eq!(bridge.held(&group).await.members(), Vec::<String>::new());
    let body = json!({"schemas": [GROUP], "displayName": bridge.group_name("Door 2"), "members": [{"value": user.id}]});
    client.post("/Groups", body).await.fenced(rule);
    assert_eq!(bridge.held(&user.id).await, before);
    client
        .delete(&format!("/Groups/{group}"))
        .await
        .no_content();
    // A request that changes nothing is answered or refused, but does nothing.
    assert_eq!(bridge.held(&user.id).await, before);
}

/// Asserts that every way of changing this group is refused by this rule, and that nothing changed.
async fn group_is_fenced(bridge: &Bridge, group: &Planted, rule: &str) {
    let ana = create_user(bridge, "door").await;
    let before = bridge.held(&group.id).await;
    let path = format!("/Groups/{}", group.id);
    let client = bridge.entra();
    let changes: [Value; 3] = [
        json!([{"op": "Add", "path": "members", "value": [{"value": ana}]}]),
        json!([{"op": "Replace", "path": "members", "value": [{"value": ana}]}]),
        json!([{"op": "Replace", "path": "displayName", "value": bridge.group_name("Changed")}]),
    ];
    for operations in changes {
        client.patch(&path, operations).await.fenced(rule);
        assert_eq!(bridge.held(&group.id).await, before);
    }
    let body = json!({"schemas": [GROUP], "displayName": group.name, "members": [{"value": ana}]});
    client.put(&path, body).await.fenced(rule);
    client.delete(&path).await.fenced(rule);
    assert_eq!(bridge.held(&group.id).await, before);
    client.delete(&format!("/Users/{ana}")).await.no_content();
}

async fn outside_the_allowed_ous(place: &Place) {
    let (open, shut) = (
        format!("ou=Open,{}", place.people),
        format!("ou=Shut,{}", place.people),
    );
    place.plant_ou(&open).await;
    place.plant_ou(&shut).await;
    let options = Options::new()
        .with("guard.allowed", vec![open.as_str(), place.groups.as_str()])
        .with("resources.User.create_in", open.as_str());
    let bridge = Bridge::start(place, options).await;
    let ana = create_user(&bridge, "ana").await;
    assert!(
        bridge
            .held(&ana)
            .await
            .dn
            .to_lowercase()
            .ends_with(&open.to_lowercase())
    );
    bridge.entra().get("/Users").await.list(1);
    let olga = place.plant_user(&shut, "olga").await;
    user_is_fenced(&bridge, &olga, "outside-allowed-ous").await;
    let operations = json!([{"op": "Replace", "path": "displayName", "value": "Ana R."}]);
    bridge
        .entra()
        .patch(&format!("/Users/{ana}"), operations)
        .await
        .resource();
}

async fn creating_outside_the_allowed_ous(place: &Place) {
    let open = format!("ou=Open,{}", place.people);
    place.plant_ou(&open).await;
    let options = Options::new()
        .with("guard.allowed", vec![open.as_str()])
        .with("resources.User.create_in", open.as_str());
    let bridge = Bridge::start(place, options).await;
    let before = bridge.everything().await;
    bridge
        .entra()
        .post("/Groups", entra_group(&bridge, "Ops"))
        .await
        .fenced("outside-allowed-ous");
    assert_eq!(bridge.everything().await, before);
}

async fn a_listed_entry(place: &Place) {
    let olga = place.plant_user(&place.people, "olga").await;
    let options = Options::new().with(
        "guard.protected_entries",
        vec![olga.dn.to_uppercase().as_str()],
    );
    let bridge = Bridge::start(place, options).await;
    user_is_fenced(&bridge, &olga, "protected-entry").await;
}

async fn a_listed_group(place: &Place) {
    let crew = place.plant_group(&place.groups, "Crew", &[]).await;
    let bridge = Bridge::start(
        place,
        Options::new().with("guard.protected_groups", vec![crew.dn.as_str()]),
    )
    .await;
    group_is_fenced(&bridge, &crew, "protected-group").await;
}

async fn a_member_of_a_protected_group(place: &Place) {
    let olga = place.plant_user(&place.people, "olga").await;
    let crew = place.plant_group(&place.outside, "Crew", &[&olga.dn]).await;
    let bridge = Bridge::start(
        place,
        Options::new().with("guard.protected_groups", vec![crew.dn.as_str()]),
    )
    .await;
    user_is_fenced(&bridge, &olga, "protected-group").await;
}

async fn a_member_of_a_group_nested_in_a_protected_group(place: &Place) {
    let olga = place.plant_user(&place.people, "olga").await;
    let inner = place
        .plant_group(&place.outside, "Inner", &[&olga.dn])
        .await;
    let middle = place
        .plant_group(&place.outside, "Middle", &[&inner.dn])
        .await;
    let crew = place
        .plant_group(&place.outside, "Crew", &[&middle.dn])
        .await;
    let bridge = Bridge::start(
        place,
        Options::new().with("guard.protected_groups", vec![crew.dn.as_str()]),
    )
    .await;
    user_is_fenced(&bridge, &olga, "protected-group").await;
}

/// The directory fills in `memberOf` only for members that were there when they were added; the group's own list counts.
async fn a_member_that_was_listed_before_it_existed(place: &Place) {
    let olga = if place.kind() == Kind::Samba {
        // Here only entries can be members.
        place.plant_user(&place.people, "olga").await.dn
    } else {
        format!("uid={},{}", place.name("olga"), place.people)
    };
    let crew = place.plant_group(&place.outside, "Crew", &[&olga]).await;
    let olga = match place.kind() {
        Kind::Samba => {
            let held = place.admin.entry(&olga).await.expect("just planted");
            Planted {
                id: held.id(),
                name: place.name("olga"),
                dn: olga,
            }
        }
        Kind::OpenLdap | Kind::Ds389 => {
            let olga = place.plant_user(&place.people, "olga").await;
            assert!(!place.held(&olga.id).await.has("memberOf"));
            olga
        }
    };
    let options = Options::new().with("guard.protected_groups", vec![crew.dn.as_str()]);
    let bridge = Bridge::start(place, options).await;
    user_is_fenced(&bridge, &olga, "protected-group").await;
}

async fn who_enters_a_protected_group_is_fenced_within_seconds(place: &Place) {
    let olga = place.plant_user(&place.people, "olga").await;
    let inner = place.plant_group(&place.groups, "Inner", &[]).await;
    let crew = place.plant_group(&place.outside, "Crew", &[]).await;
    let options = Options::new().with("guard.protected_groups", vec![crew.dn.as_str()]);
    let bridge = Bridge::start(place, options).await;
    let (user, group) = (
        format!("/Users/{}", olga.id),
        format!("/Groups/{}", inner.id),
    );
    let rename = json!([{"op": "Replace", "path": "displayName", "value": "Olga O."}]);
    bridge.entra().patch(&user, rename).await.resource();
    place.admin.give(&inner.dn, "member", &[&olga.dn]).await;
    place.admin.give(&crew.dn, "member", &[&inner.dn]).await;
    tokio::time::sleep(std::time::Duration::from_millis(5_500)).await;
    let client = bridge.entra();
    for path in [&user, &group] {
        let before = bridge.everything().await;
        client.delete(path).await.fenced("protected-group");
        assert_eq!(bridge.everything().await, before);
    }
}

/// Deleted, renamed or misspelt: whom it protected is not known, so that nobody is written, and everybody is read.
async fn a_protected_group_that_does_not_exist_stops_every_write(place: &Place) {
    let olga = place.plant_user(&place.people, "olga").await;
    let ops = place.plant_group(&place.groups, "Ops", &[]).await;
    let nowhere = format!("cn=Nowhere,{}", place.outside);
    let options = Options::new()
        .with("guard.protected_groups", vec![nowhere.as_str()])
        .not_ready();
    let bridge = Bridge::start(place, options).await;
    let before = bridge.everything().await;
    let client = bridge.entra();
    let (user, group) = (format!("/Users/{}", olga.id), format!("/Groups/{}", ops.id));
    let rename = json!([{"op": "Replace", "path": "displayName", "value": "Changed"}]);
    let add = json!([{"op": "Add", "path": "members", "value": [{"value": olga.id}]}]);
    for answer in [
        client.post("/Users", entra_user(&bridge, "ana")).await,
        client.post("/Groups", entra_group(&bridge, "Dev")).await,
        client.patch(&user, rename.clone()).await,
        client.patch(&group, rename).await,
        client.patch(&group, add).await,
        client.put(&user, entra_user(&bridge, "ana")).await,
        client.delete(&user).await,
        client.delete(&group).await,
    ] {
        let detail = answer.error(500, None);
        assert!(detail.contains("configuration"), "{detail}");
    }
    assert_eq!(bridge.everything().await, before);
    let log = bridge.log_text();
    assert!(
        log.contains("protected_groups is not in the directory"),
        "{log}"
    );
    client.get(&user).await.resource();
    client.get("/Groups").await.only();
}

async fn no_new_member_for_a_group_nested_in_a_protected_group(place: &Place) {
    // The back door: whoever enters the inner group is in the protected one too.
    let inner = place.plant_group(&place.groups, "Inner", &[]).await;
    let middle = place
        .plant_group(&place.outside, "Middle", &[&inner.dn])
        .await;
    let crew = place
        .plant_group(&place.outside, "Crew", &[&middle.dn])
        .await;
    let bridge = Bridge::start(
        place,
        Options::new().with("guard.protected_groups", vec![crew.dn.as_str()]),
    )
    .await;
    group_is_fenced(&bridge, &inner, "protected-group").await;
}

async fn an_account_that_the_directory_calls_privileged(place: &Place) {
    let bridge = Bridge::start(place, Options::new()).await;
    let olga = place.plant_user(&place.people, "olga").await;
    if place.kind() == Kind::Samba {
        place.admin.set(&olga.dn, "adminCount", &["1"]).await;
        user_is_fenced(&bridge, &olga, "privileged-account").await;
        place.admin.set(&olga.dn, "adminCount", &["0"]).await;
    }
    let operations = json!([{"op": "Replace", "path": "displayName", "value": "Olga O."}]);
    bridge
        .entra()
        .patch(&format!("/Users/{}", olga.id), operations)
        .await
        .resource();
}

/// Nobody has to configure it, and Samba tells of no group what it is nested in.
async fn groups_of_windows_are_fenced_with_what_is_nested_in_them(place: &Place) {
    let inner = place.plant_group(&place.groups, "inner", &[]).await;
    if place.kind() != Kind::Samba {
        // No group is powerful by itself here.
        let bridge = Bridge::start(place, Options::new()).await;
        let path = format!("/Groups/{}", inner.id);
        bridge.entra().delete(&path).await.no_content();
        return;
    }
    let middle = place
        .plant_group(&place.groups, "middle", &[&inner.dn])
        .await;
    // Not one of those that `accounts_that_every_domain_has` compares meanwhile.
    let admins = format!("CN=Schema Admins,CN=Users,{}", place.lab.get("BASE"));
    place.admin.give(&admins, "member", &[&middle.dn]).await;
    let bridge = Bridge::start(place, Options::new()).await;
    for group in [&middle, &inner] {
        group_is_fenced(&bridge, group, "protected-group").await;
    }
}

async fn accounts_that_every_domain_has(place: &Place) {
    if place.kind() != Kind::Samba {
        // There are none; what looks like one by its name is a person like any other.
        let bridge = Bridge::start(place, Options::new()).await;
        let id = create_user(&bridge, "administrator").await;
        bridge
            .entra()
            .delete(&format!("/Users/{id}"))
            .await
            .no_content();
        return;
    }
    let users = format!("CN=Users,{}", place.lab.get("BASE"));
    let options = Options::new()
        .with("resources.User.base", users.as_str())
        .with("resources.User.create_in", users.as_str())
        .with("resources.Group.base", place.lab.get("BASE"))
        .with("resources.Group.create_in", place.groups.as_str());
    let bridge = Bridge::start(place, options).await;
    let client = bridge.entra();
    let rules = [
        "well-known-account",
        "privileged-account",
        "protected-group",
    ];
    let rename = json!([{"op": "Replace", "path": "displayName", "value": "Changed"}]);
    let password = json!([{"op": "replace", "value": {"password": "Changed-7-Password"}}]);
    let door = create_group(&bridge, "Door").await;
    for name in ["Administrator", "krbtgt", "Guest"] {
        let dn = format!("CN={name},{users}");
        let before = place.admin.entry(&dn).await.expect("every domain has it");
        let path = format!("/Users/{}", before.id());
        let add = json!([{"op": "Add", "path": "members", "value": [{"value": before.id()}]}]);
        for answer in [
            client.patch(&path, rename.clone()).await,
            client.patch(&path, password.clone()).await,
            client.delete(&path).await,
            client.patch(&format!("/Groups/{door}"), add).await,
        ] {
            answer.fenced_by_one_of(&rules);
        }
        assert_eq!(place.admin.entry(&dn).await, Some(before));
    }
    assert_eq!(bridge.held(&door).await.members(), Vec::<String>::new());
    let ana = place.plant_user(&users, "ana").await;
    for name in [
        "Domain Admins",
        "Domain Users",
        "Enterprise Admins",
        "DnsAdmins",
    ] {
        let Some(before) = place.admin.entry(&format!("CN={name},{users}")).await else {
            assert_eq!(name, "DnsAdmins", "a domain without DNS has no such group");
            continue;
        };
        let path = format!("/Groups/{}", before.id());
        let add = json!([{"op": "Add", "path": "members", "value": [{"value": ana.id}]}]);
        for answer in [
            client.delete(&path).await,
            client.patch(&path, rename.clone()).await,
            client.patch(&path, add).await,
        ] {
            answer.fenced_by_one_of(&rules);
        }
        assert_eq!(place.admin.entry(&before.dn).await.as_ref(), Some(&before));
    }
    place.admin.delete_tree(&ana.dn).await;
}

async fn the_bridges_own_account(place: &Place) {
    // A service account that lies below the bridge's own base, by a careless administrator's hand.
    let own = place.plant_user(&place.people, "bridge").await;
    let options = Options::new()
        .with("directory.bind_dn", own.dn.as_str())
        .without("directory.bind_password_file")
        .with("directory.bind_password", crate::support::GOOD_PASSWORD);
    let bridge = Bridge::start(place, options).await;
    let before = bridge.held(&own.id).await.without_bookkeeping();
    let client = bridge.entra();
    let path = format!("/Users/{}", own.id);
    for operations in [
        json!([{"op": "Replace", "path": "active", "value": "False"}]),
        json!([{"op": "Replace", "path": "displayName", "value": "Changed"}]),
        json!([{"op": "replace", "value": {"password": "Changed-7-Password"}}]),
        json!([{"op": "Add", "path": format!("{ENTERPRISE}:department"), "value": "Changed"}]),
    ] {
        client.patch(&path, operations).await.fenced("own-account");
    }
    client.delete(&path).await.fenced("own-account");
    let stable = |mut attributes: std::collections::BTreeMap<String, Vec<Vec<u8>>>| {
        attributes.retain(|name, _| !name.to_lowercase().contains("logon"));
        attributes
    };
    assert_eq!(
        stable(bridge.held(&own.id).await.without_bookkeeping()),
        stable(before)
    );
}

async fn a_fenced_entry_can_still_be_read_and_found(place: &Place) {
    let olga = place.plant_user(&place.people, "olga").await;
    if place.kind() == Kind::Samba {
        place
            .admin
            .modify(
                &olga.dn,
                vec![ldap3::Mod::Replace(
                    b"adminCount".to_vec(),
                    one("1").into_iter().collect(),
                )],
            )
            .await;
    }
    let bridge = Bridge::start(
        place,
        Options::new().with("guard.protected_entries", vec![olga.dn.as_str()]),
    )
    .await;
    assert_eq!(
        bridge
            .entra()
            .get(&format!("/Users/{}", olga.id))
            .await
            .resource()["userName"],
        olga.name.as_str()
    );
    let found = bridge
        .entra()
        .filter("/Users", &format!("userName eq \"{}\"", olga.name))
        .await;
    assert_eq!(found.only()["id"], olga.id.as_str());
    // Its name is taken, as any other's; where the name makes the DN, the fence already says so.
    let mut ana = entra_user(&bridge, "ana");
    ana["userName"] = json!(olga.name);
    let answer = bridge.entra().post("/Users", ana).await;
    match place.kind() {
        Kind::OpenLdap | Kind::Ds389 => answer.fenced("protected-entry"),
        Kind::Samba => answer.conflict("userName"),
    }
    assert_eq!(bridge.count(&bridge.people).await, 1);
}

/// Counted in requests to the directory.
async fn writes_side_by_side_ask_once_what_is_fenced(place: &Place) {
    const SIDE_BY_SIDE: u64 = 12;
    let mut crew = place.plant_group(&place.outside, "Crew 0", &[]).await;
    for level in 1..10 {
        let name = format!("Crew {level}");
        crew = place.plant_group(&place.outside, &name, &[&crew.dn]).await;
    }
    let options = Options::new().with("guard.protected_groups", vec![crew.dn.as_str()]);
    let bridge = Bridge::start(place, options).await;
    let mut users = Vec::new();
    for number in 0..SIDE_BY_SIDE {
        users.push(create_user(&bridge, &format!("u{number}")).await);
    }
    let cost = async |users: &[String], title: &str| -> u64 {
        let before = bridge.round_trips().await;
        let client = bridge.entra();
        let writes = users.iter().map(|id| {
            let change = json!([{"op": "Replace", "path": "title", "value": title}]);
            let path = format!("/Users/{id}");
            let client = &client;
            async move { client.patch(&path, change).await.resource().clone() }
        });
        join_all(writes).await;
        bridge.round_trips().await - before
    };
    let grow_stale = || tokio::time::sleep(Duration::from_millis(5_100));
    grow_stale().await;
    let with_fences = cost(&users[..1], "first").await;
    // At the least of three: on a slow machine the fences may have to be asked again meanwhile.
    let mut without = u64::MAX;
    for title in ["second", "third", "fourth"] {
        without = without.min(cost(&users[..1], title).await);
    }
    let fences = with_fences - without;
    assert!(
        fences >= 10,
        "a search for each group: {with_fences} and {without}"
    );
    grow_stale().await;
    let all = cost(&users, "fifth").await;
    // Once, and a few times more where the writes themselves take longer than the fences are believed.
    assert!(
        all <= SIDE_BY_SIDE * without + 4 * fences,
        "{all}, where one costs {without}, and the fences {fences}"
    );
}
