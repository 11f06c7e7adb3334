//! From the file as written to the mapping as checked. Every contradiction is found here, once.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::check::Check;
use super::codec::Codec;
use super::definition;
use super::derived::Derived;
use super::diagnostic::{Diagnostic, Source, suggestion};
use super::file::{DerivedFile, File, LineFile, TypeFile};
use super::line::{Direction, Line, Shape, TargetType, Unique};
use super::program;
use super::resource_mapping::{ResourceMapping, WithoutPassword};
use super::table::{At, Read, Table};
use super::template::Templates;
use crate::ldap::{AttributeName, DirectoryKind, Filter};
use crate::scim::schema::{Attribute, Kind, Mutability};
use crate::scim::{Definition, Path};

type Compiled = (String, DirectoryKind, Vec<ResourceMapping>);

pub(super) fn compile(source: &Source, file: File, has: &dyn Fn(&AttributeName) -> bool) -> Read<Compiled> {
    let kinds = DirectoryKind::ALL.map(DirectoryKind::name);
    let kind = DirectoryKind::parse(&file.directory.value).ok_or_else(|| unknown(source, &file.directory, "kind of directory", &kinds))?;
    if file.types.is_empty() {
        return Err(source.fault(0..1, "a mapping needs at least one `[resource.NAME]`", "none in this file"));
    }
    let targets: Vec<TargetType> = file
        .types
        .iter()
        .map(|of| TargetType { name: of.name.value.clone(), endpoint: of.endpoint.value.clone() })
        .collect();
    let (mut names, mut endpoints) = (BTreeSet::new(), BTreeSet::new());
    for of in &file.types {
        Table::refuse_twice(source, &mut names, &of.name, "a resource type is defined once")?;
        Table::refuse_twice(source, &mut endpoints, &of.endpoint, "an endpoint belongs to one resource type")?;
    }
    let compiler = Compiler { source, kind, targets, has };
    let types = file.types.into_iter().map(|of| compiler.resource_type(of)).collect::<Read<Vec<_>>>()?;
    Ok((file.name.value, kind, types))
}

struct Compiler<'a> {
    source: &'a Source,
    kind: DirectoryKind,
    targets: Vec<TargetType>,
    has: &'a dyn Fn(&AttributeName) -> bool,
}

