//! What earlier runs have taught: altered copies are not conflicts, and what may have arrived is not sent again.

use super::{list, slack};
use crate::support::fixture::stripped;
use crate::support::preview::{planned, planned_knowing, preview, states};
use hookferry::coralogix::account::ApiKey;
use hookferry::coralogix::sealed::{Sealed, Sealer};
use hookferry::coralogix::webhook::WebhookId;
use hookferry::pipeline::plan::{Known, Memory, OnConflict, State};

fn sealer() -> Sealer {
    Sealer::new(&ApiKey::new("key-canary").unwrap()).unwrap()
}

/// What a webhook holds, as a record keeps it.
fn sealed(sealer: &Sealer, webhook: &str) -> Sealed {
    let one = stripped(&list(&[webhook.to_owned()]));
    sealer.content(one.webhooks()[0].content().unwrap())
}

/// Knowledge of one run: each altered copy as its id, what was sent, what is kept; and what is in doubt.
fn knowing(run: &str, altered: &[(&str, String, String)], doubtful: &[String]) -> Known {
    let sealer = sealer();
    let altered = altered
        .iter()
        .map(|(id, sent, kept)| {
            (
                WebhookId::new(*id),
                sealed(&sealer, sent),
                sealed(&sealer, kept),
            )
        })
        .collect();
    let doubt = |webhook: &String| {
        let why = "webhook 77 appeared in the target meanwhile; it could be this one".to_owned();
        (sealed(&sealer, webhook), why)
    };
    let memory = Memory {
        run: run.to_owned(),
        altered,
        doubtful: doubtful.iter().map(doubt).collect(),
        sealer,
    };
    let mut known = Known::nothing();
    known.add(memory);
    known
}

#[test]
fn altered_copies_and_doubts() {
    snapshots!();
    let source = list(&[
        slack(1, "altered url", "a"),
        slack(2, "Altered Alias", "b"),
        slack(3, "altered, and changed since", "c"),
        slack(4, "altered, and the source has changed", "d2"),
        slack(5, "may have arrived", "e"),
        slack(6, "new", "f"),
    ]);
    let target = list(&[
        slack(101, "altered url", "a/"),
        slack(102, "renamed by the server", "b"),
        slack(103, "altered, and changed since", "c3"),
        slack(104, "altered, and the source has changed", "d/"),
    ]);
    let copy =
        |id: &'static str, alias: &str, sent: &str, kept: String| (id, slack(0, alias, sent), kept);
    let known = knowing(
        "20261124-021530-7f3a2b",
        &[
            copy("101", "altered url", "a", slack(0, "altered url", "a/")),
            copy(
                "102",
                "Altered Alias",
                "b",
                slack(0, "renamed by the server", "b"),
            ),
            copy(
                "103",
                "altered, and changed since",
                "c",
                slack(0, "altered, and changed since", "c/"),
            ),
            copy(
                "104",
                "altered, and the source has changed",
                "d",
                slack(0, "altered, and the source has changed", "d/"),
            ),
        ],
        &[slack(0, "may have arrived", "e")],
    );
    let plan = planned_knowing(&source, &target, OnConflict::Fail, &known);
    insta::assert_snapshot!(preview(&plan));
}

/// Updating them would alter them again, every time.
#[test]
fn an_altered_copy_is_not_updated() {
    let source = list(&[slack(1, "hook", "a")]);
    let target = list(&[slack(101, "hook", "a/")]);
    let known = knowing(
        "run",
        &[("101", slack(0, "hook", "a"), slack(0, "hook", "a/"))],
        &[],
    );
    let update = OnConflict::Update;
    assert_eq!(states(&planned(&source, &target, update)), [State::Update]);
    let plan = planned_knowing(&source, &target, update, &known);
    assert_eq!(states(&plan), [State::Unchanged]);
}

/// One copy stands for one webhook, and one doubt for one.
#[test]
fn knowledge_is_counted() {
    let source = list(&[
        slack(1, "hook", "a"),
        slack(2, "hook", "a"),
        slack(3, "hook", "a"),
    ]);
    let target = list(&[slack(101, "hook", "a/")]);
    let known = knowing(
        "run",
        &[("101", slack(0, "hook", "a"), slack(0, "hook", "a/"))],
        &[slack(0, "hook", "a")],
    );
    let plan = planned_knowing(&source, &target, OnConflict::Skip, &known);
    let found = states(&plan);
    assert_eq!(found[..2], [State::Unchanged, State::Ambiguous]);
    assert_eq!(found[2], State::Create);
}

#[test]
fn what_is_identical_needs_no_knowledge() {
    let source = list(&[slack(1, "hook", "a")]);
    let target = list(&[slack(101, "hook", "a"), slack(102, "hook", "a/")]);
    let known = knowing(
        "run",
        &[("102", slack(0, "hook", "a"), slack(0, "hook", "a/"))],
        &[slack(0, "hook", "a")],
    );
    let plan = planned_knowing(&source, &target, OnConflict::Fail, &known);
    assert_eq!(states(&plan), [State::Unchanged]);
    assert_eq!(plan.n_untouched(), 1);
}
