//! A failed request as the user reads it: which account, what the server said, what to do next.
//! Never shows a request body, a key, or more of a URL than its host.

use super::account::{Access, Account, Side};
use crate::error::{Error, ErrorKind};
use crate::http::failure::{
    ConnectFailure, Failure, ListProblem, Refusal, RequestedWait, UnusableCause,
    is_transient_status,
};
use crate::http::server_words::{SentValues, ShownWords};

/// The vendor's name of the permission to read webhooks.
pub const READ_PERMISSION: &str = "OUTBOUND-WEBHOOKS:READCONFIG";
/// The vendor's name of the permission to create, change and delete webhooks.
pub const WRITE_PERMISSION: &str = "OUTBOUND-WEBHOOKS:UPDATECONFIG";
/// The vendor's permission preset that contains both.
pub const PERMISSION_PRESET: &str = "OUTBOUNDWEBHOOKS";
/// The message of an error whose body is a page, as a proxy answers and not the API.
pub(super) const HTML_PAGE: &str = "an HTML page";

impl Failure {
    /// The error that the user reads; `operation` names the request, such as `list its webhooks`.
    pub fn explain(&self, account: &Account, operation: &str) -> Error {
        match self {
            Self::NotSent(ConnectFailure::Host(cause)) => {
                Error::failed(format!("cannot reach {account}: {cause}")).with_hint(
                    "check the region or URL, and the network; behind a proxy, set HTTPS_PROXY; nothing was sent",
                )
            }
            Self::NotSent(ConnectFailure::Proxy(proxy, cause)) => {
                Error::failed(format!("cannot reach {account} through {proxy}: {cause}"))
                    .with_hint(format!("{}; nothing was sent", proxy.hint()))
            }
            Self::NotSent(ConnectFailure::Certificate(cause)) => Error::failed(format!(
                "the certificate of {account} was not accepted: {cause}"
            ))
            .with_hint(cause.hint()),
            Self::NotSent(ConnectFailure::NoUrl(why)) => Error::failed(format!(
                "the request to {operation} was not sent to {account}: {why}"
            )),
            Self::Lost { why, .. } => Error::failed(format!("{account} failed to {operation}: {why}"))
                .with_hint("try again; for a slow server, pass a longer --timeout"),
            Self::Unusable(unusable) => Error::failed(format!(
                "{account} failed to {operation}: the response is {}",
                unusable.what
            ))
            .with_hint(unusable_hint(unusable.cause)),
            Self::BadList(problem) => explain_list_problem(problem, account),
            Self::Refused(refusal) => refusal.explain(account, operation),
        }
    }
}

fn unusable_hint(cause: UnusableCause) -> &'static str {
    match cause {
        UnusableCause::OtherServer => {
            "check the region or URL: something other than the webhooks API answered, perhaps a proxy, a login page, or the captive portal of this network"
        }
        UnusableCause::Damaged => {
            "the API, or a proxy or gateway in front of it, sends damaged responses; hookferry uses no part of them. Compare with what `curl` gets, and with another network"
        }
        UnusableCause::OtherForm => {
            "the API returns all webhooks as one JSON array, and hookferry does not guess which part of another value is the whole list: check the URL, and for a gateway that wraps lists or splits them into pages"
        }
        UnusableCause::TooLarge => "check the region or URL; no account is that large",
    }
}

fn explain_list_problem(problem: &ListProblem, account: &Account) -> Error {
    let kind = if problem.is_wrong_account() {
        ErrorKind::WrongAccount
    } else {
        ErrorKind::Failed
    };
    let hint = match problem {
        ListProblem::Status(_) => {
            "only a list with status 200 is whole; check for a proxy or gateway in front of the API; nothing was written"
        }
        ListProblem::Partial(_) => {
            "hookferry does not guess the rest, and wrote nothing; check for a proxy or gateway that splits lists. If it adds that header to whole lists, too, `migrate`, `plan`, `apply`, `rules`, `list`, `export` and `diff` read a source all the same with --accept-incomplete"
        }
        ListProblem::Twins(_) => {
            "hookferry does not guess which one counts; look the webhook up in the Coralogix UI, then run the same command again; nothing was written"
        }
        ListProblem::Companies(_) | ListProblem::OtherCompany { .. } => {
            "an API key belongs to one company: check the region or URL, and for a proxy or gateway that mixes accounts; nothing was written"
        }
    };
    Error::new(kind, format!("{account} {problem}")).with_hint(hint)
}

