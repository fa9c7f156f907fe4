//! Why a server's certificate was not accepted.

use crate::untrusted;
use rustls::CertificateError;
use std::fmt;

/// The most names of a certificate that are shown.
const MAX_NAMES: usize = 4;

/// Why a TLS certificate was not accepted; the certificate's own texts are escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateFlaw {
    /// It is valid for other names than the one that was asked for.
    OtherName {
        /// The host that was asked for.
        asked: String,
        /// The first names that it is valid for.
        names: Vec<String>,
        /// How many names it is valid for.
        n_names: usize,
    },
    /// It is not valid at this machine's time; holds the library's words.
    Time(String),
    /// Everything else, such as an unknown issuer; holds the library's words.
    Other(String),
}

impl CertificateFlaw {
    /// Takes the reason from the library's error, whose words are `cause`.
    pub(crate) fn new(error: &CertificateError, cause: String) -> Self {
        match error {
            CertificateError::NotValidForNameContext {
                expected,
                presented,
            } => Self::OtherName {
                asked: untrusted::escape_truncated(&expected.to_str(), 80),
                names: {
                    let names = presented.iter().take(MAX_NAMES);
                    names.map(|name| shown_name(name)).collect()
                },
                n_names: presented.len(),
            },
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Self::Time(cause),
            _ => Self::Other(cause),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::OtherName { .. } => {
                "check the region or URL for a wrong host, and the DNS and proxy of this network: another server answered for that name; certificate checks cannot be disabled"
            }
            Self::Time(_) => "check this machine's clock; certificate checks cannot be disabled",
            Self::Other(_) => {
                "behind a proxy that intercepts TLS, pass its CA with --ca-file FILE or SSL_CERT_FILE; certificate checks cannot be disabled"
            }
        }
    }
}

/// The library writes names as `DnsName("host")`.
fn shown_name(name: &str) -> String {
    let bare = name.split('"').nth(1).unwrap_or(name);
    untrusted::escape_truncated(bare, 80)
}

/// Writes the rest of a sentence that ends with the reason.
impl fmt::Display for CertificateFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherName {
                asked,
                names,
                n_names,
            } => {
                write!(
                    f,
                    "it is not valid for {asked}, the name that was asked for"
                )?;
                let more = n_names - names.len();
                match (names.as_slice(), more) {
                    ([], _) => Ok(()),
                    (_, 0) => write!(f, ", but for {}", names.join(", ")),
                    _ => write!(f, ", but for {} and {more} more", names.join(", ")),
                }
            }
            Self::Time(cause) | Self::Other(cause) => f.write_str(cause),
        }
    }
}
