//! Names of attributes: [`AttributePath`] in filters and projections, [`Path`] in PATCH.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::error::{Error, quoted};
use super::filter::Filter;

/// Longest attribute path that is read, in bytes; what stands in the brackets of a PATCH path is held to a filter's length.
const MAX_PATH: usize = 8 * 1024;

/// `[URN:]attribute[.sub]`, RFC 7644 §3.10. Equality ignores ASCII case, as RFC 7643 §2.1 asks.
///
/// A path in canonical form (see `Definition::canonical`) carries no schema for the core schema's and
/// the common attributes, and the extension's URN for an extension's.
///
/// Parsing knows no schemas, so a bare URN such as `urn:…:enterprise:2.0:User` reads as the schema
/// `urn:…:enterprise:2.0` with the attribute `User`; `Definition::whole_schema` tells the two apart.
/// When what follows the last colon cannot be an attribute, `attribute` is empty.
#[derive(Debug, Clone)]
pub struct AttributePath {
    /// The schema's URN as it was written.
    pub schema: Option<String>,
    /// The attribute's name.
    pub attribute: String,
    /// The sub-attribute's name.
    pub sub: Option<String>,
}

impl AttributePath {
    /// A core attribute.
    pub fn of(attribute: impl Into<String>) -> Self {
        AttributePath {
            schema: None,
            attribute: attribute.into(),
            sub: None,
        }
    }

    /// The same attribute in the schema of that URN.
    #[must_use]
    pub fn in_schema(mut self, urn: impl Into<String>) -> Self {
        self.schema = Some(urn.into());
        self
    }

    /// A sub-attribute of this attribute.
    #[must_use]
    #[expect(
        clippy::should_implement_trait,
        reason = "a sub-attribute; nobody subtracts paths"
    )]
    pub fn sub(mut self, sub: impl Into<String>) -> Self {
        self.sub = Some(sub.into());
        self
    }

    /// The attribute itself, without sub-attribute.
    pub fn whole(&self) -> Self {
        AttributePath {
            schema: self.schema.clone(),
            attribute: self.attribute.clone(),
            sub: None,
        }
    }

    /// Whether both name the same attribute, whatever the sub-attribute.
    pub fn same_attribute(&self, other: &AttributePath) -> bool {
        self.attribute.eq_ignore_ascii_case(&other.attribute)
            && same(self.schema.as_deref(), other.schema.as_deref())
    }

    /// Reads `[URN:]attribute[.sub]`. Fails with `invalidPath`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_PATH {
            return Err(Error::invalid_path(format!(
                "The attribute path {} is longer than {MAX_PATH} bytes; send a shorter one.",
                quoted(text)
            )));
        }
        let (schema, name) = match text.rsplit_once(':') {
            Some((schema, name)) => (Some(schema), name),
            None => (None, text),
        };
        if let Some(schema) = schema
            && !is_urn(text)
        {
            return Err(Error::invalid_path(format!(
                "The attribute path {} has {} before its last colon, which is not a schema URN; write `urn:…:attribute` or the attribute alone.",
                quoted(text),
                quoted(schema)
            )));
        }
        let (attribute, sub) = match name.split_once('.') {
            Some((attribute, sub)) => (attribute, Some(sub)),
            None => (name, None),
        };
        if is_name(attribute) && sub.is_none_or(is_name) {
            return Ok(AttributePath {
                schema: schema.map(str::to_owned),
                attribute: attribute.to_owned(),
                sub: sub.map(str::to_owned),
            });
        }
        // A URN may end in a version number, which is no attribute name: then it is the whole schema.
        if schema.is_some() && !name.is_empty() {
            return Ok(AttributePath::of("").in_schema(text));
        }
        Err(Error::invalid_path(format!(
            "{} is not an attribute path; it is an attribute name of letters, digits, `-` and `_`, optionally followed by `.` and a sub-attribute, optionally preceded by a schema URN and `:`.",
            quoted(text)
        )))
    }
}

fn is_urn(text: &str) -> bool {
    text.get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"[]()\"".contains(&byte))
}

/// RFC 7643 §2.1; `$ref` is the one name that begins with a dollar sign.
fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || (first == b'$' && text.len() > 1))
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn same(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        (None, None) => true,
        _ => false,
    }
}

impl PartialEq for AttributePath {
    fn eq(&self, other: &Self) -> bool {
        self.same_attribute(other) && same(self.sub.as_deref(), other.sub.as_deref())
    }
}

impl Eq for AttributePath {}

impl Hash for AttributePath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for part in [
            self.schema.as_deref(),
            Some(&*self.attribute),
            self.sub.as_deref(),
        ] {
            part.is_some().hash(state);
            for byte in part.unwrap_or_default().bytes() {
                state.write_u8(byte.to_ascii_lowercase());
            }
        }
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            f.write_str(schema)?;
            if self.attribute.is_empty() {
                return Ok(());
            }
            f.write_str(":")?;
        }
        f.write_str(&self.attribute)?;
        if let Some(sub) = &self.sub {
            write!(f, ".{sub}")?;
        }
        Ok(())
    }
}

/// The `path` of a PATCH operation, RFC 7644 §3.5.2: `[URN:]attribute[\[filter\]][.sub]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// The schema's URN as it was written; none in canonical form for core attributes.
    pub schema: Option<String>,
    /// The attribute's name.
    pub attribute: String,
    /// Selects elements of a multi-valued attribute; its paths name sub-attributes.
    pub filter: Option<Filter>,
    /// The sub-attribute's name.
    pub sub: Option<String>,
}

impl Path {
    /// Reads a PATCH path. Fails with `invalidPath`, or `invalidFilter` inside the brackets.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if !text.contains('[') {
            return Ok(AttributePath::parse(text)?.into());
        }
        super::filter::parse_path(text)
    }

    /// The attribute and sub-attribute, without the filter.
    pub fn attribute_path(&self) -> AttributePath {
        AttributePath {
            schema: self.schema.clone(),
            attribute: self.attribute.clone(),
            sub: self.sub.clone(),
        }
    }
}

impl From<AttributePath> for Path {
    fn from(path: AttributePath) -> Self {
        Path {
            schema: path.schema,
            attribute: path.attribute,
            filter: None,
            sub: path.sub,
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            f.write_str(schema)?;
            if self.attribute.is_empty() {
                return Ok(());
            }
            f.write_str(":")?;
        }
        f.write_str(&self.attribute)?;
        if let Some(filter) = &self.filter {
            write!(f, "[{filter}]")?;
        }
        if let Some(sub) = &self.sub {
            write!(f, ".{sub}")?;
        }
        Ok(())
    }
}
