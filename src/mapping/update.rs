//! What turns an existing entry into what a resource says it should be.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use uuid::Uuid;

use super::codec::{Codec, Lock, boolean, number, number_text};
use super::derived::Derived;
use super::enabling::lacks_password;
use super::fault::Fault;
use super::line::{Line, Shape};
use super::read::first_value;
use super::references::WriteContext;
use super::resource_mapping::{OBJECT_CLASS, ResourceMapping};
use super::write::{ACCOUNT_DISABLED, Difference, effective, has_class, missing};
use crate::ldap::{
    AttributeName, Dn, Entry, FileTime, Filter, Modification, Rdn, SecretBytes, Values,
};
use crate::scim::Resource;

/// Active Directory does not let it go; that an account never expires is a value.
const ACCOUNT_EXPIRES: AttributeName = AttributeName::known("accountExpires");

impl ResourceMapping {
    /// The changes that make of `before`, which reads as `old`, an entry that reads as `new`.
    ///
    /// What `new` leaves out is cleared, except passwords, switches such as `active`, lists of references such as
    /// `members`, and whatever no line maps. Only what differs between `old` and `new` is touched. `before` must hold
    /// what [`update_plan`](Self::update_plan) asks for.
    ///
    /// # Errors
    /// When a new value breaks a rule of its attribute, or a required one is taken away.
    pub fn write_changes(
        &self,
        before: &Entry,
        old: &Resource,
        new: &Resource,
        context: &WriteContext<'_>,
    ) -> Result<Difference, Fault> {
        let (from, to) = (self.assign(old), self.assign(new));
        let mut difference = Difference {
            ignored: to.ignored,
            ..Difference::default()
        };
        let mut flags: Vec<Flags> = Vec::new();
        for (line, (from, to)) in self.lines.iter().zip(from.values.iter().zip(&to.values)) {
            if !line.is_written() || (to.is_empty() && line.is_kept_when_absent()) {
                continue;
            }
            if to.is_empty()
                && line.shape == Shape::References
                && new.get(&line.place.whole()).is_none()
            {
                continue;
            }
            let from = effective(line, from);
            let mut to = self.told_apart(line, &from, &effective(line, to));
            // An entry that never had the value can still be changed: many accounts have no userPrincipalName.
            if line.required && to.is_empty() && !from.is_empty() {
                return Err(missing(line));
            }
            if to.is_empty()
                && let Some(text) = self.fallback(line, new)?
            {
                to = vec![Value::String(text)];
            }
            if same(&from, &to) {
                continue;
            }
            match line.codec {
                Codec::Flag { bit, inverted } => {
                    collect_flag(&mut flags, line, bit, boolean_of(&to) != Some(inverted))
                }
                Codec::Locked(by) => lock(&mut difference, line, by, before, boolean_of(&to)),
                Codec::Password => self.change_password(&mut difference, line, &to)?,
                Codec::Reference => {
                    self.change_references(&mut difference, line, before, (&from, &to), context)?
                }
                _ if self.is_named_by(before, &line.ldap) => {
                    let octets = self.encode_all(line, &to, context)?;
                    difference.rename = Some(self.names(before, &octets)?);
                }
                _ if line.is_many() => {
                    self.change_list(&mut difference, line, before, (&from, &to), context)?
                }
                _ => self.change_one(&mut difference, line, before, &to, context)?,
            }
        }
        for flags in flags {
            flags.change(&mut difference, before)?;
        }
        self.follow(&mut difference, before, old, new)?;
        self.keep_lock(&mut difference, before, &to.values);
        Ok(difference)
    }

