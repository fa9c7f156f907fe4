//! The binding of a saved plan, on random accounts: it detects and names every change, and no respelling counts as one.

use crate::support::draft::{Draft, list};
use crate::support::fixture::{account, stripped, unchanged};
use crate::support::generator::{cases, draft};
use crate::support::spelling::Spelling;
use hookferry::coralogix::account::{ApiKey, Side};
use hookferry::coralogix::undocumented::StateKeys;
use hookferry::coralogix::webhook::WebhookId;
use hookferry::document::view::{Party, PlanView};
use hookferry::document::{Depth, Envelope, PlanDocument, SavedPlan, sign_plan};
use hookferry::pipeline::binding::{
    Binding, BindingKeys, BindingOptions, BoundLocation, BoundSelection, Drift, PlanWithInputs,
    PlannedStep, WebhookChange,
};
use hookferry::pipeline::plan::{OnConflict, Plan, PriorKnowledge, StepState, plan};
use hookferry::pipeline::rewrite::rule::UnmatchedSecretPolicy;
use hookferry::pipeline::strip::{Stripped, strip};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::Index;
use std::collections::HashSet;

/// The first id on each side, chosen so that no id occurs twice.
const FIRST_IDS: [usize; 2] = [1000, 5000];

/// Both accounts as their servers list them, and the plan between them.
struct Accounts {
    source: Stripped,
    target: Stripped,
    plan: Plan,
    keys: [ApiKey; 2],
    is_from_file: bool,
}

impl Accounts {
    fn new(source: &[Draft], target: &[Draft], seed: u64) -> Self {
        Self::spelled(source, target, &|| Spelling::varied(seed))
    }

    fn plain(source: &[Draft], target: &[Draft]) -> Self {
        Self::spelled(source, target, &Spelling::plain)
    }

    fn spelled(source: &[Draft], target: &[Draft], spelling: &dyn Fn() -> Spelling) -> Self {
        let response = |drafts: &[Draft], first_id| {
            let drafts: Vec<&Draft> = drafts.iter().collect();
            list(&drafts, first_id, &mut spelling())
        };
        let (source, target) = (
            response(source, FIRST_IDS[0]),
            response(target, FIRST_IDS[1]),
        );
        let portable = unchanged(strip(account(&source)));
        let target = stripped(&target);
        Self {
            plan: plan(
                portable,
                &target,
                OnConflict::Skip,
                &PriorKnowledge::empty(),
            ),
            source: stripped(&source),
            target,
            keys: ["source", "target"].map(|key| ApiKey::new(key).unwrap()),
            is_from_file: false,
        }
    }

    fn inputs(&self) -> PlanWithInputs<'_> {
        PlanWithInputs {
            source: &self.source,
            source_company: Some("1".to_owned()),
            target: &self.target,
            target_company: Some("2".to_owned()),
            plan: &self.plan,
            rules: None,
        }
    }

    fn new_keys(&self) -> BindingKeys {
        let source = (!self.is_from_file).then_some(&self.keys[0]);
        BindingKeys::new(source, &self.keys[1], &StateKeys::default()).unwrap()
    }

    fn binding(&self, keys: &BindingKeys) -> Binding {
        let url = |host: &str| (BoundLocation::Url(format!("https://{host}/")), None);
        let decided = BindingOptions {
            max_changes: None,
            created: Timestamp::UNIX_EPOCH,
            valid_until: Timestamp::MAX,
            source: url("api.eu1.coralogix.com"),
            target: url("api.us1.coralogix.com"),
            selection: BoundSelection::default(),
            unmatched_secret: UnmatchedSecretPolicy::Keep,
            retarget: None,
        };
        Binding::new(&self.inputs(), decided, keys)
    }

    fn promises(&self) -> Vec<PlannedStep> {
        let promise = |(item, step): (
            &hookferry::pipeline::rewrite::PortableWebhook,
            &hookferry::pipeline::plan::Step,
        )| PlannedStep {
            source_id: item.source_id().cloned(),
            state: step.state,
            target_id: step.target_id().cloned(),
        };
        self.plan.steps().map(promise).collect()
    }

    fn document(&self, keys: &BindingKeys) -> PlanDocument {
        let party = |count| Party {
            is_live: true,
            is_backup: false,
            incomplete: None,
            cross_check: None,
            name: "a".to_owned(),
            company_id: None,
            n_webhooks: count,
            profile: None,
        };
        let (source, target) = (party(self.source.webhooks().len()), party(0));
        let view = PlanView {
            plan: &self.plan,
            source: &source,
            target: &target,
        };
        let mut document = PlanDocument::new(view, Depth::Fields);
        document.binding = Some(self.binding(keys));
        sign_plan(&mut document, keys.target());
        document
    }
}

