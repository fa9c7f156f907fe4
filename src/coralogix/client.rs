//! The HTTP client of the webhooks API.
//! A `Reader` cannot write. No request follows a redirect, is re-sent by the library, or is logged with its body.

mod newer_api;
mod writer;

pub use newer_api::DeliveryAnswer;
pub use writer::{AcceptedWrite, DeleteAnswer, WriteAnswer, Writer};

use super::account::Account;
use super::answer::server_time;
pub use super::answer::{FoldedList, ListResponse};
use super::completeness::{ListFacts, RowCheck};
use super::failure::{HTML_PAGE, refusal_words};
use super::list_failure::list_failure;
use super::list_stream::ListStream;
use super::retry::{self, MAX_ATTEMPTS, Pace, RUN_WAIT_BUDGET, WaitBudget};
use super::webhook::{Webhook, WebhookId};
use crate::error::Error;
use crate::http::client::base_client;
use crate::http::failure::{Failure, ListProblem, Refusal, RequestedWait};
use crate::http::proxy::Proxy;
pub use crate::http::proxy::ProxyVariable;
use crate::http::server_words::SentValues;
use crate::http::transport::{Answer, ChunkSink, classify_error, receive, receive_streamed};
use crate::untrusted;
use jiff::Timestamp;
use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use reqwest::{Method, StatusCode, Url};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;
use tracing::info;

/// Closes idle connections before servers usually do, so that a write does not hit a connection that is closing.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Why one webhook cannot be asked for or deleted.
pub(crate) const NO_URL: &str = "no URL can name a webhook with its id";

/// Connection settings chosen by the user.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// The longest wait without progress (connect, first byte, between bytes); a whole request gets ten times that.
    pub timeout: Duration,
    /// Requests per second for each account.
    pub rate: u32,
    /// How long a whole run may wait for servers, all its requests together.
    pub max_wait: Duration,
    /// CA certificates in PEM format, trusted in addition to the system's.
    pub ca_pem: Option<Vec<u8>>,
    /// The variable that names a proxy, for errors; the HTTP library reads it by itself.
    pub proxy: Option<ProxyVariable>,
    /// Why the CA certificates that the environment names cannot be used, for the error if there are no others.
    pub ca_problem: Option<String>,
    /// Whether to read a source whose headers announce more webhooks than its list holds; never holds for a target.
    pub accept_incomplete: bool,
    /// Whether to hold each list against the summaries of the vendor's newer API.
    pub cross_check: bool,
}

/// The defaults of the command line.
impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            rate: 10,
            max_wait: RUN_WAIT_BUDGET,
            ca_pem: None,
            proxy: None,
            ca_problem: None,
            accept_incomplete: false,
            cross_check: false,
        }
    }
}

/// Receives a notice whenever a request has to wait, so that the user sees why nothing happens.
pub trait WaitListener: Send + Sync {
    /// A request failed with a transient error; the client retries it after `wait`.
    fn report_wait(&self, account: &Account, why: &str, wait: Duration);
}

/// The read-only client of one account.
#[derive(Clone)]
pub struct Reader {
    http: reqwest::Client,
    /// The proxy that its requests go through.
    proxy: Option<Proxy>,
    account: Account,
    pace: Arc<Mutex<Pace>>,
    clock_start: Instant,
    wait_budget: Arc<WaitBudget>,
    wait_listener: Arc<dyn WaitListener>,
    accepts_incomplete: bool,
    /// The company of the first list that showed one, for all clones of this client.
    company: Arc<Mutex<Option<String>>>,
    /// Whether any clone of this client has written: from then on the server may repeat that in any answer.
    has_written: Arc<AtomicBool>,
}

/// One request to the API.
struct Request<'r> {
    method: Method,
    url: &'r Url,
    body: Option<String>,
    /// Collects what the server may repeat in its answer, beside the key; called only for an answer that can hold words.
    sent: &'r (dyn Fn() -> SentValues + Sync),
}

/// What the API says about one webhook that a list lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// It exists: the list that lacks it is incomplete.
    There,
    /// It does not exist: 404 or 410.
    Gone,
    /// The answer proves neither; holds the reason.
    Unknown(String),
}

