//! What a saved plan is bound to, on random accounts: any change is found and named, and no spelling is a change.

use crate::support::draft::{Draft, list};
use crate::support::fixture::{account, stripped, unchanged};
use crate::support::generator::{cases, draft};
use crate::support::spelling::Spelling;
use hookferry::coralogix::account::{ApiKey, Side};
use hookferry::coralogix::sealed::Sealer;
use hookferry::coralogix::webhook::WebhookId;
use hookferry::document::view::{Party, PlanView};
use hookferry::document::{Depth, PlanDocument, SavedPlan, seal};
use hookferry::pipeline::binding::{
    Binding, BoundPlace, BoundSelection, Decided, Made, Moved, Promise, What,
};
use hookferry::pipeline::plan::{Known, OnConflict, Plan, State, plan};
use hookferry::pipeline::rewrite::rule::Unmatched;
use hookferry::pipeline::strip::{Stripped, strip};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::Index;
use smol_str::SmolStr;
use std::collections::HashSet;

/// Ids begin here on either side, so that one never stands for two webhooks.
const FIRST: [usize; 2] = [1000, 5000];

/// Both accounts as they answer, and the plan between them.
struct Read {
    source: Stripped,
    target: Stripped,
    plan: Plan,
    keys: [ApiKey; 2],
}

impl Read {
    fn of(source: &[Draft], target: &[Draft], seed: u64) -> Self {
        Self::spelled(source, target, &|| Spelling::varied(seed))
    }

    fn plain(source: &[Draft], target: &[Draft]) -> Self {
        Self::spelled(source, target, &Spelling::plain)
    }

    fn spelled(source: &[Draft], target: &[Draft], spelling: &dyn Fn() -> Spelling) -> Self {
        let answer = |drafts: &[Draft], first| {
            let drafts: Vec<&Draft> = drafts.iter().collect();
            list(&drafts, first, &mut spelling())
        };
        let (source, target) = (answer(source, FIRST[0]), answer(target, FIRST[1]));
        let portable = unchanged(strip(account(&source)));
        let target = stripped(&target);
        Self {
            plan: plan(portable, &target, OnConflict::Skip, &Known::nothing()),
            source: stripped(&source),
            target,
            keys: ["source", "target"].map(|key| ApiKey::new(key).unwrap()),
        }
    }

    fn made(&self) -> Made<'_> {
        Made {
            source: &self.source,
            source_company: Some("1".to_owned()),
            source_key: Some(&self.keys[0]),
            target: &self.target,
            target_company: Some("2".to_owned()),
            target_key: &self.keys[1],
            plan: &self.plan,
            rules: None,
        }
    }

    fn sealer(&self) -> Sealer {
        Sealer::new(&self.keys[0]).unwrap()
    }

    fn bound(&self, sealer: &Sealer) -> Binding {
        let url = |host: &str| (BoundPlace::Url(format!("https://{host}/")), None);
        let decided = Decided {
            created: Timestamp::UNIX_EPOCH,
            valid_until: Timestamp::MAX,
            source: url("api.eu1.coralogix.com"),
            target: url("api.us1.coralogix.com"),
            selection: BoundSelection::default(),
            unmatched_secret: Unmatched::Keep,
            retarget: None,
        };
        Binding::of(&self.made(), decided, sealer)
    }

    fn promised(&self) -> Vec<Promise> {
        let promise = |(wanted, step): (
            &hookferry::pipeline::rewrite::PortableWebhook,
            &hookferry::pipeline::plan::Step,
        )| {
            (
                wanted.source_id().cloned(),
                step.state,
                step.target_id().cloned(),
            )
        };
        self.plan.steps().map(promise).collect()
    }

    fn document(&self, sealer: &Sealer) -> PlanDocument {
        let party = |n| Party {
            is_backup: false,
            name: "a".to_owned(),
            company: None,
            count: n,
            profile: None,
        };
        let (source, target) = (party(self.source.webhooks().len()), party(0));
        let view = PlanView {
            plan: &self.plan,
            source: &source,
            target: &target,
        };
        let mut document = PlanDocument::of(view, Depth::Fields);
        document.binding = Some(self.bound(sealer));
        seal(&mut document, sealer);
        document
    }
}

/// What moved between two readings; the plan is held against the first.
fn moved(before: &Read, after: &Read) -> Vec<Moved> {
    let sealer = before.sealer();
    let binding = before.bound(&sealer);
    binding.moved(&before.promised(), &after.made(), &sealer, &HashSet::new())
}

/// The one webhook that moved, and what happened to it.
fn only(moved: &[Moved]) -> Option<(Side, Option<String>, What)> {
    match moved {
        [Moved::Webhook(webhook)] => {
            let id = webhook.id.as_ref().map(|id| id.as_str().to_owned());
            Some((webhook.side, id, webhook.what.clone()))
        }
        _ => None,
    }
}

fn drafts() -> impl Strategy<Value = Vec<Draft>> {
    vec(draft(), 0..6)
}

