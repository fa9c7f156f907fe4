//! What comes back over HTTP, and what an error of the transport proves.
//! Reads no more than a limit, and calls nothing unprocessed that a server may have seen.

use super::failure::{Failure, Unreached};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

/// The most that is read of one answer, after decompression.
const LARGEST_ANSWER: usize = 1 << 30;

/// Status, headers and body of one answer; no body where that went elsewhere as it came in.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// What takes in the body of an answer, a piece after the other.
pub(crate) type Arrived<'a> = &'a mut (dyn FnMut(&[u8]) + Send);

/// Reads the whole answer, up to the limit.
pub(crate) async fn receive(response: reqwest::Response) -> Result<Answer, Failure> {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    let mut arrived = |bytes: &[u8]| body.extend_from_slice(bytes);
    receive_into(response, &mut arrived).await?;
    Ok(Answer {
        status,
        headers,
        body,
    })
}

/// Passes on the body of an answer, up to the limit.
pub(crate) async fn receive_into(
    mut response: reqwest::Response,
    arrived: Arrived<'_>,
) -> Result<(), Failure> {
    let mut length = 0;
    while let Some(chunk) = response.chunk().await.map_err(classify)? {
        length += chunk.len();
        if length > LARGEST_ANSWER {
            return Err(Failure::Unusable("larger than 1 GiB".to_owned()));
        }
        arrived(&chunk);
    }
    Ok(())
}

/// What a transport error proves: only a connection that was never established proves that nothing was processed.
pub(crate) fn classify(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let timed_out = error.is_timeout();
    if error.is_builder() {
        return Failure::NotSent(Unreached::Host(innermost(&error)));
    }
    if error.is_connect() {
        let cause = if timed_out {
            "no connection within the timeout".to_owned()
        } else {
            innermost(&error)
        };
        return Failure::NotSent(if is_certificate(&error) {
            Unreached::Certificate(cause)
        } else {
            Unreached::Host(cause)
        });
    }
    let why = if timed_out {
        "no answer within the timeout"
    } else if error.is_decode() {
        "the answer was cut short"
    } else {
        "the connection was lost"
    };
    Failure::Lost {
        why: why.to_owned(),
        is_timeout: timed_out,
    }
}

/// The last cause of an error, which is the one that helps.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    crate::foreign::shortened(&cause.to_string(), 200)
}

fn is_certificate(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        // What an I/O error wraps is not its source, and a direct connection wraps it twice.
        let mut inner = error;
        while let Some(wrapped) = inner
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
        {
            inner = wrapped;
        }
        let tls = inner.downcast_ref::<rustls::Error>();
        if matches!(tls, Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        cause = error.source();
    }
    false
}