impl Compiler<'_> {
    fn resource_type(&self, mut file: TypeFile) -> Read<ResourceMapping> {
        let name = file.endpoint.value.strip_prefix('/').unwrap_or_default();
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(self
                .fault(&file.endpoint.span, "`endpoint` must be a slash and letters", "not an endpoint")
                .hint("such as `/Users`"));
        }
        let mut dropped = Vec::new();
        for line in &file.lines {
            dropped.push(line.optional && !(self.has)(&self.attribute(&line.ldap)?));
        }
        let mut dropped = dropped.into_iter();
        file.lines.retain(|_| !dropped.next().unwrap_or(false));

        let mut paths = Vec::with_capacity(file.lines.len());
        for line in &file.lines {
            paths.push((self.path(&file, line)?, line, self.codec(line)?));
        }
        let full = definition::full(self.source, &file, &paths)?;
        let lines = paths.iter().map(|(path, line, codec)| self.line(&full, path, line, *codec)).collect::<Read<Vec<_>>>()?;
        self.refuse_shared_attributes(&file, &lines)?;
        self.refuse_gaps(&file, &full, &lines)?;
        let definition = definition::prune(full, &lines);

        let mut templates = Templates::new(&definition);
        let derived = file
            .derived
            .iter()
            .map(|of| self.derived(&mut templates, of, &lines))
            .collect::<Read<Vec<_>>>()?;
        let constants = file.constants.iter().map(|of| self.constant(of, &lines)).collect::<Read<Vec<_>>>()?;
        let rdn = self.rdn(&file, &lines, &derived)?;
        let filter = Filter::parse(&file.filter.value).map_err(|error| {
            self.fault(&file.filter.span, format!("`filter` is no LDAP filter: {error}"), "here")
                .hint("such as `(objectClass=person)` (RFC 4515)")
        })?;
        let (collections, sections) = program::of(&definition, &lines);
        let (created, changed) = match self.kind {
            DirectoryKind::ActiveDirectory => ("whenCreated", "whenChanged"),
            DirectoryKind::OpenLdap | DirectoryKind::Ds389 => ("createTimestamp", "modifyTimestamp"),
        };
        Ok(ResourceMapping {
            object_classes: file.object_classes.iter().map(|class| class.value.clone()).collect(),
            without_password: self.without_password(&file)?,
            filter,
            rdn,
            kind: self.kind,
            collections,
            sections,
            derived,
            constants,
            templates: Arc::new(templates),
            created: AttributeName::known(created),
            changed: AttributeName::known(changed),
            definition,
            lines,
        })
    }

    fn path(&self, file: &TypeFile, line: &LineFile) -> Read<Path> {
        let mut path = Path::parse(&line.path.value).map_err(|error| {
            self.fault(&line.path.span, format!("`{}` is no SCIM path: {}", line.path.value, error.detail), "not a path")
                .hint("such as `name.givenName`, `emails[type eq \"work\"].value` or `urn:…:User:department`")
        })?;
        let Some(urn) = &path.schema else { return Ok(path) };
        if urn.eq_ignore_ascii_case(&file.schema.value) {
            path.schema = None;
        } else if !file.extensions.iter().any(|extension| extension.value.eq_ignore_ascii_case(urn)) {
            let known: Vec<&str> = file.extensions.iter().map(|extension| extension.value.as_str()).collect();
            return Err(self
                .fault(&line.path.span, format!("`{urn}` is not among the `extensions` of {}", file.name.value), "unknown schema")
                .hint(if known.is_empty() { format!("add `extensions = [\"{urn}\"]`") } else { suggestion(urn, known) }));
        }
        Ok(path)
    }

    fn codec(&self, line: &LineFile) -> Read<Codec> {
        let codec = match &line.codec {
            None => Codec::String,
            Some(name) => Codec::parse(&name.value).ok_or_else(|| unknown(self.source, name, "codec", &Codec::NAMES))?,
        };
        match (codec, &line.bit) {
            (Codec::Flag { .. }, Some(bit)) => match u32::try_from(bit.value) {
                Ok(value) if value.is_power_of_two() => Ok(Codec::Flag { bit: value, inverted: line.inverted }),
                _ => Err(self
                    .fault(&bit.span, "`bit` must be the value of one bit of 32", "not one bit")
                    .hint("such as 2, which is ACCOUNTDISABLE in userAccountControl")),
            },
            (Codec::Flag { .. }, None) => {
                Err(self.fault(&line.span, "the codec `flag` needs `bit`", "no bit is named").hint("add `bit = 2`"))
            }
            (_, Some(bit)) => Err(self.fault(&bit.span, "`bit` belongs to the codec `flag`", "this line has another codec")),
            (codec, None) => Ok(codec),
        }
    }

    fn line(&self, definition: &Definition, path: &Path, file: &LineFile, codec: Codec) -> Read<Line> {
        let (place, shape) = self.shape(definition, path, file, codec)?;
        let direction = self.direction(definition, path, file, codec)?;
        let unique = match &file.unique {
            None => None,
            Some(text) => match text.value.as_str() {
                "directory" => Some(Unique::Directory),
                "bridge" => Some(Unique::Bridge),
                _ => return Err(unknown(self.source, text, "kind of `unique`", &["directory", "bridge"])),
            },
        };
        let mut targets = Vec::new();
        for to in &file.to {
            let target = self.targets.iter().find(|target| target.name == to.value).ok_or_else(|| {
                let names: Vec<&str> = self.targets.iter().map(|target| target.name.as_str()).collect();
                unknown(self.source, to, "resource type of this file", &names)
            })?;
            targets.push(target.clone());
        }
        if (codec == Codec::Reference) == targets.is_empty() {
            return Err(self
                .fault(&file.span, "`to` and the codec `reference` belong together", "only one of them is here")
                .hint("such as `codec = \"reference\", to = [\"User\"]`"));
        }
        let base = file.base.as_ref().map(|base| match (codec, u32::try_from(base.value)) {
            (Codec::Flag { .. }, Ok(value)) => Ok(value),
            _ => Err(self.fault(&base.span, "`base` is the number that flags are set in, of a line with the codec `flag`", "not here")),
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
            max_length: self.length(file.max_length.as_ref())?,
            check: self.check(file.check.as_ref())?,
            object_class: file.object_class.as_ref().map(|text| text.value.clone()),
        })
    }

    fn shape(
        &self,
        definition: &Definition,
        path: &Path,
        file: &LineFile,
        codec: Codec,
    ) -> Read<(crate::scim::AttributePath, Shape)> {
        let refuse = |rule: String, hint: String| Err(self.fault(&file.path.span, rule, "this path").hint(hint));
        let of = path.schema.as_deref().unwrap_or(&definition.core.id).to_owned();
        if path.schema.is_none() && ["id", "meta", "schemas"].iter().any(|name| path.attribute.eq_ignore_ascii_case(name)) {
            return refuse(format!("`{}` is the bridge's own; it cannot be mapped", path.attribute), "remove this line".into());
        }
        let Some(resolved) = definition.lookup(&path.attribute_path()) else {
            let names = names_of(definition, path);
            let typed = path.sub.as_ref().map_or(path.attribute.clone(), |sub| format!("{}.{sub}", path.attribute));
            let hint = suggestion(&typed, names.iter().map(String::as_str));
            return refuse(format!("`{typed}` is no attribute of {of}"), hint);
        };
        let (attribute, place) = (resolved.attribute, resolved.path());
        if codec == Codec::Reference {
            if !attribute.is_resource_reference() || path.filter.is_some() || resolved.sub.is_some_and(|sub| sub.name != "value") {
                return refuse(
                    format!("`{}` holds no references to other resources", path.attribute),
                    "the codec `reference` is for attributes such as `manager`, `members` and `groups`".into(),
                );
            }
            let shape = if attribute.multi_valued { Shape::References } else { Shape::Reference };
            return Ok((place.whole(), shape));
        }
        let leaf = resolved.leaf();
        if leaf.kind == Kind::Complex {
            let subs: Vec<String> = attribute.sub_attributes.iter().map(|sub| format!("`{}`", sub.name)).collect();
            return refuse(
                format!("`{}` has sub-attributes; a line maps one of them", path.attribute),
                format!("sub-attributes are {}", subs.join(", ")),
            );
        }
        if !definition::fits(codec, leaf.kind) {
            let name = file.codec.as_ref().map_or("string", |name| name.value.as_str());
            return refuse(
                format!("the codec `{name}` gives no values of the type `{}`, which `{}` has", leaf.kind.name(), leaf.name),
                "name another `codec`".into(),
            );
        }
        let terms = self.terms(attribute, path, file)?;
        let many = file.many.unwrap_or(attribute.multi_valued && path.filter.is_none());
        match (attribute.kind == Kind::Complex, attribute.multi_valued) {
            (true, true) => Ok((place, Shape::Element { terms, many })),
            (false, true) if many => Ok((place, Shape::Values)),
            (_, _) if many => refuse(format!("`{}` has one value only", path.attribute), "remove `many`".into()),
            (_, _) if path.filter.is_some() => {
                refuse(format!("`{}` has no elements to select from", path.attribute), "remove the brackets".into())
            }
            (false, true) => refuse(format!("`{}` is a list", path.attribute), "remove `many = false`".into()),
            (_, false) => Ok((place, Shape::Single)),
        }
    }

    fn terms(&self, attribute: &Attribute, path: &Path, file: &LineFile) -> Read<Vec<(String, Value)>> {
        let Some(filter) = &path.filter else { return Ok(Vec::new()) };
        let Some(equalities) = filter.equalities() else {
            return Err(self
                .fault(&file.path.span, "the brackets of a mapped path may hold `eq` and `and` only", "this filter")
                .hint("such as `emails[type eq \"work\"].value`"));
        };
        let mut terms = Vec::new();
        for (term, literal) in equalities {
            match attribute.sub_attribute(&term.attribute) {
                Some(sub) if path.sub.as_ref() != Some(&sub.name) => terms.push((sub.name.clone(), literal.to_value())),
                _ => {
                    let names: Vec<&str> = attribute.sub_attributes.iter().map(|sub| sub.name.as_str()).collect();
                    return Err(self
                        .fault(&file.path.span, format!("`{}` cannot select elements of `{}` here", term.attribute, attribute.name), "this filter")
                        .hint(suggestion(&term.attribute, names)));
                }
            }
        }
        Ok(terms)
    }

    fn direction(&self, definition: &Definition, path: &Path, file: &LineFile, codec: Codec) -> Read<Direction> {
        let direction = match file.direction.as_ref().map(|text| (text, text.value.as_str())) {
            None | Some((_, "both")) => Direction::Both,
            Some((_, "read")) => Direction::Read,
            Some((_, "write")) => Direction::Write,
            Some((text, _)) => return Err(unknown(self.source, text, "direction", &["both", "read", "write"])),
        };
        if codec == Codec::Password && direction != Direction::Write {
            return Err(self
                .fault(&file.span, "a password is never read", "this line would read it")
                .hint("add `direction = \"write\"`"));
        }
        let read_only = definition
            .lookup(&path.attribute_path())
            .is_some_and(|resolved| resolved.attribute.mutability == Mutability::ReadOnly);
        if read_only && direction != Direction::Read {
            return Err(self
                .fault(&file.span, format!("`{}` is read-only in SCIM", path.attribute), "this line would write it")
                .hint("add `direction = \"read\"`"));
        }
        Ok(direction)
    }

    fn default(&self, file: &LineFile, codec: Codec) -> Read<Option<Value>> {
        let Some(default) = &file.default else { return Ok(None) };
        let fits = match codec {
            Codec::Flag { .. } | Codec::LockedTime => default.value.is_boolean(),
            Codec::Reference | Codec::Password => false,
            codec => codec.encode(self.kind, &default.value).is_ok(),
        };
        if fits {
            return Ok(Some(default.value.clone()));
        }
        Err(self.fault(&default.span, "the `default` is no value that this line can write", "does not fit the codec"))
    }

    fn derived(&self, templates: &mut Templates, file: &DerivedFile, lines: &[Line]) -> Read<Derived> {
        let ldap = self.attribute(&file.ldap)?;
        let line = lines.iter().find(|line| line.ldap == ldap && line.is_written());
        if let Some(line) = line {
            if line.shape != Shape::Single {
                return Err(self.fault(&file.ldap.span, format!("`{ldap}` is written by the line `{}`, which a template cannot stand in for", line.path), "this attribute"));
            }
            if let Some(follow) = file.follow.as_ref().filter(|follow| follow.value) {
                return Err(self
                    .fault(&follow.span, format!("`{ldap}` is written by the line `{}`; its template stands in when the line has no value and cannot follow", line.path), "this setting")
                    .hint("remove `follow`"));
            }
        }
        let compiled = file.candidates.iter().map(|text| templates.add(self.source, text)).collect::<Read<Vec<_>>>()?;
        Ok(Derived {
            ldap,
            templates: compiled,
            follow: file.follow.as_ref().is_some_and(|follow| follow.value),
            fallback: line.is_some(),
            max_length: self.length(file.max_length.as_ref())?,
            check: self.check(file.check.as_ref())?,
            line_number: self.source.line_of(file.ldap.span.start),
        })
    }

    fn constant(&self, (name, values): &(At<String>, Vec<At<String>>), lines: &[Line]) -> Read<(AttributeName, Vec<Vec<u8>>)> {
        let ldap = self.attribute(name)?;
        if let Some(line) = lines.iter().find(|line| line.ldap == ldap && line.is_written()) {
            return Err(self.fault(&name.span, format!("`{ldap}` is written by the line `{}` already", line.path), "a second time here"));
        }
        Ok((ldap, values.iter().map(|value| value.value.clone().into_bytes()).collect()))
    }

    fn rdn(&self, file: &TypeFile, lines: &[Line], derived: &[Derived]) -> Read<AttributeName> {
        let rdn = self.attribute(&file.rdn)?;
        let by_line = lines.iter().any(|line| line.ldap == rdn && line.is_written() && line.shape == Shape::Single && line.codec == Codec::String);
        if by_line || derived.iter().any(|derived| derived.ldap == rdn) {
            return Ok(rdn);
        }
        Err(self
            .fault(&file.rdn.span, format!("nothing gives `{rdn}` a value, so that entries could not be named"), "the naming attribute")
            .hint("map a SCIM attribute to it, or derive it under `[resource.….derived]`"))
    }

    /// Two lines that write one attribute would undo each other. Bits of one number are different things.
    fn refuse_shared_attributes(&self, file: &TypeFile, lines: &[Line]) -> Read<()> {
        for (index, line) in lines.iter().enumerate().filter(|(_, line)| line.is_written()) {
            let other = lines.iter().take(index).find(|other| other.is_written() && other.ldap == line.ldap);
            let Some(other) = other else { continue };
            let bits = match (line.codec, other.codec) {
                (Codec::Flag { bit: one, .. }, Codec::Flag { bit: two, .. }) => one != two,
                _ => false,
            };
            let span = file.lines.get(index).map_or(0..1, |line| line.ldap.span.clone());
            if !bits {
                return Err(self
                    .fault(&span, format!("`{}` is written by the line `{}` too", line.ldap, other.path), "a second time here")
                    .hint("map one of them to another attribute, or add `direction = \"read\"`"));
            }
        }
        Ok(())
    }

    /// An attribute that SCIM requires must be mapped.
    fn refuse_gaps(&self, file: &TypeFile, definition: &Definition, lines: &[Line]) -> Read<()> {
        for attribute in definition.core.attributes.iter().filter(|attribute| attribute.required) {
            if !lines.iter().any(|line| line.place.schema.is_none() && line.place.attribute == attribute.name && line.is_read()) {
                return Err(self
                    .fault(&file.schema.span, format!("`{}` is required by this schema and has no line", attribute.name), "this schema")
                    .hint(format!("add a line `{} = \"…\"`", attribute.name)));
            }
        }
        Ok(())
    }

    fn without_password(&self, file: &TypeFile) -> Read<Option<WithoutPassword>> {
        let Some(text) = &file.without_password else { return Ok(None) };
        Ok(Some(match text.value.as_str() {
            "generate" => WithoutPassword::Generate,
            "disabled" => WithoutPassword::Disabled,
            "refuse" => WithoutPassword::Refuse,
            _ => return Err(unknown(self.source, text, "way to create accounts without a password", &["generate", "disabled", "refuse"])),
        }))
    }

    fn attribute(&self, name: &At<String>) -> Read<AttributeName> {
        AttributeName::parse(&name.value).map_err(|error| {
            self.fault(&name.span, format!("`{}` is no LDAP attribute name: {error}", name.value), "this name")
        })
    }

    fn length(&self, length: Option<&At<i64>>) -> Read<Option<usize>> {
        let Some(length) = length else { return Ok(None) };
        match usize::try_from(length.value) {
            Ok(most) if most > 0 => Ok(Some(most)),
            _ => Err(self.fault(&length.span, "`max_length` must be 1 or more", "not a length")),
        }
    }

    fn check(&self, name: Option<&At<String>>) -> Read<Option<Check>> {
        let Some(name) = name else { return Ok(None) };
        Check::parse(&name.value).map(Some).ok_or_else(|| unknown(self.source, name, "check", &Check::NAMES))
    }

    fn fault(&self, span: &Range<usize>, rule: impl Into<String>, label: impl Into<String>) -> Box<Diagnostic> {
        self.source.fault(span.clone(), rule, label)
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
            names.extend(attribute.sub_attributes.iter().map(|sub| format!("{}.{}", attribute.name, sub.name)));
        }
    }
    names
}

fn unknown(source: &Source, text: &At<String>, what: &str, known: &[&str]) -> Box<Diagnostic> {
    source
        .fault(text.span.clone(), format!("`{}` is no {what}", text.value), "not known")
        .hint(suggestion(&text.value, known.iter().copied()))
}
