//! Whether an account of Active Directory has a password: without one it must not be enabled.
//!
//! Windows refuses that itself (0000052D), except for accounts whose flag PASSWD_NOTREQD says that they need none: those
//! it lets everybody in. Samba refuses neither. So the bridge looks, with what any reader of the account may see.

use crate::ldap::{AttributeName, Entry};

const PASSWORD_LAST_SET: AttributeName = AttributeName::known("pwdLastSet");
const REPLICATION_METADATA: AttributeName = AttributeName::known("replPropertyMetaData");

/// UF_PASSWD_NOTREQD (MS-ADTS 2.2.16).
const PASSWORD_NOT_REQUIRED: u32 = 0x20;

/// supplementalCredentials as replication names it (MS-ADTS 3.1.1.1.12): written with the first password, never before.
const SUPPLEMENTAL_CREDENTIALS: u32 = 0x0009_007D;

/// What must be read of an account so that [`lacks_password`] can tell.
pub(super) const NEEDED: [AttributeName; 2] = [PASSWORD_LAST_SET, REPLICATION_METADATA];

/// Whether the account certainly never had a password.
///
/// `pwdLastSet` of zero alone does not tell: an account whose owner must change the password at the next logon has it
/// too. Where it is zero, an account that needs no password counts as having none; of any other the replication metadata
/// knows whether a password was ever written. Where that cannot be read, the directory's own check is left to decide.
pub(super) fn lacks_password(account: &Entry, user_account_control: u32) -> bool {
    if account.text(&PASSWORD_LAST_SET) != Some("0") {
        return false;
    }
    if user_account_control & PASSWORD_NOT_REQUIRED != 0 {
        return true;
    }
    let metadata = account.values(&REPLICATION_METADATA).first();
    metadata
        .and_then(|octets| attributes(octets))
        .is_some_and(|written| !written.contains(&SUPPLEMENTAL_CREDENTIALS))
}

/// The attributes that a replPropertyMetaData blob of version 1 speaks of (MS-DRSR 5.164): a header of 16 octets, the
/// count at its third word, then 48 octets for each attribute that begin with its number.
fn attributes(octets: &[u8]) -> Option<Vec<u32>> {
    let word = |at: usize| {
        Some(u32::from_le_bytes(
            octets.get(at..at.checked_add(4)?)?.try_into().ok()?,
        ))
    };
    let (version, count) = (word(0)?, usize::try_from(word(8)?).ok()?);
    let entries = octets.get(16..)?.chunks_exact(48);
    if version != 1 || entries.len() < count {
        return None;
    }
    (0..count).map(|index| word(16 + 48 * index)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldap::Dn;

    fn account(last_set: &str, written: &[u32]) -> Entry {
        let mut metadata = vec![0; 16];
        metadata[0] = 1;
        metadata[8] = u8::try_from(written.len()).unwrap();
        for attribute in written {
            metadata.extend(attribute.to_le_bytes());
            metadata.extend([0; 44]);
        }
        Entry::new(Dn::parse("cn=a").unwrap())
            .with(PASSWORD_LAST_SET, [last_set])
            .with(REPLICATION_METADATA, [metadata])
    }

    #[test]
    fn an_account_that_never_had_a_password_lacks_one() {
        assert!(lacks_password(
            &account("0", &[0x3, 0x9_0008, 0x9_005A]),
            0x202
        ));
    }

    #[test]
    fn one_whose_owner_must_change_the_password_does_not() {
        assert!(!lacks_password(
            &account("0", &[0x3, 0x9_005A, SUPPLEMENTAL_CREDENTIALS]),
            0x202
        ));
        assert!(!lacks_password(
            &account("133448123450000000", &[0x3]),
            0x202
        ));
    }

    #[test]
    fn one_that_needs_none_is_taken_to_have_none() {
        assert!(lacks_password(
            &account("0", &[SUPPLEMENTAL_CREDENTIALS]),
            0x222
        ));
        assert!(!lacks_password(&account("133448123450000000", &[]), 0x222));
    }

    #[test]
    fn metadata_that_cannot_be_read_leaves_it_to_the_directory() {
        for broken in [
            vec![],
            vec![1; 15],
            vec![9; 16],
            [
                vec![1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255],
                vec![0; 90],
            ]
            .concat(),
        ] {
            let account = Entry::new(Dn::parse("cn=a").unwrap())
                .with(PASSWORD_LAST_SET, ["0"])
                .with(REPLICATION_METADATA, [broken]);
            assert!(!lacks_password(&account, 0x202));
        }
    }
}
