//! The one table from result code, Active Directory's sub code and text to meaning.
//!
//! The sub code is the Win32 code in the eight hexadecimal digits at the head of Active Directory's diagnostic message
//! (MS-ADTS 3.1.1.3.1.9). Which result code comes with which sub code varies with the Windows version, so the sub code
//! is looked at first, the result code second, the text last. Samba, OpenLDAP and 389 DS say some things in words only.

use std::fmt;

use super::meaning::Meaning;

/// How a refusal looks, and what it means then. The first row that fits is taken.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// Active Directory's sub code is one of these; none where the row looks at the result code alone.
    sub_codes: &'static [u32],
    /// The result code is one of these; none where the sub code says all.
    codes: &'static [u32],
    /// The text has one of these words; none where it does not matter.
    says: &'static [&'static str],
    /// The text lacks this word.
    lacks: Option<&'static str>,
    /// Only where the connection is not over TLS.
    in_clear: bool,
    meaning: Meaning,
}

const fn sub(sub_codes: &'static [u32], meaning: Meaning) -> Row {
    Row {
        sub_codes,
        codes: &[],
        says: &[],
        lacks: None,
        in_clear: false,
        meaning,
    }
}

const fn result(codes: &'static [u32], meaning: Meaning) -> Row {
    sub(&[], meaning).with(codes)
}

impl Row {
    const fn with(mut self, codes: &'static [u32]) -> Self {
        self.codes = codes;
        self
    }

    /// In lower case, as the text is when it is looked at.
    const fn says(mut self, words: &'static [&'static str]) -> Self {
        self.says = words;
        self
    }

    const fn lacks(mut self, word: &'static str) -> Self {
        self.lacks = Some(word);
        self
    }

    const fn in_clear(mut self) -> Self {
        self.in_clear = true;
        self
    }

    fn fits(&self, code: u32, sub_code: Option<u32>, text: &str, secured: bool) -> bool {
        (self.sub_codes.is_empty() || sub_code.is_some_and(|sub| self.sub_codes.contains(&sub)))
            && (self.codes.is_empty() || self.codes.contains(&code))
            && (self.says.is_empty() || self.says.iter().any(|word| text.contains(word)))
            && self.lacks.is_none_or(|word| !text.contains(word))
            && !(self.in_clear && secured)
    }
}

/// `00002071`, `19 "already in use"`, `16 with 00000057`: as the document shows it.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |of: Vec<String>| of.join(", ");
        let codes = list(self.codes.iter().map(ToString::to_string).collect());
        let subs = list(
            self.sub_codes
                .iter()
                .map(|sub| format!("{sub:08X}"))
                .collect(),
        );
        match (codes.as_str(), subs.as_str()) {
            (codes, "") => f.write_str(codes)?,
            ("", subs) => f.write_str(subs)?,
            (codes, subs) => write!(f, "{codes} with {subs}")?,
        }
        for (index, word) in self.says.iter().enumerate() {
            write!(f, "{}\"{word}\"", if index == 0 { " " } else { " or " })?;
        }
        if let Some(word) = self.lacks {
            write!(f, " without \"{word}\"")?;
        }
        if self.in_clear {
            f.write_str(" over a connection in clear")?;
        }
        Ok(())
    }
}

