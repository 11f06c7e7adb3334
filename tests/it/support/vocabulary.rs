//! Where each SCIM attribute lives in each directory. Written by hand from the directories' schemas, so that it
//! does not repeat a fault of the bridge's mapping files.

use super::lab::Kind;

const TABLE: &[(&str, &str, &str)] = &[
    // SCIM path, OpenLDAP, Active Directory
    ("userName", "uid", "userPrincipalName"),
    (
        "externalId",
        "scimExternalId",
        "msDS-cloudExtensionAttribute1",
    ),
    ("displayName", "displayName", "displayName"),
    ("name.formatted", "cn", "msDS-cloudExtensionAttribute2"),
    ("name.givenName", "givenName", "givenName"),
    ("name.familyName", "sn", "sn"),
    ("title", "title", "title"),
    (
        "preferredLanguage",
        "preferredLanguage",
        "preferredLanguage",
    ),
    ("emails.work", "mail", "mail"),
    ("phoneNumbers.work", "telephoneNumber", "telephoneNumber"),
    ("phoneNumbers.mobile", "mobile", "mobile"),
    (
        "phoneNumbers.fax",
        "facsimileTelephoneNumber",
        "facsimileTelephoneNumber",
    ),
    ("addresses.work.streetAddress", "street", "streetAddress"),
    ("addresses.work.locality", "l", "l"),
    ("addresses.work.region", "st", "st"),
    ("addresses.work.postalCode", "postalCode", "postalCode"),
    ("employeeNumber", "employeeNumber", "employeeNumber"),
    ("department", "ou", "department"),
    ("manager", "manager", "manager"),
    // Groups
    ("group.displayName", "cn", "cn"),
    ("group.externalId", "scimExternalId", "adminDisplayName"),
];

/// The LDAP attribute of a SCIM path.
#[track_caller]
pub(crate) fn ldap_name(kind: Kind, path: &str) -> &'static str {
    let row = TABLE.iter().find(|(scim, ..)| *scim == path);
    let (_, openldap, active_directory) =
        row.unwrap_or_else(|| panic!("`{path}` is not in the table of attributes"));
    kind.pick(openldap, active_directory)
}
