//! What a path means. Pure: a path and a method in, a route out.

use std::fmt;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// The base URL itself, which some identity providers probe.
    Base,
    /// A resource type's collection, by the type's name.
    Collection {
        resource_type: String,
        endpoint: String,
    },
    /// A query in a body (RFC 7644 §3.4.3): over one collection, by its type's name, or over all.
    Search {
        of: Option<(String, String)>,
    },
    /// One resource.
    Item {
        resource_type: String,
        endpoint: String,
        id: String,
    },
    ServiceProviderConfig,
    Schemas,
    Schema(String),
    ResourceTypes,
    ResourceType(String),
    Bulk,
    /// The resource that the client's own credential belongs to (RFC 7644 §3.11).
    Me,
    Unknown,
}

impl Target {
    /// The target of a path below the base path, still percent-encoded. `endpoints` are names and endpoints of the
    /// resource types served. Empty segments (doubled or trailing slashes) do not count.
    pub(super) fn of<'a>(
        path: &str,
        endpoints: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Target {
        let segments: Option<Vec<String>> = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(decoded)
            .collect();
        let Some(segments) = segments else {
            return Target::Unknown;
        };
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        match parts.as_slice() {
            [] => return Target::Base,
            ["ServiceProviderConfig"] => return Target::ServiceProviderConfig,
            ["Schemas"] => return Target::Schemas,
            ["Schemas", urn] => return Target::Schema((*urn).to_owned()),
            ["ResourceTypes"] => return Target::ResourceTypes,
            ["ResourceTypes", name] => return Target::ResourceType((*name).to_owned()),
            ["Bulk"] => return Target::Bulk,
            ["Me"] => return Target::Me,
            [".search"] => return Target::Search { of: None },
            _ => {}
        }
        for (resource_type, endpoint) in endpoints {
            let (resource_type, own) = (resource_type.to_owned(), endpoint.trim_start_matches('/'));
            match parts.as_slice() {
                [first] if *first == own => {
                    return Target::Collection {
                        resource_type,
                        endpoint: endpoint.to_owned(),
                    };
                }
                [first, ".search"] if *first == own => {
                    return Target::Search {
                        of: Some((resource_type, endpoint.to_owned())),
                    };
                }
                [first, id] if *first == own => {
                    return Target::Item {
                        resource_type,
                        endpoint: endpoint.to_owned(),
                        id: (*id).to_owned(),
                    };
                }
                _ => {}
            }
        }
        Target::Unknown
    }

    /// The methods that mean something here. `None`: any method gets the same answer.
    pub(super) fn methods(&self) -> Option<&'static [&'static str]> {
        match self {
            Target::Base
            | Target::ServiceProviderConfig
            | Target::Schemas
            | Target::Schema(_)
            | Target::ResourceTypes
            | Target::ResourceType(_) => Some(&["GET"]),
            Target::Collection { .. } => Some(&["GET", "POST"]),
            Target::Search { .. } | Target::Bulk => Some(&["POST"]),
            Target::Item { .. } | Target::Me => Some(&["GET", "PUT", "PATCH", "DELETE"]),
            Target::Unknown => None,
        }
    }
}

/// The route's pattern, for log and metrics: it never shows what a client sent.
impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Base => formatter.write_str("/"),
            Target::Collection { endpoint, .. } => formatter.write_str(endpoint),
            Target::Search { of: None } => formatter.write_str("/.search"),
            Target::Search {
                of: Some((_, endpoint)),
            } => write!(formatter, "{endpoint}/.search"),
            Target::Item { endpoint, .. } => write!(formatter, "{endpoint}/{{id}}"),
            Target::ServiceProviderConfig => formatter.write_str("/ServiceProviderConfig"),
            Target::Schemas => formatter.write_str("/Schemas"),
            Target::Schema(_) => formatter.write_str("/Schemas/{urn}"),
            Target::ResourceTypes => formatter.write_str("/ResourceTypes"),
            Target::ResourceType(_) => formatter.write_str("/ResourceTypes/{name}"),
            Target::Bulk => formatter.write_str("/Bulk"),
            Target::Me => formatter.write_str("/Me"),
            Target::Unknown => formatter.write_str("unknown"),
        }
    }
}

