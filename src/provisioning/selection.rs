//! Which resources a query means, and in which order: as far as a filter that the directory answers can say it, and for
//! the rest by a look at the candidates.

use std::cmp::Ordering;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use uuid::Uuid;

use super::service::Type;
use super::snapshot::{Key, Matches};
use super::{Caller, Error, Query, Service};
use crate::directory::{Error as DirectoryError, Search, Wanted};
use crate::ldap::{Entry, Filter as LdapFilter, OrderBy};
use crate::mapping::ResourceMapping;
use crate::scim::{AttributePath, Error as ScimError, Filter, Projection, Resource, Sort, SortKey};

/// More matches than this are refused with tooMany: their ids would not fit into bounded memory.
const MOST_MATCHES: usize = 500_000;

/// How a directory says that it knows no such order (measured, see docs/mapping.md): operationsError,
/// unavailableCriticalExtension, noSuchAttribute, inappropriateMatching, unwillingToPerform.
const NO_ORDER: [u32; 5] = [1, 12, 16, 18, 53];

/// So many candidates are looked at together where each may carry a large group's members.
const BATCH: usize = 200;

/// Which resources of a type are meant, in which order.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    /// What the directory is asked: nothing that is meant fails it.
    pub(super) filter: LdapFilter,
    /// What else must be true of a resource that is meant.
    residual: Option<Filter>,
    /// None: by ascending ids.
    sort: Option<Sort>,
    /// How the directory would order what is meant; none where it alone cannot.
    order: Option<OrderBy>,
    /// What a look at a candidate needs.
    wanted: Wanted,
}

/// A resource's place in the order, and its id, which decides between equals.
pub(super) type Place = (SortKey, Uuid);

impl Selection {
    fn new(of: Type<'_>, filter: LdapFilter, residual: Option<Filter>, sort: Option<Sort>) -> Self {
        let asked = residual.as_ref().map(Filter::paths).unwrap_or_default();
        let mut attributes: Vec<AttributePath> =
            asked.into_iter().map(AttributePath::whole).collect();
        attributes.extend(sort.as_ref().map(Sort::attribute));
        let order = sort.as_ref().filter(|_| residual.is_none());
        let order = order.and_then(|sort| of.mapping.order_by(sort.path()));
        Selection {
            filter,
            residual,
            sort,
            order,
            wanted: wanted(of.mapping, &attributes),
        }
    }

    /// Whether the directory alone can say which resources are meant and in which order.
    pub(super) fn is_plain(&self) -> bool {
        self.residual.is_none() && self.sort.is_none()
    }

    /// The same resources, in no order of the client's.
    pub(super) fn unsorted(self) -> Self {
        Selection {
            sort: None,
            order: None,
            ..self
        }
    }

    /// Whether nothing of a resource but its id tells its place.
    fn is_by_id(&self) -> bool {
        self.residual.is_none() && self.sort.as_ref().is_none_or(Sort::is_by_id)
    }

    /// What is in ascending order, the way it is asked for.
    fn either_way(&self, mut ids: Vec<Uuid>) -> Vec<Uuid> {
        if self.sort.as_ref().is_some_and(Sort::is_descending) {
            ids.reverse();
        }
        ids
    }

    /// Two selections with the same key mean the same resources of one type, in the same order.
    pub(super) fn key(&self) -> String {
        let residual = self.residual.as_ref().map(ToString::to_string);
        format!(
            "{}\0{}\0{:?}",
            self.filter,
            residual.unwrap_or_default(),
            self.sort
        )
    }

    /// Whether the order is another than that of the ids.
    pub(super) fn is_sorted(&self) -> bool {
        self.sort.is_some()
    }

    /// What must be read of an entry so that [`Service::arrange`] can take it in.
    pub(super) fn also(&self, mut wanted: Wanted) -> Wanted {
        add(&mut wanted.attributes, &self.wanted.attributes);
        add(&mut wanted.references, &self.wanted.references);
        wanted
    }

