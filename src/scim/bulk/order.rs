//! What must wait for what, so that a request is answered as its operations would be one after the other.
//!
//! An operation waits for those whose new resources it refers to, wherever they stand in the request. It waits for what
//! stands before it and changes the same resource, or one that it names, or names the one that it changes: a group must
//! not take somebody in or out while their entry is renamed. And what may take a name waits for what may give it up before
//! it, since a client that replaces somebody by a namesake wants the name to be free first: a POST or PATCH of a name for
//! DELETEs and changes of names, a PUT for DELETEs and PATCHes. PUTs do not wait for each other: they say every name again,
//! nearly always the same, and would all stand in one line. Everything else may run side by side.

use std::collections::{HashMap, HashSet};

use super::reference::texts_in;
use super::{Method, Operation};
use crate::scim::error::{Error, quoted};
use crate::scim::resource::fold_id;

/// The order of a request's operations, by their positions.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    waits_for: Vec<Vec<usize>>,
    refers_to: Vec<Vec<usize>>,
    refused: Vec<Option<Error>>,
}

impl Order {
    /// Works out the order. It never has a cycle: an operation that cannot have a place in it is refused.
    ///
    /// `names` tells of a PUT or PATCH whether it says something that only one resource can have.
    pub fn of(operations: &[Operation], names: &dyn Fn(&Operation) -> bool) -> Order {
        let makers: HashMap<&str, usize> = operations
            .iter()
            .enumerate()
            .filter(|(_, one)| one.method() == Ok(Method::Post))
            .filter_map(|(position, one)| Some((one.bulk_id.as_deref()?, position)))
            .collect();
        let mut order = Order {
            waits_for: vec![Vec::new(); operations.len()],
            refers_to: vec![Vec::new(); operations.len()],
            refused: operations.iter().map(|one| one.method().err()).collect(),
        };
        for (position, operation) in operations.iter().enumerate() {
            for bulk_id in operation.refers_to() {
                match makers.get(bulk_id) {
                    Some(maker) => order.refers_to[position].push(*maker),
                    None => {
                        order.refused[position].get_or_insert_with(|| unknown(bulk_id));
                    }
                }
            }
            order.refers_to[position].sort_unstable();
            order.refers_to[position].dedup();
        }
        order.refuse_circles(operations);
        order.waits_for = order.refers_to.clone();
        order.keep_sequences(operations, names);
        order
    }

    /// Why this operation is not even tried, if it is not.
    pub fn refused(&self, position: usize) -> Option<&Error> {
        self.refused.get(position)?.as_ref()
    }

    /// What must be over before this operation begins.
    pub fn waits_for(&self, position: usize) -> &[usize] {
        self.waits_for.get(position).map_or(&[], Vec::as_slice)
    }

    /// The operations whose new resources this one refers to.
    pub fn refers_to(&self, position: usize) -> &[usize] {
        self.refers_to.get(position).map_or(&[], Vec::as_slice)
    }

    /// Only a POST is referred to, so that a circle consists of POSTs. What refers to nothing is taken away, again and again,
    /// and then what nothing refers to; what is left stands in a circle, or between two. It must not be waited for: what
    /// refers to it fails with it.
    fn refuse_circles(&mut self, operations: &[Operation]) {
        let mut left = vec![true; operations.len()];
        peel(&self.refers_to, &mut left);
        peel(&turned_round(&self.refers_to), &mut left);
        for (position, operation) in operations.iter().enumerate() {
            if left[position] {
                self.refused[position].get_or_insert_with(|| circular(operation));
                self.refers_to[position].clear();
            }
        }
    }

