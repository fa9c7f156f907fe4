//! `hookferry schedule`: lists the schedules of the config file, and prints the files with which a scheduler
//! runs one. Reads no API key, heartbeat URL or recipients file, and opens no connection.

use crate::cli::{OutputFormat, ScheduleAction, ScheduleArgs};
use crate::document::view::Detail;
use crate::error::{Error, ExitCode};
use crate::render::json;
use crate::render::schedule::list::{self, ScheduleRow, SchedulesView};
use crate::render::schedule::{self};
use crate::render::screen::Screen;
use crate::settings::schedules::{Encryption, Schedule};
use crate::settings::{ScheduleListSettings, SchedulePrintSettings};
use crate::store::disk;
use jiff::{Timestamp, tz::TimeZone};

/// Lists schedules, or prints one for a scheduler.
pub(super) fn run(arguments: ScheduleArgs, screen: &Screen) -> Result<ExitCode, Error> {
    match arguments.action {
        ScheduleAction::List(arguments) => {
            list(&ScheduleListSettings::resolve(&arguments)?, screen)
        }
        ScheduleAction::Print(arguments) => {
            print_schedule(&SchedulePrintSettings::resolve(&arguments)?, screen)
        }
    }
}

fn list(settings: &ScheduleListSettings, screen: &Screen) -> Result<ExitCode, Error> {
    let config = &settings.config;
    let path = config.location.path.as_deref();
    let now = Timestamp::now();
    let view = SchedulesView {
        file: path.map(|path| path.display().to_string()),
        exists: config.exists,
        rows: config
            .schedules
            .iter()
            .map(|schedule| row(schedule, now))
            .collect(),
    };
    screen.print_result(&match settings.output {
        OutputFormat::Text => list::text(&view, screen.stdout_page(Detail::default())),
        OutputFormat::Json => json::text(&view),
    })?;
    Ok(ExitCode::Done)
}

fn row(schedule: &Schedule, now: Timestamp) -> ScheduleRow {
    let next = schedule.calendar.next_after(TimeZone::UTC.to_datetime(now));
    ScheduleRow {
        name: schedule.name.clone(),
        calendar: schedule.calendar.to_string(),
        words: schedule.calendar.description(),
        next: next.and_then(|next| TimeZone::UTC.to_timestamp(next).ok()),
        profiles: schedule.profiles.clone(),
        repo: schedule.repo.clone(),
        is_encrypted: schedule.encryption != Encryption::Plaintext,
        max_age: schedule.max_age.map(|age| age.as_secs()),
    }
}

fn print_schedule(settings: &SchedulePrintSettings, screen: &Screen) -> Result<ExitCode, Error> {
    let files = schedule::files(&settings.job, &settings.backend);
    let Some(folder) = &settings.out else {
        screen.print_result(&schedule::text(&files))?;
        return Ok(ExitCode::Done);
    };
    let is_own = |text: &str| schedule::is_generated(&settings.job, text);
    let mut written = String::new();
    for file in &files {
        let path = folder.join(&file.name);
        disk::replace_if_own(
            &path,
            &|to| to.write_all(file.text.as_bytes()),
            "the file",
            is_own,
        )?;
        written += &crate::untrusted::escape(&path.display().to_string());
        written.push('\n');
    }
    screen.print_result(&written)?;
    screen.print_message("each file begins with instructions for its installation");
    Ok(ExitCode::Done)
}
