//! The endpoint of an account's API, parsed from whatever people paste to name the account.
//!
//! A region name, a domain or a team URL resolves to the region's current API host. An API host (`api.…`) with an
//! explicit `https://` means exactly that host, old or new: the way out if one of them does not serve an account.
//! Any other `https://` address is a base URL, unless it imitates one of the vendor's hosts.
//! Never opens a connection, and never repeats a user name, password, path or query of an address in a message.

use super::region::{Region, Role, imitates_vendor, is_within, locate, vendor_roots};
use crate::http::client::is_loopback;
use std::error::Error;
use std::fmt;
use url::Url;

/// Path of all webhooks, relative to the base URL.
const LIST_PATH: &str = "/api/v1/external/integrations/";
/// Path of the bulk write, relative to the base URL.
const BULK_PATH: &str = "/api/v1/external/integrations-bulk";
const NOT_AN_ACCOUNT: &str = "not a Coralogix region, domain, team URL or base URL";
/// Longest dotless word that a message repeats; API keys are longer, so one pasted here by mistake stays hidden.
const LONGEST_WORD_SHOWN: usize = 20;

/// The address of one account's API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    base: Url,
    host: String,
    region: Option<Region>,
}

impl Endpoint {
    /// Parses a region, a domain, a team URL or a base URL as people type and paste them.
    pub fn parse(text: &str) -> Result<Self, Unrecognised> {
        let text = text.trim();
        if let Some(region) = Region::named(text) {
            return Self::current(region);
        }
        let scheme = scheme_of(text);
        let url = read_address(text, scheme)?;
        let host = url.host_str().unwrap_or_default();
        // An explicit scheme means that the user chose this very host, not just its region.
        match (locate(host), scheme.is_some()) {
            (Some((region, Role::Api)), true) | (Some((region, Role::PrivateApi)), _) => {
                Self::given(url, Some(region))
            }
            // The region's current host replaces this one; dropping the port that the user gave would be a guess.
            (Some(_), _) if url.port().is_some() => Err(Unrecognised::at(
                &url,
                "a region or team URL takes no port other than 443",
            )),
            (Some((region, _)), _) => Self::current(region),
            (None, false) => Err(Unrecognised::at(&url, NOT_AN_ACCOUNT)),
            (None, true) if imitates_vendor(host) => Err(Unrecognised::at(
                &url,
                "resembles a Coralogix host but lies outside Coralogix's domains",
            )),
            (None, true) => Self::given(url, None),
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
    pub fn home(&self) -> String {
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
    pub fn is_vendor(&self) -> bool {
        let host = self.base.host_str().unwrap_or_default();
        vendor_roots().any(|root| is_within(host, root))
    }

    /// The URL of all webhooks: the list call, and the create call for a single webhook.
    pub fn webhooks_url(&self) -> Url {
        self.below_base(LIST_PATH)
    }

    /// The URL of one webhook; `None` for an id that could change the path, such as an empty one or `..`.
    pub fn webhook_url(&self, id: &str) -> Option<Url> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (!id.is_empty() && id.bytes().all(is_plain))
            .then(|| self.below_base(&format!("{LIST_PATH}{id}")))
    }

    /// The URL of the bulk write.
    pub fn bulk_url(&self) -> Url {
        self.below_base(BULK_PATH)
    }

    /// The host that ingests the region's logs; `None` if the region is unknown.
    pub fn ingress_host(&self) -> Option<String> {
        self.region
            .map(|region| format!("ingress.{}", region.domain()))
    }

    fn current(region: Region) -> Result<Self, Unrecognised> {
        let host = format!("api.{}", region.domain());
        Self::given(read_address(&host, None)?, Some(region))
    }

    fn given(mut base: Url, region: Option<Region>) -> Result<Self, Unrecognised> {
        if base.query().is_some() || base.fragment().is_some() {
            let problem = "a base URL cannot carry a query or a fragment";
            return Err(Unrecognised::at(&base, problem));
        }
        base.set_path(&prefix_of(base.path()));
        let name = base.host_str().unwrap_or_default();
        let host = match base.port() {
            Some(port) => format!("{name}:{port}"),
            None => name.to_owned(),
        };
        Ok(Self { base, host, region })
    }

    fn below_base(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", url.path().trim_end_matches('/')));
        url
    }
}

/// The text before `://` if it can be a URL scheme.
fn scheme_of(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once("://")?;
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    scheme.bytes().all(is_allowed).then_some(scheme)
}

fn read_address(text: &str, scheme: Option<&str>) -> Result<Url, Unrecognised> {
    let unreadable = || Unrecognised::new(NOT_AN_ACCOUNT);
    // The URL standard drops line breaks and turns `\` into `/`, so the host called could differ from the host seen.
    let is_deceptive = |character: char| character.is_control() || " \\".contains(character);
    if text.is_empty() || text.contains(is_deceptive) {
        return Err(unreadable());
    }
    let url = match scheme.map(str::to_ascii_lowercase).as_deref() {
        None => Url::parse(&format!("https://{text}")),
        Some("http" | "https") => Url::parse(text),
        Some(_) => return Err(Unrecognised::new("the address must start with https://")),
    };
    let mut url = url.map_err(|_| unreadable())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Unrecognised::new(
            "an address cannot contain a user name or password; API keys belong in the environment",
        ));
    }
    // `host.` and `host` are the same server, but certificates and account identities use only the second form.
    if let Some(host) = url.domain().and_then(|host| host.strip_suffix('.')) {
        let host = host.to_owned();
        url.set_host(Some(&host)).map_err(|_| unreadable())?;
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        let problem = "plain http would send the API key unencrypted";
        return Err(Unrecognised::at(&url, problem));
    }
    Ok(url)
}

/// The path prefix of a base URL: without doubled or trailing slashes, and without the path of a pasted API call.
fn prefix_of(path: &str) -> String {
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
pub struct Unrecognised {
    problem: &'static str,
    /// Only the host, because everything else that was typed may be a secret.
    host: Option<String>,
}

impl Unrecognised {
    /// The next step: what to pass instead.
    pub fn hint(&self) -> String {
        let codes: Vec<&str> = Region::all().map(Region::code).collect();
        format!(
            "pass a region ({}), its domain, a team URL as the browser shows it, or the API's base URL \
             (https://…, http:// only for loopback); put keys into HOOKFERRY_SOURCE_API_KEY and \
             HOOKFERRY_TARGET_API_KEY",
            codes.join(", ")
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

    fn at(url: &Url, problem: &'static str) -> Self {
        let is_shown = |host: &&str| host.contains('.') || host.len() <= LONGEST_WORD_SHOWN;
        let host = url.domain().filter(is_shown).map(str::to_owned);
        Self { problem, host }
    }
}

impl fmt::Display for Unrecognised {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Some(host) => write!(formatter, "`{host}`: {}", self.problem),
            None => formatter.write_str(self.problem),
        }
    }
}

impl Error for Unrecognised {}
