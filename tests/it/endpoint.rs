//! What people paste to name an account, and the base URL it resolves to.

use hookferry::coralogix::endpoint::Endpoint;
use hookferry::coralogix::region::Region;

/// The error for a text that names no account.
const NOT_AN_ACCOUNT: &str = "not a Coralogix region, domain, team URL or base URL";

/// A pasted text and the base URL that it resolves to.
const ACCEPTED: [(&str, &str); 84] = [
    // Codes and aliases.
    ("us1", "https://api.us1.coralogix.com/"),
    ("US2", "https://api.us2.coralogix.com/"),
    ("us3", "https://api.us3.coralogix.com/"),
    ("eu1", "https://api.eu1.coralogix.com/"),
    (" Eu2\n", "https://api.eu2.coralogix.com/"),
    ("ap1", "https://api.ap1.coralogix.com/"),
    ("ap2", "https://api.ap2.coralogix.com/"),
    ("AP3", "https://api.ap3.coralogix.com/"),
    ("gov1", "https://api.gov1.coralogixgov.us/"),
    ("USA1", "https://api.us1.coralogix.com/"),
    ("usa2", "https://api.us2.coralogix.com/"),
    ("USA3", "https://api.us3.coralogix.com/"),
    ("EUROPE1", "https://api.eu1.coralogix.com/"),
    ("Europe2", "https://api.eu2.coralogix.com/"),
    ("APAC1", "https://api.ap1.coralogix.com/"),
    ("apac2", "https://api.ap2.coralogix.com/"),
    ("APAC3", "https://api.ap3.coralogix.com/"),
    // Current and old domains.
    ("us1.coralogix.com", "https://api.us1.coralogix.com/"),
    ("us2.coralogix.com", "https://api.us2.coralogix.com/"),
    ("us3.coralogix.com", "https://api.us3.coralogix.com/"),
    ("EU1.Coralogix.com", "https://api.eu1.coralogix.com/"),
    ("eu2.coralogix.com", "https://api.eu2.coralogix.com/"),
    ("ap1.coralogix.com", "https://api.ap1.coralogix.com/"),
    ("ap2.coralogix.com", "https://api.ap2.coralogix.com/"),
    ("ap3.coralogix.com", "https://api.ap3.coralogix.com/"),
    ("gov1.coralogixgov.us", "https://api.gov1.coralogixgov.us/"),
    ("coralogix.us", "https://api.us1.coralogix.com/"),
    ("cx498.coralogix.com", "https://api.us2.coralogix.com/"),
    ("coralogix.com", "https://api.eu1.coralogix.com/"),
    ("coralogix.in", "https://api.ap1.coralogix.com/"),
    ("app.coralogix.in", "https://api.ap1.coralogix.com/"),
    ("coralogixsg.com", "https://api.ap2.coralogix.com/"),
    ("https://coralogix.us", "https://api.us1.coralogix.com/"),
    // Service hosts, without a scheme or of another service: only their region counts.
    ("api.coralogix.com", "https://api.eu1.coralogix.com/"),
    (
        "api.us2.coralogix.com:443",
        "https://api.us2.coralogix.com/",
    ),
    ("api.app.coralogix.in", "https://api.ap1.coralogix.com/"),
    (
        "ingress.ap3.coralogix.com",
        "https://api.ap3.coralogix.com/",
    ),
    (
        "ingress.cx498-aws-us-west-2.coralogix.com:443",
        "https://api.us2.coralogix.com/",
    ),
    (
        "ng-api-http.coralogixsg.com",
        "https://api.ap2.coralogix.com/",
    ),
    (
        "ng-api-http.app.coralogix.in",
        "https://api.ap1.coralogix.com/",
    ),
    (
        "ng-api-grpc.eu2.coralogix.com:443",
        "https://api.eu2.coralogix.com/",
    ),
    (
        "https://ng-api-http.coralogix.us/api/v1",
        "https://api.us1.coralogix.com/",
    ),
    (
        "https://ingress.eu1.coralogix.com",
        "https://api.eu1.coralogix.com/",
    ),
    // Team URLs as the browser shows them.
    (
        "https://acme.app.coralogix.us/#/settings/webhooks?id=7",
        "https://api.us1.coralogix.com/",
    ),
    (
        "acme.app.cx498.coralogix.com",
        "https://api.us2.coralogix.com/",
    ),
    (
        "https://acme.app.us3.coralogix.com/alerts?q=a%20b",
        "https://api.us3.coralogix.com/",
    ),
    (
        "https://acme.coralogix.com/#/alerts",
        "https://api.eu1.coralogix.com/",
    ),
    ("acme.coralogix.com/", "https://api.eu1.coralogix.com/"),
    (
        "https://acme.app.eu1.coralogix.com/",
        "https://api.eu1.coralogix.com/",
    ),
    (
        "https://acme.app.eu2.coralogix.com:443/",
        "https://api.eu2.coralogix.com/",
    ),
    (
        "https://acme.app.coralogix.in./home",
        "https://api.ap1.coralogix.com/",
    ),
    ("acme.coralogix.in", "https://api.ap1.coralogix.com/"),
    (
        "HTTPS://Acme.App.CoralogixSG.com/",
        "https://api.ap2.coralogix.com/",
    ),
    (
        "https://acme.app.ap3.coralogix.com",
        "https://api.ap3.coralogix.com/",
    ),
    (
        "https://acme.app.gov1.coralogixgov.us/",
        "https://api.gov1.coralogixgov.us/",
    ),
    (
        "acme.coralogix.com/#/go?to=https://us1.coralogix.com",
        "https://api.eu1.coralogix.com/",
    ),
    (
        "us1.app.cx498.coralogix.com",
        "https://api.us2.coralogix.com/",
    ),
    (
        "eu1-coralogix.coralogix.com",
        "https://api.eu1.coralogix.com/",
    ),
    // An API host after https:// is used as is.
    ("https://api.coralogix.com", "https://api.coralogix.com/"),
    ("https://api.coralogix.us/", "https://api.coralogix.us/"),
    (
        "https://API.app.coralogix.in.",
        "https://api.app.coralogix.in/",
    ),
    ("https://api.coralogix.in//", "https://api.coralogix.in/"),
    (
        "https://api.ap1.coralogix.com",
        "https://api.ap1.coralogix.com/",
    ),
    (
        "https://api.cx498.coralogix.com:443",
        "https://api.cx498.coralogix.com/",
    ),
    (
        "https://api.coralogix.com/api/v1/external/integrations/",
        "https://api.coralogix.com/",
    ),
    (
        "https://api.coralogix.com/api/v1/external/integrations",
        "https://api.coralogix.com/",
    ),
    (
        "https://api.coralogix.com//api/v1/external/integrations/1050",
        "https://api.coralogix.com/",
    ),
    (
        "https://api.coralogix.com/api/v1/external/integrations-bulk",
        "https://api.coralogix.com/",
    ),
    // PrivateLink, and a region newer than the table.
    (
        "api.private.eu1.coralogix.com",
        "https://api.private.eu1.coralogix.com/",
    ),
    (
        "https://api.private.us2.coralogix.com/",
        "https://api.private.us2.coralogix.com/",
    ),
    (
        "https://api.ap9.coralogix.com",
        "https://api.ap9.coralogix.com/",
    ),
    // Any other base URL.
    (
        "https://gateway.example.net",
        "https://gateway.example.net/",
    ),
    (
        "https://gateway.example.net:8443//team//cx/",
        "https://gateway.example.net:8443/team/cx",
    ),
    (
        "https://gateway.example.net/cx/api/v1/external/integrations/7",
        "https://gateway.example.net/cx",
    ),
    (
        "https://gateway.example.net/cx/api/v1",
        "https://gateway.example.net/cx/api/v1",
    ),
    (
        "https://coralogix.internal.example",
        "https://coralogix.internal.example/",
    ),
    ("https://10.0.0.7/cx", "https://10.0.0.7/cx"),
    ("https://localhost:8443", "https://localhost:8443/"),
    // Loopback, also without TLS.
    ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
    ("http://127.8.9.1", "http://127.8.9.1/"),
    ("http://[::1]:8080/eu", "http://[::1]:8080/eu"),
    ("http://localhost:80/", "http://localhost/"),
    ("HTTP://LocalHost.:9/", "http://localhost:9/"),
    (
        "https://xn--bcher-kva.example",
        "https://xn--bcher-kva.example/",
    ),
];

