//! Holds the list of an account against the summaries of the vendor's newer API (`--cross-check`).

use super::reading::read_live;
use crate::coralogix::account::{Account, Side};
use crate::coralogix::client::{ClientOptions, Reader};
use crate::coralogix::retry::{back_off, jitter};
use crate::document::{statements, unlisted_text};
use crate::error::{Error, ErrorKind};
use crate::pipeline::cross_check::CrossCheck;
use crate::pipeline::fetch::Inventory;
use crate::render::screen::Screen;

/// Adds what the newer API says about the list, if that was asked for. Reads both once more if they differ, because they
/// may have changed in between; then the later list is the result.
///
/// # Errors
/// `Refused` if the newer API still names webhooks that the list lacks, unless the user accepts an incomplete source.
pub(super) async fn cross_check(
    reader: &Reader,
    mut inventory: Inventory,
    client: &ClientOptions,
    screen: &Screen,
) -> Result<Inventory, Error> {
    if !client.cross_check {
        return Ok(inventory);
    }
    let mut check = CrossCheck::compare(&inventory, reader.summaries().await);
    let why = "the newer API names other webhooks than the list";
    if check.may_pass() && reader.wait(why, back_off(1, jitter())).await {
        inventory = read_live(reader, screen).await?;
        check = CrossCheck::compare(&inventory, reader.summaries().await);
    }
    // What is written depends on what the target holds, so only its whole list will do.
    let may_be_incomplete = client.accept_incomplete && reader.account().side == Side::Source;
    if !may_be_incomplete {
        refuse_unlisted(reader.account(), &check)?;
    }
    inventory.cross_check = Some(check);
    Ok(inventory)
}

/// Fails if the list lacks webhooks that the newer API names.
fn refuse_unlisted(account: &Account, check: &CrossCheck) -> Result<(), Error> {
    let unlisted = check.unlisted();
    if unlisted.is_empty() {
        return Ok(());
    }
    let what = unlisted_text(&account.to_string(), unlisted);
    Err(Error::new(ErrorKind::Refused, what).with_hint(
        "hookferry wrote nothing; a list that lacks webhooks is cut, or lags. Check in Coralogix whether these webhooks exist. To go on without them, leave --cross-check out, or, for a source, pass --accept-incomplete to a command that has it",
    ))
}

/// Reports what the newer API says about a list, for commands whose result has no notices.
pub(super) fn report_cross_check(account: &Account, inventory: &Inventory, screen: &Screen) {
    let Some(check) = &inventory.cross_check else {
        return;
    };
    for statement in statements(&account.to_string(), check) {
        if statement.warning {
            screen.warn(&statement.text);
        } else {
            screen.print_message(&statement.text);
        }
    }
}
