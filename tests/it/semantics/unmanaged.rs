//! Whatever the mapping does not name is not touched: attributes, values, object classes.

use serde_json::json;

use crate::support::people::{create_user, entra_user};
use crate::support::{Bridge, Kind, both};

both!(stories: [
    attributes_the_mapping_does_not_name_survive_every_write,
    further_values_of_a_mapped_attribute_survive,
    object_classes_given_by_hand_survive,
    a_value_written_by_hand_is_what_the_next_read_says,
    a_derived_name_that_was_changed_by_hand_stays,
]);

async fn attributes_the_mapping_does_not_name_survive_every_write(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let dn = bridge.held(&id).await.dn;
    let by_hand: &[(&str, &str)] = match bridge.kind() {
        Kind::OpenLdap | Kind::Ds389 => &[
            ("carLicense", "M-1234"),
            ("description", "by hand"),
            ("roomNumber", "7"),
        ],
        Kind::Samba => &[
            ("description", "by hand"),
            ("info", "notes"),
            ("physicalDeliveryOfficeName", "7"),
        ],
    };
    for (name, value) in by_hand {
        bridge.admin.set(&dn, name, &[value]).await;
    }
    let mut put = entra_user(bridge, "ana");
    put["displayName"] = json!("Ana R.");
    bridge
        .entra()
        .put(&format!("/Users/{id}"), put)
        .await
        .resource();
    let operations = json!([
        {"op": "Replace", "path": "userName", "value": bridge.name("anita")},
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "Remove", "path": "title"}
    ]);
    bridge
        .entra()
        .patch(&format!("/Users/{id}"), operations)
        .await
        .resource();
    let entry = bridge.held(&id).await;
    for (name, value) in by_hand {
        assert_eq!(entry.text(name).as_deref(), Some(*value), "{name}");
    }
}

async fn further_values_of_a_mapped_attribute_survive(bridge: &Bridge) {
    // Active Directory's telephoneNumber takes one value, the standard one several: SCIM sees the first, the others stay.
    let id = create_user(bridge, "ana").await;
    let dn = bridge.held(&id).await.dn;
    let (attribute, path) = bridge.kind().pick(
        ("telephoneNumber", "phoneNumbers[type eq \"work\"].value"),
        ("otherTelephone", "phoneNumbers[type eq \"mobile\"].value"),
    );
    bridge.admin.set(&dn, attribute, &["98", "99"]).await;
    let operations = json!([{"op": "Replace", "path": "title", "value": "Engineer"}]);
    bridge
        .entra()
        .patch(&format!("/Users/{id}"), operations)
        .await
        .resource();
    assert_eq!(bridge.held(&id).await.texts(attribute), ["98", "99"]);
    let read = bridge.entra().get(&format!("/Users/{id}")).await;
    let first = read.resource()["phoneNumbers"][0]["value"]
        .as_str()
        .expect("a number")
        .to_owned();
    let operations = json!([{"op": "Replace", "path": path, "value": "1"}]);
    bridge
        .entra()
        .patch(&format!("/Users/{id}"), operations)
        .await
        .resource();
    let other = if first == "98" { "99" } else { "98" };
    let expected = bridge.kind().pick(["1", other], ["98", "99"]);
    assert_eq!(bridge.held(&id).await.texts(attribute), expected);
}

async fn object_classes_given_by_hand_survive(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let dn = bridge.held(&id).await.dn;
    let class = bridge.kind().pick("extensibleObject", "posixAccount");
    bridge.admin.give(&dn, "objectClass", &[class]).await;
    let before = bridge.held(&id).await.texts("objectClass");
    bridge
        .entra()
        .put(&format!("/Users/{id}"), entra_user(bridge, "ana"))
        .await
        .resource();
    assert_eq!(bridge.held(&id).await.texts("objectClass"), before);
}

async fn a_value_written_by_hand_is_what_the_next_read_says(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let dn = bridge.held(&id).await.dn;
    bridge.admin.set(&dn, "displayName", &["By Hand"]).await;
    let read = bridge.entra().get(&format!("/Users/{id}")).await;
    assert_eq!(read.resource()["displayName"], "By Hand");
    // The answer to a write is read back as well: it tells what is held, not what was sent.
    let operations = json!([{"op": "Replace", "path": "title", "value": "Engineer"}]);
    let answer = bridge
        .entra()
        .patch(&format!("/Users/{id}"), operations)
        .await;
    assert_eq!(answer.resource()["displayName"], "By Hand");
}

async fn a_derived_name_that_was_changed_by_hand_stays(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let dn = bridge.held(&id).await.dn;
    match bridge.kind() {
        Kind::OpenLdap | Kind::Ds389 => bridge.admin.set(&dn, "cn", &["Chosen By Hand"]).await,
        Kind::Samba => {
            bridge
                .admin
                .set(&dn, "sAMAccountName", &[format!("hand.{}", bridge.tag)])
                .await
        }
    }
    let name = bridge.kind().pick("cn", "sAMAccountName");
    let chosen = bridge.held(&id).await.text(name);
    let operations = json!([
        {"op": "Replace", "path": "displayName", "value": "Ana R."},
        {"op": "Replace", "path": "name.familyName", "value": "R."}
    ]);
    bridge
        .entra()
        .patch(&format!("/Users/{id}"), operations)
        .await
        .resource();
    assert_eq!(bridge.held(&id).await.text(name), chosen);
}
