//! Attributes and values that are never written.

use super::Rule;
use crate::ldap::attribute::is_numeric_oid;
use crate::ldap::{AttributeName, Ava, AvaValue, Dn, Modification, ModificationKind, Values};

/// Attributes that give rights, take safeguards away, name the entry or belong to the directory.
const FORBIDDEN: [&str; 62] = [
    // Rights over an entry, or of it.
    "nTSecurityDescriptor",
    "msDS-AllowedToDelegateTo",
    "msDS-AllowedToActOnBehalfOfOtherIdentity",
    "msDS-GroupMSAMembership",
    "msDS-AssignedAuthNPolicy",
    "msDS-AssignedAuthNPolicySilo",
    "msDS-PSOAppliesTo",
    "msDS-RevealOnDemandGroup",
    "msDS-NeverRevealGroup",
    "msDS-HostServiceAccount",
    "msDS-SupersededManagedAccountLink",
    "msDS-ManagedAccountPrecededByLink",
    "msDS-DelegatedMSAState",
    "defaultSecurityDescriptor",
    "gPLink",
    "gPOptions",
    "aci",
    "OpenLDAPaci",
    "authzTo",
    "authzFrom",
    "saslAuthzTo",
    "saslAuthzFrom",
    // Who the entry is taken for.
    "sIDHistory",
    "objectSid",
    "securityIdentifier",
    "adminCount",
    "altSecurityIdentities",
    "msDS-KeyCredentialLink",
    "servicePrincipalName",
    "msDS-AdditionalSamAccountName",
    "msDS-SupportedEncryptionTypes",
    "krbPrincipalName",
    "krbCanonicalName",
    "krbPrincipalAliases",
    "krbPrincipalKey",
    "krbExtraData",
    "ipaNTSecurityIdentifier",
    // Membership that is not written at the group, or not by listing members.
    "primaryGroupID",
    "memberOf",
    "isMemberOf",
    "memberURL",
    "nsRole",
    "nsRoleDN",
    "nsRoleFilter",
    "msDS-MembersForAzRole",
    "msDS-NonMembers",
    // Passwords by a way that knows no policy.
    "dBCSPwd",
    "lmPwdHistory",
    "ntPwdHistory",
    "supplementalCredentials",
    "msDS-ManagedPassword",
    "pwdPolicySubentry",
    "passwordPolicySubentry",
    // The entry's identity and place.
    "objectGUID",
    "entryUUID",
    "nsUniqueId",
    "distinguishedName",
    "entryDN",
    "name",
    "isDeleted",
    "isCriticalSystemObject",
    "systemFlags",
];

/// The prefixes of whole families: rules of sudo, and slapd's own configuration.
const FORBIDDEN_PREFIXES: [&str; 2] = ["sudo", "olc"];

/// Whether the attribute may not be written at all. An OID in place of a name is refused too: the
/// lists here go by name, and a mapping has no need of OIDs.
pub fn is_forbidden(attribute: &AttributeName) -> bool {
    let name = attribute.base();
    is_numeric_oid(name)
        || FORBIDDEN
            .iter()
            .any(|forbidden| forbidden.eq_ignore_ascii_case(name))
        || FORBIDDEN_PREFIXES.iter().any(|prefix| {
            name.get(..prefix.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(prefix))
        })
}

/// The bits of userAccountControl that may be set: SCRIPT, ACCOUNTDISABLE, HOMEDIR_REQUIRED,
/// NORMAL_ACCOUNT, DONT_EXPIRE_PASSWORD, SMARTCARD_REQUIRED, NOT_DELEGATED (MS-ADTS 2.2.16). All
/// others are read-only, make it another kind of account, or weaken it: no password required,
/// reversible encryption, DES, no pre-authentication, delegation.
const HARMLESS_ACCOUNT_BITS: u32 = 0x1 | 0x2 | 0x8 | 0x200 | 0x1_0000 | 0x4_0000 | 0x10_0000;

/// Global, domain local, universal, security (MS-ADTS 2.2.12): all but the bits of built-in and of
/// application groups.
const HARMLESS_GROUP_BITS: u32 = 0x2 | 0x4 | 0x8 | 0x8000_0000;

/// Whether writing these values would set what may not be set. `before` is what the directory will
/// have confirmed to hold so far, by a delete of that very value in the same modify.
pub(super) fn judge_values(
    attribute: &AttributeName,
    values: &Values,
    before: Option<&Values>,
) -> Result<(), Rule> {
    let harmless = if attribute.is("userAccountControl") {
        HARMLESS_ACCOUNT_BITS
    } else if attribute.is("groupType") {
        HARMLESS_GROUP_BITS
    } else if attribute.is("uidNumber") || attribute.is("gidNumber") {
        // 0 is root wherever a Unix host asks this directory who somebody is.
        return match read_numbers(values) {
            Some(numbers) if numbers.iter().all(|number| *number > 0) => Ok(()),
            _ => Err(Rule::ForbiddenFlag),
        };
    } else {
        return Ok(());
    };
    let before = before
        .and_then(read_numbers)
        .and_then(|numbers| numbers.into_iter().map(bits).reduce(|all, next| all & next))
        .unwrap_or(0);
    let numbers = read_numbers(values).ok_or(Rule::ForbiddenFlag)?;
    if numbers
        .into_iter()
        .all(|number| bits(number) & !before & !harmless == 0)
    {
        Ok(())
    } else {
        Err(Rule::ForbiddenFlag)
    }
}

/// Both attributes are signed 32-bit numbers that hold bits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "read from an i32: the bits are what counts"
)]
const fn bits(number: i64) -> u32 {
    number as u32
}

/// The numbers, or nothing when one of the values is not a number of 32 bits, or is secret.
fn read_numbers(values: &Values) -> Option<Vec<i64>> {
    let Values::Plain(values) = values else {
        return None;
    };
    values
        .iter()
        .map(|value| {
            let text = std::str::from_utf8(value).ok()?;
            let number: i64 = text.parse().ok()?;
            (i64::from(i32::MIN)..=i64::from(u32::MAX))
                .contains(&number)
                .then_some(number)
        })
        .collect()
}

/// Whether a modification would change the value that names the entry: a rename that no fence has seen.
pub(super) fn renames(dn: &Dn, modification: &Modification) -> bool {
    let Some(rdn) = dn.rdn() else { return true };
    let attribute = &modification.attribute;
    if !rdn.avas().any(|ava| attribute.is(ava.attribute.base())) {
        return false;
    }
    let names_it = |value: &Vec<u8>| {
        let Ok(text) = std::str::from_utf8(value) else {
            return false;
        };
        rdn.avas().any(|ava| {
            let value = AvaValue::Text(text.to_owned());
            *ava == Ava {
                attribute: ava.attribute.clone(),
                value,
            }
        })
    };
    let values = modification.values.plain();
    match modification.kind {
        ModificationKind::Delete => values.is_empty() || values.iter().any(names_it),
        ModificationKind::Add | ModificationKind::Replace => {
            values.is_empty() || !values.iter().all(names_it)
        }
    }
}
