//! `hookferry list`: prints an account's webhooks as a table with every secret masked.

use super::reading::{party, read_origin, report_list_doubts, select_webhooks};
use crate::cli::OutputFormat;
use crate::coralogix::retry::WaitBudget;
use crate::document::view::Detail;
use crate::error::{Error, ExitCode};
use crate::pipeline::fetch::Inventory;
use crate::render::list;
use crate::render::screen::Screen;
use crate::settings;
use crate::store::backup::count_masked;
use crate::wording::counted_with_verb;
use std::sync::Arc;

/// Warns of webhooks that show a mask instead of a secret: nobody can restore or copy them as they are.
fn warn_about_masks(inventory: &Inventory, screen: &Screen) {
    let n_masked = count_masked(&inventory.webhooks);
    if n_masked > 0 {
        let n = counted_with_verb(n_masked, "webhook", "shows", "show");
        screen.warn(&format!(
            "{n} a mask such as **** instead of a secret, and cannot be copied or restored unless a rule sets that secret"
        ));
    }
}

/// Prints the webhooks that the filter selects.
pub(super) async fn run(
    settings: settings::ListSettings,
    screen: &Screen,
) -> Result<ExitCode, Error> {
    let wait_budget = Arc::new(WaitBudget::new(settings.client.max_wait));
    let inventory = read_origin(&settings.source, &settings.client, &wait_budget, screen).await?;
    report_list_doubts(&settings.source, &inventory, screen);
    warn_about_masks(&inventory, screen);
    let account = party(&settings.source, &inventory);
    let webhooks = select_webhooks(inventory, &settings.filter)?.webhooks;
    match settings.output {
        OutputFormat::Text => {
            let page = screen.stdout_page(Detail::default());
            screen.print_result(&list::list_text(&webhooks, &account, page))?;
        }
        OutputFormat::Json => screen.print_json(&list::list_json(&webhooks, &account))?,
    }
    Ok(ExitCode::Done)
}
