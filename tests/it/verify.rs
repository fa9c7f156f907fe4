//! What a last look says of what was written.

use crate::support::fixture::unchanged;
use hookferry::coralogix::webhook::{Webhook, WebhookId};
use hookferry::pipeline::fetch::Inventory;
use hookferry::pipeline::plan::{Known, OnConflict, Plan, plan};
use hookferry::pipeline::push::{Applied, Fate, Observation, Proof};
use hookferry::pipeline::strip::strip;
use hookferry::pipeline::verify::{Finding, verify};

fn slack(id: u32, alias: &str) -> Webhook {
    let json = format!(
        r#"{{"id":{id},"alias":"{alias}","url":"https://hooks.example.com/canary","integration_type_fields":"[]","integration_type_id":0,"integration_type":{{"label":"Slack","icon":"x","id":0}}}}"#
    );
    Webhook::parse(json).unwrap()
}

/// A plan that creates all of these, and what became of them: ids from 1 in their order.
fn created(webhooks: Vec<Webhook>) -> (Plan, Applied) {
    let wanted = unchanged(strip(Inventory::from(webhooks)));
    let nothing = strip(Inventory::from(Vec::new()));
    let plan = plan(wanted, &nothing, OnConflict::Fail, &Known::nothing());
    let fate = |place: usize| Fate::Created {
        id: WebhookId::new((place + 1).to_string()),
        proof: Proof::Acknowledged,
    };
    let n = plan.steps().count();
    let applied = Applied {
        fates: (0..n).map(|place| (place, fate(place))).collect(),
        may_have_written: true,
        ..Applied::nothing()
    };
    (plan, applied)
}

#[test]
fn what_a_server_made_like_another_wanted_webhook_is_told_by_its_differences() {
    let (plan, applied) = created(vec![slack(1, "Ops "), slack(2, "Ops")]);
    // The server trims aliases, and so has the same webhook twice.
    let mut look = Observation::default();
    let shown = [slack(1, "Ops"), slack(2, "Ops")];
    look.add(&shown, &plan.portable().content_cache(), |_| true);
    let findings = verify(&plan, &applied, &look).findings;
    let Finding::Altered(differences) = &findings[0].1 else {
        panic!("{:?}", findings[0]);
    };
    let paths: Vec<&str> = differences.iter().map(|each| each.path.as_str()).collect();
    assert_eq!(paths, ["alias"]);
    assert_eq!(findings[1].1, Finding::Verified);
}

#[test]
fn of_what_the_run_cannot_have_written_no_body_is_kept() {
    let (plan, _) = created(vec![slack(1, "Ops")]);
    let mut look = Observation::default();
    let theirs = WebhookId::new("9");
    let shown = [slack(1, "Ops"), slack(2, "other"), slack(9, "theirs")];
    look.add(&shown, &plan.portable().content_cache(), |id| *id != theirs);
    let kept: Vec<(bool, bool)> = look
        .seen()
        .iter()
        .map(|seen| (seen.differing().is_some(), seen.shown().is_some()))
        .collect();
    assert_eq!(kept, [(false, true), (true, true), (false, false)]);
}
