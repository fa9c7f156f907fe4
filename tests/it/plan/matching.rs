//! Matching: which target webhook corresponds to which source webhook.

use super::{list, slack, typed};
use crate::support::fixture::text;
use crate::support::preview::{planned, preview, states};
use hookferry::pipeline::plan::{OnConflict, StepIx, StepState};

/// The same webhook in two spellings: an account's, and one that another server might use.
const SPELLINGS: [&str; 2] = [
    r#"{"id":1,"alias":"caf\u00e9","url":"https:\/\/h.example.net/canary","integration_type_id":1,"integrationTypeId":1,
        "integration_type":{"label":"WebHook","icon":"/a.png","id":1},"created_at":"2024-01-01T00:00:00Z","integration_type_fields":
        "[{\"name\":\"method\",\"value\":\"post\"},{\"name\":\"payload\",\"value\":{\"a\":1.10,\"b\":\"canary\"}}]"}"#,
    r#"{"integration_type":{"id":1,"name":"Generic"},"integration_type_fields":
        "[ {\"value\":{\"b\":\"canary\",\"a\":11e-1},\"name\":\"payload\"},\n{\"value\":\"post\",\"name\":\"method\"} ]",
        "url":"https://h.example.net/canary","alias":"café","id":501,"integration_type_id":"1"}"#,
];

