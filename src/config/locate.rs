//! Where a key stands in the file, so that a refusal can point at it.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The spans of a configuration file.
pub(super) struct Map<'text> {
    root: DeTable<'text>,
}

impl<'text> Map<'text> {
    /// Reads the file's shape.
    ///
    /// # Errors
    /// The message and the place, where the text is not TOML.
    pub(super) fn read(text: &'text str) -> Result<Self, (String, Option<Range<usize>>)> {
        DeTable::parse(text)
            .map(|root| Map {
                root: root.into_inner(),
            })
            .map_err(|error| (error.message().to_owned(), error.span()))
    }

    /// The key's span where the key is written; otherwise that of the nearest section around it.
    pub(super) fn key(&self, path: &str) -> Option<Range<usize>> {
        let mut table = Some(&self.root);
        let mut array: Option<&[Spanned<DeValue<'_>>]> = None;
        let mut found = None;
        for part in path.split('.') {
            let next = if let Some(here) = table {
                here.iter()
                    .find(|(key, _)| key.get_ref() == part)
                    .map(|(key, value)| (key.span(), value))
            } else if let Some(here) = array {
                part.parse::<usize>()
                    .ok()
                    .and_then(|index| here.get(index))
                    .map(|value| (value.span(), value))
            } else {
                None
            };
            let Some((key, value)) = next else {
                return found;
            };
            (table, array) = match value.get_ref() {
                DeValue::Table(table) => (Some(table), None),
                DeValue::Array(list) => (None, Some(&**list)),
                _ => (None, None),
            };
            found = Some(key);
        }
        found
    }

    /// The names written directly below `path` (a table).
    pub(super) fn names(&self, path: &str) -> Vec<String> {
        let table = self.root.iter().find(|(key, _)| key.get_ref() == path);
        match table.map(|(_, value)| value.get_ref()) {
            Some(DeValue::Table(table)) => {
                table.keys().map(|key| key.get_ref().to_string()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Every value that is no table and no list, with its path. The depth is bounded by the TOML reader's own limit.
    pub(super) fn leaves(&self) -> Vec<(String, Range<usize>)> {
        let mut leaves = Vec::new();
        for (key, value) in &self.root {
            collect(key.get_ref().to_string(), value, &mut leaves);
        }
        leaves
    }
}

fn collect(path: String, value: &Spanned<DeValue<'_>>, leaves: &mut Vec<(String, Range<usize>)>) {
    match value.get_ref() {
        DeValue::Table(table) => {
            for (key, value) in table {
                collect(format!("{path}.{}", key.get_ref()), value, leaves);
            }
        }
        DeValue::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                collect(format!("{path}.{index}"), value, leaves);
            }
        }
        _ => leaves.push((path, value.span())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "[server]\nlisten = \"x\"\n[[clients]]\nname = \"a\"\n[[clients]]\nname = \"b\"\ntokens = [\"one\", \"two\"]\n";

    fn text(span: Option<Range<usize>>) -> Option<&'static str> {
        span.and_then(|span| FILE.get(span))
    }

    #[test]
    fn a_key_is_found_where_it_is_written() {
        let map = Map::read(FILE).unwrap();
        assert_eq!(text(map.key("server.listen")), Some("listen"));
        assert!(
            map.leaves().iter().any(
                |(path, span)| path == "clients.1.tokens.0" && &FILE[span.clone()] == "\"one\""
            )
        );
        assert_eq!(text(map.key("clients.1.tokens.1")), Some("\"two\""));
        assert_eq!(map.names("server"), ["listen"]);
    }

    #[test]
    fn a_key_that_is_missing_points_at_its_section() {
        let map = Map::read(FILE).unwrap();
        assert_eq!(text(map.key("server.base_url")), Some("server"));
        assert_eq!(text(map.key("directory.urls")), None);
        assert!(
            text(map.key("clients.0.tokens")).is_some_and(|found| found.contains("clients")),
            "{:?}",
            text(map.key("clients.0.tokens"))
        );
    }
}
