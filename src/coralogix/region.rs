//! The vendor's regions: one table of names and domains, from which everything else is derived.
//! Never guesses a region that is not in the table.

use crate::closest::{closest_names, did_you_mean};
use std::fmt;

/// Host prefixes of a region's services other than its REST API.
const OTHER_SERVICE_PREFIXES: [&str; 3] = ["ingress", "ng-api-http", "ng-api-grpc"];

/// One of the vendor's data regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Region {
    /// United States, Ohio.
    Us1,
    /// United States, Oregon.
    Us2,
    /// United States, Iowa, on Google Cloud.
    Us3,
    /// Europe, Ireland.
    Eu1,
    /// Europe, Stockholm.
    Eu2,
    /// Asia, Mumbai.
    Ap1,
    /// Asia, Singapore.
    Ap2,
    /// Asia, Jakarta.
    Ap3,
    /// United States, for government.
    Gov1,
}

struct RegionRow {
    region: Region,
    code: &'static str,
    aliases: &'static [&'static str],
    domain: &'static str,
    old_domains: &'static [&'static str],
    location: &'static str,
}

/// One row per region, in the order of [`Region`]'s variants, because `row` uses those as the index.
#[rustfmt::skip] // One row per region reads as a table.
const REGIONS: [RegionRow; 9] = [
    RegionRow { region: Region::Us1, code: "us1", aliases: &["USA1"], domain: "us1.coralogix.com", old_domains: &["coralogix.us"], location: "AWS us-east-2 (Ohio)" },
    RegionRow { region: Region::Us2, code: "us2", aliases: &["USA2"], domain: "us2.coralogix.com", old_domains: &["cx498.coralogix.com", "cx498-aws-us-west-2.coralogix.com"], location: "AWS us-west-2 (Oregon)" },
    RegionRow { region: Region::Us3, code: "us3", aliases: &["USA3"], domain: "us3.coralogix.com", old_domains: &[], location: "GCP us-central1 (Iowa)" },
    RegionRow { region: Region::Eu1, code: "eu1", aliases: &["EUROPE1"], domain: "eu1.coralogix.com", old_domains: &["coralogix.com"], location: "AWS eu-west-1 (Ireland)" },
    RegionRow { region: Region::Eu2, code: "eu2", aliases: &["EUROPE2"], domain: "eu2.coralogix.com", old_domains: &[], location: "AWS eu-north-1 (Stockholm)" },
    RegionRow { region: Region::Ap1, code: "ap1", aliases: &["APAC1"], domain: "ap1.coralogix.com", old_domains: &["coralogix.in", "app.coralogix.in"], location: "AWS ap-south-1 (Mumbai)" },
    RegionRow { region: Region::Ap2, code: "ap2", aliases: &["APAC2"], domain: "ap2.coralogix.com", old_domains: &["coralogixsg.com"], location: "AWS ap-southeast-1 (Singapore)" },
    RegionRow { region: Region::Ap3, code: "ap3", aliases: &["APAC3"], domain: "ap3.coralogix.com", old_domains: &[], location: "AWS ap-southeast-3 (Jakarta)" },
    RegionRow { region: Region::Gov1, code: "gov1", aliases: &[], domain: "gov1.coralogixgov.us", old_domains: &[], location: "AWS us-gov-west-1 (GovCloud)" },
];

impl Region {
    /// Every region, in display order.
    pub fn all() -> impl Iterator<Item = Self> {
        REGIONS.iter().map(|row| row.region)
    }

    /// The region with this code or alias, ignoring case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|region| {
            let row = region.row();
            std::iter::once(&row.code)
                .chain(row.aliases)
                .any(|known| known.eq_ignore_ascii_case(name))
        })
    }

    /// The region of one of the vendor's hosts: an API, ingress, team or bare-domain host; `None` for other hosts.
    pub fn from_host(host: &str) -> Option<Self> {
        locate(&host.to_ascii_lowercase()).map(|(region, _)| region)
    }

    /// The short lower-case name, such as `eu1`.
    pub fn code(self) -> &'static str {
        self.row().code
    }

    /// The other names that the vendor's tools accept.
    pub fn aliases(self) -> &'static [&'static str] {
        self.row().aliases
    }

    /// The region's current domain.
    pub fn domain(self) -> &'static str {
        self.row().domain
    }

    /// The cloud provider's region that holds the data, such as `AWS us-east-2 (Ohio)`.
    pub fn location(self) -> &'static str {
        self.row().location
    }

    fn row(self) -> &'static RegionRow {
        &REGIONS[self as usize]
    }

    /// Every domain of the region, the current one first.
    pub fn domains(self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.domain()).chain(self.row().old_domains.iter().copied())
    }
}

