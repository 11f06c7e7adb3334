//! Others change the directory between the bridge's reading and its writing: the write reaches the entry that was meant,
//! what is so already is success, and what others did stays.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::admin::{Attributes, many, one};
use crate::support::gate::{Gate, Write};
use crate::support::people::{create_group, create_group_of, create_user, entra_group, names_of};
use crate::support::{Answer, Bridge, GROUP, Kind, Options, Place, both};

both!(places: [
    a_rename_is_not_for_whoever_has_the_name_by_then,
    what_is_gone_by_then_is_not_found,
    a_rename_that_others_did_meanwhile_is_done,
    members_are_for_the_group_that_was_meant,
    a_new_member_is_not_whoever_has_the_name_by_then,
    a_new_member_who_is_gone_by_then_is_told_and_leaves_no_dead_name,
    a_member_who_is_gone_by_then_is_removed,
    whom_others_lock_while_the_password_is_set_stays_locked,
    members_who_came_and_went_meanwhile_are_no_fault_and_others_stay,
]);

/// Not in 389 DS: it takes no condition with a change and no id for a name, and what it did to somebody else cannot be taken
/// back (docs/operations.md says so).
mod with_a_condition_or_an_id {
    use super::*;
    use crate::support::run::in_a_place;

    #[test]
    fn openldap_changes_the_entry_that_was_meant() {
        in_a_place(Kind::OpenLdap, a_change_is_for_the_entry_that_was_meant);
    }

    #[test]
    fn openldap_deletes_the_entry_that_was_meant() {
        in_a_place(Kind::OpenLdap, a_deletion_is_for_the_entry_that_was_meant);
    }

    #[test]
    fn samba_changes_the_entry_that_was_meant() {
        in_a_place(Kind::Samba, a_change_is_for_the_entry_that_was_meant);
    }

    #[test]
    fn samba_deletes_the_entry_that_was_meant() {
        in_a_place(Kind::Samba, a_deletion_is_for_the_entry_that_was_meant);
    }
}

pub(super) async fn behind_a_gate(place: &Place) -> (Gate, Bridge) {
    let gate = Gate::to(place.lab).await;
    let options = Options::new()
        .with("directory.urls", vec![gate.url()])
        .with("directory.operation_timeout", "90s");
    (gate, Bridge::start(place, options).await)
}

/// The request's answer, with something done between the moment its write is sent and the moment it is carried out.
pub(super) async fn overtaken(
    gate: &mut Gate,
    write: Write,
    request: impl Future<Output = Answer>,
    meanwhile: impl Future<Output = ()>,
) -> Answer {
    gate.watch(write);
    let overtake = async {
        let arrival = tokio::time::timeout(Duration::from_secs(180), gate.arrival());
        let arrival = arrival.await.expect("the write is sent");
        meanwhile.await;
        arrival.pass();
    };
    tokio::join!(request, overtake).0
}

/// The administrator gives the entry another name, and its old one to a new entry; answers that one's id.
pub(super) async fn replace_by_a_stranger(bridge: &Bridge, id: &str) -> String {
    let before = bridge.held(id).await;
    let (rdn, _) = before.dn.split_once(',').expect("a DN has a parent");
    let (attribute, name) = rdn.split_once('=').expect("a name has a value");
    let moved = format!("{attribute}=moved.{}", bridge.tag);
    bridge.admin.rename(&before.dn, &moved, None).await;
    let is_group = !before.has("sn");
    let account = format!("new.{}", bridge.tag);
    let mut attributes: Attributes<'_> = match (bridge.kind(), is_group) {
        (Kind::Samba, true) => vec![("objectClass", one("group"))],
        (Kind::Samba, false) => vec![
            ("objectClass", one("user")),
            ("sn", one("Stranger")),
            ("userAccountControl", one("514")),
        ],
        (_, true) => vec![("objectClass", one("groupOfNames")), ("cn", one(name))],
        (_, false) => vec![
            ("objectClass", one("inetOrgPerson")),
            ("uid", one(name)),
            ("cn", one("Stranger")),
            ("sn", one("Stranger")),
        ],
    };
    match bridge.kind() {
        Kind::Samba => attributes.push(("sAMAccountName", one(&account))),
        // A group of nobody.
        Kind::OpenLdap if is_group => attributes.push(("member", many(&[""]))),
        Kind::OpenLdap | Kind::Ds389 => {}
    }
    bridge.admin.add(&before.dn, attributes).await;
    let stranger = bridge.admin.entry(&before.dn).await.expect("just added");
    assert_ne!(stranger.id(), id);
    stranger.id()
}

