//! The house's rules, read from its own source: who knows whom, which library stays in which room, how long a file may be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Who may know whom: the table of the crate documentation in `src/lib.rs`.
const ARROWS: &[(&str, &[&str])] = &[
    ("scim", &[]),
    ("ldap", &[]),
    ("mapping", &["scim", "ldap"]),
    ("guard", &["ldap"]),
    ("directory", &["ldap", "guard"]),
    (
        "provisioning",
        &["scim", "ldap", "mapping", "guard", "directory"],
    ),
    ("http", &["provisioning", "scim"]),
    (
        "config",
        &[
            "scim",
            "ldap",
            "mapping",
            "guard",
            "directory",
            "provisioning",
            "http",
        ],
    ),
    (
        "cli",
        &[
            "scim",
            "ldap",
            "mapping",
            "guard",
            "directory",
            "provisioning",
            "http",
            "config",
        ],
    ),
];

/// Libraries that one room alone may name.
const LIBRARIES: &[(&str, &str)] = &[
    ("ldap3", "directory"),
    ("lber", "directory"),
    ("actix_web", "http"),
    ("figment", "config"),
    ("clap", "cli"),
];

/// What a pure room never names: the outside world.
const IMPURE: &[&str] = &[
    "tokio",
    "getrandom",
    "std::net",
    "std::fs",
    "std::env",
    "Instant::now",
    "SystemTime",
    "Timestamp::now",
    "Uuid::new_v4",
];

const PURE: &[&str] = &["scim", "ldap", "mapping", "guard"];

/// Lines, tests included.
const LONGEST: usize = 600;

#[test]
fn nobody_knows_a_room_above() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut faults = Vec::new();
    for file in sources() {
        let Some(room) = file.room() else { continue };
        let known = arrows
            .get(room)
            .unwrap_or_else(|| panic!("`{room}` is no room of the table of arrows"));
        for named in file.rooms_named() {
            if named != room && !known.contains(&named.as_str()) {
                faults.push(format!(
                    "{}: `{room}` may not know `{named}`",
                    file.path.display()
                ));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "forbidden arrows:\n{}",
        faults.join("\n")
    );
}

#[test]
fn every_room_has_an_introduction_and_a_place_in_the_map() {
    let map = std::fs::read_to_string(source().join("lib.rs")).unwrap();
    let rooms: BTreeSet<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
    let folders = std::fs::read_dir(source())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir());
    for folder in folders {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(
            rooms.contains(name.as_str()),
            "`{name}` is no room of the table of arrows"
        );
        assert!(
            map.contains(&format!("[`{name}`]")),
            "the map in src/lib.rs does not show `{name}`"
        );
    }
    for room in rooms {
        let door = std::fs::read_to_string(source().join(room).join("mod.rs")).unwrap();
        assert!(
            door.starts_with("//!"),
            "src/{room}/mod.rs does not say why the room exists"
        );
    }
}

