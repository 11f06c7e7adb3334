//! What the bridge's account may do, as far as a directory tells without trying.

use super::check::Site;
use super::report::Report;
use crate::directory::{Search, Wanted};
use crate::ldap::{AttributeName, DirectoryKind, Entry, Filter};
use crate::mapping::ResourceMapping;

/// Active Directory tells which child classes and attributes the reader may write (MS-ADTS 3.1.1.4.5.22 and .24);
/// other directories do not, and nothing destructive is tried.
pub(super) async fn check(site: &Site<'_>, report: &mut Report) {
    if site.kind() != DirectoryKind::ActiveDirectory {
        report.warn(
            "the rights of the bridge's account cannot be seen without trying: this directory does not tell them",
            "create and delete a test user and a test group from the identity provider",
        );
        return;
    }
    for of in &site.config.mapping.types {
        children(site, of, report).await;
        attributes(site, of, report).await;
    }
}

/// May it create entries?
async fn children(site: &Site<'_>, of: &ResourceMapping, report: &mut Report) {
    let name = &of.definition.resource_type.name;
    let Some(resource) = site.config.resources.get(name) else {
        return;
    };
    let Some(class) = of.object_classes.last() else {
        return;
    };
    let dn = &resource.create_in;
    match site.entry(dn, &["allowedChildClassesEffective"]).await {
        Ok(Some(entry)) if lists(&entry, "allowedChildClassesEffective", class) => {
            report.ok(format!(
                "{name}: the account may create `{class}` in `{dn}`"
            ));
        }
        Ok(Some(_)) => report.fail(
            format!("{name}: the account may not create `{class}` in `{dn}`"),
            "delegate the right to create and delete these objects there to the bridge's account",
        ),
        // That the place does not exist is said elsewhere.
        Ok(None) => {}
        Err(error) => report.fail(
            format!("{name}: the rights on `{dn}` cannot be read: {error}"),
            "",
        ),
    }
}

/// May it write what the mapping writes? Seen on one entry that exists.
async fn attributes(site: &Site<'_>, of: &ResourceMapping, report: &mut Report) {
    let name = &of.definition.resource_type.name;
    let Some(resource) = site.config.resources.get(name) else {
        return;
    };
    let effective = AttributeName::known("allowedAttributesEffective");
    let search = Search {
        base: resource.create_in.clone(),
        filter: Filter::and(std::iter::once(of.filter.clone()).chain(resource.filter.clone())),
        wanted: Wanted::attributes([effective.clone()]),
        order: None,
        limit: Some(1),
    };
    let found = match site.directory.search(&search, site.deadline()).await {
        Ok(found) => found.entries,
        Err(error) => {
            return report.fail(format!("{name}: no entry can be looked at: {error}"), "");
        }
    };
    let Some(entry) = found.into_iter().next() else {
        return report.warn(
            format!(
                "{name}: there is no entry in `{}` yet on which the right to write could be seen",
                resource.create_in
            ),
            "create a test user and check again",
        );
    };
    let mapped = site.config.mapping.attributes();
    let written = mapped
        .iter()
        .filter(|attribute| attribute.written && attribute.resource_type == *name);
    let mut missing: Vec<&str> = written
        .map(|attribute| attribute.name.as_str())
        .filter(|attribute| !lists(&entry, "allowedAttributesEffective", attribute))
        .collect();
    missing.sort_unstable();
    missing.dedup();
    if missing.is_empty() {
        report.ok(format!(
            "{name}: the account may write every mapped attribute"
        ));
    } else {
        report.warn(
            format!(
                "{name}: the account may not write {} of `{}`",
                missing.join(", "),
                entry.dn
            ),
            "delegate the right to write these attributes, or remove their lines from the mapping",
        );
    }
}

fn lists(entry: &Entry, list: &'static str, name: &str) -> bool {
    entry
        .texts(&AttributeName::known(list))
        .any(|listed| listed.eq_ignore_ascii_case(name))
}
