//! Handles one request from its arrival to its end: applies switches and faults, and writes the log.

use std::convert::Infallible;
use std::time::{Duration, Instant, SystemTime};
use std::{error, fmt, future};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue, LOCATION};
use hyper::{Request, Response, StatusCode};
use serde::de::IgnoredAny;

use super::account::{Account, State};
use super::api::{self, MAX_BYTES};
use super::fault::{Action, Commit, Reply, WaitHeader, WaitValue};
use super::newer_api::Delivery;
use super::request_log::{LoggedRequest, Outcome};
use super::response::{ApiResponse, PLAIN};
use super::switches::{Errors, Switches};

/// How a connection ends if its client gets no complete response.
#[derive(Debug)]
pub(super) enum Disconnect {
    Closed,
    Reset,
    /// Closed after these bytes.
    AfterBytes(Vec<u8>),
}

impl fmt::Display for Disconnect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("connection severed on purpose")
    }
}

impl error::Error for Disconnect {}

enum Completion {
    Respond(ApiResponse),
    Disconnect(Disconnect),
    Stall,
}

pub(super) async fn handle_request(
    account: Account,
    connection: u64,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Disconnect> {
    let mut request = read_request(&account, connection, request).await?;
    let action = account.lock().next_action(&request.method);
    let mut log_ix = None;
    if !action.delay.is_zero() {
        log_ix = Some(account.lock().log_request(None, &request));
        account.notify_waiters();
        tokio::time::sleep(action.delay).await;
    }
    let (completion, delivery) = apply_and_log(&account, log_ix, &mut request, action);
    // It happens whether or not the client gets the answer.
    let delivered = match delivery {
        Some(delivery) => Some(delivery.send().await),
        None => None,
    };
    match completion {
        Completion::Respond(answer) => Ok(delivered.unwrap_or(answer).into_response()),
        Completion::Disconnect(severed) => Err(severed),
        Completion::Stall => match future::pending::<Infallible>().await {},
    }
}

async fn read_request(
    account: &Account,
    connection: u64,
    request: Request<Incoming>,
) -> Result<LoggedRequest, Disconnect> {
    let (head, body) = request.into_parts();
    let max_bytes = account.lock().switches.max_bytes.unwrap_or_default();
    let (body, oversize) = match Limited::new(body, max_bytes.max(MAX_BYTES)).collect().await {
        Ok(body) => (body.to_bytes(), false),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => (Bytes::new(), true),
        // The client disconnected in the middle of its own request.
        Err(_) => return Err(Disconnect::Closed),
    };
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    Ok(LoggedRequest {
        received_at: Instant::now(),
        connection,
        method: head.method,
        path: path.to_owned(),
        headers: head.headers,
        n_items: count_items(&body),
        body,
        outcome: Outcome::Delayed,
        n_committed: 0,
        is_oversize: oversize,
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
fn apply_and_log(
    account: &Account,
    log_ix: Option<usize>,
    request: &mut LoggedRequest,
    action: Action,
) -> (Completion, Option<Delivery>) {
    let mut state = account.lock();
    let mut answer = match action.effect_delay {
        None => state.apply(account.key(), request, action.commit),
        Some(_) => None,
    };
    request.n_committed = answer.as_ref().map_or(0, |answer| answer.committed);
    let delivery = answer.as_mut().and_then(|answer| answer.delivery.take());
    let completion = complete(answer, action.reply, &state.switches, request);
    let completion = echo(completion, &state, request);
    let log_ix = state.log_request(log_ix, request);
    drop(state);
    tracing::debug!(side = ?account.side(), "{request}");
    if let Some(delay) = action.effect_delay {
        tokio::spawn(commit_late(
            account.clone(),
            log_ix,
            request.clone(),
            action.commit,
            delay,
        ));
    }
    account.notify_waiters();
    (completion, delivery)
}

/// With the switch `errors=echo`, lets an error repeat the key, and the body of this request or of the last one that
/// had any.
fn echo(completion: Completion, state: &State, request: &LoggedRequest) -> Completion {
    match completion {
        Completion::Respond(answer)
            if state.switches.errors == Errors::Echo && answer.status.as_u16() >= 400 =>
        {
            let bodies = state.log.iter().map(|logged| &logged.body);
            let mut bodies = bodies.chain([&request.body]);
            let body = bodies.rfind(|body| !body.is_empty());
            let key = request.headers.get(AUTHORIZATION);
            let sent = [
                key.map_or(b"".as_slice(), HeaderValue::as_bytes),
                body.map_or(b"".as_slice(), |body| body),
            ];
            let sent = String::from_utf8_lossy(&sent.join(&b' ')).into_owned();
            let message = format!("rejected: {}", state.switches.echo_as.spell(&sent));
            Completion::Respond(answer.with_message(&message))
        }
        other => other,
    }
}

async fn commit_late(
    account: Account,
    log_ix: usize,
    request: LoggedRequest,
    commit: Commit,
    delay: Duration,
) {
    tokio::time::sleep(delay).await;
    {
        let mut state = account.lock();
        if let Some(answer) = state.apply(account.key(), &request, commit) {
            state.log[log_ix].n_committed = answer.committed;
        }
    }
    account.notify_waiters();
}

/// Decides what the client gets, and sets the outcome that the log shows.
fn complete(
    answer: Option<ApiResponse>,
    reply: Reply,
    switches: &Switches,
    seen: &mut LoggedRequest,
) -> Completion {
    let (completion, outcome) = match (reply, answer) {
        (Reply::Truncate, Some(answer)) => (
            Completion::Disconnect(Disconnect::AfterBytes(answer.first_half())),
            Outcome::Truncated(answer.status.as_u16()),
        ),
        (Reply::Reset, _) => (Completion::Disconnect(Disconnect::Reset), Outcome::Reset),
        (Reply::Stall, _) => (Completion::Stall, Outcome::Stalled),
        (Reply::Normal, Some(answer)) => respond(answer),
        (Reply::Status { code, header }, _) => {
            let answer = status_response(switches, code, header);
            respond(answer)
        }
        (Reply::Html, _) => respond(ApiResponse::html(StatusCode::OK)),
        (Reply::Redirect(url), _) => {
            let status = StatusCode::TEMPORARY_REDIRECT;
            respond(ApiResponse::html(status).with_header(LOCATION, url))
        }
        (Reply::Close, _) | (Reply::Normal | Reply::Truncate, None) => {
            (Completion::Disconnect(Disconnect::Closed), Outcome::Dropped)
        }
    };
    seen.outcome = outcome;
    completion
}

fn respond(answer: ApiResponse) -> (Completion, Outcome) {
    let outcome = Outcome::Answered(answer.status.as_u16());
    (Completion::Respond(answer), outcome)
}

fn status_response(switches: &Switches, code: u16, header: Option<WaitHeader>) -> ApiResponse {
    let status = StatusCode::from_u16(code).expect("a fault's status is checked when parsed");
    let answer = match code {
        429 => ApiResponse::error(switches, status, "too many requests"),
        400.. => ApiResponse::error(switches, status, "a fault of the sandbox"),
        _ => ApiResponse::new(status, PLAIN, ""),
    };
    match header {
        None => answer,
        Some(WaitHeader { name, value }) => {
            answer.with_header(HeaderName::from_static(name), wait_text(value))
        }
    }
}

fn wait_text(value: WaitValue) -> String {
    let since_epoch = |ahead| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        now.unwrap_or_default() + ahead
    };
    match value {
        WaitValue::Literal(text) => text,
        WaitValue::Date(ahead) => httpdate::fmt_http_date(SystemTime::now() + ahead),
        WaitValue::Epoch(ahead) => since_epoch(ahead).as_secs().to_string(),
        WaitValue::EpochMillis(ahead) => since_epoch(ahead).as_millis().to_string(),
    }
}

impl State {
    /// Executes the part of a request that `commit` selects; `None` if that is nothing.
    fn apply(&mut self, key: &str, request: &LoggedRequest, commit: Commit) -> Option<ApiResponse> {
        let half = match commit {
            Commit::None => return None,
            Commit::Half => true,
            Commit::All => false,
        };
        let Self {
            store,
            switches,
            second_key,
            ..
        } = self;
        let keys = [Some(key), second_key.as_deref()];
        Some(api::respond(store, switches, keys, request, half))
    }

    /// Appends to the log, or overwrites the entry at that index; returns the index.
    fn log_request(&mut self, log_ix: Option<usize>, request: &LoggedRequest) -> usize {
        let log_ix = log_ix.unwrap_or(self.log.len());
        match self.log.get_mut(log_ix) {
            Some(earlier) => *earlier = request.clone(),
            None => self.log.push(request.clone()),
        }
        log_ix
    }
}
