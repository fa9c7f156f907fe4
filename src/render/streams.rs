//! Standard output and standard error together, coordinated with the animated lines.
//! Never tears an animated line, and never treats a reader that went away as a failure.

use super::style::Palette;
use super::terminal;
use anstream::AutoStream;
use anstream::ColorChoice;
use console::Term;
use indicatif::{MultiProgress, ProgressDrawTarget};
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tracing_subscriber::fmt::MakeWriter;

/// The minimum layout width; a narrower terminal wraps by itself.
const MIN_WIDTH: usize = 40;

/// Both streams and the animated lines of a run.
pub(super) struct Streams {
    pub(super) stdout: Stream,
    pub(super) stderr: Stream,
    pub(super) bars: MultiProgress,
    is_stdout_gone: AtomicBool,
    has_result: AtomicBool,
}

/// One stream, and the terminal behind it, if there is one.
pub(super) struct Stream {
    writer: Mutex<Box<dyn Write + Send>>,
    pub(super) palette: Palette,
    pub(super) terminal: Option<Term>,
}

impl Streams {
    /// The streams of the process.
    pub(super) fn for_process(choice: ColorChoice) -> Self {
        let (out, err) = (Term::stdout(), Term::stderr());
        Self {
            stdout: Stream::for_process(io::stdout(), out, choice),
            stderr: Stream::for_process(io::stderr(), err, choice),
            bars: terminal::progress_bars(),
            is_stdout_gone: AtomicBool::new(false),
            has_result: AtomicBool::new(false),
        }
    }

    /// Streams that are not terminals.
    pub(super) fn with_writers(
        stdout: Box<dyn Write + Send>,
        stderr: Box<dyn Write + Send>,
        choice: ColorChoice,
    ) -> Self {
        let stream = |writer| Stream {
            writer: Mutex::new(writer),
            palette: palette(choice, false),
            terminal: None,
        };
        Self {
            stdout: stream(stdout),
            stderr: stream(stderr),
            bars: MultiProgress::with_draw_target(ProgressDrawTarget::hidden()),
            is_stdout_gone: AtomicBool::new(false),
            has_result: AtomicBool::new(false),
        }
    }

    /// Writes to standard output byte for byte; remembers a reader that went away, which is not an error.
    pub(super) fn write_stdout(&self, bytes: &[u8]) -> io::Result<()> {
        self.has_result.store(true, Ordering::Relaxed);
        if self.is_stdout_gone() {
            return Ok(());
        }
        match self.bars.suspend(|| self.stdout.write(bytes)) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.is_stdout_gone.store(true, Ordering::Relaxed);
                Ok(())
            }
            result => result,
        }
    }

    /// Whether anything was written to standard output, whether or not someone read it.
    pub(super) fn has_result(&self) -> bool {
        self.has_result.load(Ordering::Relaxed)
    }

    /// Whether the reader of standard output has gone away.
    pub(super) fn is_stdout_gone(&self) -> bool {
        self.is_stdout_gone.load(Ordering::Relaxed)
    }

    /// Writes to standard error; ignores failure, because there is nowhere left to report it.
    pub(super) fn write_stderr(&self, text: &str) {
        let _ = self.bars.suspend(|| self.stderr.write(text.as_bytes()));
    }
}

impl Stream {
    /// Colored text goes through `anstream`, which old Windows consoles need; plain text passes unchanged.
    fn for_process<S>(raw: S, terminal: Term, choice: ColorChoice) -> Self
    where
        S: anstream::stream::RawStream + anstream::stream::AsLockedWrite + Send + 'static,
    {
        let palette = palette(choice, terminal.features().colors_supported());
        let writer: Box<dyn Write + Send> = match palette {
            Palette::Colored => Box::new(AutoStream::always(raw)),
            Palette::Plain => Box::new(raw),
        };
        Self {
            writer: Mutex::new(writer),
            palette,
            terminal: terminal.is_term().then_some(terminal),
        }
    }

    /// Writes in one go, so that the lines of several threads do not interleave.
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(bytes)?;
        writer.flush()
    }

    /// The width of the terminal, in columns; `None` if there is none.
    pub(super) fn width(&self) -> Option<usize> {
        let (_, columns) = self.terminal.as_ref().and_then(Term::size_checked)?;
        Some(usize::from(columns).max(MIN_WIDTH))
    }
}

fn palette(choice: ColorChoice, supports_color: bool) -> Palette {
    match choice {
        ColorChoice::Always | ColorChoice::AlwaysAnsi => Palette::Colored,
        ColorChoice::Auto if supports_color => Palette::Colored,
        ColorChoice::Auto | ColorChoice::Never => Palette::Plain,
    }
}

/// Writes parts of the result to standard output.
pub(super) struct ResultWriter<'s>(pub(super) &'s Streams);

impl Write for ResultWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_stdout(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A log writer on standard error; each write is one log event.
#[derive(Clone)]
pub struct LogWriter(pub(super) Arc<Streams>);

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_stderr(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = Self;

    fn make_writer(&'a self) -> Self::Writer {
        self.clone()
    }
}
