//! How this run talks: the result to standard output, everything else to standard error.
//! Decides nothing about content, and never fails because somebody stopped reading.

use super::streams::Streams;
use super::style::{Meaning, Palette};
use crate::coralogix::account::Account;
use crate::coralogix::client::Watch;
use crate::document::view::Detail;
use crate::error::Error;
use crate::foreign;
use crate::render::page::Page;
use crate::wording::seconds;
use anstream::ColorChoice;
use indicatif::MultiProgress;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

pub use super::streams::LogWriter;

/// How much is said on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Talk {
    /// Progress, talk, warnings and errors.
    Normal,
    /// Warnings and errors alone.
    Quiet,
}

/// Whether progress may move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// On a terminal.
    Auto,
    /// Nowhere: plain lines.
    Never,
}

/// How stages are shown in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// A moving line each.
    Bars,
    /// Plain lines.
    Lines,
    /// Not at all.
    Hidden,
}

/// What the user decided about this run's talk.
#[derive(Debug, Clone, Copy)]
pub struct ScreenOptions {
    /// Colour, for each stream on its own.
    pub colour: ColorChoice,
    /// Talk.
    pub talk: Talk,
    /// Moving progress.
    pub motion: Motion,
}

/// The two streams of this run; clones share them.
#[derive(Clone)]
pub struct Screen {
    streams: Arc<Streams>,
    options: ScreenOptions,
}

impl Screen {
    /// The screen of the process: its standard output and standard error.
    pub fn new(options: ScreenOptions) -> Self {
        Self {
            streams: Arc::new(Streams::of_process(options.colour)),
            options,
        }
    }

    /// A screen that writes elsewhere, to streams that are no terminals.
    pub fn onto(
        stdout: impl Write + Send + 'static,
        stderr: impl Write + Send + 'static,
        options: ScreenOptions,
    ) -> Self {
        let streams = Streams::elsewhere(Box::new(stdout), Box::new(stderr), options.colour);
        Self {
            streams: Arc::new(streams),
            options,
        }
    }

    /// Writes a part of the result to standard output, exactly as it is.
    ///
    /// Nobody reading any more is not an error; a full disk is.
    pub fn result(&self, text: &str) -> Result<(), Error> {
        self.streams.to_stdout(text).map_err(|error| {
            Error::failed("the result cannot be written to standard output").with_source(error)
        })
    }

    /// Whether any part of the result was written.
    pub fn has_result(&self) -> bool {
        self.streams.has_result()
    }

    /// Whether the reader of standard output has gone away.
    pub fn is_stdout_gone(&self) -> bool {
        self.streams.is_stdout_gone()
    }

    /// Says one line on standard error, unless the run is quiet.
    pub fn say(&self, line: &str) {
        if self.options.talk == Talk::Normal {
            self.streams.to_stderr(&format!("{line}\n"));
        }
    }

    /// Shows a text on standard error, quiet or not: what somebody is asked to decide on, or the question itself.
    pub fn ask(&self, text: &str) {
        self.streams.to_stderr(text);
    }

    /// Warns on standard error, quiet or not.
    pub fn warn(&self, warning: &str) {
        let word = self.stderr_palette().paint(Meaning::Warning, "warning:");
        self.streams
            .to_stderr(&format!("{word} {}\n", harmless(warning)));
    }

    /// Tells what went wrong on standard error and, where there is one, the next step.
    pub fn error(&self, error: &Error) {
        let palette = self.stderr_palette();
        let word = palette.paint(Meaning::Error, "error:");
        let what = format!("hookferry: {word} {}\n", harmless(&error.to_string()));
        let hint = match error.hint() {
            Some(hint) => format!(
                "{} {}\n",
                palette.paint(Meaning::Hint, "hint:"),
                harmless(hint)
            ),
            None => String::new(),
        };
        self.streams.to_stderr(&(what + &hint));
    }

    /// Where a subscriber's logs go: standard error, without tearing a moving line.
    pub fn log_writer(&self) -> LogWriter {
        LogWriter(Arc::clone(&self.streams))
    }

    /// How a result is laid out: in the colours and the width of standard output.
    pub fn page(&self, detail: Detail) -> Page {
        Page {
            palette: self.streams.stdout.palette,
            width: self.streams.stdout.width(),
            detail,
        }
    }

    /// How a text for standard error is laid out, such as a preview before a question.
    pub fn talk_page(&self, detail: Detail) -> Page {
        Page {
            palette: self.stderr_palette(),
            width: self.stderr_width(),
            detail,
        }
    }

    /// Whether standard output is a terminal.
    pub fn is_stdout_terminal(&self) -> bool {
        self.streams.stdout.terminal.is_some()
    }

    /// Whether standard error is a terminal.
    pub fn is_stderr_terminal(&self) -> bool {
        self.streams.stderr.terminal.is_some()
    }

    /// Whether standard error gets colour, or plain text.
    pub fn stderr_palette(&self) -> Palette {
        self.streams.stderr.palette
    }

    pub(super) fn stderr_width(&self) -> usize {
        self.streams.stderr.width()
    }

    pub(super) fn bars(&self) -> &MultiProgress {
        &self.streams.bars
    }

    pub(super) fn manner(&self) -> Manner {
        match (self.options.talk, self.options.motion) {
            (Talk::Quiet, _) => Manner::Hidden,
            (Talk::Normal, Motion::Auto) if !self.bars().is_hidden() => Manner::Bars,
            (Talk::Normal, _) => Manner::Lines,
        }
    }
}

/// A request that has to wait says so on a line of its own.
impl Watch for Screen {
    fn waiting(&self, account: &Account, why: &str, wait: Duration) {
        let line = format!("  {account}: {why}, next try in {}", seconds(wait));
        self.say(&foreign::shown(&line));
    }
}

/// The text with every line harmless; its line breaks are ours.
fn harmless(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(foreign::shown).collect();
    lines.join("\n")
}
