//! Live progress of a run's stages on standard error: an animated line on a terminal, plain lines elsewhere.
//! Never sleeps; a dropped stage leaves nothing running.

use super::columns::{indented, padded, shortened, width};
use super::screen::{ProgressMode, Screen};
use super::style::{Meaning, Palette};
use crate::pipeline::push::ProgressSink;
use crate::wording::duration_text;
use indicatif::{ProgressBar, ProgressStyle};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Time between two frames of an animated line.
const FRAME: Duration = Duration::from_millis(100);
/// Without a terminal, a stage reports at least this often that it is still working.
const HEARTBEAT: Duration = Duration::from_secs(10);
const FRAMES: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/// Widths of a stage's name and of its result, which align the lines of a run.
const NAME_COLUMNS: usize = 13;
const DETAIL_COLUMNS: usize = 22;
/// Width of the progress bar of a stage with a known total.
const BAR_COLUMNS: usize = 20;

/// A running stage; dropped without [`finish`](Self::finish), it vanishes from the terminal.
pub struct Stage {
    screen: Screen,
    state: Arc<Mutex<StageState>>,
    display: StageDisplay,
}

/// The display of a running stage.
enum StageDisplay {
    Bar(ProgressBar),
    Lines(Option<JoinHandle<()>>),
    Nothing,
}

/// The facts that a running stage displays.
struct StageState {
    name: String,
    detail: String,
    progress: Option<(usize, usize)>,
    waiting: Option<(String, Instant)>,
    started: Instant,
}

impl Screen {
    /// Starts the progress display of a stage.
    pub fn start_stage(&self, name: &str) -> Stage {
        Stage::start(self, name)
    }
}

impl Stage {
    pub(super) fn start(screen: &Screen, name: &str) -> Self {
        let state = Arc::new(Mutex::new(StageState {
            name: name.to_owned(),
            detail: String::new(),
            progress: None,
            waiting: None,
            started: Instant::now(),
        }));
        let display = match screen.progress_mode() {
            ProgressMode::Hidden => StageDisplay::Nothing,
            ProgressMode::Bars => StageDisplay::Bar(bar(screen, &state)),
            ProgressMode::Lines => {
                let line = stage_line(name, &["started"], screen.stderr_width());
                screen.print_message(&line);
                StageDisplay::Lines(spawn_heartbeat(screen, &state))
            }
        };
        Self {
            screen: screen.clone(),
            state,
            display,
        }
    }

    /// Sets what the stage has found so far.
    pub fn set_detail(&self, detail: &str) {
        detail.clone_into(&mut self.state().detail);
    }

    /// Sets the progress of the stage, and ends a wait.
    pub fn set_progress(&self, done: usize, total: usize) {
        let mut state = self.state();
        state.progress = Some((done, total));
        state.waiting = None;
    }

    /// Reports that the stage waits, why and how long; a wait of zero reports only the reason.
    pub fn report_wait(&self, why: &str, wait: Duration) {
        let mut state = self.state();
        state.waiting = Some((why.to_owned(), Instant::now() + wait));
        let wait_words = if wait.is_zero() {
            why.to_owned()
        } else {
            format!("waiting {}: {why}", duration_text(wait))
        };
        let line = stage_line(&state.name, &[&wait_words], self.screen.stderr_width());
        drop(state);
        if matches!(self.display, StageDisplay::Lines(_)) {
            self.screen.print_message(&line);
        }
    }

    /// Ends the stage and leaves one line with its result and duration.
    pub fn finish(self, found: &str) {
        let (palette, columns) = (self.screen.stderr_palette(), self.screen.stderr_width());
        let line = finished_line(&self.state(), found, palette, columns);
        // Clear the animated line first; otherwise it would be drawn once more below the finished one.
        if let StageDisplay::Bar(bar) = &self.display {
            bar.finish_and_clear();
        }
        if !matches!(self.display, StageDisplay::Nothing) {
            self.screen.print_message(&line);
        }
    }

    fn state(&self) -> MutexGuard<'_, StageState> {
        lock(&self.state)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        match &self.display {
            StageDisplay::Bar(bar) => bar.finish_and_clear(),
            StageDisplay::Lines(Some(heartbeat)) => heartbeat.abort(),
            StageDisplay::Lines(None) | StageDisplay::Nothing => {}
        }
    }
}

/// A push reports its progress to its stage.
impl ProgressSink for Stage {
    fn report_progress(&self, done: usize, total: usize) {
        self.set_progress(done, total);
    }

    fn report_wait(&self, why: &str, wait: Duration) {
        Self::report_wait(self, why, wait);
    }
}

fn lock(state: &Mutex<StageState>) -> MutexGuard<'_, StageState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn bar(screen: &Screen, state: &Arc<Mutex<StageState>>) -> ProgressBar {
    let palette = screen.stderr_palette();
    let (line_state, screen_for_width) = (Arc::clone(state), screen.clone());
    let line = move |_: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
        let columns = screen_for_width.stderr_width();
        // If a line cannot be drawn, there is nothing else to do.
        let _ = out.write_str(&running_line(&lock(&line_state), palette, columns));
    };
    let style = ProgressStyle::with_template("{line}").expect("a template of one key");
    let bar = ProgressBar::no_length().with_style(style.with_key("line", line));
    let bar = screen.bars().add(bar);
    bar.enable_steady_tick(FRAME);
    bar
}

