//! Lists too long for one round trip: what a page costs, what it shows while others come and go, and cursors (RFC 9865).
//!
//! Costs are counted in LDAP round trips, not in time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::admin::{Attributes, many, one};
use crate::support::people::create_user;
use crate::support::{Answer, Bridge, Kind, Options, Place, Relay, both};

both!(
    stories: [
        a_cursor_goes_on_where_the_last_page_ended,
        long_lists,
    ]
    places: [few_readings_outlive_their_requests]
);

/// More than one round trip tells.
const MANY: usize = 1_150;

/// A list is no older.
const MINUTE: Duration = Duration::from_secs(60);

/// On a page.
const COUNT: usize = 100;

/// Stories of one crowd: so many entries take their time to make.
async fn long_lists(bridge: &Bridge) {
    let mut crowd = crowd(bridge).await;
    a_deep_page_costs_what_the_first_costs(bridge).await;
    what_the_bridge_wrote_is_in_the_next_list(bridge).await;
    what_the_bridge_wrote_is_in_its_place(bridge).await;
    however_much_the_bridge_wrote_nobody_else_is_read_anew(bridge, &crowd).await;
    a_walk_sees_whoever_is_there_all_along_exactly_once(bridge, &mut crowd).await;
}

/// So many users, without passwords, made by the administrator; by id.
async fn crowd(bridge: &Bridge) -> BTreeMap<String, String> {
    let numbers: Vec<usize> = (0..MANY).collect();
    for some in numbers.chunks(32) {
        join_all(some.iter().map(|number| join(bridge, format!("u{number}")))).await;
    }
    let filter = bridge
        .kind()
        .pick("(objectClass=inetOrgPerson)", "(sAMAccountName=*)");
    let held = bridge.admin.find(&bridge.people, filter).await;
    let crowd: BTreeMap<String, String> =
        held.iter().map(|one| (one.id(), one.dn.clone())).collect();
    assert_eq!(crowd.len(), MANY);
    crowd
}

/// One of them more.
async fn join(bridge: &Bridge, first: String) {
    let name = bridge.name(&first);
    let account = format!("{first}.{}", bridge.tag);
    let title = format!("Old {first}");
    let (dn, attributes): (String, Attributes<'_>) = match bridge.kind() {
        Kind::Samba => (
            format!("CN={account},{}", bridge.people),
            vec![
                ("objectClass", one("user")),
                ("sAMAccountName", one(&account)),
                ("userPrincipalName", one(&name)),
                ("sn", one("Planted")),
                ("title", one(&title)),
                ("userAccountControl", one("514")),
            ],
        ),
        _ => (
            format!("uid={name},{}", bridge.people),
            vec![
                ("objectClass", many(&["inetOrgPerson"])),
                ("uid", one(&name)),
                ("cn", one(&first)),
                ("sn", one("Planted")),
                ("title", one(&title)),
            ],
        ),
    };
    bridge.admin.add(&dn, attributes).await;
}

fn ids(answer: &Answer) -> Vec<String> {
    let resources = answer.is(200).body["Resources"].as_array();
    let ids = resources.expect("Resources").iter();
    ids.map(|one| one["id"].as_str().expect("an id").to_owned())
        .collect()
}

fn total(answer: &Answer) -> usize {
    let total = answer.is(200).body["totalResults"].as_u64();
    usize::try_from(total.expect("totalResults")).expect("a small number")
}

async fn list(bridge: &Bridge, query: &str) -> Answer {
    bridge.okta().get(&format!("/Users?{query}")).await
}

/// What a request costs, at the least of three: a probe of the pool may fall into one.
async fn cost(bridge: &Bridge, query: &str) -> u64 {
    let mut least = u64::MAX;
    for _ in 0..3 {
        let before = bridge.round_trips().await;
        list(bridge, query).await.is(200);
        least = least.min(bridge.round_trips().await - before);
    }
    least
}

