//! `hookferry backup forget`: removes old backups by a retention policy, if the newest one is intact.

use super::{accounts, combined_exit_code};
use crate::cli::OutputFormat;
use crate::document::view::Detail;
use crate::error::{Error, ErrorKind, ExitCode};
use crate::render::backup::forget::{ForgetResult, RetentionDecision, document, text};
use crate::render::json;
use crate::render::screen::Screen;
use crate::settings::BackupForgetSettings;
use crate::store::backup::check::{BackupCondition, inspect};
use crate::store::backup::retention::Policy;
use crate::store::backup::{Identities, Repository};
use jiff::Timestamp;

/// Removes the backups that the policy does not keep, and prints why the others stay.
pub(super) async fn run(
    settings: &BackupForgetSettings,
    screen: &Screen,
) -> Result<ExitCode, Error> {
    let repository = &settings.repository;
    let mut forgotten = Vec::new();
    for account in accounts(repository, settings.account.as_deref()).await? {
        let (policy, identities) = (&settings.policy, &settings.identities);
        let one = forget_account(repository, account, policy, identities, settings.dry_run).await?;
        if let Some(error) = &one.failure {
            screen.error(error);
        }
        forgotten.push(one);
    }
    if forgotten.is_empty() {
        return Err(
            Error::new(ErrorKind::NoBackup, format!("there is no backup in {repository}"))
                .with_hint("pass the repository itself, not a folder in it; `hookferry backup list --repo REPO` shows what it holds"),
        );
    }
    let code = combined_exit_code(
        &forgotten
            .iter()
            .map(ForgetResult::exit_code)
            .collect::<Vec<_>>(),
    );
    screen.print_report(&match settings.output {
        OutputFormat::Text => text(
            &forgotten,
            settings.dry_run,
            screen.stdout_page(Detail::default()),
        ),
        OutputFormat::Json => {
            let name = repository.to_string();
            json::text(&document(&forgotten, &name, settings.dry_run, code))
        }
    });
    Ok(code)
}

/// Removes the backups of an account that the policy does not keep; removes none unless the newest is intact.
pub(in crate::commands) async fn forget_account(
    repository: &Repository,
    account: String,
    policy: &Policy,
    identities: &Identities,
    dry_run: bool,
) -> Result<ForgetResult, Error> {
    if !dry_run {
        repository.remove_temporary_files(&account)?;
    }
    let stored = repository.backups(&account).await?;
    let times: Vec<Timestamp> = stored.iter().map(|stored| stored.name.time).collect();
    let judged = stored.into_iter().zip(policy.reasons(&times));
    let backups: Vec<RetentionDecision> = judged
        .map(|(stored, reasons)| RetentionDecision {
            path: repository.path_of(&stored),
            stored,
            reasons,
        })
        .collect();
    let mut forgotten = ForgetResult {
        account,
        backups,
        failure: None,
    };
    if forgotten.n_removed() > 0 {
        let removed = remove(repository, &forgotten.backups, identities, dry_run).await;
        forgotten.failure = removed.err();
    }
    Ok(forgotten)
}

async fn remove(
    repository: &Repository,
    backups: &[RetentionDecision],
    identities: &Identities,
    dry_run: bool,
) -> Result<(), Error> {
    if let Some(newest) = backups.last() {
        let bytes = repository.read(&newest.stored).await?;
        let condition = inspect(&newest.stored, bytes, identities)?;
        refuse_unless_intact(newest, &condition)?;
    }
    let removable = backups.iter().filter(|judged| judged.reasons.is_empty());
    for judged in removable.filter(|_| !dry_run) {
        repository.remove(&judged.stored).await?;
    }
    Ok(())
}

/// Refuses unless the newest backup is intact: if it may be useless, the others are what can be restored.
fn refuse_unless_intact(
    newest: &RetentionDecision,
    condition: &BackupCondition,
) -> Result<(), Error> {
    let path = crate::untrusted::escape(&newest.path);
    match condition {
        BackupCondition::Verified | BackupCondition::Intact => Ok(()),
        BackupCondition::NotOpened => Err(Error::new(
            ErrorKind::CannotDecrypt,
            format!("nothing was removed: none of these identities can decrypt the newest backup `{path}`"),
        )
        .with_hint("pass the identity that decrypts it, or none: then its bytes are checked without decrypting it")),
        BackupCondition::Damaged(why) => Err(Error::new(
            ErrorKind::Refused,
            format!("nothing was removed: the newest backup `{path}` is damaged: {why}"),
        )
        .with_hint("make a new one: hookferry backup create")),
    }
}
