//! What each refusal of a directory means, from the table in src/directory/codes.rs, and what is answered then, from the one
//! in src/provisioning/explain.rs; beside it, which of them the requests of `decided` brought about.

use std::collections::{BTreeMap, BTreeSet};

use scimbridge::directory::{Meaning, Rejection};
use scimbridge::http::Fault;
use scimbridge::ldap::AttributeName;
use scimbridge::mapping::{Mapping, ResourceMapping};
use scimbridge::provisioning::Error;

use super::{Row, code};
use crate::docs::markdown::read;

/// By meaning and directory: the codes that came.
pub(super) type Seen = BTreeMap<String, BTreeMap<&'static str, BTreeSet<String>>>;

/// Asserts that the document has the table, or writes it.
#[track_caller]
pub(super) fn documented(seen: &Seen) {
    let path = "mappings/active-directory.toml";
    let mapping =
        Mapping::load("active-directory.toml", &read(path)).expect("the built-in mapping loads");
    let users = mapping.resource("User").expect("it has users");
    let rows: Vec<Row> = Meaning::ALL
        .into_iter()
        .map(|meaning| row(meaning, users, seen))
        .collect();
    let headings = [
        "the directory says",
        "Active Directory's code",
        "result code",
        "answer to a write",
        "detail",
        "seen above",
    ];
    super::documented("## What the directory says", &headings, &rows);
}

fn row(meaning: Meaning, users: &ResourceMapping, seen: &Seen) -> Row {
    let (sub_codes, codes) = meaning.signs();
    let listed = |signs: Vec<String>| signs.join("; ").replace('|', "\\|");
    let fault = answer(meaning, users);
    let body = fault.document();
    let word = |name: &str| body[name].as_str().unwrap_or_default();
    let mut answered = word("status").to_owned();
    if !word("scimType").is_empty() {
        answered += &format!(" `{}`", word("scimType"));
    }
    let seen = seen.get(&meaning.to_string()).map(|of| {
        let of = of.iter().map(|(directory, codes)| {
            let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
            format!("{directory}: {}", codes.join(", "))
        });
        of.collect::<Vec<_>>().join("; ")
    });
    vec![
        meaning.to_string(),
        listed(sub_codes),
        listed(codes),
        answered,
        code(word("detail")),
        seen.unwrap_or_else(|| "from the table".to_owned()),
    ]
}

/// The answer where the directory names no attribute; where that is not told without, with one named that could be meant.
fn answer(meaning: Meaning, users: &ResourceMapping) -> Fault {
    let of = |attribute: Option<AttributeName>| {
        let rejection = Rejection {
            meaning,
            code: 0,
            sub_code: None,
            text: String::new(),
            attribute,
        };
        Fault::from(Error::of_refusal(rejection, users))
    };
    let bare = of(None);
    if bare.document()["detail"]
        .as_str()
        .is_some_and(|detail| detail.contains("does not say which"))
    {
        return of(Some(AttributeName::known(match meaning {
            Meaning::NoSuchReference => "manager",
            Meaning::BadAccountName => "sAMAccountName",
            _ => "title",
        })));
    }
    bare
}