async fn a_deep_page_costs_what_the_first_costs(bridge: &Bridge) {
    list(bridge, "count=0").await.list(MANY);
    let first = cost(bridge, "startIndex=1&count=100").await;
    let deep = cost(bridge, "startIndex=1001&count=100").await;
    assert_eq!(deep, first, "page 11 and page 1");
    // 100 ids are asked for in one search, or in few where the server compares each entry with each id.
    assert!(first <= 5, "{first}");
    assert_eq!(cost(bridge, "count=0").await, 0, "the total is known");
    assert_eq!(cost(bridge, "count=1").await, 1, "one entry is read");
    let looked_at = "count=0&filter=not%20(userName%20gt%20%22a%22)";
    list(bridge, looked_at).await.list(0);
    assert_eq!(
        cost(bridge, looked_at).await,
        0,
        "nobody is looked at again"
    );
    let by_cursor = list(bridge, "cursor&count=100").await;
    let next = by_cursor.is(200).body["nextCursor"].as_str().expect("more");
    let second = cost(bridge, &format!("cursor={next}&count=100")).await;
    assert_eq!(second, first, "the second page by cursor");
}

/// How a client finds the next page.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    /// `startIndex` grows by what was asked for.
    Count,
    /// `startIndex` grows by what came.
    Came,
    Cursor,
}

async fn a_walk_sees_whoever_is_there_all_along_exactly_once(
    bridge: &Bridge,
    crowd: &mut BTreeMap<String, String>,
) {
    for step in [Step::Count, Step::Came, Step::Cursor] {
        let there: BTreeSet<String> = crowd.keys().cloned().collect();
        let mut seen: Vec<String> = Vec::new();
        let mut query = match step {
            Step::Cursor => format!("cursor=&count={COUNT}"),
            _ => format!("startIndex=1&count={COUNT}"),
        };
        for page in 1.. {
            let answer = list(bridge, &query).await;
            let came = ids(&answer);
            seen.extend(came.iter().cloned());
            let next = match step {
                Step::Count => 1 + page * COUNT,
                _ => 1 + seen.len(),
            };
            let cursor = answer.body["nextCursor"].as_str();
            assert!(cursor.is_none() || step == Step::Cursor, "{}", answer.text);
            match (step, cursor) {
                (Step::Cursor, Some(cursor)) => query = format!("cursor={cursor}&count={COUNT}"),
                (Step::Cursor, None) => break,
                _ if next > total(&answer) => break,
                _ => query = format!("startIndex={next}&count={COUNT}"),
            }
            assert!(page < 30, "{step:?} does not end");
            come_and_go(bridge, crowd, page, step).await;
        }
        let once: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(once.len(), seen.len(), "{step:?}: somebody came twice");
        let stayed: BTreeSet<String> = there
            .into_iter()
            .filter(|id| crowd.contains_key(id))
            .collect();
        let missed: Vec<_> = stayed.difference(&once).collect();
        assert!(missed.is_empty(), "{step:?} missed {missed:?}");
    }
}

/// Behind the bridge's back and through it, between two pages: some leave, from the front, the back and the middle, some
/// come, and the same client asks for other pages, too.
async fn come_and_go(
    bridge: &Bridge,
    crowd: &mut BTreeMap<String, String>,
    page: usize,
    step: Step,
) {
    let places = [
        0,
        crowd.len() / 2,
        crowd.len() - 1,
        page * COUNT % crowd.len(),
    ];
    let leaving: BTreeSet<String> = places
        .iter()
        .filter_map(|place| crowd.keys().nth(*place).cloned())
        .collect();
    for id in leaving {
        let dn = crowd.remove(&id).expect("one of them");
        bridge.admin.delete_tree(&dn).await;
    }
    join(bridge, format!("new{page}{step:?}").to_lowercase()).await;
    let written = create_user(bridge, &format!("own{page}{step:?}").to_lowercase()).await;
    if page.is_multiple_of(2) {
        bridge
            .okta()
            .delete(&format!("/Users/{written}"))
            .await
            .no_content();
    }
    list(bridge, "startIndex=1&count=7").await.is(200);
    list(bridge, "count=0").await.is(200);
}

async fn what_the_bridge_wrote_is_in_the_next_list(bridge: &Bridge) {
    let planted = async |query: &str| -> Answer {
        let path = format!("/Users?{query}");
        bridge
            .okta()
            .filter(&path, "name.familyName eq \"planted\"")
            .await
    };
    list(bridge, "count=0").await.list(MANY);
    planted("count=0").await.list(MANY);

    let ana = create_user(bridge, "ana").await;
    list(bridge, "count=0").await.list(MANY + 1);
    planted("count=0").await.list(MANY);
    let name = format!("userName eq \"{}\"", bridge.name("ana"));
    assert_eq!(
        bridge.okta().filter("/Users", &name).await.only()["id"],
        ana.as_str()
    );

    let rename = json!([{"op": "replace", "path": "name.familyName", "value": "Planted"}]);
    let path = format!("/Users/{ana}");
    bridge.okta().patch(&path, rename).await.accepted();
    planted("count=0").await.list(MANY + 1);

    bridge.okta().delete(&path).await.no_content();
    planted("count=0").await.list(MANY);
    list(bridge, "count=0").await.list(MANY);
}

