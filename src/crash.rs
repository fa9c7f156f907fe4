//! What a crash may show: where it happened, and nothing of what was in memory.
//! Never prints the message of a panic: slicing and formatting put the text that they failed on into it.

use std::panic::PanicHookInfo;

/// Keeps core dumps, debuggers of other processes and panic messages from showing secrets.
///
/// On Linux the process is made not dumpable: that also stops dumps which are piped to a collector, as a limit of zero
/// does not. Elsewhere on Unix the size of core files is limited to zero.
pub fn keep_secrets() {
    // A system that refuses leaves the process as it was, which is no reason not to work.
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
        anstream::eprintln!("{}", last_words(panic));
    }));
}

/// The one line that a panic leaves behind.
fn last_words(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map_or_else(
        || "an unknown place".to_owned(),
        |location| format!("{}:{}", location.file(), location.line()),
    );
    format!(
        "hookferry: internal error at {place}\n\
         hint: this is a mistake in hookferry; report it with this line. What was sent is on record: the same command again looks first"
    )
}

#[cfg(test)]
mod tests {
    use super::last_words;
    use std::sync::{Arc, Mutex};

    #[test]
    fn a_panic_leaves_its_place_and_nothing_of_its_message() {
        let words = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&words);
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            *kept.lock().expect("nobody else") = last_words(panic);
        }));
        let text = String::from("é canary");
        let at = std::hint::black_box(1);
        let panicked = std::panic::catch_unwind(|| text[at..].len()).is_err();
        std::panic::set_hook(before);
        let words = words.lock().expect("nobody else").clone();
        assert!(panicked && words.contains("crash.rs:"), "{words}");
        assert!(!words.contains("canary"), "{words}");
    }
}
