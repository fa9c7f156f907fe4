//! Points vendor hosts of the source's region at the target's region.
//! Leaves team URLs and unknown hosts alone, and names those of the source's region.

use super::address::{AddressSplit, next_address, retired_log_endpoint, split_port};
use crate::coralogix::place::Place;
use crate::coralogix::region::{Region, host_in_region};
use crate::coralogix::webhook::Webhook;
use crate::pipeline::fetch::Inventory;
use std::collections::BTreeSet;

/// The regions between which `retarget` moves vendor hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retarget {
    /// The source's region.
    pub from: Region,
    /// The target's region.
    pub to: Region,
}

/// A text in which addresses were moved, and what whoever moved them has to know.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Retargeted {
    /// The text with the new addresses; `None` if nothing changes.
    pub(super) text: Option<String>,
    /// Whether a former endpoint for logs became its successor, which wants another header and body.
    pub(super) is_other_endpoint: bool,
    /// The hosts of the source's region that stay, because their names in another region cannot be known.
    pub(super) hosts_left: BTreeSet<String>,
}

impl Retarget {
    /// Points every address of the source region's services in a text at the target's region. Paths stay.
    ///
    /// `takes_key_in_body` is for the type that the vendor itself delivers (`SendLog`): it has one address for all.
    pub(super) fn apply(self, text: &str, takes_key_in_body: bool) -> Retargeted {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut moved = Retargeted::default();
        while let Some(AddressSplit {
            before,
            host,
            behind,
        }) = next_address(rest)
        {
            out.push_str(before);
            rest = behind;
            let new_host = host_in_region(host, self.from, self.to);
            if new_host.is_none() && self.leaves(host) {
                moved.hosts_left.insert(host.to_ascii_lowercase());
            }
            match (&new_host, retired_log_endpoint(host, behind)) {
                (Some(_), Some(endpoint)) => {
                    let (port, path) = split_port(behind);
                    rest = &path[endpoint.path.len()..];
                    out.extend(["ingress.", self.to.domain(), port]);
                    if !takes_key_in_body {
                        out.push_str(endpoint.successor);
                        moved.is_other_endpoint = true;
                    }
                }
                (Some(new), None) if !new.eq_ignore_ascii_case(host) => out.push_str(new),
                _ => out.push_str(host),
            }
        }
        out.push_str(rest);
        moved.text = (out != text).then_some(out);
        moved
    }

    /// Whether a host that cannot be moved is one of the source's region.
    fn leaves(self, host: &str) -> bool {
        self.from != self.to && Region::from_host(host) == Some(self.from)
    }
}

/// The regions whose service hosts occur in the webhooks, each once.
pub fn service_regions(inventory: &Inventory) -> Vec<Region> {
    let mut found = Vec::new();
    for webhook in &inventory.webhooks {
        add_service_regions(webhook, &mut found);
    }
    found
}

fn add_service_regions(webhook: &Webhook, found: &mut Vec<Region>) {
    for text in webhook.places().iter().filter_map(Place::text) {
        let mut rest = text.as_ref();
        while let Some(AddressSplit { host, behind, .. }) = next_address(rest) {
            rest = behind;
            let region = Region::from_host(host)
                .filter(|region| host_in_region(host, *region, *region).is_some());
            found.extend(region.filter(|region| !found.contains(region)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Retarget;
    use crate::coralogix::region::Region;

    #[test]
    fn the_services_of_the_source_s_region_move_and_nothing_else_does() {
        let retarget = Retarget {
            from: Region::Eu1,
            to: Region::Us2,
        };
        let cases = [
            (
                "https://ingress.eu1.coralogix.com",
                Some("https://ingress.us2.coralogix.com"),
            ),
            (
                "https://INGRESS.eu1.coralogix.com:443/x?y#z",
                Some("https://ingress.us2.coralogix.com:443/x?y#z"),
            ),
            (
                "https://ingress.coralogix.com/",
                Some("https://ingress.us2.coralogix.com/"),
            ),
            (
                "https://api.coralogix.com/api/v1/logs",
                Some("https://ingress.us2.coralogix.com"),
            ),
            (
                "https://api.eu1.coralogix.com/api/v1/logs?a=b",
                Some("https://ingress.us2.coralogix.com?a=b"),
            ),
            (
                "https://api.eu1.coralogix.com/api/v1/logsx",
                Some("https://api.us2.coralogix.com/api/v1/logsx"),
            ),
            (
                "see https://ng-api-http.coralogix.com/a and https://x.example",
                Some("see https://ng-api-http.us2.coralogix.com/a and https://x.example"),
            ),
            ("https://myteam.app.eu1.coralogix.com/alerts", None),
            ("https://eu1.coralogix.com/alerts", None),
            ("https://ingress.us1.coralogix.com", None),
            ("https://ingress.coralogix.us", None),
            ("https://evilingress.eu1.coralogix.com", None),
            ("https://ingress.eu1.coralogix.com.example", None),
            ("ingress.eu1.coralogix.com", None),
            ("://", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(
                retarget.apply(text, true).text.as_deref(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn outside_sendlog_paths_stay_and_a_new_endpoint_is_reported() {
        let retarget = Retarget {
            from: Region::Eu1,
            to: Region::Us2,
        };
        for (text, expected, is_other_endpoint) in [
            (
                "https://ingress.eu1.coralogix.com/logs/v1/bulk?x=1",
                "https://ingress.us2.coralogix.com/logs/v1/bulk?x=1",
                false,
            ),
            (
                "https://api.eu1.coralogix.com/api/v1/logs",
                "https://ingress.us2.coralogix.com/logs/v1/singles",
                true,
            ),
            (
                "https://api.coralogix.com:443/logs/rest/bulk?x=1#y",
                "https://ingress.us2.coralogix.com:443/logs/v1/bulk?x=1#y",
                true,
            ),
            (
                "https://user:p@ss@ingress.eu1.coralogix.com/logs/v1/singles",
                "https://user:p@ss@ingress.us2.coralogix.com/logs/v1/singles",
                false,
            ),
            (
                "https://api.eu1.coralogix.com/mgmt/openapi/5",
                "https://api.us2.coralogix.com/mgmt/openapi/5",
                false,
            ),
        ] {
            let moved = retarget.apply(text, false);
            assert_eq!(moved.text.as_deref(), Some(expected));
            assert_eq!(moved.is_other_endpoint, is_other_endpoint, "{text}");
        }
    }

    #[test]
    fn what_stays_in_the_source_s_region_is_named() {
        let retarget = Retarget {
            from: Region::Eu1,
            to: Region::Us2,
        };
        let text = "https://private-link.eu1.coralogix.com/x https://acme.app.EU1.coralogix.com/ https://acme.app.us1.coralogix.com/";
        let moved = retarget.apply(text, false);
        assert_eq!(moved.text, None);
        assert_eq!(
            Vec::from_iter(moved.hosts_left),
            [
                "acme.app.eu1.coralogix.com",
                "private-link.eu1.coralogix.com"
            ]
        );
    }

    #[test]
    fn within_a_region_only_the_old_log_endpoint_moves() {
        let retarget = Retarget {
            from: Region::Us1,
            to: Region::Us1,
        };
        let old = retarget
            .apply("https://api.coralogix.us/api/v1/logs", true)
            .text;
        assert_eq!(old.as_deref(), Some("https://ingress.us1.coralogix.com"));
        let new = retarget.apply("https://ingress.us1.coralogix.com", true);
        assert_eq!(new.text, None);
    }
}
