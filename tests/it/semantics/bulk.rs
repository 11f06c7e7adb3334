//! Many operations in one request: references to what is made on the way, order, errors and limits.

use serde_json::{Value, json};

use crate::support::people::{
    create_group, create_group_of, create_user, entra_group, entra_user, names_of,
};
use crate::support::{Answer, Bridge, Client, ENTERPRISE, Options, Place, Relay, both};

const REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

both!(stories: [
    a_team_in_one_request,
    references_in_patches,
    a_circle_is_refused_and_can_be_made_in_two_steps,
    each_failure_is_its_own,
    nothing_is_begun_after_too_many_errors,
    the_same_resource_is_changed_in_the_order_given,
    a_name_given_up_is_free_for_the_next,
    a_name_given_up_by_a_change_is_free_for_the_next,
    who_is_renamed_still_leaves_the_group,
    malformed_as_a_whole_changes_nothing,
    hostile_operations,
    the_fences_stand,
    many_at_once,
] places: [
    limits_are_published_and_kept,
    what_was_not_begun_in_time_says_so,
]);

async fn bulk(client: &Client<'_>, operations: Value) -> Vec<Value> {
    let answer = client.post("/Bulk", request(operations)).await;
    answers(&answer)
}

fn request(operations: Value) -> Value {
    json!({ "schemas": [REQUEST], "Operations": operations })
}

#[track_caller]
fn answers(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.is(200).body["schemas"], json!([RESPONSE]));
    answer.body["Operations"].as_array().unwrap().clone()
}

fn statuses(answers: &[Value]) -> Vec<&str> {
    answers
        .iter()
        .map(|one| one["status"].as_str().expect("a status is a string"))
        .collect()
}

#[track_caller]
fn detail(answer: &Value) -> &str {
    assert_eq!(answer["response"]["status"], answer["status"]);
    answer["response"]["detail"].as_str().expect("a detail")
}

/// The id at the end of `location`, which begins with the base URL and the endpoint.
#[track_caller]
fn id(bridge: &Bridge, answer: &Value, endpoint: &str) -> String {
    let location = answer["location"].as_str().expect("a location");
    location
        .strip_prefix(&format!("{}{endpoint}/", bridge.base))
        .unwrap_or_else(|| panic!("{location}"))
        .to_owned()
}

fn post(path: &str, bulk_id: &str, data: Value) -> Value {
    json!({ "method": "POST", "path": path, "bulkId": bulk_id, "data": data })
}

fn patch(path: &str, operations: Value) -> Value {
    let data = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations });
    json!({ "method": "PATCH", "path": path, "data": data })
}

fn delete(path: &str) -> Value {
    json!({ "method": "DELETE", "path": path })
}

/// The group stands first and its members last; the manager refers to somebody further down.
async fn a_team_in_one_request(bridge: &Bridge) {
    let mut group = entra_group(bridge, "Ops");
    group["members"] = json!([{ "value": "bulkId:ana" }, { "value": "bulkId:boss" }]);
    let mut ana = entra_user(bridge, "ana");
    ana[ENTERPRISE]["manager"] = json!({ "value": "bulkId:boss" });
    let answered = bulk(
        &bridge.entra(),
        json!([
            post("/Groups", "group", group),
            post("/Users", "ana", ana),
            post("/Users", "boss", entra_user(bridge, "boss")),
        ]),
    )
    .await;
    assert_eq!(statuses(&answered), ["201", "201", "201"]);
    let bulk_ids: Vec<_> = answered.iter().map(|one| &one["bulkId"]).collect();
    assert_eq!(bulk_ids, ["group", "ana", "boss"]);
    assert!(
        answered
            .iter()
            .all(|one| one["method"] == "POST" && one.get("response").is_none())
    );
    let (group, ana, boss) = (
        id(bridge, &answered[0], "/Groups"),
        id(bridge, &answered[1], "/Users"),
        id(bridge, &answered[2], "/Users"),
    );
    let members = bridge.held(&group).await.members();
    assert_eq!(members, names_of(bridge, &[&ana, &boss]).await);
    let manager = bridge.held(&ana).await.scim("manager").expect("a manager");
    assert_eq!(
        manager.to_lowercase(),
        bridge.held(&boss).await.dn.to_lowercase()
    );
}