pub(super) fn values(ids: &[&str]) -> Vec<Value> {
    ids.iter().map(|id| json!({"value": id})).collect()
}

pub(super) fn add(ids: &[&str]) -> Value {
    json!([{"op": "Add", "path": "members", "value": values(ids)}])
}

async fn a_change_is_for_the_entry_that_was_meant(place: &Place) {
    let (mut gate, bridge) = behind_a_gate(place).await;
    let ana = create_user(&bridge, "ana").await;
    let client = bridge.entra();
    let (path, mut stranger) = (format!("/Users/{ana}"), String::new());
    let operations = json!([{"op": "Replace", "path": "title", "value": "Engineer"}]);
    let answer = overtaken(
        &mut gate,
        Write::Modify,
        client.patch(&path, operations),
        async { stranger = replace_by_a_stranger(&bridge, &ana).await },
    )
    .await;
    assert_eq!(answer.resource()["id"], ana.as_str());
    bridge.held(&ana).await.holds(&[("title", "Engineer")]);
    bridge.held(&stranger).await.lacks(&["title"]);
}

async fn a_deletion_is_for_the_entry_that_was_meant(place: &Place) {
    let (mut gate, bridge) = behind_a_gate(place).await;
    let ana = create_user(&bridge, "ana").await;
    let client = bridge.entra();
    let (path, mut stranger) = (format!("/Users/{ana}"), String::new());
    let answer = overtaken(&mut gate, Write::Delete, client.delete(&path), async {
        stranger = replace_by_a_stranger(&bridge, &ana).await;
    })
    .await;
    answer.no_content();
    assert_eq!(bridge.admin.by_id(&ana).await, None);
    bridge.held(&stranger).await;
}

async fn a_rename_is_not_for_whoever_has_the_name_by_then(place: &Place) {
    let (mut gate, bridge) = behind_a_gate(place).await;
    let ops = create_group(&bridge, "Ops").await;
    let client = bridge.entra();
    let (path, mut stranger) = (format!("/Groups/{ops}"), String::new());
    let name = bridge.group_name("Renamed");
    let operations = json!([{"op": "Replace", "path": "displayName", "value": name}]);
    let answer = overtaken(
        &mut gate,
        Write::Rename,
        client.patch(&path, operations),
        async { stranger = replace_by_a_stranger(&bridge, &ops).await },
    )
    .await;
    answer.accepted();
    let renamed = bridge.held(&ops).await;
    renamed.holds(&[("group.displayName", &name)]);
    let stranger = bridge.held(&stranger).await;
    stranger.holds(&[("group.displayName", &bridge.group_name("Ops"))]);
}

async fn what_is_gone_by_then_is_not_found(place: &Place) {
    let (mut gate, bridge) = behind_a_gate(place).await;
    let client = bridge.entra();
    let operations = json!([{"op": "Replace", "path": "title", "value": "Engineer"}]);
    for write in [Write::Modify, Write::Delete] {
        let ana = create_user(&bridge, "ana").await;
        let (dn, path) = (bridge.held(&ana).await.dn, format!("/Users/{ana}"));
        let request = async {
            match write {
                Write::Delete => client.delete(&path).await,
                _ => client.patch(&path, operations.clone()).await,
            }
        };
        let gone = bridge.admin.delete_tree(&dn);
        let answer = overtaken(&mut gate, write, request, gone).await;
        answer.not_found();
        assert_eq!(bridge.count(&bridge.people).await, 0, "{write:?}");
    }
}

/// Also where the other group has the new member already, or never had the one who goes: that is no sign of success, and it
/// is not taken back from it.
async fn members_are_for_the_group_that_was_meant(place: &Place) {
    let (mut gate, bridge) = behind_a_gate(place).await;
    let (ana, bo) = (
        create_user(&bridge, "ana").await,
        create_user(&bridge, "bo").await,
    );
    let ana_dn = bridge.held(&ana).await.dn;
    let client = bridge.entra();
    let remove = json!([{"op": "Remove", "path": "members", "value": values(&[&bo])}]);
    for (name, operations, after) in [
        ("Ops", add(&[&ana]), vec![&ana, &bo]),
        ("Dev", remove, vec![]),
    ] {
        let group = create_group_of(&bridge, name, &[&bo]).await;
        let (dn, path) = (bridge.held(&group).await.dn, format!("/Groups/{group}"));
        let mut stranger = String::new();
        let request = client.patch(&path, operations);
        let answer = overtaken(&mut gate, Write::Modify, request, async {
            stranger = replace_by_a_stranger(&bridge, &group).await;
            bridge
                .admin
                .give(&dn, "member", std::slice::from_ref(&ana_dn))
                .await;
        })
        .await;
        answer.accepted();
        let after: Vec<&str> = after.into_iter().map(String::as_str).collect();
        assert_eq!(
            bridge.held(&group).await.members(),
            names_of(&bridge, &after).await,
            "{name}"
        );
        assert_eq!(
            bridge.held(&stranger).await.members(),
            names_of(&bridge, &[&ana]).await,
            "{name}"
        );
        bridge.admin.delete_tree(&dn).await;
        bridge
            .admin
            .delete_tree(&bridge.held(&group).await.dn)
            .await;
    }
}