impl Refusal {
    fn explain(&self, account: &Account, operation: &str) -> Error {
        let mut what = format!(
            "{account} answered {} to a request to {operation}",
            self.status
        );
        if let Some(host) = &self.redirect_host {
            what = format!("{what} (a redirect to {host}, not followed)");
        }
        if !self.message.is_empty() {
            what = format!("{what}: {}", self.message);
        }
        if let Some(wait) = self.asked_wait() {
            what = format!("{what}; it asks to wait {wait}");
        }
        let kind = match self.status {
            401 | 403 => ErrorKind::Authentication,
            _ => ErrorKind::Failed,
        };
        let error = Error::new(kind, what).with_http_status(self.status);
        let refuses_key = kind == ErrorKind::Authentication;
        let alternative = account.key_alternative.as_ref().filter(|_| refuses_key);
        match (self.hint(account.side, account.access), alternative) {
            (Some(hint), Some(alternative)) => error.with_hint(format!("{hint}; {alternative}")),
            (Some(hint), None) => error.with_hint(hint),
            (None, _) => error,
        }
    }

    /// The wait that the server asks for before it can answer; `None` if it names none.
    pub fn asked_wait(&self) -> Option<RequestedWait> {
        let wait = self.requested_wait.filter(|wait| !wait.duration.is_zero());
        wait.filter(|_| is_transient_status(self.status))
    }

    /// The next step for statuses with a usual cause; `None` for all others.
    pub fn hint(&self, side: Side, access: Access) -> Option<String> {
        let permission = match access {
            Access::Read => READ_PERMISSION.to_owned(),
            Access::Write => format!("{READ_PERMISSION} and {WRITE_PERMISSION}"),
        };
        let key = &self.key_origin;
        match self.status {
            _ if self.asked_wait().is_some() => {
                Some(ASKED_TO_WAIT_HINT.to_owned())
            }
            401 | 403 => Some(format!(
                "the key {key} needs {permission} (preset {PERMISSION_PRESET}); a key from another region gets the same answer, so check that the key belongs to the {side}'s region"
            )),
            300..=399 => Some("if you trust the host that the redirect points to, pass its address instead; hookferry sends a key only to the host that you named".to_owned()),
            404 | 405 => Some(format!(
                "check the {side}'s region or URL: the webhooks API is not at this address (AP1 also has an older address, https://api.app.coralogix.in)"
            )),
            429 => Some("the account's rate limit is still exhausted; try again later, or pass a lower --rate".to_owned()),
            500..=599 => Some("the server failed; try again later".to_owned()),
            _ => None,
        }
    }
}

/// What to do about a server that asks for a longer wait than the run has time for.
pub const ASKED_TO_WAIT_HINT: &str = "try again then, or let the run wait longer with --max-wait";

/// The server's words in a refusal. A 401 is about the key, whatever its words, so that is said if they are withheld.
pub(super) fn refusal_words(status: u16, body: &str, sent: &SentValues) -> ShownWords {
    let reason = (status == 401).then_some("the API key was not accepted");
    server_words(body, sent, reason)
}

/// The server's words in a body: the API's usual JSON keys, else the body itself.
fn server_words(body: &str, sent: &SentValues, reason: Option<&'static str>) -> ShownWords {
    let trimmed = body.trim();
    match serde_json::from_str::<serde_json::Value>(trimmed) {
        Ok(json) => sent.show_or(&json_message(&json).unwrap_or_default(), reason),
        Err(_) if trimmed.starts_with('<') => ShownWords::ours(HTML_PAGE),
        Err(_) => sent.show_or(trimmed, reason),
    }
}

/// The server's words in the body of an accepted write: beside the webhooks that it wrote, or in their place.
pub(super) fn accepted_words(body: &str, sent: &SentValues) -> ShownWords {
    match serde_json::from_str::<serde_json::Value>(body) {
        Ok(serde_json::Value::Array(rows)) => {
            let without_id = rows.iter().filter(|row| row.get("id").is_none());
            let messages: Vec<String> = without_id.filter_map(json_message).collect();
            sent.show(&messages.join("; "))
        }
        _ => server_words(body, sent, None),
    }
}

pub(super) fn json_message(json: &serde_json::Value) -> Option<String> {
    let pointers = ["/message", "/error/message", "/error", "/detail"];
    let found = pointers
        .iter()
        .find_map(|pointer| json.pointer(pointer).and_then(serde_json::Value::as_str))
        .or_else(|| json.as_str());
    found.map(str::to_owned).or_else(|| error_messages(json))
}

/// The messages in an array `errors`, whose elements are texts or objects with a `message`.
fn error_messages(json: &serde_json::Value) -> Option<String> {
    let errors = json.get("errors")?.as_array()?;
    let message = |error: &serde_json::Value| {
        let text = error.get("message").unwrap_or(error).as_str()?;
        Some(text.to_owned())
    };
    let messages: Vec<String> = errors.iter().filter_map(message).collect();
    (!messages.is_empty()).then(|| messages.join("; "))
}
