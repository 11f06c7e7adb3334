//! Lists: the paging a client asks for and the ListResponse it gets, RFC 7644 §3.4.2.

use serde::Serialize;

use super::error::{Error, quoted};
use super::resource::Resource;

/// URN of the list message.
pub const LIST_URN: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// Which page, RFC 7644 §3.4.2.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// The first result wanted, counted from 1.
    pub start_index: usize,
    /// The most results wanted; 0 asks for the total alone.
    pub count: usize,
}

impl Paging {
    /// Reads `startIndex` and `count` as they came in the query. Without `count` the page has
    /// `default_count` results, and never more than `most`. Fails with `invalidValue` on what is not a
    /// whole number.
    pub fn parse(
        start_index: Option<&str>,
        count: Option<&str>,
        default_count: usize,
        most: usize,
    ) -> Result<Paging, Error> {
        let start_index = whole_number("startIndex", start_index)?.unwrap_or(1).max(1);
        let count = whole_number("count", count)?
            .unwrap_or(default_count)
            .min(most);
        Ok(Paging { start_index, count })
    }

    /// How many results come before the page.
    pub fn offset(&self) -> usize {
        self.start_index.saturating_sub(1)
    }
}

/// Below zero is zero, beyond the largest is the largest.
fn whole_number(name: &str, text: Option<&str>) -> Result<Option<usize>, Error> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::invalid_value(format!(
            "{name} is {}, which is not a whole number; send digits only.",
            quoted(text)
        )));
    }
    if negative {
        return Ok(Some(0));
    }
    Ok(Some(digits.parse().unwrap_or(usize::MAX)))
}

/// A page of resources. Serialises in the order of RFC 7644 §3.4.2; `Resources` is always there.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListResponse {
    schemas: [&'static str; 1],
    /// How many resources match, on all pages together.
    pub total_results: usize,
    /// The first result on this page, counted from 1.
    pub start_index: usize,
    /// How many results this page has.
    pub items_per_page: usize,
    /// The results.
    #[serde(rename = "Resources")]
    pub resources: Vec<Resource>,
}

impl ListResponse {
    /// A page that begins where the paging asked for.
    pub fn new(total_results: usize, paging: Paging, resources: Vec<Resource>) -> Self {
        ListResponse {
            schemas: [LIST_URN],
            total_results,
            start_index: paging.start_index,
            items_per_page: resources.len(),
            resources,
        }
    }

    /// All there is, as one page.
    pub fn all(resources: Vec<Resource>) -> Self {
        let paging = Paging {
            start_index: 1,
            count: resources.len(),
        };
        ListResponse::new(resources.len(), paging, resources)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(start_index: &str, count: &str) -> Result<Paging, Error> {
        Paging::parse(Some(start_index), Some(count), 100, 500)
    }

    #[test]
    fn pages_are_clamped_not_refused() {
        assert_eq!(
            paging("0", "-3").unwrap(),
            Paging {
                start_index: 1,
                count: 0
            }
        );
        assert_eq!(
            paging("-7", "99999").unwrap(),
            Paging {
                start_index: 1,
                count: 500
            }
        );
        assert_eq!(
            paging("99999999999999999999999", "2").unwrap().start_index,
            usize::MAX
        );
        assert_eq!(
            Paging::parse(None, None, 100, 500).unwrap(),
            Paging {
                start_index: 1,
                count: 100
            }
        );
        assert_eq!(paging("101", "100").unwrap().offset(), 100);
    }

    #[test]
    fn what_is_no_number_is_refused_by_name() {
        let error = paging("one", "1").unwrap_err();
        assert_eq!(error.status, 400);
        assert!(
            error.detail.contains("startIndex is `one`"),
            "{}",
            error.detail
        );
        assert!(paging("1", "1.5").unwrap_err().detail.contains("count"));
        assert!(paging("1", "-").is_err());
    }

    #[test]
    fn an_empty_list_still_has_resources() {
        let list = ListResponse::all(Vec::new());
        assert_eq!(
            serde_json::to_string(&list).unwrap(),
            r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}"#
        );
    }
}
