//! Plans and outcomes as Markdown and HTML: what they show, and that no text of a document can become active in them.

mod hostile;

use super::{checked, party, planned, push_result, run_record, slack, source, target, verdict};
use crate::support::markup::{Token, tokens};
use hookferry::document::view::PlanView;
use hookferry::document::{Depth, OutcomeDocument, PlanDocument};
use hookferry::pipeline::plan::OnConflict;
use hookferry::render::html::html;
use hookferry::render::markdown::markdown;

/// The default of `--max-bytes`.
const MOST_BYTES: usize = 60_000;

/// A plan of one webhook.
fn small() -> PlanDocument {
    document(vec![slack(1050, "prod-oncall")], vec![], OnConflict::Fail)
}

/// A plan that covers everything.
fn awkward() -> PlanDocument {
    document(source(), target(), OnConflict::Fail)
}

fn document(
    source: Vec<hookferry::coralogix::webhook::Webhook>,
    target: Vec<hookferry::coralogix::webhook::Webhook>,
    on_conflict: OnConflict,
) -> PlanDocument {
    let plan = planned(source, target, on_conflict);
    let source = party(
        "api.eu1.coralogix.com",
        Some("12345"),
        plan.counts().total(),
    );
    let target = party("api.us1.coralogix.com", Some("67890"), plan.n_in_target());
    let view = PlanView {
        plan: &plan,
        source: &source,
        target: &target,
    };
    PlanDocument::new(view, Depth::Fields)
}

/// The outcome of a run with every possible status.
fn outcome() -> OutcomeDocument {
    let plan = planned(source(), target(), OnConflict::Skip);
    let push_result = push_result(&plan);
    let verdict = verdict(&plan, &push_result);
    let (source, target) = (
        party("api.eu1.coralogix.com", Some("12345"), 11),
        party("api.us1.coralogix.com", None, 4),
    );
    let view = PlanView {
        plan: &plan,
        source: &source,
        target: &target,
    };
    OutcomeDocument::new(&run_record(view, &push_result, Some(&verdict)))
}

/// The part of a page between its head and its script.
fn body(page: &str) -> &str {
    let start = page.find("<body>").unwrap();
    &page[start..page.find("<script>").unwrap()]
}

#[test]
fn plans_and_outcomes_as_markdown() {
    snapshots!(r"canary\.example" => "elsewhere.example");
    let show = |text: String| checked(&text);
    insta::assert_snapshot!("small.md", show(markdown(&(&small()).into(), MOST_BYTES)));
    insta::assert_snapshot!(
        "awkward.md",
        show(markdown(&(&awkward()).into(), MOST_BYTES))
    );
    insta::assert_snapshot!(
        "outcome.md",
        show(markdown(&(&outcome()).into(), MOST_BYTES))
    );
    insta::assert_snapshot!("cut.md", show(markdown(&(&awkward()).into(), 6000)));
}

#[test]
fn plans_and_outcomes_as_pages() {
    snapshots!(r"canary\.example" => "elsewhere.example");
    let show = |page: String| checked(body(&page));
    insta::assert_snapshot!("small.html", show(html(&(&small()).into())));
    insta::assert_snapshot!("awkward.html", show(html(&(&awkward()).into())));
    insta::assert_snapshot!("outcome.html", show(html(&(&outcome()).into())));
    let nothing = document(vec![], vec![], OnConflict::Fail);
    insta::assert_snapshot!("nothing.html", show(html(&(&nothing).into())));
}

/// The policy works only if its hashes match the page's own style and script.
#[test]
fn the_policy_allows_exactly_the_style_and_the_script_of_the_page() {
    use base64::Engine as _;
    let page = html(&(&awkward()).into());
    let tokens = tokens(&page);
    let policy = tokens.iter().find_map(|token| match token {
        Token::Tag(name, attributes) if name == "meta" => attributes
            .iter()
            .find(|(name, value)| name == "content" && value.contains("default-src"))
            .map(|(_, value)| value.clone()),
        _ => None,
    });
    let policy = policy.unwrap();
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(
        !policy.contains("unsafe") && !policy.contains("http"),
        "{policy}"
    );
    for (element, directive) in [("style", "style-src"), ("script", "script-src")] {
        let is_element = |token: &Token| matches!(token, Token::Tag(name, _) if name == element);
        assert_eq!(tokens.iter().filter(|token| is_element(token)).count(), 1);
        let ix = tokens.iter().position(is_element).unwrap();
        let Token::Text(text) = &tokens[ix + 1] else {
            panic!("{element} is empty");
        };
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        let hash = base64::engine::general_purpose::STANDARD.encode(digest);
        assert!(
            policy.contains(&format!("{directive} 'sha256-{hash}';")),
            "{policy}"
        );
    }
}
