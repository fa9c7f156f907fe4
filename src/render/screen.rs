//! The terminal output of a run: the result goes to standard output, everything else to standard error.
//! Decides nothing about content, and never fails because the reader went away.

use super::columns::{indented, wrapped};
use super::json;
use super::streams::{ResultWriter, Stream, Streams};
use super::style::{Meaning, Palette};
use crate::coralogix::account::Account;
use crate::coralogix::client::WaitListener;
use crate::document::DocumentBody;
use crate::document::view::Detail;
use crate::error::Error;
use crate::render::page::Page;
use crate::wording::duration_text;
use anstream::ColorChoice;
use indicatif::MultiProgress;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

pub use super::streams::LogWriter;

/// How much a run writes to standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// Progress, messages, warnings and errors.
    Normal,
    /// Warnings and errors only.
    Quiet,
}

/// Whether progress lines may be animated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// Animated on a terminal, else plain lines.
    Auto,
    /// Always plain lines.
    Never,
}

/// The way in which this run displays stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProgressMode {
    /// One animated line per stage.
    Bars,
    /// Plain lines.
    Lines,
    /// No display.
    Hidden,
}

/// The user's choices about terminal output.
#[derive(Debug, Clone, Copy)]
pub struct ScreenOptions {
    /// When to use color; decided for each stream separately.
    pub color: ColorChoice,
    /// How much to write to standard error.
    pub verbosity: Verbosity,
    /// Whether to animate progress.
    pub motion: Motion,
    /// The columns of a text that goes to no terminal; `None` to wrap nothing, because whatever shows it knows its width.
    pub columns_without_terminal: Option<usize>,
}

/// Standard output and standard error of this run; clones share them.
#[derive(Clone)]
pub struct Screen {
    streams: Arc<Streams>,
    options: ScreenOptions,
}

impl Screen {
    /// The screen of the process: its standard output and standard error.
    pub fn new(options: ScreenOptions) -> Self {
        Self {
            streams: Arc::new(Streams::for_process(options.color)),
            options,
        }
    }

    /// A screen that writes to the given streams, which are not terminals.
    pub fn with_streams(
        stdout: impl Write + Send + 'static,
        stderr: impl Write + Send + 'static,
        options: ScreenOptions,
    ) -> Self {
        let streams = Streams::with_writers(Box::new(stdout), Box::new(stderr), options.color);
        Self {
            streams: Arc::new(streams),
            options,
        }
    }

    /// Writes a part of the result to standard output, byte for byte.
    ///
    /// # Errors
    /// A failed write, such as on a full disk. A reader that went away is not an error.
    pub fn print_result(&self, text: &str) -> Result<(), Error> {
        let written = self.streams.write_stdout(text.as_bytes());
        written.map_err(cannot_write_result)
    }

    /// Writes the report on work that is done, such as what was deleted, to standard output.
    ///
    /// A failed write is reported on standard error and changes no exit code: that states what the work came to.
    pub fn print_report(&self, text: &str) {
        if let Err(error) = self.print_result(text) {
            self.error(&error);
        }
    }

    /// Writes a text with styles, such as help, to standard output; without them where there is no color.
    ///
    /// # Errors
    /// As for [`print_result`](Self::print_result).
    pub fn print_styled(&self, text: &str) -> Result<(), Error> {
        match self.streams.stdout.palette {
            Palette::Colored => self.print_result(text),
            Palette::Plain => self.print_result(&anstream::adapter::strip_str(text).to_string()),
        }
    }

    /// Writes a document to standard output as JSON, without holding its text in memory.
    ///
    /// # Errors
    /// As for [`print_result`](Self::print_result).
    pub fn print_json(&self, document: &impl DocumentBody) -> Result<(), Error> {
        let mut result = ResultWriter(&self.streams);
        json::write(document, &mut result).map_err(cannot_write_result)
    }

    /// Whether any part of the result was written.
    pub fn has_result(&self) -> bool {
        self.streams.has_result()
    }

    /// Whether the reader of standard output has gone away.
    pub fn is_stdout_gone(&self) -> bool {
        self.streams.is_stdout_gone()
    }