impl Reader {
    /// Creates the client of one account without sending anything; fails if the CA certificates are unusable.
    pub fn new(
        account: Account,
        options: &ClientOptions,
        wait_budget: Arc<WaitBudget>,
        wait_listener: Arc<dyn WaitListener>,
    ) -> Result<Self, Error> {
        Ok(Self {
            http: build_http_client(&account, options)?,
            proxy: find_proxy(&account, options),
            pace: Arc::new(Mutex::new(Pace::new(options.rate))),
            clock_start: Instant::now(),
            account,
            wait_budget,
            wait_listener,
            accepts_incomplete: false,
            company: Arc::default(),
            has_written: Arc::default(),
        })
    }

    /// Accepts a list whose headers announce more webhooks than it holds, and reports that in the response.
    #[must_use]
    pub fn accepting_incomplete(self, accepts_incomplete: bool) -> Self {
        Self {
            accepts_incomplete,
            ..self
        }
    }

    /// The account that this client reads.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Reads all webhooks of the account with the vendor's "get all webhooks" call.
    ///
    /// Retries transient failures; a list that cannot be parsed completely, or is not the whole list of one account,
    /// is an error. Equal webhooks with one id count once.
    pub async fn list(&self) -> Result<ListResponse, Failure> {
        let list = self.list_streamed(Vec::extend).await?;
        Ok(ListResponse {
            webhooks: list.folded,
            company: list.company,
            server_time: list.server_time,
            incomplete: list.incomplete,
        })
    }

    /// Like `list`, but streams: folds each part into `T` with `add` as it arrives.
    ///
    /// Each attempt starts from `T::default()`, so a failed attempt leaves nothing behind.
    pub async fn list_streamed<T: Default + Send>(
        &self,
        add: impl Fn(&mut T, Vec<Webhook>) + Sync,
    ) -> Result<FoldedList<T>, Failure> {
        let read = async || {
            self.with_retries(async |attempt| self.list_once(&add, attempt).await)
                .await
        };
        match read().await {
            Err(Failure::BadList(problem))
                if problem.may_pass()
                    && self
                        .pause_before_retry(
                            retry::back_off(1, retry::jitter()),
                            &Failure::BadList(problem.clone()),
                        )
                        .await =>
            {
                read().await
            }
            result => result,
        }
    }

    async fn list_once<T: Default + Send>(
        &self,
        add: &(impl Fn(&mut T, Vec<Webhook>) + Sync),
        attempt: u32,
    ) -> Result<FoldedList<T>, Failure> {
        let url = self.account.endpoint.webhooks_url();
        let (mut folded, mut row_check) = (T::default(), RowCheck::default());
        let mut add_part = |part: Vec<Webhook>| add(&mut folded, row_check.admit(part));
        let mut parser = ListStream::new(&mut add_part);
        let mut on_chunk = |bytes: &[u8]| parser.feed(bytes);
        let answer = self.read(&url, attempt, &mut on_chunk).await?;
        if answer.status != StatusCode::OK {
            let status = answer.status.as_u16();
            return Err(Failure::BadList(ListProblem::Status(status)));
        }
        if let Err(flaw) = parser.finish() {
            let sent = self.with_key(self.sent_before());
            return Err(list_failure(&flaw, &answer.headers, &sent));
        }
        let facts = row_check.finish(&answer.headers, self.accepts_incomplete);
        let ListFacts {
            company,
            incomplete,
        } = facts.map_err(Failure::BadList)?;
        self.refuse_other_company(company.as_deref())?;
        Ok(FoldedList {
            folded,
            company,
            server_time: server_time(&answer.headers),
            incomplete,
        })
    }

    /// Fails if this run has read another company from this account before, in a list or in the answer to a write.
    ///
    /// Callers compare the first list with the profile; if it shows no company, what comes later is compared here.
    fn refuse_other_company(&self, now: Option<&str>) -> Result<(), Failure> {
        let mut known = self.company.lock().unwrap_or_else(PoisonError::into_inner);
        match (known.as_ref(), now) {
            (Some(earlier), Some(now)) if earlier != now => {
                let shown = |company: &str| untrusted::escape_truncated(company, 40);
                return Err(Failure::BadList(ListProblem::OtherCompany {
                    earlier: shown(earlier),
                    now: shown(now),
                }));
            }
            (None, None) => {
                let profile = self.account.profile.as_ref();
                *known = profile.and_then(|profile| profile.company_id.clone());
            }
            (None, now) => *known = now.map(str::to_owned),
            (Some(_), _) => {}
        }
        Ok(())
    }

