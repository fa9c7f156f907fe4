//! The envelope of a backup document: gzip, and age if it is encrypted.
//! Standard tools open it: `age -d`, then `gunzip`.

use super::age_keys::{Identities, Protection};
use crate::error::Error;
use crate::store::input::decode_text;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::io::{self, BufRead, Read, Write as _};

/// The first bytes of an age file.
const AGE_MAGIC: &[u8] = b"age-encryption.org/";
/// The first bytes of an ASCII-armored age file.
const ARMORED_AGE_MAGIC: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
/// The first bytes of a gzip stream.
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
/// Maximum size in bytes of an age header, which holds about 100 bytes for each recipient.
const MAX_AGE_HEADER_BYTES: usize = 64 << 10;
/// Maximum size in bytes of a decompressed document, so that no file can exhaust memory.
const MAX_DOCUMENT_BYTES: u64 = 1 << 30;

/// Why an envelope cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EnvelopeError {
    /// It is encrypted, and no identity was passed.
    NeedsIdentity,
    /// It is encrypted, and none of the identities passed can decrypt it.
    WrongIdentity,
    /// It is damaged, for this reason.
    Damaged(String),
}

/// Whether the bytes start like an age file, binary or armored.
pub(super) fn is_encrypted(bytes: &[u8]) -> bool {
    bytes.starts_with(AGE_MAGIC) || bytes.starts_with(ARMORED_AGE_MAGIC)
}

/// Compresses a text, and encrypts it if the protection demands that.
pub(crate) fn pack(text: &str, protection: &Protection) -> Result<Vec<u8>, Error> {
    let failed = |verb: &str| Error::failed(format!("cannot {verb} the backup"));
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    let compressed = gzip
        .write_all(text.as_bytes())
        .and_then(|()| gzip.finish())
        .map_err(|error| failed("compress").with_source(error))?;
    let Protection::Recipients(recipients) = protection else {
        return Ok(compressed);
    };
    let encryptor = age::Encryptor::with_recipients(recipients.iter())
        .map_err(|error| failed("encrypt").with_source(error))?;
    let mut encrypted = Vec::with_capacity(compressed.len() + 1024);
    encryptor
        .wrap_output(&mut encrypted)
        .and_then(|mut writer| {
            writer.write_all(&compressed)?;
            writer.finish()
        })
        .map_err(|error| failed("encrypt").with_source(error))?;
    Ok(encrypted)
}

/// Opens an envelope and returns its text; returns a text without an envelope unchanged.
///
/// The outer error means that the identities cannot be read, the inner one that the envelope cannot be opened.
pub(super) fn unpack(
    bytes: Vec<u8>,
    identities: &Identities,
) -> Result<Result<String, EnvelopeError>, Error> {
    let bytes = if is_encrypted(&bytes) {
        if identities.is_empty() {
            return Ok(Err(EnvelopeError::NeedsIdentity));
        }
        match decrypt(&bytes, identities)? {
            Ok(bytes) => bytes,
            Err(shut) => return Ok(Err(shut)),
        }
    } else {
        bytes
    };
    Ok(decompress(bytes).and_then(|bytes| {
        decode_text(bytes).map_err(|why| EnvelopeError::Damaged(why.to_string()))
    }))
}

fn decrypt(bytes: &[u8], identities: &Identities) -> Result<Result<Vec<u8>, EnvelopeError>, Error> {
    if bytes.starts_with(ARMORED_AGE_MAGIC) {
        let why =
            "it is ASCII-armored, which hookferry does not support; decrypt it with `age -d` first";
        return Ok(Err(EnvelopeError::Damaged(why.to_owned())));
    }
    let file = match AgeFile::split(bytes) {
        Ok(file) => file,
        Err(why) => return Ok(Err(EnvelopeError::Damaged(why.to_owned()))),
    };
    let identities = identities.read()?;
    let identities = identities
        .iter()
        .map(|identity| identity as &dyn age::Identity);
    let opened =
        age::Decryptor::new_buffered(file).and_then(|decryptor| decryptor.decrypt(identities));
    Ok(match opened {
        Ok(reader) => read_limited(reader, "its encrypted data is damaged or truncated"),
        Err(age::DecryptError::NoMatchingKeys) => Err(EnvelopeError::WrongIdentity),
        // With other errors, a damaged header is indistinguishable from a wrong key.
        Err(_) => Err(EnvelopeError::Damaged(
            "its age header is damaged".to_owned(),
        )),
    })
}

/// An encrypted file that hands over its header in one piece.
///
/// The library reads a header line by line and parses all of it again after each, so that 99 kB took 11 s.
struct AgeFile<'b> {
    header: &'b [u8],
    payload: &'b [u8],
}

impl<'b> AgeFile<'b> {
    /// Splits a file after the line that ends its header, which starts with `---`; else says what is wrong with the file.
    fn split(bytes: &'b [u8]) -> Result<Self, &'static str> {
        let mut header_len = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            header_len += line.len();
            if header_len > MAX_AGE_HEADER_BYTES {
                return Err("its age header is larger than 64 KiB");
            }
            if line.starts_with(b"---") {
                let (header, payload) = bytes.split_at(header_len);
                return Ok(Self { header, payload });
            }
        }
        Err("its age header is damaged")
    }
}

impl Read for AgeFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buffer)?;
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for AgeFile<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(if self.header.is_empty() {
            self.payload
        } else {
            self.header
        })
    }

    fn consume(&mut self, n: usize) {
        let part = if self.header.is_empty() {
            &mut self.payload
        } else {
            &mut self.header
        };
        *part = &part[n..];
    }

    /// Reads the rest of the header, where the library asks for its next line.
    fn read_until(&mut self, byte: u8, buffer: &mut Vec<u8>) -> io::Result<usize> {
        if self.header.is_empty() {
            return self.payload.read_until(byte, buffer);
        }
        let header = std::mem::take(&mut self.header);
        buffer.extend_from_slice(header);
        Ok(header.len())
    }
}

fn decompress(bytes: Vec<u8>) -> Result<Vec<u8>, EnvelopeError> {
    if bytes.starts_with(GZIP_MAGIC) {
        read_limited(
            MultiGzDecoder::new(bytes.as_slice()),
            "its compressed data is damaged or truncated",
        )
    } else {
        Ok(bytes)
    }
}

fn read_limited(reader: impl Read, damaged: &str) -> Result<Vec<u8>, EnvelopeError> {
    let mut out = Vec::new();
    let read: io::Result<usize> = reader.take(MAX_DOCUMENT_BYTES + 1).read_to_end(&mut out);
    match read {
        Err(_) => Err(EnvelopeError::Damaged(damaged.to_owned())),
        Ok(_) if out.len() as u64 > MAX_DOCUMENT_BYTES => {
            Err(EnvelopeError::Damaged("it is larger than 1 GiB".to_owned()))
        }
        Ok(_) => Ok(out),
    }
}
