//! Lists: the paging a client asks for and the ListResponse it gets, RFC 7644 §3.4.2 and RFC 9865.

use serde::Serialize;

use super::error::{Error, quoted};
use super::resource::Resource;

/// URN of the list message.
pub const LIST_URN: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// Which page, RFC 7644 §3.4.2.4 and RFC 9865 §2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// Where it begins.
    pub page: Page,
    /// The most results wanted; 0 asks for the total alone.
    pub count: usize,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// At this result, counted from 1.
    Index(usize),
    /// Where the page ended whose `nextCursor` this is; at the beginning where it is empty.
    Cursor(String),
}

impl Paging {
    /// Reads `startIndex`, `cursor` and `count` as they came in the query. Without `cursor` the pages are those of
    /// `startIndex`. Without `count` the page has `default_count` results, and never more than `most`.
    ///
    /// # Errors
    /// `invalidValue` on what is not a whole number, or when both ways to page are asked for at once; `invalidCount` where a
    /// page by cursor is to have no results.
    pub fn parse(
        start_index: Option<&str>,
        cursor: Option<&str>,
        count: Option<&str>,
        default_count: usize,
        most: usize,
    ) -> Result<Paging, Error> {
        let start_index = whole_number("startIndex", start_index)?;
        let Some(cursor) = cursor else {
            let count = whole_number("count", count)?.unwrap_or(default_count);
            return Ok(Paging {
                page: Page::Index(start_index.unwrap_or(1).max(1)),
                count: count.min(most),
            });
        };
        if start_index.is_some() {
            return Err(Error::invalid_value(
                "`startIndex` and `cursor` are two ways to page; send one of them.",
            ));
        }
        let count = match whole_number("count", count) {
            Ok(Some(0)) | Err(_) => {
                return Err(Error::invalid_count(format!(
                    "`count` is {}, and a page by `cursor` has 1 to {most} results (RFC 9865 §2.1); send such a number, or none.",
                    quoted(count.unwrap_or_default())
                )));
            }
            Ok(count) => count.unwrap_or(default_count),
        };
        Ok(Paging {
            page: Page::Cursor(cursor.to_owned()),
            count: count.min(most),
        })
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
    /// The first result on this page, counted from 1; a page by cursor does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_index: Option<usize>,
    /// How many results this page has.
    pub items_per_page: usize,
    /// The cursor of the next page, RFC 9865 §2; none where this is the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// The results.
    #[serde(rename = "Resources")]
    pub resources: Vec<Resource>,
}

impl ListResponse {
    /// A page that begins where the paging asked for.
    pub fn new(total_results: usize, page: &Page, resources: Vec<Resource>) -> Self {
        ListResponse {
            schemas: [LIST_URN],
            total_results,
            start_index: match page {
                Page::Index(start) => Some(*start),
                Page::Cursor(_) => None,
            },
            items_per_page: resources.len(),
            next_cursor: None,
            resources,
        }
    }

    /// The same page with the cursor of the next one.
    #[must_use]
    pub fn followed_by(mut self, next_cursor: Option<String>) -> Self {
        self.next_cursor = next_cursor;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(start_index: &str, count: &str) -> Result<Paging, Error> {
        Paging::parse(Some(start_index), None, Some(count), 100, 500)
    }

    fn by_cursor(cursor: &str, count: Option<&str>) -> Result<Paging, Error> {
        Paging::parse(None, Some(cursor), count, 100, 500)
    }

    fn index(start: usize, count: usize) -> Paging {
        Paging {
            page: Page::Index(start),
            count,
        }
    }

    #[test]
    fn pages_are_clamped_not_refused() {
        assert_eq!(paging("0", "-3").unwrap(), index(1, 0));
        assert_eq!(paging("-7", "99999").unwrap(), index(1, 500));
        assert_eq!(
            paging("99999999999999999999999", "2").unwrap(),
            index(usize::MAX, 2)
        );
        assert_eq!(
            Paging::parse(None, None, None, 100, 500).unwrap(),
            index(1, 100)
        );
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
    fn an_empty_cursor_begins_and_a_page_by_cursor_has_results() {
        let begun = by_cursor("", None).unwrap();
        assert_eq!(
            (begun.page, begun.count),
            (Page::Cursor(String::new()), 100)
        );
        assert_eq!(by_cursor("x", Some("700")).unwrap().count, 500);
        for count in ["0", "-1", "ten", "1.5"] {
            let refused = by_cursor("x", Some(count)).unwrap_err();
            assert_eq!(refused.scim_type.unwrap().name(), "invalidCount", "{count}");
            assert!(refused.detail.contains(count), "{}", refused.detail);
        }
        assert!(Paging::parse(Some("1"), Some(""), None, 100, 500).is_err());
    }

    #[test]
    fn an_empty_list_still_has_resources() {
        let list = ListResponse::new(0, &Page::Index(1), Vec::new());
        assert_eq!(
            serde_json::to_string(&list).unwrap(),
            r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}"#
        );
    }

    #[test]
    fn a_page_by_cursor_tells_the_next_one_and_no_index() {
        let page = Page::Cursor(String::new());
        let list = ListResponse::new(7, &page, Vec::new()).followed_by(Some("AQ".into()));
        assert_eq!(
            serde_json::to_string(&list).unwrap(),
            r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":7,"itemsPerPage":0,"nextCursor":"AQ","Resources":[]}"#
        );
    }
}
