//! Access to an object store, configured by `s3://BUCKET/PREFIX` and the usual AWS variables.
//! Never shows a value that may be a credential.

use super::transport::Connector;
use crate::error::{Error, ErrorKind};
use crate::http::client::is_loopback;
use crate::http::proxy::ProxyVariable;
use crate::store::backup::environment::EnvLookup;
use crate::store::disk;
use crate::store::input::Limit;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey as Key};
use object_store::path::Path;
use object_store::{BackoffConfig, ClientConfigKey, RetryConfig};
use std::time::Duration;
use url::Url;

/// Maximum number of retries of an idempotent request; the library's default is 10 retries in 3 minutes.
const MAX_RETRIES: usize = 2;
/// No retry starts after this time.
const RETRY_TIMEOUT: Duration = Duration::from_secs(30);

/// The library's options and the AWS variables that set them; of several variables, the first one set wins.
const VARIABLES: &[(Key, &[&str])] = &[
    (Key::AccessKeyId, &["AWS_ACCESS_KEY_ID"]),
    (Key::SecretAccessKey, &["AWS_SECRET_ACCESS_KEY"]),
    (Key::Token, &["AWS_SESSION_TOKEN"]),
    (Key::Region, &["AWS_REGION", "AWS_DEFAULT_REGION"]),
    (Key::WebIdentityTokenFile, &["AWS_WEB_IDENTITY_TOKEN_FILE"]),
    (Key::RoleArn, &["AWS_ROLE_ARN"]),
    (Key::RoleSessionName, &["AWS_ROLE_SESSION_NAME"]),
    (Key::StsEndpoint, &["AWS_ENDPOINT_URL_STS"]),
    (
        Key::ContainerCredentialsRelativeUri,
        &["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"],
    ),
    (
        Key::ContainerCredentialsFullUri,
        &["AWS_CONTAINER_CREDENTIALS_FULL_URI"],
    ),
    (
        Key::ContainerAuthorizationTokenFile,
        &["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"],
    ),
    (
        Key::MetadataEndpoint,
        &["AWS_EC2_METADATA_SERVICE_ENDPOINT"],
    ),
];
/// The variables for the endpoint of a store other than AWS; the first one set wins.
const ENDPOINTS: &[&str] = &["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];

/// Validated configuration for reaching a store.
pub(super) struct StoreAccess {
    builder: AmazonS3Builder,
    endpoint: Option<Url>,
    region: String,
    ca: Option<Vec<u8>>,
    proxy: Option<ProxyVariable>,
}

impl StoreAccess {
    /// Reads the configuration from environment variables.
    ///
    /// # Errors
    /// Where variables are missing, unusable, or contradict each other.
    pub(super) fn from_env(look_up: EnvLookup<'_>) -> Result<Self, Error> {
        let mut builder = AmazonS3Builder::new();
        for (key, names) in VARIABLES {
            if let Some((name, value)) = first_set(names, look_up)? {
                let value = check_header_value(name, &value)?;
                builder = builder.with_config(*key, check_request_value(*key, name, value)?);
            }
        }
        check_credentials(&builder, look_up)?;
        let allows_http = is_switched_on(look_up("AWS_ALLOW_HTTP")?);
        let endpoint = match first_set(ENDPOINTS, look_up)? {
            Some((name, text)) => Some(parse_endpoint(name, &text, allows_http)?),
            None => None,
        };
        let region = builder.get_config_value(&Key::Region);
        let region = match (region, &endpoint) {
            (Some(region), _) => region,
            (None, Some(_)) => "us-east-1".to_owned(),
            (None, None) => {
                return Err(Error::usage("the region of the bucket is not set").with_hint(
                    "set AWS_REGION; for a store other than AWS, set AWS_ENDPOINT_URL to its address",
                ));
            }
        };
        let ca = match look_up("AWS_CA_BUNDLE")? {
            Some(path) => Some(disk::read_bytes(
                path.as_ref(),
                "the file of AWS_CA_BUNDLE",
                Limit::Small,
            )?),
            None => None,
        };
        Ok(Self {
            builder,
            endpoint,
            region,
            ca,
            proxy: ProxyVariable::find(|name| look_up(name).ok()?),
        })
    }

    /// The host of the store, with the port unless that is the default.
    pub(super) fn host(&self) -> String {
        let host = self.endpoint.as_ref().map(|url| {
            let port = url
                .port()
                .map_or_else(String::new, |port| format!(":{port}"));
            format!("{}{port}", url.host_str().unwrap_or_default())
        });
        host.unwrap_or_else(|| format!("s3.{}.amazonaws.com", self.region))
    }

    /// Builds the client for a bucket. It uses path-style addressing, which every store supports.
    pub(super) fn open_store(self, bucket: &str) -> Result<AmazonS3, Error> {
        let is_near = self.endpoint.as_ref().is_some_and(is_loopback);
        let is_http = self
            .endpoint
            .as_ref()
            .is_some_and(|url| url.scheme() == "http");
        let mut builder = self
            .builder
            .with_region(self.region)
            .with_bucket_name(bucket)
            .with_config(Key::Client(ClientConfigKey::AllowHttp), is_http.to_string())
            // Delete objects one at a time: not every store supports the bulk call.
            .with_disable_bulk_delete(true)
            .with_retry(RetryConfig {
                backoff: BackoffConfig {
                    init_backoff: Duration::from_millis(300),
                    max_backoff: Duration::from_secs(3),
                    base: 2.0,
                },
                max_retries: MAX_RETRIES,
                retry_timeout: RETRY_TIMEOUT,
            })
            .with_http_connector(Connector::new(is_near, self.ca, self.proxy)?);
        if let Some(endpoint) = self.endpoint {
            builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/'));
        }
        // The library's message may contain configured values.
        builder.build().map_err(|_| {
            Error::failed("cannot set up the object store client")
                .with_hint("check the AWS_* variables; `hookferry help object-stores` lists them")
        })
    }
}

/// Parses `s3://BUCKET/PREFIX` into bucket and prefix.
pub(super) fn parse_url(text: &str) -> Result<(&str, Path), Error> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let is_name = bucket.len() >= 3
        && bucket.chars().all(is_name_char)
        && bucket.starts_with(|c: char| c.is_ascii_alphanumeric());
    let format_hint = "the format is s3://BUCKET/PREFIX; the store's address, region, and keys come from variables such as AWS_ENDPOINT_URL";
    if !is_name {
        return Err(
            Error::usage("the repository URL has no valid bucket name").with_hint(format_hint)
        );
    }
    // These characters indicate a query, a fragment, or an escape, not part of a key.
    let prefix = Path::parse(prefix)
        .ok()
        .filter(|prefix| !prefix.as_ref().contains(['?', '#', '\\', '%']));
    let prefix = prefix.ok_or_else(|| {
        Error::usage("the repository's prefix is not valid: it has an empty segment, `.`, `..`, or one of ? # % \\").with_hint(format_hint)
    })?;
    Ok((bucket, prefix))
}

