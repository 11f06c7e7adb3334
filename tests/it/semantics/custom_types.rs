//! The types of docs/custom-types.md, as they stand there: a room where the directory has the class `room`, a contact in
//! Active Directory.

use serde_json::{Value, json};

use crate::support::people::create_user;
use crate::support::{Bridge, Kind, Options, Place, both};

both!(places: [
    it_lives_like_any_other_resource,
    it_is_described,
    it_takes_part_in_bulk_and_stays_behind_its_fences,
]);

/// What the two examples have in common, under the names they have there.
struct Example {
    name: &'static str,
    endpoint: &'static str,
    /// A plain text attribute of the type, and where it is kept.
    text: (&'static str, &'static str),
    /// An attribute with canonical values: its name, two of them, and where they are kept.
    values: (&'static str, [&'static str; 2], &'static str),
    many: bool,
    /// Where the caretaker is kept.
    caretaker: &'static str,
}

fn example(place: &Place) -> Example {
    match place.kind() {
        Kind::Samba => Example {
            name: "Contact",
            endpoint: "/Contacts",
            text: ("company", "company"),
            values: ("kind", ["supplier", "customer"], "division"),
            many: false,
            caretaker: "manager",
        },
        _ => Example {
            name: "Room",
            endpoint: "/Rooms",
            text: ("number", "roomNumber"),
            values: ("features", ["projector", "whiteboard"], "description"),
            many: true,
            caretaker: "seeAlso",
        },
    }
}

impl Example {
    fn urn(&self) -> String {
        format!("urn:example:params:scim:schemas:core:2.0:{}", self.name)
    }

    /// The example of the document, below the built-in mapping.
    async fn bridge(&self, place: &Place) -> Bridge {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/custom-types.md");
        let document = std::fs::read_to_string(file).expect("the document");
        let text = document
            .split("```toml\n")
            .filter_map(|rest| rest.split("```").next())
            .find(|text| text.starts_with(&format!("[resource.{}]", self.name)))
            .expect("an example");
        let base = self.base(place);
        place.plant_ou(&base).await;
        let options = Options::new()
            .extend_mapping(text)
            .with(&format!("resources.{}.base", self.name), base);
        Bridge::start(place, options).await
    }

    fn base(&self, place: &Place) -> String {
        format!("ou={}s,{}", self.name, place.root)
    }

    fn body(&self, name: &str) -> Value {
        let (text, _) = self.text;
        let (values, [one, _], _) = self.values;
        json!({
            "schemas": [self.urn()],
            "displayName": name,
            text: "2.14",
            values: if self.many { json!([one]) } else { json!(one) },
        })
    }
}

async fn it_lives_like_any_other_resource(place: &Place) {
    let example = example(place);
    let bridge = example.bridge(place).await;
    let (client, endpoint) = (bridge.entra(), example.endpoint);
    let ana = create_user(&bridge, "ana").await;

    let mut body = example.body("Ada");
    body["caretaker"] = json!({ "value": ana });
    let id = client.post(endpoint, body.clone()).await.created(endpoint);
    let path = format!("{endpoint}/{id}");
    let (text, text_ldap) = example.text;
    let (values, [one, other], values_ldap) = example.values;
    let held = bridge.held(&id).await;
    assert_eq!(held.text(text_ldap).as_deref(), Some("2.14"));
    assert_eq!(held.texts(values_ldap), [one]);
    let caretaker = held.text(example.caretaker).expect("a caretaker");
    assert_eq!(
        caretaker.to_lowercase(),
        bridge.held(&ana).await.dn.to_lowercase()
    );
    client.post(endpoint, body).await.conflict("displayName");

    let read = client.get(&path).await;
    assert_eq!(read.resource()["caretaker"]["value"], ana.as_str());
    assert_eq!(read.body["caretaker"]["type"], "User");
    let filters = [
        "displayName eq \"ada\"".to_owned(),
        format!("{text} sw \"2.\" and {values} eq \"{one}\""),
        format!("caretaker eq \"{ana}\""),
        format!("{}:displayName pr", example.urn()),
    ];
    for filter in &filters {
        let found = client.filter(endpoint, filter).await;
        assert_eq!(found.only()["id"], id.as_str(), "{filter}");
    }
    client
        .filter(endpoint, "displayName eq \"Bob\"")
        .await
        .empty_list();
    client.get("/Users").await.list(1);

    let changes = json!([
        { "op": "replace", "path": "displayName", "value": "Grace" },
        { "op": "add", "path": values, "value": if example.many { json!([other]) } else { json!(other) } },
        { "op": "remove", "path": "caretaker" },
    ]);
    client.patch(&path, changes).await.resource();
    let held = bridge.held(&id).await;
    let expected = if example.many {
        vec![one, other]
    } else {
        vec![other]
    };
    assert_eq!(held.texts(values_ldap), expected);
    assert!(!held.has(example.caretaker));
    let mut whole = client.get(&path).await.body;
    assert_eq!(whole["displayName"], "Grace");
    whole.as_object_mut().unwrap().remove(text);
    client.put(&path, whole).await.resource();
    assert!(!bridge.held(&id).await.has(text_ldap));

    client.delete(&path).await.no_content();
    client.get(&path).await.not_found();
    client.get(&format!("/Users/{ana}")).await.resource();
}

