//! A short fingerprint of a text, by which people tell documents apart.
//! It needs no key: whoever has the document can compute it, and learns nothing new from it.

use ring::digest::{Context, SHA256};
use std::io::{self, BufWriter, IntoInnerError, Write};

/// Hexadecimal digits of a fingerprint: enough that nobody finds a second document with the same one by trying.
const N_DIGITS: usize = 16;
/// Digits that stand together, so that people can compare them.
const DIGITS_PER_GROUP: usize = 4;

/// Passes everything that the closure writes on to `to`, and returns its fingerprint, such as `07fa-91c0-22de-5b1e`.
pub fn fingerprint_written(
    to: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<String> {
    let tee = Tee {
        to,
        digest: Context::new(&SHA256),
    };
    let mut writer = BufWriter::new(tee);
    write(&mut writer)?;
    let tee = writer.into_inner().map_err(IntoInnerError::into_error)?;
    let hex = super::to_hex(tee.digest.finish().as_ref());
    let digits: Vec<&str> = (0..N_DIGITS)
        .step_by(DIGITS_PER_GROUP)
        .map(|start| &hex[start..start + DIGITS_PER_GROUP])
        .collect();
    Ok(digits.join("-"))
}

/// Digests what it passes on.
struct Tee<'w> {
    to: &'w mut dyn Write,
    digest: Context,
}

impl Write for Tee<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write_all(bytes)?;
        self.digest.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
