//! The three clients, each together with a user who runs it once more when it failed.

use crate::support::stand_in::StandIn;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{Client as Http, Response};
use serde_json::Value;
use std::time::Duration;

/// How often the client with retries sends a POST again.
const RETRIES: usize = 3;
/// What the server puts on a webhook, and nobody sends back.
const SERVER_OWNED: [&str; 5] = ["id", "company_id", "companyId", "created_at", "updated_at"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Client {
    Hookferry,
    /// The vendor's: `curl -f` the list, delete the ids, `curl -f` all of it to the other account.
    Recipe,
    /// The same with an HTTP library that follows redirects and sends again after a lost connection, a timeout, 429
    /// and 5xx.
    BlindRetries,
}

/// What `curl -f` ends with: it failed.
#[derive(Debug)]
struct Failed;

impl Client {
    pub(super) const ALL: [Self; 3] = [Self::Hookferry, Self::Recipe, Self::BlindRetries];

    /// Copies, a second time if the first failed, and gives whether the last run said that all went well.
    ///
    /// `patience` is how long it waits for an answer. `curl` waits for ever, and its user does not.
    pub(super) fn copy(self, accounts: &StandIn, arguments: &str, patience: Duration) -> bool {
        let mut runs = (0..2).map(|_| self.copy_once(accounts, arguments, patience));
        runs.any(|says_done| says_done)
    }

    fn copy_once(self, accounts: &StandIn, arguments: &str, patience: Duration) -> bool {
        let script = match self {
            Self::Hookferry => {
                let line = format!(
                    "migrate --from [source] --to [target] --yes --rate 1000 {arguments} --timeout {}s",
                    patience.as_secs()
                );
                return accounts.program(&line).run().code == Some(0);
            }
            Self::Recipe => Script::new(patience, Policy::none(), 0),
            Self::BlindRetries => Script::new(patience, Policy::default(), RETRIES),
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
    fn new(patience: Duration, redirects: Policy, retries: usize) -> Self {
        // Fails where another test of this process was first, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Http::builder()
            .no_proxy()
            .timeout(patience)
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
        let list = whole(list.send().await).await.map_err(|_| Failed)?;
        let mut webhooks: Vec<Value> = serde_json::from_slice(&list).map_err(|_| Failed)?;
        for webhook in &mut webhooks {
            let members = webhook.as_object_mut().ok_or(Failed)?;
            members.retain(|name, _| !SERVER_OWNED.contains(&name.as_str()));
        }
        let body = serde_json::to_vec(&webhooks).unwrap();
        for _ in 0..self.retries {
            match self.post(accounts, body.clone()).await {
                Ok(()) => return Ok(()),
                Err(Refused::ForGood) => return Err(Failed),
                Err(Refused::ForNow) => {}
            }
        }
        self.post(accounts, body).await.map_err(|_| Failed)
    }

    async fn post(&self, accounts: &StandIn, body: Vec<u8>) -> Result<(), Refused> {
        let target = accounts.target();
        let url = format!("{}/api/v1/external/integrations-bulk", target.url());
        let request = self
            .http
            .post(url)
            .header(AUTHORIZATION, format!("Bearer {}", target.key()))
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        whole(request.send().await).await.map(|_| ())
    }
}

/// Whether a retry is thought to help.
enum Refused {
    ForNow,
    ForGood,
}

/// The answer's body, unless something went wrong that `curl -f` would tell: a redirect is not among it.
async fn whole(answer: reqwest::Result<Response>) -> Result<Vec<u8>, Refused> {
    let answer = answer.map_err(|_| Refused::ForNow)?;
    match answer.status().as_u16() {
        429 | 500.. => Err(Refused::ForNow),
        400.. => Err(Refused::ForGood),
        _ => {
            let body = answer.bytes().await.map_err(|_| Refused::ForNow)?;
            Ok(body.into())
        }
    }
}
