//! The HTTP transport to an object store, with the same HTTP client, TLS settings, and safeguards as everything else.
//! Follows no redirect, never re-sends a request on its own, and keeps URLs and request contents out of errors.

use crate::error::Error;
use crate::http::client::base_client;
use crate::http::failure::{ConnectFailure, Failure, Unusable, UnusableCause};
use crate::http::proxy::ProxyVariable;
use crate::http::server_words::{SentValues, ShownWords};
use crate::http::transport::{classify_error, receive};
use futures_util::future::BoxFuture;
use http_body_util::BodyExt as _;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
};
use object_store::{ClientConfigKey, ClientOptions, HeaderMap};
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderValue};
use reqwest::{StatusCode, Url};
use std::fmt;
use std::time::Duration;
use tracing::info;

/// Maximum wait without progress; a whole request may take ten times as long.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Timeout for link-local addresses, which respond only inside a cloud; short, so that other machines fail fast.
const METADATA_TIMEOUT: Duration = Duration::from_secs(2);

/// Suffixes of the paths where a cloud returns a token or a role name, which becomes part of the next request.
const METADATA_PATHS: [&str; 2] = [
    "/latest/api/token",
    "/latest/meta-data/iam/security-credentials/",
];

/// Why a request failed; found at the end of the library's chain of errors.
#[derive(Debug)]
pub(super) enum TransportError {
    /// No complete response arrived.
    Transport(Failure),
    /// The store answered a status outside 200–299.
    Refused(StoreRefusal),
}

/// A response with a status outside 200–299.
#[derive(Debug, Clone)]
pub(super) struct StoreRefusal {
    pub(super) status: u16,
    /// The store's error code, such as `AccessDenied`; empty if there is none.
    pub(super) code: String,
    /// What the store said, as far as it may be shown.
    pub(super) message: ShownWords,
    /// The bucket's region, if the store names it.
    pub(super) region: Option<String>,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(failure) => f.write_str(&failure.brief()),
            Self::Refused(refusal) => write!(f, "answered {}", refusal.status),
        }
    }
}

impl std::error::Error for TransportError {}

impl From<TransportError> for HttpError {
    /// The kind decides whether the library retries: a request with an unknown result only if it is idempotent.
    fn from(error: TransportError) -> Self {
        let kind = match &error {
            TransportError::Transport(Failure::NotSent(
                ConnectFailure::Host(_) | ConnectFailure::Proxy(..),
            )) => HttpErrorKind::Connect,
            TransportError::Transport(failure) if failure.is_transient() => {
                HttpErrorKind::Interrupted
            }
            TransportError::Refused(refusal) if refusal.is_transient() => {
                HttpErrorKind::Interrupted
            }
            _ => HttpErrorKind::Unknown,
        };
        Self::new(kind, error)
    }
}

impl StoreRefusal {
    /// Whether the same request may succeed if retried.
    pub(super) fn is_transient(&self) -> bool {
        // 501 means that the store does not support the request.
        (self.status >= 500 && self.status != 501) || matches!(self.status, 408 | 429)
    }
}

/// Creates the HTTP clients: one for the store and, if needed, one for the credentials endpoint.
#[derive(Debug)]
pub(super) struct Connector {
    is_near: bool,
    certificates: Vec<reqwest::Certificate>,
    /// For errors; the HTTP library reads the variable by itself.
    proxy: Option<ProxyVariable>,
}

impl Connector {
    /// Creates a connector that also trusts the PEM certificates in `ca`; `is_near` marks a store on this machine.
    pub(super) fn new(
        is_near: bool,
        ca: Option<Vec<u8>>,
        proxy: Option<ProxyVariable>,
    ) -> Result<Self, Error> {
        let Some(pem) = ca else {
            return Ok(Self {
                is_near,
                certificates: Vec::new(),
                proxy,
            });
        };
        let certificates = reqwest::Certificate::from_pem_bundle(&pem).unwrap_or_default();
        if certificates.is_empty() {
            return Err(Error::usage(
                "the file in AWS_CA_BUNDLE contains no PEM certificate",
            ));
        }
        Ok(Self {
            is_near,
            certificates,
            proxy,
        })
    }
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let allows_http = options.get_config_value(&ClientConfigKey::AllowHttp);
        let allows_http = allows_http.is_some_and(|value| value == "true");
        let mut builder = base_client()
            // A stored backup is already gzip; the client must not decode it because of a Content-Encoding header.
            .no_gzip()
            .connect_timeout(TIMEOUT)
            .read_timeout(TIMEOUT)
            .timeout(TIMEOUT * 10)
            .https_only(!allows_http)
            .tls_certs_merge(self.certificates.clone());
        let is_direct = self.is_near || allows_http;
        if is_direct {
            // No proxy for this machine, nor for addresses that exist only inside a cloud.
            builder = builder.no_proxy();
        }
        let client = builder
            .build()
            .map_err(|error| object_store::Error::Generic {
                store: "S3",
                source: Box::new(error.without_url()),
            })?;
        let proxy = self.proxy.clone().filter(|_| !is_direct);
        Ok(HttpClient::new(HttpTransport { client, proxy }))
    }
}

#[derive(Debug)]
struct HttpTransport {
    client: reqwest::Client,
    proxy: Option<ProxyVariable>,
}

impl HttpService for HttpTransport {
    // Written out as the `async_trait` attribute would expand it, to avoid a dependency on that crate.
    fn call<'life0, 'async_trait>(
        &'life0 self,
        request: HttpRequest,
    ) -> BoxFuture<'async_trait, Result<HttpResponse, HttpError>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(self.send(request))
    }
}