async fn references_in_patches(bridge: &Bridge) {
    let (group, old) = (
        create_group(bridge, "Ops").await,
        create_user(bridge, "old").await,
    );
    let members = json!([{ "op": "add", "path": "members", "value": [{ "value": old }] }]);
    bridge
        .entra()
        .patch(&format!("/Groups/{group}"), members)
        .await
        .accepted();
    let manager = format!("{ENTERPRISE}:manager");
    let answered = bulk(
        &bridge.entra(),
        json!([
            patch("/Users/bulkId:new", json!([{ "op": "add", "path": manager, "value": "bulkId:boss" }])),
            patch(&format!("/Groups/{group}"), json!([
                { "op": "add", "path": "members", "value": [{ "value": "bulkId:new" }, { "value": "bulkId:boss" }] },
                { "op": "remove", "path": format!("members[value eq \"{old}\"]") },
            ])),
            patch(&format!("/Groups/{group}"), json!([{ "op": "remove", "path": "members[value eq \"bulkId:boss\"]" }])),
            post("/Users", "new", entra_user(bridge, "new")),
            post("/Users", "boss", entra_user(bridge, "boss")),
        ]),
    )
    .await;
    assert_eq!(statuses(&answered)[3..], ["201", "201"], "{answered:?}");
    assert!(
        statuses(&answered)[..3]
            .iter()
            .all(|status| ["200", "204"].contains(status)),
        "{answered:?}"
    );
    let (new, boss) = (
        id(bridge, &answered[3], "/Users"),
        id(bridge, &answered[4], "/Users"),
    );
    assert_eq!(id(bridge, &answered[0], "/Users"), new);
    assert_eq!(id(bridge, &answered[1], "/Groups"), group);
    assert_eq!(
        bridge.held(&group).await.members(),
        names_of(bridge, &[&new]).await
    );
    let manager = bridge.held(&new).await.scim("manager").expect("a manager");
    assert_eq!(
        manager.to_lowercase(),
        bridge.held(&boss).await.dn.to_lowercase()
    );
}

async fn a_circle_is_refused_and_can_be_made_in_two_steps(bridge: &Bridge) {
    let with_manager = |first: &str, manager: &str| {
        let mut user = entra_user(bridge, first);
        user[ENTERPRISE]["manager"] = json!({ "value": format!("bulkId:{manager}") });
        user
    };
    let mut group = entra_group(bridge, "Ops");
    group["members"] = json!([{ "value": "bulkId:ana" }]);
    let answered = bulk(
        &bridge.entra(),
        json!([
            post("/Groups", "group", group),
            post("/Users", "ana", with_manager("ana", "bo")),
            post("/Users", "bo", with_manager("bo", "ana")),
            post("/Users", "cy", entra_user(bridge, "cy")),
        ]),
    )
    .await;
    assert_eq!(statuses(&answered), ["412", "409", "409", "201"]);
    assert!(detail(&answered[0]).contains("`ana`"));
    assert!(detail(&answered[1]).contains("circle") && detail(&answered[1]).contains("PATCH"));
    assert_eq!(bridge.count(&bridge.root).await, 1);

    // What the detail advises works.
    let manager = format!("{ENTERPRISE}:manager");
    let answered = bulk(
        &bridge.entra(),
        json!([
            post("/Users", "ana", with_manager("ana", "bo")),
            post("/Users", "bo", entra_user(bridge, "bo")),
            patch(
                "/Users/bulkId:bo",
                json!([{ "op": "add", "path": manager, "value": "bulkId:ana" }])
            ),
        ]),
    )
    .await;
    assert_eq!(statuses(&answered), ["201", "201", "200"]);
    let (ana, bo) = (
        id(bridge, &answered[0], "/Users"),
        id(bridge, &answered[1], "/Users"),
    );
    for (one, other) in [(&ana, &bo), (&bo, &ana)] {
        let manager = bridge.held(one).await.scim("manager").expect("a manager");
        assert_eq!(
            manager.to_lowercase(),
            bridge.held(other).await.dn.to_lowercase()
        );
    }
}