/// The drift between two readings, relative to the plan made from the first.
fn drift(before: &Accounts, after: &Accounts) -> Vec<Drift> {
    let keys = before.new_keys();
    let binding = before.binding(&keys);
    binding.drift(&before.promises(), &after.inputs(), &keys, &HashSet::new())
}

/// Whether a text is a saved plan that nobody changed since it was signed.
fn is_intact(text: &str, keys: &BindingKeys) -> bool {
    let Ok(plan) = SavedPlan::read(text.to_owned()) else {
        return false;
    };
    let binding = plan.binding.as_ref();
    binding.is_some_and(|binding| plan.is_intact(binding, keys.target()))
}

/// The only changed webhook and what happened to it; `None` unless there is exactly one.
fn only_change(drift: &[Drift]) -> Option<(Side, Option<String>, WebhookChange)> {
    match drift {
        [Drift::Webhook(webhook)] => {
            let id = webhook.id.as_ref().map(|id| id.as_str().to_owned());
            Some((webhook.side, id, webhook.change.clone()))
        }
        _ => None,
    }
}

fn drafts() -> impl Strategy<Value = Vec<Draft>> {
    vec(draft(), 0..6)
}

/// The path of one edit that changes a webhook's meaning.
fn edit() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("alias"),
        Just("url"),
        Just("x_new"),
        Just("integration_type.id")
    ]
}

fn edited(draft: &Draft, path: &str) -> Draft {
    let mut draft = draft.clone();
    match path {
        "alias" => draft.alias.push('~'),
        "url" => draft.url.push_str("?changed"),
        "integration_type.id" => draft.type_id = 77,
        key => draft
            .unknown
            .push((key.to_owned(), crate::support::spelling::Tree::text("new"))),
    }
    draft
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn respelling_is_no_change(source in drafts(), target in drafts(), seed: u64, other: u64) {
        let (before, after) = (Accounts::new(&source, &target, seed), Accounts::new(&source, &target, other));
        prop_assert_eq!(drift(&before, &after), Vec::new());
    }

    #[test]
    fn every_change_is_found_and_named(source in drafts(), target in drafts(), which: Index, path in edit()) {
        // A list entry addressed by its index gets another path when a server reorders the list.
        let before = Accounts::plain(&source, &target);
        let (mut source, mut target) = (source, target);
        let n = source.len() + target.len();
        if n == 0 {
            return Ok(());
        }
        let ix = which.index(n);
        let (side, drafts, ix, first_id) = match ix.checked_sub(source.len()) {
            None => (Side::Source, &mut source, ix, FIRST_IDS[0]),
            Some(ix) => (Side::Target, &mut target, ix, FIRST_IDS[1]),
        };
        drafts[ix] = edited(&drafts[ix], path);
        let found = drift(&before, &Accounts::plain(&source, &target));
        let Some((found_side, id, WebhookChange::Changed(fields))) = only_change(&found) else {
            panic!("{found:?}");
        };
        prop_assert_eq!((found_side, id), (side, Some((first_id + ix).to_string())));
        // Another type may interpret the same fields differently.
        let is_named = fields.iter().any(|field| field.path == path);
        prop_assert!(is_named, "{:?}", fields);
        prop_assert!(path == "integration_type.id" || fields.len() == 1, "{:?}", fields);
    }

    #[test]
    fn of_a_file_every_change_to_what_is_sent_is_found_and_named(source in drafts(), target in drafts(), which: Index, path in edit()) {
        let from_file = |source: &[Draft]| Accounts { is_from_file: true, ..Accounts::plain(source, &target) };
        let before = from_file(&source);
        prop_assert_eq!(drift(&before, &from_file(&source)), Vec::new());
        let sent: Vec<usize> = before.plan.steps().enumerate().filter(|(_, (_, step))| step.state.is_sent()).map(|(ix, _)| ix).collect();
        if sent.is_empty() {
            return Ok(());
        }
        let ix = sent[which.index(sent.len())];
        let mut source = source;
        source[ix] = edited(&source[ix], path);
        let found = drift(&before, &from_file(&source));
        let Some((Side::Source, id, WebhookChange::Changed(fields))) = only_change(&found) else {
            panic!("{found:?}");
        };
        prop_assert_eq!(id, Some((FIRST_IDS[0] + ix).to_string()));
        prop_assert!(fields.iter().any(|field| field.path == path), "{:?}", fields);
    }

    #[test]
    fn created_and_deleted_webhooks_are_found_and_named(source in drafts(), target in drafts(), new in draft(), on_source: bool, seed: u64) {
        let before = Accounts::new(&source, &target, seed);
        let (mut source, mut target) = (source, target);
        let (side, drafts, first_id) = if on_source {
            (Side::Source, &mut source, FIRST_IDS[0])
        } else {
            (Side::Target, &mut target, FIRST_IDS[1])
        };
        drafts.push(new);
        let id = Some((first_id + drafts.len() - 1).to_string());
        let after = Accounts::new(&source, &target, seed);
        prop_assert_eq!(only_change(&drift(&before, &after)), Some((side, id.clone(), WebhookChange::Added)));
        prop_assert_eq!(only_change(&drift(&after, &before)), Some((side, id, WebhookChange::Removed)));
    }

    #[test]
    fn changing_any_character_of_a_saved_plan_is_detected(source in drafts(), target in drafts(), at: Index, seed: u64) {
        let accounts = Accounts::new(&source, &target, seed);
        let keys = accounts.new_keys();
        let text = serde_json::to_string(&Envelope(accounts.document(&keys))).unwrap();
        prop_assert!(is_intact(&text, &keys));
        prop_assert!(!is_intact(&text, &accounts.new_keys()), "another salt");
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        prop_assert!(is_intact(&serde_json::to_string_pretty(&value).unwrap(), &keys), "white space does not count");
        let offsets: Vec<usize> = text.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()).map(|(at, _)| at).collect();
        let at = offsets[at.index(offsets.len())];
        let mut changed = text.into_bytes();
        changed[at] = if changed[at] == b'7' { b'8' } else { b'7' };
        let changed = String::from_utf8(changed).unwrap();
        prop_assert!(!is_intact(&changed, &keys), "{}", changed);
    }

    #[test]
    fn webhooks_that_the_plan_wrote_are_no_change(source in drafts(), target in drafts(), n_written: Index, seed: u64) {
        let before = Accounts::new(&source, &target, seed);
        let created: Vec<&Draft> = source.iter().zip(before.plan.steps()).filter(|(_, (_, step))| step.state == StepState::Create).map(|(draft, _)| draft).collect();
        if created.is_empty() {
            return Ok(());
        }
        let mut after = target.clone();
        after.extend(created[..=n_written.index(created.len())].iter().map(|draft| (*draft).clone()));
        let ours: HashSet<WebhookId> = (target.len()..after.len()).map(|ix| WebhookId::new((FIRST_IDS[1] + ix).to_string())).collect();
        let after = Accounts::new(&source, &after, !seed);
        let keys = before.new_keys();
        let binding = before.binding(&keys);
        let found = binding.drift(&before.promises(), &after.inputs(), &keys, &ours);
        prop_assert_eq!(found, Vec::new());
        let found = binding.drift(&before.promises(), &after.inputs(), &keys, &HashSet::new());
        prop_assert_eq!(found.len(), ours.len());
    }
}

