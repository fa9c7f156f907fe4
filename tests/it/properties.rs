//! Properties that hold for every webhook and every pair of accounts, checked on random ones.

use crate::support::draft::{Draft, Fields, list};
use crate::support::fixture::{account, stripped, tokens, wire};
use crate::support::generator::{cases, draft};
use crate::support::preview::{planned, preview, states};
use crate::support::spelling::{Spelling, Tree};
use hookferry::coralogix::content::Content;
use hookferry::coralogix::json::Json;
use hookferry::coralogix::known_key::KnownKey;
use hookferry::coralogix::mask::Masked;
use hookferry::coralogix::undocumented::StateKeys;
use hookferry::coralogix::webhook::{TypeId, Webhook};
use hookferry::pipeline::diff::{Comparison, DiffEntry, diff};
use hookferry::pipeline::plan::{OnConflict, Plan, StepState};
use hookferry::untrusted::escape;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_assert_ne, proptest};
use proptest::sample::{Index, select};

fn content(draft: &Draft, spelling: &mut Spelling) -> Content {
    let webhook = Webhook::parse(draft.json(1, spelling)).unwrap();
    Content::from_webhook(&webhook, TypeId(draft.type_id))
}

/// Two accounts drawn from the same few webhooks, so that there are copies, conflicts and twins.
fn accounts() -> impl Strategy<Value = (Vec<Draft>, Vec<Draft>)> {
    let few = vec((draft(), any::<bool>()), 2..6);
    let picks = || vec((any::<Index>(), 0..4_u8), 0..6);
    (few, picks(), picks()).prop_map(|(few, source, target)| {
        let pick = |(index, change): &(Index, u8)| {
            let (draft, is_blocked) = index.get(&few);
            let mut draft = draft.clone();
            match change {
                1 => draft.url.push_str("/changed"),
                2 => draft.alias.push(' '),
                3 if *is_blocked => draft.unknown.push(("company_id".to_owned(), Tree::Null)),
                _ => {}
            }
            draft
        };
        let account = |picks: &[_]| picks.iter().map(pick).collect();
        (account(&source), account(&target))
    })
}

/// The result of a comparison in one word, or that of its reverse.
fn word(kind: &Comparison, is_reverse: bool) -> &'static str {
    match kind {
        Comparison::Same => "same",
        Comparison::Different(_) => "different",
        Comparison::OnlyLeft if is_reverse => "only right",
        Comparison::OnlyRight if is_reverse => "only left",
        Comparison::OnlyLeft => "only left",
        Comparison::OnlyRight => "only right",
        Comparison::Ambiguous => "ambiguous",
    }
}

fn policy() -> impl Strategy<Value = OnConflict> {
    select(&[OnConflict::Fail, OnConflict::Skip, OnConflict::Update][..])
}

fn json(drafts: &[Draft], first_id: usize, spelling: &mut Spelling) -> String {
    list(&drafts.iter().collect::<Vec<_>>(), first_id, spelling)
}

/// The target's list response after every planned change was applied.
fn apply(plan: &Plan, target: &str) -> String {
    let mut webhooks: Vec<(String, String)> = account(target)
        .webhooks
        .iter()
        .map(|webhook| (webhook.id().unwrap().as_str().to_owned(), wire(webhook)))
        .collect();
    for (webhook, step) in plan.steps() {
        let body = |id: &str| format!("{{\"id\":{id},{}", &wire(webhook.bare())[1..]);
        match step.state {
            StepState::Create => {
                let id = (9000 + webhooks.len()).to_string();
                webhooks.push((id.clone(), body(&id)));
            }
            StepState::Update => {
                let id = step.target_id().unwrap().as_str();
                let old = webhooks.iter_mut().find(|(other, _)| other == id);
                old.unwrap().1 = body(id);
            }
            _ => {}
        }
    }
    let bodies: Vec<String> = webhooks.into_iter().map(|(_, body)| body).collect();
    format!("[{}]", bodies.join(","))
}

