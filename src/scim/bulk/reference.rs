//! References to resources that do not exist yet: `bulkId:…` where an id will be (RFC 7644 §3.7.2).
//!
//! They stand as the last segment of a path, as a whole text anywhere in `data`, and as a literal in the filter of a PATCH
//! path, `members[value eq "bulkId:a"]`.

use std::borrow::Cow;

use serde_json::Value;

const PREFIX: &str = "bulkId:";

/// The `bulkId`s that an operation with this path and data refers to, as often as they stand there.
pub fn named_in<'a>(path: &'a str, data: &'a Value) -> Vec<&'a str> {
    let mut named: Vec<&str> = in_path(path).into_iter().collect();
    each_text(data, false, &mut |text, in_patch_path| {
        if let Some(bulk_id) = text.strip_prefix(PREFIX) {
            named.push(bulk_id);
        } else if in_patch_path {
            named.extend(quoted_in(text).map(|(bulk_id, _)| bulk_id));
        }
    });
    named
}

/// Every text in the data that may be an id: values, and what stands in quotes in the filters of PATCH paths.
pub(super) fn texts_in(data: &Value) -> Vec<&str> {
    let mut texts = Vec::new();
    each_text(data, false, &mut |text, in_patch_path| {
        if in_patch_path {
            texts.extend(text.split('"').skip(1).step_by(2));
        } else {
            texts.push(text);
        }
    });
    texts
}

/// Path and data with every reference replaced by the id that `id_of` knows. One it does not know stays as it is.
pub fn filled_in<'a>(
    path: &'a str,
    data: &Value,
    id_of: &dyn Fn(&str) -> Option<String>,
) -> (Cow<'a, str>, Value) {
    let path = match in_path(path).and_then(|bulk_id| Some((bulk_id, id_of(bulk_id)?))) {
        Some((bulk_id, id)) => {
            let before = path.len() - bulk_id.len() - PREFIX.len();
            Cow::Owned(format!("{}{id}", path.get(..before).unwrap_or_default()))
        }
        None => Cow::Borrowed(path),
    };
    let mut data = data.clone();
    fill(&mut data, false, id_of);
    (path, data)
}

fn in_path(path: &str) -> Option<&str> {
    path.rsplit('/').next()?.strip_prefix(PREFIX)
}

/// `in_patch_path`: the value is the `path` of a PATCH operation.
fn each_text<'a>(value: &'a Value, in_patch_path: bool, see: &mut dyn FnMut(&'a str, bool)) {
    match value {
        Value::String(text) => see(text, in_patch_path),
        Value::Array(values) => {
            for value in values {
                each_text(value, false, see);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                each_text(value, name.eq_ignore_ascii_case("path"), see);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn fill(value: &mut Value, in_patch_path: bool, id_of: &dyn Fn(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(bulk_id) = text.strip_prefix(PREFIX) {
                if let Some(id) = id_of(bulk_id) {
                    *text = id;
                }
            } else if in_patch_path {
                *text = with_quoted_filled(text, id_of);
            }
        }
        Value::Array(values) => {
            for value in values {
                fill(value, false, id_of);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                fill(value, name.eq_ignore_ascii_case("path"), id_of);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The references among the string literals of a filter, each with the place of `bulkId:` in the text.
fn quoted_in(text: &str) -> impl Iterator<Item = (&str, usize)> {
    text.match_indices("\"bulkId:").filter_map(|(quote, _)| {
        let start = quote + 1;
        let bulk_id = text.get(start + PREFIX.len()..)?;
        Some((bulk_id.get(..bulk_id.find('"')?)?, start))
    })
}

fn with_quoted_filled(text: &str, id_of: &dyn Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut done = 0;
    for (bulk_id, start) in quoted_in(text) {
        if let Some(id) = id_of(bulk_id) {
            filled.push_str(text.get(done..start).unwrap_or_default());
            filled.push_str(&id);
            done = start + PREFIX.len() + bulk_id.len();
        }
    }
    filled.push_str(text.get(done..).unwrap_or_default());
    filled
}
