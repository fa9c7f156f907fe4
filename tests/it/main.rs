//! The tests.
mod endpoint;