impl HttpTransport {
    /// Sends one request and receives the complete response; a status outside 200–299 is an error.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (head, body) = request.into_parts();
        let parsed = head.uri.to_string().parse();
        let url: Url = parsed.map_err(|_| other_answer("not asked for"))?;
        let secrets = request_secrets(&head.headers, &url);
        let is_list = url.query_pairs().any(|(name, _)| name == "list-type");
        let mut request = reqwest::Request::new(head.method, url);
        if is_link_local(request.url()) {
            *request.timeout_mut() = Some(METADATA_TIMEOUT);
        }
        *request.headers_mut() = head.headers;
        *request.body_mut() = Some(body.collect().await?.to_bytes().into());
        // An endpoint, or a source of credentials, may have a credential in its path; the name of an object has none.
        let has_object = !is_link_local(request.url());
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let proxy = self.proxy.as_ref();
        let proxy = proxy.and_then(|proxy| proxy.proxy_for(request.url()));
        let answer = match self.client.execute(request).await {
            Ok(response) => receive(response).await,
            Err(error) => Err(classify_error(error).through(proxy.as_ref())),
        };
        let object = path.rsplit('/').next().filter(|_| has_object);
        let outcome = match &answer {
            Ok(answer) => answer.status.as_str().to_owned(),
            Err(failure) => failure.brief(),
        };
        info!(%method, object, outcome, "object store");
        let answer = answer.map_err(TransportError::Transport)?;
        if !answer.status.is_success() {
            let refusal = parse_refusal(answer.status, &answer.headers, &answer.body, &secrets);
            return Err(TransportError::Refused(refusal).into());
        }
        if is_list {
            check_list_response(&answer.body)?;
        } else if METADATA_PATHS.iter().any(|end| path.ends_with(end)) {
            check_metadata_response(&answer.body)?;
        }
        let length = HeaderValue::from(answer.body.len());
        let mut response = HttpResponse::new(answer.body.into());
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        // A chunked response lacks this header, but the library requires it.
        response.headers_mut().insert(CONTENT_LENGTH, length);
        Ok(response)
    }
}

/// The failure of a response that came from something other than was asked.
fn other_answer(what: &str) -> TransportError {
    TransportError::Transport(Failure::Unusable(Unusable::new(
        UnusableCause::OtherServer,
        what,
    )))
}

/// Checks that a response can become part of the next request; the library panics on one that cannot.
fn check_metadata_response(body: &[u8]) -> Result<(), TransportError> {
    if !body.is_empty() && body.iter().all(u8::is_ascii_graphic) {
        return Ok(());
    }
    Err(other_answer("not from a cloud's metadata service"))
}

/// Checks that the response to a list request is a list and, if truncated, carries a continuation token.
///
/// The library accepts any XML as a list, and other content as an empty one: backups would seem to be gone.
fn check_list_response(body: &[u8]) -> Result<(), TransportError> {
    let text = String::from_utf8_lossy(body);
    let unusable = |what: &str| Err(other_answer(what));
    if !text.contains("<ListBucketResult") {
        return unusable("not from an object store");
    }
    let is_truncated = element(&text, "IsTruncated").is_some_and(|text| text == "true");
    let token = element(&text, "NextContinuationToken");
    if is_truncated && token.is_none_or(|token| token.is_empty()) {
        return unusable(
            "the first page of a list without a continuation token: the store does not support ListObjectsV2",
        );
    }
    Ok(())
}

/// Whether the host is a link-local or unique-local address, which clouds use for their metadata services.
fn is_link_local(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_link_local(),
        Some(url::Host::Ipv6(address)) => address.is_unique_local(),
        _ => false,
    }
}

/// The secrets in a request, which a response may repeat: the key id and the signature of its `Authorization`, and its
/// session token.
fn request_secrets(headers: &HeaderMap, url: &Url) -> SentValues {
    let mut sent = SentValues::default();
    for (name, value) in headers {
        let Ok(text) = value.to_str() else { continue };
        if name == AUTHORIZATION {
            let parts = text.split([' ', ',']).filter_map(|part| {
                let (name, value) = part.split_once('=')?;
                matches!(name, "Credential" | "Signature").then_some(value)
            });
            // Behind the key id come the date, the region and the service.
            parts.for_each(|part| sent.add(part.split('/').next().unwrap_or(part)));
        } else if name.as_str().contains("token") {
            sent.add(text);
        }
    }
    let tokens = url.query_pairs().filter(|(name, _)| name.contains("Token"));
    tokens.for_each(|(_, value)| sent.add(value));
    sent
}

fn parse_refusal(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    sent: &SentValues,
) -> StoreRefusal {
    let text = String::from_utf8_lossy(body);
    let is_markup = text.trim_start().starts_with('<');
    let reported = element(&text, "Message").or_else(|| (!is_markup).then(|| text.to_string()));
    let region = headers.get("x-amz-bucket-region");
    let region = region.and_then(|value| value.to_str().ok().and_then(as_token));
    StoreRefusal {
        status: status.as_u16(),
        code: element(&text, "Code")
            .and_then(|code| as_token(&code))
            .unwrap_or_default(),
        message: sent.show(&reported.unwrap_or_default()),
        region,
    }
}

/// The text of the first XML element of that name; nothing else of an error response is read.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    let text = text.replace("&quot;", "\"").replace("&apos;", "'");
    Some(text.replace("&amp;", "&"))
}

/// Accepts a short token from a store's fixed vocabulary, such as an error code or a region.
fn as_token(text: &str) -> Option<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let is_one = !text.is_empty() && text.len() <= 40 && text.chars().all(is_word);
    is_one.then(|| text.to_owned())
}