/// A pasted text and a part of the error message.
const REFUSED: [(&str, &str); 39] = [
    ("", NOT_AN_ACCOUNT),
    ("  ", NOT_AN_ACCOUNT),
    ("eu9", "`eu9`: not a Coralogix region"),
    ("ap9.coralogix.com", "`ap9.coralogix.com`: not a Coralogix"),
    ("api.ap9.coralogix.com", "`api.ap9.coralogix.com`: not a"),
    ("api.private.ap9.coralogix.com", "not a Coralogix region"),
    ("acme.app.ap9.coralogix.com", "not a Coralogix region"),
    ("www.coralogix.com", "`www.coralogix.com`: not a Coralogix"),
    ("ingress.app.coralogix.us", "not a Coralogix region"),
    (
        "gateway.example.net",
        "`gateway.example.net`: not a Coralogix",
    ),
    ("localhost:8080", "`localhost`: not a Coralogix region"),
    ("12345", NOT_AN_ACCOUNT),
    // A short key, too, is a key.
    ("cxtp_canary", NOT_AN_ACCOUNT),
    ("eu1 us2", NOT_AN_ACCOUNT),
    ("https://", NOT_AN_ACCOUNT),
    ("https://api.coralogix.com:none", NOT_AN_ACCOUNT),
    (
        "https://gateway.example\\@api.coralogix.com",
        NOT_AN_ACCOUNT,
    ),
    ("https://api.corae\nlogix.com", NOT_AN_ACCOUNT),
    // Look-alikes, with and without a scheme.
    ("coralogix.com.evil.example", "not a Coralogix region"),
    ("evilcoralogix.com", "not a Coralogix region"),
    (
        "https://coralogix.com.evil.example",
        "resembles a Coralogix host",
    ),
    (
        "https://api.eu1.coralogix.com.evil.example/",
        "resembles a Coralogix",
    ),
    ("https://evilcoralogix.com", "resembles a Coralogix host"),
    (
        "https://api.evil-coralogix.us",
        "resembles a Coralogix host",
    ),
    (
        "https://coralogix.in-login.example",
        "resembles a Coralogix host",
    ),
    ("http://coralogix.com.localhost", "plain http"),
    // Secrets in the address.
    (
        "https://canary-user:canary-pass@api.coralogix.com",
        "user name or password",
    ),
    (
        "https://canary-user@acme.coralogix.com",
        "user name or password",
    ),
    (
        "https://:canary-pass@gateway.example.net",
        "user name or password",
    ),
    (
        "canary-user:canary-pass@api.coralogix.com",
        "user name or password",
    ),
    (
        "https://api.coralogix.com?key=canary",
        "`api.coralogix.com`: a base URL",
    ),
    (
        "https://gateway.example.net/#canary",
        "cannot carry a query",
    ),
    ("cxup_canary0123456789012345678901", NOT_AN_ACCOUNT),
    // Schemes and ports.
    ("ftp://api.coralogix.com", "must start with https://"),
    ("file:///etc/canary", "must start with https://"),
    (
        "http://api.coralogix.com",
        "`api.coralogix.com`: plain http",
    ),
    ("http://192.168.0.1", "plain http would send"),
    ("https://acme.coralogix.com:8443", "no port other than 443"),
    ("api.coralogix.com:8443", "no port other than 443"),
];

