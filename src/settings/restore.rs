//! Settings of `restore` and `backup show`: which backup to read, and where to restore it.

use super::accounts::{self, Accounts};
use super::backup::repository;
use super::{
    Consent, List, Migrate, Origin, ReportForm, Route, RulesFile, StateFolder, client, detail,
    filter, on_conflict, push_options,
};
use crate::cli;
use crate::coralogix::client::ClientOptions;
use crate::error::{Error, ErrorKind};
use crate::pipeline::filter::Filter;
use crate::store::backup::{BackupName, Identities, Repository, split_path};
use crate::store::disk;
use jiff::{SignedDuration, Timestamp};
use std::path::{Path, PathBuf};

/// A backup in a repository.
#[derive(Debug, Clone)]
pub struct BackupChoice {
    /// The repository that holds it.
    pub repository: Repository,
    /// The backed-up account; `None` if the repository holds only one.
    pub account: Option<String>,
    /// Which of the account's backups.
    pub which: Which,
    /// The keys that decrypt it.
    pub identities: Identities,
}

/// Selects one backup of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The newest backup.
    Latest,
    /// The newest backup that is not later than this time.
    At(Timestamp),
    /// The backup with this file name.
    Named(String),
}

/// Settings of `backup show`.
#[derive(Debug)]
pub struct BackupShow {
    /// `backup show` lists a backup as `list` lists an account.
    pub list: List,
}

/// Settings of `restore`.
#[derive(Debug)]
pub enum Restore {
    /// Restores to a live account.
    Into(Box<Migrate>),
    /// Restores to an account that is embedded in this program.
    Rehearse(Box<Rehearsal>),
}

/// A rehearsal: a restore that touches no real account.
#[derive(Debug)]
pub struct Rehearsal {
    /// The backup to read.
    pub source: Origin,
    /// Which of its webhooks to restore.
    pub filter: Filter,
    /// How to rewrite webhooks.
    pub rules: RulesFile,
    /// Format of the result.
    pub output: ReportForm,
}

impl BackupShow {
    /// Resolves the arguments of `backup show`.
    pub fn resolve(arguments: cli::BackupShowArgs) -> Result<Self, Error> {
        Ok(Self {
            list: List {
                source: chosen(arguments.choice)?,
                filter: filter(arguments.selection)?,
                client: ClientOptions::default(),
                output: arguments.output,
            },
        })
    }
}

impl Restore {
    /// Resolves the arguments of `restore`.
    pub async fn resolve(arguments: cli::RestoreArgs) -> Result<Self, Error> {
        let source = chosen(arguments.choice)?;
        let filter = filter(arguments.selection)?;
        let rules = RulesFile::resolve(&arguments.rewriting)?;
        let output = ReportForm::resolve(&arguments.output)?;
        let Some(to) = arguments.to else {
            return Ok(Self::Rehearse(Box::new(Rehearsal {
                source,
                filter,
                rules,
                output,
            })));
        };
        let mut accounts = Accounts::of(&arguments.connection.config)?;
        let target = accounts.target(&to).await?;
        let state = StateFolder::resolve(arguments.state.state_dir);
        Ok(Self::Into(Box::new(Migrate {
            command: "restore",
            flags: state.flag() + &accounts::flags(&arguments.connection.config, &target),
            route: Route::new(
                source,
                target,
                filter,
                on_conflict(arguments.conflict.on_conflict),
                rules,
                client(&arguments.connection)?,
            )?,
            consent: Consent::of(arguments.consent.dry_run, arguments.consent.yes),
            max_changes: arguments.limit.max_changes,
            state,
            detail: detail(arguments.detail.diff),
            push: push_options(&arguments.writing),
            output,
        })))
    }
}

