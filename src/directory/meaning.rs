//! What a refusal means, whatever the dialect: read from the table of `codes`, with the attribute that the text names.

use std::fmt;

use crate::ldap::AttributeName;

use super::codes;
use super::error::Rejection;

listed! {
    /// What a directory's refusal means, whatever its dialect.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Meaning {
        /// An entry with this DN exists already (in Active Directory also: this cn in this OU).
        NameTaken,
        /// The account name (sAMAccountName) is taken in the domain.
        AccountNameTaken,
        /// A value that the directory keeps unique is taken; the attribute is named where the directory names it.
        ValueTaken,
        /// The entry does not exist (any more).
        NoSuchEntry,
        /// An entry that a value refers to (a member, a manager) does not exist.
        NoSuchReference,
        /// The entry below which something was to be put, or the search base, does not exist: the configuration is at fault.
        ParentMissing,
        /// The password policy refuses the password, or an account was to be enabled without one.
        PasswordPolicy,
        /// The password is not of the form the directory takes.
        PasswordMalformed,
        /// The directory takes passwords only over TLS: the configuration is at fault.
        PasswordNeedsTls,
        /// The account name is too long or has characters that are not allowed.
        BadAccountName,
        /// A rule about the primary group forbids it.
        PrimaryGroup,
        /// The groupType cannot be set so.
        GroupType,
        /// A group of this scope cannot have this member.
        MemberNotAllowed,
        /// The value is there already. Success where members are added.
        AlreadyPresent,
        /// The value is not there. Success where members are removed.
        AlreadyAbsent,
        /// The entry's object classes do not allow the attribute.
        NotAllowedByClass,
        /// The directory's schema does not have the attribute: the mapping is at fault.
        UnknownAttribute,
        /// The value does not fit the attribute's syntax or range.
        InvalidValue,
        /// The attribute takes one value only.
        SingleValued,
        /// The name (DN) is not well-formed for this directory.
        InvalidName,
        /// An attribute that the object class requires would be missing.
        MissingAttribute,
        /// The attribute cannot be changed this way: part of the name, computed, or owned by the system.
        NotModifiable,
        /// The bridge's account has not the right (or a protected account lost its inherited rights).
        Denied,
        /// The last administrator cannot be taken away.
        LastAdministrator,
        /// There are entries below this one.
        HasChildren,
        /// A size or administrative limit of the directory.
        TooMany,
        /// The directory is busy, slow or shutting down; later it may work.
        Busy,
        /// The directory demands signing or TLS: the configuration is at fault.
        SecurityRequired,
        /// The connection is not bound any more.
        BindLost,
        /// The directory refers to another server (a read-only controller, another domain).
        Elsewhere,
        /// A control that was sent as critical is not supported.
        ControlUnavailable,
        /// The cookie of a paged search is not valid any more.
        CookieLost,
        /// The credentials of the bind are refused.
        CredentialsRefused,
        /// The condition of the write did not hold (RFC 4528).
        AssertionFailed,
        /// None of the above.
        Other,
    }
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NameTaken => "an entry with this name exists",
            Self::AccountNameTaken => "the account name is taken",
            Self::ValueTaken => "a value that must be unique is taken",
            Self::NoSuchEntry => "the entry does not exist",
            Self::NoSuchReference => "an entry referred to does not exist",
            Self::ParentMissing => "the entry above, or the search base, does not exist",
            Self::PasswordPolicy => "the password policy does not allow it",
            Self::PasswordMalformed => "the password is malformed",
            Self::PasswordNeedsTls => "passwords can be set over TLS only",
            Self::BadAccountName => "the account name is not allowed",
            Self::PrimaryGroup => "a rule about the primary group does not allow it",
            Self::GroupType => "the group type is not allowed",
            Self::MemberNotAllowed => "a group of this scope cannot have this member",
            Self::AlreadyPresent => "the value is present already",
            Self::AlreadyAbsent => "the value is absent already",
            Self::NotAllowedByClass => "the object classes do not allow the attribute",
            Self::UnknownAttribute => "the schema does not have the attribute",
            Self::InvalidValue => "the value does not fit the attribute",
            Self::SingleValued => "the attribute takes one value only",
            Self::InvalidName => "the name is malformed",
            Self::MissingAttribute => "a required attribute is missing",
            Self::NotModifiable => "the attribute cannot be changed this way",
            Self::Denied => "the bridge's account has not the right",
            Self::LastAdministrator => "it is the last administrator",
            Self::HasChildren => "there are entries below it",
            Self::TooMany => "a limit of the directory is exceeded",
            Self::Busy => "the directory is busy",
            Self::SecurityRequired => "signing or TLS is required",
            Self::BindLost => "the connection is not bound",
            Self::Elsewhere => "another server is responsible",
            Self::ControlUnavailable => "a critical control is not supported",
            Self::CookieLost => "the cookie of the paged search is lost",
            Self::CredentialsRefused => "the credentials are refused",
            Self::AssertionFailed => "the condition does not hold",
            Self::Other => "a reason without a rule",
        })
    }
}