/// winerror.h names: `ERROR_…` below 0x2000, `ERROR_DS_…` from there on; then RFC 4511 appendix A, with the words of Samba
/// (without a sub code), OpenLDAP and 389 DS.
#[rustfmt::skip] // One row of the table a line.
const TABLE: &[Row] = &[
    sub(&[0x001F], Meaning::PasswordNeedsTls).says(&["unicodepwd"]).in_clear(),
    sub(&[0x001F, 0x2077], Meaning::PasswordNeedsTls).lacks("samaccountname").in_clear(),
    sub(&[0x001F, 0x2077, 0x0523], Meaning::BadAccountName),
    sub(&[0x0057], Meaning::CookieLost).with(&[12]),
    sub(&[0x0057], Meaning::UnknownAttribute).with(&[16, 17]),
    sub(&[0x0056, 0x052D], Meaning::PasswordPolicy),
    sub(&[0x04DC, 0x2020], Meaning::BindLost),
    sub(&[0x051C, 0x055E, 0x2149], Meaning::PrimaryGroup),
    sub(&[0x0524, 0x0526], Meaning::AccountNameTaken),
    sub(&[0x0525, 0x0527, 0x20B5], Meaning::NoSuchReference),
    sub(&[0x052A], Meaning::LastAdministrator),
    sub(&[0x052C], Meaning::PasswordMalformed),
    sub(&[0x0528, 0x0562], Meaning::AlreadyPresent),
    // ERROR_DS_NO_ATTRIBUTE_OR_VALUE; Samba uses it also for names that the schema does not have.
    sub(&[0x200A], Meaning::UnknownAttribute).says(&["not found in the schema"]),
    sub(&[0x0529, 0x0561, 0x200A], Meaning::AlreadyAbsent),
    // ERROR_DS_ATTRIBUTE_OR_VALUE_EXISTS; Samba uses it also for a second value of a single-valued attribute.
    sub(&[0x200D], Meaning::SingleValued).says(&["single-value", "single value", "more than one value"]),
    sub(&[0x200D], Meaning::AlreadyPresent),
    // ERROR_DS_OBJ_STRING_NAME_EXISTS; Samba uses it for sAMAccountName, and for a member by primary group, too.
    // An account's userPrincipalName in the domain implies its sAMAccountName: no other account name helps.
    sub(&[0x2071], Meaning::ValueTaken).says(&["implied by userprincipalname"]),
    sub(&[0x2071], Meaning::AccountNameTaken).says(&["samaccountname"]),
    sub(&[0x2071], Meaning::PrimaryGroup).says(&["primarygroupid"]),
    sub(&[0x2071], Meaning::NameTaken),
    sub(&[0x21C7, 0x21C8], Meaning::ValueTaken),
    // ERROR_DS_CONSTRAINT_VIOLATION, with Samba's explanation.
    sub(&[0x202F], Meaning::ValueTaken).says(&["already in use"]),
    sub(&[0x202F], Meaning::BadAccountName).says(&["samaccountname"]),
    sub(&[0x202F], Meaning::InvalidValue),
    sub(&[0x2030, 0x208D], Meaning::NoSuchEntry),
    sub(&[0x2089, 0x2095], Meaning::ParentMissing),
    // ERROR_DS_UNWILLING_TO_PERFORM, with Samba's explanation.
    sub(&[0x2035], Meaning::NotModifiable).says(&["linked attribute"]),
    sub(&[0x2035], Meaning::PasswordMalformed).says(&["password", "setup_io"]),
    sub(&[0x2141], Meaning::GroupType),
    sub(&[0x2144, 0x2145, 0x2146, 0x2147, 0x2148], Meaning::MemberNotAllowed),
    sub(&[0x207C], Meaning::MissingAttribute),
    sub(&[0x207D], Meaning::NotAllowedByClass),
    sub(&[0x200C], Meaning::UnknownAttribute),
    sub(&[0x200B, 0x2082], Meaning::InvalidValue),
    sub(&[0x2081], Meaning::SingleValued),
    sub(&[0x2016, 0x20B1, 0x209A, 0x211B], Meaning::NotModifiable),
    sub(&[0x2098], Meaning::Denied),
    sub(&[0x2015], Meaning::HasChildren),
    sub(&[0x2024], Meaning::TooMany),
    sub(&[0x200E, 0x200F], Meaning::Busy),
    sub(&[0x2028], Meaning::SecurityRequired),
    sub(&[0x202B], Meaning::Elsewhere),

    result(&[1], Meaning::BindLost).says(&["without authentication", "successful bind"]),
    result(&[3, 51, 52], Meaning::Busy),
    result(&[4, 11], Meaning::TooMany),
    result(&[8, 13], Meaning::SecurityRequired),
    result(&[10], Meaning::Elsewhere),
    result(&[12], Meaning::ControlUnavailable),
    result(&[16], Meaning::UnknownAttribute).says(&["not found in the schema"]),
    result(&[16], Meaning::AlreadyAbsent),
    result(&[17], Meaning::UnknownAttribute),
    result(&[19], Meaning::ValueTaken).says(&["non-unique attributes found", "same attribute value already exists", "already in use"]),
    // 389 DS's plugin `7-bit check`, which by default looks at uid and mail and quotes the value: that may say anything.
    result(&[19], Meaning::InvalidValue).says(&["not 7-bit clean"]),
    result(&[19], Meaning::PasswordPolicy).says(&["password"]),
    result(&[19], Meaning::SingleValued).says(&["multiple values", "single-valued", "single valued"]),
    result(&[19], Meaning::NotModifiable).says(&["no user modification allowed"]),
    result(&[18, 19, 21], Meaning::InvalidValue),
    result(&[20], Meaning::AlreadyPresent),
    result(&[32], Meaning::ParentMissing).says(&["parent does not exist"]),
    result(&[32], Meaning::NoSuchEntry),
    result(&[34], Meaning::InvalidName),
    result(&[48, 49], Meaning::CredentialsRefused),
    result(&[50], Meaning::Denied),
    result(&[53], Meaning::CredentialsRefused).says(&["account inactivated"]),
    result(&[53], Meaning::AlreadyPresent).says(&["already exists for target"]),
    result(&[53], Meaning::AlreadyAbsent).says(&["doesn't exist for target"]),
    result(&[53], Meaning::ParentMissing).says(&["no global superior knowledge"]),
    // OpenLDAP: the value of the name would go; 389 DS says 67.
    result(&[64], Meaning::NotModifiable),
    result(&[65], Meaning::NotAllowedByClass).says(&["not allowed"]),
    result(&[65], Meaning::SingleValued).says(&["has multiple values"]),
    result(&[65], Meaning::MissingAttribute).says(&["requires attribute", "missing required", "missing attribute"]),
    result(&[65], Meaning::NotAllowedByClass),
    result(&[66], Meaning::HasChildren),
    result(&[67, 69], Meaning::NotModifiable),
    result(&[68], Meaning::AlreadyPresent).says(&["already exists for target"]),
    result(&[68], Meaning::NameTaken),
    result(&[80], Meaning::ParentMissing).says(&["parent does not exist"]),
    result(&[122], Meaning::AssertionFailed),
];

/// What a refusal means. `text` is in lower case.
pub(super) fn meaning(code: u32, sub_code: Option<u32>, text: &str, secured: bool) -> Meaning {
    TABLE
        .iter()
        .find(|row| row.fits(code, sub_code, text, secured))
        .map_or(Meaning::Other, |row| row.meaning)
}

impl Meaning {
    /// How a directory says so: Active Directory's sub codes, and the result codes that need none. For the document.
    #[must_use]
    pub fn signs(self) -> (Vec<String>, Vec<String>) {
        let (with, without): (Vec<&Row>, Vec<&Row>) = TABLE
            .iter()
            .filter(|row| row.meaning == self)
            .partition(|row| !row.sub_codes.is_empty());
        let shown = |rows: Vec<&Row>| rows.iter().map(ToString::to_string).collect();
        (shown(with), shown(without))
    }
}