/// In a list that is ordered, or looked at for what the directory cannot answer.
async fn what_the_bridge_wrote_is_in_its_place(bridge: &Bridge) {
    let orders = ["ascending", "descending"];
    let first = async |order: &str| -> String {
        let query = format!("sortBy=userName&sortOrder={order}&count=1&attributes=userName");
        let answer = list(bridge, &query).await;
        assert!(total(&answer) >= MANY);
        let name = answer.body["Resources"][0]["userName"].as_str();
        name.expect("a name").to_owned()
    };
    let looked_at = async || -> usize {
        let filter = "name.familyName gt \"q\" or userName pr";
        total(&bridge.okta().filter("/Users?count=1", filter).await)
    };
    for order in orders {
        first(order).await;
    }
    assert_eq!(looked_at().await, MANY);
    let (ana, zoe) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "zoe").await,
    );
    assert_eq!(looked_at().await, MANY + 2);
    let [ascending, descending] = orders;
    assert_eq!(first(ascending).await, bridge.name("ana"));
    assert_eq!(first(descending).await, bridge.name("zoe"));
    let rename = json!([{"op": "replace", "path": "userName", "value": bridge.name("zz")}]);
    let path = format!("/Users/{ana}");
    bridge.okta().patch(&path, rename).await.accepted();
    assert_ne!(first(ascending).await, bridge.name("ana"));
    assert_eq!(first(descending).await, bridge.name("zz"));
    let last = format!("sortBy=userName&count=1&startIndex={}", MANY + 2);
    assert_eq!(ids(&list(bridge, &last).await), [ana.as_str()]);
    for id in [ana, zoe] {
        let path = format!("/Users/{id}");
        bridge.okta().delete(&path).await.no_content();
    }
    assert_ne!(first(descending).await, bridge.name("zz"));
    assert_eq!(looked_at().await, MANY);
}

/// More writes than are looked at together, in a list that is ordered and one that is only counted. Somebody made behind the
/// bridge's back is in neither: it would have to read everybody to know.
async fn however_much_the_bridge_wrote_nobody_else_is_read_anew(
    bridge: &Bridge,
    crowd: &BTreeMap<String, String>,
) {
    const WRITTEN: usize = 520;
    let stranger = bridge.name("stranger");
    let nobody = "not (userName eq \"nobody\")";
    let counted = async || total(&bridge.okta().filter("/Users?count=0", nobody).await);
    let titles = async |start: usize| -> Vec<Value> {
        let query = format!("sortBy=title&count=200&startIndex={start}&attributes=title");
        let answer = list(bridge, &query).await;
        assert_eq!(total(&answer), MANY);
        let resources = answer.body["Resources"].as_array().expect("Resources");
        resources.iter().map(|one| one["title"].clone()).collect()
    };
    for attempt in 1.. {
        let begun = Instant::now();
        assert_eq!(counted().await, MANY);
        assert_eq!(titles(1).await.len(), 200);
        join(bridge, "stranger".to_owned()).await;
        retitle(bridge, crowd.keys().take(WRITTEN)).await;
        let mut order = Vec::new();
        for start in (1..=MANY).step_by(200) {
            order.extend(titles(start).await);
        }
        let counted = counted().await;
        let elapsed = begun.elapsed();
        let filter = bridge.kind().pick("(uid={})", "(userPrincipalName={})");
        let found = bridge
            .admin
            .find(&bridge.people, &filter.replace("{}", &stranger))
            .await;
        bridge.admin.delete_tree(&found[0].dn).await;
        if elapsed < MINUTE {
            assert_eq!(counted, MANY);
            let titles = (1..=WRITTEN).map(|number| json!(format!("No. {number:04}")));
            let expected: Vec<Value> = titles.collect();
            let wrong = (0..WRITTEN).find(|at| order[*at] != expected[*at]);
            assert_eq!(wrong, None, "out of place");
            let old: Vec<&str> = order
                .iter()
                .skip(WRITTEN)
                .filter_map(Value::as_str)
                .collect();
            assert!(old.len() == MANY - WRITTEN && old.is_sorted(), "{old:?}");
            return;
        }
        assert!(attempt < 3, "{elapsed:?} for {WRITTEN} writes");
        tokio::time::sleep(MINUTE).await;
    }
}

