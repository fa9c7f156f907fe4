//! `hookferry migrate`: plans, shows, asks, pushes, reads back and prints the id map, and records every
//! write.

use super::conclusion::{Done, conclude};
use super::consent::{confirm, preview, refuse};
use super::formatting;
use super::history::{self, Accounted, History};
use super::planning::{Planned, planned, read_and_plan, read_both};
use super::reading::read_live;
use super::recording::{self, LastLook};
use super::saved::Approved;
use crate::coralogix::client::Writer;
use crate::coralogix::webhook::WebhookId;
use crate::document::view::{Detail, OutcomeView};
use crate::document::{Depth, OutcomeDocument, PlanDocument};
use crate::error::{Error, ExitCode};
use crate::interrupt::Interrupt;
use crate::pipeline::push::{Applied, Baseline, Surroundings, push};
use crate::pipeline::verify::verify;
use crate::render::screen::Screen;
use crate::settings::{Consent, Migrate, ReportForm};
use crate::store::lock::{Holder, Lock, Locks};
use crate::store::runs::Runs;
use crate::wording::counted;
use jiff::SignedDuration;
use std::collections::HashSet;

/// Everything besides its plan that a run needs to write to the target.
struct Session {
    runs: Runs,
    /// Status updates for the open sends of earlier runs.
    accounted: Vec<Accounted>,
    /// Keyed digest of the saved plan being applied; `None` for `migrate`.
    plan: Option<String>,
    /// Ids of the webhooks that earlier runs of that plan wrote.
    ours: HashSet<WebhookId>,
    _lock: Lock,
}

/// Migrates, or shows the plan with `--dry-run`.
pub(super) async fn run(
    settings: Migrate,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    carry_out(&settings, None, screen, interrupt).await
}

/// Migrates like `run`; with an approved plan, only as long as that plan still holds.
pub(super) async fn carry_out(
    settings: &Migrate,
    approved: Option<&Approved<'_>>,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    if settings.consent == Consent::DryRun {
        return dry_run(settings, approved, screen).await;
    }
    let (mut planned, session) = open(settings, approved, screen).await?;
    if let Some(approved) = approved {
        approved.check(&planned, &session.ours, screen)?;
    }
    // The plan that the user confirms is shown even with `--quiet`.
    if settings.consent == Consent::Ask {
        screen.ask(&preview(&planned, settings.detail, screen));
    }
    if let Err(refused) = refuse(&planned.plan, settings.max_changes) {
        if settings.consent == Consent::Given {
            screen.say(preview(&planned, settings.detail, screen).trim_end());
        }
        return Err(refused);
    }
    if settings.consent == Consent::Ask && planned.plan.has_changes() {
        let held = approved.map(|approved| (approved, &session.ours));
        planned = confirm(planned, settings, held, screen).await?;
    }
    let _hold = interrupt.hold("finishing the request in flight, then stopping");
    let mut done = write(&planned, settings, session, screen, interrupt).await?;
    let document = OutcomeDocument::of(outcome_view(&planned, &done));
    let target = planned.target_reader.account().clone();
    // For a large account this is most of the memory in use, and the document holds all that is still needed.
    drop(planned);
    // The exit code reports what happened to the target, not to the terminal or the run record.
    for outcome in [
        keep(&mut done, &document),
        prune(settings),
        report(&document, settings.output, screen),
    ] {
        if let Err(error) = outcome {
            screen.error(&error);
        }
    }
    conclude(&done, &target, interrupt.signal(), screen)
}

/// Shows the plan and writes nothing; fails for a saved plan that no longer holds.
async fn dry_run(
    settings: &Migrate,
    approved: Option<&Approved<'_>>,
    screen: &Screen,
) -> Result<ExitCode, Error> {
    let (planned, history) = read_and_plan(&settings.route, &settings.state, screen).await?;
    if let Some(approved) = approved {
        approved.check(&planned, &history.brought_by(approved.seal(), &[]), screen)?;
    }
    let document = PlanDocument::of(planned.view(), Depth::Fields);
    let (output, detail) = (settings.output, settings.detail);
    screen.result(&formatting::plan(&document, output, detail, screen))?;
    Ok(planned.preview_exit_code(false))
}

