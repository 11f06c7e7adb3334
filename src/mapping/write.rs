//! Resource to changes: what a new entry holds, and what turns one entry into another.

use secrecy::ExposeSecret;
use serde_json::Value;
use uuid::Uuid;

use super::assign::Assigned;
use super::codec::{Codec, boolean, number_text, unicode_password};
use super::fault::Fault;
use super::left_out::LeftOut;
use super::line::{Line, Shape};
use super::references::WriteContext;
use super::resource_mapping::{OBJECT_CLASS, ResourceMapping, WithoutPassword};
use crate::ldap::{
    AttributeName, DirectoryKind, Entry, Filter, Modification, Rdn, SecretBytes, Values,
};
use crate::scim::Resource;

/// Names that one creation may be tried with.
const MOST_ALTERNATIVES: usize = 32;

/// The lists that may not be empty in a directory with placeholders.
const REQUIRED_MEMBERS: [AttributeName; 2] = [
    AttributeName::known("member"),
    AttributeName::known("uniqueMember"),
];

/// A new entry.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEntry {
    /// The same entry under each combination of generated names, best first; at least one.
    pub alternatives: Vec<Alternative>,
    /// What the mapping has no place for.
    pub ignored: Vec<LeftOut>,
}

/// One way to name a new entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// Its name below its parent.
    pub rdn: Rdn,
    /// Everything the add request holds, `objectClass` first.
    pub attributes: Vec<(AttributeName, Values)>,
}

/// Every LDAP attribute has one place in an add request.
type Attributes = Vec<(AttributeName, Values)>;

impl ResourceMapping {
    /// Whether [`write_new`](Self::write_new) will want a generated password for this resource.
    pub fn needs_generated_password(&self, resource: &Resource) -> bool {
        self.without_password == Some(WithoutPassword::Generate)
            && self.password_line().is_some_and(|(index, _)| {
                self.assign(resource)
                    .values
                    .get(index)
                    .is_none_or(Vec::is_empty)
            })
    }

    /// The entry for a new resource.
    ///
    /// # Errors
    /// When a value breaks a rule of its attribute, a required one is missing, or no name can be made.
    pub fn write_new(
        &self,
        resource: &Resource,
        context: &WriteContext<'_>,
    ) -> Result<NewEntry, Fault> {
        let assigned = self.assign(resource);
        let mut attributes: Attributes = vec![(
            OBJECT_CLASS,
            Values::Plain(
                self.object_classes
                    .iter()
                    .map(|class| class.clone().into_bytes())
                    .collect(),
            ),
        )];
        let mut flags: Vec<(AttributeName, u32)> = Vec::new();
        let password_given = self.new_password(&assigned, context, &mut attributes)?;
        for (line, values) in self.lines.iter().zip(&assigned.values) {
            let values = self.told_apart(line, &[], &effective(line, values));
            if let Codec::Flag { bit, inverted } = line.codec {
                let mut value = values.first().and_then(boolean);
                if bit == ACCOUNT_DISABLED
                    && !password_given
                    && self.without_password == Some(WithoutPassword::Disabled)
                {
                    value = Some(false);
                }
                set_flag(
                    &mut flags,
                    line,
                    bit,
                    value.map(|value| value != inverted),
                    0,
                );
                continue;
            }
            if let Some(constant) = &line.constant {
                put(&mut attributes, &line.ldap, Values::one(constant.as_str()));
                continue;
            }
            if !line.is_written() || line.codec == Codec::Password {
                continue;
            }
            if line.required && values.is_empty() {
                return Err(missing(line));
            }
            let octets = self.encode_all(line, &values, context)?;
            if !octets.is_empty() {
                if let Some(class) = &line.object_class {
                    add_class(&mut attributes, class);
                }
                put(&mut attributes, &line.ldap, Values::Plain(octets));
            }
        }
        for (name, number) in flags {
            put(&mut attributes, &name, Values::one(number_text(number)));
        }
        for (name, values) in &self.constants {
            if !attributes.iter().any(|(known, _)| known == name) {
                put(&mut attributes, name, Values::Plain(values.clone()));
            }
        }
        self.add_placeholder(&mut attributes);
        let alternatives = self.alternatives(resource, attributes)?;
        Ok(NewEntry {
            alternatives,
            ignored: assigned.ignored,
        })
    }

