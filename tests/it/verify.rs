//! Verification: what the final read back reports about the written webhooks.

use crate::support::fixture::unchanged;
use hookferry::coralogix::webhook::{Webhook, WebhookId};
use hookferry::pipeline::fetch::Inventory;
use hookferry::pipeline::plan::{OnConflict, Plan, PriorKnowledge, StepIx, plan};
use hookferry::pipeline::push::{ItemStatus, Observation, Proof, PushResult};
use hookferry::pipeline::strip::strip;
use hookferry::pipeline::verify::{ItemVerdict, verify};

fn slack(id: u32, alias: &str) -> Webhook {
    let json = format!(
        r#"{{"id":{id},"alias":"{alias}","url":"https://hooks.example.com/canary","integration_type_fields":"[]","integration_type_id":0,"integration_type":{{"label":"Slack","icon":"x","id":0}}}}"#
    );
    Webhook::parse(json).unwrap()
}

/// A plan that creates all of these webhooks, and the result of applying it: ids from 1, in order.
fn created(webhooks: Vec<Webhook>) -> (Plan, PushResult) {
    let desired = unchanged(strip(Inventory::from(webhooks)));
    let empty = strip(Inventory::from(Vec::new()));
    let plan = plan(desired, &empty, OnConflict::Fail, &PriorKnowledge::empty());
    let status = |step_ix: StepIx| ItemStatus::Created {
        id: WebhookId::new((step_ix.get() + 1).to_string()),
        proof: Proof::Acknowledged,
    };
    let created = plan.numbered_steps();
    let created = created.map(|(step_ix, ..)| (step_ix, status(step_ix)));
    let push_result = PushResult {
        statuses: created.collect(),
        may_have_written: true,
        ..PushResult::empty()
    };
    (plan, push_result)
}

#[test]
fn a_copy_that_a_server_altered_into_another_item_is_reported_as_altered() {
    let (plan, push_result) = created(vec![slack(1, "Ops "), slack(2, "Ops")]);
    // The server trims aliases, so it holds the same webhook twice.
    let mut observation = Observation::default();
    let listed = [slack(1, "Ops"), slack(2, "Ops")];
    observation.add(&listed, &plan.portable().content_cache(), |_| true);
    let findings = verify(&plan, &push_result, &observation).item_verdicts;
    let ItemVerdict::Altered(differences) = &findings[0].1 else {
        panic!("{:?}", findings[0]);
    };
    let paths: Vec<&str> = differences.iter().map(|each| each.path.as_str()).collect();
    assert_eq!(paths, ["alias"]);
    assert_eq!(findings[1].1, ItemVerdict::Verified);
}

#[test]
fn no_body_is_kept_of_webhooks_that_the_run_cannot_have_written() {
    let (plan, _) = created(vec![slack(1, "Ops")]);
    let mut observation = Observation::default();
    let theirs = WebhookId::new("9");
    let listed = [slack(1, "Ops"), slack(2, "other"), slack(9, "theirs")];
    observation.add(&listed, &plan.portable().content_cache(), |seen| {
        *seen.id() != theirs
    });
    let kept: Vec<(bool, bool)> = observation
        .webhooks()
        .iter()
        .map(|seen| {
            (
                seen.differing_body().is_some(),
                seen.full_digest().is_some(),
            )
        })
        .collect();
    assert_eq!(kept, [(false, true), (true, true), (false, false)]);
}
