//! Keeps secrets out of crash output: a panic prints its location and nothing from memory.
//! Never prints the panic message, because some messages quote the text that caused the panic.

use std::panic::PanicHookInfo;

/// Keeps secrets out of core dumps, debuggers of other processes, and panic messages.
///
/// On Linux it marks the process as not dumpable, which also stops dumps that are piped to a collector; a size limit
/// of zero does not. On other Unix systems it limits the size of core files to zero.
pub fn keep_secrets() {
    // If the system refuses, the process stays as it was; that is no reason to stop.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    #[cfg(all(unix, not(target_os = "linux")))]
    let _ = rustix::process::setrlimit(
        rustix::process::Resource::Core,
        rustix::process::Rlimit {
            current: Some(0),
            maximum: Some(0),
        },
    );
    std::panic::set_hook(Box::new(|panic| {
        anstream::eprintln!("{}", panic_message(panic));
    }));
}

/// The text that a panic prints: its location, and a hint.
fn panic_message(panic: &PanicHookInfo<'_>) -> String {
    let location = panic.location().map_or_else(
        || "an unknown place".to_owned(),
        |location| format!("{}:{}", location.file(), location.line()),
    );
    format!(
        "hookferry: internal error at {location}\n\
         hint: this is a bug in hookferry; please report it with this line. Everything that was sent is on record: run the same command again, and it reads the target first"
    )
}

#[cfg(test)]
mod tests {
    use super::panic_message;
    use std::sync::{Arc, Mutex};

    #[test]
    fn a_panic_shows_its_location_but_not_its_message() {
        let words = Arc::new(Mutex::new(String::new()));
        let captured = Arc::clone(&words);
        let previous_hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            *captured.lock().expect("nobody else") = panic_message(panic);
        }));
        let text = String::from("é canary");
        let at = std::hint::black_box(1);
        let panicked = std::panic::catch_unwind(|| text[at..].len()).is_err();
        std::panic::set_hook(previous_hook);
        let words = words.lock().expect("nobody else").clone();
        assert!(panicked && words.contains("crash.rs:"), "{words}");
        assert!(!words.contains("canary"), "{words}");
    }
}