    /// Adds the names that templates make. Which of them is taken only the directory knows, so that the others are tried
    /// one by one first, and then together.
    fn alternatives(
        &self,
        resource: &Resource,
        attributes: Attributes,
    ) -> Result<Vec<Alternative>, Fault> {
        let context = self.templates.context(resource);
        let mut made: Vec<(&AttributeName, Vec<String>)> = Vec::new();
        for derived in &self.derived {
            if attributes.iter().any(|(name, _)| *name == derived.ldap) {
                continue;
            }
            let candidates = derived.candidates(&self.templates, &context)?;
            if candidates.is_empty() && derived.ldap == self.rdn {
                return Err(derived.nothing_to_make());
            }
            if !candidates.is_empty() {
                made.push((&derived.ldap, candidates));
            }
        }
        let counts: Vec<usize> = made
            .iter()
            .map(|(_, candidates)| candidates.len())
            .collect();
        choices(&counts)
            .into_iter()
            .map(|choice| {
                let mut attributes = attributes.clone();
                for ((name, candidates), index) in made.iter().zip(choice) {
                    if let Some(candidate) = candidates.get(index) {
                        put(&mut attributes, name, Values::one(candidate.as_str()));
                    }
                }
                let rdn = self.rdn_of(&attributes)?;
                Ok(Alternative { rdn, attributes })
            })
            .collect()
    }

