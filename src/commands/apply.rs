//! `hookferry apply`: exactly the plan that was saved, or a refusal that lists what moved since.

use super::migrate::carry_out;
use super::reading::Planned;
use super::saved::{self, open};
use crate::coralogix::sealed::Sealer;
use crate::coralogix::webhook::WebhookId;
use crate::document::SavedPlan;
use crate::error::{Error, ExitCode};
use crate::interrupt::Interrupt;
use crate::pipeline::binding::Promise;
use crate::render::screen::Screen;
use crate::render::{json, moved};
use crate::settings::{Apply, ReportForm};
use std::collections::HashSet;

/// A saved plan that is being applied: what every reading is held against.
pub(super) struct Approved<'a> {
    apply: &'a Apply,
    promised: Vec<Promise>,
    sealer: Sealer,
}

/// Applies a saved plan.
pub(super) async fn run(
    apply: Apply,
    saved: SavedPlan,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    let sealer = open(&apply, &saved)?;
    let approved = Approved {
        apply: &apply,
        promised: saved.promised(),
        sealer,
    };
    // What it shows has been approved; what it promises and is bound to is all that is asked of it from here on.
    drop(saved);
    carry_out(&apply.migrate, Some(&approved), screen, interrupt).await
}

impl Approved<'_> {
    /// What the run record calls the plan.
    pub(super) fn seal(&self) -> &str {
        &self.apply.binding.seal
    }

    /// Stops where anything is not any more as it was when the plan was made.
    ///
    /// `ours` is what earlier runs of the same plan wrote.
    pub(super) fn check(
        &self,
        planned: &Planned,
        ours: &HashSet<WebhookId>,
        screen: &Screen,
    ) -> Result<(), Error> {
        let moved = saved::moved(self.apply, &self.promised, &self.sealer, planned, ours);
        if moved.is_empty() {
            return Ok(());
        }
        if self.apply.migrate.output == ReportForm::Json {
            screen.result(&json::text(&moved::document(&moved)))?;
        }
        Err(saved::stale(self.apply, &moved))
    }
}
