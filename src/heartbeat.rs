//! Heartbeats: tells a monitoring service that a run starts, and how it ended (its exit code).
//! Never shows the URL, which is the service's secret, and never changes the result of the run itself.

use crate::error::{Error, ExitCode};
use crate::http::client::base_client;
use crate::http::client::is_loopback;
use reqwest::Url;
use std::time::Duration;

/// The time limit for one heartbeat, all attempts together: the work waits for it, and schedulers often allow only
/// 30 s between SIGTERM and SIGKILL.
const TIME_LIMIT: Duration = Duration::from_secs(10);
const MAX_ATTEMPTS: u32 = 3;
/// The wait between attempts.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Calls `<url>/start` when a run starts, and `<url>/<exit code>` when it ends, where 0 is success.
pub struct Heartbeat {
    url: Url,
    http: reqwest::Client,
}

impl Heartbeat {
    /// Creates the heartbeat of a URL; errors name `configured_in`, its place in the configuration, instead of the URL.
    pub fn new(url: &str, configured_in: &str) -> Result<Self, Error> {
        let invalid_url = || {
            Error::usage(format!(
                "the heartbeat URL {configured_in} is not an http:// or https:// URL"
            ))
            .with_hint("use the ping URL that the service shows for one check, such as https://hc-ping.com/…")
        };
        let url = Url::parse(url.trim()).map_err(|_| invalid_url())?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(invalid_url());
        }
        let http = base_client();
        let http = if is_loopback(&url) {
            http.no_proxy()
        } else {
            http
        };
        let http = http.build().map_err(|error| {
            Error::failed("cannot set up the HTTP client of the heartbeat")
                .with_source(error.without_url())
        })?;
        Ok(Self { url, http })
    }

    /// Reports that a run starts; fails if the service did not confirm it.
    pub async fn start(&self) -> Result<(), Error> {
        self.ping("start").await
    }

    /// Reports how the run ended; fails if the service did not confirm it.
    pub async fn end(&self, code: ExitCode) -> Result<(), Error> {
        self.ping(&code.code().to_string()).await
    }

    async fn ping(&self, suffix: &str) -> Result<(), Error> {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{suffix}", url.path().trim_end_matches('/')));
        let result = tokio::time::timeout(TIME_LIMIT, self.ping_with_retries(&url)).await;
        let outcome = result.unwrap_or_else(|_| Err("no response within 10 s".to_owned()));
        outcome.map_err(|why| {
            let host = crate::untrusted::escape_truncated(url.host_str().unwrap_or_default(), 80);
            Error::failed(format!("the heartbeat ({suffix}) did not reach {host}: {why}"))
                .with_hint("the run itself is not affected, but the service that waits for the heartbeat will raise an alert")
        })
    }

    /// Retries until the service answers with success; otherwise returns why the last attempt failed.
    async fn ping_with_retries(&self, url: &Url) -> Result<(), String> {
        let mut attempt = 1;
        loop {
            let why = match self.http.get(url.clone()).send().await {
                Ok(response) if response.status().is_success() => return Ok(()),
                Ok(response) => format!("it answered {}", response.status().as_u16()),
                Err(error) if error.is_connect() => "no connection".to_owned(),
                Err(_) => "connection lost".to_owned(),
            };
            if attempt == MAX_ATTEMPTS {
                return Err(why);
            }
            attempt += 1;
            tokio::time::sleep(RETRY_DELAY).await;
        }
    }
}

impl std::fmt::Debug for Heartbeat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Heartbeat")
    }
}
