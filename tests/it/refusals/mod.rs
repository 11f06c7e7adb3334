//! Refusals as a client reads them. Every table of docs/errors.md is made of the answers that a running bridge gives, or,
//! where no directory of the lab and no client can bring an answer about, of the code's own tables, and says so.
//! `UPDATE_DOCS=1 cargo test --test it refusals` writes the tables anew.

mod bulk;
mod causes;
mod decided;
mod door;
mod fences;
mod outages;
mod request;

use std::sync::{Mutex, PoisonError};

use reqwest::Method;
use scimbridge::directory::Meaning;
use scimbridge::guard::Rule;
use scimbridge::http::Fault;
use scimbridge::scim::ScimType;

use crate::docs::markdown::{read, root, rows, section};
use crate::hostile::names_nothing;
use crate::support::{Answer, Bridge, Kind, Manner};

const DOCUMENT: &str = "docs/errors.md";

/// The cells of a table's row.
type Row = Vec<String>;

/// The headings of most tables.
const HEADINGS: [&str; 5] = ["answer", "kind", "situation", "request", "detail"];

/// What stands in the place of a request where there is none that brings the answer about.
const FROM_CODE: &str = "from the code: no request is known that brings it about";

#[test]
fn every_kind_of_the_code_has_its_row() {
    let document = read(DOCUMENT);
    let has = |cell: String| rows(&document).iter().any(|row| row.contains(&cell));
    for kind in Fault::KINDS {
        assert!(
            has(format!("`{kind}`")),
            "{DOCUMENT} has no row of the kind `{kind}`"
        );
    }
    for rule in Rule::ALL {
        assert!(
            has(format!("`{rule}`")),
            "{DOCUMENT} has no row of the rule `{rule}`"
        );
    }
    for meaning in Meaning::ALL {
        assert!(
            has(meaning.to_string()),
            "{DOCUMENT} has no row for: {meaning}"
        );
    }
    for scim_type in ScimType::ALL {
        let name = format!("`{}`", scim_type.name());
        let all = rows(&document);
        assert!(
            all.iter().any(|row| row[0].ends_with(&name)),
            "{DOCUMENT} has no row of the scimType {name}"
        );
    }
}

/// A request with what must come of it. `{user}` and the like stand for ids; the document shows the rest as it is.
#[derive(Clone, Copy)]
struct Example {
    status: u16,
    scim_type: &'static str,
    situation: &'static str,
    method: &'static str,
    path: &'static str,
    body: &'static str,
    headers: &'static [(&'static str, &'static str)],
    strict: bool,
    /// What the document shows in the place of a request that is too long for it.
    shown: &'static str,
}

const fn example(
    (status, scim_type): (u16, &'static str),
    situation: &'static str,
    method: &'static str,
    path: &'static str,
    body: &'static str,
) -> Example {
    Example {
        status,
        scim_type,
        situation,
        method,
        path,
        body,
        headers: &[],
        strict: false,
        shown: "",
    }
}

impl Example {
    /// Sent by a client that is held to the RFC.
    const fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    const fn with(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        self.headers = headers;
        self
    }

    const fn shown(mut self, shown: &'static str) -> Self {
        self.shown = shown;
        self
    }

    /// Sends it, with these in the places of their names, and makes its row of what is answered.
    async fn row(&self, bridge: &Bridge, places: &[(&str, &str)]) -> Row {
        let fill = |text: &str| {
            let fill = |text: String, (name, value): &(&str, &str)| text.replace(name, value);
            places.iter().fold(text.to_owned(), fill)
        };
        let manner = if self.strict {
            Manner::Strict
        } else {
            Manner::Generic
        };
        let mut client = bridge.client(manner);
        for (name, value) in self.headers {
            client = client.header(name, &fill(value));
        }
        if self.headers.iter().any(|(name, _)| *name == "content-type") {
            client = client.content_type("");
        }
        let method = Method::from_bytes(self.method.as_bytes()).unwrap();
        let has_body = !matches!(self.method, "GET" | "DELETE");
        let body = has_body.then(|| fill(self.body).into_bytes());
        let answer = client.send(method, &fill(self.path), body).await;
        let scim_type = Some(self.scim_type).filter(|name| !name.is_empty());
        let detail = answer.error(self.status, scim_type);
        let unfill = |text: String, (name, value): &(&str, &str)| text.replace(value, name);
        let detail = places.iter().fold(detail.to_owned(), unfill);
        told(bridge, self.situation, &self.request(), &answer, &detail)
    }

    fn request(&self) -> String {
        if !self.shown.is_empty() {
            return self.shown.to_owned();
        }
        let mut text = format!(
            "{} {} {}",
            self.method,
            self.path,
            without_schemas(self.body)
        );
        for (name, value) in self.headers.iter().rev() {
            text = format!("{}: {value} · {text}", capitalised(name));
        }
        let whose = if self.strict { " (strict client)" } else { "" };
        code(&text) + whose
    }
}

/// The row of an answer: what the client was told, and the kind by which the log speaks of it under the request's id.
#[track_caller]
fn told(bridge: &Bridge, situation: &str, request: &str, answer: &Answer, detail: &str) -> Row {
    names_nothing(bridge, answer);
    let kinds = kinds(bridge, answer);
    assert_eq!(kinds.len(), 1, "{situation}: {kinds:?}");
    vec![
        head(answer),
        format!("`{}`", kinds[0]),
        situation.to_owned(),
        request.to_owned(),
        code(detail),
    ]
}

/// The kinds that the log has under this request's id.
#[track_caller]
fn kinds(bridge: &Bridge, answer: &Answer) -> Vec<String> {
    let lines = bridge.log_of(answer);
    let kinds = lines.iter().filter_map(|line| line["kind"].as_str());
    kinds.map(str::to_owned).collect()
}

/// Status and scimType, and the headers that belong to a refusal.
fn head(answer: &Answer) -> String {
    let mut head = answer.status.to_string();
    if let Some(scim_type) = answer.body["scimType"].as_str() {
        head += &format!(" `{scim_type}`");
    }
    for (name, shown) in [
        ("www-authenticate", "WWW-Authenticate"),
        ("allow", "Allow"),
        ("retry-after", "Retry-After"),
    ] {
        if let Some(value) = answer.header(name) {
            head += &format!(", `{shown}: {value}`");
        }
    }
    head
}

/// The row of an answer that only the code can show.
fn from_code(fault: &Fault, situation: &str) -> Row {
    let body = fault.document();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let scim_type = Some(text("scimType")).filter(|name| !name.is_empty());
    let scim_type = scim_type.map(|name| format!(" `{name}`"));
    vec![
        text("status") + &scim_type.unwrap_or_default(),
        format!("`{}`", fault.kind()),
        situation.to_owned(),
        FROM_CODE.to_owned(),
        code(&text("detail")),
    ]
}

/// `if-match` as `If-Match`.
fn capitalised(header: &str) -> String {
    let words: Vec<String> = header
        .split('-')
        .map(crate::support::people::capitalised)
        .collect();
    words.join("-")
}

/// The directories' names, as the document spells them.
fn spelled(kind: Kind) -> &'static str {
    match kind {
        Kind::OpenLdap => "OpenLDAP",
        Kind::Samba => "Samba AD",
        Kind::Ds389 => "389 DS",
    }
}