    /// OpenLDAP's password policy unlocks an account whose password is set, by a deletion of the lock that it puts behind
    /// the change; not if the change itself deletes the lock (slapo-ppolicy of 2.5, ppolicy_modify). So who is to stay
    /// disabled has the lock taken away and set again with the password, and is never without it. Where the change says
    /// nothing of the lock, others must not have disabled the account meanwhile: it would be enabled without a word.
    fn keep_lock(&self, difference: &mut Difference, before: &Entry, to: &[Vec<Value>]) {
        if !difference.sets_password() {
            return;
        }
        for (line, to) in self.lines.iter().zip(to) {
            let by = Lock::Time;
            if line.codec != Codec::Locked(by) {
                continue;
            }
            let locks = before.values(&line.ldap);
            if locks.is_empty() {
                difference.condition = Some(Filter::Present(line.ldap.clone()).negate());
                continue;
            }
            let active = boolean_of(to).unwrap_or(!by.is_in(locks));
            let modifies = |one: &Modification| one.attribute == line.ldap;
            if active && !difference.modifications.iter().any(modifies) {
                let same = locks
                    .iter()
                    .map(|lock| Filter::equal(line.ldap.clone(), lock.clone()));
                difference.condition = Some(Filter::and(same));
            } else if !active {
                let locks = || Values::Plain(locks.to_vec());
                difference
                    .modifications
                    .retain(|one| one.attribute != line.ldap);
                difference.inverse.retain(|one| one.attribute != line.ldap);
                difference.modifications.extend([
                    Modification::delete(line.ldap.clone(), locks()),
                    Modification::add(line.ldap.clone(), Values::one(by.mark())),
                ]);
                difference
                    .inverse
                    .push(Modification::replace(line.ldap.clone(), locks()));
            }
        }
    }

    fn change_one(
        &self,
        difference: &mut Difference,
        line: &Line,
        before: &Entry,
        to: &[Value],
        context: &WriteContext<'_>,
    ) -> Result<(), Fault> {
        let mut new = self.encode_all(line, to, context)?;
        let current = before.values(&line.ldap);
        self.ensure_class(difference, line, before, &new);
        if new.is_empty() && line.ldap == ACCOUNT_EXPIRES {
            new.push(FileTime::NEVER.to_string().into_bytes());
        }
        // Without a value the attribute goes, with all its values: to take away only the one that SCIM shows would show
        // the next one, and every repetition would take another.
        if new.is_empty() {
            difference.replace(&line.ldap, before, new);
            return Ok(());
        }
        let Some(first) = first_value(&self.rdn, line, before).filter(|_| current.len() > 1) else {
            difference.replace(&line.ldap, before, new);
            return Ok(());
        };
        // Only the value that SCIM shows changes. The others are put behind it again, because the first one is what is
        // read: added at the end, the new value would not be seen.
        let others = current
            .iter()
            .filter(|value| {
                value.as_slice() != first
                    && !new.iter().any(|new| key(line, new) == key(line, value))
            })
            .cloned();
        let wished: Vec<Vec<u8>> = new.iter().cloned().chain(others).collect();
        if line.equality {
            difference.swap(&line.ldap, current.to_vec(), wished);
        } else {
            difference.replace(&line.ldap, before, wished);
        }
        Ok(())
    }

    fn change_list(
        &self,
        difference: &mut Difference,
        line: &Line,
        before: &Entry,
        (from, to): (&[Value], &[Value]),
        context: &WriteContext<'_>,
    ) -> Result<(), Fault> {
        let (from, to) = (
            self.encode_all(line, from, context)?,
            self.encode_all(line, to, context)?,
        );
        let current = before.values(&line.ldap);
        self.ensure_class(difference, line, before, &to);
        let present: HashSet<&Vec<u8>> = current.iter().collect();
        let wanted: HashSet<&Vec<u8>> = to.iter().collect();
        let gone: Vec<Vec<u8>> = from
            .into_iter()
            .filter(|value| !wanted.contains(value) && present.contains(value))
            .collect();
        let new: Vec<Vec<u8>> = to
            .iter()
            .filter(|value| !present.contains(value))
            .cloned()
            .collect();
        // Of two that are one to the directory it may take away the other one.
        let mut seen = HashSet::new();
        let are_told_apart = current.iter().all(|value| seen.insert(key(line, value)));
        if line.equality && are_told_apart {
            difference.swap(&line.ldap, gone, new);
        } else {
            let gone: HashSet<&Vec<u8>> = gone.iter().collect();
            let wished = current
                .iter()
                .filter(|value| !gone.contains(value))
                .cloned()
                .chain(new)
                .collect();
            difference.replace(&line.ldap, before, wished);
        }
        Ok(())
    }

