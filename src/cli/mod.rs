//! The command line: what a person types, and what they are told.
//!
//! Each subcommand is one file. Output goes through writers, so that a test can read it. Exit codes: 0 it is done (`check`:
//! nothing failed); 1 it failed, or a check did; 2 the arguments or the configuration were refused.

mod assemble;
mod check;
mod log;
mod plan;
mod profiles;
mod report;
mod rights;
mod schema;
mod serve;
mod show;
mod token;

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// A SCIM 2.0 service whose only store is an LDAP directory.
#[derive(Debug, Parser)]
#[command(name = "scimbridge", version, about, long_about = None, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve SCIM until told to stop (SIGTERM or Ctrl-C).
    Serve(ConfigFile),
    /// Check the configuration, then connect and look at the directory. Changes nothing.
    Check {
        #[command(flatten)]
        config: ConfigFile,
        /// Check the configuration only; do not connect.
        #[arg(long)]
        offline: bool,
    },
    /// Print the LDIF that a request would cause; read the body from standard input; write nothing.
    Plan {
        #[command(flatten)]
        config: ConfigFile,
        /// Whose dialect to speak; the first client's if absent.
        #[arg(long, value_name = "NAME")]
        client: Option<String>,
        /// POST, PUT, PATCH or DELETE.
        method: String,
        /// Below the base URL: `/Users`, `/Groups/{id}`.
        path: String,
    },
    /// Bearer tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// How clients may be treated: profiles and switches, with the source of each.
    Profiles {
        /// Show this profile: `entra`, `okta`, … All of them if absent.
        name: Option<String>,
    },
    /// Built-in mappings.
    #[command(subcommand)]
    Mapping(MappingCommand),
    /// The configuration's reference.
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Debug, Args)]
struct ConfigFile {
    /// The configuration file.
    #[arg(
        long = "config",
        short = 'c',
        value_name = "FILE",
        env = "SCIMBRIDGE_CONFIG"
    )]
    file: PathBuf,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token; print it, this once, and its hash for the configuration.
    New,
}

#[derive(Debug, Subcommand)]
enum MappingCommand {
    /// Print a built-in mapping, to copy and change.
    Show {
        /// `active-directory`, `openldap`, …
        name: String,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print the reference of every setting, as Markdown.
    Reference,
}

/// What a command ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Failed,
    Refused,
}

/// The streams of a command.
struct Streams<'a> {
    input: &'a mut dyn Read,
    output: &'a mut dyn Write,
    errors: &'a mut dyn Write,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let (input, output, errors) = (io::stdin(), io::stdout(), io::stderr());
    // Not locked: the journal writes to standard error too.
    let mut streams = Streams {
        input: &mut input.lock(),
        output: &mut output.lock(),
        errors: &mut &errors,
    };
    let outcome = match run(std::env::args_os(), &mut streams) {
        Ok(outcome) => outcome,
        // A reader that closed the pipe has what it wanted.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Outcome::Done,
        Err(_) => Outcome::Failed,
    };
    match outcome {
        Outcome::Done => ExitCode::SUCCESS,
        Outcome::Failed => ExitCode::from(1),
        Outcome::Refused => ExitCode::from(2),
    }
}

