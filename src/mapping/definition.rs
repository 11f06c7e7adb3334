//! The SCIM definition of a resource type, made from its lines: what is not mapped does not exist.

use serde_json::Value;

use super::codec::Codec;
use super::diagnostic::Source;
use super::file::{LineFile, TypeFile};
use super::line::{Direction, Line, Shape};
use super::table::Read;
use crate::ldap::AttributeName;
use crate::scim::Path;
use crate::scim::schema::{
    Attribute, Definition, ENTERPRISE_URN, GROUP_URN, Kind, Mutability, ResourceType, Returned,
    Schema, USER_URN, Uniqueness, core_group, core_user, enterprise_user,
};

/// The whole schemas of a type: the RFC's own, or, for a schema of the file's author, what its lines name.
pub(super) fn full(
    source: &Source,
    file: &TypeFile,
    paths: &[(Path, &LineFile, Codec)],
) -> Read<Definition> {
    let core = schema(&file.schema.value, true, paths);
    let mut extensions: Vec<Schema> = Vec::new();
    for urn in &file.extensions {
        if urn.value.eq_ignore_ascii_case(&core.id)
            || extensions
                .iter()
                .any(|known| known.id.eq_ignore_ascii_case(&urn.value))
        {
            return Err(source.fault(
                urn.span.clone(),
                "a schema is named once",
                "the second time",
            ));
        }
        extensions.push(schema(&urn.value, false, paths));
    }
    let resource_type = ResourceType {
        name: file.name.value.clone(),
        endpoint: file.endpoint.value.clone(),
        description: file
            .description
            .as_ref()
            .map_or_else(|| core.description.clone(), |text| text.value.clone()),
        schema: core.id.clone(),
        extensions: extensions
            .iter()
            .map(|extension| (extension.id.clone(), false))
            .collect(),
    };
    Ok(Definition::new(resource_type, core, extensions))
}

fn schema(urn: &str, core: bool, paths: &[(Path, &LineFile, Codec)]) -> Schema {
    if urn.eq_ignore_ascii_case(USER_URN) {
        return core_user();
    }
    if urn.eq_ignore_ascii_case(GROUP_URN) {
        return core_group();
    }
    if urn.eq_ignore_ascii_case(ENTERPRISE_URN) {
        return enterprise_user();
    }
    let name = urn.rsplit(':').next().unwrap_or(urn).to_owned();
    let mut schema = Schema {
        id: urn.to_owned(),
        description: format!("{name}, as this bridge's mapping defines it."),
        name,
        attributes: Vec::new(),
    };
    for (path, line, codec) in paths {
        let here = match &path.schema {
            None => core,
            Some(of) => of.eq_ignore_ascii_case(urn),
        };
        if here
            && !(core && ["id", "externalId", "meta", "schemas"].contains(&path.attribute.as_str()))
        {
            infer(&mut schema, path, line, *codec);
        }
    }
    schema
}