/// Nobody can test guesses against a binding: no digest occurs twice, and no value occurs at all.
#[test]
fn nothing_in_a_binding_can_be_recognized_without_the_key() {
    let draft = Draft {
        alias: "a".to_owned(),
        type_id: 0,
        url: "https://hooks.example.com/canary".to_owned(),
        fields: crate::support::draft::Fields::None,
        unknown: Vec::new(),
    };
    let accounts = Accounts::new(&[draft.clone(), draft], &[], 1);
    let [one, other] =
        [accounts.new_keys(), accounts.new_keys()].map(|keys| accounts.binding(&keys));
    let digests = |binding: &Binding| -> HashSet<String> {
        let webhooks = binding.source.webhooks.iter();
        let fields = webhooks.clone().flat_map(|webhook| {
            let paths = webhook.fields.paths().map(|path| webhook.fields.get(path));
            paths.map(|digest| serde_json::to_value(digest).unwrap())
        });
        let wholes = webhooks.flat_map(|webhook| [webhook.seal, webhook.wanted]);
        let sides = [&binding.source, &binding.target].map(|side| side.key.clone().unwrap());
        let keys = sides.into_iter().flat_map(|key| [key.salt, key.check]);
        fields
            .map(|digest| digest.as_str().unwrap().to_owned())
            .chain(wholes.map(|digest| digest.unwrap().to_string()))
            .chain(keys)
            .collect()
    };
    assert!(digests(&one).is_disjoint(&digests(&other)));
    let text = serde_json::to_string(&one).unwrap();
    assert!(!text.contains("canary"), "{text}");
}
