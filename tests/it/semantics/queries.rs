//! Queries beyond a filter on one endpoint: order, a query in a body, queries over both types, and the bound on what is
//! looked at.

use serde_json::{Value, json};

use crate::support::people::{create_group, create_user, entra_user};
use crate::support::{Answer, Bridge, ENTERPRISE, Options, Place, both};

both!(
    stories: [
        a_list_is_ordered_by_any_attribute_and_the_same_on_every_page,
        what_has_no_value_comes_last_or_first,
        what_is_compared_is_read_and_not_shown,
        a_query_in_a_body_is_the_query_of_a_url,
        a_query_at_the_root_is_over_both_types,
        the_case_of_an_external_id_counts,
        what_is_shown_does_not_change_the_headers,
        of_elements_a_part_can_be_left_out,
    ]
    places: [
        more_than_may_be_looked_at_is_too_many,
        more_than_may_be_looked_at_the_directory_orders,
    ]
);

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// RFC 7644 §3.3: a new resource's place is always named.
async fn what_is_shown_does_not_change_the_headers(bridge: &Bridge) {
    let client = bridge.entra();
    let body = entra_user(bridge, "ana");
    let answer = client.post("/Users?attributes=userName", body).await;
    let id = answer.is(201).body["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    answer.lacks(&["meta"]);
    let path = format!("/Users/{id}");
    let whole = client.get(&path).await;
    let place = whole.header("location").expect("a location").to_owned();
    assert!(place.ends_with(&path), "{place}");
    assert_eq!(answer.header("location"), Some(place.as_str()));
    let version = whole.header("etag");
    assert!(version.is_some());
    let title = json!([{"op": "replace", "path": "title", "value": "Engineer"}]);
    for (left_out, told) in [
        (
            "attributes=userName",
            client.get(&format!("{path}?attributes=userName")).await,
        ),
        (
            "excludedAttributes=meta",
            client.get(&format!("{path}?excludedAttributes=meta")).await,
        ),
    ] {
        assert_eq!(told.header("location"), Some(place.as_str()), "{left_out}");
        assert_eq!(told.header("etag"), version, "{left_out}");
        told.lacks(&["meta"]);
    }
    let changed = client
        .patch(&format!("{path}?attributes=title"), title)
        .await;
    let now = client.get(&path).await;
    assert_eq!(changed.header("etag"), now.header("etag"));
    assert_ne!(now.header("etag"), version);
}

async fn of_elements_a_part_can_be_left_out(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let asked = format!("/Users/{id}?excludedAttributes=emails.value");
    let answer = bridge.entra().get(&asked).await;
    assert_eq!(
        answer.is(200).body["emails"],
        json!([{"type": "work", "primary": true}])
    );
}

/// The first names of what a list shows, in its order: before the test's own part of the name.
fn firsts(answer: &Answer) -> Vec<String> {
    let resources = answer.is(200).body["Resources"].as_array();
    let first = |one: &Value| {
        let name = one["userName"].as_str().or(one["displayName"].as_str());
        let name = name.expect("a name");
        name[..name.find(['.', '-', ' ']).unwrap_or(name.len())].to_owned()
    };
    resources.expect("resources").iter().map(first).collect()
}

async fn people(bridge: &Bridge) {
    for (first, title, active) in [
        ("eve", "zoologist", true),
        ("Ana", "Éditeur", true),
        ("bo", "", false),
        ("cy", "Zookeeper", true),
        ("dee", "", true),
    ] {
        let mut user = entra_user(bridge, first);
        user["active"] = json!(active);
        if !title.is_empty() {
            user["title"] = json!(title);
        }
        bridge.entra().post("/Users", user).await.created("/Users");
    }
}

async fn a_list_is_ordered_by_any_attribute_and_the_same_on_every_page(bridge: &Bridge) {
    people(bridge).await;
    let client = bridge.entra();
    for (query, expected) in [
        ("sortBy=userName", vec!["Ana", "bo", "cy", "dee", "eve"]),
        (
            "sortBy=USERNAME&sortOrder=Descending",
            vec!["eve", "dee", "cy", "bo", "Ana"],
        ),
        (
            "sortBy=name.givenName&sortOrder=ascending",
            vec!["Ana", "bo", "cy", "dee", "eve"],
        ),
        ("sortBy=emails", vec!["Ana", "bo", "cy", "dee", "eve"]),
        (
            "sortBy=emails.value&sortOrder=descending",
            vec!["eve", "dee", "cy", "bo", "Ana"],
        ),
        (
            "sortBy=userName&filter=title%20pr",
            vec!["Ana", "cy", "eve"],
        ),
        ("sortBy=title&filter=title%20pr", vec!["cy", "eve", "Ana"]),
    ] {
        assert_eq!(
            firsts(&client.get(&format!("/Users?{query}")).await),
            expected,
            "{query}"
        );
        let mut pages = Vec::new();
        for start in 1..=expected.len() {
            let page = client
                .get(&format!("/Users?{query}&startIndex={start}&count=1"))
                .await;
            assert_eq!(page.body["totalResults"], expected.len(), "{query}");
            pages.extend(firsts(&page));
        }
        assert_eq!(pages, expected, "{query}, page by page");
    }
    let ids = async |query: &str| -> Vec<String> {
        let answer = client.get(&format!("/Users?{query}")).await;
        let all = answer.is(200).body["Resources"]
            .as_array()
            .expect("resources")
            .clone();
        all.iter()
            .map(|one| one["id"].as_str().expect("an id").to_owned())
            .collect()
    };
    let plain = ids("").await;
    assert_eq!(ids("sortBy=id").await, plain);
    let mut reversed = plain.clone();
    reversed.reverse();
    assert_eq!(ids("sortBy=id&sortOrder=descending").await, reversed);
    // Everybody has the same department: then the ids decide, in either order.
    let department = format!("sortBy={ENTERPRISE}:department");
    assert_eq!(ids(&department).await, plain);
    assert_eq!(
        ids(&format!("{department}&sortOrder=descending")).await,
        plain
    );
    assert_eq!(firsts(&client.get("/Users?sortBy=active").await)[0], "bo");
    for (query, detail) in [
        (
            "sortBy=shoeSize",
            "`sortBy` is `shoeSize`, which is not mapped for User",
        ),
        ("sortBy=password", "A list cannot be ordered by `password`"),
        ("sortBy=name", "A list cannot be ordered by `name`"),
        ("sortBy=userName&sortOrder=up", "sortOrder is `up`"),
    ] {
        let answer = client.get(&format!("/Users?{query}")).await;
        let refused = answer.bad_request("invalidValue");
        assert!(refused.starts_with(detail), "{refused}");
    }
    let config = client.get("/ServiceProviderConfig").await;
    assert_eq!(config.is(200).body["sort"], json!({"supported": true}));
}

async fn what_has_no_value_comes_last_or_first(bridge: &Bridge) {
    people(bridge).await;
    let titles = async |order: &str| -> Vec<Value> {
        let path = format!("/Users?sortBy=title&sortOrder={order}");
        let answer = bridge.entra().get(&path).await;
        let users = answer.is(200).body["Resources"]
            .as_array()
            .expect("resources")
            .clone();
        users.iter().map(|user| user["title"].clone()).collect()
    };
    let (one, two, three) = (json!("Zookeeper"), json!("zoologist"), json!("Éditeur"));
    let nothing = Value::Null;
    assert_eq!(
        titles("ascending").await,
        [&one, &two, &three, &nothing, &nothing].map(Clone::clone)
    );
    assert_eq!(
        titles("descending").await,
        [&nothing, &nothing, &three, &two, &one].map(Clone::clone)
    );
}

async fn what_is_compared_is_read_and_not_shown(bridge: &Bridge) {
    people(bridge).await;
    let filter = "title%20gt%20%22zookeeper%22";
    for query in ["attributes=userName", "attributes=userName&count=1"] {
        let path = format!("/Users?filter={filter}&sortBy=title&{query}");
        let answer = bridge.entra().get(&path).await;
        assert_eq!(firsts(&answer)[0], "eve");
        assert_eq!(answer.body["totalResults"], 2);
        let user = answer.body["Resources"][0].as_object().expect("an object");
        let names: Vec<&str> = user.keys().map(String::as_str).collect();
        assert!(
            !names.contains(&"title") && !names.contains(&"emails"),
            "{names:?}"
        );
    }
    let path = format!("/Users?filter={filter}&excludedAttributes=title,userName");
    let answer = bridge.entra().get(&path).await;
    let user = &answer.list(2)[0];
    assert!(
        user.get("title").is_none() && user.get("userName").is_none(),
        "{user}"
    );
    // One search answers a filter that LDAP cannot, where its candidates fit on the page.
    let mut least = u64::MAX;
    for _ in 0..3 {
        let before = bridge.round_trips().await;
        bridge
            .entra()
            .get(&format!("/Users?filter={filter}"))
            .await
            .list(2);
        least = least.min(bridge.round_trips().await - before);
    }
    assert_eq!(least, 1);
}

async fn a_query_in_a_body_is_the_query_of_a_url(bridge: &Bridge) {
    people(bridge).await;
    let client = bridge.entra();
    let body = json!({
        "schemas": [SEARCH], "attributes": ["userName", "title"], "filter": "title pr", "sortBy": "userName",
        "sortOrder": "descending", "startIndex": 2, "count": 1,
    });
    let found = client.post("/Users/.search", body.clone()).await;
    let url = "/Users?attributes=userName,title&filter=title%20pr&sortBy=userName&sortOrder=descending&startIndex=2&count=1";
    assert_eq!(found.is(200).body, client.get(url).await.is(200).body);
    assert_eq!(firsts(&found), ["cy"]);
    assert_eq!(found.body["totalResults"], 3);
    let at_the_root = client.post("/.search", body).await;
    assert_eq!(firsts(&at_the_root), ["cy"]);
    let everything = client
        .post("/Users/.search", json!({"schemas": [SEARCH]}))
        .await;
    everything.list(5);
    let hidden = json!({"schemas": [SEARCH], "excludedAttributes": ["emails"], "filter": "userName sw \"bo\""});
    assert!(
        client
            .post("/Users/.search", hidden)
            .await
            .only()
            .get("emails")
            .is_none()
    );

    client
        .post(
            "/Users/.search",
            json!({"schemas": [SEARCH], "filter": "userName"}),
        )
        .await
        .bad_request("invalidFilter");
    client
        .post(
            "/Users/.search",
            json!({"schemas": [SEARCH], "count": "many"}),
        )
        .await
        .bad_request("invalidValue");
    client
        .post("/Users/.search", json!([]))
        .await
        .bad_request("invalidSyntax");
    let undeclared = json!({"filter": "title pr"});
    bridge
        .strict()
        .post("/Users/.search", undeclared.clone())
        .await
        .bad_request("invalidSyntax");
    client.post("/Users/.search", undeclared).await.list(3);
    assert_eq!(client.get("/Users/.search").await.status, 405);
    assert_eq!(client.post("/Devices/.search", json!({})).await.status, 404);
}

async fn a_query_at_the_root_is_over_both_types(bridge: &Bridge) {
    people(bridge).await;
    for first in ["ops", "Ana"] {
        create_group(bridge, first).await;
    }
    let client = bridge.entra();
    // A probe is none.
    for probe in ["", "/", "/?"] {
        assert_eq!(
            client.get(probe).await.is(200).body["patch"]["supported"],
            true,
            "{probe}"
        );
    }
    let all = client.get("/?count=1000").await;
    assert_eq!(all.list(7).len(), 7);
    let types: Vec<&Value> = all
        .list(7)
        .iter()
        .map(|one| &one["meta"]["resourceType"])
        .collect();
    assert_eq!(types, [vec!["User"; 5], vec!["Group"; 2]].concat());
    let mut pages = Vec::new();
    for start in [1, 4, 7] {
        let page = client.get(&format!("/?startIndex={start}&count=3")).await;
        assert_eq!(page.body["totalResults"], 7);
        pages.extend(
            page.is(200).body["Resources"]
                .as_array()
                .expect("resources")
                .clone(),
        );
    }
    assert_eq!(&pages, all.list(7));
    assert_eq!(
        client.get("/?count=0").await.is(200).body["totalResults"],
        7
    );

    for (filter, expected) in [
        ("displayName sw \"ana\"", vec!["Ana", "Ana"]),
        ("userName pr", vec!["Ana", "bo", "cy", "dee", "eve"]),
        ("not (userName pr)", vec!["Ana", "ops"]),
        ("meta.resourceType eq \"Group\"", vec!["Ana", "ops"]),
        (
            "title gt \"zookeeper\" or displayName sw \"ops\"",
            vec!["Ana", "eve", "ops"],
        ),
        ("emails[type eq \"work\" and value sw \"bo\"]", vec!["bo"]),
    ] {
        let mut found = firsts(&client.filter("/", filter).await);
        found.sort();
        assert_eq!(found, expected, "{filter}");
    }
    assert_eq!(
        firsts(&client.get("/?sortBy=displayName").await),
        ["Ana", "Ana", "bo", "cy", "dee", "eve", "ops"]
    );
    let middle = client
        .get("/?sortBy=displayName&startIndex=6&count=5&sortOrder=ascending")
        .await;
    assert_eq!(firsts(&middle), ["eve", "ops"]);
    assert_eq!(middle.body["totalResults"], 7);
    let by_user_name = firsts(&client.get("/?sortBy=userName").await);
    assert_eq!(by_user_name[..5], ["Ana", "bo", "cy", "dee", "eve"]);

    for filter in ["shoeSize eq 38", "name.shoe pr", "password pr"] {
        client
            .filter("/", filter)
            .await
            .bad_request("invalidFilter");
    }
    client
        .get("/?sortBy=shoeSize")
        .await
        .bad_request("invalidValue");
}

async fn the_case_of_an_external_id_counts(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let external = format!("ana-{}", bridge.tag);
    let client = bridge.entra();
    let found = client
        .filter("/Users", &format!("externalId eq \"{external}\""))
        .await;
    assert_eq!(found.only()["id"], id.as_str());
    let upper = format!("externalId eq \"{}\"", external.to_uppercase());
    client.filter("/Users", &upper).await.empty_list();
    let name = format!("userName eq \"{}\"", bridge.name("ana").to_uppercase());
    assert_eq!(
        client.filter("/Users", &name).await.only()["id"],
        id.as_str()
    );
}

async fn more_than_may_be_looked_at_is_too_many(place: &Place) {
    let bridge = Bridge::start(place, Options::new().with("server.max_candidates", 3)).await;
    people(&bridge).await;
    let client = bridge.entra();
    for path in [
        "/Users?sortBy=active",
        "/Users?sortBy=emails&count=2",
        "/Users?sortBy=title&filter=title%20gt%20%22a%22%20or%20userName%20pr",
        "/Users?filter=not%20(title%20gt%20%22a%22)&count=2",
        "/?sortBy=title",
    ] {
        let answer = client.get(path).await;
        let detail = answer.bad_request("tooMany");
        assert!(detail.contains("more than 3 resources"), "{detail}");
    }
    let total = "/Users?filter=not%20(title%20gt%20%22b%22)&count=0";
    let mut costs = Vec::new();
    for _ in 0..4 {
        let before = bridge.round_trips().await;
        client.get(total).await.bad_request("tooMany");
        costs.push(bridge.round_trips().await - before);
    }
    // A probe of the pool may fall into one.
    assert!(
        costs[0] > 0 && costs.contains(&0),
        "it is known for a minute: {costs:?}"
    );
    // What narrows the filter narrows what is looked at; and what the directory answers alone has no such bound.
    let narrow = client
        .filter("/Users?count=2", "title gt \"zookeeper\"")
        .await;
    assert_eq!(narrow.is(200).body["totalResults"], 2);
    assert_eq!(
        client.get("/Users?count=1").await.is(200).body["totalResults"],
        5
    );
    assert_eq!(
        client.get("/Users?sortBy=id&count=1").await.is(200).body["totalResults"],
        5
    );
}

async fn more_than_may_be_looked_at_the_directory_orders(place: &Place) {
    let bridge = Bridge::start(place, Options::new().with("server.max_candidates", 3)).await;
    people(&bridge).await;
    let client = bridge.entra();
    // Where letters with accents go is the directory's own affair.
    let titles = place
        .kind()
        .pick(["cy", "eve", "Ana", "", ""], ["Ana", "cy", "eve", "", ""]);
    let mut reversed = titles;
    reversed.reverse();
    let with_title = |names: Vec<String>, titles: [&str; 5]| {
        for (name, expected) in names.iter().zip(titles) {
            assert!(
                name == expected || expected.is_empty() && ["bo", "dee"].contains(&name.as_str()),
                "{names:?} and not {titles:?}"
            );
        }
    };
    with_title(firsts(&client.get("/Users?sortBy=title").await), titles);
    with_title(
        firsts(&client.get("/Users?sortBy=title&sortOrder=descending").await),
        reversed,
    );
    let names = ["Ana", "bo", "cy", "dee", "eve"];
    for (query, expected) in [
        ("sortBy=userName", names.to_vec()),
        (
            "sortBy=userName&sortOrder=descending",
            names.iter().rev().copied().collect(),
        ),
        (
            "sortBy=userName&filter=userName%20pr&startIndex=2&count=3",
            names[1..4].to_vec(),
        ),
    ] {
        let answer = client.get(&format!("/Users?{query}")).await;
        assert_eq!(firsts(&answer), expected, "{query}");
        assert_eq!(answer.body["totalResults"], 5, "{query}");
    }
    for (by, order) in [
        ("meta.created", "ascending"),
        ("meta.lastModified", "descending"),
    ] {
        let answer = client
            .get(&format!("/Users?sortBy={by}&sortOrder={order}"))
            .await;
        let moments = answer.is(200).body["Resources"].as_array();
        let moments = moments.expect("resources").iter();
        let key = by.trim_start_matches("meta.");
        let mut moments: Vec<&str> = moments
            .map(|one| one["meta"][key].as_str().expect("a moment"))
            .collect();
        if order == "descending" {
            moments.reverse();
        }
        assert!(moments.len() == 5 && moments.is_sorted(), "{moments:?}");
    }
    let ids = client.get("/Users?sortBy=id&sortOrder=descending").await;
    let ids = ids.is(200).body["Resources"].as_array();
    let ids: Vec<&str> = ids
        .expect("resources")
        .iter()
        .rev()
        .map(|one| one["id"].as_str().expect("an id"))
        .collect();
    assert!(ids.len() == 5 && ids.is_sorted(), "{ids:?}");
    // A total is told whatever the order, a walk sees everybody in order.
    for path in [
        "/Users?sortBy=active&count=0",
        "/?sortBy=active&filter=userName%20pr&count=0",
    ] {
        let total = client.get(path).await;
        assert_eq!(total.is(200).body["totalResults"], 5, "{path}");
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client
            .get(&format!("/Users?sortBy=userName&count=2&cursor={cursor}"))
            .await;
        seen.extend(firsts(&page));
        match page.body["nextCursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, names);
}
