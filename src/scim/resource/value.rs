//! Values as the schema wants them: the rules for one attribute, one element, one simple value.
//!
//! Both whole resources and PATCH values pass through here, so a leniency about values has its one
//! place here.

use serde_json::{Map, Value};

use super::Ignored;
use super::element::{Index, is_hollow, merge_same, settle_primary};
use crate::scim::dialect::{Dialect, Leniency};
use crate::scim::error::{Error, quoted};
use crate::scim::filter::text_as_boolean;
use crate::scim::path::AttributePath;
use crate::scim::schema::{Attribute, Kind, Mutability};

/// Longest text in one attribute, in bytes. No directory attribute a person has is longer.
const MAX_TEXT: usize = 16 * 1024;
/// Longest base64 text in one attribute, in bytes.
const MAX_BINARY: usize = 1024 * 1024;

/// Brings values into the types of their attributes and notes what it leaves out.
pub(in crate::scim) struct Normalizer<'a> {
    pub(in crate::scim) dialect: &'a Dialect,
    pub(in crate::scim) ignored: Ignored,
}

impl<'a> Normalizer<'a> {
    pub(in crate::scim) fn new(dialect: &'a Dialect) -> Self {
        Normalizer {
            dialect,
            ignored: Ignored::default(),
        }
    }

    /// Refuses or notes an unknown attribute.
    pub(in crate::scim) fn unknown(
        &mut self,
        name: &str,
        refuse: fn(String) -> Error,
    ) -> Result<(), Error> {
        if self.dialect.allows(Leniency::UnknownAttribute) {
            self.ignored.note(name);
            return Ok(());
        }
        Err(refuse(format!(
            "{} is not an attribute of this resource; see /Schemas for those that are, and leave it out.",
            quoted(name)
        )))
    }

    /// The value of a whole attribute. None for null and what counts as null; an array stays an array
    /// even when it is empty, since for some attributes that says more than absence.
    pub(in crate::scim) fn attribute(
        &mut self,
        path: &AttributePath,
        attribute: &Attribute,
        value: Value,
    ) -> Result<Option<Value>, Error> {
        if attribute.multi_valued {
            self.elements(path, attribute, value)
        } else {
            self.element(path, attribute, value)
        }
    }

    fn elements(
        &mut self,
        path: &AttributePath,
        attribute: &Attribute,
        value: Value,
    ) -> Result<Option<Value>, Error> {
        let values = match value {
            Value::Array(values) => values,
            Value::Null => return Ok(None),
            Value::String(text) if self.means_nothing(&text) => return Ok(None),
            single if self.dialect.allows(Leniency::SingleForArray) => vec![single],
            other => return Err(mismatch(path, "an array", &other)),
        };
        let reference = attribute.is_resource_reference();
        let mut elements: Vec<Value> = Vec::with_capacity(values.len());
        let mut index = Index::default();
        let mut any_primary = false;
        for value in values {
            if value.is_array() {
                return Err(mismatch(
                    path,
                    "an element, not an array inside an array",
                    &value,
                ));
            }
            let Some(element) = self.element(path, attribute, value)? else {
                if reference {
                    return Err(without_value(path));
                }
                continue;
            };
            if element.as_object().is_some_and(is_hollow) {
                continue;
            }
            any_primary |= element.get("primary") == Some(&Value::Bool(true));
            match index.find(attribute, &element) {
                Some(known) => {
                    if let Some(slot) = elements.get_mut(known) {
                        merge_same(attribute, slot, element);
                    }
                }
                None => {
                    index.insert(attribute, &element, elements.len());
                    elements.push(element);
                }
            }
        }
        if any_primary {
            let marked = settle_primary(elements.iter_mut().enumerate(), |_| true);
            self.check_primary(path, marked)?;
        }
        Ok(Some(Value::Array(elements)))
    }

    /// Refuses several primary values at once, unless the last may win.
    pub(in crate::scim) fn check_primary(
        &self,
        path: &AttributePath,
        marked: usize,
    ) -> Result<(), Error> {
        if marked > 1 && !self.dialect.allows(Leniency::LastPrimaryWins) {
            return Err(Error::invalid_value(format!(
                "{path} marks {marked} values as primary, and at most one may be; mark one."
            )));
        }
        Ok(())
    }

    /// One value or element: what a single attribute holds, or one place of an array.
    pub(in crate::scim) fn element(
        &mut self,
        path: &AttributePath,
        attribute: &Attribute,
        value: Value,
    ) -> Result<Option<Value>, Error> {
        if attribute.kind != Kind::Complex {
            return self.simple(path, attribute, value);
        }
        let value = self.unwrap_single(path, value)?;
        let object = match value {
            Value::Object(object) => object,
            Value::Null => return Ok(None),
            Value::String(text) if self.means_nothing(&text) => return Ok(None),
            Value::String(text)
                if attribute.sub_attribute("value").is_some()
                    && self.dialect.allows(Leniency::PlainValue) =>
            {
                Map::from_iter([("value".to_owned(), Value::String(text))])
            }
            other => return Err(mismatch(path, "an object with sub-attributes", &other)),
        };
        // Sent as null or empty, it says that there is none, whatever is echoed beside it.
        let says_value = object.keys().any(|name| name.eq_ignore_ascii_case("value"));
        let mut inner = self.sub_attributes(path, attribute, object)?;
        if inner.is_empty() {
            return Ok(None);
        }
        if attribute.is_resource_reference()
            && !says_value
            && let Some(id) = inner.get("$ref").and_then(id_in)
        {
            inner.insert("value".to_owned(), id.into());
        }
        // A reference that refers to nothing is none.
        if attribute.is_resource_reference() && !inner.contains_key("value") {
            self.ignored.note(&path.to_string());
            return Ok(None);
        }
        Ok(Some(Value::Object(inner)))
    }

