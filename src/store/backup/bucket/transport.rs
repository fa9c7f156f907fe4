//! How requests reach an object store: by the HTTP library and the TLS of everything else, with the same care.
//! No redirect is followed, nothing is re-sent behind our back, and no error carries a URL or what was sent.

use crate::error::Error;
use crate::http::client::base_client;
use crate::http::failure::{Failure, Unreached};
use crate::http::scrub::scrubbed;
use crate::http::transport::{classify, receive};
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

/// The longest wait without progress; a whole request may take ten times as long.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The longest wait for what only answers inside a cloud, so that elsewhere it is missed soon.
const TIMEOUT_NEARBY: Duration = Duration::from_secs(2);
/// The most that is shown of a store's own words.
const LONGEST_WORDS: usize = 200;

/// The ends of the paths at which a cloud tells a token and a role, which the next request repeats.
const PARTS_OF_REQUESTS: [&str; 2] = [
    "/latest/api/token",
    "/latest/meta-data/iam/security-credentials/",
];

/// Why a request brought nothing that can be used; it is found at the end of the library's chain of errors.
#[derive(Debug)]
pub(super) enum Trouble {
    /// No answer, or none that was whole.
    Transport(Failure),
    /// The store answered with another status than success.
    Refused(Refusal),
}

/// A status outside 200–299.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// The store's name for the problem, such as `AccessDenied`; empty where it gave none.
    pub(super) code: String,
    /// What it said: at most 200 harmless characters, or nothing.
    pub(super) words: String,
    /// The region in which the bucket is, where the store says so.
    pub(super) region: Option<String>,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(failure) => f.write_str(&failure.brief()),
            Self::Refused(refusal) => write!(f, "answered {}", refusal.status),
        }
    }
}

impl std::error::Error for Trouble {}

impl From<Trouble> for HttpError {
    /// The kind decides whether the library tries again: an uncertain request only if it can be sent twice.
    fn from(trouble: Trouble) -> Self {
        let kind = match &trouble {
            Trouble::Transport(Failure::NotSent(Unreached::Host(_))) => HttpErrorKind::Connect,
            Trouble::Transport(failure) if failure.is_passing() => HttpErrorKind::Interrupted,
            Trouble::Refused(refusal) if refusal.is_passing() => HttpErrorKind::Interrupted,
            _ => HttpErrorKind::Unknown,
        };
        Self::new(kind, trouble)
    }
}

impl Refusal {
    /// Whether the same request may be answered otherwise in a moment.
    pub(super) fn is_passing(&self) -> bool {
        // 501 says that the store does not know the request.
        (self.status >= 500 && self.status != 501) || matches!(self.status, 408 | 429)
    }
}

/// Makes the clients: one for the store, and one for what gives out credentials, where that is needed.
#[derive(Debug)]
pub(super) struct Connector {
    is_near: bool,
    certificates: Vec<reqwest::Certificate>,
}

impl Connector {
    /// Clients that trust these certificates, as PEM, besides the system's; `is_near` for a store on this machine.
    pub(super) fn new(is_near: bool, ca: Option<Vec<u8>>) -> Result<Self, Error> {
        let Some(pem) = ca else {
            return Ok(Self {
                is_near,
                certificates: Vec::new(),
            });
        };
        let certificates = reqwest::Certificate::from_pem_bundle(&pem).unwrap_or_default();
        if certificates.is_empty() {
            return Err(Error::usage(
                "the file of AWS_CA_BUNDLE holds no PEM certificate",
            ));
        }
        Ok(Self {
            is_near,
            certificates,
        })
    }
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let allows_http = options.get_config_value(&ClientConfigKey::AllowHttp);
        let allows_http = allows_http.is_some_and(|value| value == "true");
        let mut builder = base_client()
            // A backup is compressed as it lies there; what the store calls gzip must not be taken off.
            .no_gzip()
            .connect_timeout(TIMEOUT)
            .read_timeout(TIMEOUT)
            .timeout(TIMEOUT * 10)
            .https_only(!allows_http)
            .tls_certs_merge(self.certificates.clone());
        if self.is_near || allows_http {
            // A proxy has no business with this machine, nor with addresses that only the cloud's inside knows.
            builder = builder.no_proxy();
        }
        let client = builder
            .build()
            .map_err(|error| object_store::Error::Generic {
                store: "S3",
                source: Box::new(error.without_url()),
            })?;
        Ok(HttpClient::new(Http { client }))
    }
}

#[derive(Debug)]
struct Http {
    client: reqwest::Client,
}

impl HttpService for Http {
    // What the library's own attribute would make of an `async fn`, without that attribute's crate.
    fn call<'life0, 'async_trait>(
        &'life0 self,
        request: HttpRequest,
    ) -> BoxFuture<'async_trait, Result<HttpResponse, HttpError>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(self.exchange(request))
    }
}

