//! A backup and its own account: equal ids mean the same webhook, even if it has been renamed.

use super::{list, slack, typed};
use crate::support::preview::{planned_with, preview, states};
use hookferry::pipeline::plan::{OnConflict, PriorKnowledge, StepState};

fn known() -> PriorKnowledge {
    PriorKnowledge::empty().with_shared_ids()
}

#[test]
fn by_id_first_then_as_between_any_accounts() {
    snapshots!();
    let backup = list(&[
        slack(1, "as it was", "a"),
        slack(2, "renamed since", "b"),
        slack(3, "edited since", "c"),
        slack(4, "deleted since", "d"),
        slack(5, "deleted, and made again by hand", "e"),
        slack(6, "its id is of another type now", "f"),
    ]);
    let account = list(&[
        slack(1, "as it was", "a"),
        slack(2, "another name", "b"),
        slack(3, "edited since", "c2"),
        slack(15, "deleted, and made again by hand", "e"),
        typed(6, "somebody else's", 1, "\"[]\""),
        slack(20, "renamed since", "new"),
    ]);
    let plan = planned_with(&backup, &account, OnConflict::Fail, &known());
    insta::assert_snapshot!(preview(&plan));
    let updating = planned_with(&backup, &account, OnConflict::Update, &known());
    assert_eq!(
        states(&updating),
        [
            StepState::Unchanged,
            StepState::Update,
            StepState::Update,
            StepState::Create,
            StepState::Unchanged,
            StepState::Create
        ]
    );
}

/// Two webhooks that swapped their names are two changes, not two creations.
#[test]
fn swapped_names_are_two_changes() {
    let backup = list(&[slack(1, "a", "x"), slack(2, "b", "y")]);
    let account = list(&[slack(1, "b", "x"), slack(2, "a", "y")]);
    let plan = planned_with(&backup, &account, OnConflict::Update, &known());
    assert_eq!(states(&plan), [StepState::Update, StepState::Update]);
    let ids: Vec<String> = plan
        .steps()
        .map(|(_, step)| step.target_id().unwrap().to_string())
        .collect();
    assert_eq!(ids, ["1", "2"]);
}

/// Between different accounts an id means nothing: without `with_equal_ids`, webhooks pair by name.
#[test]
fn ids_mean_nothing_between_different_accounts() {
    let source = list(&[slack(1, "a", "x")]);
    let target = list(&[slack(1, "other", "y")]);
    let plan = planned_with(
        &source,
        &target,
        OnConflict::Update,
        &PriorKnowledge::empty(),
    );
    assert_eq!(states(&plan), [StepState::Create]);
}
