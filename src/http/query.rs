//! The query string, decoded into the parameters of RFC 7644 §3.4.2 and §3.9 and of RFC 9865. Unknown parameters are ignored: some
//! identity providers pass their own flags through.

use crate::provisioning::Query;

use super::error::Fault;

/// Reads a raw query string. Spaces may come as `%20` or `+`.
///
/// # Errors
/// 400 where the text cannot be decoded, or a parameter comes twice.
pub(super) fn read(text: &str) -> Result<Query, Fault> {
    let pairs = pairs(text).ok_or_else(|| {
        Fault::Query(
            "the query string cannot be decoded; percent-encode it in UTF-8 as RFC 3986 §2.1 and §2.5 say"
                .to_owned(),
        )
    })?;
    let mut query = Query::default();
    for (name, value) in pairs {
        match name.as_str() {
            "filter" => once(&mut query.filter, &name, value)?,
            "attributes" => once(&mut query.attributes, &name, value)?,
            "excludedAttributes" => once(&mut query.excluded_attributes, &name, value)?,
            "sortBy" => once(&mut query.sort_by, &name, value)?,
            "sortOrder" => once(&mut query.sort_order, &name, value)?,
            "startIndex" => once(&mut query.start_index, &name, value)?,
            "count" => once(&mut query.count, &name, value)?,
            "cursor" => once(&mut query.cursor, &name, value)?,
            _ => {}
        }
    }
    Ok(query)
}

/// Names and values; nothing when one of them is not percent-encoded UTF-8. The usual decoders put U+FFFD in the place of
/// what they cannot read: a filter would then look for something the client did not say.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, decoded(value)?))
        })
        .collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

fn once(slot: &mut Option<String>, name: &str, value: String) -> Result<(), Fault> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Fault::Query(format!(
            "`{name}` comes twice in the query; send it once"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_refused_and_not_mended() {
        for text in [
            "filter=%ff",
            "filter=%ed%a0%80",
            "filter=%zz",
            "filter=%2",
            "%ff=x",
            "filter=%",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        let query = read("filter=%F0%9F%90%8E&&count&x=%25").unwrap();
        assert_eq!(
            (query.filter.as_deref(), query.count.as_deref()),
            (Some("🐎"), Some(""))
        );
    }

    #[test]
    fn a_space_comes_as_plus_or_percent_twenty() {
        for text in [
            "filter=userName+eq+%22a%2Bb%22",
            "filter=userName%20eq%20%22a%2Bb%22",
        ] {
            assert_eq!(
                read(text).unwrap().filter.as_deref(),
                Some("userName eq \"a+b\"")
            );
        }
    }

    #[test]
    fn a_parameter_that_comes_twice_is_refused_and_an_unknown_one_ignored() {
        assert!(matches!(read("filter=a&filter=b"), Err(Fault::Query(_))));
        assert!(read("aadOptscim062020&x=1&x=2").unwrap().filter.is_none());
    }
}
