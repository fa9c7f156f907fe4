//! `hookferry schedule`: the list of schedules, and the files for external schedulers.

mod list;
mod print;
mod refused;
mod secrets;

use super::CONFIG;
use crate::support::program::Program;
use crate::support::stand_in::StandIn;

/// Path of the config file that the commands name.
const FILE: &str = "hookferry.toml";

fn with_config_file(config: &str) -> StandIn {
    let accounts = StandIn::demo();
    accounts.write(FILE, config);
    accounts
}

/// `schedule print` with this config file.
fn print<'s>(accounts: &'s StandIn, rest: &str) -> Program<'s> {
    accounts.program(&format!("schedule print {rest} --config {FILE}"))
}
