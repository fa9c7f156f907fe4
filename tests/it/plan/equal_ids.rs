//! A backup and the account that it was made of: an id means the same webhook, whatever became of its name.

use super::{list, slack, typed};
use crate::support::preview::{planned_knowing, preview, states};
use hookferry::pipeline::plan::{Known, OnConflict, State};

fn known() -> Known {
    Known::nothing().with_equal_ids()
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
    let plan = planned_knowing(&backup, &account, OnConflict::Fail, &known());
    insta::assert_snapshot!(preview(&plan));
    let updating = planned_knowing(&backup, &account, OnConflict::Update, &known());
    assert_eq!(
        states(&updating),
        [
            State::Unchanged,
            State::Update,
            State::Update,
            State::Create,
            State::Unchanged,
            State::Create
        ]
    );
}

/// Two webhooks that swapped their names are two changes, and no two creations.
#[test]
fn swapped_names_are_two_changes() {
    let backup = list(&[slack(1, "a", "x"), slack(2, "b", "y")]);
    let account = list(&[slack(1, "b", "x"), slack(2, "a", "y")]);
    let plan = planned_knowing(&backup, &account, OnConflict::Update, &known());
    assert_eq!(states(&plan), [State::Update, State::Update]);
    let ids: Vec<String> = plan
        .steps()
        .map(|(_, step)| step.target_id().unwrap().to_string())
        .collect();
    assert_eq!(ids, ["1", "2"]);
}

/// Elsewhere a number means nothing: the same two accounts without the knowledge pair by name.
#[test]
fn between_different_accounts_ids_mean_nothing() {
    let source = list(&[slack(1, "a", "x")]);
    let target = list(&[slack(1, "other", "y")]);
    let plan = planned_knowing(&source, &target, OnConflict::Update, &Known::nothing());
    assert_eq!(states(&plan), [State::Create]);
}