    fn rdn_of(&self, attributes: &Attributes) -> Result<Rdn, Fault> {
        let value = attributes
            .iter()
            .find(|(name, _)| *name == self.rdn)
            .and_then(|(_, values)| values.plain().first())
            .and_then(|octets| std::str::from_utf8(octets).ok());
        match value {
            Some(value) => Ok(Rdn::new(self.rdn.clone(), value)),
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

    /// Writes the password; whether there is one.
    fn new_password(
        &self,
        assigned: &Assigned,
        context: &WriteContext<'_>,
        attributes: &mut Attributes,
    ) -> Result<bool, Fault> {
        let Some((index, line)) = self.password_line() else {
            return Ok(false);
        };
        let given = assigned.values.get(index).and_then(|values| values.first());
        let password = match (given, self.without_password) {
            (Some(given), _) => Some(self.password(line, given)?),
            (None, Some(WithoutPassword::Generate)) => match context.generated_password {
                Some(password) => Some(self.password_octets(password.expose_secret())),
                None => {
                    return Err(line.fault(
                        "has no value, and none was generated",
                        "report this as a fault of the bridge",
                    ));
                }
            },
            (None, Some(WithoutPassword::Refuse)) => {
                return Err(line.fault(
                    "is needed to create an account here",
                    "let the identity provider send a password",
                ));
            }
            (None, Some(WithoutPassword::Disabled) | None) => None,
        };
        let given = password.is_some();
        if let Some(password) = password {
            put(
                attributes,
                &line.ldap,
                Values::Secret(SecretBytes::new(password)),
            );
        }
        Ok(given)
    }

    fn password_line(&self) -> Option<(usize, &Line)> {
        self.lines
            .iter()
            .enumerate()
            .find(|(_, line)| line.codec == Codec::Password)
    }

    /// The octets of a password that a client sent.
    pub(super) fn password(&self, line: &Line, value: &Value) -> Result<Vec<u8>, Fault> {
        match value.as_str() {
            Some(text) if text.contains('\0') => Err(line.fault(
                "must not contain the character NUL",
                "send another password",
            )),
            // `{SSHA}…` would be stored as the hash it claims to be, past the directory's password policy (RFC 2307 §5.3).
            Some(text)
                if self.kind != DirectoryKind::ActiveDirectory
                    && text.starts_with('{')
                    && text.contains('}') =>
            {
                Err(line.fault(
                    "must not begin with a storage scheme in braces",
                    "send the password itself, not a hash of it",
                ))
            }
            Some(text) => Ok(self.password_octets(text)),
            None => Err(line.fault("must be a text", "send the password as a JSON string")),
        }
    }

    fn password_octets(&self, password: &str) -> Vec<u8> {
        match self.kind {
            DirectoryKind::ActiveDirectory => unicode_password(password),
            DirectoryKind::OpenLdap | DirectoryKind::Ds389 => password.as_bytes().to_vec(),
        }
    }

    /// The octets of a line's values.
    pub(super) fn encode_all(
        &self,
        line: &Line,
        values: &[Value],
        context: &WriteContext<'_>,
    ) -> Result<Vec<Vec<u8>>, Fault> {
        match line.codec {
            Codec::Locked(lock) => Ok(match values.first().and_then(boolean) {
                Some(false) => vec![lock.mark().to_vec()],
                _ => Vec::new(),
            }),
            Codec::Reference => values
                .iter()
                .map(|id| reference(self.kind, line, id, context))
                .collect(),
            _ => values
                .iter()
                .map(|value| line.encode(self.kind, value))
                .collect(),
        }
    }

    /// groupOfNames must never be without a member, groupOfUniqueNames neither (RFC 4519 §3.5 and §3.6), so new groups
    /// get one that is nobody. Other lists of references may be empty.
    fn add_placeholder(&self, attributes: &mut Attributes) {
        let is_required = |line: &&Line| REQUIRED_MEMBERS.contains(&line.ldap);
        let members = self.members().filter(is_required);
        let Some(members) = members.filter(|_| self.kind.placeholder_member()) else {
            return;
        };
        match attributes
            .iter_mut()
            .find(|(name, _)| *name == members.ldap)
        {
            Some((_, Values::Plain(values))) => values.insert(0, Vec::new()),
            Some(_) => {}
            None => attributes.push((members.ldap.clone(), Values::Plain(vec![Vec::new()]))),
        }
    }
}

/// Which candidate of each list to try, in order: the best of all, then for each step down the lists every one of them
/// alone, then all together.
fn choices(counts: &[usize]) -> Vec<Vec<usize>> {
    let mut choices = vec![vec![0; counts.len()]];
    for step in 1..counts.iter().copied().max().unwrap_or(0) {
        let reached: Vec<usize> = counts
            .iter()
            .map(|count| step.min(count.saturating_sub(1)))
            .collect();
        for (list, index) in reached
            .iter()
            .enumerate()
            .filter(|(_, index)| **index == step)
        {
            let mut alone = vec![0; counts.len()];
            if let Some(place) = alone.get_mut(list) {
                *place = *index;
            }
            choices.push(alone);
        }
        if !choices.contains(&reached) {
            choices.push(reached);
        }
    }
    choices.truncate(MOST_ALTERNATIVES);
    choices
}

/// ACCOUNTDISABLE of userAccountControl (MS-ADTS 2.2.16).
pub(super) const ACCOUNT_DISABLED: u32 = 2;

/// The values of a line, or its default where it has none.
pub(super) fn effective(line: &Line, values: &[Value]) -> Vec<Value> {
    if values.is_empty() {
        return line.default.clone().into_iter().collect();
    }
    match line.shape {
        Shape::Single | Shape::Reference | Shape::Element { many: false, .. } => {
            values.iter().take(1).cloned().collect()
        }
        Shape::Values | Shape::References | Shape::Element { many: true, .. } => values.to_vec(),
    }
}

pub(super) fn missing(line: &Line) -> Fault {
    line.fault("is required and has no value", "send a value")
}

/// Sets or clears a bit in the number that is being made for the line's attribute.
fn set_flag(
    flags: &mut Vec<(AttributeName, u32)>,
    line: &Line,
    bit: u32,
    set: Option<bool>,
    otherwise: u32,
) {
    if set.is_none() && line.base.is_none() {
        return;
    }
    let base = line.base.unwrap_or(otherwise);
    let number = match flags.iter_mut().find(|(name, _)| *name == line.ldap) {
        Some((_, number)) => {
            *number |= line.base.unwrap_or(0);
            number
        }
        None => {
            flags.push((line.ldap.clone(), base));
            match flags.last_mut() {
                Some((_, number)) => number,
                None => return,
            }
        }
    };
    match set {
        Some(true) => *number |= bit,
        Some(false) => *number &= !bit,
        None => {}
    }
}

fn put(attributes: &mut Attributes, name: &AttributeName, values: Values) {
    match attributes.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => *known = values,
        None => attributes.push((name.clone(), values)),
    }
}

fn add_class(attributes: &mut Attributes, class: &str) {
    if let Some((_, Values::Plain(classes))) = attributes
        .iter_mut()
        .find(|(name, _)| *name == OBJECT_CLASS)
        && !has_class(classes, class)
    {
        classes.push(class.as_bytes().to_vec());
    }
}

pub(super) fn has_class(classes: &[Vec<u8>], class: &str) -> bool {
    classes
        .iter()
        .any(|known| known.eq_ignore_ascii_case(class.as_bytes()))
}

fn reference(
    kind: DirectoryKind,
    line: &Line,
    id: &Value,
    context: &WriteContext<'_>,
) -> Result<Vec<u8>, Fault> {
    let id = id.as_str().unwrap_or_default();
    let known = Uuid::try_parse(id).ok();
    match known.and_then(|id| Some((id, context.references.get(id)?))) {
        Some((id, dn)) => Ok(kind.reference_value(id, dn)),
        None => {
            let shown: String = id.chars().take(64).collect();
            Err(line.fault(
                format!("refers to id `{shown}`, which names no resource here"),
                "create that resource first, or leave the reference out",
            ))
        }
    }
}

/// The whole change as modifications that one modify request can carry, with its way back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Difference {
    /// New names to try, best first, when the entry's name changes.
    pub rename: Option<Vec<Rdn>>,
    /// What changes beside the name.
    pub modifications: Vec<Modification>,
    /// What undoes the modifications, secrets excepted.
    pub inverse: Vec<Modification>,
    /// What must still be true of the entry for the modifications, beyond what they notice themselves.
    pub condition: Option<Filter>,
    /// What the mapping has no place for.
    pub ignored: Vec<LeftOut>,
}

