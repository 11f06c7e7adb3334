//! A comparison with one line's LDAP attribute.

use super::{Pushdown, Test, Tested, unsupported};
use crate::ldap::Filter as LdapFilter;
use crate::mapping::codec::{Codec, boolean};
use crate::mapping::line::Line;
use crate::scim::error::quoted;
use crate::scim::{Error, Literal, Operator};

/// The matching rule that is true when all bits of a number are set (MS-ADTS 3.1.1.3.4.4.1).
const BIT_AND: &str = "1.2.840.113556.1.4.803";

impl Pushdown<'_> {
    pub(super) fn compare_line(&self, line: &Line, operator: Operator, value: &Literal) -> Tested {
        if operator == Operator::NotEqual {
            return Ok(self.compare_line(line, Operator::Equal, value)?.negate());
        }
        match (line.codec, operator) {
            _ if !line.is_read() => Err(Error::invalid_filter(format!(
                "The attribute `{}` is only written, never read; leave it out.",
                line.path
            ))),
            (Codec::Reference, Operator::Equal) => {
                Ok(match value.text().and_then(|id| self.references.dn(id)) {
                    Some(dn) => Test::Ask(LdapFilter::equal(line.ldap.clone(), dn.to_string())),
                    None => Test::Never,
                })
            }
            (Codec::Flag { bit, inverted }, Operator::Equal) => {
                let wanted = self.wanted_boolean(line, value)?;
                let set = Test::Ask(LdapFilter::Extensible {
                    attribute: line.ldap.clone(),
                    rule: BIT_AND.into(),
                    value: bit.to_string().into(),
                });
                Ok(if wanted != inverted {
                    set
                } else {
                    set.negate()
                })
            }
            (Codec::LockedTime, Operator::Equal) => {
                let locked = Test::Ask(LdapFilter::Present(line.ldap.clone()));
                Ok(if self.wanted_boolean(line, value)? {
                    locked.negate()
                } else {
                    locked
                })
            }
            _ if !line.equality => Err(unsupported(line, operator.name(), "pr")),
            (codec, Operator::Equal) => self.equal(line, codec, value),
            (codec, Operator::Contains | Operator::StartsWith | Operator::EndsWith)
                if codec.is_text() =>
            {
                self.substring(line, operator, value)
            }
            (codec, _) => Err(unsupported(
                line,
                operator.name(),
                if codec.is_text() {
                    "eq, ne, co, sw, ew, pr"
                } else {
                    "eq, ne, pr"
                },
            )),
        }
    }

    fn equal(&self, line: &Line, codec: Codec, value: &Literal) -> Tested {
        // The empty text is no value in LDAP, so that nothing has it.
        if value.text() == Some("") {
            return Ok(Test::Never);
        }
        match codec.encode(self.kind(), &value.to_value()) {
            Ok(octets) => Ok(Test::Ask(LdapFilter::equal(line.ldap.clone(), octets))),
            // NUL is in no value, and everything else that is a text may be asked for.
            Err(_) if codec.is_text() => Ok(Test::Never),
            Err(rule) => Err(Error::invalid_filter(format!(
                "The value {} for `{}` {rule}.",
                quoted(&value.to_string()),
                line.path
            ))),
        }
    }

    fn substring(&self, line: &Line, operator: Operator, value: &Literal) -> Tested {
        let text = match value {
            Literal::String(text) => text.clone(),
            Literal::Number(number) => number.to_string(),
            Literal::Boolean(_) | Literal::Null => {
                return Err(unsupported(line, operator.name(), "a text"));
            }
        };
        let Some(part) = line.codec.fragment(&text).filter(|_| !text.contains('\0')) else {
            return Ok(Test::Never);
        };
        if part.is_empty() {
            // Every text contains, begins and ends with the empty one.
            return Ok(Test::Ask(LdapFilter::Present(line.ldap.clone())));
        }
        let (mut initial, mut any, mut end) = (None, Vec::new(), None);
        match operator {
            Operator::StartsWith => initial = Some(part),
            Operator::EndsWith => end = Some(part),
            _ => any.push(part),
        }
        Ok(Test::Ask(LdapFilter::Substrings {
            attribute: line.ldap.clone(),
            initial,
            any,
            end,
        }))
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
