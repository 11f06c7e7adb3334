//! References that name nobody: left out or refused, as the operator decided.

use std::collections::HashSet;

use serde_json::Value;
use uuid::Uuid;

use super::references::References;
use super::service::Type;
use super::settings::UnknownReference;
use super::{Error, Service};
use crate::mapping::Line;
use crate::scim::{AttributePath, Error as ScimError, Resource};

impl Service {
    /// Every reference of the resource must be known by now. One that is not is dropped with a warning, or refused, as
    /// the operator decided. Dropped means not changed: what the entry refers to `before` stays.
    pub(super) fn settle_references(
        &self,
        of: Type<'_>,
        resource: &mut Resource,
        before: Option<&Resource>,
        references: &References,
    ) -> Result<(), Error> {
        let members = of.mapping.members().map(Line::place);
        let mut unknown: HashSet<String> = HashSet::new();
        for (path, id) in of.mapping.references_in(resource) {
            if references.dn(&id).is_some() {
                continue;
            }
            if members == Some(&path) {
                self.settle_unknown_member(&path, &id)?;
                unknown.insert(id);
                continue;
            }
            match self.settings().unknown_manager {
                UnknownReference::Refuse => return Err(unknown_reference(&path.to_string(), &id)),
                UnknownReference::Drop => {
                    tracing::warn!(
                        attribute = %path,
                        id = in_log(&id),
                        "reference to an unknown id dropped; [references] unknown_manager = \"refuse\" refuses instead"
                    );
                    match before.and_then(|before| before.get(&path)) {
                        Some(kept) => resource.set(&path, kept.clone()),
                        None => drop(resource.remove(&path)),
                    }
                }
            }
        }
        if let (Some(path), false) = (members, unknown.is_empty()) {
            let is_unknown = |member: &&Value| {
                let id = member.get("value").and_then(Value::as_str);
                id.is_some_and(|id| unknown.contains(id))
            };
            let known = resource
                .elements(path)
                .iter()
                .filter(|one| !is_unknown(one));
            let known = known.cloned().collect();
            resource.set(path, Value::Array(known));
        }
        Ok(())
    }

    /// A reference whose entry is gone since it was looked up: refused, or left out, as the operator decided. It was
    /// written already and taken out again: what stood in its place before does not come back.
    pub(super) fn settle_lost(&self, of: Type<'_>, line: &Line, id: &str) -> Result<(), Error> {
        let is_member = of
            .mapping
            .members()
            .is_some_and(|members| members.place() == line.place());
        match self.settings().unknown_manager {
            _ if is_member => self.settle_unknown_member(line.place(), id),
            UnknownReference::Refuse => Err(unknown_reference(&line.place().to_string(), id)),
            UnknownReference::Drop => {
                tracing::warn!(attribute = %line.place(), id, "the entry referred to was deleted meanwhile; dropped");
                Ok(())
            }
        }
    }

    /// A member that names nobody: refused, or left out, as the operator decided.
    pub(super) fn settle_unknown_member(
        &self,
        attribute: &AttributePath,
        id: &str,
    ) -> Result<(), Error> {
        match self.settings().unknown_member {
            UnknownReference::Refuse => Err(unknown_member(attribute, id)),
            UnknownReference::Drop => {
                tracing::warn!(
                    %attribute,
                    id = in_log(id),
                    "member with an unknown id dropped; [references] unknown_member = \"refuse\" refuses instead"
                );
                Ok(())
            }
        }
    }
}

fn unknown_member(attribute: &AttributePath, id: &str) -> Error {
    unknown_reference(&format!("{attribute}.value"), id)
}

fn unknown_reference(attribute: &str, id: &str) -> Error {
    let id: String = id.chars().take(64).collect();
    Error::Invalid(ScimError::invalid_value(format!(
        "`{attribute}` refers to id `{id}`, which names no resource of this bridge; create that resource first, or leave the reference out"
    )))
}

/// An id as the log may hold it. What is no id may be anything: a name, a mail address.
fn in_log(id: &str) -> &str {
    Uuid::try_parse(id).map_or("(no UUID)", |_| id)
}