/// Gives a refusal its meaning. `secured` tells whether the connection was over TLS.
pub(super) fn rejection(code: u32, text: &str, secured: bool) -> Rejection {
    let sub_code = sub_code(text);
    let lower = text.to_ascii_lowercase();
    let meaning = codes::meaning(code, sub_code, &lower, secured);
    // The only place that shows the directory's own words: they may name people, so at debug and no higher.
    tracing::debug!(code, text = text.trim_end(), %meaning, "the directory refused");
    Rejection {
        meaning,
        code,
        sub_code,
        text: text.to_owned(),
        attribute: attribute(text, &lower, meaning),
    }
}

/// The Win32 code at the head of the message: eight hexadecimal digits and a colon. Bind errors begin with an HRESULT,
/// which is none.
fn sub_code(text: &str) -> Option<u32> {
    let (head, _) = text.split_once(':')?;
    let digits = head.len() == 8 && head.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits
        .then(|| u32::from_str_radix(head, 16).ok())
        .flatten()
        .filter(|code| *code < 0x8000_0000)
}

/// The attribute that the message names.
fn attribute(text: &str, lower: &str, meaning: Meaning) -> Option<AttributeName> {
    let named = |name: &str| AttributeName::parse(name).ok();
    // `Att 9005a (unicodePwd)`: Active Directory.
    if let Some(start) = lower.find("att ")
        && let Some((_, rest)) = text[start..].split_once('(')
        && text[start + 4..].starts_with(|first: char| first.is_ascii_hexdigit())
        && let Some((name, _)) = rest.split_once(')')
    {
        return named(name);
    }
    // `non-unique attributes found with (|(uid=ADA))`: OpenLDAP's overlay unique.
    if let Some(start) = lower.find("non-unique attributes found with ") {
        let filter = text[start..]
            .trim_start_matches(|c| c != '(')
            .trim_start_matches(['(', '|', '&', '!']);
        return named(filter.split(['=', ':', '<', '>', '~']).next()?);
    }
    // `… (attribute: mail)`, `attribute "mail"`: 389 DS. `attribute 'title' not allowed`: OpenLDAP.
    for marker in [
        "attribute: \"",
        "attribute: ",
        "attribute \"",
        "attribute '",
        "attribute type \"",
    ] {
        if let Some(start) = lower.find(marker) {
            let rest = &text[start + marker.len()..];
            let end = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == ';'))
                .unwrap_or(rest.len());
            return named(&rest[..end]);
        }
    }
    if lower.contains("not 7-bit clean") {
        return named("uid");
    }
    if lower.contains("implied by userprincipalname") {
        return named("userPrincipalName");
    }
    // `samldb: samAccountName 'ADA' already in use!`, `userPrincipalName '…' is already in use`: Samba.
    if let Some(end) = lower
        .find(" '")
        .filter(|_| lower.contains("already in use"))
    {
        let name = text[..end].rsplit([' ', ':']).next().unwrap_or_default();
        if let Some(known) = ["sAMAccountName", "userPrincipalName"]
            .iter()
            .find(|known| known.eq_ignore_ascii_case(name))
        {
            return named(known);
        }
        return named(name);
    }
    // `Element displayName has empty attribute in ldb message`: Samba.
    if let Some(rest) = text.strip_prefix("Element ") {
        return named(rest.split(' ').next()?);
    }
    // `title: value #0 invalid per syntax`, `modify/add: title: value #0 already exists`: OpenLDAP.
    let own = text.strip_prefix("modify/add: ").unwrap_or(text);
    if let Some((name, rest)) = own.split_once(':')
        && !name.contains(' ')
        && (rest.contains("value #")
            || rest.contains("attribute type undefined")
            || rest.contains("no user modification")
            || rest.contains("multiple values"))
    {
        return named(name);
    }
    match meaning {
        Meaning::AccountNameTaken | Meaning::BadAccountName => named("sAMAccountName"),
        Meaning::ValueTaken if lower.starts_with("000021c8") => named("userPrincipalName"),
        Meaning::ValueTaken if lower.starts_with("000021c7") => named("servicePrincipalName"),
        _ => None,
    }
}

/// What the `data` code of a refused Active Directory bind means, for the person who must act.
pub(super) fn bind_reason(text: &str) -> Option<&'static str> {
    let (_, rest) = text.split_once("data ")?;
    Some(
        match rest.split(',').next()?.trim().to_ascii_lowercase().as_str() {
            "52e" => "the name or the password is wrong",
            "525" => "there is no such account",
            "530" => "the account may not log on at this hour",
            "531" => "the account may not log on from this machine",
            "532" => "the account's password has expired",
            "533" => "the account is disabled",
            "701" => "the account has expired",
            "773" => "the account's password must be changed first",
            "775" => "the account is locked",
            _ => return None,
        },
    )
}

#[cfg(test)]
#[path = "meaning_tests.rs"]
mod tests;
