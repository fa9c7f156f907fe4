//! Services that webhooks deliver to and that end, or have ended: one table, with the date, what to do, and the source.
//! Pure. The type of a webhook says nothing here, because a generic webhook can deliver to all of them.

use super::address::{AddressSplit, is_private_link, next_address, retired_log_endpoint};
use jiff::civil::Date;

/// A service that ends.
#[derive(Debug, PartialEq, Eq)]
pub struct EndingService {
    /// Its name, for the end of a sentence such as `sends to …`.
    pub name: &'static str,
    /// The last day on which it takes deliveries; an earlier one, where a provider names only the year.
    pub last_day: Date,
    /// When that is, in words.
    when: &'static str,
    /// What to do, as an instruction.
    pub remedy: &'static str,
    /// Where the date is from, and when it was read.
    pub source: &'static str,
    addresses: Addresses,
}

/// The addresses of a service.
#[derive(Debug, PartialEq, Eq)]
enum Addresses {
    /// Hosts, or with a leading dot all hosts below a domain, each with the start of the path.
    Hosts(&'static [(&'static str, &'static str)]),
    /// The vendor's former hosts for private connections.
    PrivateLink,
    /// The vendor's former endpoints for logs.
    RetiredLogEndpoints,
}

/// The services; where two match, the first counts.
const ENDING_SERVICES: [EndingService; 5] = [
    EndingService {
        name: "an Office 365 connector of Microsoft Teams",
        last_day: Date::constant(2026, 4, 30),
        when: "in 2026",
        remedy: "create a webhook with Teams' Workflows app, and set its url with a rule",
        source: "Microsoft 365 developer blog, read on 2026-11-27",
        addresses: Addresses::Hosts(&[
            (".webhook.office.com", ""),
            ("outlook.office.com", "/webhook/"),
        ]),
    },
    EndingService {
        name: "an old trigger url of Power Automate",
        last_day: Date::constant(2025, 11, 30),
        when: "on 30 November 2025",
        remedy: "copy the flow's new url (*.environment.api.powerplatform.com), and set it with a rule",
        source: "Microsoft's Power Automate documentation, read on 2026-11-27",
        addresses: Addresses::Hosts(&[(".logic.azure.com", "/workflows/")]),
    },
    EndingService {
        name: "Opsgenie",
        last_day: Date::constant(2027, 4, 5),
        when: "on 5 April 2027",
        remedy: "plan the move to what replaces it, such as Jira Service Management",
        source: "Atlassian's announcement, read on 2026-11-27",
        addresses: Addresses::Hosts(&[("api.opsgenie.com", ""), ("api.eu.opsgenie.com", "")]),
    },
    EndingService {
        name: "a private-link host of Coralogix",
        last_day: Date::constant(2026, 9, 30),
        when: "on 30 September 2026",
        remedy: "set up the private connection in the target, and set its url with a rule",
        source: "the vendor's page of deprecated endpoints, read on 2026-11-27",
        addresses: Addresses::PrivateLink,
    },
    EndingService {
        name: "a former endpoint of Coralogix for logs",
        last_day: Date::constant(2026, 9, 30),
        when: "on 30 September 2026",
        remedy: "pass --retarget, which moves it to the region's ingress host, or set its url with a rule",
        source: "the vendor's page of deprecated endpoints, read on 2026-11-27",
        addresses: Addresses::RetiredLogEndpoints,
    },
];

/// A service that ends, seen from a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceEnd {
    /// The service.
    pub service: &'static EndingService,
    /// Whether its last day is past.
    pub is_over: bool,
}

impl ServiceEnd {
    /// The service that a url names, if it ends.
    pub(super) fn of_url(url: &str, today: Date) -> Option<Self> {
        let address = next_address(url)?;
        let mut services = ENDING_SERVICES.iter();
        let service = services.find(|service| service.addresses.contain(&address))?;
        Some(Self {
            service,
            is_over: today > service.last_day,
        })
    }

    /// When it ended or ends, in words: `ended in 2026`, `ends on 5 April 2027`.
    pub fn when(&self) -> String {
        let verb = if self.is_over { "ended" } else { "ends" };
        format!("{verb} {}", self.service.when)
    }

