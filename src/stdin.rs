//! Reads the answer that a person types.

use crate::error::Error;
use std::io;

/// Reads one line from standard input; empty at end of input.
pub fn read_line() -> Result<String, Error> {
    let mut line = String::new();
    match io::stdin().read_line(&mut line) {
        Ok(_) => Ok(line),
        Err(error) => Err(Error::failed("cannot read the answer").with_source(error)),
    }
}
