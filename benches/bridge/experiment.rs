//! What is measured: each operation as an identity provider sends it, and as an LDAP program would do the same.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use ldap3::{Mod, Scope};

use crate::bridge::Bridge;
use crate::failure::Failure;
use crate::observed::Observed;
use crate::population::{CHANGEABLE, NEWCOMERS, Population, Resident};
use crate::raw::{Attributes, Entry, Operation, Search};
use crate::round::Request;

/// Longest time of one round of one side.
pub(crate) const ROUND: Duration = Duration::from_millis(700);

/// `pwdAccountLockedTime` of an account that an administrator has locked (slapo-ppolicy).
const LOCKED: &str = "000001010000Z";

type RequestOf = Box<dyn Fn(&Bridge, usize) -> Request + Send + Sync>;
type OperationOf = Arc<dyn Fn(usize) -> Operation + Send + Sync>;
type ProofOf = Box<dyn Fn(Side, usize) -> Proof>;

/// Who does it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Bridge,
    Raw,
}

/// A search as the administrator that must find that many entries after a write.
pub(crate) struct Proof {
    pub(crate) search: Search,
    pub(crate) entries: usize,
}

/// One operation, both ways.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) bridge: RequestOf,
    /// None where the directory has no part in it.
    pub(crate) raw: Option<OperationOf>,
    /// What the directory holds after request `index` of a side. Reads have none.
    pub(crate) proof: Option<ProofOf>,
    /// Measured through the TLS front, too.
    pub(crate) tls: bool,
}

/// Steps that are taken in turns. Where there are several, a later one undoes an earlier one for the same indices.
pub(crate) struct Experiment {
    pub(crate) steps: Vec<Step>,
    /// Most requests of a round; so many that no user or group is changed twice in it.
    pub(crate) count: usize,
}

/// All experiments, in the order of the report. Creating comes last: it makes the directory bigger.
pub(crate) fn all(population: &Arc<Population>, seen: Seen, people: &str) -> Vec<Experiment> {
    vec![
        Experiment {
            steps: vec![front()],
            count: usize::MAX,
        },
        Experiment {
            steps: vec![get(population, seen.by_id)],
            count: usize::MAX,
        },
        Experiment {
            steps: vec![filter(population, seen.by_name)],
            count: usize::MAX,
        },
        Experiment {
            steps: vec![active(population)],
            count: CHANGEABLE,
        },
        Experiment {
            steps: membership(population, Size::Small),
            count: NEWCOMERS,
        },
        Experiment {
            steps: membership(population, Size::Big),
            count: 60,
        },
        Experiment {
            steps: vec![create(seen.template, people)],
            count: 300,
        },
    ]
}

/// What the bridge was seen to do with one user, for raw LDAP to do the same.
pub(crate) struct Seen {
    pub(crate) by_id: Observed,
    pub(crate) by_name: Observed,
    pub(crate) template: Entry,
}

fn pick(residents: &[Resident], index: usize) -> Resident {
    let chosen = residents.get(index % residents.len().max(1)).cloned();
    chosen.unwrap_or_else(|| Resident {
        dn: String::new(),
        id: String::new(),
        name: String::new(),
    })
}

/// Neighbours in time are not neighbours in the directory: 7919 is prime, so all users come up before one repeats.
fn scattered(population: &Population, index: usize) -> Resident {
    pick(&population.users, index * 7919)
}

/// What the HTTP front costs when nothing is behind it: an answer as long as a user's, made in advance.
fn front() -> Step {
    Step {
        name: "no LDAP: GET /ServiceProviderConfig",
        bridge: Box::new(|front, _| Request {
            bytes: front.request("GET", "/ServiceProviderConfig", ""),
            statuses: &[200],
            holds: "\"patch\"".to_owned(),
        }),
        raw: None,
        proof: None,
        tls: false,
    }
}

