//! Which version of SCIM a request speaks: its base path tells. SCIM 1.1 is translated at the door, in both directions;
//! what lies between is the same for both.

use actix_web::web::Bytes;
use serde_json::Value;

use super::error::Fault;
use super::response::{self, Response};
use super::route::{Target, below};
use super::settings::Settings;
use crate::provisioning::{Answer, Caller, Error, Query, Service};
use crate::scim::{Definition, json, v1};

/// The version of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// SCIM 1.1, where the operator has enabled it.
    V1,
    /// SCIM 2.0.
    V2,
}

impl Version {
    /// The version that is served at this path, and the rest of the path below its base.
    pub(super) fn of<'a>(settings: &Settings, path: &'a str) -> Option<(Self, &'a str)> {
        let v2 = below(&settings.base_path, path).map(|rest| (Self::V2, rest));
        let v1 = || {
            Some((
                Self::V1,
                below(settings.legacy_base_path.as_deref()?, path)?,
            ))
        };
        v2.or_else(v1)
    }

    /// The base URL of this version, where that of 2.0 is known.
    pub(super) fn base_url(self, settings: &Settings, modern: String) -> String {
        let (Self::V1, Some(legacy)) = (self, &settings.legacy_base_path) else {
            return modern;
        };
        let root = modern.strip_suffix(&settings.base_path).unwrap_or(&modern);
        format!("{root}{legacy}")
    }

    /// What the path means.
    pub(super) fn target<'a>(
        self,
        path: &str,
        endpoints: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Target {
        let target = Target::of(path, endpoints);
        if self == Self::V2 {
            return target;
        }
        match target {
            Target::Base
            | Target::Collection { .. }
            | Target::Item { .. }
            | Target::Schemas
            | Target::Schema(_) => target,
            _ if path.trim_matches('/') == "ServiceProviderConfigs" => {
                Target::ServiceProviderConfig
            }
            _ => Target::Unknown,
        }
    }

    /// A discovery document.
    pub(super) fn discovery(
        self,
        service: &Service,
        caller: &Caller,
        target: &Target,
    ) -> Result<Option<Value>, Fault> {
        if self == Self::V2 {
            return Ok(Some(match target {
                // A probe of the base URL wants to see SCIM alive.
                Target::Base | Target::ServiceProviderConfig => {
                    service.service_provider_config(caller)
                }
                Target::Schemas => service.schemas(caller),
                Target::Schema(urn) => service.schema(caller, urn)?,
                Target::ResourceTypes => service.resource_types(caller),
                Target::ResourceType(name) => service.resource_type_document(caller, name)?,
                _ => return Ok(None),
            }));
        }
        let schemas = || service.definitions().map(v1::resource_schema);
        Ok(Some(match target {
            Target::Base | Target::ServiceProviderConfig => {
                let modern = service.service_provider_config(caller);
                v1::service_provider_configs(&modern, service.definitions())
            }
            Target::Schemas => {
                let all: Vec<Value> = schemas().collect();
                v1::list(serde_json::json!({
                    "totalResults": all.len(), "startIndex": 1, "itemsPerPage": all.len(), "Resources": all
                }))
            }
            Target::Schema(id) => schemas()
                .find(|schema| {
                    ["id", "name"].iter().any(|key| {
                        schema[key]
                            .as_str()
                            .is_some_and(|own| own.eq_ignore_ascii_case(id))
                    })
                })
                .ok_or_else(|| Error::NotFound {
                    detail: "there is no such schema; /Schemas lists them".to_owned(),
                })?,
            _ => return Ok(None),
        }))
    }

    /// The query with the names of SCIM 2.0. A cursor is none of 1.1, and what is not known there is ignored.
    pub(super) fn query(self, mut query: Query) -> Query {
        if self == Self::V1 {
            for text in [
                &mut query.filter,
                &mut query.sort_by,
                &mut query.attributes,
                &mut query.excluded_attributes,
            ] {
                *text = text.as_deref().map(v1::query_text);
            }
            query.cursor = None;
        }
        query
    }

    /// The body as SCIM 2.0 says it.
    pub(super) fn body(
        self,
        service: &Service,
        target: &Target,
        method: &str,
        body: Bytes,
    ) -> Result<Bytes, Fault> {
        let (Self::V1, Some(definition)) = (self, definition_of(service, target)) else {
            return Ok(body);
        };
        let modern = match method {
            "POST" | "PUT" => v1::resource(parse(&body)?, definition),
            "PATCH" => v1::patch_request(parse(&body)?, definition).map_err(Error::Invalid)?,
            _ => return Ok(body),
        };
        Ok(Bytes::from(modern.to_string()))
    }

    /// A discovery document as it is sent.
    pub(super) fn document(self, document: &Value) -> Response {
        match self {
            Self::V2 => response::document(document),
            Self::V1 => response::legacy_document(document),
        }
    }

    /// A success.
    pub(super) fn answer(self, answer: &Answer) -> Response {
        match self {
            Self::V2 => response::answer(answer),
            Self::V1 => response::legacy_answer(answer),
        }
    }

    /// A refusal.
    pub(super) fn refusal(self, fault: &Fault) -> Response {
        match self {
            Self::V2 => response::refusal(fault),
            Self::V1 => response::legacy_refusal(fault),
        }
    }
}

fn parse(body: &[u8]) -> Result<Value, Fault> {
    Ok(json::parse(body).map_err(Error::Invalid)?)
}

/// Of the resources that are meant.
fn definition_of<'a>(service: &'a Service, target: &Target) -> Option<&'a Definition> {
    let (Target::Collection { resource_type, .. } | Target::Item { resource_type, .. }) = target
    else {
        return None;
    };
    service
        .definitions()
        .find(|definition| definition.resource_type.name == *resource_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_of_1_1_is_sorted_by_the_older_names_and_knows_no_cursor() {
        let department = "urn:scim:schemas:extension:enterprise:1.0:department";
        let sent = Query {
            sort_by: Some(department.to_owned()),
            cursor: Some(String::new()),
            ..Query::default()
        };
        let query = Version::V1.query(sent.clone());
        let modern = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
        assert_eq!(query.sort_by.as_deref(), Some(modern));
        assert_eq!(query.cursor, None);
        assert_eq!(Version::V2.query(sent.clone()), sent);
    }
}
