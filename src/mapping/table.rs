//! Reading TOML tables with the place of every key and value, so that a fault can be shown where it was typed.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, Source, suggestion};

/// The result of reading a part of a mapping file.
pub(super) type Read<T> = Result<T, Box<Diagnostic>>;

/// A value and where it was typed.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// One TOML table and what it may hold.
pub(super) struct Table<'a> {
    source: &'a Source,
    what: String,
    span: Range<usize>,
    table: &'a DeTable<'a>,
}

impl<'a> Table<'a> {
    /// Opens a table of which every key is known.
    pub(super) fn open(
        source: &'a Source,
        what: impl Into<String>,
        value: &'a Spanned<DeValue<'a>>,
        known: &[&str],
    ) -> Read<Self> {
        let table = Self::open_any(source, what, value)?;
        table.check_keys(known)?;
        Ok(table)
    }

    /// Opens a table whose keys the file's author chooses.
    pub(super) fn open_any(
        source: &'a Source,
        what: impl Into<String>,
        value: &'a Spanned<DeValue<'a>>,
    ) -> Read<Self> {
        let what = what.into();
        let Some(table) = value.get_ref().as_table() else {
            return Err(source
                .fault(
                    value.span(),
                    format!("{what} must be a table"),
                    format!("this is a {}", value.get_ref().type_str()),
                )
                .hint("write it as `[header]` with lines below, or as `{ key = value }`"));
        };
        Ok(Self {
            source,
            what,
            span: value.span(),
            table,
        })
    }

    /// The whole document.
    pub(super) fn root(
        source: &'a Source,
        table: &'a Spanned<DeTable<'a>>,
        known: &[&str],
    ) -> Read<Self> {
        let root = Self {
            source,
            what: "the mapping file".into(),
            span: 0..0,
            table: table.get_ref(),
        };
        root.check_keys(known)?;
        Ok(root)
    }

    fn check_keys(&self, known: &[&str]) -> Read<()> {
        for (key, _) in self.in_order() {
            if !known.contains(&key.value.as_str()) {
                return Err(self
                    .source
                    .fault(
                        key.span,
                        format!("`{}` is not known in {}", key.value, self.what),
                        "unknown key",
                    )
                    .hint(suggestion(&key.value, known.iter().copied())));
            }
        }
        Ok(())
    }

    /// Keys and values in the order of the file.
    pub(super) fn in_order(&self) -> Vec<(At<String>, &'a Spanned<DeValue<'a>>)> {
        let mut entries: Vec<_> = self
            .table
            .iter()
            .map(|(key, value)| {
                (
                    At {
                        value: key.get_ref().to_string(),
                        span: key.span(),
                    },
                    value,
                )
            })
            .collect();
        entries.sort_by_key(|(key, _)| key.span.start);
        entries
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table
            .iter()
            .find(|(name, _)| name.get_ref() == key)
            .map(|(_, value)| value)
    }

    /// Where the key was typed, else the table.
    pub(super) fn key_span(&self, key: &str) -> Range<usize> {
        self.table
            .iter()
            .find(|(name, _)| name.get_ref() == key)
            .map_or(self.span.clone(), |(name, _)| name.span())
    }

    pub(super) fn require(&self, key: &str) -> Read<&'a Spanned<DeValue<'a>>> {
        self.get(key).ok_or_else(|| {
            self.source
                .fault(
                    self.span.clone(),
                    format!("{} needs `{key}`", self.what),
                    format!("`{key}` is missing here"),
                )
                .hint(format!("add `{key} = …`"))
        })
    }

    pub(super) fn text(&self, key: &str) -> Read<At<String>> {
        text(self.source, key, self.require(key)?)
    }

    pub(super) fn optional_text(&self, key: &str) -> Read<Option<At<String>>> {
        self.get(key)
            .map(|value| text(self.source, key, value))
            .transpose()
    }

    pub(super) fn texts(&self, key: &str) -> Read<Vec<At<String>>> {
        self.get(key)
            .map_or(Ok(Vec::new()), |value| texts(self.source, key, value))
    }

    pub(super) fn flag(&self, key: &str) -> Read<Option<bool>> {
        self.get(key)
            .map(|value| {
                value
                    .get_ref()
                    .as_bool()
                    .ok_or_else(|| wrong(self.source, key, value, "true or false, without quotes"))
            })
            .transpose()
    }

    pub(super) fn integer(&self, key: &str) -> Read<Option<At<i64>>> {
        self.get(key)
            .map(|value| {
                value
                    .get_ref()
                    .as_integer()
                    .and_then(|integer| i64::from_str_radix(integer.as_str(), integer.radix()).ok())
                    .map(|number| At {
                        value: number,
                        span: value.span(),
                    })
                    .ok_or_else(|| wrong(self.source, key, value, "a whole number, without quotes"))
            })
            .transpose()
    }

    /// Refuses the second use of a name that must be used once.
    pub(super) fn refuse_twice(
        source: &Source,
        seen: &mut BTreeSet<String>,
        name: &At<String>,
        rule: &str,
    ) -> Read<()> {
        if seen.insert(name.value.to_lowercase()) {
            return Ok(());
        }
        Err(source.fault(
            name.span.clone(),
            format!("{rule}: `{}`", name.value),
            "the second time",
        ))
    }
}

/// A string.
pub(super) fn text(source: &Source, key: &str, value: &Spanned<DeValue<'_>>) -> Read<At<String>> {
    match value.get_ref().as_str() {
        Some("") => Err(source.fault(value.span(), format!("`{key}` must not be empty"), "empty")),
        Some(text) => Ok(At {
            value: text.to_owned(),
            span: value.span(),
        }),
        None => Err(wrong(source, key, value, "a text in quotes")),
    }
}

/// One string, or a list of them.
pub(super) fn texts(
    source: &Source,
    key: &str,
    value: &Spanned<DeValue<'_>>,
) -> Read<Vec<At<String>>> {
    match value.get_ref().as_array() {
        Some(values) => values
            .iter()
            .map(|value| text(source, key, value))
            .collect(),
        None => Ok(vec![text(source, key, value)?]),
    }
}

fn wrong(
    source: &Source,
    key: &str,
    value: &Spanned<DeValue<'_>>,
    expected: &str,
) -> Box<Diagnostic> {
    source.fault(
        value.span(),
        format!("`{key}` must be {expected}"),
        format!("this is a {}", value.get_ref().type_str()),
    )
}
