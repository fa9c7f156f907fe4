//! What goes wrong. A fault strikes every client's request of that number, whatever the client had in mind with it.

use super::clients::Client;
use super::verdict::Verdict;
use crate::support::stand_in::{StandIn, behaving, text};
use hookferry::sandbox::{Outcome, seeds};
use std::time::Duration;

/// The webhook of the demo that both accounts hold.
const SHARED: &str = "payments-alerts";
/// The one that a target with `poison=night` refuses.
const REFUSED: &str = "night-shift";
/// A client waits this long for an answer: nothing but a stall outlasts it on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// The same where an answer never comes; the next one has to come within it.
const SHORT_PATIENCE: Duration = Duration::from_secs(3);
/// An effect that is due comes within this time.
const LATEST_EFFECT: Duration = Duration::from_secs(30);

#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    /// hookferry's alone: the scripts have no options.
    arguments: &'static str,
    settle: &'static str,
    faults: Vec<&'static str>,
    source_faults: Vec<&'static str>,
    switches: Vec<&'static str>,
    holds_shared: bool,
    is_for_requests: bool,
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
            is_for_requests: false,
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

    /// Only for a client that copies in several requests, and how hookferry is told to.
    fn in_requests(mut self, arguments: &'static str) -> Self {
        self.arguments = arguments;
        self.is_for_requests = true;
        self
    }

    /// One of the source's webhooks is in the target already.
    fn holds_shared(mut self) -> Self {
        self.holds_shared = true;
        self
    }

    /// Something takes effect when its client has long left; hookferry is told to look that long.
    fn late(mut self, settle: &'static str) -> Self {
        self.settle = settle;
        self.has_late_effect = true;
        self
    }

    fn refused(&self) -> Option<&'static str> {
        let is_poisoned = self.switches.iter().any(|name| name.starts_with("poison="));
        is_poisoned.then_some(REFUSED)
    }

    /// Lets a client copy between two fresh accounts; nothing where the scenario does not concern it.
    pub(super) fn play(&self, client: Client) -> Option<Verdict> {
        if self.is_for_requests && client != Client::Hookferry {
            return None;
        }
        let mut options = behaving(seeds::demo(), &self.switches, &self.faults);
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
        let patience = if self.has_late_effect {
            SHORT_PATIENCE
        } else {
            PATIENCE
        };
        let says_done = client.copy(&accounts, &arguments, patience);
        self.assert_struck(&accounts);
        if self.has_late_effect {
            wait_for_late_effect(&accounts);
        }
        Some(Verdict::new(&accounts, &own, self.refused(), says_done))
    }

    /// A fault that strikes nobody proves nothing.
    fn assert_struck(&self, accounts: &StandIn) {
        for (account, faults) in [
            (accounts.source(), &self.source_faults),
            (accounts.target(), &self.faults),
        ] {
            let log = account.log();
            let is_struck = log
                .iter()
                .any(|seen| seen.outcome != Outcome::Answered(200));
            let is_seen = faults.iter().any(|fault| !fault.ends_with("html-200"));
            assert!(is_struck || !is_seen, "{} struck nobody", self.name);
        }
    }
}

/// Waits until every POST without an answer has had its effect.
fn wait_for_late_effect(accounts: &StandIn) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let effect = accounts.target().until(|account| {
        let log = account.log();
        let mut stalled = log.iter().filter(|seen| seen.outcome == Outcome::Stalled);
        stalled.all(|seen| seen.committed > 0)
    });
    runtime
        .block_on(async { tokio::time::timeout(LATEST_EFFECT, effect).await })
        .expect("the effect never came");
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
            .in_requests("--batch-size 4"),
        new("answer cut short").fault("post:1:truncate"),
        new("no answer in time, commit later")
            .fault("post:1:stall,commit=all,late=4500ms")
            .late("6s"),
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