    /// References change by DN; those the entry has already are known from it.
    fn change_references(
        &self,
        difference: &mut Difference,
        line: &Line,
        before: &Entry,
        (from, to): (&[Value], &[Value]),
        context: &WriteContext<'_>,
    ) -> Result<(), Fault> {
        let own = before.references(&line.ldap);
        let by_id: HashMap<Uuid, &Dn> = own
            .iter()
            .filter_map(|reference| Some((reference.id?, &reference.dn)))
            .collect();
        let id_of = |id: &Value| Uuid::try_parse(id.as_str()?).ok();
        let known = |id: &Value| {
            let id = id_of(id)?;
            by_id.get(&id).map(|dn| self.kind.reference_value(id, dn))
        };
        let ids = |values: &[Value]| -> Vec<Option<Uuid>> { values.iter().map(id_of).collect() };
        if ids(from) == ids(to) {
            return Ok(());
        }
        let mut new = Vec::with_capacity(to.len());
        for id in to {
            match known(id) {
                Some(dn) => new.push(dn),
                None => {
                    new.append(&mut self.encode_all(line, std::slice::from_ref(id), context)?)
                }
            }
        }
        let old: Vec<Vec<u8>> = from.iter().filter_map(known).collect();
        self.ensure_class(difference, line, before, &new);
        if line.is_many() || own.len() > 1 {
            let (was, is): (HashSet<&Vec<u8>>, HashSet<&Vec<u8>>) =
                (old.iter().collect(), new.iter().collect());
            let gone = old.iter().filter(|dn| !is.contains(dn)).cloned().collect();
            let added = new.iter().filter(|dn| !was.contains(dn)).cloned().collect();
            difference.swap(&line.ldap, gone, added);
        } else {
            difference
                .modifications
                .push(Modification::replace(line.ldap.clone(), Values::Plain(new)));
            let before = own
                .iter()
                .map(|reference| reference.dn.to_string().into_bytes())
                .collect();
            difference.inverse.push(Modification::replace(
                line.ldap.clone(),
                Values::Plain(before),
            ));
        }
        Ok(())
    }

    fn change_password(
        &self,
        difference: &mut Difference,
        line: &Line,
        to: &[Value],
    ) -> Result<(), Fault> {
        if let Some(password) = to.first() {
            let octets = SecretBytes::new(self.password(line, password)?);
            difference.modifications.push(Modification::replace(
                line.ldap.clone(),
                Values::Secret(octets),
            ));
        }
        Ok(())
    }

    /// Adds the auxiliary class that allows the line's attribute, where the entry lacks it.
    fn ensure_class(
        &self,
        difference: &mut Difference,
        line: &Line,
        before: &Entry,
        new: &[Vec<u8>],
    ) {
        let Some(class) = line.object_class.as_ref().filter(|_| !new.is_empty()) else {
            return;
        };
        let asked = Modification::add(OBJECT_CLASS, Values::one(class.as_str()));
        if !has_class(before.values(&OBJECT_CLASS), class)
            && !difference.modifications.contains(&asked)
        {
            difference.modifications.insert(0, asked);
            // The class stays when the change is undone: it forbids nothing, and another line may need it by then.
        }
    }

    /// What stands in for a line without value.
    fn fallback(&self, line: &Line, resource: &Resource) -> Result<Option<String>, Fault> {
        let Some(derived) = self
            .derived
            .iter()
            .find(|derived| derived.fallback && derived.ldap == line.ldap)
        else {
            return Ok(None);
        };
        let candidates = derived.candidates(&self.templates, &self.templates.context(resource))?;
        Ok(candidates.into_iter().next())
    }

    /// Changes derived values that still are what the templates made of the old resource. A value given by hand stays.
    fn follow(
        &self,
        difference: &mut Difference,
        before: &Entry,
        old: &Resource,
        new: &Resource,
    ) -> Result<(), Fault> {
        let following: Vec<&Derived> = self
            .derived
            .iter()
            .filter(|derived| derived.follow)
            .collect();
        if following.is_empty() {
            return Ok(());
        }
        let (from, to) = (self.templates.context(old), self.templates.context(new));
        if from == to {
            return Ok(());
        }
        for derived in following {
            let current = self.current(before, &derived.ldap);
            // The old resource may break rules that came later; then nothing of it is known to be the templates' work.
            let made = derived
                .candidates(&self.templates, &from)
                .unwrap_or_default();
            let wished = derived.candidates(&self.templates, &to)?;
            let still_made = current
                .as_ref()
                .is_some_and(|current| made.contains(current) && !wished.contains(current));
            let (true, Some(best)) = (still_made && made != wished, wished.first()) else {
                continue;
            };
            if self.is_named_by(before, &derived.ldap) {
                let own = before.dn.rdn();
                let names = wished
                    .iter()
                    .filter_map(|name| own?.renamed(&derived.ldap, name));
                difference.rename = Some(names.collect());
            } else {
                difference.replace(&derived.ldap, before, vec![best.clone().into_bytes()]);
            }
        }
        Ok(())
    }

