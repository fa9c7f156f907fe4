//! `hookferry sandbox`: serves the two stand-in accounts until Ctrl-C.

use crate::cli::{SandboxArgs, SeedsArg};
use crate::error::{Error, ExitCode};
use crate::interrupt::{Interrupt, Signal};
use crate::render::screen::Screen;
use crate::sandbox::{self, AccountOptions, Fault, Options, Sandbox, Switches, seeds};

/// Serves until a signal stops it.
pub(super) async fn run(
    arguments: SandboxArgs,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    let asks_for_help = |values: &[String]| values.iter().any(|value| value == "help");
    if asks_for_help(&arguments.switches) || asks_for_help(&arguments.source_switches) {
        screen.print_result(&Switches::help())?;
        return Ok(ExitCode::Done);
    }
    if asks_for_help(&arguments.faults) || asks_for_help(&arguments.source_faults) {
        screen.print_result(Fault::help())?;
        return Ok(ExitCode::Done);
    }
    let sandbox = Sandbox::start(sandbox_options(&arguments)?)
        .await
        .map_err(|error| {
            Error::failed("cannot listen on 127.0.0.1")
                .with_source(error)
                .with_hint("if the port is in use, pass another one; port 0 picks a free one")
        })?;
    screen.print_result(&sandbox::usage(&sandbox))?;
    screen.print_message(
        "Serving on this machine only. Ctrl-C stops the sandbox and discards its webhooks.",
    );
    // Ctrl-C is the regular way to stop the sandbox.
    let _hold = interrupt.hold("stopping the sandbox");
    Ok(match interrupt.wait_for_signal().await {
        Signal::Interrupt => ExitCode::Done,
        other => other.exit_code(),
    })
}

fn sandbox_options(arguments: &SandboxArgs) -> Result<Options, Error> {
    let mut options = match arguments.seeds {
        SeedsArg::Demo => Options::from(seeds::demo()),
        SeedsArg::Awkward => Options::from(seeds::awkward()),
        SeedsArg::Empty => Options::default(),
    };
    options.source.port = arguments.source_port;
    options.target.port = arguments.target_port;
    options.source.latency = arguments.latency;
    options.target.latency = arguments.latency;
    apply_behavior(
        &mut options.source,
        &arguments.source_switches,
        &arguments.source_faults,
    )?;
    apply_behavior(&mut options.target, &arguments.switches, &arguments.faults)?;
    Ok(options)
}

fn apply_behavior(
    account: &mut AccountOptions,
    switches: &[String],
    faults: &[String],
) -> Result<(), Error> {
    account.switches =
        Switches::parse(switches).map_err(|error| Error::usage(error.to_string()))?;
    for fault in faults {
        account.faults.push(
            fault
                .parse()
                .map_err(|error: sandbox::SpellingError| Error::usage(error.to_string()))?,
        );
    }
    Ok(())
}