/// Whether the mask has the containers and keys of the value, in the same order.
fn has_shape(tree: &Tree, masked: &Masked) -> bool {
    match (tree, masked) {
        (Tree::List(elements), Masked::Array(shown)) => {
            elements.len() == shown.len()
                && elements.iter().zip(shown).all(|(t, m)| has_shape(t, m))
        }
        (Tree::Object(members), Masked::Object(shown)) => {
            members.len() == shown.len()
                && members
                    .iter()
                    .zip(shown)
                    .all(|((key, tree), (name, masked))| key == name && has_shape(tree, masked))
        }
        (Tree::List(_) | Tree::Object(_), _) => false,
        (_, masked) => !matches!(masked, Masked::Array(_) | Masked::Object(_)),
    }
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn stripping_again_changes_nothing(draft in draft(), seed: u64) {
        let once = stripped(&format!("[{}]", draft.json(1, &mut Spelling::varied(seed))));
        let body = wire(once.webhooks()[0].bare());
        let twice = stripped(&format!("[{body}]"));
        let (once, twice) = (&once.webhooks()[0], &twice.webhooks()[0]);
        prop_assert_eq!(once.blocked(), None);
        prop_assert_eq!(&wire(twice.bare()), &body);
        prop_assert_eq!(twice.content(), once.content());
        prop_assert_eq!(twice.key(), once.key());
        prop_assert_eq!(twice.id(), None);
    }

    #[test]
    fn stripping_removes_exactly_the_server_owned_keys(draft in draft(), seed: u64) {
        let before = draft.json(1, &mut Spelling::varied(seed));
        let after = stripped(&format!("[{before}]"));
        let after = tokens(&wire(after.webhooks()[0].bare()));
        let is_server_owned = |key: &str| KnownKey::from_text(key).is_some_and(KnownKey::is_server_owned);
        prop_assert!(after.iter().all(|(key, _)| !is_server_owned(key)));
        let nested = after.iter().find(|(key, _)| key == "integration_type").unwrap();
        let id = tokens(&nested.1).into_iter().find(|(key, _)| key == "id").unwrap().1;
        prop_assert_eq!(id, draft.type_id.to_string());
        let mut kept = tokens(&before);
        kept.retain(|(key, _)| !is_server_owned(key));
        prop_assert_eq!(after, kept);
    }

    #[test]
    fn spelling_makes_no_difference(draft in draft(), seed: u64) {
        let plain = content(&draft, &mut Spelling::plain());
        prop_assert_eq!(content(&draft, &mut Spelling::varied(seed)), plain);
    }

    #[test]
    fn meaning_makes_a_difference(draft in draft(), seed: u64) {
        let base = content(&draft, &mut Spelling::plain());
        let mut spelling = Spelling::varied(seed);
        let renamed = Draft { alias: format!("{}x", draft.alias), ..draft.clone() };
        let renamed = content(&renamed, &mut spelling);
        prop_assert!(renamed.whole != base.whole && renamed.body == base.body);
        let mut more = match &draft.fields {
            Fields::Entries(entries) => entries.clone(),
            _ => Vec::new(),
        };
        more.push(("more".to_owned(), Tree::Null));
        for other in [
            Draft { url: format!("{}x", draft.url), ..draft.clone() },
            Draft { type_id: 7, ..draft.clone() },
            Draft { fields: Fields::Entries(more), ..draft.clone() },
        ] {
            let other = content(&other, &mut spelling);
            prop_assert!(other.whole != base.whole && other.body != base.body);
        }
    }

    #[test]
    fn masks_show_no_secret_and_keep_the_shape(draft in draft(), seed: u64) {
        for spelling in [&mut Spelling::plain(), &mut Spelling::varied(seed)] {
            let webhook = Webhook::parse(draft.json(1, spelling)).unwrap();
            let masked = webhook.masked();
            let url = masked.url.as_ref().map(ToString::to_string);
            let fields = masked.fields.as_ref().map(ToString::to_string);
            for shown in [format!("{webhook:?} {masked:?}"), format!("{url:?} {fields:?}")] {
                prop_assert!(!shown.contains("canary") && !shown.contains("27182818"), "{}", shown);
            }
            let displayed = fields.unwrap_or_default();
            prop_assert_eq!(escape(&displayed), displayed.clone(), "control characters");
        }
        let plain = Webhook::parse(draft.json(1, &mut Spelling::plain())).unwrap();
        match (draft.fields.tree(), plain.masked().fields) {
            (Some(tree), Some(masked)) => prop_assert!(has_shape(&tree, &masked), "{}", masked),
            (None, masked) => prop_assert!(matches!(masked, None | Some(Masked::Hidden(_)))),
            (Some(_), None) => prop_assert!(false, "the fields are not shown at all"),
        }
    }

    #[test]
    fn a_target_that_has_everything_needs_no_changes(
        drafts in vec(draft(), 0..6), policy in policy(), seed: u64
    ) {
        let mut spelling = Spelling::varied(seed);
        let source = json(&drafts, 1, &mut spelling);
        let target = spelling.shuffled(drafts);
        let plan = planned(&source, &json(&target, 700, &mut spelling), policy);
        prop_assert!(states(&plan).iter().all(|state| *state == StepState::Unchanged), "{}", preview(&plan));
        prop_assert_eq!((plan.preventing_apply().total(), plan.n_untouched(), plan.has_changes()), (0, 0, false));
    }

    #[test]
    fn a_plan_accounts_for_every_webhook_once((source, target) in accounts(), policy in policy(), seed: u64) {
        let mut spelling = Spelling::varied(seed);
        let (source, target) = (json(&source, 1, &mut spelling), json(&target, 700, &mut spelling));
        let plan = planned(&source, &target, policy);
        prop_assert_eq!(plan.counts().total(), account(&source).webhooks.len());
        prop_assert_eq!(plan.steps().count(), plan.counts().total());
        let mut partners = Vec::new();
        for (webhook, step) in plan.steps() {
            let has_partner = matches!(step.state, StepState::Update | StepState::Unchanged | StepState::Conflict);
            prop_assert_eq!(step.target_id().is_some(), has_partner);
            prop_assert_eq!(webhook.blocked().is_some(), step.state == StepState::Blocked);
            let differs = matches!(step.state, StepState::Update | StepState::Conflict);
            prop_assert_eq!(differs, !step.differences().is_empty(), "{}", preview(&plan));
            partners.extend(step.target_id().cloned());
        }
        let n_partners = partners.len();
        partners.sort();
        partners.dedup();
        prop_assert_eq!(partners.len(), n_partners);
        prop_assert!(plan.n_untouched() + n_partners <= plan.n_in_target());
        prop_assert_eq!(plan.counts().get(StepState::Update) > 0 && policy != OnConflict::Update, false);
        for shown in [preview(&plan), format!("{plan:?}")] {
            prop_assert!(!shown.contains("canary") && !shown.contains("27182818"), "{}", shown);
        }
    }

    #[test]
    fn the_same_accounts_give_the_same_plan((source, target) in accounts(), policy in policy(), seed: u64) {
        let mut spelling = Spelling::varied(seed);
        let source = json(&source, 1, &mut spelling);
        let listed = json(&target, 700, &mut spelling);
        let plan = planned(&source, &listed, policy);
        prop_assert_eq!(preview(&planned(&source, &listed, policy)), preview(&plan));
        let shuffled = json(&spelling.shuffled(target), 700, &mut spelling);
        prop_assert_eq!(states(&planned(&source, &shuffled, policy)), states(&plan));
    }

    #[test]
    fn an_applied_plan_leaves_nothing_to_do((source, target) in accounts(), policy in policy(), seed: u64) {
        let mut spelling = Spelling::varied(seed);
        let (source, target) = (json(&source, 1, &mut spelling), json(&target, 700, &mut spelling));
        let plan = planned(&source, &target, policy);
        let again = planned(&source, &apply(&plan, &target), policy);
        prop_assert!(!again.has_changes(), "{}\nthen\n{}", preview(&plan), preview(&again));
        prop_assert_eq!(again.preventing_apply().total(), plan.preventing_apply().total());
        prop_assert_eq!(again.n_untouched(), plan.n_untouched());
    }

    #[test]
    fn a_comparison_names_every_webhook_once_and_mirrors_its_reverse((left, right) in accounts(), by_id: bool, seed: u64) {
        let mut spelling = Spelling::varied(seed);
        let (left, right) = (stripped(&json(&left, 1, &mut spelling)), stripped(&json(&right, 3, &mut spelling)));
        let entries = diff(&left, &right, by_id, &StateKeys::default());
        let mut there: Vec<_> = entries.iter().map(|entry| (entry.left, entry.right, word(&entry.kind, false))).collect();
        let back = diff(&right, &left, by_id, &StateKeys::default());
        let mut back: Vec<_> = back.iter().map(|entry| (entry.right, entry.left, word(&entry.kind, true))).collect();
        there.sort_unstable();
        back.sort_unstable();
        prop_assert_eq!(there, back);
        for (n, side) in [(left.webhooks().len(), 0), (right.webhooks().len(), 1)] {
            let ix = |entry: &DiffEntry| [entry.left, entry.right][side];
            let mut ixs: Vec<usize> = entries.iter().filter_map(ix).collect();
            ixs.sort_unstable();
            prop_assert_eq!(ixs, (0..n).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_comparison_does_not_depend_on_the_order((left, right) in accounts(), seed: u64) {
        let mut spelling = Spelling::varied(seed);
        let kinds = |left: &[Draft], right: &[Draft], spelling: &mut Spelling| {
            let (left, right) = (stripped(&json(left, 1, spelling)), stripped(&json(right, 700, spelling)));
            let entries = diff(&left, &right, false, &StateKeys::default());
            let mut kinds: Vec<_> = entries.iter().map(|entry| word(&entry.kind, false)).collect();
            kinds.sort_unstable();
            kinds
        };
        let listed = kinds(&left, &right, &mut spelling);
        let (left, right) = (spelling.shuffled(left), spelling.shuffled(right));
        prop_assert_eq!(kinds(&left, &right, &mut spelling), listed);
    }

    #[test]
    fn an_account_equals_itself(drafts in vec(draft(), 0..6), by_id: bool, seed: u64) {
        let mut spelling = Spelling::varied(seed);
        let left = stripped(&json(&drafts, 1, &mut spelling));
        let right = stripped(&json(&drafts, 1, &mut spelling));
        for entry in diff(&left, &right, by_id, &StateKeys::default()) {
            prop_assert_eq!(entry.kind, Comparison::Same);
        }
    }
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn any_text_parses_or_is_refused(text: String, like in "[\\[\\]{}\",:\\\\u0-9eE.+ truefalsn-]{0,24}") {
        for text in [text, like] {
            let _ = Json::parse(&text);
            let _ = Webhook::parse(text.as_str()).map(|webhook| (webhook.masked(), webhook.id()));
            let _ = Webhook::parse(format!("{{\"integration_type_fields\":{text}}}")).map(|webhook| webhook.masked());
        }
    }

    #[test]
    fn numbers_compare_exactly_whatever_their_spelling(number in "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,24})?") {
        let content = |number: &str| {
            let json = format!("{{\"integration_type_fields\":[{number}]}}");
            Content::from_webhook(&Webhook::parse(json).unwrap(), TypeId(1))
        };
        prop_assert_eq!(content(&number), content(&format!(" {number} ")));
        if !number.contains(['e', 'E']) {
            let point = if number.contains('.') { "" } else { "." };
            prop_assert_eq!(content(&number), content(&format!("{number}{point}00")));
            prop_assert_eq!(content(&number), content(&format!("{number}e+0")));
            prop_assert_ne!(content(&number), content(&format!("{number}{point}001")));
        }
    }

    #[test]
    fn escaped_text_cannot_control_a_terminal(text: String, raw in "[\u{0}-\u{9f}\u{200b}-\u{206f}\u{feff}\u{e0000}-\u{e007f}a]{0,8}") {
        for text in [text, raw] {
            let shown = escape(&text);
            let is_hostile = |c: char| c.is_control() || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
            prop_assert!(!shown.contains(is_hostile), "{:?}", shown);
        }
    }
}
