//! Whatever part of a filter the directory answers: the answer is the same as that of a small evaluator here, which looks at
//! the resources as a plain list shows them. Every operator on every type of attribute, and random combinations.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::people::{create_group_of, entra_user};
use crate::support::property::for_all;
use crate::support::{Bridge, ENTERPRISE, Options, Place, both};

both!(places: [every_filter_is_answered_as_its_words_say]);

const BADGE: &str = "urn:example:params:scim:schemas:extension:badge:2.0:User";
const OPERATORS: [&str; 9] = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"];

/// How the values of an attribute are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Caseless,
    Exact,
    Boolean,
    Integer,
    Moment,
}

/// Something that a filter can ask for: its path, where its values are in JSON, and its type.
struct Asked {
    path: String,
    pointer: Vec<String>,
    of: Type,
}

impl Asked {
    fn new(path: &str, pointer: &[&str], of: Type) -> Asked {
        Asked {
            path: path.to_owned(),
            pointer: pointer.iter().map(|step| (*step).to_owned()).collect(),
            of,
        }
    }

    /// The values of a resource; every list on the way stands for its elements.
    fn values(&self, resource: &Value) -> Vec<Value> {
        let mut found = vec![resource.clone()];
        for step in &self.pointer {
            found = found
                .into_iter()
                .filter_map(|value| value.get(step).cloned())
                .flat_map(|value| match value {
                    Value::Array(elements) => elements,
                    single => vec![single],
                })
                .collect();
        }
        found
    }

    /// Whether the comparison makes sense at all.
    fn takes(&self, operator: &str) -> bool {
        match self.of {
            Type::Boolean => matches!(operator, "eq" | "ne"),
            Type::Integer => !matches!(operator, "co" | "sw" | "ew"),
            _ => true,
        }
    }

    fn holds(&self, resource: &Value, operator: &str, wanted: &Value) -> bool {
        let values = self.values(resource);
        if operator == "ne" {
            return !values
                .iter()
                .any(|value| self.compares(value, "eq", wanted));
        }
        values
            .iter()
            .any(|value| self.compares(value, operator, wanted))
    }

    fn compares(&self, value: &Value, operator: &str, wanted: &Value) -> bool {
        let text = |value: &Value| match self.of {
            Type::Caseless => value.as_str().unwrap_or_default().to_lowercase(),
            _ => value.as_str().unwrap_or_default().to_owned(),
        };
        let order = match (self.of, operator) {
            (_, "co") => return text(value).contains(&text(wanted)),
            (_, "sw") => return text(value).starts_with(&text(wanted)),
            (_, "ew") => return text(value).ends_with(&text(wanted)),
            // Spaces between and around the words are none of a whole value's difference.
            (Type::Caseless | Type::Exact, "eq") => {
                let (value, wanted) = (text(value), text(wanted));
                let words = |text: &'_ str| -> Vec<String> {
                    text.split_whitespace().map(str::to_owned).collect()
                };
                return words(&value) == words(&wanted);
            }
            (Type::Boolean, _) => return value == wanted,
            (Type::Integer, _) => value.as_i64().cmp(&wanted.as_i64()),
            (Type::Moment, _) => moment(value).cmp(&moment(wanted)),
            (Type::Caseless | Type::Exact, _) => text(value).cmp(&text(wanted)),
        };
        match operator {
            "eq" => order.is_eq(),
            "gt" => order.is_gt(),
            "ge" => order.is_ge(),
            "lt" => order.is_lt(),
            "le" => order.is_le(),
            _ => panic!("{operator} is no operator"),
        }
    }
}

fn moment(value: &Value) -> jiff::Timestamp {
    value.as_str().expect("a text").parse().expect("a moment")
}