async fn each_failure_is_its_own(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let nobody = uuid::Uuid::new_v4();
    let mut team = entra_group(bridge, "Team");
    team["members"] = json!([{ "value": "bulkId:twin" }]);
    let answered = bulk(
        &bridge.entra(),
        json!([
            post("/Users", "twin", entra_user(bridge, "ana")),
            post("/Groups", "team", team),
            post("/Users", "bo", entra_user(bridge, "bo")),
            patch(
                &format!("/Users/{nobody}"),
                json!([{ "op": "replace", "path": "title", "value": "x" }])
            ),
            patch(
                &format!("/Users/{ana}"),
                json!([{ "op": "replace", "path": "title", "value": "Engineer" }])
            ),
            delete(&format!("/Users/{nobody}")),
            patch("/Users/bulkId:nobody", json!([])),
        ]),
    )
    .await;
    assert_eq!(
        statuses(&answered),
        ["409", "412", "201", "404", "200", "404", "400"],
        "{answered:?}"
    );
    assert_eq!(answered[0]["response"]["scimType"], "uniqueness");
    assert!(
        answered[0].get("location").is_none(),
        "there is no resource"
    );
    assert!(detail(&answered[1]).contains("`twin`"));
    assert_eq!(
        answered[3]["location"],
        format!("{}/Users/{nobody}", bridge.base)
    );
    assert!(detail(&answered[6]).contains("`nobody`"));
    bridge.held(&ana).await.holds(&[("title", "Engineer")]);
    assert_eq!(bridge.count(&bridge.people).await, 2);
    assert_eq!(bridge.count(&bridge.groups).await, 0);
}

async fn nothing_is_begun_after_too_many_errors(bridge: &Bridge) {
    let nobody = |number: u8| {
        delete(&format!(
            "/Users/00000000-0000-4000-8000-0000000000{number:02}"
        ))
    };
    let send = async |most: usize| {
        let mut body = request(json!([
            post("/Users", "one", entra_user(bridge, &format!("one{most}"))),
            nobody(1),
            nobody(2),
            post("/Users", "two", entra_user(bridge, &format!("two{most}"))),
            nobody(3),
        ]));
        body["failOnErrors"] = json!(most);
        answers(&bridge.entra().post("/Bulk", body).await)
    };
    let answered = send(1).await;
    assert_eq!(statuses(&answered), ["201", "404"], "{answered:?}");
    let answered = send(2).await;
    let errors = answered.iter().filter(|one| one["status"] == "404").count();
    assert_eq!(errors, 2, "{answered:?}");
    assert_eq!(statuses(&send(4).await).len(), 5);
}

async fn the_same_resource_is_changed_in_the_order_given(bridge: &Bridge) {
    let (ana, bo) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
    );
    let title = |number: usize| json!([{ "op": "replace", "path": "title", "value": format!("Title {number}") }]);
    let mut operations: Vec<Value> = (0..40)
        .map(|number| patch(&format!("/Users/{ana}"), title(number)))
        .collect();
    operations.push(patch(&format!("/Users/{bo}"), title(1)));
    operations.push(delete(&format!("/Users/{bo}")));
    operations.push(patch(&format!("/Users/{bo}"), title(2)));
    let answered = bulk(&bridge.entra(), json!(operations)).await;
    assert_eq!(
        statuses(&answered)[38..],
        ["200", "200", "200", "204", "404"]
    );
    bridge.held(&ana).await.holds(&[("title", "Title 39")]);
}

async fn a_name_given_up_is_free_for_the_next(bridge: &Bridge) {
    let old = create_user(bridge, "ana").await;
    let answered = bulk(
        &bridge.entra(),
        json!([
            delete(&format!("/Users/{old}")),
            post("/Users", "ana", entra_user(bridge, "ana")),
        ]),
    )
    .await;
    assert_eq!(statuses(&answered), ["204", "201"], "{answered:?}");
    assert_ne!(id(bridge, &answered[1], "/Users"), old);
}

