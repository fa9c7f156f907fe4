//! The state of one account behind one lock, and the handle that tests hold. Never holds the lock across an
//! await.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::watch;

use super::fault::{Action, Fault};
use super::object::{Object, to_raw};
use super::rate_limit::RateLimiter;
use super::request_log::LoggedRequest;
use super::store::Store;
use super::switches::Switches;
use super::{AccountOptions, Side, clock};

/// Handle to one running account: gives its request log and its webhooks, and changes its behavior.
#[derive(Clone)]
pub struct Account(Arc<Shared>);

struct Shared {
    side: Side,
    address: SocketAddr,
    key: String,
    company_id: u64,
    state: Mutex<State>,
    /// Notified after every change of the state.
    changes: watch::Sender<()>,
}

pub(super) struct State {
    pub(super) store: Store,
    pub(super) switches: Switches,
    pub(super) log: Vec<LoggedRequest>,
    /// The key after a rotation.
    pub(super) second_key: Option<String>,
    latency: Duration,
    faults: Vec<Fault>,
    rate_limiter: RateLimiter,
    requests_by_method: HashMap<Method, usize>,
    n_requests: usize,
}

impl Account {
    pub(super) fn new(side: Side, address: SocketAddr, options: AccountOptions) -> Self {
        let mut store = Store::new(options.company_id);
        for webhook in &options.webhooks {
            store.insert(to_object(webhook), clock::SEEDED_AT);
        }
        Self(Arc::new(Shared {
            side,
            address,
            key: options.key,
            company_id: options.company_id,
            state: Mutex::new(State {
                store,
                switches: options.switches,
                log: Vec::new(),
                second_key: None,
                latency: options.latency,
                faults: options.faults,
                rate_limiter: RateLimiter::default(),
                requests_by_method: HashMap::new(),
                n_requests: 0,
            }),
            changes: watch::Sender::new(()),
        }))
    }

    /// Which of the two accounts this is.
    pub fn side(&self) -> Side {
        self.0.side
    }

    /// The base URL to give to a client, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.0.address)
    }

    /// The API key that it accepts.
    pub fn key(&self) -> &str {
        &self.0.key
    }

    /// The company id that its webhooks carry.
    pub fn company_id(&self) -> u64 {
        self.0.company_id
    }

    /// Every request so far, in order of arrival.
    pub fn log(&self) -> Vec<LoggedRequest> {
        self.lock().log.clone()
    }

    /// All stored webhooks by ascending id, whatever the switches show or hide.
    ///
    /// A number too large for [`Value`] becomes a string with its JSON text.
    pub fn webhooks(&self) -> Vec<Value> {
        self.lock().store.all().map(to_value).collect()
    }

    /// Changes how the account behaves from the next request on.
    pub fn set_switches(&self, switches: Switches) {
        self.lock().switches = switches;
    }

    /// Accepts another key, too, as while a key is being rotated.
    pub fn accept_second_key(&self, key: &str) {
        self.lock().second_key = Some(key.to_owned());
    }

    /// Adds a fault; its request number counts from the start of the sandbox, as in [`Self::log`].
    pub fn push_fault(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    /// Adds a webhook as another writer would, bypassing all switches, and returns its id.
    ///
    /// # Panics
    /// If `webhook` is not a JSON object.
    pub fn insert(&self, webhook: &Value) -> u64 {
        let id = self.lock().store.insert(to_object(webhook), &clock::now());
        self.notify_waiters();
        id
    }

    /// Deletes a webhook as another writer would; returns whether it existed.
    pub fn remove(&self, id: u64) -> bool {
        let removed = self.lock().store.remove(id);
        self.notify_waiters();
        removed
    }

    /// Edits a webhook in place as another writer would; returns whether it existed.
    ///
    /// The server still decides its id, company and dates. `edit` runs under
    /// the account's lock and must not call the account.
    pub fn edit_webhook(&self, id: u64, edit: impl FnOnce(&mut Value)) -> bool {
        let mut state = self.lock();
        let Some(mut webhook) = state.store.get(id).map(to_value) else {
            return false;
        };
        edit(&mut webhook);
        state.store.replace(id, to_object(&webhook), &clock::now());
        drop(state);
        self.notify_waiters();
        true
    }

    /// Resolves once `count` requests have arrived; one without a delay has had its effect by then.
    pub async fn wait_for_requests(&self, count: usize) {
        self.wait_until(|account| account.lock().log.len() >= count)
            .await;
    }

    /// Resolves once `condition` holds; it is checked now and after every request, effect or edit.
    pub async fn wait_until(&self, mut condition: impl FnMut(&Self) -> bool) {
        let mut changes = self.0.changes.subscribe();
        while !condition(self) {
            // An error would mean that no sender is left, but `self` holds one.
            let _ = changes.changed().await;
        }
    }

    /// Wakes everything that waits for a change; call it without holding the lock.
    pub(super) fn notify_waiters(&self) {
        self.0.changes.send_replace(());
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // Later panics about a poisoned lock must not hide a panic in a test's own `change`.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts a request and returns the action for it.
    pub(super) fn next_action(&mut self, method: &Method) -> Action {
        self.n_requests += 1;
        let method_count = self.requests_by_method.entry(method.clone()).or_default();
        *method_count += 1;
        let fault = self
            .faults
            .iter()
            .find_map(|fault| fault.action_for(method, *method_count, self.n_requests));
        // The limit stands in front of everything that could fail.
        let refusal = self.rate_limiter.refuse(&self.switches, Instant::now());
        let mut action = refusal.or_else(|| fault.cloned()).unwrap_or_default();
        action.delay += self.latency;
        action
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Account")
            .field("side", &self.0.side)
            .field("address", &self.0.address)
            .finish_non_exhaustive()
    }
}

fn to_object(webhook: &Value) -> Object {
    let members = webhook.as_object().expect("a given webhook is an object");
    let mut object = Object::default();
    for (name, value) in members {
        object.push(name, to_raw(value));
    }
    object
}

fn to_value(text: &RawValue) -> Value {
    serde_json::from_str(text.get()).unwrap_or_else(|_| {
        let object = Object::parse(text.get()).expect("what is stored was rendered from an object");
        object
            .members()
            .map(|(name, value)| {
                let value = serde_json::from_str(value.get())
                    .unwrap_or_else(|_| Value::String(value.get().to_owned()));
                (name.to_owned(), value)
            })
            .collect()
    })
}