    /// Writes one line to standard error, unless the run is quiet.
    pub fn print_message(&self, line: &str) {
        if self.options.verbosity == Verbosity::Normal {
            self.streams.write_stderr(&format!("{line}\n"));
        }
    }

    /// Writes a sentence to standard error, wrapped to its width, unless the run is quiet.
    pub fn print_sentence(&self, text: &str) {
        self.print_message(&self.wrapped_lines(text));
    }

    /// Writes a prompt to standard error, quiet or not: the question, or the preview that it is about.
    pub fn prompt(&self, text: &str) {
        self.streams.write_stderr(text);
    }

    /// Writes a warning to standard error, quiet or not.
    pub fn warn(&self, warning: &str) {
        let word = self.stderr_palette().paint(Meaning::Warning, "warning:");
        let text = self.wrapped_lines(&format!("warning: {warning}"));
        let text = text.replacen("warning:", &word, 1);
        self.streams.write_stderr(&format!("{text}\n"));
    }

    /// Writes an error and its hint, if it has one, to standard error, quiet or not.
    pub fn error(&self, error: &Error) {
        let palette = self.stderr_palette();
        let word = palette.paint(Meaning::Error, "error:");
        let message = self.wrapped_lines(&format!("hookferry: error: {error}"));
        let message = message.replacen("error:", &word, 1);
        let hint = error.hint().map_or_else(String::new, |hint| {
            let word = palette.paint(Meaning::Hint, "hint:");
            let hint = self.wrapped_lines(&format!("hint: {hint}"));
            hint.replacen("hint:", &word, 1) + "\n"
        });
        self.streams.write_stderr(&format!("{message}\n{hint}"));
    }

    /// A text for standard error, escaped, each of its lines wrapped to the width of that with its indentation kept.
    fn wrapped_lines(&self, text: &str) -> String {
        let width = self.stderr_width();
        let wrap = |line: &str| {
            let text = line.trim_start_matches(' ');
            let indent = line.len() - text.len();
            let columns = width.saturating_sub(indent).max(1);
            format!(
                "{}{}",
                " ".repeat(indent),
                wrapped(text, columns, indent + 2)
            )
        };
        text.lines().map(wrap).collect::<Vec<_>>().join("\n")
    }

    /// A writer for log subscribers: standard error, without tearing an animated line.
    pub fn log_writer(&self) -> LogWriter {
        LogWriter(Arc::clone(&self.streams))
    }

    /// The layout of a result: the colors and width of standard output.
    pub fn stdout_page(&self, detail: Detail) -> Page {
        Page {
            palette: self.streams.stdout.palette,
            width: self.width_of(&self.streams.stdout),
            detail,
        }
    }

    /// The layout of a text for standard error, such as the preview before a question.
    pub fn stderr_page(&self, detail: Detail) -> Page {
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

    /// Whether standard error gets color or plain text.
    pub fn stderr_palette(&self) -> Palette {
        self.streams.stderr.palette
    }

    pub(super) fn stderr_width(&self) -> usize {
        self.width_of(&self.streams.stderr)
    }

    fn width_of(&self, stream: &Stream) -> usize {
        let fixed = self.options.columns_without_terminal;
        stream.width().or(fixed).unwrap_or(usize::MAX)
    }

    pub(super) fn bars(&self) -> &MultiProgress {
        &self.streams.bars
    }

    pub(super) fn progress_mode(&self) -> ProgressMode {
        match (self.options.verbosity, self.options.motion) {
            (Verbosity::Quiet, _) => ProgressMode::Hidden,
            (Verbosity::Normal, Motion::Auto) if !self.bars().is_hidden() => ProgressMode::Bars,
            (Verbosity::Normal, _) => ProgressMode::Lines,
        }
    }
}

fn cannot_write_result(error: io::Error) -> Error {
    Error::failed("cannot write the result to standard output").with_source(error)
}

/// Reports a request that waits for its retry, on a line of its own.
impl WaitListener for Screen {
    fn report_wait(&self, account: &Account, why: &str, wait: Duration) {
        let line = format!("{account}: {why}, retrying in {}", duration_text(wait));
        self.print_message(&indented(&line, self.stderr_width()));
    }
}
