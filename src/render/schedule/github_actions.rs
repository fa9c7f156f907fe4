//! A workflow of GitHub Actions.

use super::quoting::{shell, workflow_yaml};
use super::{File, head};
use crate::document::job::Job;
use std::fmt::Write as _;

/// The workflow.
pub(super) fn file(job: &Job, fields: &str) -> File {
    let name = format!("hookferry-{}.yml", job.name);
    let mut text = head(job, &name);
    let variables = job.variables();
    let _ = write!(
        text,
        "# Install it:
#   1. commit it as .github/workflows/{name} on the default branch, and the config file as
#      {config}; that holds no key
#   2. say below from which repository and commit hookferry is built: there is no released binary
#   3. add the secrets: Settings > Secrets and variables > Actions
",
        config = shell(&job.config),
    );
    for (name, what) in &variables {
        let _ = writeln!(text, "#        {name}: {what}");
    }
    let _ = write!(
        text,
        "# See it work:   Actions > {title} > Run workflow
# Hear of failures: GitHub mails whoever last changed the schedule below, and nobody when it does not run at all.
#   Runs are delayed or left out when GitHub is busy, at full hours most of all, and a public repository without a
#   commit for 60 days gets none any more. Only a heartbeat (heartbeat_url_env) tells you: {heartbeat}.
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
      # Versions can be moved: replace them by the commits that you have looked at.
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - name: Build hookferry
        # No secret is in the environment of this step.
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
            None => "give this schedule one",
        },
        fields = workflow_yaml(fields),
        group = workflow_yaml(&format!("hookferry-{}", job.name)),
        schedule = job.name,
        config = workflow_yaml(&job.config),
    );
    for (name, _) in variables {
        let _ = writeln!(text, "          {name}: ${{{{ secrets.{name} }}}}");
    }
    File { name, text }
}

fn title(job: &Job) -> String {
    format!("hookferry {}", job.name)
}
