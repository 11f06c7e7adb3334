//! How long a process has been on a processor, and which machine this is.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::failure::{Doing, Failure};

/// The processor time (user and system) each thread of a process has had. From `/proc/PID/task/*/schedstat`, which counts
/// nanoseconds; the `utime` and `stime` of `/proc/PID/stat` are the same figure in hundredths of a second, too
/// coarse for a round of some dozen requests.
pub(crate) struct ProcessorTime(BTreeMap<String, u64>);

impl ProcessorTime {
    pub(crate) fn of(pid: u32) -> Result<ProcessorTime, Failure> {
        let folder = format!("/proc/{pid}/task");
        let mut threads = BTreeMap::new();
        for thread in fs::read_dir(&folder).doing(|| format!("read {folder}"))? {
            let thread = thread.doing(|| format!("read {folder}"))?;
            // A thread may end between the two reads.
            let Ok(text) = fs::read_to_string(thread.path().join("schedstat")) else {
                continue;
            };
            let Some(nanoseconds) = text.split(' ').next().and_then(|first| first.parse().ok())
            else {
                continue;
            };
            threads.insert(
                thread.file_name().to_string_lossy().into_owned(),
                nanoseconds,
            );
        }
        Ok(ProcessorTime(threads))
    }

    /// The time had since an earlier reading.
    pub(crate) fn since(&self, earlier: &ProcessorTime) -> Duration {
        let had = |(thread, now): (&String, &u64)| {
            now.saturating_sub(earlier.0.get(thread).copied().unwrap_or(0))
        };
        Duration::from_nanos(self.0.iter().map(had).sum())
    }
}

/// One line each: what the figures depend on besides the code.
pub(crate) fn machine() -> Vec<(&'static str, String)> {
    let cores = std::thread::available_parallelism()
        .map(|cores| cores.to_string())
        .unwrap_or_else(|_| "?".to_owned());
    let model = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').take(2).collect::<Vec<_>>().join(", ");
    let changed = if said("git", &["status", "--porcelain"]).is_empty() {
        ""
    } else {
        ", with changes not committed"
    };
    vec![
        (
            "processor",
            format!(
                "{}, {cores} cores",
                model.unwrap_or_else(|| std::env::consts::ARCH.to_owned())
            ),
        ),
        ("kernel", format!("Linux {}", kernel.trim())),
        ("load before the run (1 and 5 minutes)", load),
        (
            "date",
            jiff::Timestamp::now()
                .strftime("%Y-%m-%d %H:%M UTC")
                .to_string(),
        ),
        (
            "commit",
            format!(
                "{}{changed}",
                said("git", &["rev-parse", "--short=12", "HEAD"])
            ),
        ),
        ("compiler", said("rustc", &["--version"])),
    ]
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    output
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}