#[test]
fn every_state() {
    snapshots!();
    let source = list(&[
        slack(1, "new", "1"),
        slack(2, "same", "2"),
        slack(3, "changed", "3"),
        slack(4, "twins", "4"),
        slack(5, "twins", "5"),
        r#"{"id":6,"alias":null,"integration_type_id":0,"integration_type":{"id":0}}"#.to_owned(),
        typed(7, "pigeon", 99, r#"[{"name":"perch","value":"canary"}]"#),
    ]);
    let target = list(&[
        slack(101, "theirs alone", "9"),
        slack(103, "changed", "other"),
        slack(102, "same", "2"),
        slack(104, "twins", "other"),
    ]);
    insta::assert_snapshot!(preview(&planned(&source, &target, OnConflict::Fail)));
}

#[test]
fn copies_are_counted() {
    snapshots!();
    let source = list(&[
        slack(1, "two here, one there", "a"),
        slack(2, "two here, one there", "a"),
        slack(3, "one here, two there", "b"),
        slack(4, "two and two", "c"),
        slack(5, "two and two", "c"),
        slack(6, "a copy and a changed one", "d"),
        slack(7, "a copy and a changed one", "d2"),
        slack(8, "two here, two others there", "e1"),
        slack(9, "two here, two others there", "e2"),
        slack(10, "one here, two others there", "f"),
        slack(11, "one of two is there", "g1"),
        slack(12, "one of two is there", "g2"),
    ]);
    let target = list(&[
        slack(101, "two here, one there", "a"),
        slack(103, "one here, two there", "b"),
        slack(104, "one here, two there", "b"),
        slack(105, "two and two", "c"),
        slack(106, "two and two", "c"),
        slack(107, "a copy and a changed one", "d"),
        slack(108, "a copy and a changed one", "d3"),
        slack(109, "two here, two others there", "e3"),
        slack(110, "two here, two others there", "e4"),
        slack(111, "one here, two others there", "f1"),
        slack(112, "one here, two others there", "f2"),
        slack(113, "one of two is there", "g2"),
    ]);
    insta::assert_snapshot!(preview(&planned(&source, &target, OnConflict::Fail)));
}

#[test]
fn the_same_content_in_another_spelling_is_unchanged() {
    for (left, right) in [(0, 1), (1, 0)] {
        let (source, target) = (SPELLINGS[left].to_owned(), SPELLINGS[right].to_owned());
        let plan = planned(&list(&[source]), &list(&[target]), OnConflict::Fail);
        assert_eq!(states(&plan), [StepState::Unchanged]);
        let (_, step) = plan.step(StepIx::default());
        assert_eq!(step.notes(), [""; 0]);
        assert!(step.differences().is_empty() && step.reason().is_empty());
        assert!(!plan.has_changes() && plan.is_appliable() && plan.notices().is_empty());
    }
}

#[test]
fn missing_null_and_empty_fields_are_unchanged() {
    let fields = |id: u32, fields: &str| typed(id, "a", 0, fields);
    for left in ["null", r#""""#, r#""[]""#, "[]"] {
        for right in ["null", r#""""#, r#""[]""#, "[]"] {
            let (source, target) = (list(&[fields(1, left)]), list(&[fields(2, right)]));
            let plan = planned(&source, &target, OnConflict::Fail);
            assert_eq!(states(&plan), [StepState::Unchanged], "{left} and {right}");
        }
    }
}

fn with_unknown(id: u32, alias: &str, unknown: &str) -> String {
    let body = slack(id, alias, "u");
    format!("{},{unknown}}}", &body[..body.len() - 1])
}

#[test]
fn unknown_keys_do_not_make_a_change() {
    snapshots!();
    let source = list(&[
        with_unknown(1, "value differs", r#""quota":1,"note":"canary""#),
        with_unknown(2, "only in the source", r#""quota":1"#),
        slack(3, "only in the target", "u"),
        with_unknown(4, "equal", r#""quota":1,"note":"canary""#),
        with_unknown(5, "equal in another order", r#""quota":1,"note":"canary""#),
    ]);
    let target = list(&[
        with_unknown(101, "value differs", r#""quota":2,"note":"canary""#),
        slack(102, "only in the source", "u"),
        with_unknown(103, "only in the target", r#""quota":1"#),
        with_unknown(104, "equal", r#""quota":1,"note":"canary""#),
        with_unknown(
            105,
            "equal in another order",
            r#""note":"canary","quota":1"#,
        ),
    ]);
    insta::assert_snapshot!(preview(&planned(&source, &target, OnConflict::Fail)));
}

/// As for the fields, the spelling of an unknown key's value does not matter.
#[test]
fn unknown_keys_that_differ_only_in_spelling_get_no_note() {
    let mut noted = Vec::new();
    for (left, right) in [
        (r#""quota":1.10"#, r#""quota":1.1"#),
        (r#""tags":{"a":1,"b":2}"#, r#""tags":{ "b": 2, "a": 1 }"#),
        (r#""note":"\u00fc\/""#, r#""note":"ü/""#),
        (r#""quota":1"#, r#""\u0071uota":1"#),
    ] {
        let source = list(&[with_unknown(1, "a", left)]);
        let target = list(&[with_unknown(2, "a", right)]);
        let plan = planned(&source, &target, OnConflict::Fail);
        if !plan.step(StepIx::default()).1.notes().is_empty() {
            noted.push((left, right));
        }
    }
    assert!(noted.is_empty(), "reported as different: {noted:?}");
}

#[test]
fn an_alias_that_a_server_may_have_tidied_is_ambiguous() {
    snapshots!();
    let source = list(&[
        slack(1, "  spaces ", "1"),
        slack(2, "CASE Größe", "2"),
        slack(3, r"cafe\u0301", "3"),
        slack(4, "two alike", "4"),
        slack(5, "Both", "5"),
        slack(6, "both", "6"),
        slack(7, " other type", "7"),
        slack(8, "inner  spaces", "8"),
    ]);
    let target = list(&[
        slack(101, "spaces", "1"),
        slack(102, "case GRÖSSE", "2"),
        slack(103, r"caf\u00e9", "3"),
        slack(104, "Two Alike", "4"),
        slack(105, "two alike ", "other"),
        slack(106, "both", "6"),
        typed(107, "other type", 1, "null"),
        slack(108, "inner spaces", "other"),
    ]);
    insta::assert_snapshot!(preview(&planned(&source, &target, OnConflict::Fail)));
}

#[test]
fn a_twin_under_another_alias_is_named() {
    snapshots!();
    let source = list(&[
        slack(1, "renamed", "1"),
        slack(2, "kept", "2"),
        slack(3, "not the kept one", "2"),
        slack(4, "empty", "4"),
    ]);
    let target = list(&[
        slack(101, r"ops\u202e \u001b[31m", "1"),
        slack(102, "kept", "2"),
        typed(103, "other type, same url", 1, "null"),
    ]);
    insta::assert_snapshot!(preview(&planned(&source, &target, OnConflict::Fail)));
}

#[test]
fn the_awkward_account_into_an_empty_one() {
    snapshots!();
    insta::assert_snapshot!(preview(&planned(
        &text("awkward.json"),
        "[]",
        OnConflict::Fail
    )));
}

#[test]
fn the_ordinary_account_into_an_empty_one_and_into_itself() {
    snapshots!();
    let account = text("account.json");
    let fresh = planned(&account, "[]", OnConflict::Fail);
    let again = planned(&account, &account, OnConflict::Fail);
    insta::assert_snapshot!(format!(
        "{}\n\nagain:\n{}",
        preview(&fresh),
        preview(&again)
    ));
}

#[test]
fn an_empty_source_leaves_everything_untouched() {
    let plan = planned("[]", &text("account.json"), OnConflict::Update);
    assert_eq!(plan.counts().total(), 0);
    assert_eq!((plan.n_in_target(), plan.n_untouched()), (10, 10));
    assert!(!plan.has_changes() && plan.notices().is_empty());
}

/// Copies that only an unknown key tells apart pair with their equals, whatever the order of the rows.
#[test]
fn copies_pair_with_those_that_have_their_unknown_keys() {
    let source = list(&[
        with_unknown(1, "copies", r#""quota":3"#),
        with_unknown(2, "copies", r#""quota":2"#),
    ]);
    let targets = [
        with_unknown(101, "copies", r#""quota":2"#),
        with_unknown(102, "copies", r#""quota":4"#),
    ];
    for order in [[0, 1], [1, 0]] {
        let target = list(&order.map(|ix: usize| targets[ix].clone()));
        let plan = planned(&source, &target, OnConflict::Fail);
        let (_, step) = plan.step(1.into());
        assert_eq!(step.target_id().unwrap().as_str(), "101", "{order:?}");
        assert!(step.notes().is_empty(), "{order:?}: {:?}", step.notes());
    }
}

/// Each of many webhooks names a few of its many candidates: all of them would be a product of both numbers.
#[test]
fn many_webhooks_of_one_alias_name_only_some_candidates() {
    let side = |first: u32, alias: &str, word: &str| {
        let webhook = |ix| slack(first + ix, alias, &format!("{word}{ix}"));
        list(&(0..200).map(webhook).collect::<Vec<_>>())
    };
    let source = side(1000, "Crowd", "a");
    for (alias, named) in [
        (
            "Crowd",
            "200 in the source and 200 in the target share this alias and type but differ in content",
        ),
        (
            "crowd",
            "the target has one of this type whose alias differs only in surrounding spaces, case or Unicode normalization",
        ),
    ] {
        let plan = planned(&source, &side(5000, alias, "b"), OnConflict::Fail);
        assert_eq!(
            (plan.counts().get(StepState::Ambiguous), plan.n_untouched()),
            (200, 0)
        );
        let ids: Vec<String> = (5000..5020).map(|id: u32| id.to_string()).collect();
        let expected = format!("{named} (target ids {} and 180 more)", ids.join(", "));
        assert_eq!(plan.step(0.into()).1.reason(), expected);
    }
}