    /// The element of an array of one, where a single value belongs.
    pub(in crate::scim) fn unwrap_single(
        &self,
        path: &AttributePath,
        value: Value,
    ) -> Result<Value, Error> {
        match value {
            Value::Array(mut values) => match (values.pop(), values.len()) {
                (None, _) => Ok(Value::Null),
                (Some(only), 0)
                    if !only.is_array() && self.dialect.allows(Leniency::ArrayForSingle) =>
                {
                    Ok(only)
                }
                _ => Err(Error::invalid_value(format!(
                    "{path} has one value, but an array was sent; send the value alone."
                ))),
            },
            single => Ok(single),
        }
    }

    fn sub_attributes(
        &mut self,
        path: &AttributePath,
        attribute: &Attribute,
        object: Map<String, Value>,
    ) -> Result<Map<String, Value>, Error> {
        let mut inner = Map::new();
        for (name, value) in object {
            let Some(sub) = attribute.sub_attribute(&name) else {
                let shown = format!("{path}.{}", name.chars().take(100).collect::<String>());
                self.unknown(&shown, Error::invalid_syntax)?;
                continue;
            };
            if sub.mutability == Mutability::ReadOnly {
                continue;
            }
            let path = path.clone().sub(sub.name.as_str());
            if inner.contains_key(&sub.name) {
                return Err(twice(&path.to_string()));
            }
            if let Some(value) = self.attribute(&path, sub, value)? {
                inner.insert(sub.name.clone(), value);
            }
        }
        Ok(inner)
    }

    /// Whether an empty string stands for no value.
    pub(in crate::scim) fn means_nothing(&self, text: &str) -> bool {
        text.is_empty() && self.dialect.allows(Leniency::EmptyStringRemoves)
    }

    /// A value without sub-attributes.
    fn simple(
        &self,
        path: &AttributePath,
        attribute: &Attribute,
        value: Value,
    ) -> Result<Option<Value>, Error> {
        match (attribute.kind, value) {
            (_, Value::Null) => Ok(None),
            (_, Value::String(text)) if self.means_nothing(&text) => Ok(None),
            (Kind::Boolean, Value::Bool(truth)) => Ok(Some(truth.into())),
            (Kind::Boolean, Value::String(text))
                if self.dialect.allows(Leniency::StringBoolean) =>
            {
                match text_as_boolean(&text) {
                    Some(truth) => Ok(Some(truth.into())),
                    None => Err(Error::invalid_value(format!(
                        "{path} must be true or false, but is {}; send one of these.",
                        quoted(&text)
                    ))),
                }
            }
            (Kind::Boolean, other) => Err(mismatch(path, "true or false", &other)),
            (Kind::Integer, Value::Number(number)) if number.is_i64() || number.is_u64() => {
                Ok(Some(Value::Number(number)))
            }
            (Kind::Integer, other) => Err(mismatch(path, "a whole number", &other)),
            (Kind::Decimal, Value::Number(number)) => Ok(Some(Value::Number(number))),
            (Kind::Decimal, other) => Err(mismatch(path, "a number", &other)),
            (kind, Value::String(text)) => {
                check_text(path, kind, &text)?;
                Ok(Some(Value::String(text)))
            }
            (_, other) => Err(mismatch(path, "a string", &other)),
        }
    }
}

/// The id at the end of a resource's address, relative or not (RFC 7643 §2.3.7).
pub(in crate::scim) fn id_in(address: &Value) -> Option<&str> {
    let path = address.as_str()?.split(['?', '#']).next()?;
    let id = path.trim_end_matches('/').rsplit('/').next()?;
    Some(id).filter(|id| !id.is_empty())
}

fn check_text(path: &AttributePath, kind: Kind, text: &str) -> Result<(), Error> {
    let most = if kind == Kind::Binary {
        MAX_BINARY
    } else {
        MAX_TEXT
    };
    if text.len() > most {
        return Err(Error::invalid_value(format!(
            "{path} is {} bytes long, the most is {most}; shorten it.",
            text.len()
        )));
    }
    if text.contains('\0') {
        return Err(Error::invalid_value(format!(
            "{path} contains a NUL character, which no directory stores; remove it."
        )));
    }
    let wanted = match kind {
        Kind::DateTime
            if text.parse::<jiff::Timestamp>().is_err()
                && text.parse::<jiff::civil::DateTime>().is_err() =>
        {
            "a time such as 2026-11-23T17:22:00Z"
        }
        Kind::Binary
            if !text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=\r\n".contains(&byte)) =>
        {
            "base64"
        }
        _ => return Ok(()),
    };
    Err(Error::invalid_value(format!(
        "{path} must be {wanted}, but is {}; correct the value.",
        quoted(text)
    )))
}

/// A value of the wrong JSON type.
pub(super) fn mismatch(path: &AttributePath, wanted: &str, found: &Value) -> Error {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    Error::invalid_value(format!(
        "{path} must be {wanted}, but {found} was sent; correct its type."
    ))
}

/// A reference in a collection that refers to nothing.
pub(in crate::scim) fn without_value(path: &AttributePath) -> Error {
    Error::invalid_value(format!(
        "{path} has an element without `value`; send the id of the resource it refers to."
    ))
}

/// Two keys that name the same attribute.
pub(super) fn twice(name: &str) -> Error {
    Error::invalid_syntax(format!(
        "The body names {} twice, in different case; names are the same in any case, so send it once.",
        quoted(name)
    ))
}
