//! A stateful stand-in for the vendor's webhooks API: two accounts on loopback, to try hookferry on.
//!
//! It models the vendor's published page and nothing more. Where the page is silent, a
//! [switch](Switches) decides; [faults](Fault) break single requests.
//! It must never listen beyond loopback, and never share logic with hookferry's
//! client: both would make the same mistake, and no test would fail.
//!
//! A request goes `listener` → `exchange` (log, faults) → `api` (key, route) →
//! `read`, or `draft` and `write` → `store`.

mod account;
mod api;
mod clock;
mod echo;
mod exchange;
mod fault;
mod kinds;
mod listener;
mod newer_api;
mod object;
mod rate_limit;
mod read;
mod request_log;
mod reshape;
mod response;
pub mod seeds;
mod spelling;
mod store;
mod switches;
mod usage;
mod validation;
mod write;

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use account::Account;
pub use fault::Fault;
pub use request_log::{LoggedRequest, Outcome};
pub use spelling::SpellingError;
pub use switches::Switches;
pub use usage::usage;

/// One of the two accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The account that webhooks are copied from.
    Source,
    /// The account that webhooks are copied to.
    Target,
}

/// Options of a sandbox; the default is two empty, well-behaved accounts on free ports.
#[derive(Clone, Debug)]
pub struct Options {
    /// The account that webhooks are copied from.
    pub source: AccountOptions,
    /// The account that webhooks are copied to.
    pub target: AccountOptions,
}

/// Options of one account.
#[derive(Clone, Debug)]
pub struct AccountOptions {
    /// The port on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// The API key that it accepts.
    pub key: String,
    /// The company id that it puts on its webhooks.
    pub company_id: u64,
    /// The initial webhooks; the sandbox fills in missing ids, times and company ids.
    pub webhooks: Vec<Value>,
    /// How it behaves where the page is silent.
    pub switches: Switches,
    /// The faults to inject; the first one that matches a request applies.
    pub faults: Vec<Fault>,
    /// The delay before every request is processed.
    pub latency: Duration,
}

impl AccountOptions {
    fn new(key: &str, company_id: u64) -> Self {
        Self {
            port: 0,
            key: key.to_owned(),
            company_id,
            webhooks: Vec::new(),
            switches: Switches::default(),
            faults: Vec::new(),
            latency: Duration::ZERO,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            source: AccountOptions::new("source-key-canary", 12345),
            target: AccountOptions::new("target-key-canary", 67890),
        }
    }
}

/// Two running accounts; dropping it stops both and cuts their connections.
#[derive(Debug)]
pub struct Sandbox {
    source: Account,
    target: Account,
    /// Aborts the listeners when dropped.
    _listeners: JoinSet<()>,
}

impl Sandbox {
    /// Starts both accounts on the current tokio runtime; both are ready when it returns.
    ///
    /// # Panics
    /// If an initial webhook is not a JSON object.
    pub async fn start(options: Options) -> io::Result<Self> {
        let mut listeners = JoinSet::new();
        let source = start_account(Side::Source, options.source, &mut listeners).await?;
        let target = start_account(Side::Target, options.target, &mut listeners).await?;
        Ok(Self {
            source,
            target,
            _listeners: listeners,
        })
    }

    /// The account on that side.
    pub fn account(&self, side: Side) -> &Account {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }

    /// The account that webhooks are copied from.
    pub fn source(&self) -> &Account {
        &self.source
    }

    /// The account that webhooks are copied to.
    pub fn target(&self) -> &Account {
        &self.target
    }
}

async fn start_account(
    side: Side,
    options: AccountOptions,
    listeners: &mut JoinSet<()>,
) -> io::Result<Account> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    let account = Account::new(side, listener.local_addr()?, options);
    listeners.spawn(listener::serve(listener, account.clone()));
    Ok(account)
}
