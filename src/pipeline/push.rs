//! Fifth stage: brings what the plan wants into the target, exactly once.
