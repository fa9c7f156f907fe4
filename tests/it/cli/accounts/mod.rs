//! Named accounts: profiles of the config file, profiles of `cx`, and the two `account` commands.

mod check;
mod company;
mod cx;
mod file;
mod keys;
mod list;

use crate::support::program::Program;
use crate::support::stand_in::StandIn;

/// Default path of the config file, without any flag or variable.
const CONFIG: &str = "config/hookferry/config.toml";
/// A profile for each account, with its own key.
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

/// Two accounts and a config file with these profiles; `[source]` and `[target]` stand for the accounts' URLs.
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

fn with_profiles() -> StandIn {
    with_config(StandIn::demo(), PROFILES)
}

/// The program with neither API key in its environment, and with a `PATH` for key commands.
fn without_keys<'s>(accounts: &'s StandIn, command_line: &str) -> Program<'s> {
    accounts
        .program(command_line)
        .without_env("HOOKFERRY_SOURCE_API_KEY")
        .without_env("HOOKFERRY_TARGET_API_KEY")
        .env("PATH", "/usr/bin:/bin")
}
