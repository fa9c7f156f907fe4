//! Accounts by their names: profiles of the config file, profiles of `cx`, and the two commands about them.

mod check;
mod company;
mod cx;
mod file;
mod keys;
mod list;

use crate::support::program::Program;
use crate::support::stand_in::StandIn;

/// Where the config file is without any flag or variable.
const CONFIG: &str = "config/hookferry/config.toml";
/// Both accounts by profiles, each with a key of its own.
const PROFILES: &str = r#"
[profile.from]
url = "[source]"
api_key_file = "keys/source"
company_id = 12345
label = "production"

[profile.to]
url = "[target]"
api_key_command = ["cat", "target-key"]
company_id = "67890"
"#;

/// Two accounts and a config file with these profiles, in which `[source]` and `[target]` are the accounts.
pub(super) fn with_config(accounts: StandIn, profiles: &str) -> StandIn {
    write_config(&accounts, CONFIG, profiles);
    accounts.write(
        "config/hookferry/keys/source",
        &format!("{}\n", accounts.source().key()),
    );
    accounts.write("target-key", accounts.target().key());
    accounts
}

fn write_config(accounts: &StandIn, name: &str, profiles: &str) {
    let profiles = profiles
        .replace("[source]", &accounts.source().url())
        .replace("[target]", &accounts.target().url());
    accounts.write(name, &profiles);
}

fn named() -> StandIn {
    with_config(StandIn::demo(), PROFILES)
}

/// The program without either key in its environment, and with programs to run.
fn keyless<'s>(accounts: &'s StandIn, command_line: &str) -> Program<'s> {
    accounts
        .program(command_line)
        .without_env("HOOKFERRY_SOURCE_API_KEY")
        .without_env("HOOKFERRY_TARGET_API_KEY")
        .env("PATH", "/usr/bin:/bin")
}
