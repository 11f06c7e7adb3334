//! From ids to entries and back, in one batched search for all the references of a request.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::service::Type;
use super::{Caller, Error, Service};
use crate::directory::Wanted;
use crate::guard::Facts;
use crate::ldap::{Dn, Entry};
use crate::mapping::{Line, ReferenceTable};
use crate::scim::{AttributePath, Error as ScimError};

/// What the directory says of the entries a request refers to.
#[derive(Debug, Default)]
pub(super) struct References {
    /// Id to DN, for writing and for filters.
    pub(super) table: ReferenceTable,
    /// What the guard must know of each.
    pub(super) facts: Vec<Facts>,
    ids: HashMap<Dn, Uuid>,
    resources: HashSet<Uuid>,
}

impl References {
    /// Notes an entry that is known without asking, because the entry at hand already names it.
    pub(super) fn know(&mut self, id: Uuid, dn: Dn) {
        self.ids.insert(dn.clone(), id);
        self.table.insert(id, dn);
    }

    /// Notes the ids of everything the entry refers to, so that they can be filled in when it is read back.
    pub(super) fn name(&mut self, entry: &Entry) {
        let references = entry.all_references();
        self.ids
            .extend(references.filter_map(|reference| Some((reference.dn.clone(), reference.id?))));
    }

    /// The id of the entry that had this name when it was looked up.
    pub(super) fn id(&self, dn: &Dn) -> Option<Uuid> {
        self.ids.get(dn).copied()
    }

    /// Every known id with its name.
    pub(super) fn names(&self) -> impl Iterator<Item = (Uuid, &Dn)> {
        self.ids.iter().map(|(dn, id)| (*id, dn))
    }

    /// Whether the id was looked up and is a resource of one of the types asked for.
    pub(super) fn is_resource(&self, id: Uuid) -> bool {
        self.resources.contains(&id)
    }

    /// The DN of an id as the client sent it.
    pub(super) fn dn(&self, id: &str) -> Option<&Dn> {
        self.table.get(Uuid::try_parse(id).ok()?)
    }

    /// Whether another entry than this one, or than one that is to be made, is known to have the name.
    pub(super) fn name_another(&self, dn: &Dn, own: Option<Uuid>) -> bool {
        let mut others = self.facts.iter().filter(|known| known.dn == *dn);
        others.any(|known| known.id != own)
    }

    /// Fills in the ids of references that came back as bare DNs (a post-read answers no dereferenced ids).
    pub(super) fn complete(&self, entry: &mut Entry) {
        entry.complete_references(|dn| self.ids.get(dn).copied());
    }
}

impl Service {
    /// What type a reference points to is told by the base it lies below. Where types share a base nothing is told, and a
    /// filter on it would match nobody: whether this one `asks` for that sub-attribute of a reference.
    pub(super) fn check_types_told(
        &self,
        of: Type<'_>,
        asks: impl Fn(&AttributePath, &str) -> bool,
    ) -> Result<(), Error> {
        let untold = of.mapping.references_of_untold_type(self.type_bases());
        for attribute in untold.map(Line::place) {
            if let Some(sub) = ["type", "$ref"].iter().find(|sub| asks(attribute, sub)) {
                return Err(ScimError::invalid_filter(format!(
                    "`{attribute}.{sub}` cannot be told, because the bases of the types that `{attribute}` may point to overlap in the bridge's configuration; compare `{attribute}.value`"
                ))
                .into());
            }
        }
        Ok(())
    }

    /// Looks the ids up below the bases of the `targets`, in the mapping's order; each search asks only for what the
    /// earlier ones did not find. Ids that are no UUIDs, or that name nothing there, are absent from the answer.
    pub(super) async fn resolve<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a str>,
        targets: &[Type<'_>],
        caller: &Caller,
    ) -> Result<References, Error> {
        let mut open: Vec<Uuid> = ids
            .into_iter()
            .filter_map(|id| Uuid::try_parse(id).ok())
            .collect();
        open.sort_unstable();
        open.dedup();
        let mut references = References::default();
        let kind = self.kind();
        let mut attributes = Facts::attributes(kind, false);
        attributes.push(kind.id_attribute());
        let wanted = Wanted {
            attributes,
            references: Vec::new(),
        };
        for target in targets {
            if open.is_empty() {
                break;
            }
            let found = self
                .directory()
                .find_many(
                    &open,
                    &target.place.base,
                    target.filter,
                    &wanted,
                    caller.deadline,
                )
                .await?;
            for entry in found {
                let Some(id) = entry.id(kind) else { continue };
                references.facts.push(Facts::of(&entry));
                references.resources.insert(id);
                references.know(id, entry.dn);
            }
            open.retain(|id| references.table.get(*id).is_none());
        }
        Ok(references)
    }

    /// The types that may be referred to by name; unknown names are left out.
    pub(super) fn targets<'a>(&'a self, names: &[String]) -> Vec<Type<'a>> {
        self.types()
            .filter(|of| names.iter().any(|name| name == of.name()))
            .collect()
    }
}
