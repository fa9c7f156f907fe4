//! The HTTP client of the webhooks API: beside the transport of object stores the only place that knows reqwest.
//! A `Reader` has no way to write; no request is redirected, re-sent by the library, or logged with a body.

use super::account::Account;
pub use super::answer::Listing;
use super::answer::{Answer, listing_of, rows_of, server_time, text_of};
use super::failure::{Failure, Refusal, Unreached, server_words};
use super::retry::{self, Bucket, MOST_ATTEMPTS, Patience};
use super::webhook::{Webhook, WebhookId};
use crate::error::Error;
use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use reqwest::{Method, Url};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;
use tracing::info;

/// The most that is read of one answer, after decompression.
const LARGEST_ANSWER: usize = 1 << 30;
/// An idle connection is closed before servers usually do, so that a write does not meet a closing one.
const IDLE: Duration = Duration::from_secs(20);

/// What the user decided about connections.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// The longest wait without progress; a whole request may take ten times as long.
    pub timeout: Duration,
    /// Requests a second for each account.
    pub rate: u32,
    /// Certificates to trust besides the system's, as PEM.
    pub ca: Option<Vec<u8>>,
}

/// What the command line has where it says nothing.
impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            rate: 10,
            ca: None,
        }
    }
}

/// Is told when a request has to wait, so that the user can be.
pub trait Watch: Send + Sync {
    /// A request failed in a passing way and is tried again after the wait.
    fn waiting(&self, account: &Account, why: &str, wait: Duration);
}

/// Reads one account; it has no way to write.
#[derive(Clone)]
pub struct Reader {
    http: reqwest::Client,
    account: Account,
    bucket: Arc<Mutex<Bucket>>,
    started: Instant,
    patience: Arc<Patience>,
    watch: Arc<dyn Watch>,
}

/// Reads and writes one account; made only for the target of a run that was allowed to write.
pub struct Writer {
    reader: Reader,
}

/// What became of a write.
#[derive(Debug)]
pub enum WriteAnswer {
    /// The server answered 200–299; the rows that could be read from it, which may be none.
    Accepted(Vec<Webhook>),
    /// Anything else; see [`Failure`] for what it proves.
    Failed(Failure),
}

impl Reader {
    /// A client for one account; nothing is sent yet.
    pub fn new(
        account: Account,
        options: &ClientOptions,
        patience: Arc<Patience>,
        watch: Arc<dyn Watch>,
    ) -> Result<Self, Error> {
        Ok(Self {
            http: build(&account, options)?,
            bucket: Arc::new(Mutex::new(Bucket::new(options.rate))),
            started: Instant::now(),
            account,
            patience,
            watch,
        })
    }

    /// The account that this client reads.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// All webhooks of the account: the vendor's "get all webhooks".
    ///
    /// A passing failure is tried again, a list that cannot be understood whole is an error.
    pub async fn list(&self) -> Result<Listing, Failure> {
        self.read(&self.account.endpoint.webhooks_url(), listing_of)
            .await
    }

