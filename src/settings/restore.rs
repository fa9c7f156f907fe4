//! Settings of `restore` and `backup show`: which backup to read, and where to restore it.

use super::accounts::AccountResolver;
use super::backup::open_repository;
use super::follow_up::follow_up;
use super::{
    Consent, ListSettings, MigrateSettings, Origin, ReportFormat, Route, RulesFile, StateFolder,
    client_options, detail, filter, on_conflict, push_options, state_keys,
};
use crate::cli;
use crate::coralogix::client::ClientOptions;
use crate::coralogix::undocumented::StateKeys;
use crate::error::{Error, ErrorKind};
use crate::pipeline::filter::Filter;
use crate::store::backup::{BackupName, Identities, Repository, split_path};
use crate::store::disk;
use jiff::{SignedDuration, Timestamp};
use std::path::{Path, PathBuf};

/// A backup in a repository.
#[derive(Debug, Clone)]
pub struct RepositoryBackup {
    /// The repository that holds it.
    pub repository: Repository,
    /// The backed-up account; `None` if the repository holds only one.
    pub account: Option<String>,
    /// Which of the account's backups.
    pub selector: BackupSelector,
    /// The keys that decrypt it.
    pub identities: Identities,
}

/// Selects one backup of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupSelector {
    /// The newest backup.
    Latest,
    /// The newest backup that is not later than this time.
    AsOf(Timestamp),
    /// The backup with this file name.
    Named(String),
}

/// Settings of `backup show`.
#[derive(Debug)]
pub struct BackupShowSettings {
    /// `backup show` lists a backup as `list` lists an account.
    pub list: ListSettings,
}

/// Settings of `restore`.
#[derive(Debug)]
pub enum RestoreSettings {
    /// Restores to a live account.
    ToAccount(Box<MigrateSettings>),
    /// Restores to an account that is embedded in this program.
    Rehearsal(Box<RehearsalSettings>),
}

/// A rehearsal: a restore that touches no real account.
#[derive(Debug)]
pub struct RehearsalSettings {
    /// The backup to read.
    pub source: Origin,
    /// Which of its webhooks to restore.
    pub filter: Filter,
    /// How to rewrite webhooks.
    pub rules: RulesFile,
    /// The undocumented keys that do not count in comparisons.
    pub ignore_keys: StateKeys,
    /// Format of the result.
    pub output: ReportFormat,
}

impl BackupShowSettings {
    /// Resolves the arguments of `backup show`.
    pub fn resolve(arguments: cli::BackupShowArgs) -> Result<Self, Error> {
        Ok(Self {
            list: ListSettings {
                source: resolve_backup(arguments.choice)?,
                filter: filter(arguments.selection)?,
                client: ClientOptions::default(),
                output: arguments.output,
            },
        })
    }
}

impl RestoreSettings {
    /// Resolves the arguments of `restore`.
    pub async fn resolve(arguments: cli::RestoreArgs) -> Result<Self, Error> {
        let source = resolve_backup(arguments.choice)?;
        let filter = filter(arguments.selection)?;
        let mut accounts = AccountResolver::new(&arguments.connection.config)?;
        let rules = RulesFile::resolve(&arguments.rewriting, &mut accounts)?;
        let output = ReportFormat::resolve(&arguments.output)?;
        let ignore_keys = state_keys(&arguments.comparison)?;
        let Some(to) = arguments.to else {
            return Ok(Self::Rehearsal(Box::new(RehearsalSettings {
                source,
                filter,
                rules,
                ignore_keys,
                output,
            })));
        };
        let consent = Consent::from_flags(arguments.consent.dry_run, arguments.consent.yes);
        let target = accounts.resolve_target(&to, consent).await?;
        let state = StateFolder::resolve(arguments.state.state_dir);
        let follow_up = follow_up(&state, &arguments.connection, &arguments.rewriting, &target);
        let route = Route::new(
            source,
            target,
            filter,
            on_conflict(arguments.conflict.on_conflict),
            rules,
            client_options(&arguments.connection)?,
        )?;
        Ok(Self::ToAccount(Box::new(MigrateSettings {
            command: "restore",
            follow_up,
            route: Route {
                restores_own_account: !arguments.into_other_account,
                ..route.with_ignored_keys(&ignore_keys)
            },
            consent,
            max_changes: arguments.limit.max_changes,
            state,
            detail: detail(arguments.detail.diff),
            push: push_options(&arguments.writing),
            output,
        })))
    }
}

/// Resolves the backup that the arguments name: `latest` or a time in a repository, else a path.
fn resolve_backup(arguments: cli::BackupChoiceArgs) -> Result<Origin, Error> {
    let identities = Identities::from_files(arguments.identity.identity);
    let text = arguments.backup;
    let selector = match (text.as_str(), parse_time(&text)) {
        ("latest", _) => Some(BackupSelector::Latest),
        (_, Some(time)) => Some(BackupSelector::AsOf(time)),
        _ => None,
    };
    match (selector, arguments.repo) {
        (Some(which), Some(repo)) => Ok(Origin::Backup(Box::new(RepositoryBackup {
            repository: open_repository(&repo)?,
            account: arguments.account,
            selector: which,
            identities,
        }))),
        (Some(_), None) => Err(
            Error::usage(format!("`{text}` needs a repository to search"))
                .with_hint("name one with --repo DIR"),
        ),
        (None, repo) => resolve_backup_path(&text, repo.as_deref(), arguments.account, identities),
    }
}

