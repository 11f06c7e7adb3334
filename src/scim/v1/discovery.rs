//! Discovery of SCIM 1.1, made from the definitions and from the ServiceProviderConfig of 2.0, so that neither claims
//! what the other does not.

use serde_json::{Map, Value, json};

use super::{CORE_URN, older};
use crate::scim::{Attribute, Definition, Kind, Mutability, Schema};

/// URN under which Okta's on-premises agent looks for what it may do (Okta, "SCIM messages for on-premises
/// provisioning").
const OKTA_URN: &str = "urn:okta:schemas:scim:providerconfig:1.0";

/// The document at `/ServiceProviderConfigs` (SCIM Core Schema 1.1 §9), from that of SCIM 2.0.
pub fn service_provider_configs<'a>(
    modern: &Value,
    definitions: impl IntoIterator<Item = &'a Definition>,
) -> Value {
    let field = |name: &str| modern.get(name).cloned().unwrap_or_default();
    json!({
        "schemas": [CORE_URN, OKTA_URN],
        "patch": field("patch"),
        // Bulk of 1.1 is another message, and not served.
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": field("filter"),
        "changePassword": field("changePassword"),
        "sort": field("sort"),
        "etag": field("etag"),
        "xmlDataFormat": { "supported": false },
        "authenticationSchemes": field("authenticationSchemes"),
        OKTA_URN: { "userManagementCapabilities": capabilities(modern, definitions) },
    })
}

fn capabilities<'a>(
    modern: &Value,
    definitions: impl IntoIterator<Item = &'a Definition>,
) -> Vec<&'static str> {
    let (mut users, mut active, mut groups) = (false, false, false);
    for definition in definitions {
        match definition.resource_type.name.as_str() {
            "User" => {
                users = true;
                active = definition.core.attribute("active").is_some();
            }
            "Group" => groups = definition.core.attribute("members").is_some(),
            _ => {}
        }
    }
    let passwords = modern["changePassword"]["supported"] == true;
    [
        ("GROUP_PUSH", groups),
        ("IMPORT_NEW_USERS", users),
        ("IMPORT_PROFILE_UPDATES", users),
        ("PUSH_NEW_USERS", users),
        ("PUSH_PASSWORD_UPDATES", passwords),
        ("PUSH_PENDING_USERS", active),
        ("PUSH_PROFILE_UPDATES", users),
        ("PUSH_USER_DEACTIVATION", active),
        ("REACTIVATE_USERS", active),
    ]
    .into_iter()
    .filter_map(|(name, works)| works.then_some(name))
    .collect()
}

/// One resource type's schema (SCIM Core Schema 1.1 §10): core and extensions in one document.
pub fn resource_schema(definition: &Definition) -> Value {
    let own = definition.common.iter().filter(|attribute| {
        // `schemas` describes the message in 1.1, not the resource.
        attribute.name != "schemas"
    });
    let of = |schema: &'static str| move |one: &Attribute| attribute(one, schema);
    let mut attributes: Vec<Value> = own.map(of(CORE_URN)).collect();
    attributes.extend(definition.core.attributes.iter().map(of(CORE_URN)));
    for extension in &definition.extensions {
        attributes.extend(extension_attributes(extension));
    }
    json!({
        "schemas": [CORE_URN],
        "id": format!("{CORE_URN}:{}", definition.resource_type.name),
        "name": definition.resource_type.name,
        "description": definition.core.description,
        "schema": CORE_URN,
        "endpoint": definition.resource_type.endpoint,
        "attributes": attributes,
    })
}

fn extension_attributes(extension: &Schema) -> impl Iterator<Item = Value> {
    let urn = older(&extension.id);
    extension
        .attributes
        .iter()
        .map(move |one| attribute(one, urn))
}

fn attribute(attribute: &Attribute, schema: &str) -> Value {
    let mut body = Map::new();
    body.insert("name".into(), attribute.name.as_str().into());
    body.insert("type".into(), type_name(attribute.kind).into());
    body.insert("multiValued".into(), attribute.multi_valued.into());
    if attribute.multi_valued {
        body.insert(
            "multiValuedAttributeChildName".into(),
            singular(&attribute.name).into(),
        );
    }
    body.insert("description".into(), attribute.description.as_str().into());
    body.insert("schema".into(), schema.into());
    body.insert(
        "readOnly".into(),
        (attribute.mutability == Mutability::ReadOnly).into(),
    );
    body.insert("required".into(), attribute.required.into());
    body.insert("caseExact".into(), attribute.case_exact.into());
    if attribute.kind == Kind::Complex {
        // `$ref` came with 2.0.
        let subs = attribute
            .sub_attributes
            .iter()
            .filter(|sub| sub.name != "$ref");
        body.insert("subAttributes".into(), subs.map(sub_attribute).collect());
    }
    Value::Object(body)
}

fn sub_attribute(sub: &Attribute) -> Value {
    let mut body = json!({
        "name": sub.name,
        "type": type_name(sub.kind),
        "description": sub.description,
        "readOnly": sub.mutability == Mutability::ReadOnly,
        "required": sub.required,
        "caseExact": sub.case_exact,
    });
    if !sub.canonical_values.is_empty() {
        body["canonicalValues"] = sub.canonical_values.clone().into();
    }
    body
}

/// References are text in 1.1.
fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Reference => Kind::String.name(),
        kind => kind.name(),
    }
}

/// The name of one element: `email` of `emails`.
fn singular(name: &str) -> &str {
    match name.strip_suffix("sses") {
        Some(_) => name.strip_suffix("es"),
        None => name.strip_suffix('s'),
    }
    .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::fixtures::{groups, users};
    use crate::scim::v1::ENTERPRISE_URN;

    #[test]
    fn okta_is_told_what_works_and_nothing_else() {
        let modern = json!({"patch": {"supported": true}, "filter": {"supported": true, "maxResults": 7},
            "changePassword": {"supported": false}, "bulk": {"supported": true}});
        let told = service_provider_configs(&modern, [&users(), &groups()]);
        assert_eq!(told["filter"]["maxResults"], 7);
        assert_eq!(told["bulk"]["supported"], false);
        let can = told[OKTA_URN]["userManagementCapabilities"].to_string();
        assert!(
            can.contains("GROUP_PUSH") && can.contains("PUSH_USER_DEACTIVATION"),
            "{can}"
        );
        assert!(!can.contains("PUSH_PASSWORD_UPDATES"), "{can}");
    }

    #[test]
    fn a_schema_names_each_attributes_own() {
        let schema = resource_schema(&users());
        assert_eq!(schema["id"], "urn:scim:schemas:core:1.0:User");
        let find = |name: &str| {
            let all = schema["attributes"].as_array().unwrap();
            all.iter().find(|one| one["name"] == name).unwrap().clone()
        };
        assert_eq!(find("userName")["schema"], CORE_URN);
        assert_eq!(find("emails")["multiValuedAttributeChildName"], "email");
        assert_eq!(
            find("addresses")["multiValuedAttributeChildName"],
            "address"
        );
        assert_eq!(find("groups")["readOnly"], true);
        assert_eq!(find("department")["schema"], ENTERPRISE_URN);
        assert!(!schema.to_string().contains("$ref"));
    }
}