    /// One webhook by its id; `None` where the account has none of that id.
    pub async fn get(&self, id: &WebhookId) -> Result<Option<Webhook>, Failure> {
        let Some(url) = self.account.endpoint.webhook_url(id.as_str()) else {
            return Ok(None);
        };
        let one = |answer| {
            Webhook::parse(text_of(answer)?)
                .ok_or_else(|| Failure::Unusable("not a JSON object".to_owned()))
        };
        match self.read(&url, one).await {
            Ok(webhook) => Ok(Some(webhook)),
            Err(Failure::Refused(refusal)) if refusal.status == 404 => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// A GET, tried again after passing failures for as long as the run's patience lasts.
    async fn read<T>(
        &self,
        url: &Url,
        understand: impl Fn(Answer) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut attempt = 1;
        loop {
            let sent = self.send(Method::GET, url, None, attempt).await;
            let failure = match sent.and_then(&understand) {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if !failure.is_passing() || attempt >= MOST_ATTEMPTS {
                return Err(failure);
            }
            let asked = match &failure {
                Failure::Refused(refusal) => refusal.retry_after,
                _ => None,
            };
            let wait = asked.unwrap_or_else(|| retry::back_off(attempt, retry::jitter()));
            if !self.patience.spend(wait) {
                return Err(failure);
            }
            self.watch.waiting(&self.account, &failure.brief(), wait);
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    /// One request and its whole answer; anything but 200–299 is a failure.
    async fn send(
        &self,
        method: Method,
        url: &Url,
        body: Option<String>,
        attempt: u32,
    ) -> Result<Answer, Failure> {
        self.take_turn().await;
        let started = Instant::now();
        let is_read = method == Method::GET;
        let mut request = self.http.request(method.clone(), url.clone());
        request = request.bearer_auth(self.account.key.expose());
        if is_read {
            request = request.header(CACHE_CONTROL, "no-cache");
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let result = match request.send().await {
            Ok(response) => receive(response).await,
            Err(error) => Err(classify(error)),
        };
        let outcome = match &result {
            Ok(answer) => answer.status.as_str().to_owned(),
            Err(failure) => failure.brief(),
        };
        info!(
            side = %self.account.side, %method, path = url.path(), outcome, attempt,
            milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX), "request"
        );
        let answer = result?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        Err(Failure::Refused(self.refusal(&answer)))
    }

    /// Waits until the account's rate allows one more request.
    async fn take_turn(&self) {
        let wait = self
            .bucket
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(self.started.elapsed());
        tokio::time::sleep(wait).await;
    }

    fn refusal(&self, answer: &Answer) -> Refusal {
        let now = server_time(&answer.headers).unwrap_or_else(SystemTime::now);
        let header = |name| {
            answer
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        Refusal {
            status: answer.status.as_u16(),
            message: server_words(&String::from_utf8_lossy(&answer.body), &self.account),
            retry_after: header(RETRY_AFTER).map(|value| retry::retry_after(value, now)),
            redirect_host: header(LOCATION).and_then(|to| {
                let to = self.account.endpoint.base().join(to).ok()?;
                to.host_str().map(str::to_owned)
            }),
            key_from: self.account.key_from.clone(),
        }
    }
}

impl Writer {
    /// A client that may write to the account which the reader reads, over the same connections.
    pub fn new(reader: Reader) -> Self {
        Self { reader }
    }

    /// The reading half.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Creates, or updates where an object has an `id`, in one request: the vendor's `/integrations-bulk`.
    ///
    /// Sent once and never again from here. An answer that does not parse is still an accepted write.
    pub async fn post_bulk(&self, body: String) -> WriteAnswer {
        let url = self.reader.account.endpoint.bulk_url();
        match self.reader.send(Method::POST, &url, Some(body), 1).await {
            Ok(answer) => WriteAnswer::Accepted(rows_of(answer)),
            Err(failure) => WriteAnswer::Failed(failure),
        }
    }

    /// Deletes one webhook; one that is already gone counts as deleted.
    pub async fn delete(&self, id: &WebhookId) -> Result<(), Failure> {
        let Some(url) = self.reader.account.endpoint.webhook_url(id.as_str()) else {
            return Err(Failure::Unusable(
                "not an id that can be addressed".to_owned(),
            ));
        };
        match self.reader.send(Method::DELETE, &url, None, 1).await {
            Err(Failure::Refused(refusal)) if refusal.status == 404 => Ok(()),
            other => other.map(drop),
        }
    }
}

fn build(account: &Account, options: &ClientOptions) -> Result<reqwest::Client, Error> {
    // Fails where a provider is installed already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("hookferry/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .http1_only()
        .connect_timeout(options.timeout)
        .read_timeout(options.timeout)
        .timeout(options.timeout * 10)
        .pool_idle_timeout(IDLE);
    if account.endpoint.is_loopback() {
        // A proxy has no business between this machine and itself.
        builder = builder.no_proxy();
        if account.endpoint.base().scheme() == "http" {
            // Reading the system's roots takes longer than many a run, and nothing here speaks TLS.
            builder = builder.tls_certs_only([]);
        }
    } else {
        builder = builder.https_only(true);
    }
    if let Some(pem) = &options.ca {
        let certificates = reqwest::Certificate::from_pem_bundle(pem).unwrap_or_default();
        if certificates.is_empty() {
            return Err(Error::usage(
                "the file of --ca-file holds no PEM certificate",
            ));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(|error| {
        Error::failed("the HTTP client could not be set up").with_source(error.without_url())
    })
}

/// Reads the whole answer, up to the limit.
pub(crate) async fn receive(mut response: reqwest::Response) -> Result<Answer, Failure> {
    let (status, headers) = (response.status(), response.headers().clone());
    // What a length that was told turns out to be wrong by is corrected below; memory that is not written to costs none.
    let told = response.content_length().unwrap_or(0);
    let mut body = Vec::with_capacity(usize::try_from(told).unwrap_or(0).min(LARGEST_ANSWER));
    while let Some(chunk) = response.chunk().await.map_err(classify)? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(Failure::Unusable("larger than 1 GiB".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status,
        headers,
        body,
    })
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
