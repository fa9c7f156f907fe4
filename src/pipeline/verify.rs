//! Sixth stage: what the target holds now, compared with what was wanted.
