//! Repositories in object stores: the whole program against third-party servers, and against a stub that fails on demand.

#[cfg(feature = "cloud")]
mod answers;
#[cfg(feature = "cloud")]
mod credentials;
#[cfg(feature = "cloud")]
mod cycle;
#[cfg(feature = "cloud")]
mod killed;
#[cfg(feature = "cloud")]
mod lost;
#[cfg(feature = "cloud")]
mod refused;
#[cfg(feature = "cloud")]
mod tls;

/// Repository of these tests. The plus sign and the space have to be encoded.
#[cfg(feature = "cloud")]
const REPO: &str = "s3://backups/team a+b/hooks";
/// Key prefix of the repository.
#[cfg(feature = "cloud")]
const PREFIX: &str = "team a+b/hooks";

/// A build without object stores says how to build one with them.
#[cfg(not(feature = "cloud"))]
#[test]
fn without_the_feature_the_error_says_how_to_build_it() {
    use crate::support::program::Program;
    for line in [
        "backup list --repo s3://backups/team",
        "backup check --repo s3://backups/team",
        "backup create --from eu1 --repo s3://backups/team --plaintext",
        "backup forget --repo s3://backups/team --keep-last 1",
        "backup show latest --repo s3://backups/team",
        "restore latest --repo s3://backups/team --rehearse",
    ] {
        let run = Program::without_accounts(line).run();
        run.assert_code(64);
        assert_eq!(run.stdout, "");
        for words in [
            "does not support object stores",
            "hint: ",
            "--features cloud",
        ] {
            assert!(run.stderr.contains(words), "{}", run.transcript());
        }
    }
}