    /// The place of a candidate; none where it is not meant.
    fn place(&self, of: Type<'_>, resource: &Resource, id: Uuid) -> Option<Place> {
        let definition = &of.mapping.definition;
        if let Some(residual) = &self.residual
            && !residual.matches(resource, definition)
        {
            return None;
        }
        let key = self
            .sort
            .as_ref()
            .map(|sort| sort.key(resource, definition));
        Some((key.unwrap_or(SortKey::ABSENT), id))
    }

    /// The order of two places, of whatever types.
    pub(super) fn compare(&self, one: &Place, other: &Place) -> Ordering {
        let by_key = self
            .sort
            .as_ref()
            .map(|sort| sort.compare(&one.0, &other.0));
        by_key.unwrap_or(Ordering::Equal).then(one.1.cmp(&other.1))
    }
}

/// What the directory is asked for so that these attributes can be compared.
fn wanted(mapping: &ResourceMapping, attributes: &[AttributePath]) -> Wanted {
    if attributes.is_empty() {
        return Wanted::nothing();
    }
    let mut names: Vec<String> = attributes.iter().map(ToString::to_string).collect();
    if names.iter().any(|name| name == "schemas") {
        // An extension is listed where it has a value.
        let extensions = &mapping.definition.extensions;
        names.extend(extensions.iter().map(|extension| extension.id.clone()));
    }
    let projection = Projection::parse(Some(&names.join(",")), None, &mapping.definition);
    mapping.read_plan(&projection.unwrap_or_default()).into()
}

fn add<T: Clone + PartialEq>(all: &mut Vec<T>, more: &[T]) {
    for one in more {
        if !all.contains(one) {
            all.push(one.clone());
        }
    }
}

impl Service {
    /// What the query selects.
    pub(super) async fn selection(
        &self,
        caller: &Caller,
        of: Type<'_>,
        query: &Query,
    ) -> Result<Selection, Error> {
        let filter = query.filter.as_deref().map(Filter::parse).transpose()?;
        let sort = self.sort(caller, of, query)?;
        if let (None, Some(by)) = (
            &sort,
            query.sort_by.as_deref().filter(|by| !by.trim().is_empty()),
        ) {
            return Err(self.unknown_sort(by, of.name()));
        }
        self.select(caller, of, filter, sort).await
    }

    /// The order that the query asks for; none where this type does not have the attribute.
    pub(super) fn sort(
        &self,
        caller: &Caller,
        of: Type<'_>,
        query: &Query,
    ) -> Result<Option<Sort>, Error> {
        Ok(Sort::parse(
            query.sort_by.as_deref(),
            query.sort_order.as_deref(),
            &of.mapping.definition,
            &caller.dialect,
        )?)
    }

    /// What this filter selects, in this order.
    pub(super) async fn select(
        &self,
        caller: &Caller,
        of: Type<'_>,
        filter: Option<Filter>,
        sort: Option<Sort>,
    ) -> Result<Selection, Error> {
        let sort = sort.filter(|sort| !sort.is_by_id() || sort.is_descending());
        let Some(filter) = filter else {
            return Ok(Selection::new(of, of.filter.clone(), None, sort));
        };
        let filter = filter.resolve(&of.mapping.definition, &caller.dialect)?;
        self.check_types_told(of, |attribute, sub| filter.asks_for(attribute, sub))?;
        let ids = of.mapping.references_in_filter(&filter);
        let targets = self.targets(&of.mapping.types_referred_to());
        let references = self
            .resolve(ids.iter().map(String::as_str), &targets, caller)
            .await?;
        let translation = of.mapping.filter(&filter, &references.table)?;
        let asked = LdapFilter::and([of.filter.clone(), translation.filter]);
        Ok(Selection::new(of, asked, translation.residual, sort))
    }

