//! Repositories in object stores: the whole program against real servers, and against one that fails as it is told.

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

/// Where the tests keep their backups; the plus sign and the space have to be encoded.
#[cfg(feature = "cloud")]
const REPO: &str = "s3://backups/team a+b/hooks";
/// The same in keys.
#[cfg(feature = "cloud")]
const PREFIX: &str = "team a+b/hooks";

/// A newcomer's program, which says how to get one that can.
#[cfg(not(feature = "cloud"))]
#[test]
fn without_the_feature_it_says_how_to_build_it() {
    use crate::support::program::Program;
    for line in [
        "backup list --repo s3://backups/team",
        "backup check --repo s3://backups/team",
        "backup create --from eu1 --repo s3://backups/team --plaintext",
        "backup forget --repo s3://backups/team --keep-last 1",
        "backup show latest --repo s3://backups/team",
        "restore latest --repo s3://backups/team --rehearse",
    ] {
        let run = Program::alone(line).run();
        run.assert_code(64);
        assert_eq!(run.stdout, "");
        for words in ["without object stores", "hint: ", "--features cloud"] {
            assert!(run.stderr.contains(words), "{}", run.transcript());
        }
    }
}