/// Resolves a backup by its path: a file, else a path below the repository that `--repo` names.
fn resolve_backup_path(
    text: &str,
    repo: Option<&str>,
    account: Option<String>,
    identities: Identities,
) -> Result<Origin, Error> {
    let is_file = disk::is_file(Path::new(text));
    if account.is_some() && (is_file || text.contains('/')) {
        return Err(Error::usage(
            "--account requires `latest` or a time; a path already identifies the backup",
        ));
    }
    if is_file {
        return Ok(Origin::File(PathBuf::from(text), identities));
    }
    let shown_text = crate::untrusted::escape_truncated(text, 120);
    let Some((repository_name, account, name)) = split_backup_path(text, repo, account) else {
        return Err(match repo {
            None if !text.contains("://") => {
                Error::new(ErrorKind::NoBackup, format!("there is no backup `{shown_text}`"))
                    .with_hint("name a file, or pass `latest` or a time together with --repo DIR")
            }
            _ => Error::usage(format!("`{shown_text}` is not `latest`, a time or the path of a backup"))
                .with_hint("`hookferry backup list` shows the backups; write a time as 2026-11-20 or 2026-11-20T03:17, in UTC"),
        });
    };
    Ok(Origin::Backup(Box::new(RepositoryBackup {
        repository: open_repository(&repository_name)?,
        account,
        selector: BackupSelector::Named(name),
        identities,
    })))
}

/// Splits a path into repository, account and backup name. The path is complete, relative to the repository, or
/// only a name.
fn split_backup_path(
    text: &str,
    repo: Option<&str>,
    account: Option<String>,
) -> Option<(String, Option<String>, String)> {
    let Some(repo) = repo.map(|repo| repo.trim_end_matches('/')) else {
        let is_url = text.contains("://");
        let (repository_name, account, name) = split_path(text).filter(|_| is_url)?;
        return Some((repository_name, Some(account), name.to_string()));
    };
    let below = text
        .strip_prefix(repo)
        .and_then(|rest| rest.strip_prefix('/'));
    let below = below.unwrap_or(text);
    if let Some(name) = BackupName::parse(below) {
        return Some((repo.to_owned(), account, name.to_string()));
    }
    let (repository_name, account, name) = split_path(&format!("{repo}/{below}"))?;
    Some((repository_name, Some(account), name.to_string()))
}

/// The last instant of the day, minute or second that a text names; in UTC unless the text has a time zone.
fn parse_time(text: &str) -> Option<Timestamp> {
    use jiff::civil::{Date, DateTime};
    use jiff::tz::TimeZone;
    const MINUTE: [&str; 2] = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    const SECOND: [&str; 3] = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y%m%dT%H%M%S"];
    let plain = ["Z", "z", " UTC"]
        .iter()
        .find_map(|utc| text.strip_suffix(utc));
    let plain = plain.unwrap_or(text);
    let day = ["%Y-%m-%d", "%Y%m%d"]
        .iter()
        .filter(|_| matches!(plain.len(), 8 | 10))
        .find_map(|format| Date::strptime(format, plain).ok());
    let parse_datetime = |formats: &[&str]| {
        formats
            .iter()
            .find_map(|format| DateTime::strptime(format, plain).ok())
    };
    let (start, length) = match (day, parse_datetime(&MINUTE), parse_datetime(&SECOND)) {
        (Some(day), _, _) => (day.at(0, 0, 0, 0), SignedDuration::from_hours(24)),
        (_, Some(minute), _) => (minute, SignedDuration::from_mins(1)),
        (_, _, Some(second)) => (second, SignedDuration::from_secs(1)),
        // It has a time zone of its own.
        _ => return text.parse().ok(),
    };
    let start = TimeZone::UTC.to_timestamp(start).ok()?;
    start
        .checked_add(length - SignedDuration::from_nanos(1))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::parse_time;

    #[test]
    fn a_time_means_its_last_moment_and_is_read_in_utc() {
        let assert_parses_to = |text: &str, time: &str| {
            let time: jiff::Timestamp = time.parse().expect("a time");
            assert_eq!(parse_time(text), Some(time), "{text}");
        };
        assert_parses_to("2026-11-20", "2026-11-20T23:59:59.999999999Z");
        assert_parses_to("20261120", "2026-11-20T23:59:59.999999999Z");
        assert_parses_to("2026-11-20T03:17", "2026-11-20T03:17:59.999999999Z");
        assert_parses_to("2026-11-20T03:17Z", "2026-11-20T03:17:59.999999999Z");
        assert_parses_to("2026-11-20 03:17 UTC", "2026-11-20T03:17:59.999999999Z");
        assert_parses_to("2026-11-20T03:17:05Z", "2026-11-20T03:17:05.999999999Z");
        assert_parses_to("2026-11-20T05:17:05+02:00", "2026-11-20T03:17:05Z");
        assert_parses_to("20261120T031705Z", "2026-11-20T03:17:05.999999999Z");
        for text in [
            "",
            "latest",
            "3",
            "backup.json.gz",
            "2026-13-01",
            "prod-eu/x",
        ] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }
}
