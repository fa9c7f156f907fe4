//! A crashing process leaves no core dump, even where the system allows one.

use crate::support::stand_in::StandIn;
use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command};

/// Wrapper that allows core dumps of any size.
const WITH_CORE_DUMPS: &[&str] = &["sh", "-c", "ulimit -c unlimited; exec \"$0\" \"$@\""];

fn abort(child: &mut Child) -> std::process::ExitStatus {
    let id = child.id().to_string();
    let killed = Command::new("kill").args(["-ABRT", &id]).status().unwrap();
    assert!(killed.success());
    child.wait().unwrap()
}

/// Another program under the same conditions shows whether this machine dumps core at all.
#[test]
fn an_aborted_process_dumps_no_core() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = Command::new(WITH_CORE_DUMPS[0])
        .args(&WITH_CORE_DUMPS[1..])
        .args(["cat"])
        .current_dir(folder.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    wait_until_running(&mut other);
    let dumps_here = abort(&mut other).core_dumped();
    if !dumps_here {
        // Written to stderr directly: the test harness shows captured output only for failed tests.
        let line = b"NOTHING PROVED: an_aborted_process_dumps_no_core: nothing dumps core here\n";
        std::io::stderr().write_all(line).unwrap();
    }
    let accounts = StandIn::with(&[], &["get:1:stall"]);
    let running = accounts
        .program("migrate --from [source] --to [target] --yes")
        .under(WITH_CORE_DUMPS)
        .start();
    accounts.wait_for_target(|target| !target.log().is_empty());
    running.signal("ABRT");
    let status = running.status();
    assert_eq!(status.signal(), Some(6));
    assert!(
        !status.core_dumped(),
        "the core of the process holds secrets"
    );
}

/// Waits until `cat` echoes a byte: only then has the shell certainly executed it.
fn wait_until_running(cat: &mut Child) {
    cat.stdin.as_mut().unwrap().write_all(b"x").unwrap();
    let mut echo = [0];
    cat.stdout.as_mut().unwrap().read_exact(&mut echo).unwrap();
}
