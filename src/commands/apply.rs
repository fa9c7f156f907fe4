//! `hookferry apply`: exactly the plan that was saved, or a refusal that lists what moved since.

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
    // What it shows has been approved; what it promises and is bound to is all that is asked of it from here on.
    drop(saved);
    carry_out(&apply.migrate, Some(&approved), screen, interrupt).await
}
