//! An operator's filter hides entries from the bridge. Nobody is changed so that it hides them: who is hidden could never be
//! disabled.

use serde_json::{Value, json};

use crate::support::people::okta_user;
use crate::support::{Answer, Bridge, GOOD_PASSWORD, Options, Place, both};

const OTHER_PASSWORD: &str = "An0ther-Pass-Word";

both!(places: [
    nobody_is_changed_so_that_the_filter_hides_them,
    who_is_disabled_may_be_hidden,
]);

async fn with_a_filter(place: &Place) -> (Bridge, String) {
    let options = Options::new().with("resources.User.filter", "(!(title=Guest))");
    let bridge = Bridge::start(place, options).await;
    let id = {
        let client = bridge.okta();
        let answer = client.post("/Users", okta_user(&bridge, "ana")).await;
        answer.created("/Users")
    };
    (bridge, id)
}

fn set(values: &[(&str, &str)]) -> Value {
    let one = |(path, value): &(&str, &str)| json!({"op": "replace", "path": path, "value": value});
    values.iter().map(one).collect()
}

#[track_caller]
fn is_refused(answer: &Answer) {
    let detail = answer.bad_request("invalidValue");
    assert!(detail.contains("filter"), "{detail}");
    assert!(!detail.contains("stands"), "{detail}");
}

async fn nobody_is_changed_so_that_the_filter_hides_them(place: &Place) {
    let (bridge, id) = with_a_filter(place).await;
    let client = bridge.okta();
    let path = format!("/Users/{id}");
    let before = bridge.held(&id).await;
    let mut whole = okta_user(&bridge, "ana");
    whole["title"] = json!("Guest");
    let guest = ("title", "Guest");
    let name = bridge.name("anita");
    for answer in [
        client.patch(&path, set(&[guest])).await,
        client
            .patch(&path, set(&[guest, ("displayName", "Ana Guest")]))
            .await,
        client
            .patch(&path, set(&[guest, ("userName", &name)]))
            .await,
        client
            .patch(&path, set(&[guest, ("password", OTHER_PASSWORD)]))
            .await,
        client.put(&path, whole).await,
    ] {
        is_refused(&answer);
    }
    let after = bridge.held(&id).await;
    assert_eq!(after.dn, before.dn);
    assert_eq!(after.without_bookkeeping(), before.without_bookkeeping());
    assert_eq!(bridge.admin.bind_as(&after.dn, GOOD_PASSWORD).await, 0);

    let engineer = [("title", "Engineer"), ("password", OTHER_PASSWORD)];
    client.patch(&path, set(&engineer)).await.accepted();
    bridge.held(&id).await.holds(&[("title", "Engineer")]);
    assert_eq!(bridge.admin.bind_as(&after.dn, OTHER_PASSWORD).await, 0);
}

async fn who_is_disabled_may_be_hidden(place: &Place) {
    let (bridge, id) = with_a_filter(place).await;
    let client = bridge.okta();
    let path = format!("/Users/{id}");
    let operations = json!([
        {"op": "replace", "path": "active", "value": false},
        {"op": "replace", "path": "title", "value": "Guest"},
    ]);
    let answer = client.patch(&path, operations).await;
    assert!([200, 204].contains(&answer.status), "{}", answer.text);
    assert!(!bridge.held(&id).await.enabled());
    client.get(&path).await.not_found();
}
