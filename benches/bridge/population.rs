//! Who lives in the directory: the lab's 10,000 seeded users, the group of all of them, and what the benchmark adds, by the
//! directory's own administrator and not through the bridge.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use ldap3::Scope;
use tokio::runtime::Runtime;

use crate::failure::Failure;
use crate::lab::Lab;
use crate::raw::{Attributes, Directory, Entry, Operation, Search};
use crate::round::{Limit, raw_ldap};

/// Seeded users, every one a member of the big group.
pub(crate) const USERS: usize = 10_000;

/// Small groups for each side, of ten seeded users each; together they have no user twice.
const SMALL_GROUPS: usize = 150;
const SMALL: usize = 10;

/// Users for each side who are in no group until a round adds them.
pub(crate) const NEWCOMERS: usize = 300;

/// Seeded users for each side to change.
pub(crate) const CHANGEABLE: usize = 1000;

/// A user or group: what LDAP calls it, what SCIM calls it, and its `uid` or `cn`.
#[derive(Clone)]
pub(crate) struct Resident {
    pub(crate) dn: String,
    pub(crate) id: String,
    pub(crate) name: String,
}

/// What one side, bridge or raw LDAP, may change without meeting the other.
pub(crate) struct Share {
    pub(crate) small_groups: Vec<Resident>,
    pub(crate) newcomers: Vec<Resident>,
    pub(crate) users: Vec<Resident>,
}

/// Everybody.
pub(crate) struct Population {
    pub(crate) users: Vec<Resident>,
    pub(crate) big_group: Resident,
    pub(crate) bridge: Share,
    pub(crate) raw: Share,
}

impl Population {
    /// Adds the newcomers and small groups and reads everybody's names.
    pub(crate) fn settle(
        runtime: &Runtime,
        admin: &Directory,
        lab: &Lab,
        slapd: u32,
    ) -> Result<Population, Failure> {
        let (people, groups) = (
            lab.get("PEOPLE_OU")?.to_owned(),
            lab.get("GROUPS_OU")?.to_owned(),
        );
        let users = residents(
            runtime,
            admin,
            &people,
            "(objectClass=inetOrgPerson)",
            "uid",
        )?;
        if users.len() != USERS {
            return Err(Failure::Directory(format!(
                "it has {} users, not {USERS}",
                users.len()
            )));
        }
        add(runtime, admin, slapd, 2 * NEWCOMERS, move |number| {
            let uid = format!("bench-newcomer-{number}");
            let attributes = vec![
                attribute("objectClass", ["inetOrgPerson"]),
                attribute("uid", [uid.as_str()]),
                attribute("cn", [uid.as_str()]),
                attribute("sn", ["Newcomer"]),
            ];
            (format!("uid={uid},{people}"), attributes)
        })?;
        let members: Vec<String> = users.iter().map(|user| user.dn.clone()).collect();
        let groups_ou = groups.clone();
        add(runtime, admin, slapd, 2 * SMALL_GROUPS, move |number| {
            let cn = format!("bench-small-{number}");
            let members = members
                .iter()
                .skip(number * SMALL)
                .take(SMALL)
                .map(String::as_str);
            let attributes = vec![
                attribute("objectClass", ["groupOfNames"]),
                attribute("cn", [cn.as_str()]),
                ("member".to_owned(), members.map(str::to_owned).collect()),
            ];
            (format!("cn={cn},{groups_ou}"), attributes)
        })?;
        let newcomers = residents(
            runtime,
            admin,
            lab.get("PEOPLE_OU")?,
            "(uid=bench-newcomer-*)",
            "uid",
        )?;
        let small_groups = residents(runtime, admin, &groups, "(cn=bench-small-*)", "cn")?;
        let big_group = residents(runtime, admin, &groups, "(cn=all-staff)", "cn")?.pop();
        let big_group =
            big_group.ok_or_else(|| Failure::Directory("it has no group all-staff".to_owned()))?;
        let share = |side: usize| Share {
            small_groups: part(&small_groups, side, SMALL_GROUPS),
            newcomers: part(&newcomers, side, NEWCOMERS),
            users: part(&users, side, CHANGEABLE),
        };
        Ok(Population {
            bridge: share(0),
            raw: share(1),
            big_group,
            users,
        })
    }
}

fn part(all: &[Resident], side: usize, size: usize) -> Vec<Resident> {
    all.iter().skip(side * size).take(size).cloned().collect()
}

/// An attribute with its values, in the client library's shape.
pub(crate) fn attribute<const N: usize>(
    name: &str,
    values: [&str; N],
) -> (String, HashSet<String>) {
    (
        name.to_owned(),
        values.iter().map(|value| (*value).to_owned()).collect(),
    )
}

/// Adds that many entries, sixteen at a time.
fn add(
    runtime: &Runtime,
    admin: &Directory,
    slapd: u32,
    count: usize,
    entry: impl Fn(usize) -> (String, Attributes) + Send + Sync + 'static,
) -> Result<(), Failure> {
    let limit = Limit {
        first: 0,
        count,
        time: Duration::from_secs(60),
        concurrency: 16,
    };
    let operation: Arc<dyn Fn(usize) -> Operation + Send + Sync> = Arc::new(move |number| {
        let (dn, attributes) = entry(number);
        Operation::Add { dn, attributes }
    });
    let round = raw_ldap(runtime, admin, slapd, limit, &operation)?;
    if round.requests() == count {
        Ok(())
    } else {
        Err(Failure::Directory(
            "it took a minute to add the benchmark's entries".to_owned(),
        ))
    }
}

fn residents(
    runtime: &Runtime,
    admin: &Directory,
    base: &str,
    filter: &str,
    name: &str,
) -> Result<Vec<Resident>, Failure> {
    let wanted = Arc::from([name.to_owned(), "entryUUID".to_owned()]);
    let search = Search {
        base: base.into(),
        scope: Scope::Subtree,
        filter: filter.to_owned(),
        wanted,
    };
    let resident = |entry: &Entry| {
        let (id, name) = entry.first("entryUUID").zip(entry.first(name))?;
        Some(Resident {
            dn: entry.dn.clone(),
            id: id.to_owned(),
            name: name.to_owned(),
        })
    };
    let entries = runtime.block_on(admin.search(&search))?;
    let found: Option<Vec<Resident>> = entries.iter().map(resident).collect();
    found.ok_or_else(|| {
        Failure::Directory(format!("an entry of {filter} has no name or no entryUUID"))
    })
}
