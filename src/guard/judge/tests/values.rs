//! What may not be written, whoever the entry is.

use super::*;

#[test]
fn forbidden_attribute_rights_are_never_written() {
    let ada = person("Ada");
    for attribute in [
        "nTSecurityDescriptor",
        "SIDHISTORY",
        "adminCount",
        "primaryGroupID",
        "msDS-AllowedToDelegateTo",
        "msDS-AllowedToActOnBehalfOfOtherIdentity",
        "altSecurityIdentities",
        "msDS-KeyCredentialLink",
        "memberOf",
        "memberof;x-a",
        "servicePrincipalName",
        "sudoCommand",
        "olcAccess",
        "1.2.840.113556.1.4.98",
    ] {
        assert_eq!(
            verdict([set(&ada, attribute, "1")], [&ada]),
            Err(Rule::ForbiddenAttribute),
            "{attribute}"
        );
        let deleted = modify(
            &ada,
            vec![Modification::delete(name(attribute), Values::none())],
        );
        assert_eq!(
            verdict([deleted], [&ada]),
            Err(Rule::ForbiddenAttribute),
            "{attribute}"
        );
        let created = add(
            "CN=x,OU=People,DC=example",
            vec![(name(attribute), Values::one("1"))],
        );
        assert_eq!(
            verdict([created], NOBODY),
            Err(Rule::ForbiddenAttribute),
            "{attribute}"
        );
        let named = Change::Rename {
            target: target(&ada),
            rdn: Rdn::new(name(attribute), "1"),
            delete_old_rdn: false,
            superior: None,
            assertion: None,
        };
        assert_eq!(
            verdict([named], [&ada]),
            Err(Rule::ForbiddenAttribute),
            "{attribute}"
        );
    }
}

#[test]
fn forbidden_attribute_an_entry_is_not_renamed_by_a_modify() {
    let ada = person("Ada");
    for modification in [
        Modification::replace(name("cn"), Values::one("Chief")),
        Modification::add(name("cn"), Values::one("Chief")),
        Modification::delete(name("CN"), Values::none()),
        Modification::delete(name("cn"), Values::one("ada")),
        Modification::replace(name("distinguishedName"), Values::one("CN=x")),
        Modification::replace(name("name"), Values::one("x")),
    ] {
        let changed = modify(&ada, vec![modification.clone()]);
        assert_eq!(
            verdict([changed], [&ada]),
            Err(Rule::ForbiddenAttribute),
            "{modification:?}"
        );
    }
    for modification in [
        Modification::replace(name("cn"), Values::one("ADA")),
        Modification::delete(name("cn"), Values::one("Former Name")),
    ] {
        assert_eq!(verdict([modify(&ada, vec![modification])], [&ada]), Ok(()));
    }
}

#[test]
fn forbidden_flag_delegation_and_weak_accounts_are_never_made() {
    let ada = person("Ada");
    for bit in [
        0x10, 0x20, 0x40, 0x80, 0x2000, 0x8_0000, 0x20_0000, 0x40_0000, 0x80_0000, 0x100_0000,
    ] {
        let flagged = (512 | bit).to_string();
        assert_eq!(
            verdict([flags(&ada, "512", &flagged)], [&ada]),
            Err(Rule::ForbiddenFlag),
            "{bit:#x}"
        );
        assert_eq!(
            verdict([set(&ada, "userAccountControl", &flagged)], [&ada]),
            Err(Rule::ForbiddenFlag)
        );
        let created = add(
            "CN=x,OU=People,DC=example",
            vec![(name("userAccountControl"), Values::one(flagged.clone()))],
        );
        assert_eq!(
            verdict([created], NOBODY),
            Err(Rule::ForbiddenFlag),
            "{bit:#x}"
        );
        // Where somebody else has set it, disabling the account must still be possible.
        let disabled = (514 | bit).to_string();
        assert_eq!(
            verdict([flags(&ada, &flagged, &disabled)], [&ada]),
            Ok(()),
            "{bit:#x}"
        );
    }
    for value in ["", "x", "99999999999", "512.0"] {
        assert_eq!(
            verdict([flags(&ada, "512", value)], [&ada]),
            Err(Rule::ForbiddenFlag),
            "{value}"
        );
    }
    for enabled in ["512", "514", "66048", "262656", "1049088"] {
        assert_eq!(
            verdict([flags(&ada, "514", enabled)], [&ada]),
            Ok(()),
            "{enabled}"
        );
    }
}

#[test]
fn forbidden_flag_a_delete_that_confirms_nothing_does_not_count_as_the_old_value() {
    let ada = person("Ada");
    let trusted = (0x200 | 0x8_0000).to_string();
    let Change::Modify {
        target,
        modifications,
        assertion,
        ..
    } = flags(&ada, &trusted, &trusted)
    else {
        unreachable!()
    };
    let lenient = Change::Modify {
        target,
        modifications,
        assertion,
        convergence: Convergence::Converge,
    };
    assert_eq!(verdict([lenient], [&ada]), Err(Rule::ForbiddenFlag));
    let by_another = modify(
        &ada,
        vec![
            Modification::delete(name("description"), Values::one(trusted.clone())),
            Modification::add(name("userAccountControl"), Values::one(trusted)),
        ],
    );
    assert_eq!(verdict([by_another], &[ada]), Err(Rule::ForbiddenFlag));
}

#[test]
fn forbidden_flag_nobody_becomes_root_or_a_built_in_group() {
    let (ada, staff) = (person("Ada"), group("Staff"));
    assert_eq!(
        verdict([set(&ada, "uidNumber", "0")], [&ada]),
        Err(Rule::ForbiddenFlag)
    );
    assert_eq!(
        verdict([set(&ada, "gidNumber", "-0")], [&ada]),
        Err(Rule::ForbiddenFlag)
    );
    assert_eq!(verdict([set(&ada, "uidNumber", "10001")], &[ada]), Ok(()));
    assert_eq!(
        verdict([set(&staff, "groupType", "-2147483643")], [&staff]),
        Err(Rule::ForbiddenFlag)
    );
    assert_eq!(
        verdict([set(&staff, "groupType", "-2147483640")], &[staff]),
        Ok(())
    );
}