#[test]
fn libraries_stay_in_their_room() {
    let mut faults = Vec::new();
    for file in sources() {
        for (library, home) in LIBRARIES {
            if file.room() != Some(home) && file.names(library) {
                faults.push(format!(
                    "{}: only `{home}` may name `{library}`",
                    file.path.display()
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn pure_rooms_see_nothing_of_the_world() {
    let mut faults = Vec::new();
    for file in sources()
        .into_iter()
        .filter(|file| file.room().is_some_and(|room| PURE.contains(&room)))
    {
        // Its tests may look at a clock.
        let file = file.without_tests();
        for name in IMPURE {
            if file.names(name) {
                faults.push(format!(
                    "{}: a pure room names `{name}`",
                    file.path.display()
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_file_is_too_long() {
    let long: Vec<String> = sources()
        .iter()
        .map(|file| (file.path.display().to_string(), file.text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(path, lines)| format!("{path}: {lines} lines, at most {LONGEST}"))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn the_reader_of_arrows_sees_every_way_to_name_a_room() {
    let file = |text: &str| Source {
        path: PathBuf::from("ldap/x.rs"),
        text: text.to_owned(),
    };
    for text in [
        "use crate::http::Server;",
        "use crate::{http::Server, scim};",
        "use crate::{\n    scim,\n    http::{Server, Settings},\n};",
        "fn f() -> crate::http::Server {",
        "pub(in crate::http) fn f() {}",
        "use super::super::http::Server;",
    ] {
        assert!(file(text).rooms_named().contains("http"), "{text}");
    }
    for text in [
        "// use crate::http::Server;",
        "/// See [`crate::http`].",
        "use crate::ldap::http;",
        "let text = \"crate::http\";",
    ] {
        assert!(!file(text).rooms_named().contains("http"), "{text}");
    }
    assert!(file("use ldap3::Ldap;").names("ldap3"));
    assert!(file("let x = ldap3::Ldap::new();").names("ldap3"));
    assert!(!file("// ldap3 leaks\nlet my_ldap3 = 1;").names("ldap3"));
}

/// A source file of the library, with its path below `src`.
struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// The folder it stands in; `None` for the crate's roots.
    fn room(&self) -> Option<&str> {
        let mut parts = self.path.components();
        let first = parts.next()?;
        parts.next()?;
        first.as_os_str().to_str()
    }

    /// The product's own code: a file or folder of tests is empty, and a module of tests ends its file.
    fn without_tests(self) -> Source {
        let tests = self
            .path
            .with_extension("")
            .components()
            .filter_map(|part| part.as_os_str().to_str())
            .any(|part| part == "tests" || part.ends_with("_tests"));
        let end = if tests {
            0
        } else {
            self.text
                .find("#[cfg(test)]\nmod tests {")
                .unwrap_or(self.text.len())
        };
        Source {
            text: self.text[..end].to_owned(),
            path: self.path,
        }
    }

    /// The code alone: no comments, no text literals on one line.
    fn code(&self) -> String {
        let mut code = String::new();
        for line in self.text.lines() {
            let line = line.trim();
            if line.starts_with("//") {
                continue;
            }
            let mut inside = false;
            let mut previous = ' ';
            for letter in line.chars() {
                if letter == '"' && previous != '\\' && previous != '\'' {
                    inside = !inside;
                } else if !inside {
                    code.push(letter);
                }
                previous = letter;
            }
            code.push('\n');
        }
        code
    }

    /// Whether the code names a library or a path, as a whole word.
    fn names(&self, name: &str) -> bool {
        let code = self.code();
        code.match_indices(name).any(|(at, _)| {
            let before = code[..at].chars().next_back().unwrap_or(' ');
            let after = code[at + name.len()..].chars().next().unwrap_or(' ');
            !word(before) && !word(after)
        })
    }

    /// The rooms named by `crate::…`, in `use` lines and elsewhere, braces included, or by climbing out with `super`.
    fn rooms_named(&self) -> BTreeSet<String> {
        let code = self.code();
        let mut found = BTreeSet::new();
        for (at, root) in code
            .match_indices("crate::")
            .chain(climbs(&code, self.path.components().count()))
        {
            let rest = &code[at + root.len()..];
            match rest.strip_prefix('{') {
                Some(group) => found.extend(first_names(group)),
                None => found.extend(name(rest)),
            }
        }
        let rooms: BTreeSet<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
        found
            .into_iter()
            .filter(|name| rooms.contains(name.as_str()))
            .collect()
    }
}

/// Where `super::super::…` climbs as far as the crate's root: once per folder, and once more out of the file.
fn climbs(code: &str, depth: usize) -> impl Iterator<Item = (usize, &str)> {
    let climb = "super::".repeat(depth);
    let found: Vec<usize> = code.match_indices(&climb).map(|(at, _)| at).collect();
    let length = climb.len();
    found
        .into_iter()
        .map(move |at| (at, &code[at..at + length]))
}

/// The first name of each member of a brace group, at its own level.
fn first_names(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0;
    let mut member = String::new();
    for letter in group.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.extend(name(&std::mem::take(&mut member))),
            _ if depth == 0 => member.push(letter),
            _ => {}
        }
    }
    names.extend(name(&member));
    names
}

fn name(text: &str) -> Option<String> {
    let name: String = text
        .trim_start()
        .chars()
        .take_while(|letter| word(*letter))
        .collect();
    (!name.is_empty()).then_some(name)
}

fn word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every Rust file below `src`.
fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    let mut folders = vec![source()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                files.push(Source {
                    path: path.strip_prefix(source()).unwrap().to_owned(),
                    text,
                });
            }
        }
    }
    assert!(files.len() > 50, "the source was not found");
    files
}
