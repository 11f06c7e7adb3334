//! The order in which an entry becomes a resource, worked out once: reading is the path that every GET takes.

use super::line::{Line, Shape};
use super::resource_mapping::{Collection, Group, ReferenceForm, Section, Step};
use crate::scim::Definition;
use crate::scim::schema::Attribute;

/// The collections and reading steps of a definition's lines, in the definition's order.
pub(super) fn of(definition: &Definition, lines: &[Line]) -> (Vec<Collection>, Vec<Section>) {
    let mut collections = Vec::new();
    let mut sections = Vec::new();
    let external_id = definition
        .common
        .iter()
        .filter(|attribute| attribute.name == "externalId");
    let core = external_id.chain(&definition.core.attributes);
    sections.push(section(None, core, lines, &mut collections));
    for extension in &definition.extensions {
        sections.push(section(
            Some(&extension.id),
            extension.attributes.iter(),
            lines,
            &mut collections,
        ));
    }
    (collections, sections)
}

fn section<'a>(
    urn: Option<&str>,
    attributes: impl Iterator<Item = &'a Attribute>,
    lines: &[Line],
    collections: &mut Vec<Collection>,
) -> Section {
    let mut steps = Vec::new();
    for attribute in attributes {
        let of: Vec<usize> = (0..lines.len())
            .filter(|index| {
                lines.get(*index).is_some_and(|line| {
                    line.place.schema.as_deref() == urn && line.place.attribute == attribute.name
                })
            })
            .collect();
        steps.extend(step(attribute, &of, lines, collections));
    }
    Section {
        urn: urn.map(str::to_owned),
        steps,
    }
}

fn step(
    attribute: &Attribute,
    of: &[usize],
    lines: &[Line],
    collections: &mut Vec<Collection>,
) -> Option<Step> {
    let first = *of.first()?;
    let line = lines.get(first)?;
    let read: Vec<usize> = of
        .iter()
        .copied()
        .filter(|index| lines.get(*index).is_some_and(Line::is_read))
        .collect();
    match &line.shape {
        Shape::Element { .. } => {
            collections.push(collection(of, lines));
            (!read.is_empty()).then(|| Step::Collection(collections.len() - 1))
        }
        _ if read.is_empty() => None,
        Shape::Single if line.place.sub.is_some() => {
            let parts = read
                .into_iter()
                .filter_map(|index| Some((lines.get(index)?.place.sub.clone()?, index)))
                .collect();
            Some(Step::Object {
                name: attribute.name.clone(),
                parts,
            })
        }
        Shape::Single => Some(Step::Value(first)),
        Shape::Values => Some(Step::Values(first)),
        Shape::Reference => Some(Step::Reference(first, form(attribute))),
        Shape::References => Some(Step::References(first, form(attribute))),
    }
}

fn form(attribute: &Attribute) -> ReferenceForm {
    ReferenceForm {
        location: attribute.sub_attribute("$ref").is_some(),
        kind: attribute.sub_attribute("type").is_some(),
        display: ["display", "displayName"]
            .into_iter()
            .find(|name| attribute.sub_attribute(name).is_some()),
    }
}

fn collection(of: &[usize], lines: &[Line]) -> Collection {
    let mut groups: Vec<Group> = Vec::new();
    let mut place = None;
    for index in of {
        let Some(line) = lines.get(*index) else {
            continue;
        };
        let Shape::Element { terms, many } = &line.shape else {
            continue;
        };
        place = place.or_else(|| Some(line.place.whole()));
        // A line for many values makes elements of its own; the others build one element together.
        match groups
            .iter_mut()
            .find(|group| !many && !group.many && same_terms(&group.terms, terms))
        {
            Some(group) => {
                group.parts.push(*index);
                group.primary |= line.primary;
            }
            None => groups.push(Group {
                terms: terms.clone(),
                primary: line.primary,
                many: *many,
                parts: vec![*index],
            }),
        }
    }
    Collection {
        place: place.unwrap_or_else(|| crate::scim::AttributePath::of("")),
        groups,
    }
}

fn same_terms(one: &[(String, serde_json::Value)], two: &[(String, serde_json::Value)]) -> bool {
    one.len() == two.len() && one.iter().all(|term| two.contains(term))
}
