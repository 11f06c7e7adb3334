//! The directory's own conflict is the check, and it is told apart: 409 names the attribute that is taken.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::admin::one;
use crate::support::people::{create_user, entra_group, entra_user};
use crate::support::{Bridge, ENTERPRISE, Kind, Options, Place, both};

both!(stories: [
    a_name_that_is_taken_outside_the_base_is_a_conflict,
    a_taken_dn_is_told_apart_from_a_taken_name,
    an_account_name_that_is_taken_is_evaded_or_told,
    two_creates_at_the_same_moment_make_one_user,
    a_group_name_taken_outside_the_base,
    a_namesake_of_the_manager_gets_another_name,
    a_group_name_taken_in_another_ou_of_the_base_is_a_conflict,
] places: [
    a_person_takes_no_name_from_a_group,
    a_mail_that_is_taken_is_a_conflict_naming_the_mail,
    a_mail_taken_by_an_update_is_a_conflict_naming_the_mail,
]);

async fn a_name_that_is_taken_outside_the_base_is_a_conflict(bridge: &Bridge) {
    // uid in OpenLDAP's whole suffix, userPrincipalName in the whole forest: the bridge cannot see who has it.
    let olga = bridge.plant_user(&bridge.outside, "olga").await;
    let before = bridge.everything().await;
    let mut user = entra_user(bridge, "ana");
    user["userName"] = json!(olga.name);
    bridge
        .entra()
        .post("/Users", user)
        .await
        .conflict("userName");
    assert_eq!(bridge.everything().await, before);
}

/// A bridge whose mapping calls the work mail unique: OpenLDAP and 389 DS enforce that here, Active Directory does not, so the
/// bridge has to look first.
async fn bridge_with_unique_mail(place: &Place) -> Bridge {
    let options = match place.kind() {
        Kind::OpenLdap | Kind::Ds389 => Options::new(),
        Kind::Samba => Options::new().edit_mapping(
            "{ ldap = \"mail\", primary = true,",
            "{ ldap = \"mail\", unique = \"bridge\", primary = true,",
        ),
    };
    Bridge::start(place, options).await
}

async fn a_mail_that_is_taken_is_a_conflict_naming_the_mail(place: &Place) {
    let bridge = bridge_with_unique_mail(place).await;
    create_user(&bridge, "ana").await;
    let mut bo = entra_user(&bridge, "bo");
    bo["emails"][0]["value"] = json!(bridge.name("ana").to_uppercase());
    bridge.entra().post("/Users", bo).await.conflict("emails");
    assert_eq!(bridge.count(&bridge.people).await, 1);
}

