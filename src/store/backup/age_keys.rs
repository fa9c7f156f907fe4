//! age keys: recipients, which are public and encrypt, and identities, which are secret files and decrypt.
//! Never shows an identity.

use crate::error::{Error, ErrorKind};
use crate::secret::resembles_age_identity;
use crate::store::disk;
use age::x25519::{Identity, Recipient};
use secrecy::ExposeSecret as _;
use std::path::PathBuf;

/// How a backup is protected.
#[derive(Debug, Clone)]
pub enum Protection {
    /// Encrypted with age to these recipients.
    Recipients(Recipients),
    /// Not encrypted, at the user's explicit request.
    Plaintext,
}

impl Protection {
    /// Identifies the protection; when it changes, an unchanged account is backed up again.
    pub fn fingerprint(&self) -> String {
        match self {
            Self::Plaintext => "plaintext".to_owned(),
            Self::Recipients(recipients) => {
                let mut texts: Vec<String> = recipients.0.iter().map(ToString::to_string).collect();
                texts.sort();
                let mut mark = super::sha256(texts.join("\n").as_bytes());
                mark.truncate(16);
                mark
            }
        }
    }
}

/// The recipients who can decrypt a backup; at least one.
#[derive(Clone)]
pub struct Recipients(Vec<Recipient>);

impl Recipients {
    /// Parses recipients (`age1…`), each given with its location for error messages.
    ///
    /// # Errors
    /// Where one is not a usable recipient, or there is none. Never repeats the text of an invalid one.
    pub fn parse<'t>(given: impl IntoIterator<Item = (String, &'t str)>) -> Result<Self, Error> {
        let mut recipients: Vec<Recipient> = Vec::new();
        for (location, text) in given {
            let recipient = text
                .trim()
                .parse()
                .map_err(|why| recipient_error(&location, text.trim(), why))?;
            if !recipients.contains(&recipient) {
                recipients.push(recipient);
            }
        }
        if recipients.is_empty() {
            return Err(Error::usage("no recipient to encrypt to").with_hint(
                "create one with `age-keygen -o key.txt`, and keep key.txt off this machine",
            ));
        }
        Ok(Self(recipients))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &dyn age::Recipient> {
        self.0
            .iter()
            .map(|recipient| recipient as &dyn age::Recipient)
    }
}

impl std::fmt::Debug for Recipients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recipients({})", self.0.len())
    }
}

/// The lines of a recipients file except comments and empty ones, each with its location for error messages.
pub fn recipient_lines<'t>(name: &str, text: &'t str) -> Vec<(String, &'t str)> {
    let name = crate::untrusted::escape(name);
    content_lines(text)
        .map(|(line_number, line)| (format!("`{name}`, line {line_number}"), line))
        .collect()
}

fn content_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate();
    lines
        .map(|(line_ix, line)| (line_ix + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

fn recipient_error(location: &str, text: &str, why: &str) -> Error {
    // An identity in place of a recipient is an exposed secret.
    if resembles_age_identity(text) {
        return Error::usage(format!("{location} is a secret identity, not a recipient"))
            .with_hint("use the `# public key: age1…` line of the same file as the recipient, and treat the identity as compromised");
    }
    // The alphabet of a recipient's key has no `1`, so a second `1` ends the prefix of another key type.
    let is_other_kind = text
        .strip_prefix("age1")
        .is_some_and(|key| key.contains('1'));
    if is_other_kind || text.starts_with("ssh-") {
        return Error::usage(format!(
            "{location} is a recipient of a kind that hookferry does not support"
        ))
        .with_hint("use one that `age-keygen` created: age1…");
    }
    Error::usage(format!("{location} is not an age recipient: {why}"))
        .with_hint("a recipient is the public key that `age-keygen` prints: age1…")
}

/// The files of the identities that decrypt backups; read only when needed.
#[derive(Debug, Clone, Default)]
pub struct Identities {
    files: Vec<PathBuf>,
}

impl Identities {
    /// Identities to be read from these files.
    pub fn from_files(files: Vec<PathBuf>) -> Self {
        Self { files }
    }

    /// Whether the user passed no identity file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Fails if an identity file cannot be used, or if there is none and this path names an encrypted backup.
    pub fn check(&self, encrypted: Option<String>) -> Result<(), Error> {
        match encrypted {
            Some(path) if self.is_empty() => Err(missing_identity(&path)),
            _ => self.read().map(drop),
        }
    }

    /// Reads and parses all identity files.
    pub(super) fn read(&self) -> Result<Vec<Identity>, Error> {
        let mut identities = Vec::new();
        for path in &self.files {
            if !path.exists() {
                return Err(disk::missing_file("the identity file", path));
            }
            let text = disk::read_secret(path, "the identity file")?;
            let name = crate::untrusted::escape(&path.display().to_string());
            let n_before = identities.len();
            for (line_number, line) in content_lines(text.expose_secret()) {
                let identity = line.parse().map_err(|_| {
                    Error::new(
                        ErrorKind::CannotDecrypt,
                        format!("`{name}`, line {line_number} is not an age identity"),
                    )
                    .with_hint("hookferry reads the files that `age-keygen` creates (AGE-SECRET-KEY-1…); decrypt a passphrase-protected file with `age -d` first")
                })?;
                identities.push(identity);
            }
            if identities.len() == n_before {
                return Err(Error::new(
                    ErrorKind::CannotDecrypt,
                    format!("`{name}` contains no age identity"),
                ));
            }
        }
        Ok(identities)
    }
}

/// The error for an encrypted backup without anything to decrypt it with.
pub(super) fn missing_identity(path: &str) -> Error {
    let path = crate::untrusted::escape(path);
    let what = format!("`{path}` is encrypted, and no identity was passed");
    Error::new(ErrorKind::CannotDecrypt, what)
        .with_hint("pass the key file that `age-keygen` created: --identity FILE")
}

#[cfg(test)]
mod tests {
    use super::{Protection, Recipients, recipient_lines};

    const RECIPIENT: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

    #[test]
    fn a_recipient_is_read_once_and_its_order_does_not_matter() {
        let other = age::x25519::Identity::generate().to_public().to_string();
        let mark = |texts: &[&str]| {
            let given = texts.iter().map(|text| (String::new(), *text));
            Protection::Recipients(Recipients::parse(given).expect("recipients")).fingerprint()
        };
        assert_eq!(
            mark(&[RECIPIENT, &other]),
            mark(&[&other, RECIPIENT, RECIPIENT])
        );
        assert_ne!(mark(&[RECIPIENT]), mark(&[&other]));
    }

    #[test]
    fn what_is_no_recipient_is_not_repeated() {
        for (text, says) in [
            ("AGE-SECRET-KEY-1CANARY", "secret"),
            ("ssh-ed25519 AAAA-canary", "kind"),
            ("canary", "not an age recipient"),
        ] {
            let error = Recipients::parse([("--recipient".to_owned(), text)]).expect_err("none");
            assert!(error.to_string().contains(says), "{error}");
            assert!(
                !error.to_string().to_lowercase().contains("canary"),
                "{error}"
            );
        }
        Recipients::parse([]).expect_err("nobody could read it");
    }

    #[test]
    fn a_recipients_file_has_comments_and_empty_lines() {
        let text = format!("# on call\n\n {RECIPIENT} \n");
        let lines = recipient_lines("keys.txt", &text);
        assert_eq!(lines, [("`keys.txt`, line 3".to_owned(), RECIPIENT)]);
    }
}
