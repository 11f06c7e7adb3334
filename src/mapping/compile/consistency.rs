//! What must hold between lines, templates and constants.

use super::Compiler;
use crate::ldap::AttributeName;
use crate::mapping::codec::Codec;
use crate::mapping::derived::Derived;
use crate::mapping::file::{DerivedFile, TypeFile};
use crate::mapping::line::{Line, Shape};
use crate::mapping::table::{At, Read};
use crate::mapping::template::Templates;
use crate::scim::Definition;

/// The attributes that hold passwords, by name and OID.
const PASSWORDS: [&str; 4] = [
    "userPassword",
    "2.5.4.35",
    "unicodePwd",
    "1.2.840.113556.1.4.90",
];

impl Compiler<'_> {
    /// Whatever else reads or writes a password would show it: in answers, in plans, in the log.
    pub(super) fn refuse_password(&self, name: &At<String>) -> Read<()> {
        let ldap = self.attribute(name)?;
        if !PASSWORDS.iter().any(|password| ldap.is(password)) {
            return Ok(());
        }
        Err(self
            .fault(
                &name.span,
                format!("`{ldap}` holds passwords, which only the codec `password` keeps secret"),
                "this attribute",
            )
            .hint("map it as `password`, with `codec = \"password\", direction = \"write\"`"))
    }

    pub(super) fn derived(
        &self,
        templates: &mut Templates,
        file: &DerivedFile,
        lines: &[Line],
    ) -> Read<Derived> {
        let ldap = self.attribute(&file.ldap)?;
        self.refuse_password(&file.ldap)?;
        let line = lines
            .iter()
            .find(|line| line.ldap == ldap && line.is_written());
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
        let compiled = file
            .candidates
            .iter()
            .map(|text| templates.add(self.source, text))
            .collect::<Read<Vec<_>>>()?;
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

    pub(super) fn constant(
        &self,
        (name, values): &(At<String>, Vec<At<String>>),
        lines: &[Line],
    ) -> Read<(AttributeName, Vec<Vec<u8>>)> {
        let ldap = self.attribute(name)?;
        self.refuse_password(name)?;
        if let Some(line) = lines
            .iter()
            .find(|line| line.ldap == ldap && line.is_written())
        {
            return Err(self.fault(
                &name.span,
                format!("`{ldap}` is written by the line `{}` already", line.path),
                "a second time here",
            ));
        }
        Ok((
            ldap,
            values
                .iter()
                .map(|value| value.value.clone().into_bytes())
                .collect(),
        ))
    }

    /// Members change by deltas, apart from everything else, and a write has one such delta.
    pub(super) fn refuse_second_members(&self, file: &TypeFile, lines: &[Line]) -> Read<()> {
        let written = |line: &Line| line.is_reference() && line.is_many() && line.is_written();
        let mut lists = file
            .lines
            .iter()
            .zip(lines)
            .filter(|(_, line)| written(line));
        match (lists.next(), lists.next()) {
            (Some((_, first)), Some((second, _))) => Err(self
                .fault(
                    &second.path.span,
                    format!(
                        "a resource type writes one list of references, and `{}` is one already",
                        first.path
                    ),
                    "a second list",
                )
                .hint("add `direction = \"read\"` to one of them, or leave out `many = true` where one value is enough")),
            _ => Ok(()),
        }
    }

    pub(super) fn rdn(
        &self,
        file: &TypeFile,
        lines: &[Line],
        derived: &[Derived],
    ) -> Read<AttributeName> {
        let rdn = self.attribute(&file.rdn)?;
        let by_line = lines.iter().any(|line| {
            line.ldap == rdn
                && line.is_written()
                && line.shape == Shape::Single
                && line.codec == Codec::String
        });
        if by_line || derived.iter().any(|derived| derived.ldap == rdn) {
            return Ok(rdn);
        }
        Err(self
            .fault(
                &file.rdn.span,
                format!("nothing gives `{rdn}` a value, so that entries could not be named"),
                "the naming attribute",
            )
            .hint("map a SCIM attribute to it, or derive it under `[resource.….derived]`"))
    }

    /// Two lines that write one attribute would undo each other. Bits of one number are different things.
    pub(super) fn refuse_shared_attributes(&self, file: &TypeFile, lines: &[Line]) -> Read<()> {
        for (index, line) in lines
            .iter()
            .enumerate()
            .filter(|(_, line)| line.is_written())
        {
            let other = lines
                .iter()
                .take(index)
                .find(|other| other.is_written() && other.ldap == line.ldap);
            let Some(other) = other else { continue };
            let bits = match (line.codec, other.codec) {
                (Codec::Flag { bit: one, .. }, Codec::Flag { bit: two, .. }) => one != two,
                _ => false,
            };
            let span = file
                .lines
                .get(index)
                .map_or(0..1, |line| line.ldap.span.clone());
            if !bits {
                return Err(self
                    .fault(
                        &span,
                        format!(
                            "`{}` is written by the line `{}` too",
                            line.ldap, other.path
                        ),
                        "a second time here",
                    )
                    .hint("map one of them to another attribute, or add `direction = \"read\"`"));
            }
        }
        Ok(())
    }

    /// An attribute that SCIM requires must be mapped.
    pub(super) fn refuse_gaps(
        &self,
        file: &TypeFile,
        definition: &Definition,
        lines: &[Line],
    ) -> Read<()> {
        for attribute in definition
            .core
            .attributes
            .iter()
            .filter(|attribute| attribute.required)
        {
            if !lines.iter().any(|line| {
                line.place.schema.is_none()
                    && line.place.attribute == attribute.name
                    && line.is_read()
            }) {
                return Err(self
                    .fault(
                        &file.schema.span,
                        format!(
                            "`{}` is required by this schema and has no line",
                            attribute.name
                        ),
                        "this schema",
                    )
                    .hint(format!("add a line `{} = \"…\"`", attribute.name)));
            }
        }
        Ok(())
    }
}
