//! First stage: which responses parse as a list of webhooks, and how the others are refused.

use crate::support::fixture::{account, inventory, list_tokens, text, wire};
use hookferry::coralogix::webhook::{Webhook, WebhookId, parse_list};
use std::fmt::Write as _;

/// Responses of servers and proxies, and contents of files.
const RESPONSES: &[&str] = &[
    "[]",
    " [ ] \n",
    "\u{feff}[{}]",
    r#"[{"id":1},{"id":"2"},{"id":3.0},{"id":-4},{"id":null},{"id":" 6 "},{"id":[7]},{}]"#,
    "",
    "  ",
    "null",
    "true",
    "7",
    r#""a text""#,
    "{}",
    r#"{"error":{"message":"no such team"}}"#,
    r#"{"data":[{"id":1}]}"#,
    "[null]",
    r#"[{"id":1},2]"#,
    r#"[{"id":1},[{"id":2}]]"#,
    r#"[{"id":1}"#,
    r#"[{"id":1},]"#,
    r#"[{"id":1}] trailing"#,
    r#"[{"id":1}][{"id":2}]"#,
    r"[{id:1}]",
    "<html><body>502 Bad Gateway</body></html>",
];

#[test]
fn answers() {
    snapshots!();
    let mut table = String::new();
    for response in RESPONSES {
        let result = match parse_list(*response) {
            Ok(webhooks) => {
                let ids: Vec<Option<WebhookId>> = webhooks.iter().map(Webhook::id).collect();
                format!("{} webhooks, ids {ids:?}", webhooks.len())
            }
            Err(refusal) => format!("refused: {refusal:?}"),
        };
        let _ = writeln!(table, "{response:?}\n    {result}");
    }
    insta::assert_snapshot!(table);
}

#[test]
fn every_member_of_a_fixture_is_kept_byte_for_byte() {
    for name in ["account.json", "awkward.json"] {
        let text = text(name);
        let expected = list_tokens(&text);
        let inventory = account(&text);
        assert_eq!(inventory.webhooks.len(), expected.len(), "{name}");
        for (webhook, expected) in inventory.webhooks.iter().zip(expected) {
            let kept = list_tokens(&format!("[{}]", wire(webhook)));
            assert!(kept == [expected], "{name}: {:?}", webhook.id());
        }
    }
}

#[test]
fn company_ids_parse_under_both_names_and_as_number_or_text() {
    let ids = |json: &str| Vec::from_iter(account(json).company_ids().clone());
    assert_eq!(inventory("account.json").company_ids().len(), 1);
    assert_eq!(ids("[]"), [""; 0]);
    assert_eq!(ids(r#"[{"company_id":7},{"companyId":"7"}]"#), ["7"]);
    assert_eq!(ids(r#"[{"company_id":null,"companyId":7},{}]"#), ["7"]);
    assert_eq!(ids(r#"[{"company_id":7},{"company_id":8}]"#), ["7", "8"]);
}

#[test]
fn debug_output_holds_no_content() {
    for name in ["account.json", "awkward.json"] {
        let shown = format!("{:?}", inventory(name));
        assert!(!shown.contains("canary"), "{name}");
    }
}
