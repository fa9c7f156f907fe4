//! A terminal for indicatif on standard error, for which a closed terminal is not an error.
//! Never fails: indicatif unwraps its draw errors, and a closed terminal must not abort a run halfway.

use console::Term;
use indicatif::TermLike;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// Progress bar redraws per second.
const FRAMES: u8 = 12;

/// The terminal behind standard error; after the first failed write, it is no longer written to.
#[derive(Debug)]
struct Terminal {
    term: Term,
    is_gone: AtomicBool,
}

impl Terminal {
    fn write_unless_gone(&self, write: impl FnOnce(&Term) -> io::Result<()>) {
        if !self.is_gone.load(Ordering::Relaxed) && write(&self.term).is_err() {
            self.is_gone.store(true, Ordering::Relaxed);
        }
    }
}

/// The draw target for bars: standard error if it is a terminal with a movable cursor, else hidden.
pub(super) fn progress_bars() -> indicatif::MultiProgress {
    let usual = indicatif::ProgressDrawTarget::stderr();
    let target = if usual.is_hidden() {
        usual
    } else {
        let terminal = Terminal {
            term: Term::buffered_stderr(),
            is_gone: AtomicBool::new(false),
        };
        indicatif::ProgressDrawTarget::term_like_with_hz(Box::new(terminal), FRAMES)
    };
    indicatif::MultiProgress::with_draw_target(target)
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        self.term.size().1
    }

    fn height(&self) -> u16 {
        self.term.size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.write_unless_gone(|term| term.move_cursor_up(n));
        Ok(())
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.write_unless_gone(|term| term.move_cursor_down(n));
        Ok(())
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.write_unless_gone(|term| term.move_cursor_right(n));
        Ok(())
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.write_unless_gone(|term| term.move_cursor_left(n));
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_unless_gone(|term| term.write_line(text));
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.write_unless_gone(|term| term.write_str(text));
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.write_unless_gone(Term::clear_line);
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        self.write_unless_gone(Term::flush);
        Ok(())
    }
}
