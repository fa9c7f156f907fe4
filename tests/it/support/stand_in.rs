//! Two stand-in accounts for one test, served by their own thread so that the test can wait for a child process.
//! On drop they fail the test if the source received anything but a GET.

use super::program::Program;
use hookferry::sandbox::seeds::{self, Seeds};
use hookferry::sandbox::{Account, LoggedRequest, Options, Sandbox, Switches};
use serde_json::Value;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// An address at which nobody answers. The port of a listener that was closed would go to the next test that opens one.
pub(crate) const NOBODY: &str = "127.0.0.1:1";

/// Two running accounts, and a temporary home folder.
pub(crate) struct StandIn {
    source: Account,
    target: Account,
    home: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl StandIn {
    /// A team's ordinary webhooks: 12 in the source, 4 in the target, one of them in both.
    pub(crate) fn demo() -> Self {
        Self::start(seeds::demo().into())
    }

    /// The awkward accounts: every odd case.
    pub(crate) fn awkward() -> Self {
        Self::start(seeds::awkward().into())
    }

    /// The ordinary webhooks, and a target with these switches and faults.
    pub(crate) fn with(switches: &[&str], faults: &[&str]) -> Self {
        Self::start(options_with(seeds::demo(), switches, faults))
    }

    /// Starts two accounts, which accept requests as soon as this returns.
    pub(crate) fn start(options: Options) -> Self {
        let (started, accounts) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let sandbox = Sandbox::start(options).await.unwrap();
                started
                    .send((sandbox.source().clone(), sandbox.target().clone()))
                    .unwrap();
                // Ends on a message, or when the sender is dropped.
                let _ = stopped.await;
            });
        });
        let (source, target) = accounts.recv().unwrap();
        Self {
            source,
            target,
            home: tempfile::tempdir().unwrap(),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub(crate) fn source(&self) -> &Account {
        &self.source
    }

    pub(crate) fn target(&self) -> &Account {
        &self.target
    }

    /// The home folder, in which the program runs.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a file in the home folder, readable only by its owner.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.home().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        self.set_mode(name, 0o600);
    }

    /// Sets the permissions of a file in the home folder.
    pub(crate) fn set_mode(&self, name: &str, mode: u32) {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(self.home().join(name), permissions).unwrap();
    }

    /// The text of a file in the home folder.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.home().join(name)).unwrap()
    }

    /// The program with this space-separated command line; `[source]` and `[target]` stand for the accounts' URLs.
    pub(crate) fn program(&self, command_line: &str) -> Program<'_> {
        Program::with_accounts(self, command_line)
    }

    /// How many requests the source and the target have received.
    pub(crate) fn request_counts(&self) -> [usize; 2] {
        [self.source.log().len(), self.target.log().len()]
    }

    /// The target's requests other than GETs.
    pub(crate) fn posts(&self) -> Vec<LoggedRequest> {
        let mut log = self.target.log();
        log.retain(|seen| seen.method != "GET");
        log
    }

    /// Waits until the target meets a condition, which is checked after every request.
    pub(crate) fn wait_for_target(&self, condition: impl FnMut(&Account) -> bool) {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(self.target.wait_until(condition));
    }

    /// Waits until the target has received `n` POSTs.
    pub(crate) fn wait_for_posts(&self, n: usize) {
        let is_post = |seen: &&LoggedRequest| seen.method == "POST";
        self.wait_for_target(|target| target.log().iter().filter(is_post).count() >= n);
    }

    /// How many copies of each source webhook the target holds, in the order of the source.
    pub(crate) fn copies(&self) -> Vec<usize> {
        let in_target = self.target.webhooks();
        let key = |webhook: &Value| {
            let alias = webhook["alias"].clone();
            (alias, webhook["integration_type_id"].clone())
        };
        let copies = |webhook: &Value| {
            in_target
                .iter()
                .filter(|other| key(other) == key(webhook))
                .count()
        };
        self.source.webhooks().iter().map(copies).collect()
    }

    /// The requests after the given counts, one per line, the source's first.
    pub(crate) fn requests_since(&self, [source, target]: [usize; 2]) -> String {
        let mut text = String::new();
        for (side, log, earlier) in [
            ("source", self.source.log(), source),
            ("target", self.target.log(), target),
        ] {
            for seen in &log[earlier..] {
                let _ = write!(
                    text,
                    "{side}: {} {} -> {}",
                    seen.method, seen.path, seen.outcome
                );
                if seen.method != "GET" {
                    let _ = write!(
                        text,
                        ", {} sent, {} committed",
                        seen.n_items, seen.n_committed
                    );
                }
                text.push('\n');
            }
        }
        text
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread may have panicked already; the join below reports that.
            let _ = stop.send(());
        }
        let ended = self.thread.take().map(JoinHandle::join);
        if std::thread::panicking() {
            return;
        }
        assert!(matches!(ended, Some(Ok(()))), "the stand-in panicked");
        let log = self.source.log();
        assert!(
            log.iter().all(|seen| seen.method == "GET"),
            "the source received more than GETs: {log:?}"
        );
    }
}

/// Sandbox options: seeds, and switches and faults for the target.
pub(crate) fn options_with(seeds: Seeds, switches: &[&str], faults: &[&str]) -> Options {
    let mut options = Options::from(seeds);
    options.target.switches = Switches::parse(switches).unwrap();
    options.target.faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    options
}

/// The text of a member; empty where it is missing, null or not a string.
pub(crate) fn text<'v>(webhook: &'v Value, member: &str) -> &'v str {
    webhook[member].as_str().unwrap_or_default()
}

/// The digits of an id, whether it is shown as a number or, as some lists do, as a text.
pub(crate) fn id_text(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}
