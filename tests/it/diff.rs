//! Comparing two listings: which webhooks pair up, which do not, and what differs.

use crate::support::fixture::stripped;
use hookferry::coralogix::undocumented::StateKeys;
use hookferry::pipeline::diff::{Comparison, diff};
use std::fmt::Write as _;

fn hook(id: u32, alias: &str, key: &str) -> String {
    format!(
        r#"{{"id":{id},"alias":"{alias}","integration_type_id":2,"integration_type":{{"id":2,"label":"PagerDuty","icon":"i"}},"integration_type_fields":"[{{\"name\":\"serviceKey\",\"value\":\"{key}\"}}]"}}"#
    )
}

fn compare(left: &[String], right: &[String], by_id: bool) -> String {
    let side = |webhooks: &[String]| stripped(&format!("[{}]", webhooks.join(",")));
    let (left, right) = (side(left), side(right));
    let mut out = String::new();
    for entry in diff(&left, &right, by_id, &StateKeys::default()) {
        let id = |id: Option<_>| id.map_or("-".to_owned(), ToString::to_string);
        let (left_id, right_id) = entry.ids(&left, &right);
        let paths = match &entry.kind {
            Comparison::Different(found) => found.iter().map(|each| each.path.clone()).collect(),
            _ => Vec::new(),
        };
        let word = format!("{:?}", entry.kind);
        let word = word.split('(').next().unwrap();
        let _ = writeln!(
            out,
            "{} {} {word} {}",
            id(left_id),
            id(right_id),
            paths.join(" ")
        );
    }
    out.replace(" \n", "\n")
}

#[test]
fn copies_are_counted() {
    let left = [hook(1, "a", "canary"), hook(2, "a", "canary")];
    let right = [hook(7, "a", "canary")];
    assert_eq!(compare(&left, &right, false), "1 7 Same\n2 - OnlyLeft\n");
    assert_eq!(compare(&right, &left, false), "7 1 Same\n- 2 OnlyRight\n");
}

#[test]
fn one_leftover_on_each_side_pairs_up_and_more_are_ambiguous() {
    let left = [
        hook(1, "a", "canary1"),
        hook(2, "b", "canary"),
        hook(3, "b", "x"),
    ];
    let right = [hook(7, "a", "canary2"), hook(8, "b", "y")];
    assert_eq!(
        compare(&left, &right, false),
        "1 7 Different serviceKey\n2 - Ambiguous\n3 - Ambiguous\n- 8 Ambiguous\n"
    );
}

#[test]
fn within_an_account_ids_take_precedence() {
    let left = [hook(1, "a", "canary"), hook(2, "b", "canary2")];
    let right = [hook(2, "a", "canary"), hook(1, "b", "canary2")];
    assert_eq!(compare(&left, &right, false), "1 2 Same\n2 1 Same\n");
    assert_eq!(
        compare(&left, &right, true),
        "1 1 Different alias serviceKey\n2 2 Different alias serviceKey\n"
    );
}

#[test]
fn an_unknown_key_is_a_difference() {
    let with = |text: &str| hook(1, "a", "canary").replacen('{', text, 1);
    let left = [with(r#"{"x":1.0,"y":"canary","#)];
    let right = [with(r#"{"x":1,"z":null,"#)];
    assert_eq!(compare(&left, &right, true), "1 1 Different y z\n");
}

#[test]
fn webhooks_that_cannot_be_sent_are_compared_too() {
    let odd = [
        r#"{"id":1,"alias":null}"#.to_owned(),
        r#"{"id":2,"x":1,"x":2}"#.to_owned(),
    ];
    assert_eq!(compare(&odd, &odd, false), "1 1 Same\n2 2 Same\n");
    assert_eq!(compare(&odd, &[], false), "1 - OnlyLeft\n2 - OnlyLeft\n");
}

/// Copies that only an unknown key tells apart pair with their equals, whatever the order of the rows.
#[test]
fn copies_pair_with_those_that_have_their_unknown_keys() {
    let with =
        |id, quota| hook(id, "a", "canary").replacen('{', &format!(r#"{{"quota":{quota},"#), 1);
    let left = [with(1, 10), with(2, 20)];
    let right = [with(7, 20), with(8, 10)];
    assert_eq!(compare(&left, &right, false), "1 8 Same\n2 7 Same\n");
}