/// Adds what one line says of an attribute that no RFC defines.
fn infer(schema: &mut Schema, path: &Path, line: &LineFile, codec: Codec) {
    let description = format!("Held by the LDAP attribute {}.", line.ldap.value);
    let many = line.many.unwrap_or(false);
    let position = schema
        .attributes
        .iter()
        .position(|known| known.name.eq_ignore_ascii_case(&path.attribute));
    if codec == Codec::Reference {
        let types: Vec<&str> = line.to.iter().map(|to| to.value.as_str()).collect();
        let subs = vec![
            Attribute::string("value", "The id of the resource."),
            Attribute::reference("$ref", "Where the resource can be read.", &types)
                .mutability(Mutability::ReadOnly),
            Attribute::string("type", "The type of the resource.").mutability(Mutability::ReadOnly),
            Attribute::string("display", "The name of the resource.")
                .mutability(Mutability::ReadOnly)
                .returned(Returned::Request),
        ];
        let mut attribute = Attribute::complex(&path.attribute, description, subs);
        attribute.multi_valued = many;
        schema.attributes.push(attribute);
        return;
    }
    let leaf = |name: &str| Attribute::new(kind_of(codec), name, description.clone());
    let Some(sub) = &path.sub else {
        let mut attribute = leaf(&path.attribute);
        attribute.multi_valued = many;
        if position.is_none() {
            schema.attributes.push(attribute);
        }
        return;
    };
    let position = position.unwrap_or_else(|| {
        schema
            .attributes
            .push(Attribute::complex(&path.attribute, "", Vec::new()));
        schema.attributes.len() - 1
    });
    let Some(attribute) = schema.attributes.get_mut(position) else {
        return;
    };
    attribute.multi_valued |= many || path.filter.is_some();
    if attribute.sub_attribute(sub).is_none() {
        attribute.sub_attributes.push(leaf(sub));
    }
    for (path, literal) in path
        .filter
        .as_ref()
        .and_then(|filter| filter.equalities())
        .unwrap_or_default()
    {
        if attribute.sub_attribute(&path.attribute).is_none() {
            let kind = if literal.to_value().is_boolean() {
                Kind::Boolean
            } else {
                Kind::String
            };
            attribute.sub_attributes.push(Attribute::new(
                kind,
                &path.attribute,
                "Tells the elements apart.",
            ));
        }
    }
    if attribute.multi_valued && attribute.sub_attribute("primary").is_none() {
        attribute.sub_attributes.push(Attribute::boolean(
            "primary",
            "Whether this is the preferred element.",
        ));
    }
}

fn kind_of(codec: Codec) -> Kind {
    match codec {
        Codec::Integer => Kind::Integer,
        Codec::Boolean | Codec::Flag { .. } | Codec::Locked(_) => Kind::Boolean,
        Codec::GeneralizedTime | Codec::FileTime => Kind::DateTime,
        Codec::Binary => Kind::Binary,
        Codec::Reference => Kind::Complex,
        Codec::String | Codec::PostalAddress | Codec::Guid | Codec::Sid | Codec::Password => {
            Kind::String
        }
    }
}

/// Whether values of this codec have this SCIM type.
pub(super) fn fits(codec: Codec, kind: Kind) -> bool {
    match codec {
        Codec::String => matches!(
            kind,
            Kind::String | Kind::Reference | Kind::DateTime | Kind::Binary
        ),
        other => {
            kind_of(other) == kind
                || (kind == Kind::String
                    && matches!(
                        other,
                        Codec::GeneralizedTime | Codec::FileTime | Codec::Binary
                    ))
        }
    }
}

/// Leaves in the definition only what has a line, and says of it what the line says. `derived` are the attributes for
/// which templates stand in.
pub(super) fn prune(
    mut definition: Definition,
    lines: &[Line],
    derived: &[AttributeName],
) -> Definition {
    let external_id = lines
        .iter()
        .find(|line| line.place.schema.is_none() && line.place.attribute == "externalId");
    definition
        .common
        .retain(|attribute| attribute.name != "externalId" || external_id.is_some());
    for attribute in &mut definition.common {
        if let (true, Some(line)) = (attribute.name == "externalId", external_id) {
            describe(attribute, line);
        }
    }
    prune_schema(&mut definition.core, None, lines, derived);
    for extension in &mut definition.extensions {
        let urn = extension.id.clone();
        prune_schema(extension, Some(&urn), lines, derived);
    }
    definition
        .extensions
        .retain(|extension| !extension.attributes.is_empty());
    let used = &definition.extensions;
    let told = &mut definition.resource_type.extensions;
    told.retain_mut(|(urn, required)| {
        let is_here = |line: &&Line| line.place.schema.as_ref() == Some(&*urn);
        *required = lines
            .iter()
            .filter(is_here)
            .any(|line| line.required && line.default.is_none());
        used.iter().any(|extension| extension.id == *urn)
    });
    definition
}