fn users() -> Vec<Asked> {
    use Type::{Boolean, Caseless, Exact, Integer, Moment};
    let of = |name: &str| format!("{ENTERPRISE}:{name}");
    vec![
        Asked::new("userName", &["userName"], Caseless),
        Asked::new("EXTERNALID", &["externalId"], Exact),
        Asked::new("displayName", &["displayName"], Caseless),
        Asked::new("title", &["title"], Caseless),
        Asked::new("name.familyName", &["name", "familyName"], Caseless),
        Asked::new(
            "urn:ietf:params:scim:schemas:core:2.0:User:name.givenName",
            &["name", "givenName"],
            Caseless,
        ),
        Asked::new("profileUrl", &["profileUrl"], Exact),
        Asked::new("active", &["active"], Boolean),
        Asked::new("emails", &["emails", "value"], Caseless),
        Asked::new("emails.type", &["emails", "type"], Caseless),
        Asked::new("phoneNumbers.value", &["phoneNumbers", "value"], Caseless),
        Asked::new("addresses.locality", &["addresses", "locality"], Caseless),
        Asked::new(&of("department"), &[ENTERPRISE, "department"], Caseless),
        Asked::new(&of("manager"), &[ENTERPRISE, "manager", "value"], Caseless),
        Asked::new(&format!("{BADGE}:floor"), &[BADGE, "floor"], Integer),
        Asked::new("groups.value", &["groups", "value"], Caseless),
        Asked::new("groups.display", &["groups", "display"], Caseless),
        Asked::new("id", &["id"], Exact),
        Asked::new("meta.created", &["meta", "created"], Moment),
        Asked::new("meta.LASTmodified", &["meta", "lastModified"], Moment),
        Asked::new("meta.resourceType", &["meta", "resourceType"], Exact),
        Asked::new("schemas", &["schemas"], Exact),
    ]
}

fn groups() -> Vec<Asked> {
    vec![
        Asked::new("displayName", &["displayName"], Type::Caseless),
        Asked::new("externalId", &["externalId"], Type::Exact),
        Asked::new("members", &["members", "value"], Type::Caseless),
        Asked::new("members.type", &["members", "type"], Type::Caseless),
    ]
}

/// A filter before it meets a population: numbers that choose among what there is, round and round.
#[derive(Debug, Clone)]
enum Plan {
    Compare(usize, usize, Literal),
    Present(usize),
    And(Box<Plan>, Box<Plan>),
    Or(Box<Plan>, Box<Plan>),
    Not(Box<Plan>),
}

/// Whose value is compared with, and how it is changed.
#[derive(Debug, Clone)]
struct Literal {
    from: usize,
    twist: usize,
}

fn choose<T>(number: usize, among: &[T]) -> &T {
    &among[number % among.len()]
}

fn plan() -> impl Strategy<Value = Plan> {
    let number = || 0..1000_usize;
    let literal = (number(), number()).prop_map(|(from, twist)| Literal { from, twist });
    let leaf = prop_oneof![
        5 => (number(), number(), literal)
            .prop_map(|(asked, operator, literal)| Plan::Compare(asked, operator, literal)),
        1 => number().prop_map(Plan::Present),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            two.clone()
                .prop_map(|(one, other)| Plan::And(Box::new(one), Box::new(other))),
            two.prop_map(|(one, other)| Plan::Or(Box::new(one), Box::new(other))),
            inner.prop_map(|one| Plan::Not(Box::new(one))),
        ]
    })
}

/// Everybody of one type, and what can be asked of them.
struct Population {
    endpoint: &'static str,
    asked: Vec<Asked>,
    resources: Vec<Value>,
}

impl Population {
    async fn of(bridge: &Bridge, endpoint: &'static str, asked: Vec<Asked>) -> Population {
        let answer = bridge.entra().get(endpoint).await;
        let resources = answer.is(200).body["Resources"]
            .as_array()
            .expect("resources")
            .clone();
        assert!(resources.len() > 5);
        Population {
            endpoint,
            asked,
            resources,
        }
    }