/// Locks the target, reads both sides, reconciles the open sends of earlier runs, and makes the plan.
async fn open(
    settings: &Migrate,
    approved: Option<&Approved<'_>>,
    screen: &Screen,
) -> Result<(Planned, Session), Error> {
    let (route, state) = (&settings.route, settings.state.path()?);
    let (runs, locks) = (Runs::new(state), Locks::new(state)?);
    runs.prepare()?;
    let home = route.target.endpoint.home();
    let mut marks = locks.marks(&home)?;
    let mut readings = read_both(route, screen).await?;
    // Only the inventory shows which company this is, and so which lock to take. If another run held that
    // lock in the meantime, the inventory is out of date: read it again.
    let (lock, company) = loop {
        let company = readings.target.company();
        let holder = Holder::this_process(settings.command);
        let (lock, is_fresh) = locks.take(&home, company.as_deref(), &holder, &marks)?;
        if is_fresh {
            break (lock, company);
        }
        drop(lock);
        marks = locks.marks(&home)?;
        readings.target = read_live(&readings.target_reader, screen).await?;
    };
    let history = History::of(&runs, &route.target, company.as_deref())?;
    let (reader, first) = (&readings.target_reader, readings.target);
    let patience = &readings.patience;
    readings.target = history.settle(reader, first, patience, screen).await?;
    let (known, accounted) = history.knowledge(&route.target, &readings.target);
    let plan = approved.map(|approved| approved.seal().to_owned());
    let session = Session {
        ours: plan
            .as_deref()
            .map_or_else(HashSet::new, |plan| history.brought_by(plan, &accounted)),
        plan,
        runs,
        accounted,
        _lock: lock,
    };
    Ok((planned(route, readings, known).await?, session))
}

/// Pushes the plan and reads the target back; records each write before it is sent.
async fn write(
    planned: &Planned,
    settings: &Migrate,
    session: Session,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<Done, Error> {
    if !planned.plan.has_changes() && session.accounted.is_empty() {
        return Ok(Done {
            applied: Applied::nothing(),
            verdict: None,
            continues: Vec::new(),
            state_flag: String::new(),
            is_rehearsal: settings.route.is_drill,
            recorder: None,
        });
    }
    let baseline = Baseline::of(&planned.target_inventory).ok_or_else(|| {
        Error::failed(
            "the target lists a webhook without an id, so hookferry could not tell new webhooks from existing ones",
        )
        .with_hint("nothing was written")
    })?;
    let continues: Vec<String> = session
        .accounted
        .iter()
        .map(|each| each.run.clone())
        .collect();
    let settle = settings.push.settle;
    let mut recorder = recording::begin(
        &session.runs,
        planned,
        settle,
        continues.clone(),
        session.plan,
    )?;
    history::put_on_record(&session.runs, session.accounted, recorder.run())?;
    let writer = Writer::new(planned.target_reader.clone());
    let stage = screen.stage("write target");
    let surroundings = Surroundings {
        patience: &planned.patience,
        track: &stage,
        journal: &mut recorder,
        interrupt,
    };
    let mut applied = push(
        &planned.plan,
        &baseline,
        &writer,
        settings.push,
        surroundings,
    )
    .await;
    let n_arrived = applied
        .fates
        .iter()
        .filter(|(_, fate)| fate.arrived().is_some())
        .count();
    stage.finish(&format!(
        "{n_arrived} of {}",
        counted(applied.fates.len(), "webhook")
    ));
    let after = applied.after.as_ref();
    let verdict = after.map(|after| verify(&planned.plan, &applied, after));
    let look = LastLook::of(&recorder, &applied, verdict.as_ref());
    // The verdict and the summary of the final observation hold all that is still needed of the target.
    applied.after = None;
    Ok(Done {
        applied,
        verdict,
        continues,
        state_flag: settings.flags.clone(),
        is_rehearsal: settings.route.is_drill,
        recorder: Some((recorder, look)),
    })
}

fn outcome_view<'a>(planned: &'a Planned, done: &'a Done) -> OutcomeView<'a> {
    OutcomeView {
        plan: planned.view(),
        applied: &done.applied,
        verdict: done.verdict.as_ref(),
        run: done.run(),
        continues: &done.continues,
        state_flag: &done.state_flag,
        is_rehearsal: done.is_rehearsal,
    }
}

/// Finishes the record of the run.
fn keep(done: &mut Done, document: &OutcomeDocument) -> Result<(), Error> {
    match &mut done.recorder {
        Some((recorder, look)) => recording::end(recorder, std::mem::take(look), document),
        None => Ok(()),
    }
}

/// Removes run records that are older than 90 days.
fn prune(settings: &Migrate) -> Result<(), Error> {
    const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);
    Runs::new(settings.state.path()?).prune(KEPT).map(drop)
}

fn report(document: &OutcomeDocument, output: ReportForm, screen: &Screen) -> Result<(), Error> {
    screen.result(&formatting::outcome(
        document,
        output,
        Detail::Normal,
        screen,
    ))
}
