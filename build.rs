//! Tells the program the commit that it is built from, where the sources are a Git working copy.
//!
//! Only optimized builds have it, so that a commit makes no developer compile everything again. Reads Git's files
//! instead of running Git: the sources may be an archive, and Git may not be installed.

use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "debug") {
        return;
    }
    let Some(head) = Head::find(Path::new(env!("CARGO_MANIFEST_DIR"))) else {
        return;
    };
    for file in &head.files {
        println!("cargo::rerun-if-changed={}", file.display());
    }
    if let Some(commit) = head.commit() {
        println!("cargo::rustc-env=HOOKFERRY_COMMIT={commit}");
    }
}

/// What Git has checked out.
struct Head {
    /// The text of `HEAD`: a commit, or `ref: ` and a branch.
    text: String,
    /// The folder with the branches.
    common: PathBuf,
    /// The files that tell when another commit is checked out.
    files: Vec<PathBuf>,
}

impl Head {
    /// The head of the working copy whose top folder is `root`; `None` for any other folder.
    fn find(root: &Path) -> Option<Self> {
        let dot_git = root.join(".git");
        // In a worktree and in a submodule, `.git` is a file that names the folder.
        let folder = match fs::read_to_string(&dot_git) {
            Ok(text) => root.join(text.trim().strip_prefix("gitdir: ")?),
            Err(_) => dot_git,
        };
        let common = match fs::read_to_string(folder.join("commondir")) {
            Ok(text) => folder.join(text.trim()),
            Err(_) => folder.clone(),
        };
        let text = fs::read_to_string(folder.join("HEAD")).ok()?;
        // The log grows with each commit and each checkout; without one, the branch's file changes.
        let mut files = vec![folder.join("HEAD"), folder.join("logs").join("HEAD")];
        if let Some(branch) = branch(&text) {
            files.push(common.join(branch));
            files.push(common.join("packed-refs"));
        }
        files.retain(|file| file.is_file());
        Some(Self {
            text,
            common,
            files,
        })
    }

    /// The first twelve digits of the commit.
    fn commit(&self) -> Option<String> {
        let full = match branch(&self.text) {
            None => self.text.clone(),
            Some(branch) => match fs::read_to_string(self.common.join(branch)) {
                Ok(text) => text,
                Err(_) => packed_commit(&self.common, branch)?,
            },
        };
        let commit = full.trim().get(..12)?;
        let is_hex = commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| commit.to_owned())
    }
}

fn branch(head: &str) -> Option<&str> {
    head.trim().strip_prefix("ref: ")
}

/// The commit of a branch that has no file of its own.
fn packed_commit(common: &Path, branch: &str) -> Option<String> {
    let packed = fs::read_to_string(common.join("packed-refs")).ok()?;
    let line = packed
        .lines()
        .find_map(|line| line.split_once(' ').filter(|(_, name)| *name == branch));
    line.map(|(commit, _)| commit.to_owned())
}

#[cfg(test)]
mod tests {
    use super::Head;
    use std::path::Path;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn write(root: &Path, name: &str, text: &str) {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it is writable");
        std::fs::write(path, text).expect("it is writable");
    }

    fn commit(files: &[(&str, &str)]) -> Option<String> {
        let root = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            write(root.path(), name, text);
        }
        Head::find(&root.path().join("work"))?.commit()
    }

    #[test]
    fn the_commit_of_every_kind_of_working_copy_is_found() {
        let branch = "ref: refs/heads/main\n";
        let line = format!("{COMMIT}\n");
        let packed = format!("# pack-refs\n{COMMIT} refs/heads/main\n");
        let in_worktree = "gitdir: ../main/.git/worktrees/work\n";
        for files in [
            &[("work/.git/HEAD", line.as_str())][..],
            &[
                ("work/.git/HEAD", branch),
                ("work/.git/refs/heads/main", &line),
            ],
            &[
                ("work/.git/HEAD", branch),
                ("work/.git/packed-refs", &packed),
            ],
            &[
                ("work/.git", in_worktree),
                ("main/.git/worktrees/work/HEAD", branch),
                ("main/.git/worktrees/work/commondir", "../..\n"),
                ("main/.git/refs/heads/main", &line),
            ],
        ] {
            assert_eq!(commit(files).as_deref(), Some("0123456789ab"), "{files:?}");
        }
    }

    /// An archive that somebody unpacks into another repository does not take over that one's commit.
    #[test]
    fn an_archive_has_no_commit() {
        let line = format!("{COMMIT}\n");
        assert_eq!(
            commit(&[(".git/HEAD", &line), ("work/Cargo.toml", "")]),
            None
        );
        assert_eq!(commit(&[("work/.git/HEAD", "ref: refs/heads/new\n")]), None);
        assert_eq!(commit(&[("work/.git/HEAD", "no commit of any kind")]), None);
    }
}
