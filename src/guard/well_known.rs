//! The accounts and groups that every Windows domain has.

use crate::ldap::Sid;

/// The first RID a domain gives to accounts of its own; those below are Windows' (MS-DTYP 2.4.2.4).
const FIRST_OWN_RID: u32 = 1000;

/// Groups of a domain whose members hold power over it, by RID: Enterprise Read-only Domain
/// Controllers, Domain Admins, Domain Controllers, Cert Publishers, Schema Admins, Enterprise Admins,
/// Group Policy Creator Owners, Read-only Domain Controllers, Key Admins, Enterprise Key Admins.
const POWERFUL_RIDS: [u32; 10] = [498, 512, 516, 517, 518, 519, 520, 521, 526, 527];

/// Built-in groups whose members do, by RID below S-1-5-32: Administrators, Account, Server, Print and
/// Backup Operators, Replicator, Incoming Forest Trust Builders, Hyper-V Administrators.
const POWERFUL_BUILTIN_RIDS: [u32; 8] = [544, 548, 549, 550, 551, 552, 557, 578];

/// Whether the account or group itself is Windows' own rather than one somebody created: built-in
/// groups, Administrator, krbtgt, Domain Users and the like.
pub(super) fn is_windows_own(sid: &Sid) -> bool {
    !(sid.is_of_a_domain() && sid.rid().is_some_and(|rid| rid >= FIRST_OWN_RID))
}

/// Whether members of this group hold power over the domain, whatever the configuration says. The
/// groups everybody is in, such as Domain Users and BUILTIN\Users, are not among them.
pub(super) fn is_powerful_group(sid: &Sid) -> bool {
    sid.rid().is_some_and(|rid| {
        (sid.is_builtin() && POWERFUL_BUILTIN_RIDS.contains(&rid))
            || (sid.is_of_a_domain() && is_powerful_rid(rid))
    })
}

/// The groups of a domain and of BUILTIN whose members hold power over it: fenced whatever the configuration says.
pub fn powerful_groups(domain: &Sid) -> Vec<Sid> {
    let own = POWERFUL_RIDS.iter().filter_map(|rid| domain.with_rid(*rid));
    let builtin = Sid::parse("S-1-5-32").ok();
    let builtin = POWERFUL_BUILTIN_RIDS
        .iter()
        .filter_map(|rid| builtin.as_ref()?.with_rid(*rid));
    own.chain(builtin).collect()
}

/// Whether the primary group with this RID is such a group.
pub(super) fn is_powerful_rid(rid: u32) -> bool {
    POWERFUL_RIDS.contains(&rid) || POWERFUL_BUILTIN_RIDS.contains(&rid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sid(text: &str) -> Sid {
        Sid::parse(text).unwrap()
    }

    #[test]
    fn accounts_that_come_with_windows_are_known_by_their_rid() {
        for rid in [
            500, 501, 502, 512, 513, 514, 515, 516, 517, 518, 519, 520, 521, 525, 526, 527, 553,
            571, 572,
        ] {
            assert!(
                is_windows_own(&sid(&format!("S-1-5-21-1-2-3-{rid}"))),
                "{rid}"
            );
        }
        assert!(is_windows_own(&sid("S-1-5-32-545")));
        assert!(is_windows_own(&sid("S-1-5-11")));
        assert!(!is_windows_own(&sid("S-1-5-21-1-2-3-1000")));
        assert!(!is_windows_own(&sid("S-1-5-21-1-2-3-4294967295")));
    }

    #[test]
    fn the_powerful_groups_of_a_domain_are_listed_as_such() {
        let groups = powerful_groups(&sid("S-1-5-21-1-2-3"));
        assert_eq!(
            groups.len(),
            POWERFUL_RIDS.len() + POWERFUL_BUILTIN_RIDS.len()
        );
        assert!(
            groups.contains(&sid("S-1-5-21-1-2-3-512")) && groups.contains(&sid("S-1-5-32-544"))
        );
        assert!(groups.iter().all(is_powerful_group));
    }

    #[test]
    fn the_groups_everybody_is_in_give_no_power() {
        for text in [
            "S-1-5-21-1-2-3-513",
            "S-1-5-32-545",
            "S-1-5-32-554",
            "S-1-5-21-1-2-3-1512",
            "S-1-5-11",
        ] {
            assert!(!is_powerful_group(&sid(text)), "{text}");
        }
        for text in [
            "S-1-5-21-1-2-3-512",
            "S-1-5-21-1-2-3-519",
            "S-1-5-32-544",
            "S-1-5-32-551",
        ] {
            assert!(is_powerful_group(&sid(text)), "{text}");
        }
    }
}
