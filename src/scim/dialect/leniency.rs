//! What is forgiven, each leniency by name.

/// One difference between what the RFCs ask for and what an identity provider sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Leniency {
    /// `Add`, `Replace`, `Remove` in any case.
    OperatorCase,
    /// `"True"` and `"False"` where a boolean belongs, in values and in filters.
    StringBoolean,
    /// `""` means that the attribute has no value.
    EmptyStringRemoves,
    /// An add on a value filter that matches nothing makes the element.
    AddCreatesElement,
    /// A replace on a value filter that matches nothing makes the element.
    ReplaceCreatesElement,
    /// A plain string stands for a complex value's `value`.
    PlainValue,
    /// A one-element array stands for a single value.
    ArrayForSingle,
    /// A single value stands for an array of one.
    SingleForArray,
    /// An extension's attribute is named without its URN.
    UnqualifiedExtension,
    /// A remove with a `value` takes away only those values.
    RemoveByValue,
    /// A remove on a value filter that matches nothing is success.
    RemoveNothing,
    /// Unknown attributes are ignored and noted.
    UnknownAttribute,
    /// Unknown URNs in `schemas` are ignored and noted.
    UnknownSchema,
    /// `schemas` need not name what the body uses.
    UndeclaredSchema,
    /// A PATCH body without the PatchOp URN.
    UndeclaredPatch,
    /// `path` is null or empty where it should be absent.
    NullPath,
    /// Keys of a PATCH value without path are paths: `name.givenName`, `emails[type eq "work"].value`.
    PathKey,
    /// `id`, `meta` and `schemas` inside a PATCH value without path are skipped.
    CommonAttributeInPatch,
    /// Of several values marked primary in one operation the last is the primary one.
    LastPrimaryWins,
    /// The bearer token alone in the `Authorization` header, or behind another word.
    BareToken,
    /// A body without `Content-Type`.
    MissingMediaType,
    /// `email` in a filter stands for `emails.value`.
    EmailInFilter,
    /// A new user without `userName` is called by the mail address.
    UserNameFromEmail,
}

impl Leniency {
    /// Every leniency, in the order of the documentation.
    pub const ALL: [Leniency; 23] = [
        Leniency::OperatorCase,
        Leniency::StringBoolean,
        Leniency::EmptyStringRemoves,
        Leniency::AddCreatesElement,
        Leniency::ReplaceCreatesElement,
        Leniency::PlainValue,
        Leniency::ArrayForSingle,
        Leniency::SingleForArray,
        Leniency::UnqualifiedExtension,
        Leniency::RemoveByValue,
        Leniency::RemoveNothing,
        Leniency::UnknownAttribute,
        Leniency::UnknownSchema,
        Leniency::UndeclaredSchema,
        Leniency::UndeclaredPatch,
        Leniency::NullPath,
        Leniency::PathKey,
        Leniency::CommonAttributeInPatch,
        Leniency::LastPrimaryWins,
        Leniency::BareToken,
        Leniency::MissingMediaType,
        Leniency::EmailInFilter,
        Leniency::UserNameFromEmail,
    ];

