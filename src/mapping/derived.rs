//! A value made by templates: only when the entry is created, while it still is what the templates make, or to fill in
//! for a line that has none.

use serde_json::{Map, Value};

use super::check::{Check, at_most};
use super::fault::Fault;
use super::template::{Template, Templates};
use crate::ldap::AttributeName;

/// One line of `[resource.NAME.derived]`.
#[derive(Debug, Clone)]
pub(super) struct Derived {
    pub(super) ldap: AttributeName,
    pub(super) templates: Vec<Template>,
    /// Whether the value changes with the resource while the directory still holds what the templates made.
    pub(super) follow: bool,
    /// Whether a line writes the attribute too, and the templates stand in when it has no value.
    pub(super) fallback: bool,
    pub(super) max_length: Option<usize>,
    pub(super) check: Option<Check>,
    pub(super) line_number: usize,
}

impl Derived {
    /// The SCIM attributes the value is made of, for messages.
    pub(super) fn made_of(&self) -> String {
        let mut names: Vec<&str> = self
            .templates
            .iter()
            .flat_map(|template| template.variables.iter().map(String::as_str))
            .collect();
        names.sort_unstable();
        names.dedup();
        names.join(", ")
    }

    /// The values to try, best first; none when the resource has nothing to make them of.
    pub(super) fn candidates(
        &self,
        templates: &Templates,
        resource: &Map<String, Value>,
    ) -> Result<Vec<String>, Fault> {
        let mut context = resource.clone();
        let mut candidates: Vec<String> = Vec::new();
        let mut broken = None;
        for template in &self.templates {
            let texts = templates.render(template, &mut context).map_err(|error| {
                let rule = format!("is made by a template that failed ({error})");
                Fault::new(
                    self.made_of(),
                    &self.ldap,
                    rule,
                    format!(
                        "correct the template in line {} of the mapping file",
                        self.line_number
                    ),
                )
            })?;
            for text in texts {
                match self.rule_broken_by(&text) {
                    Some(rule) => broken = broken.or(Some(rule)),
                    None if !candidates.contains(&text) => candidates.push(text),
                    None => {}
                }
            }
        }
        match broken {
            Some(rule) if candidates.is_empty() => Err(Fault::new(
                self.made_of(),
                &self.ldap,
                rule,
                "send values from which a name that keeps the rule can be made",
            )),
            _ => Ok(candidates),
        }
    }

    fn rule_broken_by(&self, text: &str) -> Option<String> {
        if text.contains('\0') {
            return Some("may not contain the character NUL".into());
        }
        self.max_length
            .and_then(|most| at_most(text, most))
            .or_else(|| self.check.and_then(|check| check.broken_by(text)))
    }

    /// The fault of a resource that gives nothing to make a needed value of.
    pub(super) fn nothing_to_make(&self) -> Fault {
        Fault::new(
            self.made_of(),
            &self.ldap,
            "has no value to make the entry's name of",
            "send at least one of these attributes",
        )
    }
}
