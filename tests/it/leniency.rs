//! Each leniency twice: the client that is treated leniently gets what it meant, the strict one gets the RFC's answer and
//! nothing is changed. The names are those of the leniencies in the documentation.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::people::{create_group_of, create_user, entra_user};
use crate::support::{Bridge, ENTERPRISE, GROUP, USER, both};

both!(stories: [
    operator_case,
    string_boolean,
    string_boolean_in_a_filter,
    empty_string_removes,
    add_creates_element,
    replace_creates_element,
    plain_value,
    array_for_single,
    single_for_array,
    unqualified_extension,
    remove_by_value,
    remove_nothing,
    unknown_attribute,
    unknown_attribute_in_a_path,
    unknown_schema,
    undeclared_schema,
    undeclared_patch,
    null_path,
    path_key,
    common_attribute_in_patch,
    last_primary_wins,
    bare_token,
    missing_media_type,
    email_in_filter,
    user_name_from_email,
    a_strict_client_can_do_its_whole_work,
]);

/// The PATCH is refused to the strict client with this scimType and changes nothing; the lenient one may do it.
async fn only_lenient(bridge: &Bridge, path: &str, operations: Value, scim_type: &str) {
    let id = path.rsplit('/').next().expect("a path ends in an id");
    let before = bridge.held(id).await;
    bridge
        .strict()
        .patch(path, operations.clone())
        .await
        .bad_request(scim_type);
    assert_eq!(bridge.held(id).await, before, "refused, so nothing changed");
    bridge.generic().patch(path, operations).await.accepted();
}

/// The create is refused to the strict client and leaves nothing; the lenient one may do it. Answers the new id.
async fn only_lenient_create(bridge: &Bridge, body: Value, scim_type: &str) -> String {
    let before = bridge.count(&bridge.root).await;
    bridge
        .strict()
        .post("/Users", body.clone())
        .await
        .bad_request(scim_type);
    assert_eq!(
        bridge.count(&bridge.root).await,
        before,
        "refused, so nothing was made"
    );
    bridge
        .generic()
        .post("/Users", body)
        .await
        .created("/Users")
}

/// A body that a strict client may send: every key known, every used schema declared.
fn strict_user(bridge: &Bridge, first: &str) -> Value {
    let mut user = entra_user(bridge, first);
    let fields = user.as_object_mut().expect("an object");
    fields.remove("roles");
    fields.remove("meta");
    user
}

async fn operator_case(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let operations = json!([{"op": "Replace", "path": "title", "value": "Engineer"}]);
    only_lenient(bridge, &format!("/Users/{id}"), operations, "invalidSyntax").await;
    bridge.held(&id).await.holds(&[("title", "Engineer")]);
}

async fn string_boolean(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let operations = json!([{"op": "replace", "path": "active", "value": "False"}]);
    only_lenient(bridge, &format!("/Users/{id}"), operations, "invalidValue").await;
    assert!(!bridge.held(&id).await.enabled());
    let mut bo = strict_user(bridge, "bo");
    bo["active"] = json!("True");
    let bo = only_lenient_create(bridge, bo, "invalidValue").await;
    assert!(bridge.held(&bo).await.enabled());
}

async fn string_boolean_in_a_filter(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    bridge
        .strict()
        .filter("/Users", "active eq \"True\"")
        .await
        .bad_request("invalidFilter");
    assert_eq!(
        bridge
            .strict()
            .filter("/Users", "active eq true")
            .await
            .only()["id"],
        id.as_str()
    );
    assert_eq!(
        bridge
            .generic()
            .filter("/Users", "active eq \"True\"")
            .await
            .only()["id"],
        id.as_str()
    );
    bridge
        .generic()
        .filter("/Users", "active eq \"False\"")
        .await
        .empty_list();
}

