//! A repository in an object store.
