//! What must wait for what.
//!
//! An operation waits for those whose new resources it refers to, wherever they stand in the request; for the one before it
//! on the same resource; and a POST waits for the DELETEs before it, since a client that replaces somebody by a namesake
//! wants the name to be free first. Everything else may run side by side.

use std::collections::HashMap;

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
    pub fn of(operations: &[Operation]) -> Order {
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
        order.keep_sequences(operations);
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

    fn keep_sequences(&mut self, operations: &[Operation]) {
        let mut last_on: HashMap<String, usize> = HashMap::new();
        let mut deletes = Vec::new();
        // Itself or by what it waits for.
        let mut waits_for_a_post = vec![false; operations.len()];
        for (position, operation) in operations.iter().enumerate() {
            if self.refused[position].is_some() {
                continue;
            }
            match operation.method() {
                Ok(Method::Post) => self.waits_for[position].extend(&deletes),
                Ok(method) => {
                    let before = last_on.insert(place(&operation.path), position);
                    self.waits_for[position].extend(before);
                    waits_for_a_post[position] = !self.refers_to[position].is_empty()
                        || before.is_some_and(|before| waits_for_a_post[before]);
                    // That POST might be the one that waits.
                    if method == Method::Delete && !waits_for_a_post[position] {
                        deletes.push(position);
                    }
                }
                Err(_) => {}
            }
        }
    }
}

/// What is the same for all paths of one resource: its id is a UUID, which may be spelt in several ways.
fn place(path: &str) -> String {
    let path = path.trim_end_matches('/');
    let (endpoint, id) = path.rsplit_once('/').unwrap_or((path, ""));
    format!("{}/{}", endpoint.to_ascii_lowercase(), fold_id(id))
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
