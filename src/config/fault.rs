//! A refusal of a configuration: what is wrong, where it stands, and what to do.

use std::fmt;
use std::ops::Range;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The setting: `server.listen`, `clients.0.tokens.1`. Empty where the file as a whole is at fault.
    pub key: String,
    /// The rule's name: `unknown-key`, `missing`, `contradiction`, ...
    pub rule: &'static str,
    /// What is wrong. Never a secret's value.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// Where it was written.
    pub place: Place,
}

/// Where a fault was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Place {
    /// Not yet looked for.
    #[default]
    Unknown,
    /// In the file, at these bytes.
    File(Range<usize>),
    /// In this environment variable.
    Variable(String),
}

impl Fault {
    pub(super) fn new(
        key: impl Into<String>,
        rule: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Fault {
            key: key.into(),
            rule,
            message: message.into(),
            hint: None,
            place: Place::Unknown,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }
}

/// Why a configuration is not accepted. Displayed, it is the whole report: each fault with file, line, key, rule, a
/// caret and a hint.
#[derive(Debug)]
pub struct Refused {
    /// The file's name as the operator gave it.
    pub file: String,
    /// What is wrong; empty only where the mapping is.
    pub faults: Vec<Fault>,
    /// The file with secrets masked; byte positions are the original's.
    text: String,
    /// The mapping's own report, where the mapping is what is wrong.
    mapping: String,
}

impl Refused {
    pub(super) fn new(file: String, text: String, mut faults: Vec<Fault>) -> Self {
        faults.sort_by_key(|fault| match &fault.place {
            Place::File(span) => (1, span.start),
            Place::Variable(_) => (2, 0),
            Place::Unknown => (0, 0),
        });
        Refused {
            file,
            faults,
            text,
            mapping: String::new(),
        }
    }

    pub(super) fn mapping(file: String, report: String) -> Self {
        Refused {
            file,
            faults: Vec::new(),
            text: String::new(),
            mapping: report,
        }
    }

    /// `file:line:column: message [rule]`, the line, and carets below the key.
    fn show(
        &self,
        fault: &Fault,
        span: &Range<usize>,
        formatter: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let before = self.text.get(..span.start).unwrap_or_default();
        let number = before.matches('\n').count() + 1;
        let line = self.text.lines().nth(number - 1).unwrap_or_default();
        let lead = before.rsplit('\n').next().unwrap_or_default();
        let marked = self
            .text
            .get(span.clone())
            .unwrap_or_default()
            .lines()
            .next()
            .unwrap_or_default();
        let (column, width) = (lead.chars().count() + 1, marked.chars().count().max(1));
        // Tabs stay tabs, so that the carets stand below the key.
        let indent: String = lead
            .chars()
            .map(|letter| if letter == '\t' { '\t' } else { ' ' })
            .collect();
        let gutter = " ".repeat(number.to_string().len());
        writeln!(
            formatter,
            "{}:{number}:{column}: {} [{}]",
            self.file, fault.message, fault.rule
        )?;
        writeln!(
            formatter,
            "{gutter} |\n{number} | {line}\n{gutter} | {indent}{}",
            "^".repeat(width)
        )
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.mapping)?;
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                writeln!(formatter)?;
            }
            match &fault.place {
                Place::File(span) => self.show(fault, span, formatter)?,
                Place::Variable(name) => {
                    writeln!(
                        formatter,
                        "environment variable `{name}`: {} [{}]",
                        fault.message, fault.rule
                    )?;
                }
                Place::Unknown => writeln!(
                    formatter,
                    "{}: {} [{}]",
                    self.file, fault.message, fault.rule
                )?,
            }
            if let Some(hint) = &fault.hint {
                writeln!(formatter, "hint: {hint}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}

/// The candidate nearest to what was typed, if it is near enough to be a slip of the finger.
pub(super) fn nearest<'a>(
    typed: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let typed: Vec<char> = typed.to_lowercase().chars().take(64).collect();
    candidates
        .into_iter()
        .map(|candidate| {
            (
                distance(
                    &typed,
                    &candidate.to_lowercase().chars().collect::<Vec<_>>(),
                ),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must change, appear or vanish (Levenshtein).
fn distance(left: &[char], right: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, letter) in left.iter().enumerate() {
        let mut diagonal = above;
        let mut last = above + 1;
        let mut next = Vec::with_capacity(row.len());
        next.push(last);
        for (other, up) in right.iter().zip(row.iter().skip(1)) {
            last = (diagonal + usize::from(letter != other))
                .min(last + 1)
                .min(up + 1);
            diagonal = *up;
            next.push(last);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_key_and_nonsense_finds_none() {
        let keys = ["listen", "base_path", "base_url"];
        assert_eq!(nearest("listn", keys), Some("listen"));
        assert_eq!(nearest("Listen", keys), Some("listen"));
        assert_eq!(nearest("base_ulr", keys), Some("base_url"));
        assert_eq!(nearest("colour", keys), None);
        assert_eq!(nearest("", keys), None);
    }
}
