//! A comparison with one line's LDAP attribute.

use super::bounds::Bounds;
use super::{Pushdown, Tested};
use crate::ldap::{DirectoryKind, FileTime, Filter as LdapFilter};
use crate::mapping::check::Check;
use crate::mapping::codec::{Codec, boolean};
use crate::mapping::line::Line;
use crate::scim::error::quoted;
use crate::scim::{Error, Kind, Literal, Operator};

/// The matching rule that is true when all bits of a number are set (MS-ADTS 3.1.1.3.4.4.1).
const BIT_AND: &str = "1.2.840.113556.1.4.803";

impl Pushdown<'_> {
    /// Whether the line has a value that SCIM shows.
    pub(super) fn line_present(&self, line: &Line) -> Bounds {
        let present = LdapFilter::Present(line.ldap.clone());
        match line.codec {
            Codec::Locked(_) => Bounds::ALWAYS,
            // What is named may lie outside the bases, or be the placeholder of an empty group.
            Codec::Reference => Bounds::among(present),
            Codec::FileTime => {
                let never = [FileTime(0), FileTime::NEVER]
                    .map(|never| LdapFilter::equal(line.ldap.clone(), never.to_string()).negate());
                Bounds::exactly(LdapFilter::and(std::iter::once(present).chain(never)))
            }
            _ => Bounds::exactly(present),
        }
    }

    /// Any comparison but `ne`.
    pub(super) fn compare_line(&self, line: &Line, operator: Operator, value: &Literal) -> Tested {
        match (line.codec, operator) {
            (Codec::Reference, Operator::Equal) => {
                Ok(match value.text().and_then(|id| self.references.dn(id)) {
                    Some(dn) => {
                        Bounds::exactly(LdapFilter::equal(line.ldap.clone(), dn.to_string()))
                    }
                    None => Bounds::NEVER,
                })
            }
            (Codec::Flag { bit, inverted }, _) => {
                let set = Bounds::exactly(LdapFilter::Extensible {
                    attribute: line.ldap.clone(),
                    rule: BIT_AND.into(),
                    value: bit.to_string().into(),
                });
                let wanted = wanted_boolean(line, operator, value)?;
                Ok(if wanted == inverted {
                    set.negate()
                } else {
                    set
                })
            }
            (Codec::Locked(lock), _) => {
                let locked = LdapFilter::equal(line.ldap.clone(), lock.mark());
                let locked = Bounds::exactly(locked);
                let wanted = wanted_boolean(line, operator, value)?;
                Ok(if wanted { locked.negate() } else { locked })
            }
            (Codec::GeneralizedTime, _) if self.kind() == DirectoryKind::ActiveDirectory => {
                self.moment(&line.ldap, &line.place, operator, value)
            }
            (_, Operator::Equal) => self.equal(line, value),
            (codec, _) if codec.is_text() && operator.is_about_text() => {
                Ok(self.substring(line, operator, value))
            }
            _ => Ok(self.line_present(line).unsure()),
        }
    }

    fn equal(&self, line: &Line, value: &Literal) -> Tested {
        // The empty text is no value in LDAP, so that nothing has it.
        if value.text() == Some("") {
            return Ok(Bounds::NEVER);
        }
        Ok(match line.codec.encode(self.kind(), &value.to_value()) {
            Ok(_) if self.is_beyond_syntax(line, value) => Bounds::NEVER,
            Ok(_) if !line.has_equality(self.kind()) || self.is_time_as_text(line) => {
                self.line_present(line).unsure()
            }
            Ok(octets) => {
                self.as_exact_as_text(line, value, LdapFilter::equal(line.ldap.clone(), octets))
            }
            // NUL is in no value, and everything else that is a text may be asked for.
            Err(_) if line.codec.is_text() => Bounds::NEVER,
            Err(rule) => {
                return Err(Error::invalid_filter(format!(
                    "The value {} for `{}` {rule}; send a value that does.",
                    quoted(&value.to_string()),
                    line.path
                )));
            }
        })
    }

    fn substring(&self, line: &Line, operator: Operator, value: &Literal) -> Bounds {
        let part = value
            .text()
            .filter(|text| !text.contains('\0') && !self.is_beyond_syntax(line, value))
            .and_then(|text| line.codec.fragment(text));
        let Some(part) = part else {
            return Bounds::NEVER;
        };
        let present = self.line_present(line);
        if part.is_empty() {
            // Every text contains, begins and ends with the empty one.
            return present;
        }
        if !line.has_parts() || self.is_time_as_text(line) {
            return present.unsure();
        }
        let parts = |initial, any, end| LdapFilter::Substrings {
            attribute: line.ldap.clone(),
            initial,
            any,
            end,
        };
        if !means_itself(line, &part) {
            let words: Vec<Vec<u8>> = part
                .split(|byte| !byte.is_ascii_alphanumeric())
                .filter(|word| !word.is_empty())
                .map(<[u8]>::to_vec)
                .collect();
            return if words.is_empty() {
                present.unsure()
            } else {
                Bounds::among(parts(None, words, None))
            };
        }
        let filter = match operator {
            Operator::StartsWith => parts(Some(part), Vec::new(), None),
            Operator::EndsWith => parts(None, Vec::new(), Some(part)),
            _ => parts(None, vec![part], None),
        };
        self.as_exact_as_text(line, value, filter)
    }

    /// Whether the line's attribute can hold no value with this text in it.
    fn is_beyond_syntax(&self, line: &Line, value: &Literal) -> bool {
        value
            .text()
            .is_some_and(|text| line.is_beyond_syntax(self.kind(), text))
    }

    /// Whether SCIM compares moments where LDAP would compare their letters.
    fn is_time_as_text(&self, line: &Line) -> bool {
        let resolved = self.mapping.definition.lookup(&line.place);
        line.codec == Codec::String && resolved.is_some_and(|of| of.leaf().kind == Kind::DateTime)
    }

    /// Directories compare most text without case: where SCIM minds the case, what they find are candidates. Active
    /// Directory minds neither case nor accents nor the width of letters, and others see neither spaces nor hyphens in
    /// telephone numbers (RFC 4518 §2.6.3), so that all they find are.
    fn as_exact_as_text(&self, line: &Line, value: &Literal, filter: LdapFilter) -> Bounds {
        let has_case = |c: char| c.to_lowercase().ne(c.to_uppercase());
        let differs = self.kind() == DirectoryKind::ActiveDirectory
            || line.check == Some(Check::TelephoneNumber)
            || self.mapping.minds_case(line)
                && value.text().is_some_and(|text| text.contains(has_case));
        if line.codec.is_text() && differs {
            Bounds::among(filter)
        } else {
            Bounds::exactly(filter)
        }
    }
}

