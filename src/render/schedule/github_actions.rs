//! Renders a schedule for GitHub Actions: a workflow.

use super::quoting::{shell, workflow_yaml};
use super::{GeneratedFile, header};
use crate::document::job::ScheduleJob;
use std::fmt::Write as _;

/// The workflow.
pub(super) fn file(job: &ScheduleJob) -> GeneratedFile {
    let name = format!("hookferry-{}.yml", job.name);
    let mut text = header(job, &name);
    let variables = job.variables();
    let _ = write!(
        text,
        "# Install it:
#   1. commit it as .github/workflows/{name} on the default branch, and the config file as
#      {config}, which contains no key
#   2. set the repository and commit from which to build hookferry below: there is no released binary
#   3. add the secrets: Settings > Secrets and variables > Actions
",
        config = shell(&job.config),
    );
    for (name, what) in &variables {
        let _ = writeln!(text, "#        {name}: {what}");
    }
    let _ = write!(
        text,
        "# Test it:        Actions > {title} > Run workflow
# Failure alerts: GitHub mails the person who last changed the schedule below, but nobody if it does not run at all.
#   GitHub delays or skips runs when it is busy, especially on the hour, and stops scheduled runs in a public repository
#   after 60 days without a commit. Only a heartbeat (heartbeat_url_env) detects that: {heartbeat}.
name: {quoted_title}
on:
  schedule:
    # UTC
    - cron: {fields}
  workflow_dispatch:
permissions:
  contents: read
concurrency:
  group: {group}
  cancel-in-progress: false
jobs:
  backup:
    runs-on: ubuntu-latest
    timeout-minutes: 45
    steps:
      # Version tags can be moved: replace them with the hashes of commits that you have reviewed.
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - name: Build hookferry
        # The environment of this step contains no secrets.
        run: cargo install --locked --git \"$HOOKFERRY_REPOSITORY\" --rev \"$HOOKFERRY_COMMIT\" --features cloud hookferry
        env:
          HOOKFERRY_REPOSITORY: https://example.invalid/SET-THIS/hookferry
          HOOKFERRY_COMMIT: SET-THIS
      - name: Back up
        run: hookferry run-schedule {schedule} --no-progress
        env:
          HOOKFERRY_CONFIG: {config}
",
        title = title(job),
        quoted_title = workflow_yaml(&title(job)),
        heartbeat = match job.heartbeat {
            Some(_) => "this schedule has one",
            None => "add one to this schedule",
        },
        fields = workflow_yaml(&job.cron_fields),
        group = workflow_yaml(&format!("hookferry-{}", job.name)),
        schedule = job.name,
        config = workflow_yaml(&job.config),
    );
    for (name, _) in variables {
        let _ = writeln!(text, "          {name}: ${{{{ secrets.{name} }}}}");
    }
    GeneratedFile { name, text }
}

fn title(job: &ScheduleJob) -> String {
    format!("hookferry {}", job.name)
}
