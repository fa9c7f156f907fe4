//! The two accounts, in a separate process, so that no contestant is charged for their processor time.

use crate::webhooks::webhooks;
use hookferry::sandbox::{Options, Sandbox};
use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// The key that both accounts accept.
pub(crate) const KEY: &str = "bench-key";

/// Serves until standard input ends; the first line of output has both addresses.
pub(crate) fn serve(n: usize) -> Result<(), Box<dyn Error>> {
    let mut options = Options::default();
    options.source.webhooks = webhooks(n);
    KEY.clone_into(&mut options.source.key);
    // hookferry would treat the same key on both sides as one account.
    options.target.key = target_key();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let sandbox = Sandbox::start(options).await?;
        println!("{} {}", sandbox.source().url(), sandbox.target().url());
        std::io::stdout().flush()?;
        tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
        Ok(())
    })
}

/// The key of the target.
pub(crate) fn target_key() -> String {
    format!("{KEY}-of-the-target")
}

/// Two running accounts; dropping this stops them.
pub(crate) struct Accounts {
    child: Child,
    /// Where the source listens.
    pub(crate) source: SocketAddr,
    /// Where the target listens.
    pub(crate) target: SocketAddr,
}

impl Accounts {
    /// Starts a source with `n` webhooks and an empty target.
    pub(crate) fn start(n: usize) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", &n.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("no output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let address = |url: &str| url.trim_start_matches("http://").parse();
        let (source, target) = line
            .trim()
            .split_once(' ')
            .ok_or("the accounts did not start")?;
        Ok(Self {
            source: address(source)?,
            target: address(target)?,
            child,
        })
    }
}

impl Drop for Accounts {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
