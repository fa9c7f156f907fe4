//! The program: parse, logging, runtime, exit code; nothing else.

use hookferry::cli::{self, Cli, Command, LogForm, Parsed};
use hookferry::commands;
use hookferry::crash;
use hookferry::error::{Error, ExitCode};
use hookferry::interrupt::{self, Interrupt, Signal};
use hookferry::render::json;
use hookferry::render::screen::{Motion, Screen, ScreenOptions, Talk};
use hookferry::render::style::Palette;
use hookferry::settings;
use std::ffi::OsString;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

fn main() -> std::process::ExitCode {
    crash::keep_secrets();
    let words: Vec<OsString> = std::env::args_os().collect();
    let completed = cli::complete(words.clone(), &settings::candidates(&words));
    let code = match completed.unwrap_or_else(|| cli::parse(words)) {
        Parsed::Arguments(cli) => run(*cli),
        Parsed::Help(text) => {
            anstream::print!("{text}");
            ExitCode::Done
        }
        Parsed::Mistake(text) => {
            anstream::eprint!("{text}");
            ExitCode::Usage
        }
    };
    code.code().into()
}

fn run(cli: Cli) -> ExitCode {
    let talk = &cli.talk;
    let screen = Screen::new(ScreenOptions {
        colour: settings::colour(talk.color),
        talk: if talk.quiet {
            Talk::Quiet
        } else {
            Talk::Normal
        },
        motion: if talk.no_progress {
            Motion::Never
        } else {
            Motion::Auto
        },
    });
    let interrupt = Interrupt::new();
    let outcome = start_logging(&cli, &screen)
        .and_then(|()| listen_for_signals(&interrupt, &screen))
        .and_then(|()| work(cli.command, &screen, &interrupt));
    if let Err(error) = &outcome {
        screen.error(error);
    }
    let code = match &outcome {
        Ok(code) => *code,
        Err(error) => error.kind().exit_code(),
    };
    if cli.wants_json && !screen.has_result() {
        let document = json::text(&json::error(code, outcome.as_ref().err()));
        if let Err(error) = screen.result(&document) {
            screen.error(&error);
        }
    }
    code
}

/// Runs the command; a signal cancels it, unless the command holds the signal off to stop cleanly.
fn work(command: Command, screen: &Screen, interrupt: &Interrupt) -> Result<ExitCode, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::failed("cannot start the async runtime").with_source(error))?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            biased;
            outcome = commands::run(command, screen, interrupt) => outcome,
            signal = interrupt.unheld() => Ok(signal.exit_code()),
        }
    });
    // A prompt that still waits for an answer must not keep the process alive.
    runtime.shutdown_background();
    outcome
}

/// Acknowledges the first signal with a message at once; the second signal exits the process at once.
fn listen_for_signals(interrupt: &Interrupt, screen: &Screen) -> Result<(), Error> {
    let (heard_by, screen) = (interrupt.clone(), screen.clone());
    let heard = move |signal: Signal, is_first| {
        let name = signal.name();
        match (is_first, heard_by.held()) {
            (true, None) => {
                if signal == Signal::Interrupt && screen.is_stderr_terminal() {
                    // Start a new line after the terminal's `^C`, which may follow a prompt.
                    screen.ask("\n");
                }
                screen.warn(&format!("{name}: stopped; nothing was written"));
            }
            (true, Some(words)) => {
                screen.warn(&format!(
                    "{name}: {words}; a second signal exits immediately"
                ));
            }
            (false, _) => {
                screen.warn(&format!(
                    "{name}: exited immediately; everything that was sent is on record"
                ));
                #[expect(
                    clippy::exit,
                    reason = "a user who asks twice does not want to wait; the journal records each write before it is sent"
                )]
                std::process::exit(signal.exit_code().code().into());
            }
        }
    };
    interrupt::listen(interrupt, settings::is_ignored, heard)
        .map_err(|error| Error::failed("cannot listen for signals").with_source(error))
}

/// Logs to stderr; other crates log at `info` at most, because their `debug` and `trace` may show what is sent.
fn start_logging(cli: &Cli, screen: &Screen) -> Result<(), Error> {
    let own = match cli.talk.verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let filter = match settings::log_filter() {
        Some(text) => text.parse::<Targets>().map_err(|error| {
            Error::usage("HOOKFERRY_LOG is not a valid log filter")
                .with_source(error)
                .with_hint("example: HOOKFERRY_LOG=hookferry=debug")
        })?,
        None => Targets::new().with_target("hookferry", own),
    };
    let is_harmless = filter_fn(|metadata| {
        metadata.target().starts_with("hookferry") || *metadata.level() <= tracing::Level::INFO
    });
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(screen.log_writer())
        .with_ansi(screen.stderr_palette() == Palette::Coloured);
    let layer = match cli.talk.log_format {
        LogForm::Text => layer.with_target(false).boxed(),
        LogForm::Json => layer.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(layer.with_filter(is_harmless).with_filter(filter))
        .init();
    Ok(())
}
