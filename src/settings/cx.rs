//! Profiles of `cx`, Coralogix's own program: read only when the user names one as `cx:NAME`, and never written.
//! Never opens the system's keyring and never uses the tokens of a browser login.

use super::environment::absolute_path_variable;
use super::keys::ProfileKey;
use crate::coralogix::account::AccountProfile;
use crate::coralogix::endpoint::Endpoint;
use crate::error::Error;
use crate::store::disk;
use crate::toml_file::{self, Table, TomlReader};
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;

/// Marks an account argument as the name of a `cx` profile.
pub(super) const PREFIX: &str = "cx:";

/// The account of a `cx` profile, and where its key is.
pub(super) struct CxProfile {
    pub(super) account: AccountProfile,
    pub(super) endpoint: Endpoint,
    pub(super) profile_key: ProfileKey,
}

/// The fields of a `cx` profile file that matter here.
#[derive(Default)]
struct CxFields {
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
    let path = profile_path(name)?;
    let text = disk::read_secret(&path, "the cx profile").map_err(|error| {
        let names = "`cx profiles list` shows the names of the profiles";
        match error.hint() {
            Some(_) => error,
            None => error.with_hint(names),
        }
    })?;
    let shown_path = crate::untrusted::escape(&path.display().to_string());
    let fields = toml_file::read(text.expose_secret(), read_fields).map_err(|diagnostics| {
        let lines = toml_file::format_diagnostics(&path.display().to_string(), &diagnostics);
        Error::failed(format!("the cx profile has errors\n{lines}"))
            .with_hint(format!("recreate it with `cx profiles add {name}`"))
    })?;
    let region = fields.region.as_deref().ok_or_else(|| {
        Error::failed(format!("the cx profile `{shown_path}` has no region"))
            .with_hint(format!("recreate it with `cx profiles add {name}`"))
    })?;
    let endpoint = Endpoint::parse(region).map_err(|unrecognised| {
        Error::usage(format!(
            "the region of the cx profile `{shown_path}` is unusable: {}",
            unrecognised.problem()
        ))
        .with_hint("name the account by its URL, and set its key in the environment")
    })?;
    Ok(CxProfile {
        account: AccountProfile {
            name: format!("{PREFIX}{name}"),
            label: fields.label.clone(),
            company_id: None,
            ignore_keys: Vec::new(),
        },
        endpoint,
        profile_key: profile_key(path, fields),
    })
}

fn profile_path(name: &str) -> Result<PathBuf, Error> {
    let home = absolute_path_variable("HOME").ok_or_else(|| {
        Error::usage("HOME is not set, so hookferry cannot find the profiles of cx")
    })?;
    let folder = home.join(".cx").join("profiles");
    Ok(folder.join(format!("{name}.toml")))
}

/// Ignores unknown keys, because the file belongs to another program.
fn read_fields(_reader: &mut TomlReader<'_>, table: &Table<'_>) -> CxFields {
    let mut fields = CxFields::default();
    for entry in table.entries() {
        let text = entry.as_non_empty_str().map(str::to_owned);
        match entry.key() {
            "auth" => fields.auth = text,
            "credential_storage" => fields.storage = text,
            "region" => fields.region = text,
            "label" => fields.label = text,
            "api_key" => fields.key = text.map(SecretString::from),
            _ => {}
        }
    }
    fields
}

fn profile_key(path: PathBuf, fields: CxFields) -> ProfileKey {
    let unreachable_key =
        |why: &str, hint: &str| ProfileKey::Unreachable(why.to_owned(), hint.to_owned());
    let is_api_key = fields.auth.is_none_or(|auth| auth == "api_key");
    let is_in_file = fields.storage.is_none_or(|storage| storage == "file");
    match fields.key {
        _ if !is_api_key => unreachable_key(
            "logs in through the browser (OAuth)",
            "create a key with the preset OUTBOUNDWEBHOOKS in the account's settings and name it in a hookferry profile",
        ),
        _ if !is_in_file => unreachable_key(
            "keeps its key in the system's keyring (service cx-cli), which hookferry does not open",
            "write a hookferry profile whose api_key_command reads the keyring",
        ),
        Some(key) => ProfileKey::Inline(key, path),
        None => unreachable_key("has no key in its file", "add one with `cx profiles add`"),
    }
}