#[test]
fn pasted_texts_resolve_to_base_urls() {
    for (text, base) in ACCEPTED {
        let endpoint = Endpoint::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(endpoint.base().as_str(), base, "{text}");
    }
}

#[test]
fn refusals_explain_and_repeat_no_secret() {
    for (text, expected) in REFUSED {
        let Err(error) = Endpoint::parse(text) else {
            panic!("{text} was accepted");
        };
        let message = error.to_string();
        assert!(message.contains(expected), "{text}: {message}");
        assert!(!message.contains("canary"), "{text}: {message}");
        assert!(!format!("{error:?}").contains("canary"), "{text}");
        assert!(
            error
                .hint()
                .contains("us1, us2, us3, eu1, eu2, ap1, ap2, ap3, gov1")
        );
    }
}

#[test]
fn every_name_and_domain_of_a_region_resolves_to_it() {
    for region in Region::all() {
        let current = format!("api.{}", region.domain());
        let names = std::iter::once(region.code()).chain(region.aliases().iter().copied());
        for text in names.chain(region.domains()) {
            let endpoint = Endpoint::parse(text).expect(text);
            assert_eq!(endpoint.host(), current, "{text}");
            assert_eq!(endpoint.region(), Some(region), "{text}");
            assert!(
                endpoint.is_vendor_host() && !endpoint.is_loopback(),
                "{text}"
            );
        }
        assert_eq!(region.to_string(), region.code());
        assert!(!region.location().is_empty());
    }
}

