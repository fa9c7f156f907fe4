//! How `--on-conflict` changes the plan between the same two accounts.

use super::{list, slack, typed};
use crate::support::preview::{planned, preview, states};
use hookferry::pipeline::plan::{Notice, OnConflict, StepState};

/// Accounts that yield a create, a conflict, an ambiguous, a blocked and an unchanged webhook.
fn accounts() -> (String, String) {
    let source = list(&[
        slack(1, "new", "1"),
        slack(2, "changed", "2"),
        slack(3, "twins", "3"),
        slack(4, "twins", "4"),
        r#"{"id":5,"alias":"no type"}"#.to_owned(),
        slack(6, "same", "6"),
    ]);
    let target = list(&[
        slack(102, "changed", "other"),
        slack(103, "twins", "other"),
        slack(106, "same", "6"),
    ]);
    (source, target)
}

#[test]
fn fail() {
    snapshots!();
    let (source, target) = accounts();
    insta::assert_snapshot!(preview(&planned(&source, &target, OnConflict::Fail)));
}

#[test]
fn skip() {
    snapshots!();
    let (source, target) = accounts();
    insta::assert_snapshot!(preview(&planned(&source, &target, OnConflict::Skip)));
}

#[test]
fn update() {
    snapshots!();
    let (source, target) = accounts();
    insta::assert_snapshot!(preview(&planned(&source, &target, OnConflict::Update)));
}

#[test]
fn a_conflict_alone_refuses_only_under_fail() {
    let (source, target) = (list(&[slack(1, "a", "1")]), list(&[slack(2, "a", "2")]));
    for (policy, state, n_refusing, has_changes) in [
        (OnConflict::Fail, StepState::Conflict, 1, false),
        (OnConflict::Skip, StepState::Conflict, 0, false),
        (OnConflict::Update, StepState::Update, 0, true),
    ] {
        let plan = planned(&source, &target, policy);
        assert_eq!(states(&plan), [state]);
        assert_eq!(plan.preventing_apply().total(), n_refusing, "{policy:?}");
        assert_eq!(plan.has_changes(), has_changes, "{policy:?}");
        assert_eq!(plan.n_untouched(), 0);
    }
}

#[test]
fn notices_cover_only_what_is_written() {
    let teams = |id| typed(id, "teams", 5, "null");
    let log = |id, key: &str| {
        let fields = format!(r#"[{{"name":"payload","value":{{"privateKey":"{key}"}}}}]"#);
        typed(id, "log", 3, &fields)
    };
    let source = list(&[teams(1), log(2, "canary"), slack(3, "s", "1")]);
    let notices = |target: &str, policy| planned(&source, target, policy).notices();
    assert_eq!(
        notices("[]", OnConflict::Fail),
        [
            Notice::WillNotify(3),
            Notice::LogsFlowBack(1),
            Notice::AlertsNeedNewIds,
        ]
    );
    assert_eq!(notices(&source, OnConflict::Fail), []);
    let changed = list(&[teams(1), log(2, "canary of the target"), slack(3, "s", "1")]);
    assert_eq!(notices(&changed, OnConflict::Skip), []);
    assert_eq!(
        notices(&changed, OnConflict::Update),
        [Notice::WillNotify(1), Notice::LogsFlowBack(1)]
    );
}
