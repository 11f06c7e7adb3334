//! Changes as LDIF (RFC 2849), to be read by people and by `ldapmodify`.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{AttributeName, Change, Modification, ModificationKind, Values};

/// RFC 2849 leaves the length to the writer; 76 is what every tool prints.
const LINE: usize = 76;

/// Writes changes as LDIF change records; nothing at all when there is none.
///
/// A modification with a secret value is written as comments, whole: with the value alone left out,
/// the rest would tell `ldapmodify` to empty the attribute.
pub fn write<'a>(changes: impl Iterator<Item = &'a Change>) -> String {
    let mut ldif = Ldif(String::new());
    for change in changes {
        if ldif.0.is_empty() {
            ldif.line("version: 1");
        }
        ldif.0.push('\n');
        ldif.change(change);
    }
    ldif.0
}

struct Ldif(String);

impl Ldif {
    fn change(&mut self, change: &Change) {
        if let Some(assertion) = change.assertion() {
            self.comment(&format!("only if {assertion}"));
        }
        self.value("dn", change.dn().to_string().as_bytes());
        match change {
            Change::Add { attributes, .. } => {
                self.line("changetype: add");
                for (attribute, values) in attributes {
                    self.values(attribute, values);
                }
            }
            Change::Modify { modifications, .. } => {
                self.line("changetype: modify");
                for modification in modifications {
                    self.modification(modification);
                }
            }
            Change::Rename {
                rdn,
                delete_old_rdn,
                superior,
                ..
            } => {
                self.line("changetype: modrdn");
                self.value("newrdn", rdn.to_string().as_bytes());
                self.line(if *delete_old_rdn {
                    "deleteoldrdn: 1"
                } else {
                    "deleteoldrdn: 0"
                });
                if let Some(superior) = superior {
                    self.value("newsuperior", superior.to_string().as_bytes());
                }
            }
            Change::Delete { .. } => self.line("changetype: delete"),
        }
    }

    fn modification(&mut self, modification: &Modification) {
        let Modification {
            kind,
            attribute,
            values,
        } = modification;
        let kind = match kind {
            ModificationKind::Add => "add",
            ModificationKind::Delete => "delete",
            ModificationKind::Replace => "replace",
        };
        let secret = matches!(values, Values::Secret(_));
        let head = format!("{kind}: {attribute}");
        if secret {
            self.comment(&head)
        } else {
            self.line(&head)
        }
        self.values(attribute, values);
        if secret {
            self.comment("-")
        } else {
            self.line("-")
        }
    }

    fn values(&mut self, attribute: &AttributeName, values: &Values) {
        match values {
            Values::Plain(values) => {
                for value in values {
                    self.value(attribute.as_str(), value);
                }
            }
            Values::Secret(_) => self.comment(&format!("{attribute}: [redacted]")),
        }
    }

    fn value(&mut self, name: &str, value: &[u8]) {
        match std::str::from_utf8(value).ok().filter(|text| is_safe(text)) {
            Some("") => self.line(&format!("{name}:")),
            Some(text) => self.line(&format!("{name}: {text}")),
            None => self.line(&format!("{name}:: {}", STANDARD.encode(value))),
        }
    }

    /// A comment may hold ASCII only, like every line; the rest is escaped as a filter would escape it.
    fn comment(&mut self, text: &str) {
        let mut line = String::from("# ");
        for byte in text.bytes() {
            if (0x20..0x7f).contains(&byte) {
                line.push(char::from(byte));
            } else {
                // Writing to a String does not fail.
                let _ = write!(line, "\\{byte:02x}");
            }
        }
        self.line(&line);
    }

    /// Writes one line, which is ASCII, folded.
    fn line(&mut self, line: &str) {
        let (mut head, mut rest) = line.split_at_checked(LINE).unwrap_or((line, ""));
        self.0.push_str(head);
        while !rest.is_empty() {
            self.0.push_str("\n ");
            (head, rest) = rest.split_at_checked(LINE - 1).unwrap_or((rest, ""));
            self.0.push_str(head);
        }
        self.0.push('\n');
    }
}

/// SAFE-STRING of RFC 2849, without the control characters it would allow and without spaces at the
/// end, which it wants encoded.
fn is_safe(text: &str) -> bool {
    text.bytes().all(|b| (0x20..0x7f).contains(&b))
        && !text.starts_with([' ', ':', '<'])
        && !text.ends_with(' ')
}

#[cfg(test)]
mod tests;
