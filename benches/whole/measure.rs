//! What a process has cost: processor time and peak memory as the kernel counted them, wall time by the clock.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use std::error::Error;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// What one process has cost, or several one after the other or side by side.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    /// Processor time, of the user and of the system.
    pub(crate) processor: Duration,
    /// The peak of resident memory, in KiB; of several processes the largest.
    pub(crate) memory: u64,
    /// From start to end.
    pub(crate) wall: Duration,
}

/// A command that runs below a measuring process of its own and leaves its cost in a file.
///
/// The kernel counts the memory of the process that started another towards it, so that process has to be small.
pub(crate) fn measured(cost_file: &Path, program: &str) -> Result<Command, Box<dyn Error>> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("measure").arg(cost_file).arg(program);
    Ok(command)
}

/// The measuring process: runs the command and writes what it has cost.
pub(crate) fn measure(arguments: &[OsString]) -> Result<ExitCode, Box<dyn Error>> {
    let [cost_file, program, arguments @ ..] = arguments else {
        return Err("measure FILE PROGRAM ARGUMENTS".into());
    };
    let started = Instant::now();
    let status = Command::new(program).args(arguments).status()?;
    let wall = started.elapsed();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let processor = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    std::fs::write(
        cost_file,
        format!("{processor} {} {}", usage.max_rss(), wall.as_micros()),
    )?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Cost {
    /// What a measuring process has left in its file.
    pub(crate) fn read(cost_file: &Path) -> Result<Self, Box<dyn Error>> {
        let text = std::fs::read_to_string(cost_file)?;
        let numbers: Vec<u64> = text.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [processor, memory, wall] = numbers[..] else {
            return Err("a cost of another form".into());
        };
        Ok(Self {
            processor: Duration::from_micros(processor),
            memory,
            wall: Duration::from_micros(wall),
        })
    }
}

/// The middle one of several figures.
pub(crate) fn median<T: Copy + PartialOrd>(figures: impl IntoIterator<Item = T>) -> T {
    let mut figures: Vec<T> = figures.into_iter().collect();
    figures.sort_by(|a, b| a.partial_cmp(b).expect("figures can be compared"));
    figures[figures.len() / 2]
}
