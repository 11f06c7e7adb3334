//! Profiles: which switches are on for which identity provider, and why.
//!
//! The sources carry a mark. `[A]` the vendor's own documentation or test file. `[B]` a public capture, or another server's
//! test fixture that names the provider. `[C]` a third party's guide. `[D]` inferred. None of it was seen on a live tenant by
//! us, so a profile is no promise that a provider sends nothing else: `generic` takes everything.

use super::{Behaviour, Dialect, Leniency, Switch};

/// A named set of switches, each with its source.
#[derive(Debug)]
pub struct Profile {
    /// The name used in configuration and documentation.
    pub name: &'static str,
    /// Whom it is for.
    pub about: &'static str,
    base: Base,
    rows: &'static [Row],
}

/// A switch that is on, and who says that the provider needs it.
type Row = (Switch, &'static str);

/// What a profile begins with.
#[derive(Debug, Clone, Copy)]
enum Base {
    Nothing,
    /// What follows from attribute mappings and connectors being written by administrators, whatever the provider.
    Common,
    /// Every leniency, by its own source.
    Everything,
}

impl Profile {
    /// Every profile, in the order of the documentation. The first is the default.
    pub const ALL: &'static [Profile] = &[
        GENERIC, ENTRA, OKTA, PING, ONELOGIN, JUMPCLOUD, GOOGLE, SAILPOINT, CYBERARK, STRICT,
    ];

    /// The name by which version 0.1 called `generic`; still understood.
    pub const FORMER_NAME_OF_GENERIC: &'static str = "lenient";

    /// The profile of that name.
    pub fn parse(name: &str) -> Option<&'static Profile> {
        let name = if name == Self::FORMER_NAME_OF_GENERIC {
            GENERIC.name
        } else {
            name
        };
        Self::ALL.iter().find(|profile| profile.name == name)
    }

    /// The switches that are on, in the order of the documentation, each with its source.
    pub fn switches(&self) -> impl Iterator<Item = (Switch, &'static str)> {
        Switch::all().filter_map(|switch| Some((switch, self.source_of(switch)?)))
    }

    /// The set of its switches.
    pub fn dialect(&self) -> Dialect {
        self.switches()
            .fold(Dialect::strict(), |dialect, (switch, _)| dialect.on(switch))
    }

    /// Why a switch is on; nothing where it is off.
    fn source_of(&self, switch: Switch) -> Option<&'static str> {
        let in_rows = |rows: &[Row]| {
            let row = rows.iter().find(|(one, _)| *one == switch);
            row.map(|(_, source)| *source)
        };
        in_rows(self.rows).or_else(|| match (self.base, switch) {
            (Base::Common, _) => in_rows(COMMON),
            (Base::Everything, Switch::Leniency(one)) => Some(one.source()),
            (Base::Nothing | Base::Everything, _) => None,
        })
    }
}

const fn may(leniency: Leniency, source: &'static str) -> Row {
    (Switch::Leniency(leniency), source)
}

const fn wants(behaviour: Behaviour, source: &'static str) -> Row {
    (Switch::Behaviour(behaviour), source)
}

use Leniency::{
    AddCreatesElement, ArrayForSingle, BareToken, CommonAttributeInPatch, EmailInFilter,
    EmptyStringRemoves, LastPrimaryWins, NullPath, OperatorCase, PathKey, PlainValue,
    RemoveByValue, RemoveNothing, ReplaceCreatesElement, SingleForArray, StringBoolean,
    UndeclaredSchema, UnknownAttribute, UnknownSchema, UnqualifiedExtension,
};

const COMMON: &[Row] = &[
    may(
        EmptyStringRemoves,
        "an empty source field in an administrator's attribute mapping [D]",
    ),
    may(
        RemoveNothing,
        "a removal that is repeated after a lost answer [D]",
    ),
    may(
        UnknownAttribute,
        "administrators map more than a server knows [D]",
    ),
    may(
        UnknownSchema,
        "administrators name schemas of their own [D]",
    ),
    may(
        UndeclaredSchema,
        "connectors that list the core schema only [D]",
    ),
    may(
        NullPath,
        "serialisers that print absent members as null [D]",
    ),
    may(
        LastPrimaryWins,
        "attribute mappings that mark every mail as primary [D]",
    ),
];