/// Regions that a text other than a region's name may mean: the one in that region of a cloud provider, else those whose
/// names are near.
fn near_regions(text: &str) -> Vec<&'static str> {
    let is_location = |region: &Region| region.location().split(' ').nth(1) == Some(text);
    if let Some(region) = Region::all().find(is_location) {
        return vec![region.code()];
    }
    let word: String = text.chars().filter(|c| !"-_ ".contains(*c)).collect();
    if let Some(region) = Region::from_name(&word) {
        return vec![region.code()];
    }
    let names = Region::all().flat_map(|region| {
        let aliases = region.aliases().iter().copied();
        std::iter::once(region.code()).chain(aliases)
    });
    let mut codes: Vec<&str> = closest_names(&word, names)
        .into_iter()
        .filter_map(Region::from_name)
        .map(Region::code)
        .collect();
    codes.dedup();
    codes
}

/// What to pass instead of a text that names no region: those that it may mean, and all of them after `words`.
pub(crate) fn name_hint(text: &str, words: &str) -> String {
    let codes: Vec<&str> = Region::all().map(Region::code).collect();
    let all = format!("{words} {}", codes.join(", "));
    match did_you_mean(&near_regions(text)) {
        Some(question) => format!("{question} {all}"),
        None => all,
    }
}

impl fmt::Display for Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}
/// The role of one of the vendor's hosts in its region.
pub(super) enum HostRole {
    /// The region's REST API.
    Api,
    /// The region's API over `PrivateLink`; used exactly as given.
    PrivateApi,
    /// A bare domain, a team URL or another service: identifies the region and nothing more.
    RegionOnly,
}

/// Finds the region of a lower-case host, and the host's role in it.
pub(super) fn locate(host: &str) -> Option<(Region, HostRole)> {
    // The longest domain wins: EU1's old one, `coralogix.com`, is a suffix of most others.
    let (region, domain) = Region::all()
        .flat_map(|region| region.domains().map(move |domain| (region, domain)))
        .filter(|(_, domain)| is_same_or_subdomain(host, domain))
        .max_by_key(|(_, domain)| domain.len())?;
    let prefix = host.strip_suffix(domain)?;
    let role = match prefix.strip_suffix('.').unwrap_or(prefix) {
        "api" => HostRole::Api,
        "api.private" => HostRole::PrivateApi,
        "" => HostRole::RegionOnly,
        other if OTHER_SERVICE_PREFIXES.contains(&other) || is_team(other) => HostRole::RegionOnly,
        _ => return None,
    };
    Some((region, role))
}

/// The host of the same service in region `to`; `None` if `host` is not a service of region `from`.
pub(crate) fn host_in_region(host: &str, from: Region, to: Region) -> Option<String> {
    let host = host.to_ascii_lowercase();
    let (region, _) = locate(&host)?;
    let service = from.domains().find_map(|domain| {
        let prefix = host.strip_suffix(domain)?.strip_suffix('.')?;
        let is_service = prefix == "api" || OTHER_SERVICE_PREFIXES.contains(&prefix);
        is_service.then_some(prefix)
    })?;
    (region == from).then(|| format!("{service}.{}", to.domain()))
}

/// Whether `<prefix>.<domain>` can be a team URL's host: the prefix is `<team>` or `<team>.app`.
fn is_team(prefix: &str) -> bool {
    let team = prefix.strip_suffix(".app").unwrap_or(prefix);
    // `ap9.coralogix.com` is a region newer than the table, not EU1's team `ap9`.
    let letters = |text| str::trim_end_matches(text, |last: char| last.is_ascii_digit());
    let is_code = letters(prefix) != prefix
        && Region::all().any(|region| letters(region.code()) == letters(prefix));
    let is_service = ["api", "www"].contains(&team) || OTHER_SERVICE_PREFIXES.contains(&team);
    !team.is_empty() && !team.contains('.') && !is_code && !is_service
}

/// The registrable domains that the vendor owns, such as `coralogix.com`.
pub(super) fn vendor_roots() -> impl Iterator<Item = &'static str> {
    let root = |domain: &'static str| match domain.rmatch_indices('.').nth(1) {
        Some((dot, _)) => &domain[dot + 1..],
        None => domain,
    };
    Region::all().flat_map(Region::domains).map(root)
}

/// Whether `host` is `domain` or a subdomain; compares whole labels, so `evilcoralogix.com` is not the vendor's.
pub(super) fn is_same_or_subdomain(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain)
        .is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('.'))
}

/// Whether a host outside the vendor's domains contains one of them, so that a reader could take it for the vendor's.
pub(super) fn imitates_vendor(host: &str) -> bool {
    // `coralogix.internal.example` must pass: its `coralogix.in` does not end at a label or hyphen.
    let contains_root = |root: &str| {
        host.match_indices(root).any(|(start, _)| {
            let rest = &host[start + root.len()..];
            rest.is_empty() || rest.starts_with(['.', '-'])
        })
    };
    !vendor_roots().any(|root| is_same_or_subdomain(host, root))
        && vendor_roots().any(contains_root)
}
