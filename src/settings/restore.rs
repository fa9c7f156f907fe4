//! Settings of `restore` and `backup show`: which backup to read, and where to restore it.

use super::accounts::{AccountResolver, NamedOrigin};
use super::backup::open_repository;
use super::follow_up::follow_up;
use super::{
    Consent, ListSettings, MigrateSettings, Origin, ReportFormat, Route, RulesFile, StateFolder,
    client_options, conflict_policy, detail, filter, push_options, state_keys,
};
use crate::cli;
use crate::coralogix::client::ClientOptions;
use crate::coralogix::undocumented::StateKeys;
use crate::error::{Error, ErrorKind};
use crate::pipeline::filter::Filter;
use crate::store::backup::{BackupName, Identities, Repository, StoredBackup, split_path};
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
    /// The account to take if the repository holds several and `account` names none of them: the one to compare with
    /// or to restore.
    pub likely_account: Option<String>,
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
                source: resolve_backup(arguments.choice, None)?,
                filter: filter(arguments.selection)?,
                client: ClientOptions::default(),
                output: arguments.output,
            },
        })
    }
}

impl RestoreSettings {
    /// Resolves the arguments of `restore`; fails before anything is read, and with everything that is missing.
    pub async fn resolve(arguments: cli::RestoreArgs) -> Result<Self, Error> {
        // Another account's backup is under another name.
        let likely_account = arguments
            .to
            .clone()
            .filter(|_| !arguments.into_other_account);
        let source = resolve_backup(arguments.choice, likely_account);
        let filter = filter(arguments.selection)?;
        let mut accounts = AccountResolver::new(&arguments.connection.config)?;
        let rules = RulesFile::resolve(&arguments.rewriting, &mut accounts)?;
        let output = ReportFormat::resolve(&arguments.output)?;
        let ignore_keys = state_keys(&arguments.comparison)?;
        let identity = match &source {
            Ok(source) => refuse_missing_identity(source).await,
            Err(_) => Ok(()),
        };
        let Some(to) = arguments.to else {
            let (source, ()) = all_present(source, identity)?;
            return Ok(Self::Rehearsal(Box::new(RehearsalSettings {
                source,
                filter,
                rules,
                ignore_keys,
                output,
            })));
        };
        let consent = Consent::from_flags(arguments.consent.dry_run, arguments.consent.yes);
        let target = accounts.resolve_target(&to, consent).await;
        let (source, (target, ())) = all_present(source, all_present(target, identity))?;
        let state = StateFolder::resolve(arguments.state.state_dir);
        let follow_up = follow_up(&state, &arguments.connection, &arguments.rewriting, &target);
        let route = Route::new(
            source,
            target,
            filter,
            conflict_policy(&arguments.conflict)?,
            rules,
            client_options(&arguments.connection)?,
        )?;
        Ok(Self::ToAccount(Box::new(MigrateSettings {
            command: "restore",
            follow_up,
            route: Route {
                restores_own_account: !arguments.into_other_account,
                is_restore: true,
                ..route.with_ignored_keys(&ignore_keys)
            },
            consent,
            max_changes: arguments.limit.max_changes,
            state,
            detail: detail(&arguments.detail),
            push: push_options(&arguments.writing),
            output,
        })))
    }
}

/// Both values, or one error with everything that either of them lacks.
fn all_present<A, B>(one: Result<A, Error>, other: Result<B, Error>) -> Result<(A, B), Error> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
        (Err(one), Err(other)) => Err(one.and(&other)),
    }
}

/// Fails if the backup is encrypted and no identity was passed, or one that was passed cannot be read.
async fn refuse_missing_identity(source: &Origin) -> Result<(), Error> {
    match source {
        Origin::File(path, identities) => {
            let is_encrypted = path.extension().is_some_and(|extension| extension == "age");
            identities.check(is_encrypted.then(|| path.display().to_string()))
        }
        Origin::Backup(choice) => {
            let encrypted = if choice.identities.is_empty() {
                chosen_encrypted(choice).await
            } else {
                None
            };
            choice.identities.check(encrypted)
        }
        Origin::Live(_) | Origin::Stdin(_) => Ok(()),
    }
}