const GENERIC: Profile = Profile {
    name: "generic",
    about: "Any provider, unconfigured: every leniency, and the RFC's first choice of answers.",
    base: Base::Everything,
    rows: &[],
};

const ENTRA: Profile = Profile {
    name: "entra",
    about: "Microsoft Entra ID in both its dialects: on-demand provisioning ignores the flag aadOptscim062020, so one tenant sends both.",
    base: Base::Common,
    rows: &[
        may(
            OperatorCase,
            "`Add`, `Replace`, `Remove` without the flag (Microsoft, use-scim-to-provision-users-and-groups) [A]",
        ),
        may(
            StringBoolean,
            "`active` \"False\" without the flag; `roles[primary eq \"True\"]` (Microsoft, customize-application-attributes) [A]",
        ),
        may(
            EmptyStringRemoves,
            "gallery test SCIM_Null_Update (Microsoft, SCIM validator) [A]; manager removal by `\"\"` [B]",
        ),
        may(
            AddCreatesElement,
            "`Add` on `phoneNumbers[type eq \"mobile\"].value` of a user without phones (Microsoft, use-scim) [A]",
        ),
        may(
            ReplaceCreatesElement,
            "`Replace` on a value filter that matches nothing (issues of several servers) [B]",
        ),
        may(
            PlainValue,
            "`manager` as the manager's id (AzureAD/SCIMReferenceCode) [B]",
        ),
        may(
            ArrayForSingle,
            "`manager` as an array of one (Microsoft's documentation of 2018) [A]",
        ),
        may(
            UnqualifiedExtension,
            "`manager` without the enterprise URN (Microsoft's documentation of 2018) [A]",
        ),
        may(
            RemoveByValue,
            "members removed with a `value` array without the flag (Microsoft, use-scim) [A]",
        ),
        may(
            RemoveNothing,
            "removals are repeated in the next cycle (Microsoft, how-provisioning-works) [A]",
        ),
        may(
            UnknownAttribute,
            "the validator sends `timezone` and others a server may lack [B]",
        ),
        may(
            UnknownSchema,
            "the ADSCIM group schema (Microsoft, use-scim) [A]",
        ),
        may(
            UndeclaredSchema,
            "custom extension URNs are never listed in `schemas` (Microsoft, customize-application-attributes) [A]",
        ),
        may(
            PathKey,
            "`\"name.givenName\"` and `\"urn:…:User:department\"` as keys with the flag (Microsoft, application-provisioning-config-problem-scim-compatibility) [A]",
        ),
        may(
            CommonAttributeInPatch,
            "some captures carry `id` in a group's rename [B]",
        ),
        wants(
            Behaviour::GroupPatchNoContent,
            "204 recommended for a group's PATCH (Microsoft, use-scim) [A]",
        ),
    ],
};

const OKTA: Profile = Profile {
    name: "okta",
    about: "Okta, app-integration wizard (AIW) and integration network (OIN).",
    base: Base::Common,
    rows: &[
        may(
            RemoveNothing,
            "removals of group push are repeated (Okta, SCIM 2.0 reference) [A]",
        ),
        may(
            UnknownAttribute,
            "`groups` and profile attributes of the administrator's own (Okta, SCIM 2.0 reference) [A]",
        ),
        may(
            CommonAttributeInPatch,
            "group renames carry `id` (Okta, SCIM 2.0 reference) [A]",
        ),
        may(
            BareToken,
            "header authentication sends what the administrator typed (Okta, SCIM FAQ) [A]",
        ),
        wants(
            Behaviour::GroupPatchNoContent,
            "200 and 204 are both taken (Okta, SCIM 2.0 reference) [A]; an answer must come within 60 seconds [A]",
        ),
    ],
};

const PING: Profile = Profile {
    name: "ping",
    about: "PingFederate's SCIM provisioner, PingOne and PingDirectory's sync.",
    base: Base::Common,
    rows: &[
        may(
            UnknownAttribute,
            "custom schemas extended in the connection (Ping Identity, SCIM provisioner) [A]",
        ),
        may(
            RemoveByValue,
            "how members are removed is not published; both forms are taken [D]",
        ),
        may(
            BareToken,
            "the administrator may choose another word than `Bearer` (Ping Identity, SCIM provisioner) [A]",
        ),
        may(
            EmailInFilter,
            "the administrator's filter expression, as in `email Co \"%s\"` (Ping Identity, SCIM provisioner) [A]",
        ),
    ],
};