async fn a_name_given_up_by_a_change_is_free_for_the_next(bridge: &Bridge) {
    let mut ids = Vec::new();
    for first in ["ana", "bo", "cy", "dee", "eve"] {
        ids.push(create_user(bridge, first).await);
    }
    let [ana, bo, cy, dee, eve] = &ids[..] else {
        panic!("five")
    };
    let mut namesake = entra_user(bridge, "ana");
    // The directories of the lab keep mail unique, too, and the older one keeps hers.
    namesake["emails"][0]["value"] = json!(bridge.name("ana.new"));
    let answered = bulk(
        &bridge.entra(),
        json!([
            rename(bridge, ana, "ana.old"),
            post("/Users", "ana", namesake),
            rename(bridge, bo, "bo.old"),
            rename(bridge, dee, "bo"),
            delete(&format!("/Users/{cy}")),
            rename(bridge, eve, "cy"),
        ]),
    )
    .await;
    assert_eq!(
        statuses(&answered),
        ["200", "201", "200", "200", "204", "200"],
        "{answered:#?}"
    );
    for (id, first) in [(ana, "ana.old"), (bo, "bo.old"), (dee, "bo"), (eve, "cy")] {
        let name = bridge.name(first);
        bridge.held(id).await.holds(&[("userName", &name)]);
    }
}

/// Members are names in some directories, and a name that nobody has any more takes nobody out.
async fn who_is_renamed_still_leaves_the_group(bridge: &Bridge) {
    let (mut groups, mut operations) = (Vec::new(), Vec::new());
    for number in 0..6 {
        let user = create_user(bridge, &format!("u{number}")).await;
        let group = create_group_of(bridge, &format!("G{number}"), &[&user]).await;
        let path = format!("members[value eq \"{user}\"]");
        let leave = patch(
            &format!("/Groups/{group}"),
            json!([{ "op": "remove", "path": path }]),
        );
        let renamed = rename(bridge, &user, &format!("new{number}"));
        // In either order.
        operations.extend(if number % 2 == 0 {
            [renamed, leave]
        } else {
            [leave, renamed]
        });
        groups.push(group);
    }
    let answered = bulk(&bridge.entra(), json!(operations)).await;
    for answer in &answered {
        assert!(
            ["200", "204"].contains(&answer["status"].as_str().unwrap()),
            "{answer}"
        );
    }
    for group in groups {
        assert!(bridge.held(&group).await.members().is_empty(), "{group}");
    }
}

fn rename(bridge: &Bridge, id: &str, first: &str) -> Value {
    let name = bridge.name(first);
    patch(
        &format!("/Users/{id}"),
        json!([{ "op": "replace", "path": "userName", "value": name }]),
    )
}

async fn many_at_once(bridge: &Bridge) {
    let mut operations = vec![patch(
        "/Groups/bulkId:group",
        json!([{ "op": "add", "path": "members",
                 "value": (0..60).map(|n| json!({ "value": format!("bulkId:u{n}") })).collect::<Vec<_>>() }]),
    )];
    for number in 0..60 {
        let name = format!("u{number}");
        operations.push(post("/Users", &name, entra_user(bridge, &name)));
    }
    operations.push(post("/Groups", "group", entra_group(bridge, "All")));
    let answered = bulk(&bridge.entra(), json!(operations)).await;
    assert_eq!(answered.len(), 62);
    assert!(
        statuses(&answered)
            .iter()
            .all(|status| status.starts_with('2')),
        "{answered:?}"
    );
    let group = id(bridge, &answered[61], "/Groups");
    assert_eq!(bridge.held(&group).await.members().len(), 60);
}

async fn malformed_as_a_whole_changes_nothing(bridge: &Bridge) {
    let good = || post("/Users", "ana", entra_user(bridge, "ana"));
    let client = bridge.entra();
    for (body, words) in [
        (request(json!([good(), good()])), "`ana`"),
        (request(json!([good(), 7])), "Operation 2"),
        (request(json!([good(), { "method": "DELETE" }])), "`path`"),
        (request(json!([])), "empty"),
        (json!({ "schemas": [REQUEST] }), "`Operations`"),
        (
            json!({ "schemas": [REQUEST], "failOnErrors": -1, "Operations": [good()] }),
            "`failOnErrors`",
        ),
    ] {
        let answer = client.post("/Bulk", body).await;
        let detail = answer.is(400).client_error();
        assert!(detail.contains(words), "{detail}");
    }
    let undeclared = json!({ "Operations": [good()] });
    bridge
        .strict()
        .post("/Bulk", undeclared)
        .await
        .bad_request("invalidSyntax");
    client.get("/Bulk").await.error(405, None);
    assert_eq!(bridge.count(&bridge.root).await, 0);
}

