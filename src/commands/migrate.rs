//! `hookferry migrate`: plan, show, ask, push, read back, id map.

use super::plan::{exit_code as plan_exit_code, show, view};
use super::reading::{Planned, read_and_plan, read_live};
use crate::cli::OutputForm;
use crate::coralogix::account::Account;
use crate::coralogix::client::Writer;
use crate::coralogix::webhook::WebhookId;
use crate::error::{Error, ErrorKind, ExitCode};
use crate::pipeline::plan::{OnConflict, Plan, State};
use crate::pipeline::push::{Applied, Baseline, Stop, push};
use crate::pipeline::strip::strip;
use crate::pipeline::verify::{Verdict, verify};
use crate::render::outcome::OutcomeView;
use crate::render::screen::Screen;
use crate::render::view::Detail;
use crate::render::{json, outcome, plan as text};
use crate::settings::{Consent, Migrate};
use crate::store::disk;
use std::io::IsTerminal as _;

/// Migrates, or shows what a migration would do.
pub(super) async fn run(settings: Migrate, screen: &Screen) -> Result<ExitCode, Error> {
    let mut planned = read_and_plan(&settings.route, screen).await?;
    if settings.consent == Consent::DryRun {
        show(&planned, settings.output, screen)?;
        return Ok(plan_exit_code(&planned, false));
    }
    match settings.consent {
        // What somebody says yes to is shown even to those who asked for quiet.
        Consent::Ask => screen.ask(&preview(&planned, screen)),
        Consent::Given | Consent::DryRun => {}
    }
    if let Err(refused) = refuse(&planned.plan, settings.max_changes) {
        if settings.consent == Consent::Given {
            screen.say(preview(&planned, screen).trim_end());
        }
        return Err(refused);
    }
    if settings.consent == Consent::Ask && planned.plan.has_changes() {
        planned = confirm(planned, &settings, screen).await?;
    }
    let (applied, verdict) = write(&planned, &settings, screen).await?;
    if let Err(error) = report(
        &planned,
        &applied,
        verdict.as_ref(),
        settings.output,
        screen,
    ) {
        // The exit code tells what happened to the target, not to the terminal.
        screen.error(&error);
    }
    conclude(&planned, &applied, verdict.as_ref())
}

/// The plan as it is shown beside the question, on stderr.
fn preview(planned: &Planned, screen: &Screen) -> String {
    text::plan(view(planned), screen.talk_page(Detail::Normal))
}