impl Http {
    /// One request and its whole answer; anything but 200–299 is an error.
    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (head, body) = request.into_parts();
        let unusable = || Trouble::Transport(Failure::Unusable("not asked for".to_owned()));
        let url: Url = head.uri.to_string().parse().map_err(|_| unusable())?;
        let secrets = secrets_of(&head.headers, &url);
        let is_list = url.query_pairs().any(|(name, _)| name == "list-type");
        let mut request = reqwest::Request::new(head.method, url);
        if is_nearby(request.url()) {
            *request.timeout_mut() = Some(TIMEOUT_NEARBY);
        }
        *request.headers_mut() = head.headers;
        *request.body_mut() = Some(body.collect().await?.to_bytes().into());
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let answer = match self.client.execute(request).await {
            Ok(response) => receive(response).await,
            Err(error) => Err(classify(error)),
        };
        let outcome = match &answer {
            Ok(answer) => answer.status.as_str().to_owned(),
            Err(failure) => failure.brief(),
        };
        info!(%method, path, outcome, "object store");
        let answer = answer.map_err(Trouble::Transport)?;
        if !answer.status.is_success() {
            let refusal = refusal(answer.status, &answer.headers, &answer.body, &secrets);
            return Err(Trouble::Refused(refusal).into());
        }
        if is_list {
            check_list(&answer.body)?;
        } else if PARTS_OF_REQUESTS.iter().any(|end| path.ends_with(end)) {
            check_part(&answer.body)?;
        }
        let length = HeaderValue::from(answer.body.len());
        let mut response = HttpResponse::new(answer.body.into());
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        // It is missing where the answer came in pieces; the library insists on it.
        response.headers_mut().insert(CONTENT_LENGTH, length);
        Ok(response)
    }
}

/// Whether an answer can become a part of the next request; the library does not survive one that cannot.
fn check_part(body: &[u8]) -> Result<(), Trouble> {
    if !body.is_empty() && body.iter().all(u8::is_ascii_graphic) {
        return Ok(());
    }
    let what = "not that of a cloud's metadata";
    Err(Trouble::Transport(Failure::Unusable(what.to_owned())))
}

/// Whether the answer to a list request is a list, and says how it goes on where it does.
///
/// The library takes any XML for a list, and a page of something else for an empty one: backups would seem to be gone.
fn check_list(body: &[u8]) -> Result<(), Trouble> {
    let text = String::from_utf8_lossy(body);
    let unusable = |what: &str| Err(Trouble::Transport(Failure::Unusable(what.to_owned())));
    if !text.contains("<ListBucketResult") {
        return unusable("not that of an object store");
    }
    let goes_on = element(&text, "IsTruncated").is_some_and(|text| text == "true");
    let token = element(&text, "NextContinuationToken");
    if goes_on && token.is_none_or(|token| token.is_empty()) {
        return unusable(
            "the first page of a list, without a way to the next: the store does not know ListObjectsV2",
        );
    }
    Ok(())
}

/// Addresses that every cloud has for its own machines alone.
fn is_nearby(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_link_local(),
        Some(url::Host::Ipv6(address)) => address.is_unique_local(),
        _ => false,
    }
}

/// What a request carries that nobody may repeat to us.
fn secrets_of(headers: &HeaderMap, url: &Url) -> Vec<String> {
    let carried = headers
        .iter()
        .filter(|(name, _)| **name == AUTHORIZATION || name.as_str().contains("token"));
    let texts = carried.filter_map(|(_, value)| value.to_str().ok());
    let mut secrets: Vec<String> = texts
        .flat_map(|text| {
            let parts = text.split([' ', ',', '=', '/']);
            parts.chain([text])
        })
        .filter(|part| part.len() >= 16 && *part != "AWS4-HMAC-SHA256")
        .map(str::to_owned)
        .collect();
    let tokens = url.query_pairs().filter(|(name, _)| name.contains("Token"));
    secrets.extend(tokens.map(|(_, value)| value.into_owned()));
    secrets
}

fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8], secrets: &[String]) -> Refusal {
    let text = String::from_utf8_lossy(body);
    let is_page = text.trim_start().starts_with('<');
    let said = element(&text, "Message").or_else(|| (!is_page).then(|| text.to_string()));
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    let words = scrubbed(&said.unwrap_or_default(), &secrets);
    let region = headers.get("x-amz-bucket-region");
    let region = region.and_then(|value| value.to_str().ok().and_then(word));
    Refusal {
        status: status.as_u16(),
        code: element(&text, "Code")
            .and_then(|code| word(&code))
            .unwrap_or_default(),
        words: crate::foreign::shortened(&words, LONGEST_WORDS),
        region,
    }
}

/// The text of the first element of that name, which is all that is read of an error.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    let text = text.replace("&quot;", "\"").replace("&apos;", "'");
    Some(text.replace("&amp;", "&"))
}

/// A word that a store chose from a list of its own, such as a code or a region.
fn word(text: &str) -> Option<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let is_one = !text.is_empty() && text.len() <= 40 && text.chars().all(is_word);
    is_one.then(|| text.to_owned())
}
