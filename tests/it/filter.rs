//! Which webhooks `--type`, `--name` and `--id` select, and that a value that matches nothing is an error.

use crate::support::fixture::{account, inventory};
use hookferry::coralogix::webhook::WebhookId;
use hookferry::error::{Error, ErrorKind};
use hookferry::pipeline::filter::Filter;

/// Builds a filter from pairs of option and value: `type …`, `name …`, `id …`.
fn filter(values: &[(&str, &str)]) -> Result<Filter, Error> {
    let mut filter = Filter::default();
    for (option, value) in values {
        match *option {
            "type" => filter.add_type(value)?,
            "name" => filter.add_name(value),
            "id" => filter.ids.push(WebhookId::new(*value)),
            other => panic!("{other}"),
        }
    }
    Ok(filter)
}

/// The ids that the filter selects from the ordinary account.
fn ids(values: &[(&str, &str)]) -> Result<Vec<String>, Error> {
    let webhooks = filter(values)?.apply(inventory("account.json").webhooks)?;
    let id = |webhook: &hookferry::coralogix::webhook::Webhook| webhook.id().unwrap().to_string();
    Ok(webhooks.iter().map(id).collect())
}

#[test]
fn values_of_one_option_are_alternatives_and_all_options_must_match() {
    let all: Vec<String> = (2001..=2010).map(|id| id.to_string()).collect();
    assert_eq!(ids(&[]).unwrap(), all);
    for (values, expected) in [
        (&[("type", "webhook")][..], &["2002", "2003"][..]),
        (&[("type", "1")], &["2002", "2003"]),
        (&[("type", "jira"), ("type", "2")], &["2004", "2008"]),
        (
            &[("type", "JIRA"), ("type", "PagerDuty")],
            &["2004", "2008"],
        ),
        (&[("type", "pager-duty")], &["2004"]),
        (&[("name", "ops*")], &["2001", "2009"]),
        (&[("name", "Z?rich *")], &["2003", "2004"]),
        (&[("name", "teams-platform")], &["2007"]),
        (
            &[("name", "ops*"), ("name", "jira *")],
            &["2001", "2008", "2009"],
        ),
        (&[("name", "ops*"), ("name", "!*slack")], &["2009"]),
        (
            &[("name", "!ops*"), ("name", "!Z*"), ("name", "!*o*")],
            &["2002", "2006", "2008"],
        ),
        (&[("id", "2010"), ("id", "2001")], &["2001", "2010"]),
        (&[("type", "webhook"), ("name", "Z*")], &["2003"]),
        (
            &[("type", "webhook"), ("id", "2002"), ("name", "*")],
            &["2002"],
        ),
    ] {
        assert_eq!(ids(values).unwrap(), expected, "{values:?}");
    }
}

#[test]
fn malformed_webhooks_can_be_selected() {
    let json = r#"[{"id":"3030","alias":"new\nline","integration_type_id":99,"integration_type":null},
        {"id":2,"alias":null,"integration_type_id":1,"integrationTypeId":0},{"id":3,"alias":"*"}]"#;
    for (values, expected) in [
        (&[("type", "99")][..], 1),
        (&[("id", "3030")], 1),
        (&[("name", "new?line")], 1),
        (&[("name", "")], 1),
        (&[("name", "!")], 2),
        (&[("name", "*")], 3),
    ] {
        let left = filter(values).unwrap().apply(account(json).webhooks);
        assert_eq!(left.unwrap().len(), expected, "{values:?}");
    }
}

#[test]
fn useless_values() {
    snapshots!();
    let mut lines = Vec::new();
    for values in [
        &[("type", "slak")][..],
        &[("type", "-1")],
        &[("type", "")],
        &[(
            "type",
            "slack\u{1b}[31m and a text that does not end soon enough",
        )],
        &[("type", "99")],
        &[("type", "slack"), ("type", "18446744073709551615")],
        &[("name", "OPS*")],
        &[("name", "ops*"), ("name", "nothing\nlike it")],
        &[("name", "")],
        &[("name", "!nothing-*")],
        &[("id", "1")],
        &[("id", "2001"), ("id", "02001")],
        &[("type", "slack"), ("name", "jira*")],
        &[("name", "ops*"), ("name", "!ops*")],
        &[("name", "!*")],
    ] {
        let error = ids(values).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        let arguments: Vec<String> = values
            .iter()
            .map(|(option, value)| format!("--{option} {value:?}"))
            .collect();
        let hint = error.hint().unwrap();
        lines.push(format!(
            "{}\n    error: {error}\n    hint: {hint}",
            arguments.join(" ")
        ));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_filter_on_an_empty_account_says_that_it_is_empty() {
    let error = filter(&[("name", "*")]).unwrap().apply(Vec::new());
    assert_eq!(
        error.unwrap_err().to_string(),
        "--name '*' matches no webhook (0 checked)"
    );
    assert!(Filter::default().apply(Vec::new()).unwrap().is_empty());
}