    /// Each wait that is added here is for something that stands before. What waits for something behind it does so through
    /// a POST: so that nothing goes round in a circle, a POST waits for nothing that waits for what stands behind that.
    fn keep_sequences(&mut self, operations: &[Operation], names: &dyn Fn(&Operation) -> bool) {
        let mut seen = Seen::default();
        let ids: HashSet<String> = operations
            .iter()
            .filter(|one| one.method().is_ok_and(|method| method != Method::Post))
            .map(|one| id(&one.path))
            .collect();
        // For something behind it, itself or by what it waits for.
        let mut waits_for_later = vec![false; operations.len()];
        for (position, operation) in operations.iter().enumerate() {
            if self.refused[position].is_none()
                && let Ok(method) = operation.method()
            {
                let named = texts_in(&operation.data).into_iter().map(fold_id);
                let named = named.filter(|text| ids.contains(text)).collect();
                let has_name = matches!(method, Method::Post | Method::Delete) || names(operation);
                let mut before = seen.before(position, operation, method, named, has_name);
                before.retain(|one| method != Method::Post || !waits_for_later[*one]);
                self.waits_for[position].extend(before);
            }
            let waits_for = &mut self.waits_for[position];
            waits_for.sort_unstable();
            waits_for.dedup();
            waits_for_later[position] = waits_for
                .iter()
                .any(|one| *one > position || waits_for_later[*one]);
        }
    }
}

/// What stands before an operation, as far as something may have to wait for it.
#[derive(Default)]
struct Seen {
    /// By id: the last change of the resource.
    changed: HashMap<String, usize>,
    /// By id: what has named the resource since.
    named: HashMap<String, Vec<usize>>,
    /// DELETEs, and PATCHes of names.
    gave_up: Vec<usize>,
    /// PUTs of names.
    said_again: Vec<usize>,
}

impl Seen {
    /// What the operation has to wait for; from now on it is seen itself.
    fn before(
        &mut self,
        position: usize,
        operation: &Operation,
        method: Method,
        named: HashSet<String>,
        has_name: bool,
    ) -> Vec<usize> {
        let mut before = Vec::new();
        if has_name && method != Method::Delete {
            before.extend(&self.gave_up);
        }
        match method {
            Method::Post => before.extend(&self.said_again),
            Method::Patch if has_name => {
                before.extend(&self.said_again);
                self.gave_up.push(position);
            }
            Method::Put if has_name => self.said_again.push(position),
            Method::Delete => self.gave_up.push(position),
            Method::Put | Method::Patch => {}
        }
        for id in named {
            before.extend(self.changed.get(&id));
            self.named.entry(id).or_default().push(position);
        }
        if method != Method::Post {
            let own = id(&operation.path);
            before.extend(self.named.remove(&own).unwrap_or_default());
            before.extend(self.changed.insert(own, position));
            before.retain(|one| *one != position);
        }
        before
    }
}

/// The id at the end of a path. It is one entry's, whichever endpoint shows it.
fn id(path: &str) -> String {
    fold_id(
        path.trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default(),
    )
}

fn unknown(bulk_id: &str) -> Error {
    Error::invalid_value(format!(
        "no POST of this request has the `bulkId` {}; refer to one that has, or send the resource's id.",
        quoted(bulk_id)
    ))
}

/// RFC 7644 §3.7.1 allows 409 where a circle cannot be resolved.
fn circular(operation: &Operation) -> Error {
    let own = quoted(operation.bulk_id.as_deref().unwrap_or_default());
    Error::new(
        409,
        None,
        format!(
            "the references of {own} lead in a circle, in which each resource needs another one first; send these \
             resources without the references, and add those in a PATCH of `bulkId:…` in the same request."
        ),
    )
}

/// Takes away, again and again, what leads to nothing that is left.
fn peel(leads_to: &[Vec<usize>], left: &mut [bool]) {
    let comes_from = turned_round(leads_to);
    let mut open: Vec<usize> = leads_to
        .iter()
        .map(|targets| targets.iter().filter(|target| left[**target]).count())
        .collect();
    let mut free: Vec<usize> = (0..left.len())
        .filter(|one| left[*one] && open[*one] == 0)
        .collect();
    while let Some(one) = free.pop() {
        left[one] = false;
        for other in &comes_from[one] {
            open[*other] -= 1;
            if left[*other] && open[*other] == 0 {
                free.push(*other);
            }
        }
    }
}

fn turned_round(leads_to: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut comes_from = vec![Vec::new(); leads_to.len()];
    for (from, targets) in leads_to.iter().enumerate() {
        for target in targets {
            comes_from[*target].push(from);
        }
    }
    comes_from
}
