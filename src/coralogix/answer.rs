//! An HTTP answer read whole, and what can be understood of it.
//! Never passes on a list of which a part was not understood, and never fails a write because its answer was odd.

use super::failure::Failure;
use super::webhook::{self, NotAList, Webhook};
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap};
use std::time::SystemTime;

/// Status, headers and body of one answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// The answer to a list request.
#[derive(Debug)]
pub struct Listing {
    /// The webhooks in the order of the answer.
    pub webhooks: Vec<Webhook>,
    /// The server's clock when it answered.
    pub server_time: Option<SystemTime>,
}

pub(super) fn server_time(headers: &HeaderMap) -> Option<SystemTime> {
    let date = headers.get(DATE)?.to_str().ok()?;
    httpdate::parse_http_date(date).ok()
}

pub(super) fn text_of(answer: Answer) -> Result<String, Failure> {
    String::from_utf8(answer.body).map_err(|_| Failure::Unusable("not UTF-8 text".to_owned()))
}

pub(super) fn listing_of(answer: Answer) -> Result<Listing, Failure> {
    let server_time = server_time(&answer.headers);
    let text = text_of(answer)?;
    let first = text.trim_start().chars().next();
    let webhooks = webhook::parse_list(text).map_err(|problem| not_a_list(&problem, first))?;
    Ok(Listing {
        webhooks,
        server_time,
    })
}

/// What an answer is that is no list, from its first character too.
fn not_a_list(problem: &NotAList, first: Option<char>) -> Failure {
    match problem {
        NotAList::NotJson if first.is_none() => Failure::Unusable("empty".to_owned()),
        NotAList::NotJson if first == Some('<') => Failure::Unusable("an HTML page".to_owned()),
        // A list that ends in its middle may be whole the next time.
        NotAList::NotJson if first == Some('[') => Failure::Lost {
            why: "the answer was cut short".to_owned(),
            is_timeout: false,
        },
        NotAList::NotJson => Failure::Unusable("not JSON".to_owned()),
        NotAList::OtherValue(name) => {
            Failure::Unusable(format!("{name}, where a list of webhooks was expected"))
        }
        NotAList::Element(at) => {
            Failure::Unusable(format!("a list whose element {at} is no webhook"))
        }
    }
}

/// The rows of an accepted write; an answer in any other form gives none.
pub(super) fn rows_of(answer: Answer) -> Vec<Webhook> {
    let Ok(text) = text_of(answer) else {
        return Vec::new();
    };
    if text.trim_start().starts_with('{') {
        return Webhook::parse(text).into_iter().collect();
    }
    webhook::parse_list(text).unwrap_or_default()
}
