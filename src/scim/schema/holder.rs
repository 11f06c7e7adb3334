//! Which elements of a multi-valued attribute can be kept. A directory has one attribute for the mobile number and none for
//! that of the car.

use serde_json::Value;

/// A place for elements of one kind, such as the address of type `work`.
#[derive(Debug, Clone, PartialEq)]
pub struct Holder {
    /// What its elements say of themselves. Nothing: it takes any.
    pub terms: Vec<(String, Value)>,
    /// Whether it takes elements that say nothing.
    pub primary: bool,
    /// Whether it keeps any number of them, and not just one.
    pub many: bool,
}

/// What becomes of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// That holder keeps it.
    By(usize),
    /// That holder would, but keeps another one.
    Occupied(usize),
    /// Nothing is for elements that say this of themselves.
    Nowhere,
}

impl Holder {
    /// What becomes of each element. Those that say what they are go before those that do not, then the primary one before
    /// the others, then the first.
    pub fn keep(holders: &[Holder], elements: &[&Value]) -> Vec<Kept> {
        let mut kept = vec![Kept::Nowhere; elements.len()];
        let mut full = vec![false; holders.len()];
        let mut order: Vec<(usize, &Value)> = elements.iter().copied().enumerate().collect();
        order.sort_by_key(|(_, element)| {
            let is_told = holders.iter().any(|holder| holder.is_for(element));
            (!is_told, !is_primary(element))
        });
        for (index, element) in order {
            let place = Self::place(holders, &full, element);
            if let Kept::By(by) = place
                && let (Some(holder), Some(full)) = (holders.get(by), full.get_mut(by))
            {
                *full = !holder.many;
            }
            if let Some(kept) = kept.get_mut(index) {
                *kept = place;
            }
        }
        kept
    }

    /// What these are for, for a refusal: `type "work", type "mobile"`.
    pub fn kinds(holders: &[Holder]) -> String {
        let kinds = holders.iter().map(|holder| {
            let terms = holder.terms.iter();
            let terms: Vec<String> = terms.map(|(sub, value)| format!("{sub} {value}")).collect();
            terms.join(" and ")
        });
        kinds.collect::<Vec<_>>().join(", ")
    }

    fn place(holders: &[Holder], full: &[bool], element: &Value) -> Kept {
        let says = |holder: &Holder| holder.terms.iter().any(|(sub, _)| !element[sub].is_null());
        let says_nothing = !holders.iter().any(says);
        let mut occupied = Kept::Nowhere;
        // One that takes any comes last: what says what it is has a place of its own.
        let takes = |holder: &Holder| holder.is_for(element) || (says_nothing && holder.primary);
        let takes_any = |holder: &Holder| holder.terms.is_empty() && holder.many;
        let numbered = || holders.iter().enumerate();
        let first = numbered().filter(|(_, holder)| takes(holder));
        let others = numbered().filter(|(_, holder)| !takes(holder) && takes_any(holder));
        for (index, _) in first.chain(others) {
            if full.get(index) == Some(&false) {
                return Kept::By(index);
            }
            if occupied == Kept::Nowhere {
                occupied = Kept::Occupied(index);
            }
        }
        occupied
    }

    /// Whether the element says of itself what this one's elements do.
    fn is_for(&self, element: &Value) -> bool {
        let says = |(sub, expected): &(String, Value)| match (&element[sub], expected) {
            // RFC 7643 §2.4: types are compared without case.
            (Value::String(found), Value::String(expected)) => {
                found.to_lowercase() == expected.to_lowercase()
            }
            (found, expected) => found == expected,
        };
        !self.terms.is_empty() && self.terms.iter().all(says)
    }
}

fn is_primary(element: &Value) -> bool {
    element["primary"] == Value::Bool(true)
}
