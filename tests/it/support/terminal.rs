//! A terminal on which somebody answers every question with `yes`.

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::process::Command;
use std::thread::JoinHandle;

/// Enough answers for any script; what nobody asks for is left over.
const N_ANSWERS: usize = 20;

/// Runs a command with its standard input and standard error on a terminal; returns its exit code and what it wrote
/// there. Standard output is no terminal and comes after it.
pub(crate) fn run_and_say_yes(mut command: Command) -> (Option<i32>, String) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let mut options = OpenOptions::new();
    let terminal = options
        .read(true)
        .write(true)
        .open(name.to_str().unwrap())
        .unwrap();
    let mut master = File::from(master);
    master
        .write_all("yes\n".repeat(N_ANSWERS).as_bytes())
        .unwrap();
    let output = read_until_hangup(master);
    let child = command
        .stdin(terminal.try_clone().unwrap())
        .stderr(terminal)
        .stdout(std::process::Stdio::piped())
        .spawn();
    // The command holds the terminal, too: only when that is gone, the last one hangs up.
    drop(command);
    let finished = child.unwrap().wait_with_output().unwrap();
    let shown = output.join().unwrap();
    let stdout = String::from_utf8_lossy(&finished.stdout).into_owned();
    (finished.status.code(), shown + &stdout)
}

/// Reads what is written to the terminal, until the last program has closed it.
fn read_until_hangup(mut master: File) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let (mut shown, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(n) = master.read(&mut buffer) {
            if n == 0 {
                break;
            }
            shown.extend_from_slice(&buffer[..n]);
        }
        String::from_utf8_lossy(&shown).into_owned()
    })
}
