//! What a check found, line by line.

use std::io::{self, Write};

/// How a line came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    Ok,
    Warn,
    Fail,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    verdict: Verdict,
    text: String,
    hint: Option<String>,
}

/// The lines of a check, in order.
#[derive(Debug, Default)]
pub(super) struct Report {
    lines: Vec<Line>,
}

impl Report {
    pub(super) fn ok(&mut self, text: impl Into<String>) {
        self.lines.push(Line {
            verdict: Verdict::Ok,
            text: text.into(),
            hint: None,
        });
    }

    pub(super) fn warn(&mut self, text: impl Into<String>, hint: impl Into<String>) {
        self.lines.push(Line {
            verdict: Verdict::Warn,
            text: text.into(),
            hint: Some(hint.into()),
        });
    }

    pub(super) fn fail(&mut self, text: impl Into<String>, hint: impl Into<String>) {
        self.lines.push(Line {
            verdict: Verdict::Fail,
            text: text.into(),
            hint: Some(hint.into()),
        });
    }

    /// How many lines came out like that.
    pub(super) fn count(&self, verdict: Verdict) -> usize {
        self.lines
            .iter()
            .filter(|line| line.verdict == verdict)
            .count()
    }

    /// Prints every line, its hint below it, and a sum.
    pub(super) fn print(&self, output: &mut dyn Write) -> io::Result<()> {
        for line in &self.lines {
            let word = match line.verdict {
                Verdict::Ok => "ok  ",
                Verdict::Warn => "warn",
                Verdict::Fail => "fail",
            };
            writeln!(
                output,
                "{word}  {}",
                line.text.trim_end().replace('\n', "\n      ")
            )?;
            if let Some(hint) = line.hint.as_deref().filter(|hint| !hint.is_empty()) {
                writeln!(output, "      hint: {hint}")?;
            }
        }
        let (warned, failed) = (self.count(Verdict::Warn), self.count(Verdict::Fail));
        writeln!(
            output,
            "{} ok, {warned} to look at, {failed} failed",
            self.count(Verdict::Ok)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_line_by_line_and_ends_with_the_sum() {
        let mut report = Report::default();
        report.ok("TLS and bind");
        report.warn("two lines\nof text", "look");
        report.fail("no base", "make it");
        let mut output = Vec::new();
        report.print(&mut output).unwrap();
        insta::assert_snapshot!(String::from_utf8(output).unwrap(), @r"
        ok    TLS and bind
        warn  two lines
              of text
              hint: look
        fail  no base
              hint: make it
        1 ok, 1 to look at, 1 failed
        ");
    }
}
