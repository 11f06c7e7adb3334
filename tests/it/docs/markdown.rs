//! As much of Markdown as the documents use.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every document with its name.
pub(super) fn documents() -> Vec<(String, String)> {
    let mut all = vec!["README.md".to_owned(), "CHANGELOG.md".to_owned()];
    let below = files(&root().join("docs"), "md");
    all.extend(
        below
            .iter()
            .map(|file| file.strip_prefix(root()).unwrap().display().to_string()),
    );
    all.into_iter()
        .map(|name| (name.clone(), read(&name)))
        .collect()
}

pub(super) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|of| of == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// From a heading to the next one of its depth or above.
pub(crate) fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let start = document
        .find(&format!("\n{heading}\n"))
        .unwrap_or_else(|| panic!("there is no `{heading}`"));
    let text = &document[start + heading.len() + 2..];
    let end = text.match_indices("\n#").find(|(at, _)| {
        let depth = text[at + 1..].chars().take_while(|c| *c == '#').count();
        text[at + 1 + depth..].starts_with(' ') && depth <= heading.find(' ').unwrap()
    });
    &text[..end.map_or(text.len(), |(at, _)| at)]
}

/// The cells of every row of the tables in a text, headings and rulers left out.
pub(crate) fn rows(text: &str) -> Vec<Vec<String>> {
    let lines: Vec<&str> = text.lines().collect();
    let table = lines.windows(2).filter(|pair| {
        !pair[1].starts_with("| ---") && pair[0].starts_with("| ") && !pair[0].starts_with("| ---")
    });
    let last = lines.last().filter(|line| line.starts_with("| ")).copied();
    table
        .map(|pair| pair[0])
        .chain(last)
        .map(|line| {
            let inner = line.replace("\\|", "\u{1}");
            inner
                .trim()
                .trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().replace('\u{1}', "|"))
                .collect()
        })
        .collect()
}

/// The names in backticks in the first cell of each row of the first table in a text.
pub(super) fn first_cells(text: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| !line.starts_with("| "));
    let table: Vec<&str> = lines.take_while(|line| line.starts_with("| ")).collect();
    rows(&table.join("\n"))
        .iter()
        .flat_map(|row| in_backticks(&row[0]))
        .collect()
}

/// The words between single backticks, in order.
pub(super) fn in_backticks(text: &str) -> Vec<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// The fenced blocks of a language.
pub(super) fn blocks<'a>(document: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    document
        .split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

/// The targets of links to files and headings of this repository.
pub(super) fn links(text: &str) -> Vec<String> {
    let prose: String = text.split("```").step_by(2).collect();
    let targets = prose
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    targets
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        .map(str::to_owned)
        .collect()
}

/// The anchors of a document's headings, as GitHub and GitLab make them.
pub(super) fn anchors(file: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let prose: String = text.split("```").step_by(2).collect();
    let headings = prose
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim());
    headings
        .map(|heading| {
            let kept = heading
                .to_lowercase()
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
                .collect::<String>();
            kept.replace(' ', "-")
        })
        .collect()
}