/// The path of the chosen backup, if that is encrypted. A repository that cannot be listed is
/// reported when it is read.
async fn chosen_encrypted(choice: &RepositoryBackup) -> Option<String> {
    let accounts = match &choice.account {
        Some(account) => vec![account.clone()],
        None => choice.repository.accounts().await.ok()?,
    };
    let account = choice.likely_among(&accounts)?;
    let backups = choice.repository.backups(account).await.ok()?;
    let chosen = choice.selector.pick(&backups)?;
    chosen
        .name
        .is_encrypted
        .then(|| choice.repository.path_of(chosen))
}

impl BackupSelector {
    /// The selected one of an account's backups, the oldest of which comes first; `None` if there is none.
    pub fn pick<'b>(&self, backups: &'b [StoredBackup]) -> Option<&'b StoredBackup> {
        backups.iter().rfind(|stored| match self {
            Self::Latest => true,
            Self::AsOf(time) => stored.name.time <= *time,
            Self::Named(name) => stored.name.to_string() == *name,
        })
    }
}

impl RepositoryBackup {
    /// The account that is meant, of those that the repository holds; `None` if that is open.
    pub fn likely_among<'n>(&self, accounts: &'n [String]) -> Option<&'n String> {
        match accounts {
            [only] => Some(only),
            several => several
                .iter()
                .find(|account| self.likely_account.as_ref() == Some(account)),
        }
    }
}

/// Resolves a side of `diff`: a backup if `repo` is given and the text names one, else what the text names.
/// `likely_account` is the other side.
pub(super) fn find_side(
    accounts: &mut AccountResolver,
    argument: &str,
    text: &str,
    repo: Option<&str>,
    choice: impl FnOnce() -> cli::BackupChoiceArgs,
    likely_account: &str,
) -> Result<NamedOrigin, Error> {
    let is_backup = match repo {
        Some(repo) => {
            parse_selector(text).is_some() || split_backup_path(text, Some(repo), None).is_some()
        }
        // Without a repository, only what nothing else can be named.
        None => parse_selector(text).is_some() && accounts.find(argument, text).is_err(),
    };
    if is_backup {
        let origin = resolve_backup(choice(), Some(likely_account.to_owned()))?;
        return Ok(NamedOrigin::File(origin));
    }
    accounts.find(argument, text)
}

/// The selector that a text spells: `latest` or a time.
fn parse_selector(text: &str) -> Option<BackupSelector> {
    match text {
        "latest" => Some(BackupSelector::Latest),
        time => parse_time(time).map(BackupSelector::AsOf),
    }
}

/// Resolves the backup that the arguments name: `latest` or a time in a repository, else a path.
///
/// Of a repository with several accounts, `likely_account` is meant where the arguments name none.
fn resolve_backup(
    arguments: cli::BackupChoiceArgs,
    likely_account: Option<String>,
) -> Result<Origin, Error> {
    let identities = Identities::from_files(arguments.identity.identity);
    let text = arguments.backup;
    match (parse_selector(&text), arguments.repo) {
        (Some(which), Some(repo)) => Ok(Origin::Backup(Box::new(RepositoryBackup {
            repository: open_repository(&repo)?,
            account: arguments.account,
            likely_account,
            selector: which,
            identities,
        }))),
        (Some(_), None) => Err(
            Error::usage(format!("`{text}` needs a repository to search"))
                .with_hint("name one with --repo DIR"),
        ),
        (None, repo) => {
            let account = arguments.account;
            resolve_backup_path(&text, repo.as_deref(), account, likely_account, identities)
        }
    }
}

/// Resolves a backup by its path: a file, else a path below the repository that `--repo` names.
fn resolve_backup_path(
    text: &str,
    repo: Option<&str>,
    account: Option<String>,
    likely_account: Option<String>,
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
                .with_hint("`hookferry backup list --repo REPO` shows the backups; write a time as 2026-11-20 or 2026-11-20T03:17, in UTC"),
        });
    };
    Ok(Origin::Backup(Box::new(RepositoryBackup {
        repository: open_repository(&repository_name)?,
        account,
        likely_account,
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