    /// Asks for one webhook by id, because a list that lacks it proves nothing.
    pub async fn presence(&self, id: &WebhookId) -> Presence {
        let Some(url) = self.account.endpoint.webhook_url(id.as_str()) else {
            return Presence::Unknown(NO_URL.to_owned());
        };
        let read = self.with_retries(async |attempt| {
            let mut body = Vec::new();
            let mut on_chunk = |bytes: &[u8]| body.extend_from_slice(bytes);
            self.read(&url, attempt, &mut on_chunk).await?;
            Ok(String::from_utf8(body).ok().and_then(Webhook::parse))
        });
        match read.await {
            Ok(Some(webhook)) if webhook.id().as_ref() == Some(id) => Presence::There,
            Ok(_) => Presence::Unknown("the response is not that webhook".to_owned()),
            // A proxy or another service answers with a page; the API does not.
            Err(Failure::Refused(refusal))
                if matches!(refusal.status, 404 | 410) && refusal.message.as_str() != HTML_PAGE =>
            {
                Presence::Gone
            }
            Err(failure) => Presence::Unknown(failure.brief()),
        }
    }

    /// Retries a read after transient failures, as long as the run's wait budget allows.
    async fn with_retries<T>(
        &self,
        read: impl AsyncFn(u32) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut attempt = 1;
        let mut n_throttled = 0;
        loop {
            let failure = match read(attempt).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            n_throttled += u32::from(failure.throttled().is_some());
            let Some(wait) = wait_before_retry(&failure, attempt, n_throttled) else {
                return Err(failure);
            };
            if !self.pause_before_retry(wait, &failure).await {
                return Err(failure);
            }
            attempt += 1;
        }
    }

    /// Waits before the target is asked again, and reports why; `false` if the run's wait budget does not allow that.
    pub(crate) async fn wait(&self, why: &str, wait: Duration) -> bool {
        if !self.spend_wait(wait) {
            return false;
        }
        self.wait_listener.report_wait(&self.account, why, wait);
        tokio::time::sleep(wait).await;
        true
    }

    /// Takes from the run's wait budget what questions to the account take; `false` if too little is left.
    pub(crate) fn spend_wait(&self, wait: Duration) -> bool {
        self.wait_budget.try_spend(wait)
    }

    /// Waits before a read is tried again; `false` if the run's wait budget does not allow that.
    ///
    /// After a 429 that holds all requests of the account: its rate limit is exhausted for each of them.
    async fn pause_before_retry(&self, wait: Duration, failure: &Failure) -> bool {
        if !self.wait_budget.try_spend(wait) {
            return false;
        }
        self.wait_listener
            .report_wait(&self.account, &failure.brief(), wait);
        if failure.throttled().is_some() {
            let now = self.clock_start.elapsed();
            self.lock_pace().hold(now, wait);
        }
        tokio::time::sleep(wait).await;
        true
    }

    fn lock_pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request that reads, and streams the response body to `on_chunk`.
    async fn read(
        &self,
        url: &Url,
        attempt: u32,
        on_chunk: ChunkSink<'_>,
    ) -> Result<Answer, Failure> {
        let request = Request {
            method: Method::GET,
            url,
            body: None,
            sent: &|| self.sent_before(),
        };
        self.send(request, attempt, on_chunk).await
    }

    /// What an answer to a read may repeat beside the key: nothing, unless this client has written.
    fn sent_before(&self) -> SentValues {
        if self.has_written.load(Ordering::Relaxed) {
            SentValues::incomplete()
        } else {
            SentValues::default()
        }
    }