/// Whether a part of a text is compared as it stands. Where it begins or ends with a space, has several together, or has
/// characters that are mapped to a space or to nothing, a directory compares another text (RFC 4518 §2.2 and §2.6.1); of
/// a telephone number it compares neither spaces nor hyphens (RFC 4518 §2.6.3).
fn means_itself(line: &Line, part: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(part) else {
        return false;
    };
    if line.check == Some(Check::TelephoneNumber) {
        return text.contains(char::is_alphanumeric);
    }
    let squeezed = text.starts_with(' ') || text.ends_with(' ') || text.contains("  ");
    let mapped = |c: char| {
        c != ' '
            && (c.is_whitespace()
                || c.is_control()
                || matches!(c, '\u{ad}' | '\u{34f}' | '\u{1806}' | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}'
                    | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffc}'))
    };
    !squeezed && !text.contains(mapped)
}

fn wanted_boolean(line: &Line, operator: Operator, value: &Literal) -> Result<bool, Error> {
    let wanted = boolean(&value.to_value()).filter(|_| operator == Operator::Equal);
    wanted.ok_or_else(|| {
        Error::invalid_filter(format!(
            "The attribute `{}` is compared by eq or ne with true or false, not by {} with {}.",
            line.path,
            operator.name(),
            quoted(&value.to_string())
        ))
    })
}
