//! Properties of rules for any account: a generated rules file decides about every secret and contains none, every secret
//! can be addressed by its path, and setting a value changes its own bytes and no others.

use crate::support::draft::{self, Draft};
use crate::support::fixture::{account, rewriting, stripped, tokens, wire};
use crate::support::generator::{cases, draft as any_draft};
use crate::support::spelling::Spelling;
use hookferry::coralogix::json::encode_string;
use hookferry::coralogix::place::{JsonType, Place};
use hookferry::coralogix::webhook::Webhook;
use hookferry::document::view::{Detail, Party, PlanView};
use hookferry::document::{Depth, PlanDocument};
use hookferry::pipeline::fetch::Inventory;
use hookferry::pipeline::plan::{OnConflict, PriorKnowledge, plan};
use hookferry::pipeline::rewrite::rule::{UnmatchedSecretPolicy, ValueSource};
use hookferry::pipeline::rewrite::{Rewriting, RuleValues, ValueReading, file, rewrite};
use hookferry::pipeline::strip::{Blocked, strip};
use hookferry::render::list::{list_json, list_text};
use hookferry::render::page::Page;
use hookferry::render::rules::{
    RulesCheckView, RulesDraft as FirstFile, document, draft as first_file, text,
};
use hookferry::render::style::Palette;
use hookferry::render::{json, plan as preview};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::Index;
use serde_json::value::RawValue;

const PAGE: Page = Page {
    palette: Palette::Plain,
    width: 100,
    detail: Detail {
        shows_values: true,
        lists_all: true,
    },
};

fn party() -> Party {
    Party {
        is_live: true,
        is_backup: false,
        incomplete: None,
        cross_check: None,
        name: "api.eu1.coralogix.com".to_owned(),
        company_id: None,
        n_webhooks: 3,
        profile: None,
    }
}

fn array(drafts: &[Draft], seed: u64) -> String {
    draft::list(
        &drafts.iter().collect::<Vec<_>>(),
        1,
        &mut Spelling::varied(seed),
    )
}

fn first(inventory: &Inventory) -> String {
    first_file(&FirstFile {
        inventory: inventory.clone(),
        account: party(),
        target: None,
        changes_region: false,
    })
}

/// A first file with every proposal enabled, and a value for each of its variables.
fn enabled(text: &str, inventory: &Inventory) -> Rewriting {
    let text = text.replace("\n# [[rule]]", "\n[[rule]]");
    let text = text
        .replace("\n# match", "\nmatch")
        .replace("\n# set =", "\nset =");
    let rules = file::parse(&text).unwrap();
    let value = |source: ValueSource| {
        let ValueSource::Env(name) = &source else {
            panic!("{source}");
        };
        let value = ValueReading::Read(format!("canary {name}").into());
        (source, value)
    };
    let values = rules
        .needed_sources(inventory)
        .into_iter()
        .map(value)
        .collect();
    Rewriting {
        values: RuleValues::new(values),
        unmatched_policy: rules.unmatched_policy.unwrap(),
        rules: rules.into(),
        lists_unmatched_secrets: true,
        ..Rewriting::identity()
    }
}

fn contains_secret(text: &str) -> bool {
    text.contains("canary") || text.contains("27182818")
}

/// A rule that sets the value at a place to this JSON.
fn set(place: &Place, value: &str) -> String {
    format!(
        "[[rule]]\nset = {{ {} = {{ value = {value} }} }}\n",
        encode_string(&place.path.to_string())
    )
}

/// A replacement of this shape that contains no secret.
fn replacement(shape: JsonType) -> Option<&'static str> {
    match shape {
        JsonType::Text => Some("\"changed\""),
        JsonType::Number => Some("7"),
        _ => None,
    }
}

