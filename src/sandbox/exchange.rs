//! Handles one request from its arrival to its end: applies switches and faults, and writes the log.

use std::convert::Infallible;
use std::time::{Duration, Instant, SystemTime};
use std::{error, fmt, future};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{LOCATION, RETRY_AFTER};
use hyper::{Request, Response, StatusCode};
use serde::de::IgnoredAny;

use super::account::{Account, State};
use super::answer::{Answer, PLAIN};
use super::api::{self, MAX_BYTES};
use super::fault::{Action, Commit, Reply, RetryAfter};
use super::seen::{Outcome, Seen};
use super::switches::Switches;

/// How a connection ends if its client gets no complete response.
#[derive(Debug)]
pub(super) enum Severed {
    Closed,
    Reset,
    /// Closed after these bytes.
    After(Vec<u8>),
}

impl fmt::Display for Severed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("connection severed on purpose")
    }
}

impl error::Error for Severed {}

enum Fate {
    Answered(Answer),
    Severed(Severed),
    Stalled,
}

pub(super) async fn exchange(
    account: Account,
    connection: u64,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Severed> {
    let mut seen = read(&account, connection, request).await?;
    let action = account.lock().admit(&seen.method);
    let mut entry = None;
    if !action.delay.is_zero() {
        entry = Some(account.lock().record(None, &seen));
        account.announce();
        tokio::time::sleep(action.delay).await;
    }
    match settle(&account, entry, &mut seen, action) {
        Fate::Answered(answer) => Ok(answer.into_response()),
        Fate::Severed(severed) => Err(severed),
        Fate::Stalled => match future::pending::<Infallible>().await {},
    }
}

async fn read(
    account: &Account,
    connection: u64,
    request: Request<Incoming>,
) -> Result<Seen, Severed> {
    let (head, body) = request.into_parts();
    let allowed = account.lock().switches.max_bytes.unwrap_or_default();
    let (body, oversize) = match Limited::new(body, allowed.max(MAX_BYTES)).collect().await {
        Ok(body) => (body.to_bytes(), false),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => (Bytes::new(), true),
        // The client disconnected in the middle of its own request.
        Err(_) => return Err(Severed::Closed),
    };
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    Ok(Seen {
        at: Instant::now(),
        connection,
        method: head.method,
        path: path.to_owned(),
        headers: head.headers,
        items: count_items(&body),
        body,
        outcome: Outcome::Delayed,
        committed: 0,
        oversize,
    })
}

fn count_items(body: &[u8]) -> usize {
    match body.trim_ascii_start().first() {
        Some(b'[') => {
            serde_json::from_slice::<Vec<IgnoredAny>>(body).map_or(0, |items| items.len())
        }
        Some(b'{') => 1,
        _ => 0,
    }
}

/// Applies a request and logs it, in one atomic step for every observer.
fn settle(account: &Account, entry: Option<usize>, seen: &mut Seen, action: Action) -> Fate {
    let mut state = account.lock();
    let answer = match action.late {
        None => state.take_effect(account.key(), seen, action.commit),
        Some(_) => None,
    };
    seen.committed = answer.as_ref().map_or(0, |answer| answer.committed);
    let fate = decide(answer, action.reply, &state.switches, seen);
    let entry = state.record(entry, seen);
    drop(state);
    tracing::debug!(side = ?account.side(), "{seen}");
    if let Some(delay) = action.late {
        tokio::spawn(commit_late(
            account.clone(),
            entry,
            seen.clone(),
            action.commit,
            delay,
        ));
    }
    account.announce();
    fate
}

async fn commit_late(
    account: Account,
    entry: usize,
    request: Seen,
    commit: Commit,
    delay: Duration,
) {
    tokio::time::sleep(delay).await;
    {
        let mut state = account.lock();
        if let Some(answer) = state.take_effect(account.key(), &request, commit) {
            state.log[entry].committed = answer.committed;
        }
    }
    account.announce();
}

/// Decides what the client gets, and sets the outcome that the log shows.
fn decide(answer: Option<Answer>, reply: Reply, switches: &Switches, seen: &mut Seen) -> Fate {
    let (fate, outcome) = match (reply, answer) {
        (Reply::Truncate, Some(answer)) => (
            Fate::Severed(Severed::After(answer.first_half())),
            Outcome::Truncated(answer.status.as_u16()),
        ),
        (Reply::Reset, _) => (Fate::Severed(Severed::Reset), Outcome::Reset),
        (Reply::Stall, _) => (Fate::Stalled, Outcome::Stalled),
        (Reply::Normal, Some(answer)) => answered(answer),
        (Reply::Status { code, retry_after }, _) => {
            let answer = status(switches, code, retry_after);
            answered(answer.echo(switches, &seen.body))
        }
        (Reply::Html, _) => answered(Answer::html(StatusCode::OK)),
        (Reply::Redirect(url), _) => {
            let status = StatusCode::TEMPORARY_REDIRECT;
            answered(Answer::html(status).header(LOCATION, url))
        }
        (Reply::Close, _) | (Reply::Normal | Reply::Truncate, None) => {
            (Fate::Severed(Severed::Closed), Outcome::Dropped)
        }
    };
    seen.outcome = outcome;
    fate
}

fn answered(answer: Answer) -> (Fate, Outcome) {
    let outcome = Outcome::Answered(answer.status.as_u16());
    (Fate::Answered(answer), outcome)
}

fn status(switches: &Switches, code: u16, retry_after: Option<RetryAfter>) -> Answer {
    let status = StatusCode::from_u16(code).expect("a fault's status is checked when parsed");
    let answer = match code {
        400.. => Answer::error(switches, status, "a fault of the sandbox"),
        _ => Answer::new(status, PLAIN, ""),
    };
    match retry_after {
        None => answer,
        Some(RetryAfter::Literal(text)) => answer.header(RETRY_AFTER, text),
        Some(RetryAfter::Date(ahead)) => {
            let date = httpdate::fmt_http_date(SystemTime::now() + ahead);
            answer.header(RETRY_AFTER, date)
        }
    }
}

impl State {
    /// Executes the part of a request that `commit` selects; `None` if that is nothing.
    fn take_effect(&mut self, key: &str, request: &Seen, commit: Commit) -> Option<Answer> {
        let half = match commit {
            Commit::None => return None,
            Commit::Half => true,
            Commit::All => false,
        };
        let Self {
            store, switches, ..
        } = self;
        Some(api::respond(store, switches, key, request, half))
    }

    /// Appends to the log, or overwrites the entry at that index; returns the index.
    fn record(&mut self, entry: Option<usize>, seen: &Seen) -> usize {
        let entry = entry.unwrap_or(self.log.len());
        match self.log.get_mut(entry) {
            Some(earlier) => *earlier = seen.clone(),
            None => self.log.push(seen.clone()),
        }
        entry
    }
}
