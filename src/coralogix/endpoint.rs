//! The endpoint of an account's API, parsed from whatever people paste to name the account.
//!
//! A region name, a domain or a team URL resolves to the region's current API host. An API host (`api.…`) with an
//! explicit `https://` means exactly that host, old or new: the way out if one of them does not serve an account.
//! Any other `https://` address is a base URL, unless it imitates one of the vendor's hosts.
//! Never opens a connection, and never repeats a user name, password, path or query of an address in a message.

use super::region::{
    self, HostRole, Region, imitates_vendor, is_same_or_subdomain, locate, vendor_roots,
};
use crate::http::client::is_loopback;
use crate::secret::resembles_vendor_key;
use std::error::Error;
use std::fmt::{self, Write as _};
use url::Url;

/// Path of all webhooks, relative to the base URL.
const LIST_PATH: &str = "/api/v1/external/integrations/";
/// Path of the bulk write, relative to the base URL.
const BULK_PATH: &str = "/api/v1/external/integrations-bulk";
/// Path of the newer API's webhooks, relative to the base URL; the vendor's `OpenAPI` description has the same hosts as its
/// page.
const NEWER_PATH: &str = "/mgmt/openapi/5/integrations/webhooks/v1/";
const NOT_AN_ACCOUNT: &str = "not a Coralogix region, domain, team URL or base URL";
/// Longest dotless word that a message repeats; API keys are longer, so one pasted here by mistake stays hidden.
const MAX_SHOWN_WORD: usize = 20;

/// The address of one account's API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    base: Url,
    host: String,
    region: Option<Region>,
}

impl Endpoint {
    /// Parses a region, a domain, a team URL or a base URL as people type and paste them.
    pub fn parse(text: &str) -> Result<Self, UnrecognizedAccount> {
        let text = text.trim();
        Self::parse_trimmed(text).map_err(|unrecognized| unrecognized.with_typed_name(text))
    }

    fn parse_trimmed(text: &str) -> Result<Self, UnrecognizedAccount> {
        if let Some(region) = Region::from_name(text) {
            return Self::from_region(region);
        }
        let scheme = parse_scheme(text);
        let url = parse_address(text, scheme)?;
        let host = url.host_str().unwrap_or_default();
        // An explicit scheme means that the user chose this very host, not just its region.
        match (locate(host), scheme.is_some()) {
            (Some((region, HostRole::Api)), true) | (Some((region, HostRole::PrivateApi)), _) => {
                Self::from_base_url(url, Some(region))
            }
            // The region's current host replaces this one; dropping the port that the user gave would be a guess.
            (Some(_), _) if url.port().is_some() => Err(UnrecognizedAccount::with_host(
                &url,
                "a region or team URL takes no port other than 443",
            )),
            (Some((region, _)), _) => Self::from_region(region),
            (None, false) => Err(UnrecognizedAccount::with_host(&url, NOT_AN_ACCOUNT)),
            (None, true) if imitates_vendor(host) => Err(UnrecognizedAccount::with_host(
                &url,
                "resembles a Coralogix host but lies outside Coralogix's domains",
            )),
            (None, true) => Self::from_base_url(url, None),
        }
    }

    /// The base URL: scheme, host, port and path prefix, without query, fragment or doubled slashes.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// The host in lower case, with `:port` if that is not the scheme's default.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The canonical host that locks and run records use; identical for every API host of one region.
    pub fn canonical_host(&self) -> String {
        self.region.map_or_else(
            || self.host.clone(),
            |region| format!("api.{}", region.domain()),
        )
    }

    /// The region; `None` if the host is not a known host of the vendor.
    pub fn region(&self) -> Option<Region> {
        self.region
    }

    /// Whether the host is a loopback address, so that requests stay on this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.base)
    }

    /// Whether the host lies within the vendor's domains.
    pub fn is_vendor_host(&self) -> bool {
        let host = self.base.host_str().unwrap_or_default();
        vendor_roots().any(|root| is_same_or_subdomain(host, root))
    }

    /// The URL of all webhooks: the list call, and the create call for a single webhook.
    pub fn webhooks_url(&self) -> Url {
        self.join_base(LIST_PATH)
    }

    /// The URL of one webhook, with its id as one encoded segment.
    ///
    /// `None` for an id that no segment can hold.
    pub fn webhook_url(&self, id: &str) -> Option<Url> {
        is_path_segment(id).then(|| self.join_base(&format!("{LIST_PATH}{}", encode_segment(id))))
    }

    /// The URL of the bulk write.
    pub fn bulk_url(&self) -> Url {
        self.join_base(BULK_PATH)
    }

    /// The URL of the newer API's summaries of all webhooks.
    pub fn summaries_url(&self) -> Url {
        self.join_base(&format!("{NEWER_PATH}list/summaries"))
    }

    /// The URL of the newer API's test delivery of one webhook, by its id in that API; `None` for an id that no segment can
    /// hold.
    pub fn delivery_test_url(&self, uuid: &str) -> Option<Url> {
        let uuid = is_path_segment(uuid).then(|| encode_segment(uuid))?;
        Some(self.join_base(&format!("{NEWER_PATH}{uuid}/test")))
    }

    /// The host that ingests the region's logs; `None` if the region is unknown.
    pub fn ingress_host(&self) -> Option<String> {
        self.region
            .map(|region| format!("ingress.{}", region.domain()))
    }

    fn from_region(region: Region) -> Result<Self, UnrecognizedAccount> {
        let host = format!("api.{}", region.domain());
        Self::from_base_url(parse_address(&host, None)?, Some(region))
    }

    fn from_base_url(mut base: Url, region: Option<Region>) -> Result<Self, UnrecognizedAccount> {
        if base.query().is_some() || base.fragment().is_some() {
            let problem = "a base URL cannot carry a query or a fragment";
            return Err(UnrecognizedAccount::with_host(&base, problem));
        }
        base.set_path(&base_path_prefix(base.path()));
        let name = base.host_str().unwrap_or_default();
        let host = match base.port() {
            Some(port) => format!("{name}:{port}"),
            None => name.to_owned(),
        };
        Ok(Self { base, host, region })
    }

    /// The path of a request as logs show it: without that of the base URL, in which a gateway may have its credential.
    pub(super) fn api_path<'u>(&self, url: &'u Url) -> &'u str {
        let prefix = self.base.path().trim_end_matches('/');
        url.path().strip_prefix(prefix).unwrap_or_default()
    }

    /// The base URL for a command that is proposed: a word in its place where it has a path, in which a gateway may have
    /// its credential.
    pub fn shown_address(&self) -> String {
        match self.base.path() {
            "/" | "" => self.base.as_str().trim_end_matches('/').to_owned(),
            _ => "ADDRESS".to_owned(),
        }
    }

    fn join_base(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", url.path().trim_end_matches('/')));
        url
    }
}

