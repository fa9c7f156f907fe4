//! Decides whether a list is the whole list of one account; if there is any doubt, it is no list.
//! Pure: the response's headers and its webhooks as received. Keeps a hash of each webhook, never the webhook.

use super::webhook::{Webhook, WebhookId};
use crate::http::failure::ListProblem;
use crate::untrusted;
use foldhash::quality::RandomState;
use reqwest::header::{CONTENT_RANGE, HeaderMap, LINK};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::BuildHasher as _;

/// The headers in which servers state how many rows there are on all pages together.
const TOTAL_HEADERS: [&str; 3] = ["X-Total-Count", "X-Total", "Total-Count"];
/// The most characters of a header that a message shows.
const MAX_HEADER_CHARS: usize = 60;

/// The facts that a list is accepted with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ListFacts {
    /// The company of all webhooks; `None` if they show none.
    pub(super) company: Option<String>,
    /// The header that announces more webhooks; `None` unless such lists are accepted.
    pub(super) incomplete: Option<String>,
}

/// Watches the webhooks of a list as they arrive.
#[derive(Default)]
pub(super) struct RowCheck {
    n_received: usize,
    /// A hash of each webhook's content, by a hash of its id; their key is random, so that no server can provoke a
    /// collision.
    hashes: HashMap<u64, u64, RandomState>,
    hash_key: RandomState,
    twins: Option<WebhookId>,
    /// At most two: a second one decides.
    companies: Vec<String>,
}

impl RowCheck {
    /// Takes the next part of the list, and returns it without webhooks that repeat an earlier one.
    pub(super) fn admit(&mut self, mut part: Vec<Webhook>) -> Vec<Webhook> {
        self.n_received += part.len();
        part.retain(|webhook| self.is_new(webhook));
        part
    }

    fn is_new(&mut self, webhook: &Webhook) -> bool {
        for company in webhook.company_ids() {
            if self.companies.len() < 2 && !self.companies.iter().any(|known| *known == company) {
                self.companies.push(company.into_owned());
            }
        }
        let Some(id) = webhook.id() else {
            return true;
        };
        let hash = self.content_hash(webhook);
        match self.hashes.entry(self.hash_key.hash_one(&id)) {
            Entry::Vacant(vacant) => {
                vacant.insert(hash);
                true
            }
            Entry::Occupied(first) if *first.get() == hash => false,
            Entry::Occupied(_) => {
                self.twins.get_or_insert(id);
                true
            }
        }
    }

    /// A hash of what a webhook shows apart from the server's own keys, whatever the order of its keys.
    fn content_hash(&self, webhook: &Webhook) -> u64 {
        let known = webhook.known_tokens();
        let known = known.filter(|(key, _)| !key.is_server_owned());
        let known = known.map(|(key, value)| self.hash_key.hash_one((key as u8, value)));
        let unknown = webhook.unknown_tokens();
        let unknown = unknown.map(|member| self.hash_key.hash_one(member));
        known.chain(unknown).fold(0, u64::wrapping_add)
    }

    /// Decides about the list once all of it has arrived.
    pub(super) fn finish(
        self,
        headers: &HeaderMap,
        accepts_incomplete: bool,
    ) -> Result<ListFacts, ListProblem> {
        if let [one, other] = self.companies.as_slice() {
            let shown = |company: &str| untrusted::escape_truncated(company, MAX_HEADER_CHARS);
            return Err(ListProblem::Companies([shown(one), shown(other)]));
        }
        let incomplete = announced_rest(headers, self.n_received);
        if let Some(what) = incomplete.as_ref().filter(|_| !accepts_incomplete) {
            return Err(ListProblem::Partial(what.clone()));
        }
        if let Some(id) = &self.twins {
            let id = untrusted::escape_truncated(id.as_str(), MAX_HEADER_CHARS);
            return Err(ListProblem::Twins(id));
        }
        Ok(ListFacts {
            company: self.companies.into_iter().next(),
            incomplete,
        })
    }
}

