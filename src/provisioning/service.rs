//! The service: one mapping, one directory, the operator's decisions.

use std::fmt;
use std::sync::Arc;

use super::fences::FenceKeeper;
use super::recent::Recent;
use super::settings::{ResourceSettings, Settings, SettingsError};
use super::snapshot::Snapshots;
use super::view::View;
use super::{Caller, Error};
use crate::directory::{Directory, Health, ReadsHere, Wanted};
use crate::ldap::{DirectoryKind, Entry, EntryName, Filter};
use crate::mapping::{Mapping, ReadContext, ResourceMapping, TypeBase};
use crate::scim::Resource;
use uuid::Uuid;

/// SCIM operations over one directory. Cheap to clone; every clone is the same service.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    mapping: Mapping,
    directory: Directory,
    settings: Settings,
    fences: FenceKeeper,
    bases: Vec<TypeBase>,
    served: Vec<Served>,
    noted: Recent<(String, String, String)>,
    large_groups: Recent<Uuid>,
    snapshots: Snapshots,
}

/// What is worked out once for each resource type, in the order of the mapping's types.
struct Served {
    place: ResourceSettings,
    filter: Filter,
    view: Arc<View>,
}

/// One resource type as an operation sees it: what the mapping says and where its entries live.
#[derive(Clone, Copy)]
pub(super) struct Type<'a> {
    pub(super) mapping: &'a ResourceMapping,
    pub(super) place: &'a ResourceSettings,
    /// Which entries below the base are resources of this type.
    pub(super) filter: &'a Filter,
    /// What is read and shown when the client asks for nothing by name.
    pub(super) view: &'a Arc<View>,
}

impl Type<'_> {
    pub(super) fn name(&self) -> &str {
        &self.mapping.definition.resource_type.name
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("mapping", &self.inner.mapping.name)
            .finish_non_exhaustive()
    }
}

impl Service {
    /// Puts a service together.
    ///
    /// # Errors
    /// When mapping and settings do not name the same resource types, or an entry would be created where the bridge
    /// could never find it again.
    pub fn new(
        mapping: Mapping,
        directory: Directory,
        settings: Settings,
    ) -> Result<Self, SettingsError> {
        for name in settings.resources.keys() {
            if mapping.resource(name).is_none() {
                return Err(SettingsError::UnknownType(name.clone()));
            }
        }
        let (mut bases, mut served) = (Vec::new(), Vec::new());
        for resource in &mapping.types {
            let name = &resource.definition.resource_type.name;
            let place = settings
                .resources
                .get(name)
                .ok_or_else(|| SettingsError::NoBase(name.clone()))?;
            if !place.create_in.is_within(&place.base) {
                return Err(SettingsError::CreateOutsideBase(name.clone()));
            }
            bases.push(TypeBase {
                name: name.clone(),
                endpoint: resource.definition.resource_type.endpoint.clone(),
                base: place.base.clone(),
            });
            served.push(Served {
                filter: Filter::and(
                    std::iter::once(resource.filter.clone()).chain(place.filter.clone()),
                ),
                view: View::default_of(resource),
                place: place.clone(),
            });
        }
        let fences = FenceKeeper::new(&mapping, &settings);
        Ok(Self {
            inner: Arc::new(Inner {
                mapping,
                directory,
                settings,
                fences,
                bases,
                served,
                noted: Recent::default(),
                large_groups: Recent::default(),
                snapshots: Snapshots::default(),
            }),
        })
    }

    /// The names and endpoints of the resource types served, in the mapping's order.
    pub fn endpoints(&self) -> impl Iterator<Item = (&str, &str)> {
        self.inner
            .bases
            .iter()
            .map(|base| (base.name.as_str(), base.endpoint.as_str()))
    }

    /// Whether resources of this type have members, which may be very many.
    pub fn has_members(&self, resource_type: &str) -> bool {
        self.resource_type(resource_type)
            .is_ok_and(|of| of.mapping.members().is_some())
    }

    /// How the directory connection is doing; `/readyz` shows it.
    pub fn health(&self) -> Health {
        self.inner.directory.health()
    }

    /// Lets this thread make its reads by itself, until the answer is dropped.
    pub fn read_here(&self) -> ReadsHere {
        self.inner.directory.read_here()
    }

    pub(super) fn mapping(&self) -> &Mapping {
        &self.inner.mapping
    }

    pub(super) fn directory(&self) -> &Directory {
        &self.inner.directory
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(super) fn fences(&self) -> &FenceKeeper {
        &self.inner.fences
    }

    /// Client, resource type and name of what the journal has lately named as ignored.
    pub(super) fn noted(&self) -> &Recent<(String, String, String)> {
        &self.inner.noted
    }

    /// Groups that lately turned out to have more members than an answer shows unasked.
    pub(super) fn large_groups(&self) -> &Recent<Uuid> {
        &self.inner.large_groups
    }

    pub(super) fn snapshots(&self) -> &Snapshots {
        &self.inner.snapshots
    }

    pub(super) fn kind(&self) -> DirectoryKind {
        self.inner.mapping.kind
    }

    pub(super) fn resource_type(&self, name: &str) -> Result<Type<'_>, Error> {
        self.types()
            .find(|of| of.name() == name)
            .ok_or_else(|| Error::NotFound {
                detail: format!("there is no resource type `{name}`; /ResourceTypes lists them"),
            })
    }

    pub(super) fn types(&self) -> impl Iterator<Item = Type<'_>> {
        let served = self.inner.mapping.types.iter().zip(&self.inner.served);
        served.map(|(mapping, served)| Type {
            mapping,
            place: &served.place,
            filter: &served.filter,
            view: &served.view,
        })
    }

    /// The entry with this id, if it is a resource of this type below its base. An id that is no UUID names nothing.
    pub(super) async fn find(
        &self,
        of: Type<'_>,
        id: &str,
        wanted: &Wanted,
        caller: &Caller,
    ) -> Result<(Uuid, Entry), Error> {
        let missing = || Error::not_found(of.name(), id);
        let uuid = Uuid::try_parse(id).map_err(|_| missing())?;
        let directory = self.directory();
        let found = directory
            .find(uuid, &of.place.base, of.filter, wanted, caller.deadline)
            .await?;
        if found.is_none() && self.kind().addresses_by_guid() {
            // Read by GUID, an entry below a base that was renamed or hidden would look as if it were gone.
            let base = EntryName::Dn(of.place.base.clone());
            let (everything, nothing) = (Filter::everything(), Wanted::nothing());
            if directory
                .read(&base, &everything, &nothing, caller.deadline)
                .await?
                .is_none()
            {
                return Err(Error::Misconfigured {
                    reason: format!(
                        "the base of [resources.{}] is not in the directory, or cannot be seen",
                        of.name()
                    ),
                });
            }
        }
        Ok((uuid, found.ok_or_else(missing)?))
    }

    /// What the entry says, as SCIM.
    pub(super) fn resource(&self, of: Type<'_>, entry: &Entry, caller: &Caller) -> Resource {
        of.mapping.to_resource(
            entry,
            &ReadContext {
                base_url: &caller.base_url,
                bases: &self.inner.bases,
            },
        )
    }

    /// Where the resources of each type live.
    pub(super) fn type_bases(&self) -> &[TypeBase] {
        &self.inner.bases
    }
}