fn get(population: &Arc<Population>, seen: Observed) -> Step {
    let (bridge, raw) = (Arc::clone(population), Arc::clone(population));
    Step {
        name: "GET user by id",
        bridge: Box::new(move |front, index| {
            let user = scattered(&bridge, index);
            let bytes = front.request("GET", &format!("/Users/{}", user.id), "");
            Request {
                bytes,
                statuses: &[200],
                holds: format!("\"userName\":\"{}\"", user.name),
            }
        }),
        raw: Some(Arc::new(move |index| {
            Operation::Find(seen.of(&scattered(&raw, index).id))
        })),
        proof: None,
        tls: true,
    }
}

fn filter(population: &Arc<Population>, seen: Observed) -> Step {
    let (bridge, raw) = (Arc::clone(population), Arc::clone(population));
    Step {
        name: "filter userName eq",
        bridge: Box::new(move |front, index| {
            let user = scattered(&bridge, index);
            let bytes = front.request("GET", &by_name(&user.name), "");
            Request {
                bytes,
                statuses: &[200],
                holds: format!("\"id\":\"{}\"", user.id),
            }
        }),
        raw: Some(Arc::new(move |index| {
            Operation::Find(seen.of(&scattered(&raw, index).name))
        })),
        proof: None,
        tls: false,
    }
}

/// The path of a filter on userName; seeded names need no encoding.
pub(crate) fn by_name(name: &str) -> String {
    format!("/Users?filter=userName%20eq%20%22{name}%22")
}

/// The first pass over a side's users disables them, the next enables them, and so on: each request changes something.
fn active(population: &Arc<Population>) -> Step {
    let (bridge, raw, proof) = (
        Arc::clone(population),
        Arc::clone(population),
        Arc::clone(population),
    );
    let enables = |users: &[Resident], index: usize| (index / users.len().max(1)) % 2 == 1;
    Step {
        name: "PATCH active",
        bridge: Box::new(move |front, index| {
            let user = pick(&bridge.bridge.users, index);
            let active = enables(&bridge.bridge.users, index);
            let body = patch(&format!(
                r#"{{"op":"replace","path":"active","value":{active}}}"#
            ));
            let bytes = front.request("PATCH", &format!("/Users/{}", user.id), &body);
            Request {
                bytes,
                statuses: &[200],
                holds: format!("\"active\":{active}"),
            }
        }),
        raw: Some(Arc::new(move |index| {
            let values = if enables(&raw.raw.users, index) {
                HashSet::new()
            } else {
                HashSet::from([LOCKED.to_owned()])
            };
            let modification = Mod::Replace("pwdAccountLockedTime".to_owned(), values);
            Operation::Modify {
                dn: pick(&raw.raw.users, index).dn,
                modification,
            }
        })),
        proof: Some(Box::new(move |side, index| {
            let users = &share(&proof, side).users;
            let locked = !enables(users, index);
            found(
                &pick(users, index).dn,
                "(pwdAccountLockedTime=*)".to_owned(),
                usize::from(locked),
            )
        })),
        tls: false,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Size {
    Small,
    Big,
}

/// Which group and which newcomer request `index` of a side is about.
fn pair(population: &Population, side: Side, size: Size, index: usize) -> (Resident, Resident) {
    let share = share(population, side);
    let group = if size == Size::Big {
        population.big_group.clone()
    } else {
        pick(&share.small_groups, index)
    };
    (group, pick(&share.newcomers, index))
}

fn share(population: &Population, side: Side) -> &crate::population::Share {
    if side == Side::Bridge {
        &population.bridge
    } else {
        &population.raw
    }
}

fn membership(population: &Arc<Population>, size: Size) -> Vec<Step> {
    let (add, remove) = match size {
        Size::Small => (
            "add member to a group of 10",
            "remove member from a group of 10",
        ),
        Size::Big => (
            "add member to a group of 10,000",
            "remove member from a group of 10,000",
        ),
    };
    let step = |name: &'static str, adding: bool| {
        let (bridge, raw, proof) = (
            Arc::clone(population),
            Arc::clone(population),
            Arc::clone(population),
        );
        Step {
            name,
            bridge: Box::new(move |front, index| {
                let (group, member) = pair(&bridge, Side::Bridge, size, index);
                let operation = if adding {
                    format!(
                        r#"{{"op":"add","path":"members","value":[{{"value":"{}"}}]}}"#,
                        member.id
                    )
                } else {
                    format!(
                        r#"{{"op":"remove","path":"members[value eq \"{}\"]"}}"#,
                        member.id
                    )
                };
                let bytes = front.request(
                    "PATCH",
                    &format!("/Groups/{}", group.id),
                    &patch(&operation),
                );
                Request {
                    bytes,
                    statuses: &[200, 204],
                    holds: group.id,
                }
            }),
            raw: Some(Arc::new(move |index| {
                let (group, member) = pair(&raw, Side::Raw, size, index);
                let (attribute, values) = ("member".to_owned(), HashSet::from([member.dn]));
                let modification = if adding {
                    Mod::Add(attribute, values)
                } else {
                    Mod::Delete(attribute, values)
                };
                Operation::Modify {
                    dn: group.dn,
                    modification,
                }
            })),
            proof: Some(Box::new(move |side, index| {
                let (group, member) = pair(&proof, side, size, index);
                found(
                    &group.dn,
                    format!("(member={})", member.dn),
                    usize::from(adding),
                )
            })),
            tls: false,
        }
    };
    vec![step(add, true), step(remove, false)]
}

/// The name that stands in the template's values for the user's own.
pub(crate) const TEMPLATE: &str = "bench-template";

/// The user an identity provider would create.
pub(crate) fn user(name: &str) -> String {
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"externalId":"{name}","userName":"{name}","name":{{"givenName":"Bench","familyName":"{name}","formatted":"Bench {name}"}},"displayName":"Bench {name}","title":"Engineer","emails":[{{"type":"work","value":"{name}@example.test","primary":true}}],"phoneNumbers":[{{"type":"work","value":"+1 555 0100"}}],"active":true,"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{{"employeeNumber":"{name}","department":"Engineering"}}}}"#
    )
}