const ONELOGIN: Profile = Profile {
    name: "onelogin",
    about: "OneLogin, whose bodies are the administrator's JSON template.",
    base: Base::Common,
    rows: &[
        may(
            StringBoolean,
            "`active` as \"true\" in published templates [B]",
        ),
        may(
            SingleForArray,
            "`emails` as one object (django-scim2's OneLogin adapter) [B]",
        ),
        may(
            UnknownAttribute,
            "`managerId` of SCIM 1.1 in published templates [B]",
        ),
        may(
            UnknownSchema,
            "the SCIM 1.0 URN `urn:scim:schemas:core:1.0` (OneLogin, SCIM guide) [A]",
        ),
        may(
            UndeclaredSchema,
            "the SCIM 1.0 URN alone (OneLogin, SCIM guide) [A]",
        ),
        may(
            CommonAttributeInPatch,
            "the template's `id` and `meta` in a PATCH without path [C]",
        ),
        may(
            PathKey,
            "templates are free: dotted keys in a PATCH without path [D]",
        ),
        may(RemoveByValue, "members of groups, if rules are on [C]"),
        may(EmailInFilter, "templates that match by `email eq` [C]"),
    ],
};

const JUMPCLOUD: Profile = Profile {
    name: "jumpcloud",
    about: "JumpCloud's custom SCIM connector.",
    base: Base::Common,
    rows: &[
        may(
            RemoveByValue,
            "members removed with a `value` array (scim-v2-rust, jumpcloud fixtures) [B]",
        ),
        may(
            BareToken,
            "an API key as the header's whole value (JumpCloud, custom SCIM) [C]",
        ),
    ],
};

const GOOGLE: Profile = Profile {
    name: "google",
    about: "Google Workspace's automatic provisioning, which sends users only.",
    base: Base::Common,
    rows: &[],
};

const SAILPOINT: Profile = Profile {
    name: "sailpoint",
    about: "SailPoint Identity Security Cloud and IdentityIQ, SCIM 2.0 connector.",
    base: Base::Common,
    rows: &[may(
        RemoveByValue,
        "bodies of entitlement removals are not published; both forms are taken [D]",
    )],
};

const CYBERARK: Profile = Profile {
    name: "cyberark",
    about: "CyberArk Identity.",
    base: Base::Common,
    rows: &[may(
        RemoveByValue,
        "bodies of a group's PATCH are not published; both forms are taken [D]",
    )],
};

const STRICT: Profile = Profile {
    name: "strict",
    about: "RFC 7643 and RFC 7644 to the letter, for validators and for clients under test.",
    base: Base::Nothing,
    rows: &[],
};

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_profile_has_its_own_name_and_tells_whom_it_is_for() {
        let names: HashSet<_> = Profile::ALL.iter().map(|profile| profile.name).collect();
        assert_eq!(names.len(), Profile::ALL.len());
        for profile in Profile::ALL {
            assert_eq!(
                Profile::parse(profile.name).map(|found| found.name),
                Some(profile.name)
            );
            assert!(!profile.about.is_empty());
        }
        assert_eq!(Profile::parse("lenient").unwrap().name, "generic");
        assert!(Profile::parse("Entra").is_none());
    }

    #[test]
    fn every_switch_of_a_profile_has_a_source_with_a_mark() {
        for profile in Profile::ALL.iter().filter(|one| one.name != "generic") {
            let rows: HashSet<_> = profile.rows.iter().map(|(switch, _)| switch).collect();
            assert_eq!(
                rows.len(),
                profile.rows.len(),
                "{} repeats a row",
                profile.name
            );
            for (switch, source) in profile.switches() {
                let marked = ["[A]", "[B]", "[C]", "[D]"]
                    .iter()
                    .any(|mark| source.contains(mark));
                assert!(marked, "{} {}: {source}", profile.name, switch.name());
            }
        }
    }

    /// Whatever a profile takes the default takes as well: nobody needs to choose one.
    #[test]
    fn the_default_takes_every_dialect() {
        let generic = Profile::ALL[0].dialect();
        assert_eq!(generic, Dialect::default());
        for profile in Profile::ALL {
            for leniency in Leniency::ALL {
                assert!(generic.allows(leniency) || !profile.dialect().allows(leniency));
            }
        }
        assert_eq!(
            Profile::parse("strict").unwrap().dialect(),
            Dialect::strict()
        );
    }
}