impl Difference {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.rename.is_none() && self.modifications.is_empty()
    }

    /// Whether a password is among the changes.
    pub(super) fn sets_password(&self) -> bool {
        self.modifications
            .iter()
            .any(|one| matches!(one.values, Values::Secret(_)))
    }

    /// Puts other values in place of those there are.
    pub(super) fn replace(&mut self, name: &AttributeName, before: &Entry, values: Vec<Vec<u8>>) {
        if before.values(name) == values {
            return;
        }
        self.modifications
            .push(Modification::replace(name.clone(), Values::Plain(values)));
        let old = before.values(name).to_vec();
        self.inverse
            .push(Modification::replace(name.clone(), Values::Plain(old)));
    }

    /// Takes values away and adds others, so that a value changed meanwhile is noticed by the directory.
    pub(super) fn swap(&mut self, name: &AttributeName, gone: Vec<Vec<u8>>, new: Vec<Vec<u8>>) {
        if !gone.is_empty() {
            self.modifications.push(Modification::delete(
                name.clone(),
                Values::Plain(gone.clone()),
            ));
        }
        if !new.is_empty() {
            self.modifications
                .push(Modification::add(name.clone(), Values::Plain(new.clone())));
            self.inverse
                .push(Modification::delete(name.clone(), Values::Plain(new)));
        }
        if !gone.is_empty() {
            self.inverse
                .push(Modification::add(name.clone(), Values::Plain(gone)));
        }
    }
}
