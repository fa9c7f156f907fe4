//! What a process that is killed in a bad way leaves behind: no core, whatever the system would like to keep.

use crate::support::stand_in::StandIn;
use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command};

/// What lets a process dump as much as it likes, into the folder in which it runs.
const DUMPS: &[&str] = &["sh", "-c", "ulimit -c unlimited; exec \"$0\" \"$@\""];

fn abort(child: &mut Child) -> std::process::ExitStatus {
    let id = child.id().to_string();
    let killed = Command::new("kill").args(["-ABRT", &id]).status().unwrap();
    assert!(killed.success());
    child.wait().unwrap()
}

/// Another program under the same conditions shows whether this machine would have dumped.
#[test]
fn a_process_that_is_aborted_dumps_no_core() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = Command::new(DUMPS[0])
        .args(&DUMPS[1..])
        .args(["cat"])
        .current_dir(folder.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    until_it_answers(&mut other);
    let dumps_here = abort(&mut other).core_dumped();
    if !dumps_here {
        // Past the test harness, which shows what a test prints only when it fails.
        let line =
            b"NOTHING PROVED: a_process_that_is_aborted_dumps_no_core: nothing dumps core here\n";
        std::io::stderr().write_all(line).unwrap();
    }
    let accounts = StandIn::with(&[], &["get:1:stall"]);
    let running = accounts
        .program("migrate --from [source] --to [target] --yes")
        .under(DUMPS)
        .start();
    accounts.until_target(|target| !target.log().is_empty());
    running.signal("ABRT");
    let status = running.status();
    assert_eq!(status.signal(), Some(6));
    assert!(
        !status.core_dumped(),
        "the core of the process holds secrets"
    );
}

/// Only then is it certain that the shell has become the program.
fn until_it_answers(cat: &mut Child) {
    cat.stdin.as_mut().unwrap().write_all(b"x").unwrap();
    let mut answer = [0];
    cat.stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut answer)
        .unwrap();
}