/// Resolves the backup that the arguments name: `latest` or a time in a repository, else a path.
fn chosen(arguments: cli::ChoiceArgs) -> Result<Origin, Error> {
    let identities = Identities::of(arguments.identity.identity);
    let text = arguments.backup;
    let which = match (text.as_str(), moment(&text)) {
        ("latest", _) => Some(Which::Latest),
        (_, Some(time)) => Some(Which::At(time)),
        _ => None,
    };
    match (which, arguments.repo) {
        (Some(which), Some(repo)) => Ok(Origin::Backup(Box::new(BackupChoice {
            repository: repository(&repo)?,
            account: arguments.account,
            which,
            identities,
        }))),
        (Some(_), None) => Err(
            Error::usage(format!("`{text}` needs a repository to search"))
                .with_hint("name one with --repo DIR"),
        ),
        (None, repo) => by_path(&text, repo.as_deref(), arguments.account, identities),
    }
}

/// Resolves a backup by its path: a file, else a path below the repository that `--repo` names.
fn by_path(
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
    let shown = crate::foreign::shortened(text, 120);
    let Some((place, account, name)) = place_in(text, repo, account) else {
        return Err(match repo {
            None if !text.contains("://") => {
                Error::new(ErrorKind::NoBackup, format!("there is no backup `{shown}`"))
                    .with_hint("name a file, or pass `latest` or a time together with --repo DIR")
            }
            _ => Error::usage(format!("`{shown}` is not `latest`, a time or the path of a backup"))
                .with_hint("`hookferry backup list` shows the backups; write a time as 2026-11-20 or 2026-11-20T03:17, in UTC"),
        });
    };
    Ok(Origin::Backup(Box::new(BackupChoice {
        repository: repository(&place)?,
        account,
        which: Which::Named(name),
        identities,
    })))
}

/// Splits a path into repository, account and backup name. The path is complete, relative to the repository, or
/// only a name.
fn place_in(
    text: &str,
    repo: Option<&str>,
    account: Option<String>,
) -> Option<(String, Option<String>, String)> {
    let Some(repo) = repo.map(|repo| repo.trim_end_matches('/')) else {
        let is_url = text.contains("://");
        let (place, account, name) = split_path(text).filter(|_| is_url)?;
        return Some((place, Some(account), name.to_string()));
    };
    let below = text
        .strip_prefix(repo)
        .and_then(|rest| rest.strip_prefix('/'));
    let below = below.unwrap_or(text);
    if let Some(name) = BackupName::parse(below) {
        return Some((repo.to_owned(), account, name.to_string()));
    }
    let (place, account, name) = split_path(&format!("{repo}/{below}"))?;
    Some((place, Some(account), name.to_string()))
}

/// The last instant of the day, minute or second that a text names; in UTC unless the text has a time zone.
fn moment(text: &str) -> Option<Timestamp> {
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
        .find_map(|form| Date::strptime(form, plain).ok());
    let read = |forms: &[&str]| {
        forms
            .iter()
            .find_map(|form| DateTime::strptime(form, plain).ok())
    };
    let (start, length) = match (day, read(&MINUTE), read(&SECOND)) {
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
    use super::moment;

    #[test]
    fn a_time_means_its_last_moment_and_is_read_in_utc() {
        let is = |text: &str, time: &str| {
            let time: jiff::Timestamp = time.parse().expect("a time");
            assert_eq!(moment(text), Some(time), "{text}");
        };
        is("2026-11-20", "2026-11-20T23:59:59.999999999Z");
        is("20261120", "2026-11-20T23:59:59.999999999Z");
        is("2026-11-20T03:17", "2026-11-20T03:17:59.999999999Z");
        is("2026-11-20T03:17Z", "2026-11-20T03:17:59.999999999Z");
        is("2026-11-20 03:17 UTC", "2026-11-20T03:17:59.999999999Z");
        is("2026-11-20T03:17:05Z", "2026-11-20T03:17:05.999999999Z");
        is("2026-11-20T05:17:05+02:00", "2026-11-20T03:17:05Z");
        is("20261120T031705Z", "2026-11-20T03:17:05.999999999Z");
        for text in [
            "",
            "latest",
            "3",
            "backup.json.gz",
            "2026-13-01",
            "prod-eu/x",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