/// Rows of several directories as one list: a row that is the same everywhere stands once, and says nothing of directories;
/// the others say whose they are behind the situation.
fn merged(told: Vec<(Kind, Vec<Row>)>) -> Vec<Row> {
    let of = told.len();
    let mut all: Vec<(Vec<Kind>, Row)> = Vec::new();
    for (kind, rows) in told {
        // A row that differs stands behind the rows of its situation.
        let mut behind = 0;
        for row in rows {
            if let Some(at) = all.iter().position(|(_, known)| *known == row) {
                all[at].0.push(kind);
                behind = at + 1;
                continue;
            }
            let same = all.iter().rposition(|(_, known)| known[2] == row[2]);
            let at = same.map_or(behind.min(all.len()), |at| at + 1);
            all.insert(at, (vec![kind], row));
            behind = at + 1;
        }
    }
    all.into_iter()
        .map(|(kinds, mut row)| {
            if kinds.len() < of {
                let names: Vec<&str> = kinds.into_iter().map(spelled).collect();
                row[2] += &format!(" ({})", names.join(", "));
            }
            row
        })
        .collect()
}

/// Asserts that this is the table below the heading, or writes it there.
#[track_caller]
fn documented(heading: &str, headings: &[&str], rows: &[Row]) {
    static ONE_WRITES: Mutex<()> = Mutex::new(());
    let _turn = ONE_WRITES.lock().unwrap_or_else(PoisonError::into_inner);
    let line = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
    let mut table = line(headings.to_vec()) + &line(vec!["---"; headings.len()]);
    for row in rows {
        table += &line(row.iter().map(String::as_str).collect());
    }
    let document = read(DOCUMENT);
    let found = section(&document, heading);
    let start = found.find("\n| ").expect("a table") + 1;
    let end = found[start..]
        .find("|\n\n")
        .map_or(found.len(), |at| start + at + 2);
    let old = &found[start..end];
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let new = document.replacen(found, &found.replacen(old, &table, 1), 1);
        std::fs::write(root().join(DOCUMENT), new).unwrap();
        return;
    }
    assert!(
        old == table,
        "the table below `{heading}` of {DOCUMENT} is not what the code and the bridge say; with UPDATE_DOCS=1 this test writes:\n{table}"
    );
}

/// The body without the `schemas` that strict clients must send.
fn without_schemas(body: &str) -> String {
    let Some(start) = body.find("\"schemas\":[") else {
        return body.to_owned();
    };
    let end = body[start..].find("],").map_or(start, |at| start + at + 2);
    body[..start].to_owned() + &body[end..]
}

/// As code in a cell of a table, whatever backticks and bars it has.
fn code(text: &str) -> String {
    let text = text.trim().replace('|', "\\|");
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}