    /// The ids of all matches, in order. The bridge orders as many as it may look at; of more the directory tells the
    /// order, where it knows it.
    pub(super) async fn ids(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
    ) -> Result<Matches, Error> {
        let all = |ids: Vec<Uuid>| Matches {
            looked_at: ids.len(),
            ids,
        };
        if selection.is_by_id() {
            let mut ids = self.all(caller, of, selection).await?;
            ids.sort_unstable();
            return Ok(all(selection.either_way(ids)));
        }
        let order = selection.order.as_ref();
        // What was too long a moment ago is not looked at first.
        let key = Key::new(of.name(), &selection.key());
        let last = self.snapshots().length(key);
        let few = match order {
            Some(_) if last.is_some_and(|last| last > self.settings().max_candidates) => None,
            _ => self.few(caller, of, selection).await?,
        };
        match (few, order) {
            (Some((places, looked_at)), _) => Ok(Matches {
                ids: places.into_iter().map(|(_, id)| id).collect(),
                looked_at,
            }),
            (None, Some(order)) => Ok(all(self.ordered(caller, of, selection, order).await?)),
            (None, None) => Err(self.too_many_to_look_at(selection)),
        }
    }

    /// The places of all matches, in order.
    pub(super) async fn places(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
    ) -> Result<Vec<Place>, Error> {
        if selection.is_plain() {
            let ids = self.all(caller, of, selection).await?;
            return Ok(ids.into_iter().map(|id| (SortKey::ABSENT, id)).collect());
        }
        let few = self.few(caller, of, selection).await?;
        few.map(|(places, _)| places).ok_or_else(|| match selection.order {
            // The directory tells an order of one type at a time, and no places that those of another could be put between.
            Some(_) => ScimError::too_many(format!(
                "there are more than {} resources to order over all types; send the query to the endpoint of one type, or narrow the `filter`",
                self.settings().max_candidates
            ))
            .into(),
            None => self.too_many_to_look_at(selection),
        })
    }

    /// The same, and how many were looked at, if there are no more candidates than may be.
    async fn few(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
    ) -> Result<Option<(Vec<Place>, usize)>, Error> {
        let most = self.settings().max_candidates;
        let places = if selection.wanted.references.is_empty() {
            let search = self.search_for(of, selection, selection.wanted.clone(), most);
            let looked_at = AtomicUsize::new(0);
            let look = |entry: Entry| {
                looked_at.fetch_add(1, Relaxed);
                self.look(caller, of, selection, &entry)
            };
            let places = self.each(caller, &search, look).await?;
            places.map(|places| (places, looked_at.into_inner()))
        } else {
            let kind = self.kind();
            let search = self.search_for(of, selection, Wanted::default(), most);
            match self.each(caller, &search, |entry| entry.id(kind)).await? {
                Some(ids) => {
                    let places = self.look_at(caller, of, selection, &ids).await?;
                    Some((places, ids.len()))
                }
                None => None,
            }
        };
        Ok(places.map(|(mut places, looked_at)| {
            places.sort_unstable_by(|one, other| selection.compare(one, other));
            (places, looked_at)
        }))
    }

    /// The places of those with these ids that are meant. Each may have many references.
    pub(super) async fn look_at(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
        ids: &[Uuid],
    ) -> Result<Vec<Place>, Error> {
        let mut places = Vec::new();
        let (base, filter) = (&of.place.base, &selection.filter);
        let wanted = selection.also(Wanted::attributes([self.kind().id_attribute()]));
        for batch in ids.chunks(BATCH) {
            let entries = self
                .directory()
                .find_many(batch, base, filter, &wanted, caller.deadline)
                .await?;
            let looked = entries
                .iter()
                .filter_map(|entry| self.look(caller, of, selection, entry));
            places.extend(looked);
        }
        Ok(places)
    }

    /// The ids of all matches, in the order that the directory knows. It is always asked for the ascending one.
    async fn ordered(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
        order: &OrderBy,
    ) -> Result<Vec<Uuid>, Error> {
        let kind = self.kind();
        let search = Search {
            order: Some(order.clone()),
            ..self.search_for(of, selection, Wanted::default(), MOST_MATCHES)
        };
        let id = |entry: Entry| entry.id(kind);
        let deadline = caller.deadline;
        let found = match self.directory().search_each(&search, id, deadline).await {
            Err(DirectoryError::Refused(refusal)) if NO_ORDER.contains(&refusal.code) => {
                let attribute = order.attribute.to_string();
                let key = (String::new(), of.name().to_owned(), attribute.clone());
                if self.noted().add(key) {
                    tracing::warn!(attribute, cause = %refusal, "the directory does not order by this attribute; OpenLDAP needs the overlay sssvlv");
                }
                return Err(self.too_many_to_look_at(selection));
            }
            found => found?,
        };
        if !found.complete {
            return Err(too_many_matches());
        }
        Ok(selection.either_way(found.entries))
    }

