//! Fills the template of a crontab's line, with the variables that it needs.

use super::super::escape::fill_file;
use super::super::filters;
use super::{GeneratedFile, origin};
use crate::document::job::{ScheduleJob, SecretLocation};
use askama::Template;

#[derive(Template)]
#[template(path = "schedule/crontab.cron")]
struct Crontab<'j> {
    origin: String,
    file: &'j str,
    binary: &'j str,
    job: &'j ScheduleJob,
}

/// The crontab.
pub(super) fn file(job: &ScheduleJob, binary: &str) -> GeneratedFile {
    let name = format!("hookferry-{}.cron", job.name);
    let crontab = Crontab {
        origin: origin(job),
        file: &name,
        binary,
        job,
    };
    let text = fill_file(&crontab);
    GeneratedFile { name, text }
}
