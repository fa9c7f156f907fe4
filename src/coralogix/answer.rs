//! What can be understood of an answer: its time, and the rows that a write returned.
//! Never fails a write because its answer was odd.

use super::webhook::{self, Webhook};
use crate::http::failure::Failure;
use reqwest::header::{DATE, HeaderMap};
use std::time::SystemTime;

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

pub(super) fn text_of(body: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(body).map_err(|_| Failure::Unusable("not UTF-8 text".to_owned()))
}

/// The rows of an accepted write; an answer in any other form gives none.
pub(super) fn rows_of(body: Vec<u8>) -> Vec<Webhook> {
    let Ok(text) = text_of(body) else {
        return Vec::new();
    };
    if text.trim_start().starts_with('{') {
        return Webhook::parse(text).into_iter().collect();
    }
    webhook::parse_list(text).unwrap_or_default()
}
