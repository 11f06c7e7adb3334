//! The figures of a run as one Markdown page, padded so that it reads well on a terminal, too.

use std::fmt::Write as _;
use std::time::Duration;

use crate::round::{Round, count};

/// An operation at one concurrency: what the bridge and raw LDAP did in turns.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) concurrency: usize,
    pub(crate) bridge: Vec<Round>,
    pub(crate) raw: Vec<Round>,
    /// What was promised, where something was.
    pub(crate) expected: Option<Expected>,
}

/// Bounds that a row should keep.
#[derive(Clone, Copy)]
pub(crate) struct Expected {
    pub(crate) processor_at_most: Duration,
    pub(crate) ratio_at_least: f64,
}

impl Row {
    /// Bridge requests per second for each of raw LDAP. Round by round, so that a machine that slows down hits both sides.
    fn ratio(&self) -> f64 {
        let rounds = self.bridge.iter().zip(&self.raw);
        median(rounds.map(|(bridge, raw)| bridge.per_second() / raw.per_second().max(f64::EPSILON)))
    }

    fn bridge_processor(&self) -> f64 {
        each(&self.bridge, |round| micros(round.client_processor))
    }

    fn operations(&self) -> f64 {
        each(&self.bridge, |round| {
            count(usize::try_from(round.directory_operations).unwrap_or(usize::MAX))
        })
    }

    fn cells(&self) -> Vec<String> {
        let directory = |rounds: &[Round]| each(rounds, |round| micros(round.directory_processor));
        let mut cells = vec![self.name.clone(), self.concurrency.to_string()];
        cells.extend(speed(&self.bridge));
        cells.push(format!("{:.0}", self.bridge_processor()));
        cells.push(format!("{:.2}", self.operations()));
        cells.push(format!("{:.0}", directory(&self.bridge)));
        if self.raw.is_empty() {
            cells.resize(HEADINGS.len(), "-".to_owned());
            return cells;
        }
        cells.extend(speed(&self.raw));
        let client = each(&self.raw, |round| micros(round.client_processor));
        cells.push(format!("{client:.0}"));
        cells.push(format!("{:.0}", directory(&self.raw)));
        cells.push(format!("{:.2}", self.ratio()));
        cells
    }
}

const HEADINGS: [&str; 14] = [
    "operation",
    "at once",
    "bridge req/s",
    "p50 ms",
    "p99 ms",
    "bridge CPU µs",
    "LDAP ops",
    "slapd CPU µs",
    "raw req/s",
    "raw p50 ms",
    "raw p99 ms",
    "raw client CPU µs",
    "raw slapd CPU µs",
    "ratio",
];

/// The whole page.
pub(crate) fn page(facts: &[(&'static str, String)], rows: &[Row]) -> String {
    let mut page = String::from("# The bridge against raw LDAP\n\n");
    for (name, value) in facts {
        let _ = writeln!(page, "- {name}: {value}");
    }
    page.push('\n');
    page.push_str(&table(rows));
    page.push_str(
        "\nreq/s is the median of the rounds, ratio the median of each round's bridge req/s divided by its raw req/s, in which bridge\n\
         and raw LDAP take turns. p50 and p99 are over all requests of all rounds. CPU is user and system time per request, of the\n\
         bridge's process, of slapd's and of the raw client's; LDAP ops are the operations per request that the bridge itself counted. Load generator, bridge\n\
         and slapd share the processor's cores: what one takes, the others lack. Raw LDAP sends the bridge's own search (without the\n\
         control that tells the ids of groups and managers), or the one write that changes the entry, over LDAPS; it neither decodes\n\
         entries nor reads back what it wrote.\n",
    );
    for row in rows {
        let Some(expected) = row.expected else {
            continue;
        };
        let verdict = |kept: bool| if kept { "kept" } else { "MISSED" };
        let (limit, processor) = (micros(expected.processor_at_most), row.bridge_processor());
        let (floor, ratio) = (expected.ratio_at_least, row.ratio());
        let _ = writeln!(
            page,
            "\n- {}, {} at once: bridge CPU {processor:.0} µs per request, at most {limit:.0} expected: {}; \
             ratio {ratio:.2}, at least {floor} expected: {}",
            row.name,
            row.concurrency,
            verdict(processor <= limit),
            verdict(ratio >= floor)
        );
    }
    page
}

fn table(rows: &[Row]) -> String {
    let mut lines = vec![HEADINGS.map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(Row::cells));
    let width = |column: usize| {
        lines
            .iter()
            .filter_map(|line| line.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEADINGS.len()).map(width).collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            // The first column is words, the others are figures.
            let _ = if column == 0 {
                write!(text, "| {cell:<width$} ")
            } else {
                write!(text, "| {cell:>width$} ")
            };
        }
        text.push_str("|\n");
        if number == 0 {
            for (column, width) in widths.iter().enumerate() {
                let _ = write!(
                    text,
                    "|{}{}",
                    "-".repeat(width + 1),
                    if column == 0 { "-" } else { ":" }
                );
            }
            text.push_str("|\n");
        }
    }
    text
}

/// Requests per second, p50 and p99.
fn speed(rounds: &[Round]) -> [String; 3] {
    let mut latencies: Vec<Duration> = rounds
        .iter()
        .flat_map(|round| round.latencies.iter().copied())
        .collect();
    latencies.sort_unstable();
    let milliseconds = |percent: usize| {
        let latency = latencies
            .get(latencies.len().saturating_sub(1) * percent / 100)
            .copied()
            .unwrap_or_default();
        format!("{:.2}", latency.as_secs_f64() * 1e3)
    };
    [
        format!("{:.0}", median(rounds.iter().map(Round::per_second))),
        milliseconds(50),
        milliseconds(99),
    ]
}

/// A quantity per request, over all rounds together.
fn each(rounds: &[Round], quantity: impl Fn(&Round) -> f64) -> f64 {
    let requests: usize = rounds.iter().map(Round::requests).sum();
    rounds.iter().map(quantity).sum::<f64>() / count(requests.max(1))
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The middle value; of an even number of values, the lower of the two in the middle.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values
        .get(values.len().saturating_sub(1) / 2)
        .copied()
        .unwrap_or_default()
}