    /// The name used in configuration and documentation.
    pub fn name(self) -> &'static str {
        self.facts().0
    }

    /// Who sends it, and where that is written down.
    pub fn source(self) -> &'static str {
        self.facts().1
    }

    /// What is accepted, and what a strict client is answered instead.
    pub fn description(self) -> &'static str {
        self.facts().2
    }

    fn facts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Leniency::OperatorCase => (
                "operator-case",
                "Entra ID without the aadOptscim062020 flag (Microsoft, use-scim-to-provision-users-and-groups)",
                "PATCH `op` is read in any case. Strict: 400 invalidSyntax unless it is add, replace or remove.",
            ),
            Leniency::StringBoolean => (
                "string-boolean",
                "Entra ID `active: \"False\"` and `roles[primary eq \"True\"]`; Keycloak extensions; OneLogin templates",
                "The strings true and false, in any case, are booleans where the schema has a boolean. Strict: 400 invalidValue; in a filter, 400 invalidFilter.",
            ),
            Leniency::EmptyStringRemoves => (
                "empty-string-removes",
                "Entra ID gallery test SCIM_Null_Update, and manager removal by `\"\"` or `{\"value\": \"\"}`",
                "An empty string is no value: absent in POST and PUT, a removal in PATCH. Strict: the empty string is a value.",
            ),
            Leniency::AddCreatesElement => (
                "add-creates-element",
                "Entra ID `add phoneNumbers[type eq \"mobile\"].value` on a user without phones",
                "The element is made from the filter's eq terms. Strict: 400 noTarget.",
            ),
            Leniency::ReplaceCreatesElement => (
                "replace-creates-element",
                "Entra ID `replace phoneNumbers[type eq \"work\"].value` on a user without phones",
                "The element is made from the filter's eq terms. Strict: 400 noTarget (RFC 7644 §3.5.2.3).",
            ),
            Leniency::PlainValue => (
                "plain-value",
                "Entra ID sends `manager` as the manager's id",
                "A plain string stands for `{\"value\": …}`. Strict: 400 invalidValue.",
            ),
            Leniency::ArrayForSingle => (
                "array-for-single",
                "Entra ID of 2018 sends `manager` as an array of one",
                "An array of one is read as its element. Strict: 400 invalidValue.",
            ),
            Leniency::SingleForArray => (
                "single-for-array",
                "OneLogin templates send `emails` as one object",
                "A single value is read as an array of one. Strict: 400 invalidValue.",
            ),
            Leniency::UnqualifiedExtension => (
                "unqualified-extension",
                "Entra ID of 2018 sends `manager` without the enterprise URN",
                "A name that the core schema lacks is looked up in the extensions. Strict: the name is unknown.",
            ),
            Leniency::RemoveByValue => (
                "remove-by-value",
                "Entra ID and JumpCloud remove group members with a `value` array",
                "Only the listed values go. Strict: 400 invalidSyntax, since a remove takes no value (RFC 7644 §3.5.2.2).",
            ),
            Leniency::RemoveNothing => (
                "remove-nothing",
                "Entra ID and Okta repeat `remove members[value eq \"…\"]`",
                "A removal that finds nothing is success. Strict: 400 noTarget.",
            ),
            Leniency::UnknownAttribute => (
                "unknown-attribute",
                "Entra ID, Okta, PingFederate and OneLogin send more than a server knows (`timezone`, `managerId`, custom URNs)",
                "Unknown attributes are ignored and noted, and so are elements of a type that the mapping does not hold, or holds once. Strict: 400 invalidSyntax; in a PATCH path, 400 invalidPath; for elements, 400 invalidValue.",
            ),
            Leniency::UnknownSchema => (
                "unknown-schema",
                "Entra ID lists an ADSCIM group schema of its own",
                "Unknown URNs in `schemas` are ignored and noted. Strict: 400 invalidSyntax.",
            ),
            Leniency::UndeclaredSchema => (
                "undeclared-schema",
                "Entra ID omits custom extension URNs from `schemas`; OneLogin sends the SCIM 1.0 URN alone",
                "The endpoint and the keys decide. Strict: 400 invalidSyntax when `schemas` lacks the core URN or a used extension.",
            ),
            Leniency::UndeclaredPatch => (
                "undeclared-patch",
                "Hand-written clients and older connectors leave out the PatchOp URN",
                "The method decides. Strict: 400 invalidSyntax.",
            ),
            Leniency::NullPath => (
                "null-path",
                "Serialisers that print absent members as null",
                "A null or empty `path` is an absent one. Strict: 400 invalidPath.",
            ),
            Leniency::PathKey => (
                "path-key",
                "Entra ID with the aadOptscim062020 flag: `\"name.givenName\"` and `\"urn:…:User:department\"` as keys",
                "Keys of a value without path are read as paths. Strict: only attribute names and schema URNs; others are unknown.",
            ),
            Leniency::CommonAttributeInPatch => (
                "common-attribute-in-patch",
                "Okta renames groups with `{\"id\": …, \"displayName\": …}`; some Entra ID captures too",
                "`id`, `meta` and `schemas` inside a value without path are skipped. Strict: 400 mutability.",
            ),
            Leniency::LastPrimaryWins => (
                "last-primary-wins",
                "Mappings in Entra ID and OneLogin that mark every mail as primary",
                "The last value marked primary is the primary one. Strict: 400 invalidValue (RFC 7643 §2.4).",
            ),
            Leniency::BareToken => (
                "bare-token",
                "Okta's header authentication sends what the administrator typed; PingFederate's may choose another word",
                "A token without `Bearer` before it, alone or after another word, is read as one. Strict: 401 (RFC 6750 §2.1).",
            ),
            Leniency::MissingMediaType => (
                "missing-media-type",
                "Hand-written clients and scripts",
                "A body without `Content-Type` is read as JSON. Strict: 415 (RFC 7644 §3.1).",
            ),
            Leniency::EmailInFilter => (
                "email-in-filter",
                "PingFederate's expression `email Co \"%s\"` and OneLogin templates with `email eq`",
                "In a filter `email` stands for `emails.value`. Strict: 400 invalidFilter, since there is no such attribute.",
            ),
            Leniency::UserNameFromEmail => (
                "user-name-from-email",
                "Rippling may create users with `emails` only (guides of WorkOS and Kombo)",
                "A POST without `userName` takes the primary mail address for it, or else the first. Strict: 400 invalidValue, since `userName` is required.",
            ),
        }
    }
}
