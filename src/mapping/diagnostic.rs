//! A fault in a mapping file, shown where it is: file, line, caret, rule and hint.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{LabeledSpan, NamedSource, SourceCode};

/// A mapping file as text, with the name it is known by in messages.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) name: Arc<str>,
    pub(super) text: Arc<str>,
}

impl Source {
    pub(super) fn new(name: &str, text: &str) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
        }
    }

    /// Line of a byte offset, counted from 1.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.before(offset).matches('\n').count() + 1
    }

    /// Where a line, counted from 1, or else the first line that begins so, has this word.
    pub(super) fn place_of(&self, line: Option<usize>, word: &str) -> Range<usize> {
        let mut start = 0;
        for (index, text) in self.text.split_inclusive('\n').enumerate() {
            if line.map_or(
                text.trim_start_matches([' ', '\t', '"']).starts_with(word),
                |line| line == index + 1,
            ) {
                let quoted = text.find(&format!("\"{word}\"")).map(|at| at + 1);
                let at = start + quoted.or_else(|| text.find(word)).unwrap_or_default();
                return at..at + word.len();
            }
            start += text.len();
        }
        0..0
    }

    fn before(&self, offset: usize) -> &str {
        self.text
            .get(..offset.min(self.text.len()))
            .unwrap_or_default()
    }

    pub(super) fn fault(
        &self,
        span: Range<usize>,
        rule: impl Into<String>,
        label: impl Into<String>,
    ) -> Box<Diagnostic> {
        Box::new(Diagnostic {
            source: NamedSource::new(&*self.name, Arc::clone(&self.text)).with_language("TOML"),
            text: self.clone(),
            span,
            rule: rule.into(),
            label: label.into(),
            hint: None,
        })
    }
}

/// Why a mapping file was refused. Displays as one line (`file:line:column: rule`); [`Diagnostic::report`] gives the
/// source line with a caret and the hint, and `miette` can render it too.
#[derive(Debug)]
pub struct Diagnostic {
    source: NamedSource<Arc<str>>,
    text: Source,
    span: Range<usize>,
    rule: String,
    label: String,
    hint: Option<String>,
}

impl Diagnostic {
    /// Adds what to do about it.
    pub(super) fn hint(mut self: Box<Self>, hint: impl Into<String>) -> Box<Self> {
        self.hint = Some(hint.into());
        self
    }

    /// The name of the file, as given to [`Mapping::load`](super::Mapping::load).
    pub fn file(&self) -> &str {
        &self.text.name
    }

    /// Line of the fault, counted from 1.
    pub fn line(&self) -> usize {
        self.text.line_of(self.span.start)
    }

    /// Column of the fault in characters, counted from 1.
    pub fn column(&self) -> usize {
        let before = self.text.before(self.span.start);
        before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1
    }

    /// The rule that was broken.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// The whole message for a terminal: rule, source line with carets, hint.
    pub fn report(&self) -> String {
        let number = self.line();
        let line = self.text.text.lines().nth(number - 1).unwrap_or_default();
        let start = self.column() - 1;
        let marked = self.text.text.get(self.span.clone()).unwrap_or_default();
        let width = marked
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            .max(1);
        // Tabs stay tabs, so that the carets stand where the terminal puts the text.
        let indent: String = line
            .chars()
            .take(start)
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let gutter = number.to_string();
        let blank = " ".repeat(gutter.len());
        let mut report = format!(
            "{self}\n{blank} |\n{gutter} | {line}\n{blank} | {indent}{} {}\n",
            "^".repeat(width),
            self.label
        );
        if let Some(hint) = &self.hint {
            report.push_str(&format!("hint: {hint}\n"));
        }
        report
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}: {}",
            self.file(),
            self.line(),
            self.column(),
            self.rule
        )
    }
}

impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.hint
            .as_ref()
            .map(|hint| Box::new(hint) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_with_span(Some(self.label.clone()), self.span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}

/// The one of `known` that `typed` was probably meant to be.
pub(super) fn nearest<'a>(
    typed: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let typed: Vec<char> = typed
        .chars()
        .take(64)
        .flat_map(char::to_lowercase)
        .collect();
    known
        .into_iter()
        .map(|name| (distance(&typed, name), name))
        .filter(|(distance, name)| *distance <= (name.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// `did you mean …? …`, or the list of what is known.
pub(super) fn suggestion<'a>(
    typed: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> String {
    match nearest(typed, known.clone()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => {
            let known: Vec<String> = known.into_iter().map(|name| format!("`{name}`")).collect();
            format!("known are {}", known.join(", "))
        }
    }
}

/// Edits between two words; two letters swapped are one edit (optimal string alignment).
fn distance(from: &[char], to: &str) -> usize {
    let to: Vec<char> = to.chars().flat_map(char::to_lowercase).collect();
    let mut before = vec![0; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let mut best = (last[j] + usize::from(a != b))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && from[i - 1] == *b && to[j - 1] == *a {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_file_line_rule_and_hint_and_points_at_the_text() {
        let source = Source::new("my.toml", "[mapping]\nname = \"ü\"\nkind = \"opnldap\"\n");
        let start = source.text.find("\"opnldap").unwrap();
        let fault = source
            .fault(
                start..start + 9,
                "`opnldap` is no directory",
                "no such directory",
            )
            .hint("did you mean `openldap`?");
        insta::assert_snapshot!(fault.report(), @r#"
        my.toml:3:8: `opnldap` is no directory
          |
        3 | kind = "opnldap"
          |        ^^^^^^^^^ no such directory
        hint: did you mean `openldap`?
        "#);
    }

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_nonsense_is_not() {
        let known = ["string", "integer", "locked-time"];
        assert_eq!(nearest("lokced-time", known), Some("locked-time"));
        assert_eq!(nearest("String", known), Some("string"));
        assert_eq!(nearest("nmae", ["name", "directory"]), Some("name"));
        assert_eq!(nearest("x", known), None);
        assert_eq!(
            suggestion("x", known),
            "known are `string`, `integer`, `locked-time`"
        );
    }

    #[test]
    fn a_span_outside_the_text_does_no_harm() {
        let report = Source::new("x", "é")
            .fault(900..901, "rule", "label")
            .report();
        assert!(report.contains("rule"));
    }
}
