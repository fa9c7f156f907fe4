//! Receiving a response with a size limit, and classifying transport errors.
//! Never reads more than the limit, and never claims that a request was not sent if a server may have seen it.

use super::certificate::CertificateFlaw;
use super::failure::{ConnectFailure, Failure, Unusable, UnusableCause};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use std::io::ErrorKind;

/// The most bytes that are read of one response, after decompression.
const MAX_RESPONSE_BYTES: usize = 1 << 30;
/// The most bytes that are read of a refusal, of which only a few words are ever shown.
const MAX_REFUSAL_BYTES: usize = 64 << 10;

/// Status, headers and body of one response; the body is empty if it was streamed to a sink.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A callback that receives a response body chunk by chunk.
pub(crate) type ChunkSink<'a> = &'a mut (dyn FnMut(&[u8]) + Send);

/// Reads the whole response, up to the limit; of a refusal only the start, and what follows is not even received.
pub(crate) async fn receive(response: reqwest::Response) -> Result<Answer, Failure> {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    if status.is_success() {
        let mut on_chunk = |bytes: &[u8]| body.extend_from_slice(bytes);
        receive_streamed(response, &mut on_chunk).await?;
    } else {
        body = receive_start(response, MAX_REFUSAL_BYTES).await?;
    }
    Ok(Answer {
        status,
        headers,
        body,
    })
}

/// Reads a response body up to that many bytes.
async fn receive_start(
    mut response: reqwest::Response,
    n_bytes: usize,
) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while body.len() < n_bytes {
        let Some(chunk) = response.chunk().await.map_err(classify_error)? else {
            break;
        };
        let n_kept = chunk.len().min(n_bytes - body.len());
        body.extend_from_slice(&chunk[..n_kept]);
    }
    Ok(body)
}

/// Streams a response body to `on_chunk`, up to the limit.
pub(crate) async fn receive_streamed(
    mut response: reqwest::Response,
    on_chunk: ChunkSink<'_>,
) -> Result<(), Failure> {
    let mut length = 0;
    while let Some(chunk) = response.chunk().await.map_err(classify_error)? {
        length += chunk.len();
        if length > MAX_RESPONSE_BYTES {
            let what = "larger than 1 GiB";
            return Err(Failure::Unusable(Unusable::new(
                UnusableCause::TooLarge,
                what,
            )));
        }
        on_chunk(&chunk);
    }
    Ok(())
}

/// Classifies a transport error: only a connection that was never established proves that nothing was processed.
pub(crate) fn classify_error(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let timed_out = error.is_timeout();
    if error.is_builder() {
        return Failure::NotSent(ConnectFailure::Host(root_cause_message(&error)));
    }
    if error.is_connect() {
        let cause = if timed_out {
            "no connection within the timeout".to_owned()
        } else {
            root_cause_message(&error)
        };
        return Failure::NotSent(match tls_error(&error) {
            Some(rustls::Error::InvalidCertificate(flaw)) => {
                ConnectFailure::Certificate(CertificateFlaw::new(flaw, cause))
            }
            // The library's words for bytes that are not TLS.
            Some(rustls::Error::InvalidMessage(_)) => {
                ConnectFailure::Host(format!("what answered does not speak TLS: {cause}"))
            }
            _ => ConnectFailure::Host(cause),
        });
    }
    let why = match find_cause::<hyper::Error>(&error) {
        _ if timed_out => "no response within the timeout",
        None if error.is_decode() => return gzip_failure(find_cause(&error)),
        Some(cause) if cause.is_parse() => "the response is not HTTP",
        _ if error.is_decode() => "response cut short",
        _ => "connection lost",
    };
    lost(why, timed_out)
}

fn lost(why: &str, is_timeout: bool) -> Failure {
    Failure::Lost {
        why: why.to_owned(),
        is_timeout,
    }
}

/// The failure of decompression, for which the connection is not to blame; `cause` is what the decoder says.
fn gzip_failure(cause: Option<&std::io::Error>) -> Failure {
    let what = match cause {
        Some(cause) if cause.kind() == ErrorKind::UnexpectedEof => {
            return lost(
                "response cut short: its gzip data ends in the middle",
                false,
            );
        }
        // The decoder's words for data that does not start like gzip.
        Some(cause) if cause.to_string().ends_with("gzip header") => {
            "not gzip data, although its headers say so"
        }
        _ => "damaged gzip data",
    };
    Failure::Unusable(Unusable::new(UnusableCause::Damaged, what))
}

/// The first cause of that type in an error's chain.
fn find_cause<'e, T: std::error::Error + 'static>(
    error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e T> {
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    causes.find_map(|cause| cause.downcast_ref())
}

/// The message of an error's root cause, which is the helpful one.
fn root_cause_message(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    crate::untrusted::escape_truncated(&cause.to_string(), 200)
}

/// The error of the TLS handshake, if that is what failed.
fn tls_error<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    causes.find_map(|cause| {
        // `source()` skips the error that an I/O error wraps, and a direct connection wraps it twice.
        let mut inner = cause;
        while let Some(wrapped) = inner
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
        {
            inner = wrapped;
        }
        inner.downcast_ref()
    })
}
