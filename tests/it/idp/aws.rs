//! §10: clients made for AWS IAM Identity Center, which rely on little and expect no members in an answer. `[A]`
//! (docs.aws.amazon.com, SCIM developer guide). The switch is `members-not-returned`.

use serde_json::json;

use crate::support::people::{create_group_of, create_user, names_of, plain_user};
use crate::support::{Bridge, Client, GROUP, Manner, both};

both!(stories: [
    aws_10_members_are_never_returned,
    aws_10_whether_somebody_is_a_member_is_asked_by_filter,
    aws_10_a_user_changes_by_one_operation,
]);

fn aws(bridge: &Bridge) -> Client<'_> {
    bridge.client(Manner::Aws)
}

async fn aws_10_members_are_never_returned(bridge: &Bridge) {
    let (ana, bo) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
    );
    let body = json!({"schemas": [GROUP], "displayName": bridge.group_name("Ops"), "members": [{"value": ana}]});
    let created = aws(bridge).post("/Groups", body.clone()).await;
    let group = created.created("/Groups");
    let path = format!("/Groups/{group}");
    created.lacks(&["members"]);
    aws(bridge).get(&path).await.lacks(&["members"]).resource();
    let asked = aws(bridge)
        .get(&format!("{path}?attributes=displayName,members"))
        .await;
    asked.lacks(&["members"]).is(200);
    let listed = aws(bridge).get("/Groups?count=50").await;
    assert!(listed.only().get("members").is_none());
    let operations = json!([{"op": "add", "path": "members", "value": [{"value": bo}]}]);
    aws(bridge)
        .patch(&path, operations)
        .await
        .lacks(&["members"])
        .resource();
    assert_eq!(
        bridge.held(&group).await.members(),
        names_of(bridge, &[&ana, &bo]).await
    );
    aws(bridge)
        .put(&path, body)
        .await
        .lacks(&["members"])
        .resource();
    assert_eq!(
        bridge.held(&group).await.members(),
        names_of(bridge, &[&ana]).await
    );
    // Another client of the same bridge sees them.
    bridge
        .generic()
        .get(&path)
        .await
        .says(&json!({"members": [{"value": ana}]}));
}

async fn aws_10_whether_somebody_is_a_member_is_asked_by_filter(bridge: &Bridge) {
    let (ana, bo) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
    );
    let group = create_group_of(bridge, "Ops", &[&ana]).await;
    let asks = |id: &str| format!("id eq \"{group}\" and members eq \"{id}\"");
    let found = aws(bridge).filter("/Groups", &asks(&ana)).await;
    assert_eq!(found.only()["id"], group.as_str());
    aws(bridge).filter("/Groups", &asks(&bo)).await.empty_list();
}

async fn aws_10_a_user_changes_by_one_operation(bridge: &Bridge) {
    let id = aws(bridge)
        .post("/Users", plain_user(bridge, "ana"))
        .await
        .created("/Users");
    let path = format!("/Users/{id}");
    let off = json!([{"op": "replace", "path": "active", "value": "false"}]);
    aws(bridge).patch(&path, off).await.resource();
    assert!(!bridge.held(&id).await.enabled());
    let rename = json!([{"op": "replace", "path": "userName", "value": bridge.name("anita")}]);
    aws(bridge).patch(&path, rename).await.resource();
    bridge
        .held(&id)
        .await
        .holds(&[("userName", &bridge.name("anita"))]);
}
