//! One line: its path, codec, direction and what belongs to them.

use serde_json::Value;

use super::{Compiler, unknown};
use crate::mapping::codec::Codec;
use crate::mapping::definition;
use crate::mapping::diagnostic::suggestion;
use crate::mapping::file::{LineFile, TypeFile};
use crate::mapping::line::{Direction, Line, Shape, Unique};
use crate::mapping::table::Read;
use crate::scim::schema::{Attribute, Kind, Mutability};
use crate::scim::{AttributePath, Definition, Path};

impl Compiler<'_> {
    pub(super) fn path(&self, file: &TypeFile, line: &LineFile) -> Read<Path> {
        let mut path = Path::parse(&line.path.value).map_err(|error| {
            self.fault(&line.path.span, format!("`{}` is no SCIM path: {}", line.path.value, error.detail), "not a path")
                .hint("such as `name.givenName`, `emails[type eq \"work\"].value` or `urn:…:User:department`")
        })?;
        let Some(urn) = &path.schema else {
            return Ok(path);
        };
        if urn.eq_ignore_ascii_case(&file.schema.value) {
            path.schema = None;
        } else if !file
            .extensions
            .iter()
            .any(|extension| extension.value.eq_ignore_ascii_case(urn))
        {
            let known: Vec<&str> = file
                .extensions
                .iter()
                .map(|extension| extension.value.as_str())
                .collect();
            return Err(self
                .fault(
                    &line.path.span,
                    format!(
                        "`{urn}` is not among the `extensions` of {}",
                        file.name.value
                    ),
                    "unknown schema",
                )
                .hint(if known.is_empty() {
                    format!("add `extensions = [\"{urn}\"]`")
                } else {
                    suggestion(urn, known)
                }));
        }
        Ok(path)
    }

    pub(super) fn codec(&self, line: &LineFile) -> Read<Codec> {
        let codec = match &line.codec {
            None => Codec::String,
            Some(name) => Codec::parse(&name.value)
                .ok_or_else(|| unknown(self.source, name, "codec", &Codec::NAMES))?,
        };
        match (codec, &line.bit) {
            (Codec::Flag { .. }, Some(bit)) => match u32::try_from(bit.value) {
                Ok(value) if value.is_power_of_two() => Ok(Codec::Flag {
                    bit: value,
                    inverted: line.inverted,
                }),
                _ => Err(self
                    .fault(
                        &bit.span,
                        "`bit` must be the value of one bit of 32",
                        "not one bit",
                    )
                    .hint("such as 2, which is ACCOUNTDISABLE in userAccountControl")),
            },
            (Codec::Flag { .. }, None) => Err(self
                .fault(
                    &line.span,
                    "the codec `flag` needs `bit`",
                    "no bit is named",
                )
                .hint("add `bit = 2`")),
            (_, Some(bit)) => Err(self.fault(
                &bit.span,
                "`bit` belongs to the codec `flag`",
                "this line has another codec",
            )),
            (codec, None) => Ok(codec),
        }
    }

    pub(super) fn line(
        &self,
        definition: &Definition,
        path: &Path,
        file: &LineFile,
        codec: Codec,
    ) -> Read<Line> {
        let (place, shape) = self.shape(definition, path, file, codec)?;
        let direction = self.direction(definition, path, file, codec)?;
        let unique = match &file.unique {
            None => None,
            Some(text) => match text.value.as_str() {
                "directory" => Some(Unique::Directory),
                "bridge" => Some(Unique::Bridge),
                _ => {
                    return Err(unknown(
                        self.source,
                        text,
                        "kind of `unique`",
                        &["directory", "bridge"],
                    ));
                }
            },
        };
        if codec != Codec::Password {
            self.refuse_password(&file.ldap)?;
        }
        let mut targets = Vec::new();
        for to in &file.to {
            let target = self
                .targets
                .iter()
                .find(|target| target.name == to.value)
                .ok_or_else(|| {
                    let names: Vec<&str> = self
                        .targets
                        .iter()
                        .map(|target| target.name.as_str())
                        .collect();
                    unknown(self.source, to, "resource type of this file", &names)
                })?;
            targets.push(target.clone());
        }
        if (codec == Codec::Reference) == targets.is_empty() {
            return Err(self
                .fault(
                    &file.span,
                    "`to` and the codec `reference` belong together",
                    "only one of them is here",
                )
                .hint("such as `codec = \"reference\", to = [\"User\"]`"));
        }
        let base = file
            .base
            .as_ref()
            .map(|base| match (codec, u32::try_from(base.value)) {
                (Codec::Flag { .. }, Ok(value)) => Ok(value),
                _ => Err(self.fault(
                    &base.span,
                    "`base` is the number that flags are set in, of a line with the codec `flag`",
                    "not here",
                )),
            });
        Ok(Line {
            path: file.path.value.clone(),
            ldap: self.attribute(&file.ldap)?,
            codec,
            direction,
            required: file.required,
            unique,
            optional: file.optional,
            line_number: self.source.line_of(file.span.start),
            place,
            shape,
            default: self.default(file, codec)?,
            constant: file.constant.as_ref().map(|text| text.value.clone()),
            targets,
            base: base.transpose()?,
            primary: file.primary,
            equality: file.equality,
            substring: file.substring,
            max_length: self.length(file.max_length.as_ref())?,
            check: self.check(file.check.as_ref())?,
            object_class: file.object_class.as_ref().map(|text| text.value.clone()),
            description: file.description.as_ref().map(|text| text.value.clone()),
            values: file.values.iter().map(|text| text.value.clone()).collect(),
            case_exact: file.case_exact,
        })
    }

    fn shape(
        &self,
        definition: &Definition,
        path: &Path,
        file: &LineFile,
        codec: Codec,
    ) -> Read<(AttributePath, Shape)> {
        let refuse = |rule: String, hint: String| {
            Err(self.fault(&file.path.span, rule, "this path").hint(hint))
        };
        let of = path
            .schema
            .as_deref()
            .unwrap_or(&definition.core.id)
            .to_owned();
        if path.schema.is_none()
            && ["id", "meta", "schemas"]
                .iter()
                .any(|name| path.attribute.eq_ignore_ascii_case(name))
        {
            return refuse(
                format!(
                    "`{}` is the bridge's own; it cannot be mapped",
                    path.attribute
                ),
                "remove this line".into(),
            );
        }
        let Some(resolved) = definition.lookup(&path.attribute_path()) else {
            let names = names_of(definition, path);
            let typed = path.sub.as_ref().map_or(path.attribute.clone(), |sub| {
                format!("{}.{sub}", path.attribute)
            });
            let hint = suggestion(&typed, names.iter().map(String::as_str));
            return refuse(format!("`{typed}` is no attribute of {of}"), hint);
        };
        let (attribute, place) = (resolved.attribute, resolved.path());
        if codec == Codec::Reference {
            if !attribute.is_resource_reference()
                || path.filter.is_some()
                || resolved.sub.is_some_and(|sub| sub.name != "value")
            {
                return refuse(
                    format!("`{}` holds no references to other resources", path.attribute),
                    "the codec `reference` is for attributes such as `manager`, `members` and `groups`".into(),
                );
            }
            let shape = if attribute.multi_valued {
                Shape::References
            } else {
                Shape::Reference
            };
            return Ok((place.whole(), shape));
        }
        let leaf = resolved.leaf();
        if leaf.kind == Kind::Complex {
            let subs: Vec<String> = attribute
                .sub_attributes
                .iter()
                .map(|sub| format!("`{}`", sub.name))
                .collect();
            return refuse(
                format!(
                    "`{}` has sub-attributes; a line maps one of them",
                    path.attribute
                ),
                format!("sub-attributes are {}", subs.join(", ")),
            );
        }
        if !definition::fits(codec, leaf.kind) {
            let name = file
                .codec
                .as_ref()
                .map_or("string", |name| name.value.as_str());
            return refuse(
                format!(
                    "the codec `{name}` gives no values of the type `{}`, which `{}` has",
                    leaf.kind.name(),
                    leaf.name
                ),
                "name another `codec`".into(),
            );
        }
        let has_elements = attribute.kind == Kind::Complex && attribute.multi_valued;
        if path.filter.is_some() && !has_elements {
            return refuse(
                format!("`{}` has no elements to select from", path.attribute),
                "remove the brackets".into(),
            );
        }
        let terms = self.terms(attribute, path, file)?;
        let many = file
            .many
            .unwrap_or(attribute.multi_valued && path.filter.is_none());
        match (has_elements, attribute.multi_valued, many) {
            (true, _, _) => Ok((place, Shape::Element { terms, many })),
            (false, true, true) => Ok((place, Shape::Values)),
            (false, true, false) => refuse(
                format!("`{}` is a list", path.attribute),
                "remove `many = false`".into(),
            ),
            (false, false, true) => refuse(
                format!("`{}` has one value only", path.attribute),
                "remove `many`".into(),
            ),
            (false, false, false) => Ok((place, Shape::Single)),
        }
    }

    fn terms(
        &self,
        attribute: &Attribute,
        path: &Path,
        file: &LineFile,
    ) -> Read<Vec<(String, Value)>> {
        let Some(filter) = &path.filter else {
            return Ok(Vec::new());
        };
        let Some(equalities) = filter.equalities() else {
            return Err(self
                .fault(
                    &file.path.span,
                    "the brackets of a mapped path may hold `eq` and `and` only",
                    "this filter",
                )
                .hint("such as `emails[type eq \"work\"].value`"));
        };
        let mut terms = Vec::new();
        for (term, literal) in equalities {
            match attribute.sub_attribute(&term.attribute) {
                Some(sub) if path.sub.as_ref() != Some(&sub.name) => {
                    terms.push((sub.name.clone(), literal.to_value()))
                }
                _ => {
                    let names: Vec<&str> = attribute
                        .sub_attributes
                        .iter()
                        .map(|sub| sub.name.as_str())
                        .collect();
                    return Err(self
                        .fault(
                            &file.path.span,
                            format!(
                                "`{}` cannot select elements of `{}` here",
                                term.attribute, attribute.name
                            ),
                            "this filter",
                        )
                        .hint(suggestion(&term.attribute, names)));
                }
            }
        }
        Ok(terms)
    }

    fn direction(
        &self,
        definition: &Definition,
        path: &Path,
        file: &LineFile,
        codec: Codec,
    ) -> Read<Direction> {
        let direction = match file
            .direction
            .as_ref()
            .map(|text| (text, text.value.as_str()))
        {
            None | Some((_, "both")) => Direction::Both,
            Some((_, "read")) => Direction::Read,
            Some((_, "write")) => Direction::Write,
            Some((text, _)) => {
                return Err(unknown(
                    self.source,
                    text,
                    "direction",
                    &["both", "read", "write"],
                ));
            }
        };
        if codec == Codec::Password && direction != Direction::Write {
            return Err(self
                .fault(
                    &file.span,
                    "a password is never read",
                    "this line would read it",
                )
                .hint("add `direction = \"write\"`"));
        }
        let read_only = definition
            .lookup(&path.attribute_path())
            .is_some_and(|resolved| resolved.attribute.mutability == Mutability::ReadOnly);
        if read_only && direction != Direction::Read {
            return Err(self
                .fault(
                    &file.span,
                    format!("`{}` is read-only in SCIM", path.attribute),
                    "this line would write it",
                )
                .hint("add `direction = \"read\"`"));
        }
        Ok(direction)
    }

    fn default(&self, file: &LineFile, codec: Codec) -> Read<Option<Value>> {
        let Some(default) = &file.default else {
            return Ok(None);
        };
        let fits = match codec {
            Codec::Flag { .. } | Codec::Locked(_) => default.value.is_boolean(),
            Codec::Reference | Codec::Password => false,
            codec => codec.encode(self.kind, &default.value).is_ok(),
        };
        if fits {
            return Ok(Some(default.value.clone()));
        }
        Err(self.fault(
            &default.span,
            "the `default` is no value that this line can write",
            "does not fit the codec",
        ))
    }
}

/// The paths of a schema, for a suggestion.
fn names_of(definition: &Definition, path: &Path) -> Vec<String> {
    let schema = match &path.schema {
        None => Some(&definition.core),
        Some(urn) => definition.extension(urn),
    };
    let mut names = Vec::new();
    for attribute in schema.iter().flat_map(|schema| &schema.attributes) {
        names.push(attribute.name.clone());
        if path.sub.is_some() {
            names.extend(
                attribute
                    .sub_attributes
                    .iter()
                    .map(|sub| format!("{}.{}", attribute.name, sub.name)),
            );
        }
    }
    names
}