/// The rest of a raw path below the base path; `None` outside it. `/scim/v2x` is not below `/scim/v2`.
pub(super) fn below<'a>(base_path: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix(base_path)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// One path segment without its percent-encoding (RFC 3986 §2.1); `None` where it is broken or no UTF-8.
fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || {
                char::from(rest.next()?)
                    .to_digit(16)
                    .and_then(|digit| u8::try_from(digit).ok())
            };
            let (high, low) = (digit()?, digit()?);
            bytes.push(high << 4 | low);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ENDPOINTS: [(&str, &str); 2] = [("User", "/Users"), ("Group", "/Groups")];

    fn target(path: &str) -> Target {
        Target::of(path, ENDPOINTS)
    }

    fn users() -> Target {
        Target::Collection {
            resource_type: "User".to_owned(),
            endpoint: "/Users".to_owned(),
        }
    }

    #[test]
    fn a_slash_at_the_end_changes_nothing() {
        assert_eq!(target("/Users"), users());
        assert_eq!(target("/Users/"), users());
        assert_eq!(target("//Users//"), users());
        assert_eq!(target(""), Target::Base);
        assert_eq!(target("/"), Target::Base);
    }

    #[test]
    fn an_id_may_be_anything_and_is_decoded_once() {
        for (path, id) in [
            ("/Users/0", "0"),
            ("/Users/a%2Fb", "a/b"),
            ("/Users/%2541", "%41"),
            ("/Users/*)(uid=*", "*)(uid=*"),
            ("/Users/a+b", "a+b"),
        ] {
            assert!(
                matches!(target(path), Target::Item { id: found, .. } if found == id),
                "{path}"
            );
        }
    }

    #[test]
    fn a_schema_may_be_named_with_encoded_colons() {
        let urn = "urn:ietf:params:scim:schemas:core:2.0:User";
        assert_eq!(
            target(&format!("/Schemas/{urn}")),
            Target::Schema(urn.to_owned())
        );
        assert_eq!(
            target(&format!("/Schemas/{}", urn.replace(':', "%3A"))),
            Target::Schema(urn.to_owned())
        );
        assert_eq!(
            target(&format!("/Schemas/{}", urn.replace(':', "%3a"))),
            Target::Schema(urn.to_owned())
        );
    }

    #[test]
    fn a_search_is_over_one_collection_or_over_all() {
        assert_eq!(target("/.search"), Target::Search { of: None });
        let of = Some(("User".to_owned(), "/Users".to_owned()));
        assert_eq!(target("/Users/.search"), Target::Search { of });
        assert_eq!(target("/Devices/.search"), Target::Unknown);
    }

    #[test]
    fn what_is_not_served_yet_is_told_from_what_does_not_exist() {
        assert_eq!(target("/Bulk"), Target::Bulk);
        assert_eq!(target("/Me"), Target::Me);
        for unknown in [
            "/users",
            "/Devices",
            "/Users/1/2",
            "/Users/%zz",
            "/Users/%f",
            "/Users/%ff",
            "/Schemas/a/b",
        ] {
            assert_eq!(target(unknown), Target::Unknown, "{unknown}");
        }
    }

    #[test]
    fn only_whole_segments_are_below_the_base_path() {
        assert_eq!(below("/scim/v2", "/scim/v2/Users"), Some("/Users"));
        assert_eq!(below("/scim/v2", "/scim/v2"), Some(""));
        assert_eq!(below("/scim/v2", "/scim/v2x/Users"), None);
        assert_eq!(below("/scim/v2", "/Users"), None);
        assert_eq!(below("", "/Users"), Some("/Users"));
    }

    proptest! {
        #[test]
        fn no_path_panics_and_no_route_name_shows_what_was_sent(path in "/[ -~]{0,40}") {
            let name = target(&path).to_string();
            prop_assert!(["/", "/Users", "/Users/{id}", "/Groups", "/Groups/{id}", "/ServiceProviderConfig", "/Schemas", "/Schemas/{urn}",
                "/ResourceTypes", "/ResourceTypes/{name}", "/.search", "/Users/.search", "/Groups/.search", "/Bulk", "/Me", "unknown"].contains(&name.as_str()), "{name}");
        }
    }
}
