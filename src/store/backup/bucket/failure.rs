//! What went wrong between this program and an object store, as the user reads it: which repository, what the store said, what to do.
//! Shows nothing of the library's own messages, because they hold URLs and whole answers.

use super::transport::{Refusal, Trouble};
use crate::error::{Error, ErrorKind};
use crate::http::failure::{Failure, Unreached};

/// What helps where credentials are missing.
pub(super) const CREDENTIALS: &str = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN where there is one; the files of the `aws` program are not read";

/// What helps where the answer is of something else.
const ELSE: &str = "check AWS_ENDPOINT_URL: something else answered, perhaps a proxy, a login page, or a store that speaks another dialect";

/// What a store calls credentials that it does not accept, whatever the status is.
const NOT_ACCEPTED: &[&str] = &[
    "AccessDenied",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
];

/// Whether an object is not there; a bucket that is missing is something else.
pub(super) fn is_missing(error: &object_store::Error) -> bool {
    matches!(trouble(error), Some(Trouble::Refused(refusal))
        if refusal.status == 404 && refusal.code != "NoSuchBucket")
}

/// Whether it is certain that a conditional PUT stored nothing: the store never saw it, or refused it for what it is.
///
/// A refusal because something is there already is not: that may be what an earlier attempt has stored.
pub(super) fn is_certain(error: &object_store::Error) -> bool {
    match trouble(error) {
        Some(Trouble::Transport(failure)) => matches!(failure, Failure::NotSent(_)),
        Some(Trouble::Refused(refusal)) => {
            !refusal.is_passing() && !matches!(refusal.status, 304 | 409 | 412)
        }
        None => false,
    }
}

/// The failure of a request: which repository, at which host, and what it was to do.
pub(super) fn explain(name: &str, host: &str, doing: &str, error: &object_store::Error) -> Error {
    match trouble(error) {
        Some(Trouble::Refused(refusal)) => refused(name, host, doing, refusal),
        Some(Trouble::Transport(failure)) => not_answered(name, host, doing, failure),
        None if matches!(error, object_store::Error::InvalidPath { .. }) => Error::failed(format!(
            "`{name}` holds an object that is not of hookferry's, under a key that cannot be read: with an empty part, `.` or `..`"
        ))
        .with_hint("remove that object, or give the backups a prefix of their own"),
        None => Error::failed(format!(
            "the store of `{name}` at {host} did not {doing}: the answer is not that of an object store"
        ))
        .with_hint(ELSE),
    }
}

/// What gives out credentials did not.
pub(super) fn no_credentials(name: &str, error: Option<&object_store::Error>) -> Error {
    let what = match error.and_then(trouble) {
        Some(Trouble::Refused(refusal)) => format!(
            "what gives out the credentials for `{name}` answered {}",
            said(refusal)
        ),
        _ => format!("there are no credentials for `{name}`, and nothing at hand gives any out"),
    };
    Error::new(ErrorKind::Authentication, what).with_hint(CREDENTIALS)
}

/// What our own transport found out, which the library has wrapped in errors of its own.
fn trouble(error: &object_store::Error) -> Option<&Trouble> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(trouble) = error.downcast_ref() {
            return Some(trouble);
        }
        cause = error.source();
    }
    None
}

fn not_answered(name: &str, host: &str, doing: &str, failure: &Failure) -> Error {
    let did_not = |why: &str| {
        Error::failed(format!(
            "the store of `{name}` at {host} did not {doing}: {why}"
        ))
    };
    match failure {
        Failure::NotSent(Unreached::Host(cause)) => Error::failed(format!(
            "cannot reach the store of `{name}` at {host}: {cause}"
        ))
        .with_hint("check AWS_ENDPOINT_URL or AWS_REGION, the network, and HTTPS_PROXY if there is a proxy"),
        Failure::NotSent(Unreached::Certificate(cause)) => Error::failed(format!(
            "the certificate of the store of `{name}` at {host} was not accepted: {cause}"
        ))
        .with_hint("a CA of your own goes to AWS_CA_BUNDLE; there is no way to switch the check off"),
        Failure::Lost { why, .. } => did_not(why).with_hint("try again later"),
        Failure::Unusable(what) => did_not(&format!("the answer is {what}")).with_hint(ELSE),
        Failure::Refused(_) => did_not(&failure.brief()),
    }
}

fn refused(name: &str, host: &str, doing: &str, refusal: &Refusal) -> Error {
    if refusal.code == "NoSuchBucket" {
        return Error::new(
            ErrorKind::NoBackup,
            format!("there is no repository `{name}`: {host} has no such bucket"),
        )
        .with_hint("hookferry makes no bucket: make it, or check its name, AWS_REGION and AWS_ENDPOINT_URL");
    }
    let is_unaccepted =
        matches!(refusal.status, 401 | 403) || NOT_ACCEPTED.contains(&refusal.code.as_str());
    let kind = if is_unaccepted {
        ErrorKind::Authentication
    } else {
        ErrorKind::Failed
    };
    let what = format!(
        "the store of `{name}` at {host} did not {doing}: it answered {}",
        said(refusal)
    );
    Error::new(kind, what).with_hint(hint(refusal, is_unaccepted))
}

/// Status, code and words, as far as there are any.
fn said(refusal: &Refusal) -> String {
    let mut text = refusal.status.to_string();
    if !refusal.code.is_empty() {
        text = format!("{text} {}", refusal.code);
    }
    if !refusal.words.is_empty() {
        text = format!("{text}: {}", refusal.words);
    }
    text
}

fn hint(refusal: &Refusal, is_unaccepted: bool) -> String {
    let hint = match (refusal.status, refusal.code.as_str()) {
        (300..=399, _) | (400, "AuthorizationHeaderMalformed") => {
            return match &refusal.region {
                Some(region) => format!("the bucket is in another region: AWS_REGION={region}"),
                None => {
                    "check AWS_REGION and AWS_ENDPOINT_URL: a redirect is not followed".to_owned()
                }
            };
        }
        (_, "RequestTimeTooSkewed") => "set the clock of this machine",
        _ if is_unaccepted => {
            "check the credentials in the variables that begin with AWS_, and what they may do: docs/object-stores.md lists the rights"
        }
        (501, _) => {
            "a store has to know conditional writes (If-None-Match) for `backup create`, and ListObjectsV2: docs/object-stores.md"
        }
        (404 | 405, _) => "check AWS_ENDPOINT_URL: something else may have answered",
        (409, _) => "another write to the same object is at work; try again later",
        (429 | 500..=599, _) => "the store failed or is overloaded; try again later",
        _ => "check the variables that begin with AWS_, and what the store says about this answer",
    };
    hint.to_owned()
}