/// All titles come up, because one more than there are is a prime, in no order that the ids have.
async fn retitle(bridge: &Bridge, chosen: impl Iterator<Item = &String>) {
    let chosen: Vec<(usize, &String)> = (1..).zip(chosen).collect();
    for some in chosen.chunks(16) {
        let writes = some.iter().map(async |(number, id)| {
            let title = format!("No. {:04}", number * 7 % (chosen.len() + 1));
            let change = json!([{"op": "replace", "path": "title", "value": title}]);
            let path = format!("/Users/{id}");
            bridge.okta().patch(&path, change).await.accepted();
        });
        join_all(writes).await;
    }
}

async fn a_cursor_goes_on_where_the_last_page_ended(bridge: &Bridge) {
    let mut made = BTreeSet::new();
    for first in ["ana", "bo", "cy", "dee", "eve"] {
        made.insert(create_user(bridge, first).await);
    }
    let mut query = "cursor&count=2".to_owned();
    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let answer = list(bridge, &query).await;
        let page = ids(&answer);
        assert_eq!(total(&answer), 5);
        assert_eq!(answer.body["itemsPerPage"], page.len());
        assert_eq!(answer.body.get("startIndex"), None, "{}", answer.text);
        sizes.push(page.len());
        seen.extend(page);
        let Some(next) = answer.body.get("nextCursor").and_then(Value::as_str) else {
            break;
        };
        query = format!("cursor={next}&count=2");
    }
    assert_eq!(sizes, [2, 2, 1]);
    assert!(seen.is_sorted(), "the order is that of the ids: {seen:?}");
    assert_eq!(seen.iter().cloned().collect::<BTreeSet<_>>(), made);

    // By index, nothing has changed.
    let answer = list(bridge, "count=2").await;
    answer.list(5);
    assert_eq!(answer.body.get("nextCursor"), None);

    let next = list(bridge, "cursor&count=2").await.body["nextCursor"]
        .as_str()
        .expect("more")
        .to_owned();
    list(bridge, "cursor=nonsense")
        .await
        .bad_request("invalidCursor");
    let elsewhere = bridge.okta().get(&format!("/Groups?cursor={next}")).await;
    elsewhere.bad_request("invalidCursor");
    let other = bridge
        .okta()
        .filter(&format!("/Users?cursor={next}"), "active eq true")
        .await;
    other.bad_request("invalidCursor");
    for count in ["0", "-1", "x"] {
        let answer = list(bridge, &format!("cursor&count={count}")).await;
        answer.bad_request("invalidCount");
    }
    list(bridge, &format!("cursor={next}&startIndex=3"))
        .await
        .bad_request("invalidValue");

    let config = bridge.okta().get("/ServiceProviderConfig").await;
    let pagination = &config.is(200).body["pagination"];
    assert_eq!(pagination["cursor"], true);
    assert_eq!(pagination["index"], true);
    assert_eq!(pagination["defaultPaginationMethod"], "index");
    assert_eq!(
        pagination["maxPageSize"],
        config.body["filter"]["maxResults"]
    );
}

/// Polls whose filter moves, of a directory that does not answer.
async fn few_readings_outlive_their_requests(place: &Place) {
    let relay = Relay::to(place.lab).await;
    let options = Options::new()
        .with("directory.urls", vec![relay.url()])
        .with("server.request_timeout", "2s");
    let bridge = Bridge::start(place, options).await;
    let poll = async |number: usize| -> Answer {
        let filter = format!("userName eq \"nobody{number}\"");
        bridge.okta().filter("/Users?count=0", &filter).await
    };
    let begun = Instant::now();
    while poll(0).await.status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(60), "never answered");
    }
    let before = bridge.round_trips().await;
    relay.freeze();
    for answer in join_all((1..=12).map(poll)).await {
        answer.unavailable();
    }
    relay.open();
    bridge.until_available(Duration::from_secs(60)).await;
    let begun = Instant::now();
    while bridge.round_trips().await - before < 4 && begun.elapsed() < Duration::from_secs(20) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Any more would come at once.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let searches = bridge.round_trips().await - before;
    // Four readings, those of the looks whether it is there again, and perhaps a probe; not one for each of the twelve.
    assert!((4..=9).contains(&searches), "{searches}");
}
