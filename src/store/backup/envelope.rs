//! What lies around a backup's document: gzip, and age where it is encrypted.
//! The usual tools take it off again: `age -d`, then `gunzip`.

use super::age_files::{Identities, Protection};
use crate::error::Error;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::io::{self, Read, Write as _};

/// The first bytes of an age file.
const AGE: &[u8] = b"age-encryption.org/";
/// The first bytes of an age file that was made printable.
const ARMOURED_AGE: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
/// The first bytes of gzip.
const GZIP: &[u8] = &[0x1f, 0x8b];
/// The most that is read of a document, so that no file can fill the memory.
const LARGEST: u64 = 1 << 30;

/// Why an envelope stays shut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shut {
    /// It is encrypted, and there is no identity at hand.
    NeedsIdentity,
    /// It is encrypted to others than the identities at hand.
    WrongIdentity,
    /// It is not as it was made: why.
    Damaged(String),
}

/// Whether these are the first bytes of something encrypted.
pub(super) fn is_encrypted(bytes: &[u8]) -> bool {
    bytes.starts_with(AGE) || bytes.starts_with(ARMOURED_AGE)
}

/// Compresses a text, and encrypts it where that is wanted.
pub(crate) fn wrap(text: &str, protection: &Protection) -> Result<Vec<u8>, Error> {
    let failed = |what: &str| Error::failed(format!("the backup cannot be {what}"));
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    let compressed = gzip
        .write_all(text.as_bytes())
        .and_then(|()| gzip.finish())
        .map_err(|error| failed("compressed").with_source(error))?;
    let Protection::Recipients(recipients) = protection else {
        return Ok(compressed);
    };
    let encryptor = age::Encryptor::with_recipients(recipients.iter())
        .map_err(|error| failed("encrypted").with_source(error))?;
    let mut sealed = Vec::with_capacity(compressed.len() + 1024);
    encryptor
        .wrap_output(&mut sealed)
        .and_then(|mut writer| {
            writer.write_all(&compressed)?;
            writer.finish()
        })
        .map_err(|error| failed("encrypted").with_source(error))?;
    Ok(sealed)
}

/// The text in an envelope; a text without any envelope is given as it is.
pub(super) fn unwrap(
    bytes: Vec<u8>,
    identities: &Identities,
) -> Result<Result<String, Shut>, Error> {
    let bytes = if is_encrypted(&bytes) {
        if identities.is_empty() {
            return Ok(Err(Shut::NeedsIdentity));
        }
        match decrypted(&bytes, identities)? {
            Ok(bytes) => bytes,
            Err(shut) => return Ok(Err(shut)),
        }
    } else {
        bytes
    };
    Ok(expanded(bytes).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|_| Shut::Damaged("its content is no text".to_owned()))
    }))
}

fn decrypted(bytes: &[u8], identities: &Identities) -> Result<Result<Vec<u8>, Shut>, Error> {
    if bytes.starts_with(ARMOURED_AGE) {
        let why = "it is armoured age, which hookferry does not read; decrypt it by `age -d`";
        return Ok(Err(Shut::Damaged(why.to_owned())));
    }
    let identities = identities.read()?;
    let identities = identities
        .iter()
        .map(|identity| identity as &dyn age::Identity);
    let opened = age::Decryptor::new(bytes).and_then(|decryptor| decryptor.decrypt(identities));
    Ok(match opened {
        Ok(reader) => read_whole(reader, "its encrypted part is damaged or cut off"),
        Err(age::DecryptError::NoMatchingKeys) => Err(Shut::WrongIdentity),
        // A damaged header cannot be told from one that a wrong key does not fit.
        Err(_) => Err(Shut::Damaged("its age header is damaged".to_owned())),
    })
}

fn expanded(bytes: Vec<u8>) -> Result<Vec<u8>, Shut> {
    if bytes.starts_with(GZIP) {
        read_whole(
            MultiGzDecoder::new(bytes.as_slice()),
            "its compressed part is damaged or cut off",
        )
    } else {
        Ok(bytes)
    }
}

fn read_whole(reader: impl Read, damaged: &str) -> Result<Vec<u8>, Shut> {
    let mut out = Vec::new();
    let read: io::Result<usize> = reader.take(LARGEST + 1).read_to_end(&mut out);
    match read {
        Err(_) => Err(Shut::Damaged(damaged.to_owned())),
        Ok(_) if out.len() as u64 > LARGEST => {
            Err(Shut::Damaged("it is larger than 1 GiB".to_owned()))
        }
        Ok(_) => Ok(out),
    }
}