    /// The code of the notice about it.
    pub fn code(&self) -> &'static str {
        match (&self.service.addresses, self.is_over) {
            (Addresses::PrivateLink | Addresses::RetiredLogEndpoints, _) => "old-log-endpoint",
            (Addresses::Hosts(_), true) => "dead-on-arrival",
            (Addresses::Hosts(_), false) => "service-ends",
        }
    }
}

impl Addresses {
    fn contain(&self, address: &AddressSplit<'_>) -> bool {
        let host = address.host.trim_end_matches('.');
        match self {
            Self::Hosts(hosts) => hosts.iter().any(|(name, path)| {
                let is_at_path = || {
                    let start = address.behind.find('/');
                    start.is_some_and(|start| address.behind[start..].starts_with(path))
                };
                is_host(host, name) && (path.is_empty() || is_at_path())
            }),
            Self::PrivateLink => is_private_link(host),
            Self::RetiredLogEndpoints => retired_log_endpoint(host, address.behind).is_some(),
        }
    }
}

/// Whether a host is `name`, or, where that starts with a dot, below it; in any case.
fn is_host(host: &str, name: &str) -> bool {
    let Some(start) = host.len().checked_sub(name.len()) else {
        return false;
    };
    let is_whole = start == 0 || name.starts_with('.');
    let end = host.get(start..);
    is_whole && end.is_some_and(|end| end.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::{ENDING_SERVICES, ServiceEnd};
    use jiff::civil::{Date, date};

    fn ending(url: &str, today: Date) -> Option<(&'static str, String)> {
        let ending = ServiceEnd::of_url(url, today)?;
        Some((ending.code(), ending.when()))
    }

    #[test]
    fn a_service_is_known_by_its_address_and_its_tense_by_the_day() {
        let today = date(2026, 11, 28);
        let past = |code, when: &str| Some((code, when.to_owned()));
        for (url, expected) in [
            (
                "https://acme.webhook.office.com/webhookb2/x",
                past("dead-on-arrival", "ended in 2026"),
            ),
            (
                "https://ACME.Webhook.Office.COM/x",
                past("dead-on-arrival", "ended in 2026"),
            ),
            (
                "https://outlook.office.com/webhook/x",
                past("dead-on-arrival", "ended in 2026"),
            ),
            ("https://outlook.office.com/owa/", None),
            (
                "https://prod-01.westeurope.logic.azure.com:443/workflows/x/triggers",
                past("dead-on-arrival", "ended on 30 November 2025"),
            ),
            ("https://logic.azure.com/other", None),
            (
                "https://me:secret@api.opsgenie.com/v2",
                past("service-ends", "ends on 5 April 2027"),
            ),
            ("https://api.opsgenie.com.example/v2", None),
            ("https://myapi.opsgenie.com/v2", None),
            (
                "https://api.eu1.coralogix.com/logs/rest/bulk",
                past("old-log-endpoint", "ended on 30 September 2026"),
            ),
            (
                "https://api.coralogix.com:443/api/v1/logs",
                past("old-log-endpoint", "ended on 30 September 2026"),
            ),
            (
                "https://private-link.eu1.coralogix.com/x",
                past("old-log-endpoint", "ended on 30 September 2026"),
            ),
            ("https://ingress.eu1.coralogix.com/logs/v1/bulk", None),
            (
                "https://x.environment.api.powerplatform.com:443/powerautomate/",
                None,
            ),
            ("no address", None),
        ] {
            assert_eq!(ending(url, today), expected, "{url}");
        }
        let url = "https://api.opsgenie.com/";
        let at = |day| ending(url, day).map(|(code, _)| code);
        assert_eq!(at(date(2027, 4, 5)), Some("service-ends"), "the last day");
        assert_eq!(at(date(2027, 4, 6)), Some("dead-on-arrival"));
    }

    #[test]
    fn every_date_says_where_it_is_from() {
        for service in &ENDING_SERVICES {
            assert!(service.source.contains(", read on 20"), "{}", service.name);
        }
    }
}