/// Reports every ten seconds that the stage is still working; `None` outside a tokio runtime.
fn spawn_heartbeat(screen: &Screen, state: &Arc<Mutex<StageState>>) -> Option<JoinHandle<()>> {
    let runtime = tokio::runtime::Handle::try_current().ok()?;
    let (screen, state) = (screen.clone(), Arc::clone(state));
    Some(runtime.spawn(async move {
        let mut ticks = tokio::time::interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        loop {
            ticks.tick().await;
            let line = heartbeat_line(&lock(&state), screen.stderr_width());
            screen.print_message(&line);
        }
    }))
}

/// A plain line of a stage: its name in a column of its own, where the terminal is wide enough for that.
fn stage_line(name: &str, parts: &[&str], columns: usize) -> String {
    let text = parts.join("  ");
    let line = format!("  {}  {text}", padded(name, NAME_COLUMNS));
    if width(&line) <= columns {
        return line;
    }
    indented(&format!("{name}  {text}"), columns)
}

/// The animated line, shortened to the terminal's width so that it never wraps.
fn running_line(state: &StageState, palette: Palette, columns: usize) -> String {
    let elapsed = state.started.elapsed();
    let tick = usize::try_from(elapsed.as_millis() / FRAME.as_millis()).unwrap_or(0);
    let frame = palette.paint(Meaning::Hint, FRAMES[tick % FRAMES.len()]);
    // The frame, a space, and the last column, in which some terminals wrap.
    let room = columns.saturating_sub(3);
    let wide = running_text(state, elapsed, true);
    let text = if width(&wide) <= room {
        wide
    } else {
        shortened(&running_text(state, elapsed, false), room)
    };
    format!("{frame} {text}")
}

/// What a stage does; in a narrow terminal without the bar and the alignment, and while it waits, only that.
fn running_text(state: &StageState, elapsed: Duration, is_wide: bool) -> String {
    let wait = wait_text(state);
    let mut parts = if is_wide {
        vec![padded(&state.name, NAME_COLUMNS)]
    } else {
        vec![state.name.clone()]
    };
    let shows_all = is_wide || wait.is_empty();
    let progress = state.progress.filter(|(_, total)| shows_all && *total > 0);
    if let Some((done, total)) = progress {
        let filled = (done.min(total) * BAR_COLUMNS) / total;
        parts.push(if is_wide {
            let (full, empty) = ("━".repeat(filled), "─".repeat(BAR_COLUMNS - filled));
            format!("{full}{empty} {done} of {total}")
        } else {
            format!("{done} of {total}")
        });
    }
    if shows_all {
        parts.push(state.detail.clone());
        parts.push(duration_text(elapsed));
    }
    parts.push(wait);
    parts.retain(|part| !part.is_empty());
    parts.join("  ")
}

/// The line of a heartbeat.
fn heartbeat_line(state: &StageState, columns: usize) -> String {
    let mut text = "still working".to_owned();
    if let Some((done, total)) = state.progress {
        let _ = write!(text, ", {done} of {total}");
    }
    for part in [
        state.detail.clone(),
        wait_text(state),
        duration_text(state.started.elapsed()),
    ] {
        if !part.is_empty() {
            let _ = write!(text, ", {part}");
        }
    }
    stage_line(&state.name, &[&text], columns)
}

/// Why the stage waits and how much longer; empty once the wait is over.
fn wait_text(state: &StageState) -> String {
    let left = state
        .waiting
        .as_ref()
        .map(|(why, until)| (why, until.saturating_duration_since(Instant::now())));
    match left {
        Some((why, left)) if !left.is_zero() => {
            // Rounded up, so that the countdown ends at 1.
            format!("waiting {} s: {why}", left.as_secs() + 1)
        }
        _ => String::new(),
    }
}

fn finished_line(state: &StageState, found: &str, palette: Palette, columns: usize) -> String {
    let elapsed = duration_text(state.started.elapsed());
    let start = format!(
        "  {}  {}  ",
        padded(&state.name, NAME_COLUMNS),
        padded(found, DETAIL_COLUMNS)
    );
    if width(&start) + width(&elapsed) <= columns {
        return start + &palette.paint(Meaning::Faint, &elapsed);
    }
    stage_line(&state.name, &[found, &elapsed], columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// A stage in the middle of a large push that waits for its server.
    fn stage(is_waiting: bool) -> StageState {
        let why = "target api.ap1.coralogix.com: rate limited (429)".to_owned();
        StageState {
            name: "write target".to_owned(),
            detail: "1234 of 99999 webhooks".to_owned(),
            progress: Some((1234, 99_999)),
            waiting: is_waiting.then(|| (why, Instant::now() + Duration::from_secs(90))),
            started: Instant::now(),
        }
    }

    #[test]
    fn every_line_fits_into_a_narrow_terminal_and_ends_with_a_whole_word() {
        for columns in 40..120 {
            for is_waiting in [false, true] {
                let state = stage(is_waiting);
                let found = "99999 of 99999 webhooks";
                let printed = [
                    stage_line(&state.name, &["started"], columns),
                    heartbeat_line(&state, columns),
                    finished_line(&state, found, Palette::Plain, columns),
                ];
                let running = running_line(&state, Palette::Plain, columns);
                let whole = running_text(&state, Duration::ZERO, true) + " " + &printed.join(" ");
                let words: HashSet<&str> = whole.split_whitespace().collect();
                for line in printed
                    .iter()
                    .flat_map(|text| text.lines())
                    .chain([&*running])
                {
                    assert!(width(line) <= columns, "{columns}: {line:?}");
                }
                let shown = running
                    .split_whitespace()
                    .skip(1)
                    .filter(|word| *word != "…");
                for word in shown {
                    assert!(words.contains(word), "{columns}: {word:?} in {running:?}");
                }
            }
        }
        let narrow = running_line(&stage(true), Palette::Plain, 44);
        assert!(narrow.contains("waiting 90 s:"), "{narrow}");
    }
}