async fn it_is_described(place: &Place) {
    let example = example(place);
    let bridge = example.bridge(place).await;
    let client = bridge.entra();
    let of = client
        .get(&format!("/ResourceTypes/{}", example.name))
        .await;
    of.is(200).says(&json!({
        "endpoint": example.endpoint,
        "schema": example.urn(),
        "schemaExtensions": [],
    }));
    let schema = client.get(&format!("/Schemas/{}", example.urn())).await;
    let attributes = schema.is(200).body["attributes"]
        .as_array()
        .unwrap()
        .clone();
    let find = |name: &str| attributes.iter().find(|one| one["name"] == name).unwrap();
    let display = find("displayName");
    assert_eq!(
        (&display["required"], &display["uniqueness"]),
        (&json!(true), &json!("server"))
    );
    assert!(
        display["description"]
            .as_str()
            .unwrap()
            .starts_with("The name")
    );
    let (values, both, _) = example.values;
    assert_eq!(find(values)["canonicalValues"], json!(both));
    assert_eq!(find(values)["multiValued"], example.many);
    let caretaker = find("caretaker")["subAttributes"].as_array().unwrap();
    let reference = caretaker.iter().find(|one| one["name"] == "$ref").unwrap();
    assert_eq!(reference["referenceTypes"], json!(["User"]));
    assert_eq!(reference["mutability"], "readOnly");
}

async fn it_takes_part_in_bulk_and_stays_behind_its_fences(place: &Place) {
    let example = example(place);
    let bridge = example.bridge(place).await;
    let client = bridge.entra();
    let mut body = example.body("Ada");
    body["caretaker"] = json!({ "value": "bulkId:ana" });
    let request = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [
            { "method": "POST", "path": example.endpoint, "bulkId": "ada", "data": body },
            { "method": "POST", "path": "/Users", "bulkId": "ana",
              "data": crate::support::people::entra_user(&bridge, "ana") },
        ],
    });
    let answer = client.post("/Bulk", request).await;
    let statuses: Vec<&Value> = answer.is(200).body["Operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["status"])
        .collect();
    assert_eq!(statuses, ["201", "201"], "{}", answer.text);
    // A user is no room, and a room no user, whatever endpoint asks.
    let users = client.get("/Users").await.list(1).to_vec();
    let rooms = client.get(example.endpoint).await.list(1).to_vec();
    for (endpoint, other) in [(example.endpoint, &users), ("/Users", &rooms)] {
        let path = format!("{endpoint}/{}", other[0]["id"].as_str().unwrap());
        client.get(&path).await.not_found();
        client.delete(&path).await.not_found();
    }
    // No caretaker is taken from outside the base of users.
    let olga = bridge.plant_user(&bridge.outside, "olga").await;
    let path = format!("{}/{}", example.endpoint, rooms[0]["id"].as_str().unwrap());
    let outside = json!([{ "op": "replace", "path": "caretaker", "value": olga.id }]);
    let answer = client.patch(&path, outside).await;
    assert!(
        !bridge
            .held(rooms[0]["id"].as_str().unwrap())
            .await
            .texts(example.caretaker)
            .contains(&olga.dn),
        "{}",
        answer.text
    );
}