async fn empty_string_removes(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let set = json!([{"op": "replace", "path": "title", "value": "Engineer"}]);
    bridge
        .strict()
        .patch(&format!("/Users/{id}"), set)
        .await
        .resource();
    let operations = json!([{"op": "replace", "path": "title", "value": ""}]);
    // No directory holds an empty text, so to the strict client it is a value that cannot be stored.
    let before = bridge.held(&id).await;
    bridge
        .strict()
        .patch(&format!("/Users/{id}"), operations.clone())
        .await
        .bad_request("invalidValue");
    assert_eq!(bridge.held(&id).await, before);
    bridge
        .generic()
        .patch(&format!("/Users/{id}"), operations)
        .await
        .resource();
    bridge.held(&id).await.lacks(&["title"]);
}

async fn add_creates_element(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let operations =
        json!([{"op": "add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "1"}]);
    only_lenient(bridge, &format!("/Users/{id}"), operations, "noTarget").await;
    bridge
        .held(&id)
        .await
        .holds(&[("phoneNumbers.mobile", "1")]);
}

async fn replace_creates_element(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let operations =
        json!([{"op": "replace", "path": "phoneNumbers[type eq \"work\"].value", "value": "1"}]);
    only_lenient(bridge, &format!("/Users/{id}"), operations, "noTarget").await;
    bridge.held(&id).await.holds(&[("phoneNumbers.work", "1")]);
}

async fn plain_value(bridge: &Bridge) {
    let (id, boss) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "boss").await,
    );
    let operations = json!([{"op": "add", "path": format!("{ENTERPRISE}:manager"), "value": boss}]);
    only_lenient(bridge, &format!("/Users/{id}"), operations, "invalidValue").await;
    assert_eq!(
        bridge.held(&id).await.scim("manager"),
        Some(bridge.held(&boss).await.dn)
    );
}

async fn array_for_single(bridge: &Bridge) {
    let (id, boss) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "boss").await,
    );
    let operations =
        json!([{"op": "add", "path": format!("{ENTERPRISE}:manager"), "value": [{"value": boss}]}]);
    only_lenient(bridge, &format!("/Users/{id}"), operations, "invalidValue").await;
    assert_eq!(
        bridge.held(&id).await.scim("manager"),
        Some(bridge.held(&boss).await.dn)
    );
}

async fn single_for_array(bridge: &Bridge) {
    let mut ana = strict_user(bridge, "ana");
    ana["emails"] = json!({"value": bridge.name("ana")});
    let id = only_lenient_create(bridge, ana, "invalidValue").await;
    bridge
        .held(&id)
        .await
        .holds(&[("emails.work", &bridge.name("ana"))]);
}

async fn unqualified_extension(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let operations = json!([{"op": "replace", "path": "department", "value": "Sales"}]);
    only_lenient(bridge, &format!("/Users/{id}"), operations, "invalidPath").await;
    bridge.held(&id).await.holds(&[("department", "Sales")]);
}

async fn remove_by_value(bridge: &Bridge) {
    let (ana, bo) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
    );
    let group = create_group_of(bridge, "Ops", &[&ana, &bo]).await;
    let operations = json!([{"op": "remove", "path": "members", "value": [{"value": ana}]}]);
    only_lenient(
        bridge,
        &format!("/Groups/{group}"),
        operations,
        "invalidSyntax",
    )
    .await;
    assert_eq!(
        bridge.held(&group).await.members(),
        [bridge.held(&bo).await.dn.to_lowercase()]
    );
}

async fn remove_nothing(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let operations = json!([{"op": "remove", "path": "phoneNumbers[type eq \"work\"]"}]);
    only_lenient(bridge, &format!("/Users/{id}"), operations, "noTarget").await;
    bridge.held(&id).await.lacks(&["phoneNumbers.work"]);
}

async fn unknown_attribute(bridge: &Bridge) {
    let mut ana = strict_user(bridge, "ana");
    ana["shoeSize"] = json!(38);
    let id = only_lenient_create(bridge, ana, "invalidSyntax").await;
    bridge
        .held(&id)
        .await
        .holds(&[("userName", &bridge.name("ana"))]);
}