/// Two providers' workers with the same errand: the second finds it done, and nobody else in its way.
async fn a_rename_that_others_did_meanwhile_is_done(place: &Place) {
    let (mut gate, bridge) = behind_a_gate(place).await;
    let ops = create_group(&bridge, "Ops").await;
    let dn = bridge.held(&ops).await.dn;
    let client = bridge.entra();
    let (path, name) = (format!("/Groups/{ops}"), bridge.group_name("Renamed"));
    let operations = json!([{"op": "Replace", "path": "displayName", "value": name}]);
    let rdn = format!("cn={name}");
    let answer = overtaken(
        &mut gate,
        Write::Rename,
        client.patch(&path, operations),
        bridge.admin.rename(&dn, &rdn, None),
    )
    .await;
    answer.accepted();
    let renamed = bridge.held(&ops).await;
    renamed.holds(&[("group.displayName", &name)]);

    // A name that nobody else in the directory may have.
    let ana = create_user(&bridge, "ana").await;
    let dn = bridge.held(&ana).await.dn;
    let (path, name) = (format!("/Users/{ana}"), bridge.name("anita"));
    let operations = json!([{"op": "Replace", "path": "userName", "value": name}]);
    let rdn = format!("uid={name}");
    let answer = overtaken(
        &mut gate,
        bridge.kind().pick(Write::Rename, Write::Modify),
        client.patch(&path, operations),
        async {
            match bridge.kind() {
                Kind::Samba => bridge.admin.set(&dn, "userPrincipalName", &[&name]).await,
                Kind::OpenLdap | Kind::Ds389 => bridge.admin.rename(&dn, &rdn, None).await,
            }
        },
    )
    .await;
    assert_eq!(answer.resource()["userName"], name.as_str());
}

async fn a_new_member_is_not_whoever_has_the_name_by_then(place: &Place) {
    let (mut gate, bridge) = behind_a_gate(place).await;
    let client = bridge.entra();
    let (ops, dev) = (
        create_group(&bridge, "Ops").await,
        create_group(&bridge, "Dev").await,
    );
    let put = json!({"schemas": [GROUP], "displayName": bridge.group_name("Dev"), "members": Value::Null});
    for (number, write) in [Write::Modify, Write::Modify, Write::Add]
        .into_iter()
        .enumerate()
    {
        let ana = create_user(&bridge, &format!("ana{number}")).await;
        let request = async {
            let (path, mut put) = (format!("/Groups/{dev}"), put.clone());
            put["members"] = json!(values(&[&ana]));
            let mut new = entra_group(&bridge, "New");
            new["members"] = put["members"].clone();
            match number {
                0 => client.patch(&format!("/Groups/{ops}"), add(&[&ana])).await,
                1 => client.put(&path, put).await,
                _ => client.post("/Groups", new).await,
            }
        };
        let mut stranger = String::new();
        let answer = overtaken(&mut gate, write, request, async {
            stranger = replace_by_a_stranger(&bridge, &ana).await;
        })
        .await;
        let group = match number {
            0 => ops.clone(),
            1 => dev.clone(),
            _ => answer.created("/Groups"),
        };
        assert!([200, 201, 204].contains(&answer.status), "{}", answer.text);
        assert_eq!(
            bridge.held(&group).await.members(),
            names_of(&bridge, &[&ana]).await,
            "{number}"
        );
        bridge
            .admin
            .delete_tree(&bridge.held(&stranger).await.dn)
            .await;
        bridge.admin.delete_tree(&bridge.held(&ana).await.dn).await;
    }
}

