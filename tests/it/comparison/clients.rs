//! The three clients, each with a user who runs it again if it fails.

use crate::support::stand_in::StandIn;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{Client as Http, Response};
use serde_json::Value;
use std::time::Duration;

/// How many times the retrying client resends a POST.
const RETRIES: usize = 3;
/// Keys that the server adds to a webhook and that no client sends.
const SERVER_OWNED: [&str; 5] = ["id", "company_id", "companyId", "created_at", "updated_at"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Client {
    Hookferry,
    /// The vendor's recipe: `curl -f` the list, delete the ids, `curl -f` all of it to the other account.
    Recipe,
    /// The recipe with an HTTP library that follows redirects and resends after a lost connection, a timeout, 429
    /// and 5xx.
    BlindRetries,
}

/// A failure of `curl -f`, which gives no details.
#[derive(Debug)]
struct Failed;

impl Client {
    pub(super) const ALL: [Self; 3] = [Self::Hookferry, Self::Recipe, Self::BlindRetries];

    /// Copies, a second time if the first run fails, and returns whether the last run reported success.
    ///
    /// `timeout` is how long it waits for a response. `curl` waits forever, but its user does not.
    pub(super) fn copy(self, accounts: &StandIn, arguments: &str, timeout: Duration) -> bool {
        let mut runs = (0..2).map(|_| self.copy_once(accounts, arguments, timeout));
        runs.any(|reports_success| reports_success)
    }

    fn copy_once(self, accounts: &StandIn, arguments: &str, timeout: Duration) -> bool {
        let script = match self {
            Self::Hookferry => {
                let line = format!(
                    "migrate --from [source] --to [target] --yes --rate 1000 {arguments} --timeout {}s",
                    timeout.as_secs()
                );
                return accounts.program(&line).run().code == Some(0);
            }
            Self::Recipe => Script::new(timeout, Policy::none(), 0),
            Self::BlindRetries => Script::new(timeout, Policy::default(), RETRIES),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(script.copy(accounts)).is_ok()
    }
}

/// GET all, delete the ids, POST all.
struct Script {
    http: Http,
    retries: usize,
}

impl Script {
    fn new(timeout: Duration, redirects: Policy, retries: usize) -> Self {
        // Fails if another test of this process has installed it already, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Http::builder()
            .no_proxy()
            .timeout(timeout)
            .redirect(redirects)
            .pool_max_idle_per_host(0)
            .build()
            .unwrap();
        Self { http, retries }
    }

    async fn copy(&self, accounts: &StandIn) -> Result<(), Failed> {
        let source = accounts.source();
        let list = self
            .http
            .get(format!("{}/api/v1/external/integrations", source.url()))
            .header(AUTHORIZATION, format!("Bearer {}", source.key()));
        let list = success_body(list.send().await).await.map_err(|_| Failed)?;
        let mut webhooks: Vec<Value> = serde_json::from_slice(&list).map_err(|_| Failed)?;
        for webhook in &mut webhooks {
            let members = webhook.as_object_mut().ok_or(Failed)?;
            members.retain(|name, _| !SERVER_OWNED.contains(&name.as_str()));
        }
        let body = serde_json::to_vec(&webhooks).unwrap();
        for _ in 0..self.retries {
            match self.post(accounts, body.clone()).await {
                Ok(()) => return Ok(()),
                Err(Failure::Permanent) => return Err(Failed),
                Err(Failure::Transient) => {}
            }
        }
        self.post(accounts, body).await.map_err(|_| Failed)
    }

    async fn post(&self, accounts: &StandIn, body: Vec<u8>) -> Result<(), Failure> {
        let target = accounts.target();
        let url = format!("{}/api/v1/external/integrations-bulk", target.url());
        let request = self
            .http
            .post(url)
            .header(AUTHORIZATION, format!("Bearer {}", target.key()))
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        success_body(request.send().await).await.map(|_| ())
    }
}

/// Why a request failed, by whether a retry could help.
enum Failure {
    Transient,
    Permanent,
}

/// The response body, unless `curl -f` would fail; it accepts redirects.
async fn success_body(response: reqwest::Result<Response>) -> Result<Vec<u8>, Failure> {
    let response = response.map_err(|_| Failure::Transient)?;
    match response.status().as_u16() {
        429 | 500.. => Err(Failure::Transient),
        400.. => Err(Failure::Permanent),
        _ => {
            let body = response.bytes().await.map_err(|_| Failure::Transient)?;
            Ok(body.into())
        }
    }
}
