//! Applying operations to a resource: all of them, in order, or none.

use std::collections::HashMap;

use serde_json::Value;

use super::elements::Collection;
use super::{Op, Operation, PatchRequest};
use crate::scim::dialect::Dialect;
use crate::scim::error::{Error, quoted};
use crate::scim::path::AttributePath;
use crate::scim::resource::Resource;
use crate::scim::schema::{Attribute, Definition, Mutability};

/// How many comparisons one request may cost. Ordinary requests need a few thousand.
const BUDGET: usize = 4_000_000;

impl PatchRequest {
    /// Applies the operations in their order. When one of them fails, the resource is unchanged.
    ///
    /// Fails with `noTarget` when a filter selects nothing and the dialect does not make up for it, with
    /// `mutability` when an immutable attribute would change, with `invalidValue` for several primary
    /// values in a strict dialect, and with `tooMany` when the filters would cost too much.
    pub fn apply(
        &self,
        resource: &mut Resource,
        definition: &Definition,
        dialect: &Dialect,
    ) -> Result<(), Error> {
        let mut work = Work {
            resource: resource.clone(),
            definition,
            dialect,
            collections: HashMap::new(),
            budget: BUDGET,
        };
        for operation in &self.operations {
            work.step(operation)?;
        }
        *resource = work.finish();
        Ok(())
    }
}

struct Work<'a> {
    resource: Resource,
    definition: &'a Definition,
    dialect: &'a Dialect,
    /// Multi-valued attributes that an operation has touched, taken out of the resource.
    collections: HashMap<AttributePath, Collection<'a>>,
    budget: usize,
}

impl Work<'_> {
    fn step(&mut self, operation: &Operation) -> Result<(), Error> {
        let path = operation.path.attribute_path();
        // Reading made sure of that; an operation built otherwise names nothing here.
        let Some(resolved) = self.definition.lookup(&path) else {
            return Err(Error::invalid_path(format!(
                "{} is not an attribute of this resource; see /Schemas.",
                quoted(&path.to_string())
            )));
        };
        if resolved.attribute.multi_valued {
            let whole = path.whole();
            let resource = &mut self.resource;
            let collection = self.collections.entry(whole).or_insert_with_key(|whole| {
                let elements = resource.take_elements(whole);
                Collection::new(whole.clone(), resolved.attribute, elements)
            });
            return collection.step(operation, self.dialect, &mut self.budget);
        }
        self.single(operation, &path, resolved.attribute)
    }

    fn single(
        &mut self,
        operation: &Operation,
        path: &AttributePath,
        attribute: &Attribute,
    ) -> Result<(), Error> {
        let current = self.resource.get(path);
        let wanted = operation
            .value
            .as_ref()
            .filter(|_| operation.op != Op::Remove);
        if current == wanted {
            return Ok(());
        }
        if attribute.mutability == Mutability::Immutable && current.is_some() {
            return Err(Error::mutability(format!(
                "{path} cannot change once it is set; leave it out."
            )));
        }
        // What was known about the old target of a reference does not hold of the new one.
        if attribute.is_resource_reference() && path.sub.as_deref() == Some("value") {
            self.resource.remove(&path.whole());
        }
        match wanted {
            Some(value) => self.resource.set(path, value.clone()),
            None => {
                self.resource.remove(path);
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Resource {
        for (path, collection) in self.collections {
            let elements: Vec<Value> = collection.into_elements();
            self.resource.set_elements(&path, elements);
        }
        self.resource.in_canonical_order(self.definition)
    }
}