fn first_set(
    names: &[&'static str],
    look_up: EnvLookup<'_>,
) -> Result<Option<(&'static str, String)>, Error> {
    for name in names {
        if let Some(value) = look_up(name)? {
            return Ok(Some((name, value)));
        }
    }
    Ok(None)
}

/// Validates a value for use in a header: no spaces, no control characters, ASCII only.
fn check_header_value(name: &str, value: &str) -> Result<String, Error> {
    let value = value.trim_end_matches(['\n', '\r']);
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(unusable_variable(
            name,
            "it is empty, or contains spaces, control characters, or non-ASCII characters",
        ));
    }
    Ok(value.to_owned())
}

/// Validates a value that becomes part of a request; the library panics on an invalid one.
fn check_request_value(key: Key, name: &str, value: String) -> Result<String, Error> {
    let address = |text: &str| Url::parse(text).ok().filter(Url::has_host);
    let not_a_url = || unusable_variable(name, "it is not a URL");
    match key {
        Key::Region if value.chars().all(is_name_char) => Ok(value),
        Key::Region => Err(unusable_variable(name, "it is not a region")),
        Key::StsEndpoint | Key::MetadataEndpoint | Key::ContainerCredentialsFullUri => {
            let url = address(&value).ok_or_else(not_a_url)?;
            Ok(url.as_str().trim_end_matches('/').to_owned())
        }
        Key::ContainerCredentialsRelativeUri => {
            let url = address(&format!("http://host{value}"));
            let url = url.filter(|url| url.host_str() == Some("host"));
            let url = url.ok_or_else(not_a_url)?;
            Ok(url[url::Position::BeforePath..].to_owned())
        }
        Key::ContainerAuthorizationTokenFile => {
            let what = format!("the file of {name}");
            let token = disk::read_text(value.as_ref(), &what, Limit::Small)?;
            check_header_value(&what, &token).map(|_| value)
        }
        _ => Ok(value),
    }
}

fn unusable_variable(name: &str, why: &str) -> Error {
    Error::usage(format!("{name} cannot be used: {why}")).with_hint(
        "`hookferry help object-stores` lists the variables; an empty one counts as not set",
    )
}

/// Whether the character may occur in the name of a bucket or region.
fn is_name_char(character: char) -> bool {
    character.is_ascii_alphanumeric() || ".-_".contains(character)
}

fn is_switched_on(value: Option<String>) -> bool {
    value.is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
}

/// Checks the configured credentials: half a key pair is an error. Without any, the library queries the instance
/// metadata service, unless `AWS_EC2_METADATA_DISABLED` forbids it.
fn check_credentials(builder: &AmazonS3Builder, look_up: EnvLookup<'_>) -> Result<(), Error> {
    let has = |key: Key| builder.get_config_value(&key).is_some();
    let refused = |what: &str| {
        Err(Error::new(ErrorKind::Authentication, what).with_hint(super::failure::CREDENTIALS_HINT))
    };
    match (has(Key::AccessKeyId), has(Key::SecretAccessKey)) {
        (true, false) => refused("AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"),
        (false, true) => refused("AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not"),
        (true, true) => Ok(()),
        (false, false) => {
            let has_other = (has(Key::WebIdentityTokenFile) && has(Key::RoleArn))
                || has(Key::ContainerCredentialsRelativeUri)
                || has(Key::ContainerCredentialsFullUri);
            if !has_other && is_switched_on(look_up("AWS_EC2_METADATA_DISABLED")?) {
                return refused("there are no credentials for the object store");
            }
            Ok(())
        }
    }
}

fn parse_endpoint(name: &str, text: &str, allows_http: bool) -> Result<Url, Error> {
    let refused = |what: &str, hint: &str| {
        Err(Error::usage(format!("{name} {what}")).with_hint(hint.to_owned()))
    };
    let url = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    let Some(url) = url else {
        return refused(
            "is not the URL of an object store",
            "use a URL such as https://s3.example.net, without user name, password, or query",
        );
    };
    if url.scheme() == "http" && !is_loopback(&url) && !allows_http {
        return refused(
            "uses plain http, which exposes the backups to everybody on the network path",
            "use https://, or set AWS_ALLOW_HTTP=true on a network that you trust",
        );
    }
    Ok(url)
}
