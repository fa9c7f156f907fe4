//! Settings of `restore` and `backup show`: which backup is meant, and where it goes.

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
use crate::store::backup::{Identities, Repository, split_path};
use crate::store::disk;
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// Which backup is meant.
#[derive(Debug, Clone)]
pub struct BackupChoice {
    /// Where it is kept.
    pub repository: Repository,
    /// Of which account; `None` where the repository holds one only.
    pub account: Option<String>,
    /// Which of that account's.
    pub which: Which,
    /// What opens it.
    pub identities: Identities,
}

/// Which backup of an account is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The newest.
    Latest,
    /// The newest that is not later.
    At(Timestamp),
    /// The one of that name.
    Named(String),
}

/// Settings of `backup show`.
#[derive(Debug)]
pub struct BackupShow {
    /// Where the backup is read, and how it is shown: as `list` shows an account.
    pub list: List,
}

/// Settings of `restore`.
#[derive(Debug)]
pub enum Restore {
    /// Into an account.
    Into(Box<Migrate>),
    /// Into an account that is embedded in this program.
    Rehearse(Box<Rehearsal>),
}

/// A restore that touches nothing real.
#[derive(Debug)]
pub struct Rehearsal {
    /// Where the backup is read.
    pub source: Origin,
    /// Which of its webhooks are meant.
    pub filter: Filter,
    /// What is changed on the way.
    pub rules: RulesFile,
    /// The form of the result.
    pub output: ReportForm,
}

impl BackupShow {
    /// Settings of a `backup show` command line.
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
    /// Settings of a `restore` command line.
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
            is_rehearsal: false,
            flags: state.flag() + &accounts::flags(&arguments.connection.config, &target),
            route: Route::new(
                source,
                target,
                filter,
                on_conflict(arguments.on_conflict),
                rules,
                client(&arguments.connection)?,
            )?,
            consent: Consent::of(arguments.dry_run, arguments.yes),
            max_changes: arguments.max_changes,
            state,
            detail: detail(arguments.diff),
            push: push_options(&arguments.writing),
            output,
        })))
    }
}

/// The backup that a command line names.
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
        (Some(_), None) => Err(Error::usage(format!(
            "`{text}` needs the repository in which to look"
        ))
        .with_hint("name it: --repo DIR")),
        (None, repo) => by_path(&text, repo.as_deref(), identities),
    }
}

/// A backup that is named by its path, below a repository where one is named.
fn by_path(text: &str, repo: Option<&str>, identities: Identities) -> Result<Origin, Error> {
    if repo.is_none() && disk::is_file(Path::new(text)) {
        return Ok(Origin::File(PathBuf::from(text), identities));
    }
    if repo.is_none() && !text.contains("://") {
        let text = crate::foreign::shortened(text, 120);
        return Err(
            Error::new(ErrorKind::NoBackup, format!("there is no backup `{text}`"))
                .with_hint("name a file, or the repository beside `latest` or a time: --repo DIR"),
        );
    }
    let path = match repo {
        Some(repo) => format!("{}/{text}", repo.trim_end_matches('/')),
        None => text.to_owned(),
    };
    let unknown = || {
        let text = crate::foreign::shortened(text, 120);
        Error::usage(format!("`{text}` is neither `latest`, nor a time, nor the path of a backup"))
            .with_hint("`hookferry backup list` shows the backups; a time is such as 2026-11-20 or 2026-11-20T03:17Z, in UTC")
    };
    let (place, account, name) = split_path(&path).ok_or_else(unknown)?;
    Ok(Origin::Backup(Box::new(BackupChoice {
        repository: repository(&place)?,
        account: Some(account),
        which: Which::Named(name.to_string()),
        identities,
    })))
}

/// The last moment that a text means: of a day where only the day is given; UTC where no zone is.
fn moment(text: &str) -> Option<Timestamp> {
    use jiff::civil::{Date, DateTime};
    use jiff::tz::TimeZone;
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let utc = |time: DateTime| TimeZone::UTC.to_timestamp(time).ok();
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return utc(time.parse().ok()?);
    }
    let is_day = text.len() == "2026-11-20".len();
    match text.parse::<Date>() {
        Ok(day) if is_day => utc(day.at(23, 59, 59, 999_999_999)),
        _ => utc(text.parse().ok()?),
    }
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_time_is_read_in_utc_and_a_day_means_its_end() {
        let is = |text: &str, time: &str| {
            let time: jiff::Timestamp = time.parse().expect("a time");
            assert_eq!(moment(text), Some(time), "{text}");
        };
        is("2026-11-20", "2026-11-20T23:59:59.999999999Z");
        is("2026-11-20T03:17", "2026-11-20T03:17:00Z");
        is("2026-11-20T03:17Z", "2026-11-20T03:17:00Z");
        is("2026-11-20T03:17:05Z", "2026-11-20T03:17:05Z");
        is("2026-11-20T05:17:05+02:00", "2026-11-20T03:17:05Z");
        is("20261120T031705Z", "2026-11-20T03:17:05Z");
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