async fn a_mail_taken_by_an_update_is_a_conflict_naming_the_mail(place: &Place) {
    let bridge = bridge_with_unique_mail(place).await;
    create_user(&bridge, "ana").await;
    let bo = create_user(&bridge, "bo").await;
    let before = bridge.held(&bo).await;
    let operations = json!([
        {"op": "Replace", "path": "title", "value": "Engineer"},
        {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": bridge.name("ana")}
    ]);
    bridge
        .entra()
        .patch(&format!("/Users/{bo}"), operations)
        .await
        .conflict("emails");
    assert_eq!(bridge.held(&bo).await, before);
    // One's own mail is no conflict.
    let operations = json!([{"op": "Replace", "path": "emails[type eq \"work\"].value", "value": bridge.name("bo")}]);
    bridge
        .entra()
        .patch(&format!("/Users/{bo}"), operations)
        .await
        .resource();
}

async fn a_taken_dn_is_told_apart_from_a_taken_name(bridge: &Bridge) {
    // Two people of the same name: the RDN of Active Directory is taken, the person is not.
    let mut second = entra_user(bridge, "bo");
    for field in ["displayName", "name"] {
        second[field] = entra_user(bridge, "ana")[field].clone();
    }
    let ana = create_user(bridge, "ana").await;
    let bo = bridge
        .entra()
        .post("/Users", second)
        .await
        .created("/Users");
    assert_ne!(
        bridge.held(&ana).await.dn,
        bridge.held(&bo).await.dn,
        "two entries"
    );
    bridge.held(&bo).await.holds(&[
        ("displayName", "Ana Ruiz"),
        ("userName", &bridge.name("bo")),
    ]);
}

async fn an_account_name_that_is_taken_is_evaded_or_told(bridge: &Bridge) {
    if bridge.kind() != Kind::Samba {
        // There is no account name beside uid: a person who is in the way by DN, without the name.
        let dn = format!("uid={},{}", bridge.name("ana"), bridge.people);
        bridge
            .admin
            .add(
                &dn,
                vec![
                    ("objectClass", one("account")),
                    ("uid", one(bridge.name("ana"))),
                ],
            )
            .await;
        bridge
            .entra()
            .post("/Users", entra_user(bridge, "ana"))
            .await
            .conflict("userName");
        assert_eq!(bridge.count(&bridge.people).await, 1);
        return;
    }
    // Somebody outside the base has the account name that would be generated.
    let free = bridge
        .entra()
        .post("/Users", entra_user(bridge, "ana"))
        .await
        .created("/Users");
    let account = bridge
        .held(&free)
        .await
        .text("sAMAccountName")
        .expect("an account name");
    bridge
        .entra()
        .delete(&format!("/Users/{free}"))
        .await
        .no_content();
    let olga = bridge.plant_user(&bridge.outside, "olga").await;
    bridge
        .admin
        .set(&olga.dn, "sAMAccountName", &[&account])
        .await;

    let answer = bridge
        .entra()
        .post("/Users", entra_user(bridge, "ana"))
        .await;

    if answer.status == 201 {
        let entry = bridge.held(&answer.created("/Users")).await;
        let other = entry.text("sAMAccountName").expect("an account name");
        assert_ne!(other.to_lowercase(), account.to_lowercase());
        assert!(other.len() <= 20 && !other.starts_with('$'), "{other}");
        entry.holds(&[("userName", &bridge.name("ana"))]);
    } else {
        answer.conflict("sAMAccountName");
        assert_eq!(bridge.count(&bridge.people).await, 0);
    }
}

async fn two_creates_at_the_same_moment_make_one_user(bridge: &Bridge) {
    let client = bridge.entra();
    let attempts = join_all((0..8).map(|_| client.post("/Users", entra_user(bridge, "ana")))).await;
    let created = attempts
        .iter()
        .filter(|answer| answer.status == 201)
        .count();
    assert_eq!(
        created,
        1,
        "{:?}",
        attempts
            .iter()
            .map(|answer| answer.status)
            .collect::<Vec<_>>()
    );
    for answer in attempts.iter().filter(|answer| answer.status != 201) {
        answer.conflict("userName");
    }
    assert_eq!(bridge.count(&bridge.people).await, 1);
}

async fn a_group_name_taken_outside_the_base(bridge: &Bridge) {
    // In Active Directory a group's account name is unique in the domain; elsewhere a cn is not.
    bridge.plant_group(&bridge.outside, "Ops", &[]).await;
    let answer = bridge
        .entra()
        .post("/Groups", entra_group(bridge, "Ops"))
        .await;
    if answer.status == 201 {
        let entry = bridge.held(&answer.created("/Groups")).await;
        entry.holds(&[("group.displayName", &bridge.group_name("Ops"))]);
    } else {
        assert_eq!(bridge.kind(), Kind::Samba, "{}", answer.text);
        answer.conflict("displayName");
        assert_eq!(bridge.count(&bridge.groups).await, 0);
    }
}

/// Where the name is made of the displayName, the manager's own entry has the first one that is proposed.
async fn a_namesake_of_the_manager_gets_another_name(bridge: &Bridge) {
    let manager = create_user(bridge, "ana").await;
    let mut ids = vec![manager.clone()];
    for first in ["bo", "cy"] {
        let mut user = entra_user(bridge, first);
        user["displayName"] = json!("Ana Ruiz");
        user[ENTERPRISE] = json!({"manager": {"value": manager}});
        let answer = bridge.entra().post("/Users", user.clone()).await;
        ids.push(answer.created("/Users"));
        let dn = bridge.held(&manager).await.dn;
        assert_eq!(
            bridge.held(&ids[ids.len() - 1]).await.texts("manager"),
            [dn]
        );

        // The same once more, as a provider sends it whose first answer was lost.
        let before = bridge.everything().await;
        bridge
            .entra()
            .post("/Users", user)
            .await
            .conflict("userName");
        assert_eq!(bridge.everything().await, before);
    }

    // The manager's very name, which is the entry's in some directories.
    let mut twin = entra_user(bridge, "ana");
    twin[ENTERPRISE] = json!({"manager": {"value": manager}});
    bridge
        .entra()
        .post("/Users", twin)
        .await
        .conflict("userName");
    let rename = json!([
        {"op": "replace", "path": format!("{ENTERPRISE}:manager"), "value": ids[2]},
        {"op": "replace", "path": "userName", "value": bridge.name("cy")},
    ]);
    let answer = bridge
        .entra()
        .patch(&format!("/Users/{}", ids[1]), rename)
        .await;
    answer.conflict("userName");
    assert_eq!(bridge.count(&bridge.people).await, 3);
}

/// The directory keeps it unique in one OU only.
async fn a_group_name_taken_in_another_ou_of_the_base_is_a_conflict(bridge: &Bridge) {
    let branch = format!("ou=Branch,{}", bridge.groups);
    bridge.plant_ou(&branch).await;
    let ops = bridge.plant_group(&branch, "Ops", &[]).await;
    if bridge.kind() == Kind::Samba {
        // Else the domain would find its account name taken.
        bridge
            .admin
            .set(&ops.dn, "sAMAccountName", &[&bridge.group_name("x")])
            .await;
    }
    let dev = bridge
        .entra()
        .post("/Groups", entra_group(bridge, "Dev"))
        .await
        .created("/Groups");
    let before = bridge.everything().await;
    bridge
        .entra()
        .post("/Groups", entra_group(bridge, "Ops"))
        .await
        .conflict("displayName");
    let rename = json!([{"op": "Replace", "path": "displayName", "value": ops.name}]);
    bridge
        .entra()
        .patch(&format!("/Groups/{dev}"), rename)
        .await
        .conflict("displayName");
    assert_eq!(bridge.everything().await, before);
}

async fn a_person_takes_no_name_from_a_group(place: &Place) {
    let options = Options::new()
        .with("resources.User.base", place.root.as_str())
        .with("resources.User.create_in", place.people.as_str())
        .with("resources.Group.base", place.root.as_str())
        .with("resources.Group.create_in", place.groups.as_str());
    let bridge = Bridge::start(place, options).await;
    let mut ana = entra_user(&bridge, "ana");
    ana["displayName"] = json!(bridge.group_name("Ops"));
    ana["name"] =
        json!({"givenName": "Ana", "familyName": "Ruiz", "formatted": ana["displayName"]});
    let ana = bridge.entra().post("/Users", ana).await.created("/Users");
    assert_eq!(
        bridge.held(&ana).await.texts("cn"),
        [bridge.group_name("Ops")]
    );
    let answer = bridge
        .entra()
        .post("/Groups", entra_group(&bridge, "Ops"))
        .await;
    answer.created("/Groups");
}
