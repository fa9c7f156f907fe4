//! Turns failures of an object store into user-facing errors: which repository, what the store said, what to do.
//! Never shows the library's own messages, because they contain URLs and whole responses.

use super::transport::{StoreRefusal, TransportError};
use crate::error::{Error, ErrorKind};
use crate::http::failure::{ConnectFailure, Failure};

/// The hint for missing credentials.
pub(super) const CREDENTIALS_HINT: &str = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN if you have one; hookferry does not read the files of the `aws` program";

/// The hint for a response that does not come from an object store.
const NOT_A_STORE_HINT: &str = "check AWS_ENDPOINT_URL: something else responded, perhaps a proxy, a login page, or a store with an incompatible API";

/// Error codes for rejected credentials, whatever the status.
const CREDENTIALS_REJECTED: &[&str] = &[
    "AccessDenied",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
];

/// Whether the object does not exist; a missing bucket is a different error.
pub(super) fn is_missing(error: &object_store::Error) -> bool {
    matches!(find_transport_error(error), Some(TransportError::Refused(refusal))
        if refusal.status == 404 && refusal.code != "NoSuchBucket")
}

/// Whether a conditional PUT certainly stored nothing: the store never received it, or refused it for good.
///
/// A refusal because the object already exists proves nothing: an earlier attempt may have stored it.
pub(super) fn stored_nothing_for_certain(error: &object_store::Error) -> bool {
    match find_transport_error(error) {
        Some(TransportError::Transport(failure)) => matches!(failure, Failure::NotSent(_)),
        Some(TransportError::Refused(refusal)) => {
            !refusal.is_transient() && !matches!(refusal.status, 304 | 409 | 412)
        }
        None => false,
    }
}

/// The error for a failed request; `doing` completes the phrase "the store did not …".
pub(super) fn request_error(
    name: &str,
    host: &str,
    doing: &str,
    error: &object_store::Error,
) -> Error {
    match find_transport_error(error) {
        Some(TransportError::Refused(refusal)) => refusal_error(name, host, doing, refusal),
        Some(TransportError::Transport(failure)) => no_response_error(name, host, doing, failure),
        None if matches!(error, object_store::Error::InvalidPath { .. }) => Error::failed(format!(
            "`{name}` contains an object that hookferry did not write, whose key has an empty segment, `.`, or `..`"
        ))
        .with_hint("remove that object, or use a separate prefix for the backups"),
        None => Error::failed(format!(
            "the store of `{name}` at {host} did not {doing}: the response is not from an object store"
        ))
        .with_hint(NOT_A_STORE_HINT),
    }
}

/// The error for missing credentials, or for a credentials endpoint that refused to issue any.
pub(super) fn credentials_error(name: &str, error: Option<&object_store::Error>) -> Error {
    let what = match error.and_then(find_transport_error) {
        Some(TransportError::Refused(refusal)) => format!(
            "the credentials endpoint for `{name}` answered {}",
            describe(refusal)
        ),
        _ => format!(
            "there are no credentials for `{name}`, and no credentials endpoint is reachable"
        ),
    };
    Error::new(ErrorKind::Authentication, what).with_hint(CREDENTIALS_HINT)
}

/// The error of our own transport, which the library wraps in errors of its own.
fn find_transport_error(error: &object_store::Error) -> Option<&TransportError> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(trouble) = error.downcast_ref() {
            return Some(trouble);
        }
        cause = error.source();
    }
    None
}

fn no_response_error(name: &str, host: &str, doing: &str, failure: &Failure) -> Error {
    let did_not = |why: &str| {
        Error::failed(format!(
            "the store of `{name}` at {host} did not {doing}: {why}"
        ))
    };
    match failure {
        Failure::NotSent(ConnectFailure::Host(cause)) => Error::failed(format!(
            "cannot reach the store of `{name}` at {host}: {cause}"
        ))
        .with_hint(
            "check AWS_ENDPOINT_URL or AWS_REGION, the network, and HTTPS_PROXY if you use a proxy",
        ),
        Failure::NotSent(ConnectFailure::Proxy(proxy, cause)) => Error::failed(format!(
            "cannot reach the store of `{name}` at {host} through {proxy}: {cause}"
        ))
        .with_hint(proxy.hint()),
        Failure::NotSent(ConnectFailure::Certificate(cause)) => Error::failed(format!(
            "the TLS certificate of the store of `{name}` at {host} is not trusted: {cause}"
        ))
        .with_hint(
            "for a private CA, set AWS_CA_BUNDLE to its file; the check cannot be turned off",
        ),
        Failure::Lost { why, .. } => did_not(why).with_hint("try again later"),
        Failure::Unusable(unusable) => {
            did_not(&format!("the response is {}", unusable.what)).with_hint(NOT_A_STORE_HINT)
        }
        Failure::NotSent(ConnectFailure::NoUrl(_)) | Failure::Refused(_) | Failure::BadList(_) => {
            did_not(&failure.brief())
        }
    }
}

fn refusal_error(name: &str, host: &str, doing: &str, refusal: &StoreRefusal) -> Error {
    if refusal.code == "NoSuchBucket" {
        return Error::new(
            ErrorKind::NoBackup,
            format!("there is no repository `{name}`: {host} has no such bucket"),
        )
        .with_hint("hookferry does not create buckets: create it, or check its name, AWS_REGION, and AWS_ENDPOINT_URL");
    }
    let is_auth_error = matches!(refusal.status, 401 | 403)
        || CREDENTIALS_REJECTED.contains(&refusal.code.as_str());
    let kind = if is_auth_error {
        ErrorKind::Authentication
    } else {
        ErrorKind::Failed
    };
    let what = format!(
        "the store of `{name}` at {host} did not {doing}: it answered {}",
        describe(refusal)
    );
    Error::new(kind, what).with_hint(hint(refusal, is_auth_error))
}

/// The status, followed by the code and the store's message if present.
fn describe(refusal: &StoreRefusal) -> String {
    let mut text = refusal.status.to_string();
    if !refusal.code.is_empty() {
        text = format!("{text} {}", refusal.code);
    }
    if !refusal.message.is_empty() {
        text = format!("{text}: {}", refusal.message);
    }
    text
}

fn hint(refusal: &StoreRefusal, is_auth_error: bool) -> String {
    let hint = match (refusal.status, refusal.code.as_str()) {
        (300..=399, _) | (400, "AuthorizationHeaderMalformed") => {
            return match &refusal.region {
                Some(region) => format!("the bucket is in another region: AWS_REGION={region}"),
                None => {
                    "check AWS_REGION and AWS_ENDPOINT_URL: hookferry does not follow redirects"
                        .to_owned()
                }
            };
        }
        (_, "RequestTimeTooSkewed") => "correct this machine's clock",
        _ if is_auth_error => {
            "check the credentials in the AWS_* variables and their permissions: `hookferry help object-stores` lists them"
        }
        (501, _) => {
            "the store must support ListObjectsV2, and conditional writes (If-None-Match) for `hookferry backup create`"
        }
        (404 | 405, _) => "check AWS_ENDPOINT_URL: something else may have responded",
        (409, _) => "another write to the same object is in progress; try again later",
        (429 | 500..=599, _) => "the store failed or is overloaded; try again later",
        _ => "check the AWS_* variables, and the store's documentation of this response",
    };
    hint.to_owned()
}
