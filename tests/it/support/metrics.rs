//! The bridge's counters, read from its `/metrics` page.

/// The sum of all samples of a metric in the Prometheus text format.
pub(crate) fn sum(text: &str, metric: &str) -> f64 {
    let samples = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            let name = series.split('{').next()?;
            (name == metric).then(|| value.parse::<f64>().expect("a sample is a number"))
        });
    samples.sum()
}

/// Requests sent to the directory so far.
#[track_caller]
pub(crate) fn round_trips(text: &str) -> u64 {
    let metric = "scimbridge_ldap_operations_total";
    assert!(text.contains(metric), "no {metric} in:\n{text}");
    sum(text, metric) as u64
}
