//! A comparison with one line's LDAP attribute.

use super::{Pushdown, Test, Tested, positive, signed, unsupported};
use crate::ldap::Filter as LdapFilter;
use crate::mapping::codec::{Codec, LOCKED_FOR_GOOD, boolean};
use crate::mapping::line::{Line, Shape};
use crate::scim::error::quoted;
use crate::scim::{Error, Literal, Operator};

/// The matching rule that is true when all bits of a number are set (MS-ADTS 3.1.1.3.4.4.1).
const BIT_AND: &str = "1.2.840.113556.1.4.803";

impl Pushdown<'_> {
    pub(super) fn compare_line(&self, line: &Line, operator: Operator, value: &Literal) -> Tested {
        Ok(signed(operator, self.ask_line(line, operator, value)?))
    }

    /// The test of a comparison; of `ne` that of `eq`, which the caller negates.
    pub(super) fn ask_line(&self, line: &Line, operator: Operator, value: &Literal) -> Tested {
        if !line.is_read() {
            return Err(Error::invalid_filter(format!(
                "The attribute `{}` is only written, never read; leave it out.",
                line.path
            )));
        }
        Ok(match (line.codec, positive(operator)) {
            (Codec::Reference, Operator::Equal) => {
                match value.text().and_then(|id| self.references.dn(id)) {
                    Some(dn) => Test::Ask(LdapFilter::equal(line.ldap.clone(), dn.to_string())),
                    None => Test::Never,
                }
            }
            (Codec::Flag { bit, inverted }, Operator::Equal) => {
                let wanted = self.wanted_boolean(line, value)?;
                let set = Test::Ask(LdapFilter::Extensible {
                    attribute: line.ldap.clone(),
                    rule: BIT_AND.into(),
                    value: bit.to_string().into(),
                });
                if wanted != inverted {
                    set
                } else {
                    set.negate()
                }
            }
            (Codec::LockedTime, Operator::Equal) => {
                let locked = Test::Ask(LdapFilter::equal(line.ldap.clone(), LOCKED_FOR_GOOD));
                if self.wanted_boolean(line, value)? {
                    locked.negate()
                } else {
                    locked
                }
            }
            (_, Operator::Equal) => self.equal(line, operator, value),
            (codec, Operator::Contains | Operator::StartsWith | Operator::EndsWith)
                if codec.is_text() =>
            {
                self.substring(line, operator, value)
            }
            _ => self.refused(line, operator),
        })
    }

    fn equal(&self, line: &Line, operator: Operator, value: &Literal) -> Test {
        let json = value.to_value();
        // The empty text is no value in LDAP, so that nothing has it.
        if value.text() == Some("") {
            return Test::Never;
        }
        match line.codec.encode(self.kind(), &json) {
            Ok(_) if self.is_beyond_syntax(line, value) => Test::Never,
            Ok(_) if !line.has_equality(self.kind()) => self.refused(line, operator),
            Ok(octets) => Test::Ask(LdapFilter::equal(line.ldap.clone(), octets)),
            // NUL is in no value, and everything else that is a text may be asked for.
            Err(_) if line.codec.is_text() => Test::Never,
            Err(rule) => Test::Refused(Error::invalid_filter(format!(
                "The value {} for `{}` {rule}.",
                quoted(&value.to_string()),
                line.path
            ))),
        }
    }

    fn substring(&self, line: &Line, operator: Operator, value: &Literal) -> Test {
        let text = match value {
            Literal::String(text) => text.clone(),
            Literal::Number(number) => number.to_string(),
            Literal::Boolean(_) | Literal::Null => {
                return Test::Refused(Error::invalid_filter(format!(
                    "The attribute `{}` is compared by {} with a text, not with {}; put it in quotes.",
                    line.path,
                    operator.name(),
                    quoted(&value.to_string())
                )));
            }
        };
        let part = line
            .codec
            .fragment(&text)
            .filter(|_| !text.contains('\0') && !self.is_beyond_syntax(line, value));
        let Some(part) = part else {
            return Test::Never;
        };
        if part.is_empty() {
            // Every text contains, begins and ends with the empty one.
            return Test::Ask(LdapFilter::Present(line.ldap.clone()));
        }
        if !line.has_parts() {
            return self.refused(line, operator);
        }
        let (mut initial, mut any, mut end) = (None, Vec::new(), None);
        match operator {
            Operator::StartsWith => initial = Some(part),
            Operator::EndsWith => end = Some(part),
            _ => any.push(part),
        }
        Test::Ask(LdapFilter::Substrings {
            attribute: line.ldap.clone(),
            initial,
            any,
            end,
        })
    }

    /// Whether the line's attribute can hold no value with this text in it.
    fn is_beyond_syntax(&self, line: &Line, value: &Literal) -> bool {
        value
            .text()
            .is_some_and(|text| line.is_beyond_syntax(self.kind(), text))
    }

    fn refused(&self, line: &Line, operator: Operator) -> Test {
        let supported = match (line.has_equality(self.kind()), line.has_parts()) {
            (_, true) => "eq, ne, co, sw, ew, pr",
            (true, false) => "eq, ne, pr",
            (false, false) => "pr",
        };
        unsupported(line, operator.name(), supported, &way_round(line, operator))
    }

    fn wanted_boolean(&self, line: &Line, value: &Literal) -> Result<bool, Error> {
        boolean(&value.to_value()).ok_or_else(|| {
            Error::invalid_filter(format!(
                "The attribute `{}` is compared with true or false, not with {}.",
                line.path,
                quoted(&value.to_string())
            ))
        })
    }
}

/// How to ask a list for the rest, when only this type of its elements lacks the rule.
fn way_round(line: &Line, operator: Operator) -> String {
    let Shape::Element { terms, .. } = &line.shape else {
        return String::new();
    };
    let (Some((term, value)), true) = (terms.first(), line.codec.is_text()) else {
        return String::new();
    };
    let list = line.place.whole();
    let sub = line.place.sub.as_deref().unwrap_or("value");
    let rest = |operator| format!("{list}[{term} ne {value} and {sub} {operator} …]");
    match operator {
        Operator::NotEqual => format!("; `not ({})` leaves it out", rest("eq")),
        Operator::Equal | Operator::Contains | Operator::StartsWith | Operator::EndsWith => {
            format!("; `{}` leaves it out", rest(operator.name()))
        }
        _ => String::new(),
    }
}
