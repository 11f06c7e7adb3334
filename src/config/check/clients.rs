//! `[[clients]]`

use std::collections::BTreeMap;

use super::{Faults, invalid};
use crate::config::checked::Client;
use crate::config::fault::Fault;
use crate::config::raw::RawClient;
use crate::http::TokenHash;
use crate::mapping::Mapping;
use crate::scim::{Dialect, Profile, Switch};

pub(super) fn check(
    raw: Vec<RawClient>,
    mapping: Option<&Mapping>,
    faults: &mut Faults,
) -> Vec<Client> {
    if raw.is_empty() {
        let fault = Fault::new(
            "clients",
            "missing",
            "there is no `[[clients]]`, so nobody could call",
        );
        faults.add(fault.hint("run `scimbridge token new`, and write a `[[clients]]` with a `name` and the printed hash in `tokens`"));
    }
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut owners: BTreeMap<[u8; 32], String> = BTreeMap::new();
    let mut checked = Vec::new();
    for (index, client) in raw.into_iter().enumerate() {
        let key = |setting: &str| format!("clients.{index}.{setting}");
        let plain = |letter: char| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit() || "._-".contains(letter)
        };
        if client.name.is_empty() || client.name.len() > 64 || !client.name.chars().all(plain) {
            let fault = Fault::new(
                key("name"),
                "invalid-value",
                "a client's name is 1 to 64 lower-case letters, digits, `.`, `_` and `-`",
            );
            faults.add(
                fault.hint(
                    "it stands in every line of the log about this client, as in `\"entra\"`",
                ),
            );
        }
        if names.insert(client.name.clone(), index).is_some() {
            let fault = Fault::new(
                key("name"),
                "contradiction",
                format!("two clients are called `{}`", client.name),
            );
            faults.add(
                fault.hint("give each client a name of its own; one client may have two tokens"),
            );
        }
        if client.tokens.is_empty() || client.tokens.len() > 2 {
            let fault = Fault::new(
                key("tokens"),
                "invalid-value",
                format!(
                    "a client has one or two tokens, not {}",
                    client.tokens.len()
                ),
            );
            faults.add(fault.hint("two while a token is being replaced: add the new hash, change the identity provider, remove the old hash"));
        }
        let mut tokens = Vec::new();
        for (position, text) in client.tokens.iter().enumerate() {
            let key = format!("{}.{position}", key("tokens"));
            let Some(hash) = faults.keep(hash(&key, text)) else {
                continue;
            };
            if let Some(owner) = owners.insert(*hash.bytes(), client.name.clone()) {
                let fault = Fault::new(
                    key,
                    "contradiction",
                    format!("the client `{owner}` already has this token"),
                );
                faults.add(
                    fault.hint("a token says who calls: make another with `scimbridge token new`"),
                );
            }
            tokens.push(hash);
        }
        let dialect = dialect(&client, key, faults);
        let me = client
            .me
            .and_then(|path| faults.keep(me(&key("me"), path, mapping)));
        checked.push(Client {
            name: client.name,
            tokens,
            dialect,
            me,
        });
    }
    checked
}

/// The profile, then the operator's own switches over it.
fn dialect(client: &RawClient, key: impl Fn(&str) -> String, faults: &mut Faults) -> Dialect {
    let profile = client.profile.as_deref();
    let mut dialect = match profile.map(Profile::parse) {
        None => Dialect::default(),
        Some(Some(profile)) => profile.dialect(),
        Some(None) => {
            faults.add(invalid(&key("profile"), "is no profile"));
            Dialect::default()
        }
    };
    for (setting, names, set) in [
        ("switch_on", &client.switch_on, Dialect::on as fn(_, _) -> _),
        ("switch_off", &client.switch_off, Dialect::off),
    ] {
        for (position, name) in names.iter().enumerate() {
            match Switch::parse(name) {
                Some(switch) => dialect = set(dialect, switch),
                None => faults.add(unknown_switch(format!("{}.{position}", key(setting)))),
            }
        }
    }
    for name in client
        .switch_on
        .iter()
        .filter(|name| client.switch_off.contains(name))
    {
        let fault = Fault::new(
            key("switch_off"),
            "contradiction",
            format!("`{name}` is switched on and off"),
        );
        faults.add(fault.hint("leave it in one of the two lists"));
    }
    dialect
}

fn unknown_switch(key: String) -> Fault {
    let names: Vec<String> = Switch::all()
        .map(|one| format!("`{}`", one.name()))
        .collect();
    Fault::new(key, "invalid-value", "there is no such switch")
        .hint(format!("there are {}", names.join(", ")))
}

/// An endpoint and an id. Whether an entry has the id is asked of the directory with each request.
fn me(key: &str, path: String, mapping: Option<&Mapping>) -> Result<String, Fault> {
    let fault = |what: String| Fault::new(key, "invalid-value", what);
    let split = path.rsplit_once('/');
    let Some((endpoint, _)) = split.filter(|(_, id)| uuid::Uuid::try_parse(id).is_ok()) else {
        return Err(fault(format!("`{path}` names no resource")).hint(
            "write endpoint and id, as `meta.location` ends: `\"/Users/2819c223-7f76-453a-919d-413861904646\"`",
        ));
    };
    let served = |mapping: &Mapping| {
        let mut types = mapping.definitions().map(|of| &of.resource_type);
        types.any(|of| of.endpoint == endpoint)
    };
    if mapping.is_some_and(|mapping| !served(mapping)) {
        let message = format!("`{path}` names an endpoint that the mapping does not serve");
        return Err(
            fault(message).hint("such as `/Users`; the mapping's `endpoint` lines name them")
        );
    }
    Ok(path)
}

/// The hash. What was typed is not repeated: it may be the token itself.
fn hash(key: &str, text: &str) -> Result<TokenHash, Fault> {
    match TokenHash::parse(text) {
        Some(hash) if hash == TokenHash::of("") => {
            Err(Fault::new(key, "invalid-value", "this is the hash of an empty token").hint("run `scimbridge token new`"))
        }
        Some(hash) => Ok(hash),
        None => Err(Fault::new(key, "invalid-value", "this is no token hash").hint(
            "write `sha256:` and 64 hexadecimal digits, as `scimbridge token new` prints them; never the token itself",
        )),
    }
}
