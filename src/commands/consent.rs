//! The conditions for writing anything: no conflict, no limit exceeded, and the user's confirmation.

use super::cross_check::cross_check;
use super::planning::PlannedMigration;
use super::reading::{live_party, read_live};
use super::saved_plan::ApprovedPlan;
use crate::coralogix::account::Account;
use crate::coralogix::webhook::WebhookId;
use crate::document::view::Detail;
use crate::document::{Depth, MissingDocument, PartyDocument, PlanDocument};
use crate::error::{Error, ErrorKind};
use crate::pipeline::plan::{Plan, StepState};
use crate::pipeline::strip::strip;
use crate::render::changes::missing_value_text;
use crate::render::plan as text;
use crate::render::screen::Screen;
use crate::render::side_words::SideWords;
use crate::settings::MigrateSettings;
use crate::stdin;
use crate::wording::counted;
use std::collections::HashSet;
use std::io::IsTerminal as _;

/// Asks on the terminal; an error unless the user types `yes`, and where there is no terminal.
pub(super) async fn require_confirmation(question: &str, screen: &Screen) -> Result<(), Error> {
    if !std::io::stdin().is_terminal() || !screen.is_stderr_terminal() {
        return Err(Error::new(
            ErrorKind::Refused,
            "nothing was written: there is no terminal to ask for confirmation",
        )
        .with_hint("preview the run with --dry-run, then pass --yes"));
    }
    screen.prompt(question);
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

/// Completes a question about an account whose key is not its profile's own: the profile does not prove then which
/// account it is.
pub(super) fn stand_in_text(account: &Account) -> String {
    match &account.key_stands_in_because {
        Some(_) => format!(", with the key {}", account.key_origin),
        None => String::new(),
    }
}

/// The plan as text for stderr, where the question follows it.
pub(super) fn plan_preview(planned: &PlannedMigration, detail: Detail, screen: &Screen) -> String {
    let document = PlanDocument::new(planned.view(), Depth::from_detail(detail));
    text::plan(&document, screen.stderr_page(detail))
}

/// Refuses a plan that lacks values, holds webhooks that `--on-conflict` does not allow, or exceeds
/// `max_changes`.
pub(super) fn refuse_unappliable(plan: &Plan, max_changes: Option<usize>) -> Result<(), Error> {
    refuse_missing_values(plan)?;
    let preventing = plan.preventing_apply();
    if preventing.total() > 0 {
        let message = format!(
            "nothing was written: some webhooks cannot be applied ({} conflicting, {} ambiguous, {} blocked)",
            preventing.get(StepState::Conflict),
            preventing.get(StepState::Ambiguous),
            preventing.get(StepState::Blocked)
        );
        return Err(Error::new(ErrorKind::Refused, message).with_hint(
            "the plan says what to do about each; --on-conflict skip leaves all of them alone",
        ));
    }
    refuse_too_many(plan, max_changes)
}

/// Refuses a plan that would write more webhooks than `--max-changes` allows.
pub(super) fn refuse_too_many(plan: &Plan, max_changes: Option<usize>) -> Result<(), Error> {
    let n_changes = count_changes(plan);
    match max_changes {
        Some(limit) if n_changes > limit => Err(Error::new(
            ErrorKind::Refused,
            format!(
                "nothing was written: the plan would write {}, and --max-changes allows {limit}",
                counted(n_changes, "webhook")
            ),
        )
        .with_hint("raise --max-changes, or select fewer with --name, --type, --id")),
        _ => Ok(()),
    }
}

/// Refuses a plan whose rules need values that could not be read, and lists all of these values.
pub(super) fn refuse_missing_values(plan: &Plan) -> Result<(), Error> {
    let missing = MissingDocument::from_plan(plan);
    if missing.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = missing
        .iter()
        .map(|value| format!("  {}", missing_value_text(value)))
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

fn count_changes(plan: &Plan) -> usize {
    plan.counts().get(StepState::Create) + plan.counts().get(StepState::Update)
}

/// Asks for confirmation until the plan that the user saw is still current: every `yes` is followed by a read
/// of the target.
///
/// A saved plan is checked for drift instead; drift is an error, not a second question.
pub(super) async fn confirm(
    mut planned: PlannedMigration,
    settings: &MigrateSettings,
    approval: Option<(&ApprovedPlan<'_>, &HashSet<WebhookId>)>,
    screen: &Screen,
) -> Result<PlannedMigration, Error> {
    loop {
        let n = count_changes(&planned.plan);
        let question = format!(
            "\nWrite {} to {}{}? Type 'yes' to continue: ",
            counted(n, "webhook"),
            planned.target.description(),
            stand_in_text(&settings.route.target)
        );
        require_confirmation(&question, screen).await?;
        let previous_outline = step_outline(&planned.plan);
        planned = reread_target(planned, settings, screen).await?;
        if let Some((approved, own_ids)) = approval {
            approved.check_drift(&planned, own_ids, screen)?;
        }
        if step_outline(&planned.plan) == previous_outline {
            return Ok(planned);
        }
        screen.warn(&changed_text(&planned));
        screen.prompt(&plan_preview(&planned, settings.detail, screen));
        refuse_unappliable(&planned.plan, settings.max_changes)?;
        if !planned.plan.has_changes() {
            return Ok(planned);
        }
    }
}

/// Says that the plan which was shown is out of date.
fn changed_text(planned: &PlannedMigration) -> String {
    let target = SideWords::of(&PartyDocument::from(&planned.source)).target;
    format!("The {target} changed while you were reading. This is the new plan:")
}

async fn reread_target(
    planned: PlannedMigration,
    settings: &MigrateSettings,
    screen: &Screen,
) -> Result<PlannedMigration, Error> {
    let inventory = read_live(&planned.target_reader, screen).await?;
    let client = &settings.route.client;
    let inventory = cross_check(&planned.target_reader, inventory, client, screen).await?;
    let target = strip(inventory.clone());
    let plan = planned.plan.replan(&target, &planned.known);
    Ok(PlannedMigration {
        plan,
        target: live_party(&settings.route.target, &inventory),
        target_inventory: inventory,
        ..planned
    })
}

/// What two plans must have in common to count as the same: state and target id of every step.
fn step_outline(plan: &Plan) -> Vec<(StepState, Option<WebhookId>)> {
    plan.steps()
        .map(|(_, step)| (step.state, step.target_id().cloned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::stand_in_text;
    use crate::coralogix::account::{Account, ApiKey, Side};
    use crate::coralogix::endpoint::Endpoint;

    /// The profile in the question does not prove the account if the key is not the profile's.
    #[test]
    fn the_question_names_a_key_that_stands_in() {
        let endpoint = Endpoint::parse("us2").expect("a region");
        let key = ApiKey::new("key").expect("a key");
        let mut account = Account::new(Side::Target, endpoint, key);
        assert_eq!(stand_in_text(&account), "");
        account.key_stands_in_because = Some("the file does not exist".to_owned());
        assert_eq!(
            stand_in_text(&account),
            ", with the key in HOOKFERRY_TARGET_API_KEY"
        );
    }
}