    /// Sends one request and streams the response body to `on_chunk`; any status outside 200–299 is a failure.
    async fn send(
        &self,
        request: Request<'_>,
        attempt: u32,
        on_chunk: ChunkSink<'_>,
    ) -> Result<Answer, Failure> {
        let Request {
            method,
            url,
            body,
            sent,
        } = request;
        self.wait_for_rate_limit().await;
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
            Ok(response) if response.status().is_success() => {
                let (status, headers) = (response.status(), response.headers().clone());
                let read = receive_streamed(response, on_chunk).await;
                read.map(|()| Answer {
                    status,
                    headers,
                    body: Vec::new(),
                })
            }
            Ok(response) => receive(response).await,
            Err(error) => Err(classify_error(error).through(self.proxy.as_ref())),
        };
        let outcome = match &result {
            Ok(answer) => answer.status.as_str().to_owned(),
            Err(failure) => failure.brief(),
        };
        info!(
            side = %self.account.side, %method, path = self.account.endpoint.api_path(url), outcome, attempt,
            milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX), "request"
        );
        let answer = result?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        Err(Failure::Refused(self.parse_refusal(&answer, sent())))
    }

    /// Waits until the account's rate limit, ours and the server's, allows one more request.
    async fn wait_for_rate_limit(&self) {
        let now = self.clock_start.elapsed();
        let wait = self.lock_pace().take(now);
        tokio::time::sleep(wait).await;
    }

    /// Adds the key to the values that the server may repeat.
    fn with_key(&self, mut sent: SentValues) -> SentValues {
        sent.add(self.account.key.expose());
        sent
    }

    fn parse_refusal(&self, answer: &Answer, sent: SentValues) -> Refusal {
        let sent = self.with_key(sent);
        let now = server_time(&answer.headers).unwrap_or_else(SystemTime::now);
        let header = |name: &str| {
            let value = answer.headers.get(name)?;
            value.to_str().ok()
        };
        let status = answer.status.as_u16();
        Refusal {
            status,
            message: refusal_words(status, &String::from_utf8_lossy(&answer.body), &sent),
            requested_wait: retry::requested_wait(status, header, now).map(|duration| {
                RequestedWait {
                    duration,
                    until: Timestamp::now() + duration,
                }
            }),
            redirect_host: header(LOCATION.as_str()).and_then(|location| {
                let redirect_url = self.account.endpoint.base().join(location).ok()?;
                sent.show_name(redirect_url.host_str()?)
            }),
            key_origin: self.account.key_origin.clone(),
        }
    }
}

/// The wait before a read is tried again; `None` to give up.
fn wait_before_retry(failure: &Failure, attempt: u32, n_throttled: u32) -> Option<Duration> {
    let requested = failure.requested_wait();
    if failure.throttled().is_some() {
        return retry::throttle_wait(n_throttled, requested, retry::jitter());
    }
    // Answers of 429 have a limit of their own.
    let n_failed = attempt - n_throttled;
    if !failure.is_transient() || n_failed >= MAX_ATTEMPTS {
        return None;
    }
    Some(requested.unwrap_or_else(|| retry::back_off(n_failed, retry::jitter())))
}

/// The proxy of an account; none for this machine, whose traffic stays in it.
fn find_proxy(account: &Account, options: &ClientOptions) -> Option<Proxy> {
    let variable = options.proxy.as_ref()?;
    let is_remote = !account.endpoint.is_loopback();
    is_remote.then(|| variable.proxy_for(account.endpoint.base()))?
}

fn build_http_client(account: &Account, options: &ClientOptions) -> Result<reqwest::Client, Error> {
    let mut builder = base_client()
        .connect_timeout(options.timeout)
        .read_timeout(options.timeout)
        .timeout(options.timeout * 10)
        .pool_idle_timeout(IDLE_TIMEOUT);
    if account.endpoint.is_loopback() {
        // Traffic within this machine must not go through a proxy.
        builder = builder.no_proxy();
        if account.endpoint.base().scheme() == "http" {
            // Loading the system's root certificates takes longer than many a run, and plain HTTP needs none.
            builder = builder.tls_certs_only([]);
        }
    } else {
        builder = builder.https_only(true);
    }
    if let Some(pem) = &options.ca_pem {
        let certificates = reqwest::Certificate::from_pem_bundle(pem).unwrap_or_default();
        if certificates.is_empty() {
            return Err(Error::usage(
                "the file given with --ca-file contains no PEM certificate",
            ));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    builder
        .build()
        .map_err(|error| match &options.ca_problem {
            Some(problem) => Error::usage(format!(
                "there are no CA certificates to check {account} with: {problem}"
            ))
            .with_hint("correct or unset the variable, or pass --ca-file FILE"),
            None => Error::failed("cannot set up the HTTP client")
                .with_source(error.without_url())
                .with_hint("install the system's CA certificates (package ca-certificates), or name a file of them in SSL_CERT_FILE"),
        })
}