async fn a_new_member_who_is_gone_by_then_is_told_and_leaves_no_dead_name(place: &Place) {
    let (mut gate, bridge) = behind_a_gate(place).await;
    let (ana, bo) = (
        create_user(&bridge, "ana").await,
        create_user(&bridge, "bo").await,
    );
    let ops = create_group_of(&bridge, "Ops", &[&bo]).await;
    let dn = bridge.held(&ana).await.dn;
    let client = bridge.entra();
    let path = format!("/Groups/{ops}");
    let answer = overtaken(
        &mut gate,
        Write::Modify,
        client.patch(&path, add(&[&ana])),
        bridge.admin.delete_tree(&dn),
    )
    .await;
    let detail = answer.bad_request("invalidValue");
    let by_name = detail.contains("`members.value`") && detail.contains(&ana);
    // Active Directory takes no id of nobody, and does not say which it was.
    let by_id = detail.contains("refers to an entry that does not exist any more");
    assert!(bridge.kind().pick(by_name, by_id), "{detail}");
    assert_eq!(
        bridge.held(&ops).await.members(),
        names_of(&bridge, &[&bo]).await
    );
}

async fn a_member_who_is_gone_by_then_is_removed(place: &Place) {
    let (mut gate, bridge) = behind_a_gate(place).await;
    let (ana, bo) = (
        create_user(&bridge, "ana").await,
        create_user(&bridge, "bo").await,
    );
    let ops = create_group_of(&bridge, "Ops", &[&ana, &bo]).await;
    let dn = bridge.held(&ana).await.dn;
    let client = bridge.entra();
    let path = format!("/Groups/{ops}");
    let remove = json!([{"op": "Remove", "path": "members", "value": values(&[&ana])}]);
    let answer = overtaken(
        &mut gate,
        Write::Modify,
        client.patch(&path, remove),
        bridge.admin.delete_tree(&dn),
    )
    .await;
    answer.accepted();
    assert_eq!(
        bridge.held(&ops).await.members(),
        names_of(&bridge, &[&bo]).await
    );
}

/// OpenLDAP's password policy takes the lock of whoever gets a new password, also one that failed attempts made.
async fn whom_others_lock_while_the_password_is_set_stays_locked(place: &Place) {
    let (mut gate, bridge) = behind_a_gate(place).await;
    let client = bridge.okta();
    let (attribute, locked) = match bridge.kind() {
        Kind::OpenLdap => ("pwdAccountLockedTime", "000001010000Z"),
        Kind::Ds389 => ("nsAccountLock", "true"),
        Kind::Samba => ("userAccountControl", "514"),
    };
    for (first, by_attempts) in [("ana", false), ("bo", true)] {
        let id = create_user(&bridge, first).await;
        let path = format!("/Users/{id}");
        let dn = bridge.held(&id).await.dn;
        if by_attempts && bridge.kind() == Kind::OpenLdap {
            let moment = "20260101000000Z";
            bridge.admin.set(&dn, attribute, &[moment]).await;
        }
        let password = json!([{"op": "replace", "path": "password", "value": "An0ther-Pass-Word"}]);
        let answer = overtaken(
            &mut gate,
            Write::Modify,
            client.patch(&path, password),
            bridge.admin.set(&dn, attribute, &[locked]),
        )
        .await;
        answer.accepted();
        let now = client.get(&path).await;
        assert_eq!(now.resource()["active"], false, "{first}");
        assert_ne!(bridge.admin.bind_as(&dn, "An0ther-Pass-Word").await, 0);
        let enable = json!([{"op": "replace", "path": "active", "value": true}]);
        client.patch(&path, enable).await.accepted();
        assert_eq!(bridge.admin.bind_as(&dn, "An0ther-Pass-Word").await, 0);
    }
}

async fn members_who_came_and_went_meanwhile_are_no_fault_and_others_stay(place: &Place) {
    let (mut gate, bridge) = behind_a_gate(place).await;
    let mut ids = Vec::new();
    for first in ["ana", "bo", "cy", "dee"] {
        ids.push(create_user(&bridge, first).await);
    }
    let [ana, bo, cy, dee] = &ids[..] else {
        panic!("four people");
    };
    let ops = create_group_of(&bridge, "Ops", &[cy]).await;
    let group = bridge.held(&ops).await.dn;
    let client = bridge.entra();
    let path = format!("/Groups/{ops}");
    let body = json!({"schemas": [GROUP], "displayName": bridge.group_name("Ops"), "members": values(&[ana, bo])});
    // Somebody else does a part of it, and something of its own.
    let answer = overtaken(&mut gate, Write::Modify, client.put(&path, body), async {
        for id in [ana, dee] {
            let dn = bridge.held(id).await.dn;
            bridge.admin.give(&group, "member", &[dn]).await;
        }
        let dn = bridge.held(cy).await.dn;
        let gone = ldap3::Mod::Delete(b"member".to_vec(), [dn.into_bytes()].into());
        bridge.admin.modify(&group, vec![gone]).await;
    })
    .await;
    answer.accepted();
    assert_eq!(
        bridge.held(&ops).await.members(),
        names_of(&bridge, &[ana, bo, dee]).await
    );
}
