//! Fills the template of a workflow for GitHub Actions.

use super::super::escape::fill_file;
use super::super::filters;
use super::{GeneratedFile, origin};
use crate::document::job::ScheduleJob;
use askama::Template;

#[derive(Template)]
#[template(path = "schedule/workflow.yml", syntax = "workflow")]
struct Workflow<'j> {
    origin: String,
    file: &'j str,
    job: &'j ScheduleJob,
    variables: Vec<(String, String)>,
}

/// The workflow.
pub(super) fn file(job: &ScheduleJob) -> GeneratedFile {
    let name = format!("hookferry-{}.yml", job.name);
    let workflow = Workflow {
        origin: origin(job),
        file: &name,
        job,
        variables: job.variables(),
    };
    let text = fill_file(&workflow);
    GeneratedFile { name, text }
}
