//! A service that waits for a sign of life: told that a run begins, and by its exit code how it ended.
//! Never shows the URL, which is the secret of the service, and never changes how the run itself ends.

use crate::error::{Error, ExitCode};
use crate::http::client::base_client;
use crate::http::client::is_loopback;
use reqwest::Url;
use std::time::Duration;

/// The longest that a sign of life may take, all attempts together: the work waits for it, and schedulers often leave
/// 30 s between their request to end and the end by force.
const LONGEST: Duration = Duration::from_secs(10);
/// How often a call is tried.
const MOST_ATTEMPTS: u32 = 3;
/// The wait before the next try.
const PAUSE: Duration = Duration::from_secs(1);

/// Where signs of life go: `<url>/start`, and `<url>/<exit code>`, where 0 is success.
pub struct Heartbeat {
    url: Url,
    http: reqwest::Client,
}

impl Heartbeat {
    /// A heartbeat to that URL; a message about it names its place and not the URL.
    pub fn new(url: &str, place: &str) -> Result<Self, Error> {
        let unusable = || {
            Error::usage(format!(
                "the heartbeat URL {place} is no http:// or https:// URL"
            ))
            .with_hint("it is what the service shows for one check, such as https://hc-ping.com/…")
        };
        let url = Url::parse(url.trim()).map_err(|_| unusable())?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(unusable());
        }
        let http = base_client();
        let http = if is_loopback(&url) {
            http.no_proxy()
        } else {
            http
        };
        let http = http.build().map_err(|error| {
            Error::failed("the heartbeat's client could not be set up")
                .with_source(error.without_url())
        })?;
        Ok(Self { url, http })
    }

    /// Tells that a run begins.
    pub async fn start(&self) -> Result<(), Error> {
        self.call("start").await
    }

    /// Tells how the run ended.
    pub async fn end(&self, code: ExitCode) -> Result<(), Error> {
        self.call(&code.code().to_string()).await
    }

    async fn call(&self, word: &str) -> Result<(), Error> {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{word}", url.path().trim_end_matches('/')));
        let told = tokio::time::timeout(LONGEST, self.attempts(&url)).await;
        let outcome = told.unwrap_or_else(|_| Err("no answer within 10 s".to_owned()));
        outcome.map_err(|why| {
            let host = crate::foreign::shortened(url.host_str().unwrap_or_default(), 80);
            Error::failed(format!("the heartbeat ({word}) did not reach {host}: {why}"))
                .with_hint("the run itself is not changed by that; whoever waits for the heartbeat will raise an alarm")
        })
    }

    /// Calls until an answer says that it was heard; else why it was not.
    async fn attempts(&self, url: &Url) -> Result<(), String> {
        let mut attempt = 1;
        loop {
            let why = match self.http.get(url.clone()).send().await {
                Ok(response) if response.status().is_success() => return Ok(()),
                Ok(response) => format!("it answered {}", response.status().as_u16()),
                Err(error) if error.is_connect() => "no connection".to_owned(),
                Err(_) => "the connection was lost".to_owned(),
            };
            if attempt == MOST_ATTEMPTS {
                return Err(why);
            }
            attempt += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl std::fmt::Debug for Heartbeat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Heartbeat")
    }
}