/// One edit of a webhook that changes what it means, and the path at which it does.
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
        "url" => draft.url.push_str("?moved"),
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
    fn no_spelling_is_a_change(source in drafts(), target in drafts(), seed: u64, other: u64) {
        let (before, after) = (Read::of(&source, &target, seed), Read::of(&source, &target, other));
        prop_assert_eq!(moved(&before, &after), Vec::new());
    }

    #[test]
    fn every_change_is_found_and_named(source in drafts(), target in drafts(), which: Index, path in edit()) {
        // An entry that can only be named by its place has another path where a server puts it elsewhere.
        let before = Read::plain(&source, &target);
        let (mut source, mut target) = (source, target);
        let n = source.len() + target.len();
        if n == 0 {
            return Ok(());
        }
        let at = which.index(n);
        let (side, drafts, at, first) = match at.checked_sub(source.len()) {
            None => (Side::Source, &mut source, at, FIRST[0]),
            Some(at) => (Side::Target, &mut target, at, FIRST[1]),
        };
        drafts[at] = edited(&drafts[at], path);
        let found = moved(&before, &Read::plain(&source, &target));
        let Some((found_side, id, What::Changed(fields))) = only(&found) else {
            panic!("{found:?}");
        };
        prop_assert_eq!((found_side, id), (side, Some((first + at).to_string())));
        // Another type may read the same fields differently.
        let names_it = fields.iter().any(|field| field.path == path);
        prop_assert!(names_it, "{:?}", fields);
        prop_assert!(path == "integration_type.id" || fields.len() == 1, "{:?}", fields);
    }

    #[test]
    fn what_appears_or_goes_is_found_and_named(source in drafts(), target in drafts(), new in draft(), on_source: bool, seed: u64) {
        let before = Read::of(&source, &target, seed);
        let (mut source, mut target) = (source, target);
        let (side, drafts, first) = if on_source {
            (Side::Source, &mut source, FIRST[0])
        } else {
            (Side::Target, &mut target, FIRST[1])
        };
        drafts.push(new);
        let id = Some((first + drafts.len() - 1).to_string());
        let after = Read::of(&source, &target, seed);
        prop_assert_eq!(only(&moved(&before, &after)), Some((side, id.clone(), What::Appeared)));
        prop_assert_eq!(only(&moved(&after, &before)), Some((side, id, What::Gone)));
    }

    #[test]
    fn a_saved_plan_is_intact_until_somebody_changes_a_character(source in drafts(), target in drafts(), at: Index, seed: u64) {
        let read = Read::of(&source, &target, seed);
        let sealer = read.sealer();
        let text = serde_json::to_string(&read.document(&sealer)).unwrap();
        prop_assert!(SavedPlan::read(&text).unwrap().is_intact(&sealer));
        prop_assert!(!SavedPlan::read(&text).unwrap().is_intact(&read.sealer()), "another salt");
        let places: Vec<usize> = text.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()).map(|(at, _)| at).collect();
        let at = places[at.index(places.len())];
        let mut changed = text.into_bytes();
        changed[at] = if changed[at] == b'7' { b'8' } else { b'7' };
        let changed = String::from_utf8(changed).unwrap();
        let is_accepted = SavedPlan::read(&changed).is_ok_and(|plan| plan.is_intact(&sealer));
        prop_assert!(!is_accepted, "{}", changed);
    }

    #[test]
    fn what_the_plan_itself_wrote_is_no_change(source in drafts(), target in drafts(), n_written: Index, seed: u64) {
        let before = Read::of(&source, &target, seed);
        let created: Vec<&Draft> = source.iter().zip(before.plan.steps()).filter(|(_, (_, step))| step.state == State::Create).map(|(draft, _)| draft).collect();
        if created.is_empty() {
            return Ok(());
        }
        let mut after = target.clone();
        after.extend(created[..=n_written.index(created.len())].iter().map(|draft| (*draft).clone()));
        let ours: HashSet<WebhookId> = (target.len()..after.len()).map(|at| WebhookId::new((FIRST[1] + at).to_string())).collect();
        let after = Read::of(&source, &after, !seed);
        let sealer = before.sealer();
        let binding = before.bound(&sealer);
        let found = binding.moved(&before.promised(), &after.made(), &sealer, &ours);
        prop_assert_eq!(found, Vec::new());
        let found = binding.moved(&before.promised(), &after.made(), &sealer, &HashSet::new());
        prop_assert_eq!(found.len(), ours.len());
    }
}

/// The forms in which a bound plan could be tried out: none of them is the same twice, and none holds a value.
#[test]
fn nothing_in_a_binding_can_be_recognised_without_the_key() {
    let draft = Draft {
        alias: "a".to_owned(),
        type_id: 0,
        url: "https://hooks.example.com/canary".to_owned(),
        fields: crate::support::draft::Fields::None,
        unknown: Vec::new(),
    };
    let read = Read::of(&[draft.clone(), draft], &[], 1);
    let [one, other] = [read.sealer(), read.sealer()].map(|sealer| read.bound(&sealer));
    let seals = |binding: &Binding| -> HashSet<SmolStr> {
        let webhooks = binding.source.webhooks.iter();
        let fields = webhooks
            .clone()
            .flat_map(|webhook| webhook.fields.values().cloned());
        let whole = webhooks.map(|webhook| webhook.seal.as_str().into());
        fields
            .chain(whole)
            .chain([binding.check.as_str().into(), binding.salt.as_str().into()])
            .collect()
    };
    assert!(seals(&one).is_disjoint(&seals(&other)));
    let text = serde_json::to_string(&one).unwrap();
    assert!(!text.contains("canary"), "{text}");
}