fn run(
    arguments: impl IntoIterator<Item = OsString>,
    streams: &mut Streams<'_>,
) -> io::Result<Outcome> {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let text = error.render();
            return if error.use_stderr() {
                write!(streams.errors, "{text}").map(|()| Outcome::Refused)
            } else {
                write!(streams.output, "{text}").map(|()| Outcome::Done)
            };
        }
    };
    match arguments.command {
        Command::Serve(config) => serve::run(&config.file, streams),
        Command::Check { config, offline } => check::run(&config.file, offline, streams),
        Command::Plan {
            config,
            client,
            method,
            path,
        } => plan::run(&config.file, client.as_deref(), &method, &path, streams),
        Command::Token(TokenCommand::New) => token::new(streams),
        Command::Profiles { name: None } => profiles::all(streams),
        Command::Profiles { name: Some(name) } => profiles::one(&name, streams),
        Command::Mapping(MappingCommand::Show { name }) => show::mapping(&name, streams),
        Command::Config(ConfigCommand::Reference) => show::reference(streams),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str) -> (Outcome, String, String) {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let mut streams = Streams {
            input: &mut io::empty(),
            output: &mut output,
            errors: &mut errors,
        };
        let words = std::iter::once("scimbridge")
            .chain(line.split_whitespace())
            .map(OsString::from);
        let outcome = run(words, &mut streams).unwrap();
        (
            outcome,
            String::from_utf8(output).unwrap(),
            String::from_utf8(errors).unwrap(),
        )
    }

    #[test]
    fn a_new_token_and_its_hash_belong_together_and_never_come_twice() {
        let (outcome, output, _) = typed("token new");
        assert_eq!(outcome, Outcome::Done);
        let token = output
            .lines()
            .find_map(|line| line.strip_prefix("token: "))
            .unwrap();
        let hash = output
            .lines()
            .find_map(|line| line.strip_prefix("hash: "))
            .unwrap();
        assert_eq!(token.len(), "scimbridge_".len() + 43);
        assert_eq!(crate::http::TokenHash::of(token).to_string(), hash);
        assert_ne!(typed("token new").1, output);
    }

    #[test]
    fn a_built_in_mapping_is_printed_and_another_name_is_refused() {
        assert_eq!(typed("mapping show openldap").0, Outcome::Done);
        let (outcome, output, errors) = typed("mapping show nothing");
        assert_eq!((outcome, output.as_str()), (Outcome::Failed, ""));
        assert!(
            errors.contains("`nothing`") && errors.contains("hint: "),
            "{errors}"
        );
    }

    #[test]
    fn a_file_that_is_not_there_is_refused_with_a_hint() {
        for command in ["serve", "check", "plan"] {
            let rest = if command == "plan" { "POST /Users" } else { "" };
            let (outcome, _, errors) = typed(&format!(
                "{command} --config /nowhere/scimbridge.toml {rest}"
            ));
            assert_eq!(outcome, Outcome::Refused, "{command}");
            assert!(
                errors.contains("/nowhere/scimbridge.toml") && errors.contains("hint: "),
                "{errors}"
            );
        }
    }

    #[test]
    fn an_unknown_command_is_refused() {
        let (outcome, output, errors) = typed("sevre");
        assert_eq!((outcome, output.as_str()), (Outcome::Refused, ""));
        assert!(errors.contains("serve"), "{errors}");
    }

    #[test]
    fn a_profile_is_printed_with_the_source_of_each_switch() {
        let (outcome, output, _) = typed("profiles");
        assert_eq!(outcome, Outcome::Done);
        for word in [
            "entra ",
            "cyberark ",
            "operator-case ",
            "members-not-returned ",
        ] {
            assert!(output.contains(word), "{word} is missing:\n{output}");
        }
        let (outcome, output, _) = typed("profiles okta");
        assert_eq!(outcome, Outcome::Done);
        assert!(
            output.contains("bare-token\n  what:   A token without"),
            "{output}"
        );
        assert!(
            output.contains("  source: header authentication sends"),
            "{output}"
        );
        let (_, off) = output.split_once("\noff: ").unwrap();
        assert!(
            off.contains("operator-case") && !off.contains("bare-token"),
            "{off}"
        );
        let (outcome, _, errors) = typed("profiles nobody");
        assert_eq!(outcome, Outcome::Failed);
        assert!(
            errors.contains("`nobody`") && errors.contains("sailpoint"),
            "{errors}"
        );
    }

    #[test]
    fn the_reference_is_printed() {
        assert!(typed("config reference").1.starts_with("# Configuration"));
    }
}
