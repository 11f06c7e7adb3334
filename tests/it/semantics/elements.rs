//! Lists in SCIM, single attributes in the directory: what a client adds takes the place of what was there, and what no
//! attribute can hold is refused or named, never lost together with what it should have replaced.

use serde_json::{Value, json};

use crate::support::people::{create_user, entra_user};
use crate::support::{Bridge, both};

both!(stories: [
    what_is_added_takes_the_place_of_what_was_there,
    of_two_in_one_request_the_primary_or_the_first_is_kept,
    a_primary_element_is_kept_whatever_its_type,
    a_strict_client_hears_what_is_not_kept,
    a_change_of_type_loses_no_value,
    what_was_never_kept_takes_nobodys_place,
    the_log_holds_no_text_that_is_no_type,
]);

async fn what_is_added_takes_the_place_of_what_was_there(bridge: &Bridge) {
    let mut ana = entra_user(bridge, "ana");
    ana["phoneNumbers"] =
        json!([{"type": "work", "value": "+34 1"}, {"type": "mobile", "value": "+34 2"}]);
    ana["addresses"] = json!([{"type": "work", "streetAddress": "Calle 1", "locality": "Vigo"}]);
    let id = bridge.entra().post("/Users", ana).await.created("/Users");
    let path = format!("/Users/{id}");
    let address = json!([{"type": "work", "streetAddress": "Rua 9"}]);
    // One mail is one person's in all of a directory.
    let [b, c, d] = ["b", "c", "d"].map(|name| bridge.name(name));
    for (operation, held, value) in [
        (
            json!({"op": "add", "path": "emails", "value": [{"type": "work", "value": b}]}),
            "emails.work",
            b.as_str(),
        ),
        (
            json!({"op": "add", "path": "emails", "value": [{"value": c}]}),
            "emails.work",
            c.as_str(),
        ),
        (
            json!({"op": "add", "value": {"emails": [{"type": "Work", "value": d}]}}),
            "emails.work",
            d.as_str(),
        ),
        (
            json!({"op": "add", "path": "phoneNumbers", "value": [{"type": "mobile", "value": "+34 3"}]}),
            "phoneNumbers.mobile",
            "+34 3",
        ),
        (
            json!({"op": "add", "path": "addresses", "value": address}),
            "addresses.work.streetAddress",
            "Rua 9",
        ),
    ] {
        for _ in 0..2 {
            let operations = json!([operation]);
            let answer = bridge.entra().patch(&path, operations).await;
            answer.resource();
            let now = bridge.held(&id).await;
            now.holds(&[(held, value), ("phoneNumbers.work", "+34 1")]);
        }
    }
    bridge
        .held(&id)
        .await
        .lacks(&["addresses.work.locality"])
        .holds(&[("phoneNumbers.mobile", "+34 3")]);
}

async fn of_two_in_one_request_the_primary_or_the_first_is_kept(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let path = format!("/Users/{id}");
    let [a, b] = ["a", "b"].map(|name| bridge.name(name));
    for (primary, kept) in [(false, &a), (true, &b)] {
        let two = json!([
            {"type": "work", "value": a},
            {"type": "work", "value": b, "primary": primary}
        ]);
        let replace = json!([{"op": "replace", "path": "emails", "value": two}]);
        bridge.entra().patch(&path, replace).await.resource();
        bridge.held(&id).await.holds(&[("emails.work", kept)]);
        let mut ana = entra_user(bridge, "ana");
        ana["emails"] = two;
        let answer = bridge.okta().put(&path, ana).await;
        answer.resource();
        bridge.held(&id).await.holds(&[("emails.work", kept)]);
        if !primary {
            let told = |line: &Value| line["attribute"] == "emails[type eq \"work\"]";
            let line = bridge.log_of(&answer).into_iter().find(told);
            let message = line.expect("a line")["message"].to_string();
            assert!(message.contains("writes another element"), "{message}");
        }
    }
}

async fn a_primary_element_is_kept_whatever_its_type(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let mut ana = entra_user(bridge, "ana");
    let home = bridge.name("home");
    ana["emails"] = json!([{"type": "home", "value": home, "primary": true}]);
    ana["phoneNumbers"] = json!([{"type": "car", "value": "+34 5", "primary": true}]);
    ana["addresses"] = json!([{"type": "home", "streetAddress": "Calle 9", "primary": true}]);
    for _ in 0..2 {
        let answer = bridge
            .entra()
            .put(&format!("/Users/{id}"), ana.clone())
            .await;
        answer.says(&json!({"emails": [{"type": "work", "value": home}]}));
        let held = bridge.held(&id).await;
        held.holds(&[("emails.work", &home), ("phoneNumbers.work", "+34 5")]);
        // Where she lives is nobody's business at work.
        held.lacks(&["addresses.work.streetAddress"]);
    }
}

