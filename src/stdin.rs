//! Reads standard input: piped webhooks or documents, or the answer that a person types.

use crate::error::Error;
use std::io::{self, Read as _};

/// Reads standard input to its end.
pub fn read() -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    match io::stdin().read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Error::failed("cannot read standard input").with_source(error)),
    }
}

/// Reads standard input to its end, as UTF-8.
pub fn read_text() -> Result<String, Error> {
    String::from_utf8(read()?).map_err(|_| Error::failed("standard input is not valid UTF-8"))
}

/// Reads one line from standard input; empty at end of input.
pub fn read_line() -> Result<String, Error> {
    let mut line = String::new();
    match io::stdin().read_line(&mut line) {
        Ok(_) => Ok(line),
        Err(error) => Err(Error::failed("cannot read the answer").with_source(error)),
    }
}
