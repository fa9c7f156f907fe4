//! `hookferry deliver-test`: asks the vendor's newer API for test deliveries, one by one, and reports what became of each.

mod session;

use super::consent::{require_confirmation, stand_in_text};
use crate::cli::OutputFormat;
use crate::document::view::Detail;
use crate::error::{Error, ExitCode};
use crate::interrupt::Interrupt;
use crate::render::deliver_test::{self as view, DeliverTestView};
use crate::render::json;
use crate::render::screen::Screen;
use crate::settings::{Consent, DeliverTestSettings};
use crate::wording::counted;
use session::{Session, prepare};

/// Tests webhooks, or shows which it would test.
pub(super) async fn run(
    settings: DeliverTestSettings,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    let session = prepare(&settings, screen).await?;
    if settings.consent == Consent::DryRun {
        print(&session.view(None), settings.output, screen)?;
        return Ok(ExitCode::Done);
    }
    if settings.consent == Consent::Ask {
        ask(&session, screen).await?;
    }
    let _hold = interrupt.hold("finishing the test in flight, then stopping");
    let delivered = session.deliver_all(screen, interrupt).await;
    let result = session.view(Some(&delivered.statuses));
    // The exit code reports what became of the tests, not of the terminal.
    if let Err(error) = print(&result, settings.output, screen) {
        screen.error(&error);
    }
    match (delivered.stop, interrupt.signal()) {
        (Some(error), _) => Err(error),
        (None, Some(signal)) => Ok(signal.exit_code()),
        (None, None) if result.is_delivered() => Ok(ExitCode::Done),
        (None, None) => Ok(ExitCode::Partial),
    }
}

/// Shows what would be sent, and asks; sends nothing where nothing can be.
async fn ask(session: &Session, screen: &Screen) -> Result<(), Error> {
    let n = session.n_due();
    if n == 0 {
        return Ok(());
    }
    let preview = session.view(None);
    screen.prompt(&view::text(&preview, screen.stderr_page(Detail::default())));
    let question = format!(
        "\nSend {} from {}{}? Type 'yes' to continue: ",
        counted(n, "real test"),
        preview.target.identity(),
        stand_in_text(session.account())
    );
    require_confirmation(&question, screen).await
}

fn print(view: &DeliverTestView, output: OutputFormat, screen: &Screen) -> Result<(), Error> {
    screen.print_result(&match output {
        OutputFormat::Text => view::text(view, screen.stdout_page(Detail::default())),
        OutputFormat::Json => json::text(&view::document(view)),
    })
}
