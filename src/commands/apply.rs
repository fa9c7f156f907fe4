//! `hookferry apply`: applies exactly the saved plan, or refuses and lists what has changed since.

use super::migrate::execute;
use super::saved_plan::ApprovedPlan;
use crate::document::SavedPlan;
use crate::error::{Error, ExitCode};
use crate::interrupt::Interrupt;
use crate::render::screen::Screen;
use crate::settings::ApplySettings;

/// Applies a saved plan.
pub(super) async fn run(
    apply: ApplySettings,
    saved: SavedPlan,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    let approved_plan = ApprovedPlan::new(&apply, saved)?;
    execute(&apply.migrate, Some(&approved_plan), screen, interrupt).await
}