async fn unknown_attribute_in_a_path(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let operations = json!([{"op": "replace", "path": "shoeSize", "value": 38}]);
    only_lenient(bridge, &format!("/Users/{id}"), operations, "invalidPath").await;
}

async fn unknown_schema(bridge: &Bridge) {
    let mut ana = strict_user(bridge, "ana");
    ana["schemas"] = json!([USER, ENTERPRISE, "urn:example:nothing:1.0:User"]);
    only_lenient_create(bridge, ana, "invalidSyntax").await;
}

async fn undeclared_schema(bridge: &Bridge) {
    let mut ana = strict_user(bridge, "ana");
    ana["schemas"] = json!([USER]);
    let id = only_lenient_create(bridge, ana, "invalidSyntax").await;
    bridge.held(&id).await.holds(&[("department", "Labs")]);
    // OneLogin's templates: the URN of SCIM 1.0 alone.
    let mut bo = entra_user(bridge, "bo");
    bo["schemas"] = json!(["urn:scim:schemas:core:1.0"]);
    only_lenient_create(bridge, bo, "invalidSyntax").await;
}

async fn undeclared_patch(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let body = json!({"Operations": [{"op": "replace", "path": "title", "value": "Engineer"}]})
        .to_string();
    let path = format!("/Users/{id}");
    let send = async |client: crate::support::Client<'_>| {
        client
            .send(Method::PATCH, &path, Some(body.clone().into_bytes()))
            .await
    };
    send(bridge.strict()).await.bad_request("invalidSyntax");
    bridge.held(&id).await.lacks(&["title"]);
    send(bridge.generic()).await.resource();
    bridge.held(&id).await.holds(&[("title", "Engineer")]);
}

async fn null_path(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    for (path, title) in [(json!(null), "One"), (json!(""), "Two")] {
        let operations = json!([{"op": "replace", "path": path, "value": {"title": title}}]);
        only_lenient(bridge, &format!("/Users/{id}"), operations, "invalidPath").await;
        bridge.held(&id).await.holds(&[("title", title)]);
    }
}

async fn path_key(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let operations = json!([{"op": "replace", "value": {"name.givenName": "Anita"}}]);
    let before = bridge.held(&id).await;
    bridge
        .strict()
        .patch(&format!("/Users/{id}"), operations.clone())
        .await
        .client_error();
    assert_eq!(bridge.held(&id).await, before);
    bridge
        .generic()
        .patch(&format!("/Users/{id}"), operations)
        .await
        .resource();
    bridge.held(&id).await.holds(&[("name.givenName", "Anita")]);
}

async fn common_attribute_in_patch(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let group = create_group_of(bridge, "Ops", &[&ana]).await;
    let name = bridge.group_name("Ops EU");
    let operations = json!([{"op": "replace", "value": {"id": group, "displayName": name}}]);
    only_lenient(
        bridge,
        &format!("/Groups/{group}"),
        operations,
        "mutability",
    )
    .await;
    bridge
        .held(&group)
        .await
        .holds(&[("group.displayName", &name)]);
}

async fn last_primary_wins(bridge: &Bridge) {
    let mut ana = strict_user(bridge, "ana");
    ana["phoneNumbers"] = json!([
        {"type": "work", "value": "1", "primary": true},
        {"type": "mobile", "value": "2", "primary": true}
    ]);
    let id = only_lenient_create(bridge, ana, "invalidValue").await;
    bridge
        .held(&id)
        .await
        .holds(&[("phoneNumbers.work", "1"), ("phoneNumbers.mobile", "2")]);
}

async fn bare_token(bridge: &Bridge) {
    let strict = bridge.tokens.strict.clone();
    bridge
        .strict()
        .header("authorization", &strict)
        .get("/Users")
        .await
        .error(401, None);
    bridge.strict().get("/Users").await.empty_list();
    let lenient = bridge.tokens.lenient.clone();
    bridge
        .generic()
        .header("authorization", &lenient)
        .get("/Users")
        .await
        .empty_list();
}