async fn hostile_operations(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let before = bridge.everything().await;
    let answered = bulk(
        &bridge.entra(),
        json!([
            { "method": "GET", "path": format!("/Users/{ana}") },
            { "method": "POST", "path": "/Bulk", "bulkId": "b", "data": request(json!([delete(&format!("/Users/{ana}"))])) },
            { "method": "POST", "path": "/Users", "data": {} },
            { "method": "PUT", "path": format!("/Users/{ana}") },
            delete("/Users"),
            delete("/../admin"),
            delete("/Users/*)(uid=*"),
            delete(&format!("/{}", "x".repeat(10_000))),
            delete("https://elsewhere.example/scim/v2/Users/1"),
            post(&format!("/Users/{ana}"), "p", json!({})),
            post("/Users", "self", json!({ "userName": "bulkId:self" })),
            { "method": "DELETE", "path": format!("/Users/{ana}"), "version": "W/\"1\"" },
            { "method": "DELETE", "path": format!("/Users/{ana}"), "version": "" },
        ]),
    )
    .await;
    assert_eq!(
        statuses(&answered),
        [
            "400", "404", "400", "400", "400", "404", "404", "404", "404", "400", "409", "412",
            "400"
        ],
        "{answered:#?}"
    );
    for one in &answered {
        assert!(!detail(one).is_empty() && detail(one).len() < 500, "{one}");
    }
    assert_eq!(bridge.everything().await, before);
}

async fn the_fences_stand(bridge: &Bridge) {
    let olga = bridge.plant_user(&bridge.outside, "olga").await;
    let before = bridge.everything().await;
    let answered = bulk(
        &bridge.entra(),
        json!([delete(&format!("/Users/{}", olga.id))]),
    )
    .await;
    assert_eq!(statuses(&answered), ["404"]);
    assert_eq!(bridge.everything().await, before);
}

async fn limits_are_published_and_kept(place: &Place) {
    let options = Options::new()
        .with("server.bulk_operations", 3)
        .with("server.bulk_payload", "4KiB")
        .with("server.body_limit", "2KiB");
    let bridge = Bridge::start(place, options).await;
    let client = bridge.entra();
    let config = client.get("/ServiceProviderConfig").await;
    assert_eq!(
        config.body["bulk"],
        json!({ "supported": true, "maxOperations": 3, "maxPayloadSize": 4096 })
    );
    let nobody = || delete(&format!("/Users/{}", uuid::Uuid::new_v4()));
    let answered = bulk(&client, json!([nobody(), nobody(), nobody()])).await;
    assert_eq!(statuses(&answered), ["404"; 3]);
    let answer = client
        .post(
            "/Bulk",
            request(json!([nobody(), nobody(), nobody(), nobody()])),
        )
        .await;
    assert!(answer.error(413, None).contains("the most is 3"));
    let large = |size: usize| {
        let mut user = entra_user(&bridge, "ana");
        user["displayName"] = "x".repeat(size).into();
        request(json!([post("/Users", "ana", user)]))
    };
    let answer = client.post("/Bulk", large(5000)).await;
    assert!(answer.error(413, None).contains("4096 bytes"));
    // Longer than other bodies may be.
    let answer = client.post("/Bulk", large(2000)).await;
    assert_eq!(answers(&answer).len(), 1);
}

/// A directory that hangs costs the operations under way, and neither the answer nor the time of the others.
async fn what_was_not_begun_in_time_says_so(place: &Place) {
    let ana = place.plant_user(&place.people, "ana").await.id;
    let relay = Relay::to(place.lab).await;
    let options = Options::new()
        .with("directory.urls", vec![relay.url().as_str()])
        .with("server.request_timeout", "6s");
    let bridge = Bridge::start(place, options).await;
    relay.freeze();
    let operations: Vec<Value> = (0..20)
        .map(|number| {
            let title = format!("Title {number}");
            let change = json!([{ "op": "replace", "path": "title", "value": title }]);
            patch(&format!("/Users/{ana}"), change)
        })
        .collect();
    let answered = bulk(&bridge.entra(), json!(operations)).await;
    assert_eq!(statuses(&answered), ["503"; 20]);
    assert!(detail(&answered[0]).contains("cannot be reached"));
    for one in &answered[1..] {
        assert!(detail(one).contains("not tried"), "{one}");
    }
    bridge.warned(&["\"not_begun\":19", "ran out of time"]);
    relay.open();
}