    /// The filter as text, and whom it means.
    fn read(&self, plan: &Plan) -> (String, Vec<bool>) {
        let each = |of: &dyn Fn(&Value) -> bool| self.resources.iter().map(of).collect();
        match plan {
            Plan::Compare(asked, operator, literal) => {
                let asked = choose(*asked, &self.asked);
                let operators: Vec<&str> = OPERATORS
                    .into_iter()
                    .filter(|name| asked.takes(name))
                    .collect();
                let operator = *choose(*operator, &operators);
                let wanted = self.literal(asked, operator, literal);
                let text = format!("{} {operator} {wanted}", asked.path);
                (text, each(&|one| asked.holds(one, operator, &wanted)))
            }
            Plan::Present(asked) => {
                let asked = choose(*asked, &self.asked);
                let text = format!("{} pr", asked.path);
                (text, each(&|one| !asked.values(one).is_empty()))
            }
            Plan::And(one, other) => {
                let ((one, yes), (other, too)) = (self.read(one), self.read(other));
                let both = yes.iter().zip(too).map(|(yes, too)| *yes && too);
                (format!("({one}) and ({other})"), both.collect())
            }
            Plan::Or(one, other) => {
                let ((one, yes), (other, too)) = (self.read(one), self.read(other));
                let either = yes.iter().zip(too).map(|(yes, too)| *yes || too);
                (format!("({one}) Or ({other})"), either.collect())
            }
            Plan::Not(inner) => {
                let (text, yes) = self.read(inner);
                (
                    format!("not ({text})"),
                    yes.iter().map(|yes| !yes).collect(),
                )
            }
        }
    }

    /// A value that somebody has, or one that is near it.
    fn literal(&self, asked: &Asked, operator: &str, literal: &Literal) -> Value {
        let mut values: Vec<Value> = self
            .resources
            .iter()
            .flat_map(|one| asked.values(one))
            .collect();
        values.push(match asked.of {
            Type::Boolean => json!(false),
            Type::Integer => json!(7),
            Type::Moment => json!("2026-02-28T23:59:59+02:00"),
            Type::Caseless | Type::Exact => json!("m"),
        });
        let value = choose(literal.from, &values).clone();
        let near = |number: usize| literal.twist % number;
        match (asked.of, &value) {
            (Type::Integer, Value::Number(number)) => {
                json!(number.as_i64().expect("whole") + [0, 0, 1, -1][near(4)])
            }
            (Type::Moment, Value::String(text)) if !matches!(operator, "co" | "sw" | "ew") => {
                let nearby = ["0s", "1s", "-1s", "500ms", "-1ms"][near(5)];
                let nearby: jiff::SignedDuration = nearby.parse().expect("a duration");
                let moment: jiff::Timestamp = text.parse().expect("a moment");
                json!(moment.checked_add(nearby).expect("a moment").to_string())
            }
            (_, Value::String(text)) => {
                let letters: Vec<char> = text.chars().collect();
                let half = letters.len() / 2;
                let part = |letters: &[char]| letters.iter().collect::<String>();
                let text = match near(7) {
                    0 => text.to_uppercase(),
                    1 => part(&letters[..half]),
                    2 => part(&letters[half..]),
                    // Of an id every character counts.
                    5 if uuid::Uuid::try_parse(text).is_err() => {
                        format!(" {}  ", text.replace(' ', "  "))
                    }
                    3 => part(&letters[letters.len().min(1)..letters.len().max(2) - 1]),
                    _ => text.clone(),
                };
                json!(text)
            }
            _ => value,
        }
    }

    async fn agrees(&self, bridge: &Bridge, plan: &Plan) {
        let (filter, meant) = self.read(plan);
        let path = format!("{}?attributes=id", self.endpoint);
        let answer = bridge.entra().filter(&path, &filter).await;
        let found = answer.is(200).body["Resources"]
            .as_array()
            .expect("resources");
        let ids = |resources: &mut dyn Iterator<Item = &Value>| -> BTreeSet<String> {
            resources
                .map(|one| one["id"].as_str().expect("an id").to_owned())
                .collect()
        };
        let meant = self.resources.iter().zip(meant).filter(|(_, meant)| *meant);
        let expected = ids(&mut meant.map(|(one, _)| one));
        assert_eq!(ids(&mut found.iter()), expected, "{filter}");
        assert_eq!(answer.body["totalResults"], expected.len(), "{filter}");
    }
}

