//! References are written by name in OpenLDAP and 389 DS. Whoever is renamed between the look-up of the name and the write
//! is meant all the same, and nobody else is.

use serde_json::json;

use super::races::{add, behind_a_gate, overtaken, replace_by_a_stranger, values};
use crate::support::gate::{Gate, Write};
use crate::support::people::{create_group, create_group_of, create_user, entra_user, names_of};
use crate::support::{Answer, Bridge, ENTERPRISE, GROUP, Kind, Place, both};

both!(places: [
    a_member_who_has_another_name_by_then_is_removed,
    a_member_who_has_the_name_of_another_by_then_stays,
    a_new_member_who_is_gone_is_told_though_another_has_the_name,
    a_manager_is_not_whoever_has_the_name_by_then,
    a_manager_who_was_replaced_does_not_stay_under_the_name_of_the_new_one,
    a_manager_who_is_gone_by_then_is_none,
]);

/// Gives the entry another name, nothing else.
async fn rename(bridge: &Bridge, id: &str) {
    let dn = bridge.held(id).await.dn;
    let (attribute, _) = dn.split_once('=').expect("a name has a value");
    let moved = format!("{attribute}=moved.{}", bridge.tag);
    bridge.admin.rename(&dn, &moved, None).await;
}

/// Gives an entry the name of another one, which must be free.
async fn rename_to(bridge: &Bridge, id: &str, other: &str) {
    let (rdn, _) = other.split_once(',').expect("a DN has a parent");
    let dn = bridge.held(id).await.dn;
    bridge.admin.rename(&dn, rdn, None).await;
}

/// The answer to a PUT that puts Ana beside Bo into a group, with something done to both before it is carried out; the
/// group, Ana and Bo.
async fn put_beside(
    bridge: &Bridge,
    gate: &mut Gate,
    meanwhile: impl AsyncFnOnce(&str, &str),
) -> (Answer, [String; 3]) {
    let (ana, bo) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
    );
    let ops = create_group_of(bridge, "Ops", &[&bo]).await;
    let name = bridge.group_name("Ops");
    let put = json!({"schemas": [GROUP], "displayName": name, "members": values(&[&ana, &bo])});
    let (client, path) = (bridge.entra(), format!("/Groups/{ops}"));
    let answer = overtaken(
        gate,
        Write::Modify,
        client.put(&path, put),
        meanwhile(&ana, &bo),
    )
    .await;
    (answer, [ops, ana, bo])
}

async fn a_member_who_has_another_name_by_then_is_removed(place: &Place) {
    let (mut gate, bridge) = behind_a_gate(place).await;
    let client = bridge.entra();
    let ops = create_group(&bridge, "Ops").await;
    let bo = create_user(&bridge, "bo").await;
    for by_put in [false, true] {
        let ana = create_user(&bridge, "ana").await;
        client
            .patch(&format!("/Groups/{ops}"), add(&[&ana, &bo]))
            .await
            .accepted();
        let request = async {
            let path = format!("/Groups/{ops}");
            if by_put {
                let name = bridge.group_name("Ops");
                let put =
                    json!({"schemas": [GROUP], "displayName": name, "members": values(&[&bo])});
                return client.put(&path, put).await;
            }
            let remove = json!([{"op": "Remove", "path": "members", "value": values(&[&ana])}]);
            client.patch(&path, remove).await
        };
        let renamed = rename(&bridge, &ana);
        let answer = overtaken(&mut gate, Write::Modify, request, renamed).await;
        answer.accepted();
        if by_put {
            let members = &answer.resource()["members"];
            assert_eq!(members.as_array().map(Vec::len), Some(1), "{members}");
        }
        assert_eq!(
            bridge.held(&ops).await.members(),
            names_of(&bridge, &[&bo]).await,
            "by_put: {by_put}"
        );
        bridge.admin.delete_tree(&bridge.held(&ana).await.dn).await;
    }
}

/// The directory writes a renamed member's new name into the group. By that name another was to be added.
async fn a_member_who_has_the_name_of_another_by_then_stays(place: &Place) {
    let (mut gate, bridge) = behind_a_gate(place).await;
    let meanwhile = async |ana: &str, bo: &str| {
        let old = bridge.held(ana).await.dn;
        rename(&bridge, ana).await;
        rename_to(&bridge, bo, &old).await;
    };
    let (answer, [ops, ana, bo]) = put_beside(&bridge, &mut gate, meanwhile).await;
    answer.accepted();
    let members = bridge.held(&ops).await.members();
    assert_eq!(members, names_of(&bridge, &[&ana, &bo]).await);
}