/// Raw LDAP adds the very attributes that the bridge made of such a user.
fn create(template: Entry, people: &str) -> Step {
    let name = |side: Side, index: usize| {
        format!(
            "bench-{}-{index}",
            if side == Side::Bridge { "scim" } else { "raw" }
        )
    };
    let people: Arc<str> = people.into();
    Step {
        name: "POST user",
        bridge: Box::new(move |front, index| {
            let name = name(Side::Bridge, index);
            Request {
                bytes: front.request("POST", "/Users", &user(&name)),
                statuses: &[201],
                holds: format!("\"userName\":\"{name}\""),
            }
        }),
        raw: Some(Arc::new(move |index| {
            let name = name(Side::Raw, index);
            let renamed = |value: &String| value.replace(TEMPLATE, &name);
            let attributes = template
                .attributes
                .iter()
                .map(|(own, values)| (own.clone(), values.iter().map(renamed).collect()));
            Operation::Add {
                dn: renamed(&template.dn),
                attributes: attributes.collect::<Attributes>(),
            }
        })),
        proof: Some(Box::new(move |side, index| {
            found(&people, format!("(uid={})", name(side, index)), 1)
        })),
        tls: false,
    }
}

fn found(base: &str, filter: String, entries: usize) -> Proof {
    let wanted = Arc::from(["1.1".to_owned()]);
    Proof {
        search: Search {
            base: base.into(),
            scope: Scope::Subtree,
            filter,
            wanted,
        },
        entries,
    }
}

fn patch(operation: &str) -> String {
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{operation}]}}"#
    )
}

impl Proof {
    /// Checks what the administrator found.
    pub(crate) fn check(&self, found: usize, name: &str) -> Result<(), Failure> {
        if found == self.entries {
            return Ok(());
        }
        let (base, filter, expected) = (&self.search.base, &self.search.filter, self.entries);
        Err(Failure::WrongAnswer(format!(
            "after a round of `{name}` the directory has {found} entries of {filter} at {base}, not {expected}"
        )))
    }
}