    fn current(&self, before: &Entry, name: &AttributeName) -> Option<String> {
        let own = before.dn.rdn().and_then(|rdn| rdn.value_of(name));
        own.or_else(|| before.text(name)).map(str::to_owned)
    }

    /// Whether a new value of the attribute is a rename. An entry that somebody named by another attribute keeps its name.
    fn is_named_by(&self, before: &Entry, name: &AttributeName) -> bool {
        *name == self.rdn
            && before
                .dn
                .rdn()
                .is_some_and(|own| own.value_of(name).is_some())
    }

    /// The new name: of a name of several parts, only this one changes.
    fn names(&self, before: &Entry, octets: &[Vec<u8>]) -> Result<Vec<Rdn>, Fault> {
        let name = octets
            .first()
            .and_then(|octets| std::str::from_utf8(octets).ok());
        match name.and_then(|name| before.dn.rdn()?.renamed(&self.rdn, name)) {
            Some(name) => Ok(vec![name]),
            None => {
                let from = self.scim_name_of(&self.rdn).unwrap_or_default();
                Err(Fault::new(
                    from,
                    &self.rdn,
                    "names the entry and has no value",
                    "send a value",
                ))
            }
        }
    }
}

/// The bits of one attribute that change together.
struct Flags<'a> {
    line: &'a Line,
    set: u32,
    clear: u32,
}

fn collect_flag<'a>(flags: &mut Vec<Flags<'a>>, line: &'a Line, bit: u32, set: bool) {
    let (to_set, to_clear) = if set { (bit, 0) } else { (0, bit) };
    match flags.iter_mut().find(|flags| flags.line.ldap == line.ldap) {
        Some(flags) => {
            flags.set |= to_set;
            flags.clear |= to_clear;
        }
        None => flags.push(Flags {
            line,
            set: to_set,
            clear: to_clear,
        }),
    }
}

impl Flags<'_> {
    /// Old value out, new value in: a number that somebody else changed meanwhile makes the directory refuse.
    fn change(&self, difference: &mut Difference, before: &Entry) -> Result<(), Fault> {
        let name = &self.line.ldap;
        let Some(old) = before.values(name).first() else {
            let made = (self.line.base.unwrap_or(0) | self.set) & !self.clear;
            difference.replace(name, before, vec![number_text(made).into_bytes()]);
            return Ok(());
        };
        let Some(current) = number(old) else {
            return Err(self.line.fault(
                "holds no number in the directory",
                "correct the entry by hand",
            ));
        };
        let wished = (current | self.set) & !self.clear;
        let enables = current & !wished & ACCOUNT_DISABLED != 0;
        if enables && !difference.sets_password() && lacks_password(before, current) {
            return Err(self.line.fault(
                "cannot be true while the account has no password",
                "send a `password` in the same request, or have one set in the directory first",
            ));
        }
        if wished != current {
            difference.swap(
                name,
                vec![old.clone()],
                vec![number_text(wished).into_bytes()],
            );
        }
        Ok(())
    }
}

fn lock(difference: &mut Difference, line: &Line, by: Lock, before: &Entry, active: Option<bool>) {
    match active {
        // Also in place of a lock that failed attempts made: that one may end.
        Some(false) => difference.replace(&line.ldap, before, vec![by.mark().to_vec()]),
        // By value: with a password in the same change OpenLDAP takes the lock away itself, and then finds none to replace.
        Some(true) if by == Lock::Time => {
            difference.swap(&line.ldap, before.values(&line.ldap).to_vec(), Vec::new())
        }
        Some(true) => difference.replace(&line.ldap, before, Vec::new()),
        _ => {}
    }
}

fn boolean_of(values: &[Value]) -> Option<bool> {
    values.first().and_then(boolean)
}

/// What a directory that compares without case tells the value by.
fn key(line: &Line, octets: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(octets) {
        Ok(text) => line.key(text, false).into_bytes(),
        Err(_) => octets.to_vec(),
    }
}

/// Whether nothing changes; lists are compared without order.
fn same(from: &[Value], to: &[Value]) -> bool {
    if from == to || from.len() != to.len() || from.len() < 2 {
        return from == to;
    }
    let texts =
        |values: &[Value]| -> HashSet<String> { values.iter().map(Value::to_string).collect() };
    texts(from) == texts(to)
}
