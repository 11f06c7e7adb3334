//! File and environment to [`Config`]: the one place where figment is at work.

use std::path::Path;

use figment::Figment;
use figment::error::Kind as FigmentKind;
use figment::providers::{Format, Toml};
use secrecy::SecretString;

use super::check::check;
use super::checked::Config;
use super::environment::Environment;
use super::fault::{Fault, Place, Refused, nearest};
use super::locate::Map;
use super::raw::RawConfig;
use super::setting::{Kind, SECTIONS, SETTINGS, WhenAbsent, find};

/// Reads the file and this process's environment.
///
/// # Errors
/// Every fault found, ready to print.
pub fn read(file: &Path) -> Result<Config, Refused> {
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        Some((name, value.to_string_lossy().into_owned()))
    });
    match std::fs::read_to_string(file) {
        Ok(text) => load(file, &text, variables),
        Err(error) => {
            let fault = Fault::new("", "unreadable", format!("cannot be read: {error}"))
                .hint("name the configuration file with `--config FILE` or `SCIMBRIDGE_CONFIG`");
            Err(Refused::new(
                file.display().to_string(),
                String::new(),
                vec![fault],
            ))
        }
    }
}

/// Reads a configuration from its text and a list of environment variables. File names in it are relative to `file`'s folder.
///
/// # Errors
/// Every fault found, ready to print.
pub fn load(
    file: &Path,
    text: &str,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, Refused> {
    let name = file.display().to_string();
    let map = match Map::read(text) {
        Ok(map) => map,
        Err((message, span)) => {
            let place = span.map_or(Place::Unknown, Place::File);
            let fault = Fault::new("", "syntax", format!("this is not TOML: {message}")).at(place);
            return Err(Refused::new(name, mask_lines(text), vec![fault]));
        }
    };
    let masked = mask(text, &map);
    let environment = match Environment::read(variables, &map.names("resources")) {
        Ok(environment) => environment,
        Err(faults) => return Err(Refused::new(name, masked, faults)),
    };
    let refuse = |faults: Vec<Fault>| {
        let faults = faults
            .into_iter()
            .map(|fault| placed(fault, &map, &environment))
            .collect();
        Refused::new(name.clone(), masked.clone(), faults)
    };
    let figment = Figment::new()
        .merge(Toml::string(&defaults()))
        .merge(Toml::string(text))
        .merge(&environment);
    let raw: RawConfig = figment
        .extract()
        .map_err(|error| refuse(error.into_iter().map(translated).collect()))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    check(raw, folder).map_err(|faults| match faults {
        super::check::Failed::Faults(faults) => refuse(faults),
        super::check::Failed::Mapping(report) => Refused::mapping(name.clone(), report),
    })
}

/// The table's defaults as TOML, the ground layer.
fn defaults() -> String {
    let mut text = String::new();
    for setting in SETTINGS {
        if let WhenAbsent::Value(value) = setting.default
            && !setting.key.contains(['*', '['])
        {
            text.push_str(&format!("{} = {value}\n", setting.key));
        }
    }
    text
}

fn placed(fault: Fault, map: &Map<'_>, environment: &Environment) -> Fault {
    if fault.place != Place::Unknown {
        return fault;
    }
    let place = match environment.origin(&fault.key) {
        Some(name) => Place::Variable(name.to_owned()),
        None => map.key(&fault.key).map_or(Place::Unknown, Place::File),
    };
    fault.at(place)
}

/// figment's finding in our words. The value itself is never repeated: it may be a secret.
fn translated(error: figment::Error) -> Fault {
    let path = error.path.join(".");
    match error.kind {
        FigmentKind::UnknownField(field, expected) => unknown(&path, &field, expected),
        FigmentKind::MissingField(field) => missing(&if path.is_empty() {
            field.into_owned()
        } else {
            format!("{path}.{field}")
        }),
        FigmentKind::Message(message) if find(&path).is_none() => {
            Fault::new(path, "syntax", message)
        }
        _ => match find(&path) {
            Some(setting) => Fault::new(
                &path,
                "wrong-type",
                format!("`{path}` is of the wrong type"),
            )
            .hint(format!("write {}", setting.kind.expected())),
            None => Fault::new(&path, "wrong-type", format!("`{path}` must be a section"))
                .hint(format!("write its settings below a line `[{path}]`")),
        },
    }
}

fn unknown(path: &str, field: &str, expected: &[&str]) -> Fault {
    let section = path.rsplit_once('.').map_or("", |(section, _)| section);
    let what = if section.is_empty() {
        "section"
    } else {
        "setting"
    };
    let fault = Fault::new(path, "unknown-key", format!("there is no {what} `{path}`"));
    if let Some(near) = nearest(field, expected.iter().copied()) {
        return fault.hint(format!("did you mean `{near}`?"));
    }
    let elsewhere = SETTINGS
        .iter()
        .filter_map(|setting| setting.key.rsplit_once('.'))
        .find(|(_, name)| *name == field);
    match elsewhere {
        Some((home, _)) => fault.hint(format!("`{field}` belongs in {}", header(home))),
        None if section.is_empty() => {
            let names: Vec<String> = SECTIONS.iter().map(|(name, _)| header(name)).collect();
            fault.hint(format!("the sections are {}", names.join(", ")))
        }
        None => {
            let names: Vec<String> = expected.iter().map(|name| format!("`{name}`")).collect();
            fault.hint(format!("the settings here are {}", names.join(", ")))
        }
    }
}

pub(super) fn missing(key: &str) -> Fault {
    let fault = Fault::new(key, "missing", format!("`{key}` is missing"));
    match find(key) {
        Some(setting) => fault.hint(format!(
            "write {}. {}",
            setting.kind.expected(),
            setting.meaning
        )),
        None => fault,
    }
}

/// The line that opens a section of the table.
pub(super) fn header(section: &str) -> String {
    match section.strip_suffix("[]") {
        Some(array) => format!("`[[{array}]]`"),
        None => format!("`[{}]`", section.replace('*', "NAME")),
    }
}

/// The text with asterisks for every value that is, or might have been meant to be, a secret. Positions stay.
fn mask(text: &str, map: &Map<'_>) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for (path, span) in map.leaves() {
        let open = match find(&path) {
            // A token typed where its hash belongs is a secret too.
            Some(setting) if setting.key.ends_with(".tokens") => text
                .get(span.clone())
                .is_some_and(|value| value.trim_start_matches(['"', '\'']).starts_with("sha256:")),
            Some(setting) => setting.kind != Kind::Secret,
            // Perhaps a misspelt `bind_password`.
            None => false,
        };
        if !open {
            hide(bytes.get_mut(span).unwrap_or_default());
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The same for a text that is not TOML, where nobody knows what belongs to what: everything after the name on a line that
/// speaks of secrets, and everything as long as a token.
fn mask_lines(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for line in bytes.split_mut(|byte| *byte == b'\n') {
        let lower = line.to_ascii_lowercase();
        let speaks = |word: &str| {
            lower
                .windows(word.len())
                .any(|part| part == word.as_bytes())
        };
        if ["pass", "secret", "token"].into_iter().any(speaks) {
            let name = line.iter().position(|byte| *byte == b'=').unwrap_or(0);
            hide(line.get_mut(name..).unwrap_or_default());
        }
        let in_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_+/=".contains(byte);
        for word in line
            .split_mut(|byte| !in_token(byte))
            .filter(|word| word.len() >= 24)
        {
            hide(word);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hide(bytes: &mut [u8]) {
    for byte in bytes.iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b'*';
    }
}

/// A secret from its file: the text without the line end that editors add.
pub(super) fn secret(text: String) -> SecretString {
    let cut = text
        .strip_suffix('\n')
        .map(|text| text.strip_suffix('\r').unwrap_or(text))
        .unwrap_or(&text);
    SecretString::from(cut.to_owned())
}
