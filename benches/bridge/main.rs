//! `make bench`: the bridge against raw LDAP, in one run of at most four minutes.
//!
//! Starts a private OpenLDAP with 10,000 users and the release build of the bridge, then lets the bridge and the bridge's own LDAP client
//! library do the same work in turns, so that a machine that slows down slows both. Prints a table and writes it to `target/bench/report.md`.
//! A wrong answer, or a directory that does not hold what was answered, ends the run: figures of a broken bridge mean nothing.
//!
//! `cargo bench --bench bridge -- [--only TEXT] [--rounds N]` measures the operations whose name holds TEXT, in N rounds.

mod bridge;
mod experiment;
mod failure;
mod http;
mod lab;
mod observed;
mod population;
mod processor;
mod raw;
mod report;
mod round;
mod stage;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use bridge::{Bridge, CONNECTIONS, Children, Front};
use failure::{Doing, Failure};
use lab::Lab;
use population::{Population, USERS};
use raw::Directory;
use stage::{Progress, Stage};

/// Rounds of an operation at one concurrency.
const ROUNDS: usize = 5;

/// Requests under way at the same time.
const CONCURRENCIES: [usize; 2] = [1, 16];

struct Options {
    only: String,
    rounds: usize,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` runs benchmarks, too, but without this.
    if !arguments.iter().any(|argument| argument == "--bench") {
        say("not measuring: use `make bench` or `cargo bench --bench bridge`");
        return ExitCode::SUCCESS;
    }
    let after = |name: &str| {
        arguments
            .iter()
            .skip_while(|argument| *argument != name)
            .nth(1)
            .cloned()
    };
    let options = Options {
        only: after("--only").unwrap_or_default(),
        rounds: after("--rounds")
            .and_then(|number| number.parse().ok())
            .unwrap_or(ROUNDS),
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap_or(Path::new("target"))
        .join("bench");
    let children = Children::default();
    let outcome = fs::create_dir_all(&folder)
        .doing(|| format!("make {}", folder.display()))
        .and_then(|()| Runtime::new().doing(|| "start tokio".to_owned()))
        .and_then(|runtime| {
            end_on_signals(&runtime, &children, &folder)?;
            run(&options, &runtime, &children, &folder)
        });
    clean_up(&children, &folder);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&format!(
                "error: {failure}\nThe bridges' logs are below {}",
                folder.display()
            ));
            ExitCode::FAILURE
        }
    }
}

/// Progress goes to standard error, the report to standard output.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn lab_root(folder: &Path) -> PathBuf {
    folder.join("lab")
}

fn clean_up(children: &Children, folder: &Path) {
    children.end();
    if let Err(failure) = lab::stop(&lab_root(folder)) {
        say(&format!("error: {failure}"));
    }
}

/// Ctrl-C and SIGTERM leave nothing running.
fn end_on_signals(runtime: &Runtime, children: &Children, folder: &Path) -> Result<(), Failure> {
    let _inside = runtime.enter();
    let doing = || "wait for signals".to_owned();
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt()).doing(doing)?,
        signal(SignalKind::terminate()).doing(doing)?,
    );
    let (children, folder) = (children.clone(), folder.to_owned());
    runtime.spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        clean_up(&children, &folder);
        std::process::exit(130);
    });
    Ok(())
}

fn run(
    options: &Options,
    runtime: &Runtime,
    children: &Children,
    folder: &Path,
) -> Result<(), Failure> {
    let mut facts = processor::machine();
    say(&format!("starting a directory with {USERS} users"));
    let lab = Lab::start(&lab_root(folder), USERS)?;
    let slapd = lab.pid()?;
    let admin = runtime.block_on(Directory::connect(
        &lab,
        "ADMIN_DN",
        "ADMIN_PASSWORD_FILE",
        CONNECTIONS,
    ))?;
    let raw = runtime.block_on(Directory::connect(
        &lab,
        "BIND_DN",
        "PASSWORD_FILE",
        CONNECTIONS,
    ))?;
    let population = Arc::new(Population::settle(runtime, &admin, &lab, slapd)?);
    let plain = Bridge::start(&lab, Front::Plain, &folder.join("bridge"), children)?;
    let tls = Bridge::start(&lab, Front::Tls, &folder.join("bridge-tls"), children)?;
    say(&format!(
        "the bridge's pid is {}, with TLS {}",
        plain.pid, tls.pid
    ));
    let stage = Stage {
        runtime,
        plain,
        tls,
        raw,
        admin,
        slapd,
        rounds: options.rounds,
        begun: Instant::now(),
    };
    let seen = stage.watch(&lab, &population)?;
    facts.extend([
        (
            "versions",
            format!(
                "{}, OpenLDAP {}, {USERS} users, {CONNECTIONS} LDAPS connections each",
                bridge::version(),
                lab.version()
            ),
        ),
        ("GET by id searches", seen.by_id.describe()),
        ("a filter searches", seen.by_name.describe()),
    ]);
    let mut experiments = experiment::all(&population, seen, lab.get("PEOPLE_OU")?);
    experiments.retain(|experiment| {
        experiment
            .steps
            .iter()
            .any(|step| step.name.contains(&options.only))
    });
    let mut rows = Vec::new();
    for experiment in &experiments {
        let mut progress = Progress::default();
        for concurrency in CONCURRENCIES {
            rows.extend(stage.measure(experiment, concurrency, &mut progress)?);
        }
    }
    stage.nobody_is_missing(&population)?;
    let page = report::page(&facts, &rows);
    let file = folder.join("report.md");
    fs::write(&file, &page).doing(|| format!("write {}", file.display()))?;
    let _ = writeln!(std::io::stdout(), "{page}");
    say(&format!(
        "{:.0} s of measuring; written to {}",
        stage.begun.elapsed().as_secs_f64(),
        file.display()
    ));
    Ok(())
}