proptest! {
    #![proptest_config(cases(192))]

    #[test]
    fn a_first_file_holds_no_secret_and_leaves_none_undecided(drafts in vec(any_draft(), 0..6), seed: u64) {
        let inventory = account(&array(&drafts, seed));
        let text = first(&inventory);
        prop_assert!(!contains_secret(&text), "{}", text);
        prop_assert_eq!(&first(&inventory), &text);
        let plain = file::parse(&text);
        prop_assert!(plain.is_ok(), "{:?}\n{}", plain, text);
        for rewriting in [rewriting(&text, &[]), enabled(&text, &inventory)] {
            let portable = rewrite(strip(inventory.clone()), &rewriting);
            prop_assert!(portable.is_ok(), "{:?}\n{}", portable, text);
            for webhook in portable.unwrap().webhooks() {
                prop_assert!(webhook.blocked() != Some(Blocked::UnmatchedSecret), "{:?}\n{}", webhook.unmatched_secrets(), text);
            }
        }
    }

    #[test]
    fn no_two_places_share_a_path(draft in any_draft(), seed: u64) {
        let webhook = Webhook::parse(draft.json(1, &mut Spelling::varied(seed))).unwrap();
        let mut paths: Vec<_> = webhook.places().into_iter().map(|place| place.path).collect();
        let n_places = paths.len();
        paths.sort();
        paths.dedup();
        prop_assert_eq!(paths.len(), n_places);
    }

    #[test]
    fn every_secret_can_be_addressed_by_its_path(draft in any_draft(), seed: u64) {
        let json = format!("[{}]", draft.json(1, &mut Spelling::varied(seed)));
        let before = stripped(&json);
        let webhook = before.webhooks()[0].bare();
        let secrets: Vec<Place> = webhook.places().into_iter().filter(|place| place.secret_kind().is_some()).collect();
        if secrets.iter().any(|place| place.json_type == JsonType::Unreadable) {
            return Ok(());
        }
        // Secrets are leaves, so no place contains another.
        let rules: String = secrets
            .iter()
            .filter_map(|place| Some(set(place, replacement(place.json_type)?)))
            .collect();
        let after = rewrite(strip(account(&json)), &rewriting(&rules, &[]));
        prop_assert!(after.is_ok(), "{:?}\n{}", after, rules);
        let after = after.unwrap();
        let text = wire(after.webhooks()[0].bare());
        prop_assert!(!contains_secret(&text), "{}\n{}", text, rules);
        prop_assert!(Webhook::parse(text).is_some());
    }

    #[test]
    fn setting_a_value_changes_only_its_own_bytes(draft in any_draft(), at: Index, new in "\\PC{0,12}|[\"\\\\\u{0}-\u{20}]{0,4}") {
        let json = format!("[{}]", draft.json(1, &mut Spelling::plain()));
        let before = stripped(&json);
        let webhook = before.webhooks()[0].bare();
        // A control character has two spellings, and setting it again could choose the other one.
        let is_plain = |place: &Place| !text_at(webhook, place).chars().any(char::is_control);
        let is_text = |place: &Place| place.json_type == JsonType::Text && is_plain(place);
        let texts: Vec<Place> = webhook.places().into_iter().filter(is_text).collect();
        if texts.is_empty() {
            return Ok(());
        }
        let place = at.get(&texts);
        let rules = format!("[[rule]]\nset = {{ {} = {{ env = \"A\" }} }}\n", encode_string(&place.path.to_string()));
        let rewritten = |json: &str, value: &str| {
            let rewriting = rewriting(&rules, &[("A", value)]);
            wire(rewrite(strip(account(json)), &rewriting).unwrap().webhooks()[0].bare())
        };
        let old = text_at(webhook, place);
        let changed = rewritten(&json, &new);
        let found = stripped(&format!("[{changed}]"));
        prop_assert_eq!(text_at(found.webhooks()[0].bare(), place), new.clone());
        // Setting the old value again restores every byte: nothing else has changed.
        let back = rewritten(&format!("[{changed}]"), &old);
        prop_assert_eq!(back, wire(webhook));
        // Applying the same rule again changes nothing.
        prop_assert_eq!(rewritten(&format!("[{changed}]"), &new), changed);
    }

    #[test]
    fn no_output_about_rules_holds_a_secret(drafts in vec(any_draft(), 0..5), target in vec(any_draft(), 0..3), seed: u64, refuse in any::<bool>()) {
        let inventory = account(&array(&drafts, seed));
        let mut rewriting = enabled(&first(&inventory), &inventory);
        rewriting.unmatched_policy = if refuse { UnmatchedSecretPolicy::Refuse } else { UnmatchedSecretPolicy::Keep };
        let matched = rewriting.rules.matched_webhooks(&inventory);
        let webhooks = inventory.webhooks.clone();
        let portable = rewrite(strip(inventory), &rewriting).unwrap();
        let party = party();
        let view = RulesCheckView {
            name: Some("rules.toml"),
            account: &party,
            rewriting: &rewriting,
            matched: &matched,
            portable: &portable,
        };
        let listed = [list_text(&webhooks, &party, PAGE), json::text(&list_json(&webhooks, &party))];
        let mut shown = vec![text(&view, PAGE), json::text(&document(&view)), format!("{portable:?} {rewriting:?}")];
        shown.extend(listed);
        let target = strip(account(&array(&target, seed)));
        let plan = plan(portable, &target, OnConflict::Update, &PriorKnowledge::empty());
        let view = PlanView { plan: &plan, source: &party, target: &party };
        let document = PlanDocument::new(view, Depth::Fields);
        let saved = json::text(&document);
        shown.extend([preview::plan(&document, PAGE), saved, format!("{plan:?}")]);
        for text in shown {
            prop_assert!(!contains_secret(&text), "{}", text);
        }
    }
}

/// The text at a place, read independently of the program's own reader.
fn text_at(webhook: &Webhook, place: &Place) -> String {
    let member = |raw: &str, key: &str| {
        let mut members = tokens(raw).into_iter();
        members.find(|(name, _)| name == key).map(|(_, raw)| raw)
    };
    let elements = |raw: &str| -> Vec<String> {
        let elements: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
        elements
            .into_iter()
            .map(|raw| raw.get().to_owned())
            .collect()
    };
    let text = |raw: &str| serde_json::from_str::<String>(raw);
    let whole = wire(webhook);
    let parts = place.path.parts();
    let fields = member(&whole, "integration_type_fields").unwrap_or_default();
    let fields = text(&fields).unwrap_or(fields);
    let is_named = |entry: &String| member(entry, "name") == Some(encode_string(&parts[0]));
    let entry = elements(&fields).into_iter().find(is_named);
    let (mut raw, rest) = match entry {
        _ if parts[0] == "integration_type_fields" => (fields, &parts[1..]),
        _ if member(&whole, &parts[0]).is_some() => (whole, parts),
        Some(entry) => (member(&entry, "value").unwrap(), &parts[1..]),
        None if fields.starts_with('{') && member(&fields, &parts[0]).is_some() => (fields, parts),
        None => (whole, parts),
    };
    for part in rest {
        raw = if raw.starts_with('[') {
            elements(&raw)[part.parse::<usize>().unwrap()].clone()
        } else {
            member(&raw, part).unwrap()
        };
    }
    text(&raw).unwrap()
}
