//! `hookferry apply`: applies exactly the saved plan, or refuses and lists what has changed since.

use super::migrate::carry_out;
use super::reading::Planned;
use super::saved::{self, open};
use crate::coralogix::sealed::Sealer;
use crate::coralogix::webhook::WebhookId;
use crate::error::{Error, ExitCode};
use crate::interrupt::Interrupt;
use crate::pipeline::binding::Promise;
use crate::render::document::SavedPlan;
use crate::render::screen::Screen;
use crate::render::{json, moved};
use crate::settings::{Apply, ReportForm};
use std::collections::HashSet;

/// The saved plan being applied; every read of the accounts is checked against it.
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
    // The user has approved the document; from here on only its promises and its binding are needed.
    drop(saved);
    carry_out(&apply.migrate, Some(&approved), screen, interrupt).await
}

impl Approved<'_> {
    /// The keyed digest of the plan document, by which run records identify the plan.
    pub(super) fn seal(&self) -> &str {
        &self.apply.binding.seal
    }

    /// Fails if the accounts or the rules have drifted since the plan was made, and lists the drift.
    ///
    /// `ours` holds the ids that earlier runs of the same plan wrote; these do not count as drift.
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