#[test]
fn region_and_vendor_are_derived_from_the_host() {
    for (text, region, is_vendor, is_loopback) in [
        (
            "https://api.app.coralogix.in",
            Some(Region::Ap1),
            true,
            false,
        ),
        ("https://api.coralogix.com", Some(Region::Eu1), true, false),
        (
            "api.private.us2.coralogix.com",
            Some(Region::Us2),
            true,
            false,
        ),
        ("https://api.ap9.coralogix.com", None, true, false),
        ("https://gateway.example.net:8443", None, false, false),
        ("https://127.0.0.1:1", None, false, true),
        ("http://[::1]:1", None, false, true),
        ("http://localhost:1", None, false, true),
    ] {
        let endpoint = Endpoint::parse(text).expect(text);
        assert_eq!(endpoint.region(), region, "{text}");
        assert_eq!(endpoint.is_vendor_host(), is_vendor, "{text}");
        assert_eq!(endpoint.is_loopback(), is_loopback, "{text}");
    }
    assert_eq!(Region::from_host("Ingress.Coralogix.US"), Some(Region::Us1));
    assert_eq!(Region::from_host("hooks.example.net"), None);
}

#[test]
fn request_urls_are_below_the_base_url() {
    let endpoint = Endpoint::parse("https://gateway.example.net:8443/cx/").expect("base URL");
    assert_eq!(endpoint.host(), "gateway.example.net:8443");
    assert_eq!(endpoint.ingress_host(), None);
    let calls = "https://gateway.example.net:8443/cx/api/v1/external/integrations";
    assert_eq!(endpoint.webhooks_url().as_str(), format!("{calls}/"));
    assert_eq!(endpoint.bulk_url().as_str(), format!("{calls}-bulk"));
    let webhook = endpoint.webhook_url("1050").expect("plain id");
    assert_eq!(webhook.as_str(), format!("{calls}/1050"));

    let endpoint = Endpoint::parse("APAC1").expect("alias");
    let list = "https://api.ap1.coralogix.com/api/v1/external/integrations/";
    assert_eq!(endpoint.webhooks_url().as_str(), list);
    let ingress = endpoint.ingress_host();
    assert_eq!(ingress.as_deref(), Some("ingress.ap1.coralogix.com"));
}

#[test]
fn an_id_is_one_encoded_segment_of_the_path() {
    let endpoint = Endpoint::parse("eu1").expect("code");
    let list = endpoint.webhooks_url();
    for (id, segment) in [
        ("1050", "1050"),
        ("ab-1_c.d~", "ab-1_c.d~"),
        ("../7", "..%2F7"),
        ("7/8", "7%2F8"),
        ("7?x", "7%3Fx"),
        ("7#x", "7%23x"),
        ("%2e%2e", "%252e%252e"),
        (".\n.", ".%0A."),
        (" 7", "%207"),
        ("\\7", "%5C7"),
        ("7;x=1", "7%3Bx%3D1"),
        ("é", "%C3%A9"),
        ("...", "..."),
    ] {
        let url = endpoint.webhook_url(id).expect(id);
        assert_eq!(url.as_str(), format!("{list}{segment}"));
    }
    for id in ["", ".", ".."] {
        assert_eq!(endpoint.webhook_url(id), None, "{id:?}");
    }
}
