//! §6: Google Workspace's automatic provisioning, which only serves applications of its catalogue. Its headers are `[B]`
//! (scimitar #142), the rest is `[C]` (notes of ory and authn.sh). Users only.

use serde_json::json;

use crate::support::people::plain_user;
use crate::support::{Bridge, Client, Manner, both};

both!(stories: [
    google_6_1_plain_json_is_neither_406_nor_415,
    google_6_2_the_probe,
    google_6_3_create,
    google_6_4_update_by_put_or_patch,
    google_6_5_suspension_then_deletion,
]);

fn google(bridge: &Bridge) -> Client<'_> {
    bridge.client(Manner::Google)
}

async fn create(bridge: &Bridge, first: &str) -> String {
    google(bridge)
        .post("/Users", plain_user(bridge, first))
        .await
        .created("/Users")
}

async fn google_6_1_plain_json_is_neither_406_nor_415(bridge: &Bridge) {
    for (number, accept) in ["application/json", "text/html, */*;q=0.1", "text/plain"]
        .into_iter()
        .enumerate()
    {
        let client = google(bridge).header("accept", accept);
        let first = format!("u{number}");
        let id = client
            .post("/Users", plain_user(bridge, &first))
            .await
            .created("/Users");
        client.get(&format!("/Users/{id}")).await.resource();
        bridge
            .held(&id)
            .await
            .holds(&[("userName", &bridge.name(&first))]);
    }
}

async fn google_6_2_the_probe(bridge: &Bridge) {
    google(bridge).get("/Users?count=1").await.empty_list();
    let filter = format!("userName eq \"{}\"", bridge.name("ana"));
    google(bridge).filter("/Users", &filter).await.empty_list();
}

async fn google_6_3_create(bridge: &Bridge) {
    let id = create(bridge, "ana").await;
    bridge.held(&id).await.holds(&[
        ("userName", &bridge.name("ana")),
        ("emails.work", &bridge.name("ana")),
        ("department", "Labs"),
    ]);
    let before = bridge.everything().await;
    google(bridge)
        .post("/Users", plain_user(bridge, "ana"))
        .await
        .conflict("userName");
    assert_eq!(bridge.everything().await, before);
}

async fn google_6_4_update_by_put_or_patch(bridge: &Bridge) {
    let id = create(bridge, "ana").await;
    let path = format!("/Users/{id}");
    let mut whole = plain_user(bridge, "ana");
    whole["name"]["familyName"] = json!("R.");
    google(bridge).put(&path, whole).await.resource();
    bridge.held(&id).await.holds(&[("name.familyName", "R.")]);
    let operations = json!([{"op": "replace", "path": "name.familyName", "value": "Ruiz"}]);
    google(bridge).patch(&path, operations).await.resource();
    bridge.held(&id).await.holds(&[("name.familyName", "Ruiz")]);
}

async fn google_6_5_suspension_then_deletion(bridge: &Bridge) {
    let id = create(bridge, "ana").await;
    let path = format!("/Users/{id}");
    let mut off = plain_user(bridge, "ana");
    off["active"] = json!(false);
    google(bridge).put(&path, off).await.resource();
    assert!(!bridge.held(&id).await.enabled());
    google(bridge).delete(&path).await.no_content();
    assert!(bridge.admin.by_id(&id).await.is_none());
}
