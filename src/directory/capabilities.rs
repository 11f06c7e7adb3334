//! What a server says it can do, in its rootDSE.

use std::collections::BTreeSet;

use ldap3::Scope;

use crate::ldap::{AttributeName, Dn, Entry, Filter};

use super::connection::Connection;
use super::deadline::Deadline;
use super::decode::RawEntry;
use super::error::Error;
use super::wire::Query;

/// What a server says of itself in its rootDSE (RFC 4512 §5.1, MS-ADTS 3.1.1.3.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Object identifiers of supported controls, extensions, features and (AD) capabilities.
    pub supported: BTreeSet<String>,
    /// `vendorName` with `vendorVersion`, where told.
    pub vendor: Option<String>,
    /// The naming contexts served.
    pub naming_contexts: Vec<Dn>,
    /// Active Directory: the domain's own naming context.
    pub default_naming_context: Option<Dn>,
    /// The subschema subentry.
    pub schema: Option<Dn>,
    /// Active Directory: the DNS name of the domain controller reached.
    pub host: Option<String>,
}

const LISTS: [&str; 4] = [
    "supportedControl",
    "supportedExtension",
    "supportedFeatures",
    "supportedCapabilities",
];
const OTHERS: [&str; 7] = [
    "vendorName",
    "vendorVersion",
    "namingContexts",
    "defaultNamingContext",
    "subschemaSubentry",
    "dnsHostName",
    "supportedLDAPVersion",
];

impl Capabilities {
    /// Whether the control, extension, feature or capability with this object identifier is supported.
    #[must_use]
    pub fn supports(&self, identifier: &str) -> bool {
        self.supported.contains(identifier)
    }

    fn of(entry: &Entry) -> Self {
        let texts =
            |name: &'static str| entry.texts(&AttributeName::known(name)).map(str::to_owned);
        let first = |name: &'static str| texts(name).next();
        let dns = |name: &'static str| texts(name).filter_map(|text| Dn::parse(&text).ok());
        let vendor: Vec<String> = ["vendorName", "vendorVersion"]
            .into_iter()
            .filter_map(first)
            .collect();
        Self {
            supported: LISTS.into_iter().flat_map(texts).collect(),
            vendor: (!vendor.is_empty()).then(|| vendor.join(" ")),
            naming_contexts: dns("namingContexts").collect(),
            default_naming_context: dns("defaultNamingContext").next(),
            schema: dns("subschemaSubentry").next(),
            host: first("dnsHostName"),
        }
    }
}

/// The request for the rootDSE, with its operational attributes by name: `+` is not known to Active Directory.
pub(super) fn root_dse_query(all: bool) -> Query {
    let mut attributes: Vec<String> = LISTS.into_iter().chain(OTHERS).map(str::to_owned).collect();
    if all {
        attributes.extend(["*", "+"].map(str::to_owned));
    }
    Query {
        base: String::new(),
        scope: Scope::Base,
        filter: Filter::everything(),
        attributes,
        controls: Vec::new(),
        most: 1,
    }
}

/// The entry in the answer to [`root_dse_query`].
pub(super) fn root_dse(
    entries: Vec<(RawEntry, Vec<ldap3::controls::Control>)>,
) -> Result<Entry, Error> {
    let raw = entries
        .into_iter()
        .next()
        .ok_or_else(|| Error::protocol("the server shows no rootDSE"))?
        .0;
    let mut entry = Entry::new(Dn::root());
    for (name, values) in raw.attributes {
        if let Ok(name) = AttributeName::parse(&name) {
            entry.insert(name, values);
        }
    }
    Ok(entry)
}

/// Reads them on a fresh connection.
pub(super) async fn read(
    connection: &Connection,
    deadline: Deadline,
) -> Result<Capabilities, Error> {
    let answer = connection
        .search(root_dse_query(false), deadline)
        .await
        .map_err(super::wire::Fault::of_read)?;
    if answer.result.rc != 0 {
        return Err(super::meaning::rejection(
            answer.result.rc,
            &answer.result.text,
            connection.secured,
        )
        .into());
    }
    Ok(Capabilities::of(&root_dse(answer.entries)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_dse_of_a_domain_controller_tells_what_it_can() {
        let entry = Entry::new(Dn::root())
            .with(
                AttributeName::known("supportedControl"),
                ["1.2.840.113556.1.4.319"],
            )
            .with(
                AttributeName::known("supportedCapabilities"),
                ["1.2.840.113556.1.4.800"],
            )
            .with(
                AttributeName::known("defaultNamingContext"),
                ["DC=ad,DC=example"],
            );
        let read = Capabilities::of(&entry);
        assert!(read.supports("1.2.840.113556.1.4.319") && read.supports("1.2.840.113556.1.4.800"));
        assert!(!read.supports("1.3.6.1.1.12"));
        assert_eq!(
            read.default_naming_context,
            Dn::parse("dc=AD,dc=example").ok()
        );
        assert_eq!(read.vendor, None);
    }
}
