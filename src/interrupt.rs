//! Ctrl-C, SIGTERM and SIGHUP, handled on a thread of their own, so that even a busy run reacts at once.
//! The first signal asks the run to stop cleanly; the second exits, which is safe because the journal records each
//! write before it is sent.

use crate::error::ExitCode;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// A signal that asks the process to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP: the terminal was closed.
    HangUp,
}

impl Signal {
    /// The exit code of a run that this signal stopped.
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

    /// The signal's name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "Ctrl-C",
            Self::Terminate => "SIGTERM",
            Self::HangUp => "SIGHUP",
        }
    }
}

/// The longest wait for the report on a signal.
const REPORT_TIMEOUT: Duration = Duration::from_secs(1);

/// The stop request of a run; clones share it.
#[derive(Debug, Clone)]
pub struct Interrupt(Arc<InterruptState>);

#[derive(Debug)]
struct InterruptState {
    first_signal: OnceLock<Signal>,
    /// Whether the first signal has been reported to the user; changes with every signal and hold.
    is_reported: watch::Sender<bool>,
    /// The message of the active [`Hold`], if any.
    hold_message: Mutex<Option<&'static str>>,
}

/// While a hold exists, a signal does not stop the run by itself: its owner checks for the signal and stops cleanly.
#[derive(Debug)]
pub struct Hold(Arc<InterruptState>);

impl Interrupt {
    /// Creates the state of a run that no signal has asked to stop.
    pub fn new() -> Self {
        Self(Arc::new(InterruptState {
            first_signal: OnceLock::new(),
            is_reported: watch::Sender::new(false),
            hold_message: Mutex::new(None),
        }))
    }

    /// The first signal, if any has arrived.
    pub fn signal(&self) -> Option<Signal> {
        self.0.first_signal.get().copied()
    }

    /// Resolves once a signal has arrived.
    pub async fn wait_for_signal(&self) -> Signal {
        let mut changes = self.0.is_reported.subscribe();
        loop {
            if let Some(signal) = self.signal() {
                return signal;
            }
            // `changed` fails only if the sender is gone, but `self` owns it.
            let _ = changes.changed().await;
        }
    }

    /// Resolves once a signal has arrived and no hold is active; not before that has been reported, because the process
    /// ends then.
    pub async fn wait_for_unheld_signal(&self) -> Signal {
        let mut changes = self.0.is_reported.subscribe();
        loop {
            let is_reported = *changes.borrow_and_update();
            if let Some(signal) = self.signal()
                && is_reported
                && self.hold_message().is_none()
            {
                return signal;
            }
            let _ = changes.changed().await;
        }
    }

    /// Defers the stop until the returned value is dropped; `message` tells the user what happens meanwhile.
    #[must_use]
    pub fn hold(&self, message: &'static str) -> Hold {
        *self
            .0
            .hold_message
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(message);
        Hold(Arc::clone(&self.0))
    }

    /// Records a signal, and calls `report` with whether it is the first before anybody acts on it; but nobody waits
    /// longer than a second for a report, because whoever reads it may have stopped reading.
    pub fn note(&self, signal: Signal, report: impl FnOnce(bool)) {
        let is_first = self.0.first_signal.set(signal).is_ok();
        let state = Arc::clone(&self.0);
        std::thread::spawn(move || {
            std::thread::sleep(REPORT_TIMEOUT);
            state.is_reported.send_replace(true);
        });
        report(is_first);
        self.0.is_reported.send_replace(true);
    }

    /// The message of the active hold, if any.
    pub fn hold_message(&self) -> Option<&'static str> {
        *self
            .0
            .hold_message
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Interrupt {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        *self
            .0
            .hold_message
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = None;
        self.0.is_reported.send_modify(|_| ());
    }
}

/// Listens for signals until the process ends, except those that its parent process set to be ignored.
///
/// Calls `on_signal` on the listening thread for each signal, with whether it is the first.
#[cfg(unix)]
pub fn listen(
    interrupt: &Interrupt,
    on_signal: impl Fn(Signal, bool) + Send + 'static,
) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ignored = ignored_signal_mask();
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
                        () = next_signal(&mut interrupts) => Signal::Interrupt,
                        () = next_signal(&mut terminations) => Signal::Terminate,
                        () = next_signal(&mut hang_ups) => Signal::HangUp,
                    };
                    interrupt.note(signal, |is_first| on_signal(signal, is_first));
                }
            });
        })?;
    Ok(())
}

/// The mask of signals that this process inherited as ignored, as from `nohup` or a shell without job control.
///
/// 0 where `/proc` cannot be read.
#[cfg(unix)]
fn ignored_signal_mask() -> u64 {
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
async fn next_signal(stream: &mut Option<tokio::signal::unix::Signal>) {
    match stream {
        Some(stream) => {
            // `None` means that the runtime is gone, and then nobody polls this.
            let _ = stream.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Listens for Ctrl-C until the process ends.
///
/// Calls `on_signal` on the listening thread for each one, with whether it is the first.
#[cfg(not(unix))]
pub fn listen(
    interrupt: &Interrupt,
    on_signal: impl Fn(Signal, bool) + Send + 'static,
) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let interrupt = interrupt.clone();
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            while runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
                interrupt.note(Signal::Interrupt, |is_first| {
                    on_signal(Signal::Interrupt, is_first)
                });
            }
        })?;
    Ok(())
}