async fn missing_media_type(bridge: &Bridge) {
    let ana = strict_user(bridge, "ana");
    bridge
        .strict()
        .content_type("")
        .post("/Users", ana.clone())
        .await
        .error(415, None);
    assert_eq!(bridge.count(&bridge.people).await, 0);
    bridge
        .generic()
        .content_type("")
        .post("/Users", ana)
        .await
        .created("/Users");
    // A wrong one is wrong for everybody.
    let bo = strict_user(bridge, "bo");
    bridge
        .generic()
        .content_type("text/xml")
        .post("/Users", bo)
        .await
        .error(415, None);
    assert_eq!(bridge.count(&bridge.people).await, 1);
}

async fn email_in_filter(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    create_user(bridge, "bo").await;
    for filter in [
        format!("email eq \"{}\"", bridge.name("ana").to_uppercase()),
        "email Co \"ana.\"".to_owned(),
    ] {
        let found = bridge.generic().filter("/Users", &filter).await;
        assert_eq!(found.only()["id"], id.as_str(), "{filter}");
        let found = bridge.generic().filter("/", &filter).await;
        assert_eq!(found.only()["id"], id.as_str(), "at the root: {filter}");
        let refused = bridge.strict().filter("/Users", &filter).await;
        assert!(refused.bad_request("invalidFilter").contains("email"));
    }
}

async fn user_name_from_email(bridge: &Bridge) {
    let mut ana = strict_user(bridge, "ana");
    ana.as_object_mut().expect("a user").remove("userName");
    ana["emails"] = json!([{"type": "work", "value": bridge.name("ana")}]);
    let id = only_lenient_create(bridge, ana, "invalidValue").await;
    let read = bridge.generic().get(&format!("/Users/{id}")).await;
    read.says(&json!({"userName": bridge.name("ana")}));
}

async fn a_strict_client_can_do_its_whole_work(bridge: &Bridge) {
    let client = bridge.strict();
    let ana = client
        .post("/Users", strict_user(bridge, "ana"))
        .await
        .created("/Users");
    let boss = client
        .post("/Users", strict_user(bridge, "boss"))
        .await
        .created("/Users");
    let operations = json!([
        {"op": "replace", "path": "displayName", "value": "Ana R."},
        {"op": "add", "path": "phoneNumbers", "value": [{"type": "work", "value": "1"}]},
        {"op": "replace", "path": "active", "value": false},
        {"op": "add", "path": format!("{ENTERPRISE}:manager"), "value": {"value": boss}}
    ]);
    client
        .patch(&format!("/Users/{ana}"), operations)
        .await
        .resource();
    let entry = bridge.held(&ana).await;
    entry.holds(&[("displayName", "Ana R."), ("phoneNumbers.work", "1")]);
    assert!(!entry.enabled());
    assert_eq!(entry.scim("manager"), Some(bridge.held(&boss).await.dn));
    let group = json!({"schemas": [GROUP], "displayName": bridge.group_name("Ops"), "members": [{"value": ana}]});
    let group = client.post("/Groups", group).await.created("/Groups");
    let operations = json!([{"op": "remove", "path": format!("members[value eq \"{ana}\"]")}]);
    client
        .patch(&format!("/Groups/{group}"), operations)
        .await
        .accepted();
    assert_eq!(bridge.held(&group).await.members(), Vec::<String>::new());
    let whole = client
        .get(&format!("/Users/{ana}"))
        .await
        .resource()
        .clone();
    client.put(&format!("/Users/{ana}"), whole).await.resource();
    client
        .delete(&format!("/Groups/{group}"))
        .await
        .no_content();
    client.delete(&format!("/Users/{ana}")).await.no_content();
}