    /// The ids of all that the directory finds; of the entries nothing else is kept.
    async fn all(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
    ) -> Result<Vec<Uuid>, Error> {
        let kind = self.kind();
        let search = self.search_for(of, selection, Wanted::default(), MOST_MATCHES);
        let ids = self.each(caller, &search, |entry| entry.id(kind)).await?;
        ids.ok_or_else(too_many_matches)
    }

    /// The search for candidates, at most so many, with their ids and what is wanted of them.
    pub(super) fn search_for(
        &self,
        of: Type<'_>,
        selection: &Selection,
        mut wanted: Wanted,
        most: usize,
    ) -> Search {
        add(&mut wanted.attributes, &[self.kind().id_attribute()]);
        Search {
            base: of.place.base.clone(),
            filter: selection.filter.clone(),
            wanted,
            order: None,
            limit: Some(most),
        }
    }

    /// What is kept of each entry, in the directory's order; none if there are more than the search may find.
    async fn each<T>(
        &self,
        caller: &Caller,
        search: &Search,
        keep: impl Fn(Entry) -> Option<T> + Sync,
    ) -> Result<Option<Vec<T>>, Error> {
        let found = self
            .directory()
            .search_each(search, keep, caller.deadline)
            .await?;
        Ok(found.complete.then_some(found.entries))
    }

    fn too_many_to_look_at(&self, selection: &Selection) -> Error {
        let most = self.settings().max_candidates;
        let what = match &selection.residual {
            Some(residual) => format!(
                "the directory cannot answer {} by itself",
                crate::scim::error::quoted(&residual.to_string())
            ),
            None => "the directory does not order the list by this `sortBy`".to_owned(),
        };
        let other = match &selection.residual {
            Some(_) => "",
            None => ", or order by another attribute, such as `userName`",
        };
        ScimError::too_many(format!(
            "{what}, and there are more than {most} resources to look at; narrow the `filter` by a comparison with `eq` or `sw` that the directory can answer, joined by `and`{other}"
        ))
        .into()
    }

    /// The place of a candidate that was read with [what this needs](Selection::also); none where it is not meant.
    pub(super) fn look(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
        entry: &Entry,
    ) -> Option<Place> {
        let id = entry.id(self.kind())?;
        if selection.is_plain() {
            return Some((SortKey::ABSENT, id));
        }
        selection.place(of, &self.resource(of, entry, caller), id)
    }

    /// Of candidates that were read with [what this needs](Selection::also), those that are meant, in order.
    pub(super) fn arrange(
        &self,
        caller: &Caller,
        of: Type<'_>,
        selection: &Selection,
        entries: Vec<Entry>,
    ) -> Vec<Entry> {
        let mut placed: Vec<(Place, Entry)> = entries
            .into_iter()
            .filter_map(|entry| Some((self.look(caller, of, selection, &entry)?, entry)))
            .collect();
        placed.sort_unstable_by(|(one, _), (other, _)| selection.compare(one, other));
        placed.into_iter().map(|(_, entry)| entry).collect()
    }

    /// The refusal of an order by what nobody has.
    pub(super) fn unknown_sort(&self, by: &str, what: &str) -> Error {
        let by = crate::scim::error::quoted(by);
        ScimError::invalid_value(format!(
            "`sortBy` is {by}, which is not mapped for {what}; use one of those that /Schemas lists."
        ))
        .into()
    }
}

fn too_many_matches() -> Error {
    ScimError::too_many(format!(
        "more than {MOST_MATCHES} resources match; narrow the `filter`, for instance to one `userName`"
    ))
    .into()
}
