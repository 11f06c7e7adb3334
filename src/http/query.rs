//! The query string, decoded into the parameters of RFC 7644 §3.4.2 and §3.9. Unknown parameters are ignored: some
//! identity providers pass their own flags through.

use actix_web::web;

use crate::provisioning::Query;

use super::error::Fault;

/// Reads a raw query string. Spaces may come as `%20` or `+`.
///
/// # Errors
/// 400 where the text cannot be decoded, or a parameter comes twice.
pub(super) fn read(text: &str) -> Result<Query, Fault> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(text).map_err(|_| {
        Fault::Query(
            "the query string cannot be decoded; percent-encode it as RFC 3986 §2.1 says"
                .to_owned(),
        )
    })?;
    let mut query = Query::default();
    for (name, value) in pairs.into_inner() {
        match name.as_str() {
            "filter" => once(&mut query.filter, &name, value)?,
            "attributes" => once(&mut query.attributes, &name, value)?,
            "excludedAttributes" => once(&mut query.excluded_attributes, &name, value)?,
            "startIndex" => once(&mut query.start_index, &name, value)?,
            "count" => once(&mut query.count, &name, value)?,
            _ => {}
        }
    }
    Ok(query)
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
