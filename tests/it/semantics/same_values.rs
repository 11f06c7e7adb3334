//! Values that are two to a client and one to the directory (RFC 4518: neither case nor spaces nor the form of a letter
//! tells them apart).

use std::collections::HashSet;

use ldap3::Mod;
use serde_json::{Value, json};

use crate::support::people::entra_user;
use crate::support::{Bridge, Kind, Options, Place, both};

both!(places: [
    values_that_the_directory_cannot_tell_apart_are_one,
    what_the_directory_still_finds_twice_is_the_clients_to_correct,
    of_values_that_are_alike_the_named_one_stays,
]);

/// The result code of directories that see through it.
const TYPE_OR_VALUE_EXISTS: u32 = 20;

const LICENCES: &str = "urn:example:params:scim:schemas:extension:cars:2.0:User";

/// A bridge that keeps roles in an attribute of several values.
async fn bridge(place: &Place, more: &str) -> Bridge {
    let options = Options::new()
        .edit_mapping(
            "\nextensions = [",
            &format!("\nextensions = [\"{LICENCES}\", "),
        )
        .edit_mapping(
            "\ntitle = ",
            &format!("\n\"roles.value\" = {{ ldap = \"businessCategory\", many = true }}\n{more}\ntitle = "),
        );
    Bridge::start(place, options).await
}

fn roles(values: &[&str]) -> Value {
    values.iter().map(|value| json!({"value": value})).collect()
}

async fn values_that_the_directory_cannot_tell_apart_are_one(place: &Place) {
    let bridge = bridge(place, "").await;
    let client = bridge.entra();
    let mut ana = entra_user(&bridge, "ana");
    ana["roles"] = roles(&[
        "Cashier",
        "cashier ",
        "  CASHIER",
        "Day  shift",
        "day shift",
    ]);
    let id = client.post("/Users", ana).await.created("/Users");
    let path = format!("/Users/{id}");
    let held = bridge.held(&id).await;
    assert_eq!(held.texts("businessCategory"), ["Cashier", "Day  shift"]);
    let add = json!([{"op": "add", "path": "roles", "value": roles(&["cashier  ", "Caf\u{e9}", "Cafe\u{301}", "\u{ff23}af\u{e9}"])}]);
    client.patch(&path, add).await.resource();
    let held = bridge.held(&id).await;
    assert_eq!(
        held.texts("businessCategory"),
        ["Caf\u{e9}", "Cashier", "Day  shift"]
    );
    if place.kind() == Kind::Samba {
        let mut bo = entra_user(&bridge, "bo");
        bo["emails"] = json!([{"type": "other", "value": "a@e.test"}, {"type": "other", "value": "a@e.test "}]);
        let id = client.post("/Users", bo).await.created("/Users");
        let held = bridge.held(&id).await;
        assert_eq!(held.texts("otherMailbox"), ["a@e.test"]);
    }
}

/// A list that minds its case for clients, in an attribute that does not.
async fn what_the_directory_still_finds_twice_is_the_clients_to_correct(place: &Place) {
    let line = format!(
        "\"{LICENCES}:plates\" = {{ ldap = \"carLicense\", many = true, case_exact = true }}"
    );
    let bridge = bridge(place, &line).await;
    let client = bridge.entra();
    let mut ana = entra_user(&bridge, "ana");
    ana[LICENCES] = json!({"plates": ["ab1", "AB1"]});
    let answer = client.post("/Users", ana.clone()).await;
    if place.kind() == Kind::Samba {
        // Unlike Active Directory it tells them apart.
        let held = bridge.held(&answer.created("/Users")).await;
        assert_eq!(held.texts("carLicense"), ["AB1", "ab1"]);
        return;
    }
    let is_told = |detail: &str| place.kind() == Kind::Ds389 || detail.contains("plates");
    let detail = answer.bad_request("invalidValue");
    assert!(is_told(detail), "{detail}");
    ana[LICENCES] = json!({"plates": ["ab1"]});
    let id = client.post("/Users", ana.clone()).await.created("/Users");
    let path = format!("/Users/{id}");
    let add = json!([{"op": "add", "path": format!("{LICENCES}:plates"), "value": ["AB1"]}]);
    let answer = client.patch(&path, add).await;
    let detail = answer.bad_request("invalidValue");
    assert!(is_told(detail), "{detail}");
    assert_eq!(bridge.held(&id).await.texts("carLicense"), ["ab1"]);
}

/// Samba keeps values that begin with a space beside those that do not, and takes one away for the other.
async fn of_values_that_are_alike_the_named_one_stays(place: &Place) {
    let bridge = bridge(place, "").await;
    let mut ana = entra_user(&bridge, "ana");
    ana["roles"] = roles(&["r2", "z"]);
    let id = bridge.entra().post("/Users", ana).await.created("/Users");
    let dn = bridge.held(&id).await.dn;
    let add = Mod::Add(
        b"businessCategory".to_vec(),
        HashSet::from([b" r2".to_vec()]),
    );
    let code = place.admin.try_modify(&dn, vec![add]).await;
    if code == TYPE_OR_VALUE_EXISTS {
        return;
    }
    let replace = json!([{"op": "replace", "path": "roles", "value": roles(&["r2"])}]);
    let answer = bridge.entra().patch(&format!("/Users/{id}"), replace).await;
    answer.says(&json!({"roles": [{"value": "r2"}]}));
    assert_eq!(bridge.held(&id).await.texts("businessCategory"), ["r2"]);
}
