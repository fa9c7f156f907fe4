//! Benchmarks of each pure stage alone, with 1,000 webhooks, to pin down a regression: `cargo bench --bench stages`.

mod webhooks;

use divan::{Bencher, black_box};
use hookferry::coralogix::content::{Content, full_digest};
use hookferry::coralogix::undocumented::StateKeys;
use hookferry::coralogix::webhook::{Webhook, parse_list};
use hookferry::document::view::{Detail, Party, PlanView};
use hookferry::document::{Depth, PlanDocument};
use hookferry::pipeline::fetch::Inventory;
use hookferry::pipeline::plan::{OnConflict, Plan, PriorKnowledge, plan};
use hookferry::pipeline::rewrite::{Portable, Rewriting, rewrite};
use hookferry::pipeline::strip::{Stripped, strip, strip_with_cache};
use hookferry::render::page::Page;
use hookferry::render::style::Palette;
use hookferry::render::{json, plan as text};
use std::sync::LazyLock;

const N: usize = 1_000;

/// An account's list response, including the keys that its server adds.
static RESPONSE: LazyLock<String> = LazyLock::new(|| {
    let mut webhooks = webhooks::webhooks(N);
    for (webhook, id) in webhooks.iter_mut().zip(1050..) {
        webhook["id"] = id.into();
        webhook["company_id"] = 12345.into();
        webhook["created_at"] = "2022-08-22T07:32:09.348Z".into();
        webhook["updated_at"] = "2022-08-22T07:32:09.348Z".into();
    }
    serde_json::Value::from(webhooks).to_string()
});

fn main() {
    divan::main();
}

fn parse() -> Vec<Webhook> {
    parse_list(RESPONSE.as_str()).expect("a list")
}

fn inventory() -> Inventory {
    Inventory::from(parse())
}

fn portable() -> Portable {
    rewrite(strip(inventory()), &Rewriting::identity()).expect("rewriting without rules succeeds")
}

fn empty() -> Stripped {
    strip(Vec::new().into())
}

fn planned() -> Plan {
    plan(
        portable(),
        &empty(),
        OnConflict::Fail,
        &PriorKnowledge::empty(),
    )
}

fn party() -> Party {
    Party {
        name: "api.eu1.coralogix.com".to_owned(),
        company_id: None,
        n_webhooks: N,
        profile: None,
        is_live: true,
        is_backup: false,
        incomplete: None,
        cross_check: None,
    }
}

fn document() -> PlanDocument {
    let party = party();
    let view = PlanView {
        plan: &planned(),
        source: &party,
        target: &party,
    };
    PlanDocument::new(view, Depth::Steps)
}

#[divan::bench]
fn parse_the_list(bencher: Bencher<'_, '_>) {
    bencher.bench(parse);
}

#[divan::bench]
fn digest_contents(bencher: Bencher<'_, '_>) {
    let webhooks = parse();
    bencher.bench(|| {
        for webhook in &webhooks {
            let type_id = webhook.type_id().expect("a type");
            black_box(Content::from_webhook(webhook, type_id));
        }
    });
}

#[divan::bench]
fn digest_full_webhooks(bencher: Bencher<'_, '_>) {
    let webhooks = parse();
    let content = |webhook: &Webhook| Some(Content::from_webhook(webhook, webhook.type_id().ok()?));
    let contents: Vec<_> = webhooks.iter().map(content).collect();
    let state_keys = StateKeys::default();
    bencher.bench(|| {
        for (webhook, content) in webhooks.iter().zip(&contents) {
            black_box(full_digest(webhook, *content, &state_keys));
        }
    });
}

#[divan::bench]
fn strip_the_source(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(inventory).bench_values(strip);
}

#[divan::bench]
fn strip_known_contents(bencher: Bencher<'_, '_>) {
    let desired = portable();
    let cache = desired.content_cache();
    let inputs = bencher.with_inputs(inventory);
    inputs.bench_values(|target| strip_with_cache(target, &cache));
}

#[divan::bench]
fn rewrite_without_rules(bencher: Bencher<'_, '_>) {
    let inputs = bencher.with_inputs(|| strip(inventory()));
    inputs.bench_values(|stripped| rewrite(stripped, &Rewriting::identity()));
}

#[divan::bench]
fn plan_into_an_empty_target(bencher: Bencher<'_, '_>) {
    let target = empty();
    let inputs = bencher.with_inputs(portable);
    inputs
        .bench_values(|desired| plan(desired, &target, OnConflict::Fail, &PriorKnowledge::empty()));
}

#[divan::bench]
fn plan_with_nothing_to_do(bencher: Bencher<'_, '_>) {
    let target = strip(inventory());
    let inputs = bencher.with_inputs(portable);
    inputs
        .bench_values(|desired| plan(desired, &target, OnConflict::Fail, &PriorKnowledge::empty()));
}

#[divan::bench]
fn document_of_a_plan(bencher: Bencher<'_, '_>) {
    let plan = planned();
    let party = party();
    let view = PlanView {
        plan: &plan,
        source: &party,
        target: &party,
    };
    bencher.bench(|| PlanDocument::new(view, Depth::Steps));
}

#[divan::bench]
fn plan_as_json(bencher: Bencher<'_, '_>) {
    let document = document();
    bencher.bench(|| json::write(&document, &mut std::io::sink()));
}

#[divan::bench]
fn plan_as_text(bencher: Bencher<'_, '_>) {
    let document = document();
    let page = Page {
        palette: Palette::Plain,
        width: 100,
        detail: Detail::default(),
    };
    bencher.bench(|| text::plan(&document, page));
}