/// The header by which a response announces more webhooks than the `n` that it holds; `None` if there is none.
fn announced_rest(headers: &HeaderMap, n: usize) -> Option<String> {
    let ranges = header_texts(headers, CONTENT_RANGE.as_str());
    if let Some(range) = ranges.into_iter().find(|range| !is_whole(range, n)) {
        let is_of_numbers = |c: char| c.is_ascii_digit() || matches!(c, '-' | '/' | '*');
        let numbers = range.rsplit(char::is_whitespace).next();
        let numbers = numbers.filter(|text| text.len() < 60 && text.chars().all(is_of_numbers));
        return Some(match numbers {
            Some(numbers) => {
                format!("its header Content-Range is `{numbers}`, and the list holds {n}")
            }
            None => format!(
                "its header Content-Range is not the range of a whole list, and the list holds {n}"
            ),
        });
    }
    let links = header_texts(headers, LINK.as_str());
    if links.iter().any(|links| has_next_link(links)) {
        return Some(format!(
            "its header Link names a next page, and the list holds {n}"
        ));
    }
    let totals = TOTAL_HEADERS.into_iter().flat_map(|name| {
        let values = header_texts(headers, name).into_iter();
        values.filter_map(move |value| Some((name, parse_total(&value)?)))
    });
    let (name, total) = totals.into_iter().find(|(_, total)| *total > to_u64(n))?;
    Some(format!(
        "its header {name} counts {total}, and the list holds {n}"
    ))
}

/// The values of all headers of that name.
fn header_texts(headers: &HeaderMap, name: &str) -> Vec<String> {
    let values = headers.get_all(name).into_iter();
    values
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect()
}

