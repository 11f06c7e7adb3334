//! What the bridge asks the directory for, read from slapd's log, so that raw LDAP asks for the same: same base, scope, filter
//! and attributes. Nobody has to keep a copy of the mapping up to date for the comparison to stay fair.

use std::sync::Arc;

use ldap3::Scope;

use crate::failure::Failure;
use crate::raw::Search;

/// A search seen once for one value, to be repeated for others.
pub(crate) struct Observed {
    search: Search,
    value: String,
}

impl Observed {
    /// The last search in slapd's log whose filter holds `value`.
    pub(crate) fn in_log(log: &str, value: &str) -> Result<Observed, Failure> {
        let missing = || Failure::Directory(format!("slapd's log shows no search for {value}"));
        let wanted_value = value.to_ascii_lowercase();
        let holds = |line: &&str| {
            filter_of(line)
                .is_some_and(|filter| filter.to_ascii_lowercase().contains(&wanted_value))
        };
        let line = log.lines().rfind(holds).ok_or_else(missing)?;
        let scope = match between(line, "scope=", " ").ok_or_else(missing)? {
            "0" => Scope::Base,
            "1" => Scope::OneLevel,
            _ => Scope::Subtree,
        };
        let base = between(line, "SRCH base=\"", "\"").ok_or_else(missing)?;
        let filter = filter_of(line).ok_or_else(missing)?;
        // `conn=7 op=3`: the lines that follow name the attributes, in as many lines as they need.
        let operation = format!(
            "conn={} ",
            between(line, "conn=", " SRCH").ok_or_else(missing)?
        );
        let names = log
            .lines()
            .filter(|line| line.contains(&operation))
            .filter_map(|line| line.split_once("SRCH attr="));
        let wanted: Vec<String> = names
            .flat_map(|(_, names)| names.split(' '))
            .map(str::to_owned)
            .collect();
        let search = Search {
            base: base.into(),
            scope,
            filter: filter.to_ascii_lowercase(),
            wanted: Arc::from(wanted),
        };
        Ok(Observed {
            search,
            value: wanted_value,
        })
    }

    /// The same search for another value.
    pub(crate) fn of(&self, value: &str) -> Search {
        let filter = self.search.filter.replace(&self.value, value);
        Search {
            filter,
            ..self.search.clone()
        }
    }

    /// For the report.
    pub(crate) fn describe(&self) -> String {
        format!(
            "`{}` for {} attributes",
            self.search.filter,
            self.search.wanted.len()
        )
    }
}

fn filter_of(line: &str) -> Option<&str> {
    line.split_once(" filter=\"")
        .and_then(|(_, rest)| rest.strip_suffix('"'))
}

fn between<'a>(line: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(before)?;
    rest.split_once(after).map(|(text, _)| text)
}
