//! Standard input: webhooks or a document that somebody pipes in, or the answer that a person types.

use crate::error::Error;
use std::io::{self, Read as _};

/// Everything that comes on standard input.
pub fn read() -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    match io::stdin().read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Error::failed("cannot read standard input").with_source(error)),
    }
}

/// The text that comes on standard input.
pub fn read_text() -> Result<String, Error> {
    String::from_utf8(read()?).map_err(|_| Error::failed("what comes on standard input is no text"))
}

/// One line that a person types; empty at the end of input.
pub fn read_line() -> Result<String, Error> {
    let mut line = String::new();
    match io::stdin().read_line(&mut line) {
        Ok(_) => Ok(line),
        Err(error) => Err(Error::failed("cannot read the answer").with_source(error)),
    }
}
