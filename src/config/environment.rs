//! The environment as a source of settings: `SCIMBRIDGE_SECTION__KEY`.
//!
//! The table of settings says what type a variable's text has, so that a password of digits stays a text and a DN with
//! commas stays one value.

use std::collections::BTreeMap;

use figment::providers::{Format, Toml};
use figment::value::{Dict, Value};
use figment::{Metadata, Profile, Provider};

use super::fault::{Fault, Place, nearest};
use super::setting::{Kind, SETTINGS, Setting, find};

const PREFIX: &str = "SCIMBRIDGE_";

/// The settings found in the environment.
#[derive(Debug, Default)]
pub(super) struct Environment {
    values: Dict,
    /// The variable behind each key.
    origins: BTreeMap<String, String>,
}

impl Environment {
    /// Picks the settings out of `variables`. `resources` are the names of the `[resources.…]` tables in the file, whose
    /// spelling wins over the variable's capitals.
    ///
    /// Variables without a double underscore that name no setting are not ours: Kubernetes sets `SCIMBRIDGE_PORT` and its
    /// kin for a service called `scimbridge`.
    pub(super) fn read(
        variables: impl IntoIterator<Item = (String, String)>,
        resources: &[String],
    ) -> Result<Environment, Vec<Fault>> {
        let mut environment = Environment::default();
        let mut faults = Vec::new();
        for (name, text) in variables {
            let Some(rest) = name.strip_prefix(PREFIX) else {
                continue;
            };
            if !rest.contains("__") && rest != "CLIENTS" {
                let single = rest.to_lowercase();
                if let Some(meant) = SETTINGS
                    .iter()
                    .find(|setting| setting.key.replace('.', "_") == single)
                {
                    faults.push(
                        Fault::new(meant.key, "unknown-variable", "names no setting")
                            .hint(format!(
                                "a double underscore nests: `{}`",
                                variable(meant.key)
                            ))
                            .at(Place::Variable(name)),
                    );
                }
                continue;
            }
            match environment.take(rest, &text, resources) {
                Ok(key) => {
                    environment.origins.insert(key, name);
                }
                Err(fault) => faults.push(fault.at(Place::Variable(name))),
            }
        }
        if faults.is_empty() {
            Ok(environment)
        } else {
            Err(faults)
        }
    }

    /// The variable that set `key`, or the list that `key` points into.
    pub(super) fn origin(&self, key: &str) -> Option<&str> {
        let mut key = key;
        loop {
            if let Some(name) = self.origins.get(key) {
                return Some(name);
            }
            key = key.rsplit_once('.')?.0;
        }
    }

    fn take(&mut self, rest: &str, text: &str, resources: &[String]) -> Result<String, Fault> {
        let mut parts: Vec<String> = rest.split("__").map(str::to_lowercase).collect();
        if let [section, name, _] = parts.as_mut_slice()
            && section == "resources"
        {
            let known = resources
                .iter()
                .map(String::as_str)
                .chain(["User", "Group"]);
            if let Some(spelling) = known
                .into_iter()
                .find(|known| known.eq_ignore_ascii_case(name))
            {
                *name = spelling.to_owned();
            }
        }
        let key = parts.join(".");
        let value = if key == "clients" {
            tables(text)?
        } else {
            let setting = find(&key)
                .filter(|setting| !setting.key.contains("[]") && depth(setting) == parts.len());
            let Some(setting) = setting else {
                let names: Vec<String> = SETTINGS
                    .iter()
                    .map(|setting| variable(setting.key))
                    .collect();
                let typed = format!("{PREFIX}{rest}");
                let fault = Fault::new(key, "unknown-variable", "names no setting");
                return Err(match nearest(&typed, names.iter().map(String::as_str)) {
                    Some(near) => fault.hint(format!("did you mean `{near}`?")),
                    None => fault
                        .hint("`scimbridge config reference` lists every setting and its variable"),
                });
            };
            value(setting, text)
        };
        insert(&mut self.values, &parts, value);
        Ok(key)
    }
}

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment")
    }

    fn data(&self) -> Result<figment::value::Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

/// The variable's name for a setting of the table.
pub(super) fn variable(key: &str) -> String {
    format!(
        "{PREFIX}{}",
        key.replace(".*.", ".<NAME>.")
            .replace('.', "__")
            .to_uppercase()
    )
}

fn depth(setting: &Setting) -> usize {
    setting.key.split('.').count()
}

/// The text as the setting's type has it. What does not fit stays a text and is refused where types are checked.
fn value(setting: &Setting, text: &str) -> Value {
    match setting.kind {
        Kind::Boolean => text
            .parse::<bool>()
            .map_or_else(|_| Value::from(text), Value::from),
        Kind::Number => text
            .parse::<u64>()
            .map_or_else(|_| Value::from(text), Value::from),
        Kind::List if text.trim_start().starts_with('[') => {
            toml_value(text).unwrap_or_else(|| Value::from(text))
        }
        Kind::List => Value::from(vec![Value::from(text)]),
        _ => Value::from(text),
    }
}

/// `SCIMBRIDGE_CLIENTS`: the array of tables, written inline as in TOML.
fn tables(text: &str) -> Result<Value, Fault> {
    toml_value(text).ok_or_else(|| {
        Fault::new("clients", "invalid-value", "is not a TOML array of tables")
            .hint("write it as in `[{ name = \"entra\", tokens = [\"sha256:…\"] }]`")
    })
}

fn toml_value(text: &str) -> Option<Value> {
    let mut data = Toml::string(&format!("value = {text}")).data().ok()?;
    let mut values = data.remove(&Profile::Default)?;
    if values.len() == 1 {
        values.remove("value")
    } else {
        None
    }
}

fn insert(values: &mut Dict, parts: &[String], value: Value) {
    let Some((first, rest)) = parts.split_first() else {
        return;
    };
    if rest.is_empty() {
        values.insert(first.clone(), value);
        return;
    }
    let next = values
        .entry(first.clone())
        .or_insert_with(|| Value::from(Dict::new()));
    if let Value::Dict(_, below) = next {
        insert(below, rest, value);
    }
}
