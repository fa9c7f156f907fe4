//! `hookferry apply`: applies exactly the saved plan, or refuses and lists what has changed since.

use super::migrate::carry_out;
use super::saved::Approved;
use crate::document::SavedPlan;
use crate::error::{Error, ExitCode};
use crate::interrupt::Interrupt;
use crate::render::screen::Screen;
use crate::settings::Apply;

/// Applies a saved plan.
pub(super) async fn run(
    apply: Apply,
    saved: SavedPlan,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    let approved = Approved::new(&apply, &saved)?;
    // The user has approved the document; from here on only its promises and its binding are needed.
    drop(saved);
    carry_out(&apply.migrate, Some(&approved), screen, interrupt).await
}
