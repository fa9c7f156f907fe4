//! Points vendor hosts of the source's region at the target's region.
//! Leaves team URLs and unknown hosts alone.

use crate::coralogix::place::Place;
use crate::coralogix::region::{Region, host_in_region};
use crate::coralogix::webhook::Webhook;
use crate::pipeline::fetch::Inventory;

/// The regions between which `retarget` moves vendor hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retarget {
    /// The source's region.
    pub from: Region,
    /// The target's region.
    pub to: Region,
}

/// The path of the log endpoint that the vendor is switching off, on `api.` hosts.
const RETIRED_LOGS_PATH: &str = "/api/v1/logs";

impl Retarget {
    /// Points every address of the source region's services in a text at the target's region; `None` if
    /// nothing changes.
    pub(super) fn apply(self, text: &str) -> Option<String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut is_changed = false;
        while let Some((before, host, behind)) = next_host(rest) {
            out.push_str(before);
            rest = behind;
            match host_in_region(host, self.from, self.to) {
                Some(_) if is_retired_logs_endpoint(host, behind) => {
                    out.push_str("ingress.");
                    out.push_str(self.to.domain());
                    rest = &behind[RETIRED_LOGS_PATH.len()..];
                    is_changed = true;
                }
                Some(new) if !new.eq_ignore_ascii_case(host) => {
                    out.push_str(&new);
                    is_changed = true;
                }
                _ => out.push_str(host),
            }
        }
        out.push_str(rest);
        is_changed.then_some(out)
    }
}

/// Splits a text at the host of the next address: the text before it, the host, and the text after it.
fn next_host(text: &str) -> Option<(&str, &str, &str)> {
    let scheme_end = text.find("://")?;
    let (before, after) = text.split_at(scheme_end + "://".len());
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let end = after.find(|c| !is_host(c)).unwrap_or(after.len());
    let (host, behind) = after.split_at(end);
    Some((before, host, behind))
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
        while let Some((_, host, behind)) = next_host(rest) {
            rest = behind;
            let region = Region::from_host(host)
                .filter(|region| host_in_region(host, *region, *region).is_some());
            found.extend(region.filter(|region| !found.contains(region)));
        }
    }
}

/// Whether an address starts with the log endpoint that the vendor is switching off.
pub(super) fn is_retired_logs_endpoint(host: &str, behind: &str) -> bool {
    let is_api = host
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("api."));
    let is_path_end =
        |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
    is_api
        && behind
            .strip_prefix(RETIRED_LOGS_PATH)
            .is_some_and(is_path_end)
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
            assert_eq!(retarget.apply(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn within_a_region_only_the_old_log_endpoint_moves() {
        let retarget = Retarget {
            from: Region::Us1,
            to: Region::Us1,
        };
        let old = retarget.apply("https://api.coralogix.us/api/v1/logs");
        assert_eq!(old.as_deref(), Some("https://ingress.us1.coralogix.com"));
        assert_eq!(retarget.apply("https://ingress.us1.coralogix.com"), None);
    }
}