fn prune_schema(schema: &mut Schema, urn: Option<&str>, lines: &[Line], derived: &[AttributeName]) {
    schema.attributes.retain_mut(|attribute| {
        let of: Vec<&Line> = lines
            .iter()
            .filter(|line| {
                line.place.schema.as_deref() == urn && line.place.attribute == attribute.name
            })
            .collect();
        if !of.is_empty() {
            prune_attribute(attribute, &of);
            let is_filled = |line: &&Line| line.default.is_some() || derived.contains(&line.ldap);
            for line in of.iter().copied().filter(is_filled) {
                fill(attribute, line);
            }
        }
        !of.is_empty()
    });
}

fn prune_attribute(attribute: &mut Attribute, lines: &[&Line]) {
    // Unique is what a line says is unique, whatever the RFC says of the attribute.
    attribute.uniqueness = Uniqueness::None;
    if attribute.sub_attributes.is_empty() {
        lines.iter().for_each(|line| describe(attribute, line));
        return;
    }
    if lines.iter().any(|line| line.is_reference()) {
        for line in lines {
            describe(attribute, line);
            for sub in &mut attribute.sub_attributes {
                if sub.name == "$ref" {
                    sub.reference_types = line
                        .targets
                        .iter()
                        .map(|target| target.name.clone())
                        .collect();
                }
                if sub.name == "type" {
                    sub.canonical_values = line
                        .targets
                        .iter()
                        .map(|target| target.name.clone())
                        .collect();
                }
            }
        }
        return;
    }
    let primary = lines.iter().any(|line| line.primary);
    attribute.sub_attributes.retain_mut(|sub| {
        let own: Vec<&&Line> = lines
            .iter()
            .filter(|line| line.place.sub.as_deref() == Some(&sub.name))
            .collect();
        own.iter().for_each(|line| describe(sub, line));
        let values: Vec<&Value> = lines
            .iter()
            .filter_map(|line| line.term(&sub.name))
            .collect();
        if !values.is_empty() {
            sub.canonical_values.clear();
            for text in values.iter().filter_map(|value| value.as_str()) {
                if !sub.canonical_values.iter().any(|known| known == text) {
                    sub.canonical_values.push(text.to_owned());
                }
            }
        }
        // Which element is the primary one is told by what there is, and not held: `false` cannot be.
        if sub.name == "primary" && primary && own.is_empty() && values.is_empty() {
            sub.canonical_values = vec!["true".to_owned()];
            return true;
        }
        !own.is_empty() || !values.is_empty()
    });
    if lines.iter().all(|line| !line.is_written()) {
        attribute.mutability = Mutability::ReadOnly;
    }
}

/// Marks what has a value in every resource. Of elements none need be there.
fn fill(attribute: &mut Attribute, line: &Line) {
    if attribute.multi_valued {
        return;
    }
    attribute.defaulted = true;
    let name = line.place.sub.as_deref();
    let sub = attribute.sub_attributes.iter_mut();
    for sub in sub.filter(|sub| Some(sub.name.as_str()) == name) {
        sub.defaulted = true;
    }
}

fn describe(attribute: &mut Attribute, line: &Line) {
    if !line.is_written() {
        attribute.mutability = Mutability::ReadOnly;
    } else if line.direction == Direction::Write {
        attribute.mutability = Mutability::WriteOnly;
        attribute.returned = Returned::Never;
    }
    if line.required {
        attribute.required = true;
    }
    if line.unique.is_some() {
        attribute.uniqueness = Uniqueness::Server;
    }
    if let Some(description) = &line.description {
        attribute.description.clone_from(description);
    }
    if !line.values.is_empty() {
        attribute.canonical_values.clone_from(&line.values);
    }
    if let Some(case_exact) = line.case_exact {
        attribute.case_exact = case_exact;
    }
}

impl Line {
    /// The value that an element of this line has in another sub-attribute.
    pub(super) fn term(&self, sub: &str) -> Option<&Value> {
        match &self.shape {
            Shape::Element { terms, .. } => terms
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(sub))
                .map(|(_, value)| value),
            _ => None,
        }
    }
}
