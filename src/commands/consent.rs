//! What has to be true before anything is written: no conflict in the way, no limit passed, and a person's yes.

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
use std::collections::HashSet;
use std::io::IsTerminal as _;

/// Asks at the terminal and returns only after a `yes`; without a terminal nobody can say it.
pub(super) async fn ask(question: &str, screen: &Screen) -> Result<(), Error> {
    if !std::io::stdin().is_terminal() || !screen.is_stderr_terminal() {
        return Err(Error::new(
            ErrorKind::Refused,
            "nothing was written: there is no terminal to confirm at",
        )
        .with_hint("look first with --dry-run, then say --yes"));
    }
    screen.ask(question);
    // On a thread of its own, so that Ctrl-C is heard while somebody thinks.
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

/// The plan as it is shown beside the question, on stderr.
pub(super) fn preview(planned: &Planned, detail: Detail, screen: &Screen) -> String {
    let document = PlanDocument::of(planned.view(), Depth::of(detail));
    text::plan(&document, screen.talk_page(detail))
}

/// Stops before the first write where the plan or a limit does not allow one.
pub(super) fn refuse(plan: &Plan, max_changes: Option<usize>) -> Result<(), Error> {
    refuse_missing(plan)?;
    if plan.n_refusing() > 0 {
        let counts = plan.counts();
        let what = format!(
            "nothing was written: {} conflicting, {} ambiguous and {} blocked webhooks stand in the way",
            counts.of(State::Conflict),
            counts.of(State::Ambiguous),
            counts.of(State::Blocked)
        );
        let hint = match plan.on_conflict() {
            OnConflict::Update => {
                "--on-conflict skip leaves them alone; or leave them out with --name '!…'"
            }
            _ => {
                "--on-conflict skip leaves them alone, --on-conflict update resolves conflicts; or select with --name, --type, --id"
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
            format!("nothing was written: {n_changes} webhooks would be written, and --max-changes allows {most}"),
        )
        .with_hint("raise --max-changes, or select fewer with --name, --type, --id"));
    }
    Ok(())
}

/// Stops where rules ask for values that could not be read, and names all of them.
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
            "values that the rules ask for could not be read, and nothing was written\n{}",
            lines.join("\n")
        ),
    )
    .with_hint(
        "make them readable and run the same again; `hookferry rules check` tells whether they are",
    ))
}

fn n_changes(plan: &Plan) -> usize {
    plan.counts().of(State::Create) + plan.counts().of(State::Update)
}

/// Asks until the plan that was shown is the plan that holds: the target is read again after every yes.
///
/// A saved plan is held to what it was made of, and is not asked about a second time.
pub(super) async fn confirm(
    mut planned: Planned,
    settings: &Migrate,
    held: Option<(&Approved<'_>, &HashSet<WebhookId>)>,
    screen: &Screen,
) -> Result<Planned, Error> {
    loop {
        let n = n_changes(&planned.plan);
        let question = format!(
            "\nWrite {n} webhook{} to {}? Only 'yes' will do: ",
            if n == 1 { "" } else { "s" },
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
        screen.warn("The target changed while you were reading. This is the plan now:");
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

/// What two plans must share to be the same promise.
fn outline(plan: &Plan) -> Vec<(State, Option<WebhookId>)> {
    plan.steps()
        .map(|(_, step)| (step.state, step.target_id().cloned()))
        .collect()
}
