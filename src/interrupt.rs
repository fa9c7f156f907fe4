//! Ctrl-C, SIGTERM and SIGHUP: heard on a thread of their own, so that even a busy run answers at once.
//! The first one asks the run to end well; the second leaves, which is safe because the run record is ahead of every write.

use crate::error::ExitCode;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::watch;

/// A request to end, as the operating system names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP: the terminal went away.
    HangUp,
}

impl Signal {
    /// The exit code of a run that this ended.
    pub fn exit_code(self) -> ExitCode {
        match self {
            Self::Interrupt => ExitCode::Interrupted,
            Self::Terminate | Self::HangUp => ExitCode::Terminated,
        }
    }

    /// Its bit in a mask of signals.
    #[cfg(unix)]
    fn bit(self) -> u64 {
        let number = match self {
            Self::HangUp => 1,
            Self::Interrupt => 2,
            Self::Terminate => 15,
        };
        1 << (number - 1)
    }

    /// How a message names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "Ctrl-C",
            Self::Terminate => "SIGTERM",
            Self::HangUp => "SIGHUP",
        }
    }
}

/// Whether the user wants this run to end; clones share it.
#[derive(Debug, Clone)]
pub struct Interrupt(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    first: OnceLock<Signal>,
    heard: watch::Sender<bool>,
    /// What the part of the program says that is in the middle of something which has to be ended well.
    hold: Mutex<Option<&'static str>>,
}

/// While it lives, an interrupt does not end the run by itself: its holder looks for it and ends in good order.
#[derive(Debug)]
pub struct Hold(Arc<Shared>);

impl Interrupt {
    /// A run that nobody has asked to end.
    pub fn new() -> Self {
        Self(Arc::new(Shared {
            first: OnceLock::new(),
            heard: watch::Sender::new(false),
            hold: Mutex::new(None),
        }))
    }

    /// The signal that asked for the end, if one did.
    pub fn signal(&self) -> Option<Signal> {
        self.0.first.get().copied()
    }

    /// Resolves once the end is asked for.
    pub async fn requested(&self) -> Signal {
        let mut heard = self.0.heard.subscribe();
        loop {
            if let Some(signal) = self.signal() {
                return signal;
            }
            // An error would mean that no sender is left, and `self` holds one.
            let _ = heard.changed().await;
        }
    }

    /// Resolves once the end is asked for and nothing holds it off.
    pub async fn unheld(&self) -> Signal {
        let mut heard = self.0.heard.subscribe();
        loop {
            if let Some(signal) = self.signal()
                && self.held().is_none()
            {
                return signal;
            }
            let _ = heard.changed().await;
        }
    }

    /// Holds the end off until the returned value is dropped; the words tell the user what happens meanwhile.
    #[must_use]
    pub fn hold(&self, words: &'static str) -> Hold {
        *self.0.hold.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
        Hold(Arc::clone(&self.0))
    }

    /// Notes a signal; `false` where there was one before.
    pub fn note(&self, signal: Signal) -> bool {
        let is_first = self.0.first.set(signal).is_ok();
        self.0.heard.send_replace(true);
        is_first
    }

    /// The words of what holds the end off, if something does.
    pub fn held(&self) -> Option<&'static str> {
        *self.0.hold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Interrupt {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        *self.0.hold.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.0.heard.send_replace(true);
    }
}

/// Listens for signals until the process ends, but not for those that its parent wants it to ignore.
///
/// `heard` is called on the listening thread for each signal, with whether it was the first.
#[cfg(unix)]
pub fn listen(
    interrupt: &Interrupt,
    heard: impl Fn(Signal, bool) + Send + 'static,
) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ignored = ignored_signals();
    let stream = |which: Signal, kind| {
        let _guard = runtime.enter();
        (ignored & which.bit() == 0)
            .then(|| signal(kind))
            .transpose()
    };
    let mut interrupts = stream(Signal::Interrupt, SignalKind::interrupt())?;
    let mut terminations = stream(Signal::Terminate, SignalKind::terminate())?;
    let mut hang_ups = stream(Signal::HangUp, SignalKind::hangup())?;
    let interrupt = interrupt.clone();
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                loop {
                    let signal = tokio::select! {
                        () = next(&mut interrupts) => Signal::Interrupt,
                        () = next(&mut terminations) => Signal::Terminate,
                        () = next(&mut hang_ups) => Signal::HangUp,
                    };
                    heard(signal, interrupt.note(signal));
                }
            });
        })?;
    Ok(())
}

/// Which signals the parent of this process wants it to ignore, as `nohup` and shells without job control do.
///
/// A mask of bits; none where the system does not tell.
#[cfg(unix)]
fn ignored_signals() -> u64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        return 0;
    };
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

#[cfg(unix)]
async fn next(stream: &mut Option<tokio::signal::unix::Signal>) {
    match stream {
        Some(stream) => {
            // `None` would mean that the runtime is gone, and then nobody polls this.
            let _ = stream.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Listens for Ctrl-C until the process ends.
///
/// `heard` is called on the listening thread for each one, with whether it was the first.
#[cfg(not(unix))]
pub fn listen(
    interrupt: &Interrupt,
    heard: impl Fn(Signal, bool) + Send + 'static,
) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let interrupt = interrupt.clone();
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            while runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
                heard(Signal::Interrupt, interrupt.note(Signal::Interrupt));
            }
        })?;
    Ok(())
}