/// A number of webhooks; one that is too large for `u64` counts as the largest.
fn parse_total(text: &str) -> Option<u64> {
    let digits = text.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

fn to_u64(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// Whether a `Content-Range`, such as `items 0-44/45`, covers exactly the `n` webhooks of the whole list.
fn is_whole(range: &str, n: usize) -> bool {
    let range = range.trim();
    let numbers = range.rsplit_once(char::is_whitespace);
    let numbers = numbers.map_or(range, |(_unit, numbers)| numbers);
    let Some((positions, total)) = numbers.split_once('/') else {
        return false;
    };
    let n = to_u64(n);
    if parse_total(total) != Some(n) {
        return false;
    }
    // There is no range of nothing, so an empty list may state any.
    n == 0
        || positions.split_once('-').is_some_and(|(first, last)| {
            parse_total(first) == Some(0) && parse_total(last) == Some(n - 1)
        })
}

/// Whether any link of a `Link` header (RFC 8288) has the relation `next`.
fn has_next_link(header: &str) -> bool {
    let links = split_unquoted(header, ',').into_iter();
    links
        .flat_map(|link| split_unquoted(link, ';'))
        .any(is_next_relation)
}

/// Whether a parameter of a link is `rel` with `next` among its words.
fn is_next_relation(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else {
        return false;
    };
    let words = value.trim().trim_matches('"');
    name.trim().eq_ignore_ascii_case("rel")
        && words
            .split_whitespace()
            .any(|word| word.eq_ignore_ascii_case("next"))
}

/// Splits a header at a separator, except inside `<…>` and quotes.
fn split_unquoted(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let mut closing = None;
    let mut is_escaped = false;
    for (at, character) in text.char_indices() {
        match closing {
            Some('"') if is_escaped => is_escaped = false,
            Some('"') if character == '\\' => is_escaped = true,
            Some(end) if character == end => closing = None,
            None if character == '"' => closing = Some('"'),
            None if character == '<' => closing = Some('>'),
            None if character == separator => {
                parts.push(&text[start..at]);
                start = at + separator.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::{ListFacts, RowCheck, announced_rest, has_next_link, is_whole};
    use crate::coralogix::webhook::{Webhook, parse_list};
    use crate::http::failure::ListProblem;
    use proptest::collection::vec;
    use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            let name: HeaderName = name.parse().expect("a header name");
            (name, HeaderValue::from_str(value).expect("a header value"))
        };
        // `collect` keeps one value of a name, `append` all.
        let mut all = HeaderMap::new();
        for (name, value) in pairs.iter().map(pair) {
            all.append(name, value);
        }
        all
    }

    /// The webhooks that count, and the decision about the list, which arrives in parts of that size.
    fn check(list: &str, part: usize) -> (usize, Result<ListFacts, ListProblem>) {
        let webhooks: Vec<Webhook> = parse_list(list).expect("a list");
        let mut check = RowCheck::default();
        let parts = webhooks.chunks(part);
        let n = parts.map(|part| check.admit(part.to_vec()).len()).sum();
        (n, check.finish(&HeaderMap::new(), false))
    }

    #[test]
    fn only_a_next_link_announces_more() {
        let more = [
            "<https://a.example/?page=2>; rel=\"next\"",
            "<https://a.example/?page=2>; rel=next",
            "<https://a.example/?page=2>;rel=NEXT",
            "<https://a.example/?page=2>; REL=\"Next\"",
            "<https://a.example/?page=2> ; rel = \"prev next\"",
            "<https://a.example/?page=2>; rel=\"last  NeXt\"; title=\"x\"",
            "<https://a.example/1>; rel=prev, <https://a.example/3>; rel=next",
            "<https://a.example/?a=1,2;3>; title=\"a, \\\"b; c\"; rel=\"next\"",
            "rel=next",
        ];
        for link in more {
            assert!(has_next_link(link), "{link}");
            assert!(announced_rest(&headers(&[("link", link)]), 3).is_some());
        }
        let whole = [
            "",
            "<https://a.example/?rel=next>; rel=last",
            "<https://a.example/1>; rel=\"prev\", <https://a.example/9>; rel=\"last\"",
            "<https://a.example/a,b;rel=next>; rel=first",
            "<https://a.example/1>; title=\"; rel=next\"; rel=prev",
            "<https://a.example/1>; rel=nextish",
            "<https://a.example/1>; rev=next",
            "next",
        ];
        for link in whole {
            assert!(!has_next_link(link), "{link}");
            assert_eq!(announced_rest(&headers(&[("link", link)]), 3), None);
        }
        let two = [("link", "<a>; rel=prev"), ("Link", "<b>; rel=next")];
        assert!(announced_rest(&headers(&two), 3).is_some());
    }

    #[test]
    fn only_the_range_of_all_webhooks_is_whole() {
        for range in ["items 0-44/45", "0-44/45", " webhooks  0-44/45 "] {
            assert!(is_whole(range, 45), "{range}");
        }
        let partial = [
            "items 0-29/45",
            "items 0-44/*",
            "items 1-45/45",
            "items 0-44/90",
            "items */45",
            "items 0-44",
            "items",
            "",
            "bytes 0-1233/1234",
            "items 0-+44/45",
        ];
        for range in partial {
            assert!(!is_whole(range, 45), "{range}");
            let headers = headers(&[("content-range", range)]);
            let why = announced_rest(&headers, 45).expect("an incomplete list");
            assert!(why.contains("Content-Range"), "{why}");
        }
        assert!(is_whole("items */0", 0) && is_whole("items 0-0/0", 0));
        assert!(!is_whole("items */1", 0));
        let two = [("content-range", "0-1/2"), ("content-range", "0-1/3")];
        assert!(announced_rest(&headers(&two), 2).is_some());
    }

    #[test]
    fn only_a_total_above_the_number_of_webhooks_announces_more() {
        for name in ["X-Total-Count", "x-total", "Total-Count"] {
            for total in ["46", " 46 ", "99999999999999999999999"] {
                let why = announced_rest(&headers(&[(name, total)]), 45).expect(total);
                assert!(why.to_lowercase().contains(&name.to_lowercase()), "{why}");
            }
            for total in ["45", "44", "0", "", "many", "-46", "46.5", "0x46"] {
                assert_eq!(
                    announced_rest(&headers(&[(name, total)]), 45),
                    None,
                    "{total}"
                );
            }
        }
        let two = [("x-total", "1"), ("x-total", "46")];
        assert!(announced_rest(&headers(&two), 45).is_some());
    }

    #[test]
    fn what_a_header_says_is_escaped_and_cut() {
        let long = format!("items \u{202e}{}", "9".repeat(500));
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_bytes(long.as_bytes()).expect("opaque bytes");
        headers.insert("content-range", value);
        let why = announced_rest(&headers, 1).expect("an incomplete list");
        assert!(!why.contains('\u{202e}') && why.len() < 200, "{why}");
    }

    #[test]
    fn accepting_an_incomplete_list_excuses_nothing_else() {
        let more = headers(&[("x-total", "9")]);
        let check = |list: &str| {
            let mut check = RowCheck::default();
            check.admit(parse_list(list).expect("a list"));
            check.finish(&more, true)
        };
        let accepted = check(r#"[{"id":1}]"#).expect("accepted");
        assert!(
            accepted
                .incomplete
                .is_some_and(|why| why.contains("X-Total"))
        );
        let twins = check(r#"[{"id":1,"alias":"a"},{"id":1,"alias":"b"}]"#);
        assert_eq!(twins, Err(ListProblem::Twins("1".to_owned())));
        let companies = check(r#"[{"id":1,"company_id":1},{"id":2,"company_id":2}]"#);
        assert!(matches!(companies, Err(ListProblem::Companies(_))));
    }

    #[test]
    fn equal_webhooks_with_one_id_count_once() {
        let list = r#"[
            {"id":1,"alias":"a","url":"u","updated_at":"1","company_id":5},
            {"id":2,"alias":"a","url":"u"},
            {"url":"u","alias":"a","id":"1","updated_at":"2","created_at":"3"},
            {"alias":"no id"},
            {"alias":"no id"}
        ]"#;
        for part in 1..6 {
            let (n, facts) = check(list, part);
            assert_eq!(n, 4);
            assert_eq!(facts.expect("whole").company.as_deref(), Some("5"));
        }
    }

    #[test]
    fn the_number_of_webhooks_counts_repeated_ones() {
        let mut check = RowCheck::default();
        let twice = parse_list(r#"[{"id":1},{"id":1}]"#).expect("a list");
        assert_eq!(check.admit(twice).len(), 1);
        let headers = headers(&[("content-range", "0-1/2"), ("x-total", "2")]);
        assert!(check.finish(&headers, false).is_ok());
    }

    #[test]
    fn different_webhooks_with_one_id_are_no_list() {
        let differing = [
            r#"{"id":7,"alias":"b"}"#,
            r#"{"id":"7","alias":"b"}"#,
            r#"{"id":7}"#,
            r#"{"id":7,"alias":"a","x":1}"#,
            r#"{"id":7,"alias":"a","alias":"a"}"#,
        ];
        for other in differing {
            for part in 1..4 {
                let list = format!(r#"[{{"id":7,"alias":"a"}},{{"id":8,"alias":"a"}},{other}]"#);
                let (_, result) = check(&list, part);
                assert_eq!(result, Err(ListProblem::Twins("7".to_owned())), "{other}");
            }
        }
    }

    #[test]
    fn webhooks_of_two_companies_are_no_list() {
        let one = [
            r#"{"company_id":1}"#,
            r#"{"companyId":"1"}"#,
            r#"{"company_id":"1","companyId":1}"#,
            r#"{"company_id":null}"#,
            r#"{"company_id":"","companyId":1}"#,
            "{}",
        ];
        let (_, facts) = check(&format!("[{}]", one.join(",")), 2);
        assert_eq!(facts.expect("one company").company.as_deref(), Some("1"));
        for other in [
            r#"{"company_id":2}"#,
            r#"{"company_id":1,"companyId":2}"#,
            r#"{"companyId":"01"}"#,
        ] {
            let (_, result) = check(&format!("[{},{other}]", one.join(",")), 3);
            assert!(matches!(result, Err(ListProblem::Companies(_))), "{other}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn a_list_is_accepted_exactly_if_no_id_has_two_contents(
            rows in vec((0_u8..6, 0_u8..3, 0_u8..2), 0..12),
            part in 1_usize..5,
        ) {
            let row = |(id, alias, time): &(u8, u8, u8)| {
                format!(r#"{{"id":{id},"updated_at":{time},"alias":"{alias}"}}"#)
            };
            let list = format!("[{}]", rows.iter().map(row).collect::<Vec<_>>().join(","));
            let mut contents: Vec<(u8, u8)> = rows.iter().map(|(id, alias, _)| (*id, *alias)).collect();
            contents.sort_unstable();
            contents.dedup();
            let n_contents = contents.len();
            contents.dedup_by_key(|(id, _)| *id);
            let (n, result) = check(&list, part);
            prop_assert_eq!(result.is_ok(), contents.len() == n_contents);
            prop_assert!(result.is_err() || n == n_contents);
        }

        #[test]
        fn any_header_is_read_without_a_panic(text in "[ -~\u{e9}]{0,40}", n in 0_usize..50) {
            let value = HeaderValue::from_bytes(text.as_bytes()).expect("opaque bytes");
            for name in ["link", "content-range", "x-total"] {
                let mut headers = HeaderMap::new();
                headers.insert(name, value.clone());
                let announced = announced_rest(&headers, n);
                prop_assert!(announced.is_none_or(|why| why.contains("header")));
            }
        }

        #[test]
        fn exactly_the_whole_range_is_whole(first in 0_u64..4, last in 0_u64..6, total in 0_u64..6, n in 1_usize..6) {
            let size = n as u64;
            let whole = (first, last + 1, total) == (0, size, size);
            prop_assert_eq!(is_whole(&format!("items {first}-{last}/{total}"), n), whole);
        }
    }
}