/// People who have much in common, in different spellings, and some who lack nearly everything.
async fn populate(bridge: &Bridge) {
    let pick = |number: usize, values: &[Value]| values[number % values.len()].clone();
    let mut ids: Vec<String> = Vec::new();
    for number in 0..14 {
        let mut user = entra_user(
            bridge,
            &format!("{}{number}", ["ana", "Bo", "cy"][number % 3]),
        );
        let external = ["a", "A", "Zz", "7-"][number % 4];
        user["externalId"] = json!(format!("{external}{}{}", number / 4, bridge.tag));
        let nothing = Value::Null;
        user["title"] = pick(
            number,
            &[
                json!("Maß (n)"),
                json!("ÉCLAIR"),
                json!("éclair*"),
                nothing.clone(),
                json!("Maler"),
            ],
        );
        let display = ["Ana Ruiz", "ana ruiz", "Ñandú \\ 日本", "b, c"][number % 4];
        user["displayName"] = json!(format!("{display} {number}"));
        user["name"]["familyName"] =
            pick(number, &[json!("Ruiz"), json!("de la Ruiz"), json!("ÜBER")]);
        user["profileUrl"] = pick(
            number,
            &[
                json!("https://a.test/X"),
                json!("https://B.test/x"),
                nothing.clone(),
            ],
        );
        user["active"] = json!(number % 4 != 1);
        user["phoneNumbers"] = pick(
            number,
            &[
                json!([{"type": "work", "value": "+15550100"}, {"type": "fax", "value": "+15550199"}]),
                json!([{"type": "mobile", "value": "+15550100"}]),
                json!([]),
            ],
        );
        user["addresses"] = pick(
            number,
            &[json!([{"type": "work", "locality": "Madrid"}]), json!([])],
        );
        let mail = user["userName"].clone();
        user["emails"] = pick(
            number,
            &[
                json!([{"type": "work", "primary": true, "value": mail}, {"type": "other", "value": "x@o.test"}, {"type": "other", "value": "y@o.test"}]),
                json!([{"type": "work", "value": mail}]),
                json!([{"type": "other", "value": "Y@o.test"}]),
                json!([]),
            ],
        );
        user[ENTERPRISE]["department"] =
            pick(number, &[json!("Labs"), json!("labor"), nothing.clone()]);
        if number > 3 {
            user[ENTERPRISE]["manager"] = pick(
                number,
                &[
                    json!({"value": ids[0]}),
                    json!({"value": ids[1]}),
                    nothing.clone(),
                ],
            );
        }
        if number % 3 != 2 {
            let floor = [7, 12, -3, 100][number % 4];
            user[BADGE] = json!({"floor": floor});
        }
        let created = bridge.entra().post("/Users", user).await;
        ids.push(created.created("/Users"));
        if number == 6 {
            tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        }
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    for (first, members) in [
        ("Ops", &ids[..3]),
        ("ops two", &ids[2..9]),
        ("Über", &ids[..1]),
        ("none", &[]),
        ("b", &ids[9..]),
        ("c", &ids[1..2]),
    ] {
        create_group_of(bridge, first, members).await;
    }
}

async fn every_filter_is_answered_as_its_words_say(place: &Place) {
    let extensions =
        "extensions = [\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"]";
    let with_badge = format!("{}, \"{BADGE}\"]", extensions.trim_end_matches(']'));
    let floor = format!(
        "[resource.User.attributes]\n\"{BADGE}:floor\" = {{ ldap = \"roomNumber\", codec = \"integer\" }}"
    );
    let options = Options::new()
        .edit_mapping(extensions, &with_badge)
        .edit_mapping("[resource.User.attributes]", &floor);
    let bridge = Bridge::start(place, options).await;
    populate(&bridge).await;
    for population in [
        Population::of(&bridge, "/Users", users()).await,
        Population::of(&bridge, "/Groups", groups()).await,
    ] {
        for asked in 0..population.asked.len() {
            population.agrees(&bridge, &Plan::Present(asked)).await;
            for operator in 0..OPERATORS.len() {
                for (from, twist) in [(0, 4), (1, 0), (3, 1), (4, 2)] {
                    let plan = Plan::Compare(asked, operator, Literal { from, twist });
                    population.agrees(&bridge, &plan).await;
                    population.agrees(&bridge, &Plan::Not(Box::new(plan))).await;
                }
            }
        }
        for_all(160, plan(), async |plan: Plan| {
            population.agrees(&bridge, &plan).await
        })
        .await;
    }
}