async fn a_new_member_who_is_gone_is_told_though_another_has_the_name(place: &Place) {
    let (mut gate, bridge) = behind_a_gate(place).await;
    let meanwhile = async |ana: &str, bo: &str| {
        let old = bridge.held(ana).await.dn;
        bridge.admin.delete_tree(&old).await;
        rename_to(&bridge, bo, &old).await;
    };
    let (answer, [ops, _, bo]) = put_beside(&bridge, &mut gate, meanwhile).await;
    answer.bad_request("invalidValue");
    let members = bridge.held(&ops).await.members();
    assert_eq!(members, names_of(&bridge, &[&bo]).await);
}

async fn a_manager_is_not_whoever_has_the_name_by_then(place: &Place) {
    let (mut gate, bridge) = behind_a_gate(place).await;
    let client = bridge.entra();
    let bo = create_user(&bridge, "bo").await;
    for write in [Write::Modify, Write::Add] {
        let boss = create_user(&bridge, "boss").await;
        let request = async {
            if write as u8 == Write::Add as u8 {
                let mut new = entra_user(&bridge, "cy");
                new[ENTERPRISE]["manager"] = json!({"value": boss});
                return client.post("/Users", new).await;
            }
            let path = format!("{ENTERPRISE}:manager");
            let operations = json!([{"op": "Add", "path": path, "value": boss}]);
            client.patch(&format!("/Users/{bo}"), operations).await
        };
        let mut stranger = String::new();
        let answer = overtaken(&mut gate, write, request, async {
            stranger = replace_by_a_stranger(&bridge, &boss).await;
        })
        .await;
        assert!([200, 201].contains(&answer.status), "{}", answer.text);
        let manager = &answer.body[ENTERPRISE]["manager"]["value"];
        assert_eq!(manager, boss.as_str(), "{write:?}");
        let id = answer.body["id"].as_str().expect("an id");
        let held = bridge.held(id).await.scim("manager");
        let boss = bridge.held(&boss).await.dn;
        assert_eq!(held.map(|dn| dn.to_lowercase()), Some(boss.to_lowercase()));
        let stranger = bridge.held(&stranger).await.dn;
        bridge.admin.delete_tree(&stranger).await;
        bridge.admin.delete_tree(&boss).await;
    }
}

async fn a_manager_who_was_replaced_does_not_stay_under_the_name_of_the_new_one(place: &Place) {
    let (mut gate, bridge) = behind_a_gate(place).await;
    let client = bridge.entra();
    let mut ids = Vec::new();
    for first in ["bo", "boss", "chief"] {
        ids.push(create_user(&bridge, first).await);
    }
    let [bo, boss, chief] = &ids[..] else {
        panic!("three people");
    };
    let manager = |id: &str| {
        let path = format!("{ENTERPRISE}:manager");
        json!([{"op": "Add", "path": path, "value": id}])
    };
    let path = format!("/Users/{bo}");
    client.patch(&path, manager(chief)).await.accepted();
    let request = client.patch(&path, manager(boss));
    let answer = overtaken(&mut gate, Write::Modify, request, async {
        let old = bridge.held(boss).await.dn;
        rename(&bridge, boss).await;
        rename_to(&bridge, chief, &old).await;
    })
    .await;
    answer.accepted();
    let held = bridge.held(bo).await.texts("manager");
    let boss = bridge.held(boss).await.dn.to_lowercase();
    let held: Vec<String> = held.iter().map(|dn| dn.to_lowercase()).collect();
    assert_eq!(held, [boss]);
}

async fn a_manager_who_is_gone_by_then_is_none(place: &Place) {
    let (mut gate, bridge) = behind_a_gate(place).await;
    let (bo, boss) = (
        create_user(&bridge, "bo").await,
        create_user(&bridge, "boss").await,
    );
    let dn = bridge.held(&boss).await.dn;
    let client = bridge.entra();
    let path = format!("{ENTERPRISE}:manager");
    let operations = json!([
        {"op": "Add", "path": path, "value": boss},
        {"op": "Add", "path": "title", "value": "Engineer"},
    ]);
    let answer = overtaken(
        &mut gate,
        Write::Modify,
        client.patch(&format!("/Users/{bo}"), operations),
        bridge.admin.delete_tree(&dn),
    )
    .await;
    match bridge.kind() {
        // It takes no id of nobody, whatever the setting.
        Kind::Samba => drop(answer.bad_request("invalidValue")),
        Kind::OpenLdap | Kind::Ds389 => {
            let manager = &answer.resource()[ENTERPRISE]["manager"];
            assert!(manager.is_null(), "{manager}");
        }
    }
    bridge.held(&bo).await.lacks(&["manager"]);
}
