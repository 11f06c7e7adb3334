//! From the file as written to the mapping as checked. Every contradiction is found here, once.

mod consistency;
mod line;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use crate::ldap::{AttributeName, DirectoryKind, Filter};
use crate::mapping::check::Check;
use crate::mapping::definition;
use crate::mapping::diagnostic::{Diagnostic, Source, suggestion};
use crate::mapping::file::{File, TypeFile};
use crate::mapping::line::TargetType;
use crate::mapping::program;
use crate::mapping::resource_mapping::{Group, ResourceMapping, WithoutPassword};
use crate::mapping::table::{At, Read, Table};
use crate::mapping::template::Templates;
use crate::mapping::version;

type Compiled = (String, DirectoryKind, Vec<ResourceMapping>);

pub(in crate::mapping) fn compile(
    source: &Source,
    file: File,
    has: &dyn Fn(&AttributeName) -> bool,
) -> Read<Compiled> {
    let kinds = DirectoryKind::ALL.map(DirectoryKind::name);
    let kind = DirectoryKind::parse(&file.directory.value)
        .ok_or_else(|| unknown(source, &file.directory, "kind of directory", &kinds))?;
    if file.types.is_empty() {
        return Err(source.fault(
            0..1,
            "a mapping needs at least one `[resource.NAME]`",
            "none in this file",
        ));
    }
    let targets: Vec<TargetType> = file
        .types
        .iter()
        .map(|of| TargetType {
            name: of.name.value.clone(),
            endpoint: of.endpoint.value.clone(),
        })
        .collect();
    let (mut names, mut endpoints) = (BTreeSet::new(), BTreeSet::new());
    for of in &file.types {
        Table::refuse_twice(
            source,
            &mut names,
            &of.name,
            "a resource type is defined once",
        )?;
        Table::refuse_twice(
            source,
            &mut endpoints,
            &of.endpoint,
            "an endpoint belongs to one resource type",
        )?;
    }
    let compiler = Compiler {
        source,
        kind,
        targets,
        has,
    };
    let types = file
        .types
        .into_iter()
        .map(|of| compiler.resource_type(of))
        .collect::<Read<Vec<_>>>()?;
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
                .fault(
                    &file.endpoint.span,
                    "`endpoint` must be a slash and letters",
                    "not an endpoint",
                )
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
        let lines = paths
            .iter()
            .map(|(path, line, codec)| self.line(&full, path, line, *codec))
            .collect::<Read<Vec<_>>>()?;
        self.refuse_shared_attributes(&file, &lines)?;
        self.refuse_second_members(&file, &lines)?;
        self.refuse_gaps(&file, &full, &lines)?;
        let stand_ins = file
            .derived
            .iter()
            .map(|of| self.attribute(&of.ldap))
            .collect::<Read<Vec<_>>>()?;
        let mut definition = definition::prune(full, &lines, &stand_ins);

        let mut templates = Templates::new(&definition);
        let derived = file
            .derived
            .iter()
            .map(|of| self.derived(&mut templates, of, &lines))
            .collect::<Read<Vec<_>>>()?;
        let constants = file
            .constants
            .iter()
            .map(|of| self.constant(of, &lines))
            .collect::<Read<Vec<_>>>()?;
        let rdn = self.rdn(&file, &lines, &derived)?;
        let filter = Filter::parse(&file.filter.value).map_err(|error| {
            self.fault(
                &file.filter.span,
                format!("`filter` is no LDAP filter: {error}"),
                "here",
            )
            .hint("such as `(objectClass=person)` (RFC 4515)")
        })?;
        let (collections, sections) = program::of(&definition, &lines);
        for collection in &collections {
            if let Some(attribute) = definition.attribute_mut(&collection.place) {
                attribute.holders = collection.groups.iter().map(Group::holder).collect();
            }
        }
        let (created, changed) = match self.kind {
            DirectoryKind::ActiveDirectory => ("whenCreated", "whenChanged"),
            DirectoryKind::OpenLdap | DirectoryKind::Ds389 => {
                ("createTimestamp", "modifyTimestamp")
            }
        };
        Ok(ResourceMapping {
            object_classes: file
                .object_classes
                .iter()
                .map(|class| class.value.clone())
                .collect(),
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
            versioned: version::plan(self.kind, &lines),
            definition,
            lines,
        })
    }

    fn without_password(&self, file: &TypeFile) -> Read<Option<WithoutPassword>> {
        let Some(text) = &file.without_password else {
            return Ok(None);
        };
        Ok(Some(match text.value.as_str() {
            "generate" => WithoutPassword::Generate,
            "disabled" => WithoutPassword::Disabled,
            "refuse" => WithoutPassword::Refuse,
            _ => {
                return Err(unknown(
                    self.source,
                    text,
                    "way to create accounts without a password",
                    &["generate", "disabled", "refuse"],
                ));
            }
        }))
    }

    fn attribute(&self, name: &At<String>) -> Read<AttributeName> {
        AttributeName::parse(&name.value).map_err(|error| {
            self.fault(
                &name.span,
                format!("`{}` is no LDAP attribute name: {error}", name.value),
                "this name",
            )
        })
    }

    fn length(&self, length: Option<&At<i64>>) -> Read<Option<usize>> {
        let Some(length) = length else {
            return Ok(None);
        };
        match usize::try_from(length.value) {
            Ok(most) if most > 0 => Ok(Some(most)),
            _ => Err(self.fault(
                &length.span,
                "`max_length` must be 1 or more",
                "not a length",
            )),
        }
    }

    fn check(&self, name: Option<&At<String>>) -> Read<Option<Check>> {
        let Some(name) = name else { return Ok(None) };
        Check::parse(&name.value)
            .map(Some)
            .ok_or_else(|| unknown(self.source, name, "check", &Check::NAMES))
    }

    fn fault(
        &self,
        span: &Range<usize>,
        rule: impl Into<String>,
        label: impl Into<String>,
    ) -> Box<Diagnostic> {
        self.source.fault(span.clone(), rule, label)
    }
}

fn unknown(source: &Source, text: &At<String>, what: &str, known: &[&str]) -> Box<Diagnostic> {
    source
        .fault(
            text.span.clone(),
            format!("`{}` is no {what}", text.value),
            "not known",
        )
        .hint(suggestion(&text.value, known.iter().copied()))
}
