//! How a plan shows a conflict: every path that differs, and no secret.

use super::{list, slack, typed};
use crate::support::preview::{planned, preview};
use hookferry::pipeline::plan::{OnConflict, StepIx, StepState};

fn conflict(source: &str, target: &str) -> String {
    let (source, target) = (list(&[source.to_owned()]), list(&[target.to_owned()]));
    preview(&planned(&source, &target, OnConflict::Fail))
}

#[test]
fn of_a_generic_webhook() {
    snapshots!();
    let source = r#"[{"name":"uuid","value":"aaaaaaaa-0000-4000-8000-000000000001"},{"name":"method","value":"post"},
        {"name":"headers","value":{"Content-Type":"application/json","Authorization":"canary-left","X-Gone":"canary"}},
        {"name":"payload","value":{"id":"$ALERT_ID","text":"canary-left","equal":"canary","count":1,"severity":"high",
            "nested":{"deep":["canary-left",{"a":true}],"same":[1.0]},"shape":"canary","flag":true}},
        {"name":"extra","value":"canary","comment":"canary-left"},{"name":"gone","value":{"a":"canary"}}]"#;
    let target = r#"[{"name":"method","value":"put"},{"name":"uuid","value":"bbbbbbbb-0000-4000-8000-000000000001"},
        {"name":"headers","value":{"content-type":"text/plain","Authorization":"canary-right","X-New":"canary"}},
        {"name":"payload","value":{"id":"$ALERT_NAME","text":"canary-right","equal":"canary","count":2,"severity":"low",
            "nested":{"deep":["canary-right",{"a":true}],"same":[1]},"shape":{"now":"canary"},"flag":false}},
        {"name":"extra","value":"canary","comment":"canary-right"},{"name":"new","value":["canary"]}]"#;
    insta::assert_snapshot!(conflict(
        &typed(1, "a", 1, source),
        &typed(101, "a", 1, target)
    ));
}

#[test]
fn of_every_other_type() {
    snapshots!();
    let entry = |name: &str, value: &str| format!(r#"[{{"name":"{name}","value":{value}}}]"#);
    let hooks = |id: u32, side: &str| {
        list(&[
            slack(id, "slack", side),
            typed(
                id + 1,
                "pager",
                2,
                &entry("serviceKey", &format!(r#""canary-{side}""#)),
            ),
            typed(
                id + 2,
                "mail",
                4,
                &entry("payload", &format!(r#"["canary-{side}@example.com"]"#)),
            ),
            typed(
                id + 3,
                "mail moved",
                4,
                &entry("payload", &format!(r#"["canary@{side}.example.com"]"#)),
            ),
            typed(
                id + 4,
                "jira",
                6,
                &format!(
                    r#"[{{"name":"apiToken","value":"canary-{side}"}},{{"name":"email","value":"canary"}},
                {{"name":"projectKey","value":"{side}"}}]"#
                ),
            ),
            typed(
                id + 5,
                "pigeon",
                99,
                &entry("perch", &format!(r#"{{"ring":"canary-{side}"}}"#)),
            ),
            typed(
                id + 6,
                "no entries",
                99,
                &format!(r#"{{"ring":"canary-{side}"}}"#),
            ),
            typed(id + 7, "no JSON", 1, &format!(r#""canary={side}""#)),
        ])
    };
    let plan = planned(&hooks(1, "left"), &hooks(101, "right"), OnConflict::Fail);
    insta::assert_snapshot!(preview(&plan));
}

#[test]
fn of_what_only_one_side_has() {
    snapshots!();
    let full = typed(1, "a", 2, r#"[{"name":"serviceKey","value":"canary"}]"#);
    let empty = r#"{"id":101,"alias":"a","integration_type_id":2,"integration_type":{"id":2}}"#;
    let text = typed(102, "a", 2, r#""canary""#);
    insta::assert_snapshot!(
        [
            (full.as_str(), empty),
            (empty, &full),
            (&full, &text),
            (&text, empty)
        ]
        .map(|(left, right)| conflict(left, right))
        .join("\n")
    );
}

/// A conflict without a visible difference would be unexplainable.
#[test]
fn a_conflict_always_has_a_difference() {
    let fields = [
        "null",
        r#""canary""#,
        r#""{\"a\":1,\"a\":2}""#,
        r#""{\"a\":1,\"a\":3}""#,
        "{}",
        r#"{"a":"canary"}"#,
        r#"[{"name":"a","value":"canary"}]"#,
        r#"[{"name":"a","value":"canary"},{"name":"a","value":"canary"}]"#,
        r#"[{"name":"a"}]"#,
        "[1]",
        "7",
    ];
    let mut unexplained = Vec::new();
    for left in &fields {
        for right in &fields {
            let (source, target) = (typed(1, "a", 1, left), typed(2, "a", 1, right));
            let plan = planned(&list(&[source]), &list(&[target]), OnConflict::Fail);
            let (_, step) = plan.step(StepIx::default());
            let is_conflict = step.state == StepState::Conflict;
            let is_blocked = step.state == StepState::Blocked;
            assert_eq!(
                is_conflict,
                left != right && !is_blocked,
                "{left} and {right}"
            );
            if is_conflict == step.differences().is_empty() {
                unexplained.push(format!("{left} and {right}"));
            }
        }
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
}
