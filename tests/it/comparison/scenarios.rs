//! The failure scenarios. A fault hits the request of its number, whatever the client uses that request for.

use super::clients::Client;
use super::verdict::Verdict;
use crate::support::stand_in::{StandIn, options_with, text};
use hookferry::sandbox::{Outcome, seeds};
use std::time::Duration;

/// The demo webhook that both accounts hold.
const SHARED: &str = "payments-alerts";
/// The demo webhook that a target with `poison=night` refuses.
const REFUSED: &str = "night-shift";
/// A client waits this long for a response; even on a busy machine only a stall exceeds it.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The timeout where one response never comes; the next one must arrive within it.
const SHORT_TIMEOUT: Duration = Duration::from_secs(3);
/// A late effect happens within this time.
const MAX_EFFECT_DELAY: Duration = Duration::from_secs(30);

#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    /// Options for hookferry; the scripts have none.
    arguments: &'static str,
    settle: &'static str,
    faults: Vec<&'static str>,
    source_faults: Vec<&'static str>,
    switches: Vec<&'static str>,
    holds_shared: bool,
    is_for_batches: bool,
    has_late_effect: bool,
}

impl Scenario {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            arguments: "",
            settle: "1s",
            faults: Vec::new(),
            source_faults: Vec::new(),
            switches: Vec::new(),
            holds_shared: false,
            is_for_batches: false,
            has_late_effect: false,
        }
    }

    fn fault(mut self, fault: &'static str) -> Self {
        self.faults.push(fault);
        self
    }

    fn source_fault(mut self, fault: &'static str) -> Self {
        self.source_faults.push(fault);
        self
    }

    fn switch(mut self, switch: &'static str) -> Self {
        self.switches.push(switch);
        self
    }

    /// Only for a client that sends several batches; `arguments` makes hookferry do so.
    fn in_batches(mut self, arguments: &'static str) -> Self {
        self.arguments = arguments;
        self.is_for_batches = true;
        self
    }

    /// The target already holds one of the source's webhooks.
    fn holds_shared(mut self) -> Self {
        self.holds_shared = true;
        self
    }

    /// A request takes effect long after its client gave up on it; hookferry waits that long with `--settle`.
    fn late_effect(mut self, settle: &'static str) -> Self {
        self.settle = settle;
        self.has_late_effect = true;
        self
    }

    fn refused(&self) -> Option<&'static str> {
        let is_poisoned = self.switches.iter().any(|name| name.starts_with("poison="));
        is_poisoned.then_some(REFUSED)
    }

    /// Lets a client copy between two fresh accounts; `None` if the scenario does not apply to it.
    pub(super) fn play(&self, client: Client) -> Option<Verdict> {
        if self.is_for_batches && client != Client::Hookferry {
            return None;
        }
        let mut options = options_with(seeds::demo(), &self.switches, &self.faults);
        options.source.faults = self
            .source_faults
            .iter()
            .map(|fault| fault.parse().unwrap())
            .collect();
        if !self.holds_shared {
            let own = &mut options.target.webhooks;
            own.retain(|webhook| text(webhook, "alias") != SHARED);
        }
        let accounts = StandIn::start(options);
        let own = accounts.target().webhooks();
        let arguments = format!("--settle {} {}", self.settle, self.arguments);
        let timeout = if self.has_late_effect {
            SHORT_TIMEOUT
        } else {
            TIMEOUT
        };
        let reports_success = client.copy(&accounts, &arguments, timeout);
        self.assert_fault_hit(&accounts);
        if self.has_late_effect {
            wait_for_late_effect(&accounts);
        }
        Some(Verdict::new(
            &accounts,
            &own,
            self.refused(),
            reports_success,
        ))
    }

    /// Asserts that the faults hit a request; otherwise the scenario proves nothing.
    fn assert_fault_hit(&self, accounts: &StandIn) {
        for (account, faults) in [
            (accounts.source(), &self.source_faults),
            (accounts.target(), &self.faults),
        ] {
            let log = account.log();
            let is_hit = log
                .iter()
                .any(|request| request.outcome != Outcome::Answered(200));
            let is_visible = faults.iter().any(|fault| !fault.ends_with("html-200"));
            assert!(is_hit || !is_visible, "{} hit no request", self.name);
        }
    }
}

/// Waits until every POST without a response has taken effect.
fn wait_for_late_effect(accounts: &StandIn) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let effect = accounts.target().wait_until(|account| {
        let log = account.log();
        let mut stalled = log
            .iter()
            .filter(|request| request.outcome == Outcome::Stalled);
        stalled.all(|request| request.n_committed > 0)
    });
    runtime
        .block_on(async { tokio::time::timeout(MAX_EFFECT_DELAY, effect).await })
        .expect("the request never took effect");
}

pub(super) fn scenarios() -> Vec<Scenario> {
    let new = Scenario::new;
    vec![
        new("no fault"),
        new("target holds one of them already").holds_shared(),
        new("source answers 500 once").source_fault("get:1:status=500"),
        new("drop before the commit").fault("post:1:drop-before"),
        new("drop after the commit").fault("post:1:drop-after"),
        new("drop after the commit, twice").fault("post:1x2:drop-after"),
        new("drop after the commit of the 2nd batch")
            .fault("post:2:drop-after")
            .in_batches("--batch-size 4"),
        new("answer cut short").fault("post:1:truncate"),
        new("no answer in time, commit later")
            .fault("post:1:stall,commit=all,late=4500ms")
            .late_effect("6s"),
        new("429 with seconds").fault("post:1:status=429,retry-after=1"),
        new("429 with a date").fault("post:1:status=429,retry-after=date+1"),
        new("429 without Retry-After").fault("post:1:status=429"),
        new("500 before the commit").fault("post:1:status=500"),
        new("500 after the commit").fault("post:1:status=500,commit=all"),
        new("500 after half the commit").fault("post:1:status=500,commit=half"),
        new("502 after the commit").fault("post:1:status=502,commit=all"),
        new("503 after half the commit").fault("post:1:status=503,commit=half"),
        new("504 after the commit").fault("post:1:status=504,commit=all"),
        new("520 with a page, after the commit")
            .fault("post:1:status=520,commit=all")
            .switch("errors=html"),
        new("200 with a page, after the commit").fault("post:1:html-200"),
        new("redirect").fault("post:1:redirect=/api/v1/external/integrations-bulk"),
        new("answer in reverse").switch("order=reversed"),
        new("answer without ids").switch("answer=no-ids"),
        new("one is refused, so is the request").switch("poison=night"),
        new("one is refused, those before it are made")
            .switch("poison=night")
            .switch("bulk=stop-at-bad"),
        new("one is refused, the others are made")
            .switch("poison=night")
            .switch("bulk=best-effort"),
        new("aliases are unique, one is taken (409)")
            .switch("alias-clash=409")
            .holds_shared(),
        new("aliases are unique, drop after the commit")
            .switch("alias-clash=409")
            .fault("post:1:drop-after"),
        new("five webhooks a request at most (413)").switch("max-items=5"),
    ]
}