/// Stops before the first write where the plan or a limit does not allow one.
fn refuse(plan: &Plan, max_changes: Option<usize>) -> Result<(), Error> {
    let n_refusing = plan.n_refusing();
    if n_refusing > 0 {
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

fn n_changes(plan: &Plan) -> usize {
    plan.counts().of(State::Create) + plan.counts().of(State::Update)
}

/// Asks until the plan that was shown is the plan that holds: the target is read again after every yes.
async fn confirm(
    mut planned: Planned,
    settings: &Migrate,
    screen: &Screen,
) -> Result<Planned, Error> {
    loop {
        let question = format!(
            "\nWrite {} webhooks to {}? Only 'yes' will do: ",
            n_changes(&planned.plan),
            planned.target.described()
        );
        if ask(&question, screen)?.trim() != "yes" {
            return Err(Error::new(
                ErrorKind::Refused,
                "nothing was written: not confirmed",
            ));
        }
        let before = outline(&planned.plan);
        planned = read_target_again(planned, settings, screen).await?;
        if outline(&planned.plan) == before {
            return Ok(planned);
        }
        screen.warn("The target changed while you were reading. This is the plan now:");
        screen.ask(&preview(&planned, screen));
        refuse(&planned.plan, settings.max_changes)?;
        if !planned.plan.has_changes() {
            return Ok(planned);
        }
    }
}

/// The answer of the person at the terminal; without one, nobody can say yes.
fn ask(question: &str, screen: &Screen) -> Result<String, Error> {
    if !std::io::stdin().is_terminal() || !screen.is_stderr_terminal() {
        return Err(Error::new(
            ErrorKind::Refused,
            "nothing was written: there is no terminal to confirm at",
        )
        .with_hint("look at the plan with --dry-run, then say --yes"));
    }
    screen.ask(question);
    disk::read_line()
}

async fn read_target_again(
    planned: Planned,
    settings: &Migrate,
    screen: &Screen,
) -> Result<Planned, Error> {
    let inventory = read_live(&planned.target_reader, screen).await?;
    let plan = planned
        .plan
        .again(&strip(inventory.clone()), settings.route.on_conflict);
    Ok(Planned {
        plan,
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

/// Writes what the plan wants and reads the target back.
async fn write(
    planned: &Planned,
    settings: &Migrate,
    screen: &Screen,
) -> Result<(Applied, Option<Verdict>), Error> {
    if !planned.plan.has_changes() {
        return Ok((Applied::nothing(), None));
    }
    let baseline = Baseline::of(&planned.target_inventory).ok_or_else(|| {
        Error::failed(
            "the target lists a webhook without an id, so new ones could not be told from old ones",
        )
        .with_hint("nothing was written")
    })?;
    let writer = Writer::new(planned.target_reader.clone());
    let stage = screen.stage("write target");
    let applied = push(
        &planned.plan,
        &baseline,
        &writer,
        settings.push,
        &planned.patience,
        &stage,
    )
    .await;
    let n_arrived = applied
        .fates
        .iter()
        .filter(|(_, fate)| fate.arrived().is_some())
        .count();
    stage.finish(&format!("{n_arrived} of {} webhooks", applied.fates.len()));
    let verdict = applied
        .after
        .clone()
        .map(|after| verify(&planned.plan, &applied, &strip(after)));
    Ok((applied, verdict))
}

fn report(
    planned: &Planned,
    applied: &Applied,
    verdict: Option<&Verdict>,
    output: OutputForm,
    screen: &Screen,
) -> Result<(), Error> {
    let view = OutcomeView {
        plan: view(planned),
        applied,
        verdict,
    };
    screen.result(&match output {
        OutputForm::Text => outcome::outcome(view, screen.page(Detail::Normal)),
        OutputForm::Json => json::text(&outcome::outcome_json(view)),
    })
}

/// The report is written; now the exit code.
fn conclude(
    planned: &Planned,
    applied: &Applied,
    verdict: Option<&Verdict>,
) -> Result<ExitCode, Error> {
    let target = planned.target_reader.account();
    if let Some(stop) = &applied.stop {
        let error = explain(stop, target);
        return Err(if applied.may_have_written {
            error.after_sending()
        } else {
            error
        });
    }
    let is_verified = verdict.is_some_and(Verdict::is_complete);
    let has_everything = applied.is_complete() && (is_verified || applied.fates.is_empty());
    Ok(match (has_everything, applied.may_have_written) {
        (true, _) => ExitCode::Done,
        (false, true) => ExitCode::Partial,
        (false, false) => ExitCode::Failed,
    })
}

fn explain(stop: &Stop, target: &Account) -> Error {
    let again = "run the same command again: it reads the target first and sends only what is still missing";
    match stop {
        Stop::Unreachable(why) => Error::failed(format!("cannot reach {target}: {why}")).with_hint(again),
        Stop::Refused(refusal) => crate::coralogix::failure::Failure::Refused(refusal.clone())
            .explain(target, "create webhooks"),
        Stop::TooManyRefused(n) => Error::failed(format!(
            "{target} refused {n} webhooks in a row; the rest was not tried"
        ))
        .with_hint("the server's words stand beside each refused webhook; select others with --name, --type, --id"),
        Stop::Unresolved => Error::new(
            ErrorKind::Partial,
            format!("{target} shows webhooks that may be ours or somebody else's; nothing more is sent, because that could make duplicates"),
        )
        .with_hint("compare the ids named above in the Coralogix UI; delete or rename what is in the way, then run the same command again"),
        Stop::NoProgress(why) => {
            Error::failed(format!("{target} made no progress in several attempts: {why}")).with_hint(again)
        }
        Stop::OutOfPatience => {
            Error::failed(format!("{target} kept this run waiting for 15 minutes")).with_hint(again)
        }
        Stop::Blind(why) => Error::new(
            ErrorKind::Partial,
            format!("{target} could not be read, so it is not known what arrived: {why}"),
        )
        .with_hint(again),
    }
}
