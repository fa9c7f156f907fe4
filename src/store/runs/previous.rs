//! The previous bodies of a run: the webhooks that it updates as the target had them, secrets included. They lie beside
//! the journal, encrypted under a key from the target's API key and the record's salt; whoever holds that API key could
//! read them in the target anyway.

use crate::coralogix::digest::DigestKey;
use crate::error::Error;
use crate::store::disk;
use crate::store::input::{self, Limit, Links};
use ring::aead::{Aad, MAX_TAG_LEN, NONCE_LEN, Nonce};
use ring::rand::{SecureRandom, SystemRandom};
use std::path::Path;

/// The file's name in the folder of a run: a random nonce, then the encrypted bodies with their tag.
const NAME: &str = "previous.bin";

/// Encrypts the bodies and writes them into the folder of a new run.
pub(super) fn write(
    folder: &Path,
    run_id: &str,
    bodies: String,
    digest_key: &DigestKey,
) -> Result<(), Error> {
    let encrypted = encrypt(run_id, bodies.into_bytes(), digest_key)
        .ok_or_else(|| Error::failed("the previous bodies cannot be encrypted"))?;
    disk::write_new(&folder.join(NAME), encrypted, "the previous bodies")
}

/// Reads the bodies from the folder of a run; `None` if the file is missing.
///
/// # Errors
/// Where the file is not what that run wrote there. The caller has checked the API key.
pub(super) fn read(
    folder: &Path,
    run_id: &str,
    digest_key: &DigestKey,
) -> Result<Option<String>, Error> {
    let path = folder.join(NAME);
    if !disk::is_file(&path) {
        return Ok(None);
    }
    let encrypted = input::read(&path, Limit::Large, Links::Refuse)
        .map_err(|error| disk::cannot("read", "the previous bodies", &path).with_source(error))?;
    let bodies = decrypt(run_id, encrypted, digest_key);
    bodies.map(Some).ok_or_else(|| damaged_error(run_id))
}

/// The error for previous bodies that are not those of the run.
pub(super) fn damaged_error(run_id: &str) -> Error {
    let run_id = crate::untrusted::escape_truncated(run_id, 40);
    Error::failed(format!(
        "the saved previous bodies of run {run_id} are damaged"
    ))
    .with_hint(format!(
        "nothing was written; {NAME} in the run's folder is not what the run saved there"
    ))
}

/// The data that binds the bodies to their run, so that no file of another run takes their place.
fn binding_to(run_id: &str) -> Aad<String> {
    Aad::from(format!("hookferry previous bodies of run {run_id}"))
}

fn encrypt(run_id: &str, mut bytes: Vec<u8>, digest_key: &DigestKey) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce).ok()?;
    digest_key
        .encryption_key()
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            binding_to(run_id),
            &mut bytes,
        )
        .ok()?;
    Some([nonce.as_slice(), &bytes].concat())
}

fn decrypt(run_id: &str, mut bytes: Vec<u8>, digest_key: &DigestKey) -> Option<String> {
    if bytes.len() < NONCE_LEN + MAX_TAG_LEN {
        return None;
    }
    let (nonce, encrypted) = bytes.split_at_mut(NONCE_LEN);
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let key = digest_key.encryption_key();
    let plain = key
        .open_in_place(nonce, binding_to(run_id), encrypted)
        .ok()?;
    String::from_utf8(plain.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::{decrypt, encrypt};
    use crate::coralogix::account::ApiKey;
    use crate::coralogix::digest::DigestKey;

    const BODIES: &str = "[{\"id\":1,\"url\":\"https://hooks.example.com/canary\"}]\n";

    fn digest_key() -> DigestKey {
        DigestKey::new(&ApiKey::new("key").expect("a usable key")).expect("random numbers")
    }

    #[test]
    fn bodies_open_with_their_key_for_their_run_and_in_no_other_way() {
        let key = digest_key();
        let encrypted = encrypt("run-1", BODIES.into(), &key).expect("encrypted");
        let open = |run: &str, bytes: &[u8], key: &DigestKey| decrypt(run, bytes.to_vec(), key);
        assert_eq!(open("run-1", &encrypted, &key).as_deref(), Some(BODIES));
        assert_eq!(open("run-2", &encrypted, &key), None, "another run");
        assert_eq!(
            open("run-1", &encrypted, &digest_key()),
            None,
            "another salt"
        );
        for at in 0..encrypted.len() {
            let mut damaged = encrypted.clone();
            damaged[at] ^= 1;
            assert_eq!(open("run-1", &damaged, &key), None, "byte {at}");
            assert_eq!(open("run-1", &encrypted[..at], &key), None, "cut at {at}");
        }
    }

    #[test]
    fn the_same_bodies_never_look_the_same() {
        let key = digest_key();
        assert_ne!(
            encrypt("run-1", BODIES.into(), &key),
            encrypt("run-1", BODIES.into(), &key)
        );
    }
}