async fn a_strict_client_hears_what_is_not_kept(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let path = format!("/Users/{id}");
    let before = bridge.held(&id).await;
    let mail = bridge.name("ana");
    let home = json!({"type": "home", "value": bridge.name("home")});
    let work = json!({"type": "work", "value": bridge.name("b")});
    let held = json!({"type": "work", "value": mail});
    for (element, words) in [(&home, "[type eq \"home\"]"), (&work, "beside another one")] {
        let mut ana = entra_user(bridge, "ana");
        ana.as_object_mut().expect("a user").remove("roles");
        ana["emails"] = json!([held, element]);
        let add = json!([{"op": "add", "path": "emails", "value": [element]}]);
        let replace = json!([{"op": "replace", "path": "emails", "value": [held, element]}]);
        let mut bo = ana.clone();
        bo["userName"] = json!(bridge.name("bo"));
        for answer in [
            bridge.strict().put(&path, ana).await,
            bridge.strict().patch(&path, add).await,
            bridge.strict().patch(&path, replace).await,
            bridge.strict().post("/Users", bo).await,
        ] {
            let detail = answer.bad_request("invalidValue");
            for word in ["emails", words, "type \"work\""] {
                assert!(detail.contains(word), "{detail}");
            }
        }
    }
    assert_eq!(bridge.held(&id).await, before);
    assert_eq!(bridge.count(&bridge.people).await, 1);
}

/// The client believes that the element is there, because it was told 200 when it sent it.
async fn what_was_never_kept_takes_nobodys_place(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let path = format!("/Users/{id}");
    let (mail, home) = (bridge.name("ana"), bridge.name("home"));
    let add = json!([{"op": "add", "path": "emails", "value": [{"type": "home", "value": home}]}]);
    bridge.entra().patch(&path, add).await.resource();
    for (part, value) in [("primary", json!(true)), ("type", json!("work"))] {
        let path_of_it = format!("emails[value eq \"{home}\"].{part}");
        let change = json!([{"op": "replace", "path": path_of_it, "value": value}]);
        bridge.entra().patch(&path, change).await;
        bridge.held(&id).await.holds(&[("emails.work", &mail)]);
    }
}

/// RFC 7644 §3.5.2 changes the type alone; the directory's attributes are the types.
async fn a_change_of_type_loses_no_value(bridge: &Bridge) {
    let mut ana = entra_user(bridge, "ana");
    ana["phoneNumbers"] =
        json!([{"type": "work", "value": "+34 1"}, {"type": "mobile", "value": "+34 2"}]);
    let id = bridge.entra().post("/Users", ana).await.created("/Users");
    let path = format!("/Users/{id}");
    let before = bridge.held(&id).await;
    let mobile = "phoneNumbers[type eq \"mobile\"]";
    for operation in [
        json!({"op": "replace", "path": format!("{mobile}.type"), "value": "car"}),
        json!({"op": "replace", "path": format!("{mobile}.type"), "value": "work"}),
        json!({"op": "add", "path": format!("{mobile}.type"), "value": "work"}),
        json!({"op": "replace", "path": mobile, "value": {"type": "car", "value": "+34 2"}}),
        json!({"op": "remove", "path": format!("{mobile}.type")}),
    ] {
        for client in [bridge.entra(), bridge.strict()] {
            let answer = client.patch(&path, json!([operation])).await;
            let detail = answer.bad_request("invalidValue");
            assert!(detail.contains("type \"mobile\""), "{detail}");
            assert_eq!(bridge.held(&id).await, before);
        }
    }
    let fax = json!([{"op": "replace", "path": format!("{mobile}.type"), "value": "fax"}]);
    bridge.entra().patch(&path, fax).await.resource();
    bridge
        .held(&id)
        .await
        .lacks(&["phoneNumbers.mobile"])
        .holds(&[
            ("phoneNumbers.fax", "+34 2"),
            ("phoneNumbers.work", "+34 1"),
        ]);
}

async fn the_log_holds_no_text_that_is_no_type(bridge: &Bridge) {
    let mut ana = entra_user(bridge, "ana");
    let private = "ana.ruiz@private.example";
    ana["phoneNumbers"] =
        json!([{"type": "work", "value": "+34 1"}, {"type": private, "value": "+34 2"}]);
    let answer = bridge.entra().post("/Users", ana).await;
    answer.created("/Users");
    let log = bridge.log_of(&answer);
    assert!(
        log.iter()
            .any(|line| line["attribute"] == "phoneNumbers of another type"),
        "{log:?}"
    );
    bridge.never_logged(&[private]);
}
