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

/// Carries out the command, unless the user ends the run while nothing has to be ended in good order.
fn work(command: Command, screen: &Screen, interrupt: &Interrupt) -> Result<ExitCode, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::failed("cannot start").with_source(error))?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            biased;
            outcome = commands::run(command, screen, interrupt) => outcome,
            signal = interrupt.unheld() => Ok(signal.exit_code()),
        }
    });
    // A question that nobody answered must not keep the process.
    runtime.shutdown_background();
    outcome
}

/// The first signal is answered at once in words; the second ends the process at once.
fn listen_for_signals(interrupt: &Interrupt, screen: &Screen) -> Result<(), Error> {
    let (heard_by, screen) = (interrupt.clone(), screen.clone());
    let heard = move |signal: Signal, is_first| {
        let name = signal.name();
        match (is_first, heard_by.held()) {
            (true, None) => {
                if signal == Signal::Interrupt && screen.is_stderr_terminal() {
                    // Behind the terminal's own `^C`, which may stand behind a question.
                    screen.ask("\n");
                }
                screen.warn(&format!("{name}: stopped; nothing was written"));
            }
            (true, Some(words)) => {
                screen.warn(&format!("{name}: {words}; once more leaves at once"));
            }
            (false, _) => {
                screen.warn(&format!("{name}: left at once; what was sent is on record"));
                #[expect(
                    clippy::exit,
                    reason = "whoever asks twice does not want to wait; the record is ahead of every write"
                )]
                std::process::exit(signal.exit_code().code().into());
            }
        }
    };
    interrupt::listen(interrupt, heard)
        .map_err(|error| Error::failed("cannot listen for signals").with_source(error))
}

/// Logs go to stderr beside the talk; other crates' at most at `info`, because deeper ones may show what is sent.
fn start_logging(cli: &Cli, screen: &Screen) -> Result<(), Error> {
    let own = match cli.talk.verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let filter = match settings::log_filter() {
        Some(text) => text.parse::<Targets>().map_err(|error| {
            Error::usage("HOOKFERRY_LOG is no log filter")
                .with_source(error)
                .with_hint("for instance HOOKFERRY_LOG=hookferry=debug")
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
