//! The cost of a process: processor time and peak memory as the kernel counts them, and wall time.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use std::error::Error;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// The cost of one process, or of several in sequence or in parallel.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    /// Processor time, user plus system.
    pub(crate) processor: Duration,
    /// Peak resident memory in KiB; for several processes, the largest.
    pub(crate) memory: u64,
    /// From start to end.
    pub(crate) wall: Duration,
}

/// A command that runs as the child of a measuring process, which writes its cost to a file.
///
/// The kernel counts the memory of a parent towards its child, so the parent has to be small.
pub(crate) fn measured(cost_file: &Path, program: &str) -> Result<Command, Box<dyn Error>> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("measure").arg(cost_file).arg(program);
    Ok(command)
}

/// The measuring process: runs the command and writes its cost to a file.
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
    /// Reads the file that a measuring process wrote.
    pub(crate) fn read(cost_file: &Path) -> Result<Self, Box<dyn Error>> {
        let text = std::fs::read_to_string(cost_file)?;
        let numbers: Vec<u64> = text.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [processor, memory, wall] = numbers[..] else {
            return Err("the cost file is malformed".into());
        };
        Ok(Self {
            processor: Duration::from_micros(processor),
            memory,
            wall: Duration::from_micros(wall),
        })
    }
}

/// The median; the upper one if the count is even.
pub(crate) fn median<T: Copy + PartialOrd>(figures: impl IntoIterator<Item = T>) -> T {
    let mut figures: Vec<T> = figures.into_iter().collect();
    figures.sort_by(|a, b| a.partial_cmp(b).expect("figures can be compared"));
    figures[figures.len() / 2]
}
