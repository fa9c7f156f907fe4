//! The program: parses the command line, starts logging, signal handling and the runtime, and returns the exit code;
//! nothing else.

use hookferry::cli::{self, ColorArg, Command, Invocation, LogFormat, ParseOutcome, VerbosityArgs};
use hookferry::commands;
use hookferry::crash;
use hookferry::error::{Error, ExitCode};
use hookferry::interrupt::{self, Interrupt, Signal};
use hookferry::render::json;
use hookferry::render::screen::{Motion, Screen, ScreenOptions, Verbosity};
use hookferry::render::style::Palette;
use hookferry::settings;
use std::ffi::OsString;
use std::io::Write as _;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

fn main() -> std::process::ExitCode {
    crash::keep_secrets();
    let args: Vec<OsString> = std::env::args_os().collect();
    let completion = cli::complete(args.clone(), &settings::completion_sources(&args));
    let code = match completion.unwrap_or_else(|| cli::parse(args)) {
        ParseOutcome::Run(invocation) => run(*invocation),
        ParseOutcome::Text(text) => print(&text),
        ParseOutcome::UsageError(text) => {
            // Where nobody reads it, the exit code still says it.
            let _ = write!(anstream::stderr(), "{text}");
            ExitCode::Usage
        }
    };
    code.code().into()
}

/// Prints a text about the program itself.
fn print(text: &str) -> ExitCode {
    let screen = Screen::new(ScreenOptions {
        color: settings::color_choice(ColorArg::Auto),
        verbosity: Verbosity::Normal,
        motion: Motion::Never,
        columns_without_terminal: settings::columns(),
    });
    match screen.print_styled(text) {
        Ok(()) => ExitCode::Done,
        Err(error) => {
            screen.error(&error);
            error.kind().exit_code()
        }
    }
}

fn run(invocation: Invocation) -> ExitCode {
    let output = &invocation.verbosity;
    let screen = Screen::new(ScreenOptions {
        color: settings::color_choice(output.color),
        verbosity: if output.quiet {
            Verbosity::Quiet
        } else {
            Verbosity::Normal
        },
        motion: if output.no_progress {
            Motion::Never
        } else {
            Motion::Auto
        },
        columns_without_terminal: settings::columns(),
    });
    let interrupt = Interrupt::new();
    let result = start_logging(output, &screen)
        .and_then(|()| listen_for_signals(&interrupt, &screen))
        .and_then(|()| run_command(invocation.command, &screen, &interrupt));
    if let Err(error) = &result {
        screen.error(error);
    }
    let code = match &result {
        Ok(code) => *code,
        Err(error) => error.kind().exit_code(),
    };
    if invocation.json_output && !screen.has_result() {
        let document = json::text(&json::error(code, result.as_ref().err()));
        if let Err(error) = screen.print_result(&document) {
            screen.error(&error);
        }
    }
    code
}

/// Runs the command; a signal cancels it, unless the command holds the signal off to stop cleanly.
fn run_command(
    command: Command,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::failed("cannot start the async runtime").with_source(error))?;
    let result = runtime.block_on(async {
        tokio::select! {
            biased;
            result = commands::run(command, screen, interrupt) => result,
            signal = interrupt.wait_for_unheld_signal() => Ok(signal.exit_code()),
        }
    });
    // A prompt that still waits for an answer must not keep the process alive.
    runtime.shutdown_background();
    result
}

/// Acknowledges the first signal with a message at once; the second signal exits the process at once.
fn listen_for_signals(interrupt: &Interrupt, screen: &Screen) -> Result<(), Error> {
    let (signal_state, screen) = (interrupt.clone(), screen.clone());
    let on_signal = move |signal: Signal, is_first| {
        let name = signal.name();
        match (is_first, signal_state.hold_message()) {
            (true, None) => {
                if signal == Signal::Interrupt && screen.is_stderr_terminal() {
                    // Start a new line after the terminal's `^C`, which may follow a prompt.
                    screen.prompt("\n");
                }
                screen.warn(&format!("{name}: stopped; nothing was written"));
            }
            (true, Some(hold_message)) => {
                screen.warn(&format!(
                    "{name}: {hold_message}; a second signal exits immediately"
                ));
            }
            (false, _) => {
                screen.warn(&format!(
                    "{name}: exited immediately; everything that was sent is on record: run the same command again to resume, and `hookferry runs` lists the runs"
                ));
                #[expect(
                    clippy::exit,
                    reason = "a user who asks twice does not want to wait; the journal records each write before it is sent"
                )]
                std::process::exit(signal.exit_code().code().into());
            }
        }
    };
    interrupt::listen(interrupt, on_signal)
        .map_err(|error| Error::failed("cannot listen for signals").with_source(error))
}

/// Logs to stderr; other crates log at `info` at most, because their `debug` and `trace` may show what is sent.
fn start_logging(output: &VerbosityArgs, screen: &Screen) -> Result<(), Error> {
    let own_level = match output.verbose {
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
        None => Targets::new().with_target("hookferry", own_level),
    };
    let is_safe_to_log = filter_fn(|metadata| {
        metadata.target().starts_with("hookferry") || *metadata.level() <= tracing::Level::INFO
    });
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(screen.log_writer())
        .with_ansi(screen.stderr_palette() == Palette::Colored);
    let layer = match output.log_format {
        LogFormat::Text => layer.with_target(false).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(layer.with_filter(is_safe_to_log).with_filter(filter))
        .init();
    Ok(())
}
