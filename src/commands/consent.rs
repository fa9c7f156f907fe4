//! The conditions for writing anything: no conflict, no limit exceeded, and the user's confirmation.

use super::planning::Planned;
use super::reading::{live_party, read_live};
use super::saved::Approved;
use crate::coralogix::webhook::WebhookId;
use crate::document::view::Detail;
use crate::document::{Depth, MissingDocument, PlanDocument};
use crate::error::{Error, ErrorKind};
use crate::pipeline::plan::{OnConflict, Plan, State};
use crate::pipeline::strip::strip;
use crate::render::changes::missing_value;
use crate::render::plan as text;
use crate::render::screen::Screen;
use crate::settings::Migrate;
use crate::stdin;
use crate::wording::counted;
use std::collections::HashSet;
use std::io::IsTerminal as _;

/// Asks on the terminal; an error unless the user types `yes`, and where there is no terminal.
pub(super) async fn ask(question: &str, screen: &Screen) -> Result<(), Error> {
    if !std::io::stdin().is_terminal() || !screen.is_stderr_terminal() {
        return Err(Error::new(
            ErrorKind::Refused,
            "nothing was written: there is no terminal to ask for confirmation",
        )
        .with_hint("preview the run with --dry-run, then pass --yes"));
    }
    screen.ask(question);
    // On a thread of its own, so that Ctrl-C works while the question is open.
    let answer = tokio::task::spawn_blocking(stdin::read_line)
        .await
        .map_err(|error| Error::failed("cannot read the answer").with_source(error))??;
    if answer.trim() == "yes" {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Refused,
        "nothing was written: not confirmed",
    ))
}

/// The plan as text for stderr, where the question follows it.
pub(super) fn preview(planned: &Planned, detail: Detail, screen: &Screen) -> String {
    let document = PlanDocument::of(planned.view(), Depth::of(detail));
    text::plan(&document, screen.talk_page(detail))
}

/// Refuses a plan that lacks values, holds webhooks that `--on-conflict` does not allow, or exceeds
/// `max_changes`.
pub(super) fn refuse(plan: &Plan, max_changes: Option<usize>) -> Result<(), Error> {
    refuse_missing(plan)?;
    if plan.n_refusing() > 0 {
        let counts = plan.counts();
        let what = format!(
            "nothing was written: some webhooks cannot be applied ({} conflicting, {} ambiguous, {} blocked)",
            counts.of(State::Conflict),
            counts.of(State::Ambiguous),
            counts.of(State::Blocked)
        );
        let hint = match plan.on_conflict() {
            OnConflict::Update => {
                "pass --on-conflict skip to leave them alone, or exclude them with --name '!…'"
            }
            _ => {
                "pass --on-conflict skip to leave them alone or --on-conflict update to resolve conflicts, or select others with --name, --type, --id"
            }
        };
        return Err(Error::new(ErrorKind::Refused, what).with_hint(hint));
    }
    let n_changes = n_changes(plan);
    if let Some(most) = max_changes
        && n_changes > most
    {
        return Err(Error::new(
            ErrorKind::Refused,
            format!(
                "nothing was written: the plan would write {}, and --max-changes allows {most}",
                counted(n_changes, "webhook")
            ),
        )
        .with_hint("raise --max-changes, or select fewer with --name, --type, --id"));
    }
    Ok(())
}

/// Refuses a plan whose rules need values that could not be read, and lists all of these values.
pub(super) fn refuse_missing(plan: &Plan) -> Result<(), Error> {
    let missing = MissingDocument::all(plan);
    if missing.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = missing
        .iter()
        .map(|value| format!("  {}", missing_value(value)))
        .collect();
    Err(Error::new(
        ErrorKind::Refused,
        format!(
            "nothing was written: the rules need values that could not be read\n{}",
            lines.join("\n")
        ),
    )
    .with_hint(
        "make these values readable and run the same command again; `hookferry rules check` verifies that",
    ))
}

fn n_changes(plan: &Plan) -> usize {
    plan.counts().of(State::Create) + plan.counts().of(State::Update)
}

/// Asks for confirmation until the plan that the user saw is still current: every `yes` is followed by a read
/// of the target.
///
/// A saved plan is checked for drift instead; drift is an error, not a second question.
pub(super) async fn confirm(
    mut planned: Planned,
    settings: &Migrate,
    held: Option<(&Approved<'_>, &HashSet<WebhookId>)>,
    screen: &Screen,
) -> Result<Planned, Error> {
    loop {
        let n = n_changes(&planned.plan);
        let question = format!(
            "\nWrite {} to {}? Type 'yes' to continue: ",
            counted(n, "webhook"),
            planned.target.described()
        );
        ask(&question, screen).await?;
        let before = outline(&planned.plan);
        planned = read_target_again(planned, settings, screen).await?;
        if let Some((approved, ours)) = held {
            approved.check(&planned, ours, screen)?;
        }
        if outline(&planned.plan) == before {
            return Ok(planned);
        }
        screen.warn("The target changed while you were reading. This is the new plan:");
        screen.ask(&preview(&planned, settings.detail, screen));
        refuse(&planned.plan, settings.max_changes)?;
        if !planned.plan.has_changes() {
            return Ok(planned);
        }
    }
}

async fn read_target_again(
    planned: Planned,
    settings: &Migrate,
    screen: &Screen,
) -> Result<Planned, Error> {
    let inventory = read_live(&planned.target_reader, screen).await?;
    let plan = planned.plan.again(
        &strip(inventory.clone()),
        settings.route.on_conflict,
        &planned.known,
    );
    Ok(Planned {
        plan,
        target: live_party(&settings.route.target, &inventory),
        target_inventory: inventory,
        ..planned
    })
}

/// What two plans must have in common to count as the same: state and target id of every step.
fn outline(plan: &Plan) -> Vec<(State, Option<WebhookId>)> {
    plan.steps()
        .map(|(_, step)| (step.state, step.target_id().cloned()))
        .collect()
}