/// Whether an id can be one segment of a URL path: an empty one means all webhooks, and `.` and `..` another path, even
/// encoded.
pub fn is_path_segment(id: &str) -> bool {
    !matches!(id, "" | "." | "..")
}

/// Encodes every byte that is not unreserved in a URL (RFC 3986), so that the segment can mean nothing but the text.
fn encode_segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The text before `://` if it can be a URL scheme.
fn parse_scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once("://")?;
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    scheme.bytes().all(is_allowed).then_some(scheme)
}

fn parse_address(text: &str, scheme: Option<&str>) -> Result<Url, UnrecognizedAccount> {
    let not_an_account = || UnrecognizedAccount::new(NOT_AN_ACCOUNT);
    // The URL standard drops line breaks and turns `\` into `/`, so the host called could differ from the host seen.
    let is_deceptive = |character: char| character.is_control() || " \\".contains(character);
    if text.is_empty() || text.contains(is_deceptive) {
        return Err(not_an_account());
    }
    let url = match scheme.map(str::to_ascii_lowercase).as_deref() {
        None => Url::parse(&format!("https://{text}")),
        Some("http" | "https") => Url::parse(text),
        Some(_) => {
            return Err(UnrecognizedAccount::new(
                "the address must start with https://",
            ));
        }
    };
    let mut url = url.map_err(|_| not_an_account())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UnrecognizedAccount::new(
            "an address cannot contain a user name or password; API keys belong in the environment",
        ));
    }
    // `host.` and `host` are the same server, but certificates and account identities use only the second form.
    if let Some(host) = url.domain().and_then(|host| host.strip_suffix('.')) {
        let host = host.to_owned();
        url.set_host(Some(&host)).map_err(|_| not_an_account())?;
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        let problem = "plain http would send the API key unencrypted";
        return Err(UnrecognizedAccount::with_host(&url, problem));
    }
    Ok(url)
}

/// The path prefix of a base URL: without doubled or trailing slashes, and without the path of a pasted API call.
fn base_path_prefix(path: &str) -> String {
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let call = segments
        .windows(3)
        .rposition(|window| window == ["api", "v1", "external"]);
    let prefix = match call.map(|start| (&segments[..start], &segments[start + 3..])) {
        Some((prefix, ["integrations" | "integrations-bulk"] | ["integrations", _])) => prefix,
        _ => &segments,
    };
    format!("/{}", prefix.join("/"))
}

/// Why a text does not name an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnrecognizedAccount {
    problem: &'static str,
    /// Only the host, because everything else that was typed may be a secret.
    host: Option<String>,
}

impl UnrecognizedAccount {
    /// The next step: what to pass instead.
    pub fn hint(&self) -> String {
        let regions = region::name_hint(self.host.as_deref().unwrap_or_default(), "pass a region:");
        format!(
            "{regions}; or its domain, a team URL as the browser shows it, or the API's base URL \
             (https://…, http:// only for loopback); put keys into HOOKFERRY_SOURCE_API_KEY and \
             HOOKFERRY_TARGET_API_KEY"
        )
    }

    /// What is wrong, without repeating any of the typed text.
    pub fn problem(&self) -> &'static str {
        self.problem
    }

    fn new(problem: &'static str) -> Self {
        Self {
            problem,
            host: None,
        }
    }

    /// The URL standard turns hosts into lower case; a message repeats a name as it was typed.
    fn with_typed_name(self, text: &str) -> Self {
        let typed = |host: String| {
            if host.eq_ignore_ascii_case(text) {
                text.to_owned()
            } else {
                host
            }
        };
        Self {
            host: self.host.map(typed),
            ..self
        }
    }

    fn with_host(url: &Url, problem: &'static str) -> Self {
        let is_word = |host: &str| host.contains('.') || host.len() <= MAX_SHOWN_WORD;
        let is_shown = |host: &&str| is_word(host) && !resembles_vendor_key(host);
        let host = url.domain().filter(is_shown).map(str::to_owned);
        Self { problem, host }
    }
}

impl fmt::Display for UnrecognizedAccount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Some(host) => write!(formatter, "`{host}`: {}", self.problem),
            None => formatter.write_str(self.problem),
        }
    }
}

impl Error for UnrecognizedAccount {}
