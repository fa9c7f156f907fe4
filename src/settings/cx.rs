//! Profiles of `cx`, Coralogix's own program: read only when the user names one as `cx:NAME`, and never written.
//! Never opens the system's keyring and never uses the tokens of a browser login.

use super::environment::absolute_path;
use super::keys::OwnKey;
use crate::coralogix::account::AccountProfile;
use crate::coralogix::endpoint::Endpoint;
use crate::error::Error;
use crate::store::disk;
use crate::toml_file::{self, Reading, Table};
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;

/// Marks an account argument as the name of a `cx` profile.
pub(super) const PREFIX: &str = "cx:";

/// The account of a `cx` profile, and where its key is.
pub(super) struct CxProfile {
    pub(super) account: AccountProfile,
    pub(super) endpoint: Endpoint,
    pub(super) key: OwnKey,
}

/// The fields of a `cx` profile file that matter here.
#[derive(Default)]
struct Said {
    auth: Option<String>,
    storage: Option<String>,
    region: Option<String>,
    label: Option<String>,
    key: Option<SecretString>,
}

/// Reads the profile of `cx:NAME`.
pub(super) fn read(argument: &str, name: &str) -> Result<CxProfile, Error> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || name.starts_with('.') || !name.bytes().all(is_plain) {
        return Err(Error::usage(format!(
            "{argument}: the text after cx: is not a valid cx profile name"
        ))
        .with_hint("`cx profiles list` shows the names"));
    }
    let path = path_of(name)?;
    let text = disk::read_secret(&path, "the cx profile").map_err(|error| {
        let names = "`cx profiles list` shows the names of the profiles";
        match error.hint() {
            Some(_) => error,
            None => error.with_hint(names),
        }
    })?;
    let shown = crate::foreign::shown(&path.display().to_string());
    let said = toml_file::read(text.expose_secret(), understood).map_err(|misread| {
        let lines = toml_file::listed(&path.display().to_string(), &misread);
        Error::failed(format!("the cx profile has errors\n{lines}"))
            .with_hint(format!("recreate it with `cx profiles add {name}`"))
    })?;
    let region = said.region.as_deref().ok_or_else(|| {
        Error::failed(format!("the cx profile `{shown}` has no region"))
            .with_hint(format!("recreate it with `cx profiles add {name}`"))
    })?;
    let endpoint = Endpoint::parse(region).map_err(|unrecognised| {
        Error::usage(format!(
            "the region of the cx profile `{shown}` is unusable: {}",
            unrecognised.problem()
        ))
        .with_hint("name the account by its URL, and set its key in the environment")
    })?;
    Ok(CxProfile {
        account: AccountProfile {
            name: format!("{PREFIX}{name}"),
            label: said.label.clone(),
            company_id: None,
        },
        endpoint,
        key: key(path, said),
    })
}

fn path_of(name: &str) -> Result<PathBuf, Error> {
    let home = absolute_path("HOME").ok_or_else(|| {
        Error::usage("HOME is not set, so hookferry cannot find the profiles of cx")
    })?;
    let folder = home.join(".cx").join("profiles");
    Ok(folder.join(format!("{name}.toml")))
}

/// Ignores unknown keys, because the file belongs to another program.
fn understood(_reading: &mut Reading<'_>, table: &Table<'_>) -> Said {
    let mut said = Said::default();
    for entry in table.entries() {
        let text = entry.text_not_empty().map(str::to_owned);
        match entry.key() {
            "auth" => said.auth = text,
            "credential_storage" => said.storage = text,
            "region" => said.region = text,
            "label" => said.label = text,
            "api_key" => said.key = text.map(SecretString::from),
            _ => {}
        }
    }
    said
}

fn key(path: PathBuf, said: Said) -> OwnKey {
    let out_of_reach = |why: &str, hint: &str| OwnKey::OutOfReach(why.to_owned(), hint.to_owned());
    let is_pasted = said.auth.is_none_or(|auth| auth == "api_key");
    let is_in_file = said.storage.is_none_or(|storage| storage == "file");
    match said.key {
        _ if !is_pasted => out_of_reach(
            "logs in through the browser (OAuth)",
            "; create the key with the preset OUTBOUNDWEBHOOKS in the account's settings",
        ),
        _ if !is_in_file => out_of_reach(
            "keeps its key in the system's keyring (service cx-cli), which hookferry does not open",
            "; or write a hookferry profile whose api_key_command reads the keyring",
        ),
        Some(key) => OwnKey::Held(key, path),
        None => out_of_reach(
            "has no key in its file",
            "; or add one with `cx profiles add`",
        ),
    }
}
