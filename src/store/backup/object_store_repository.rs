//! A repository in an S3-compatible object store, with keys `PREFIX/ACCOUNT/NAME` in one bucket.
//! A backup is stored by one conditional PUT, so it appears complete or not at all, and is never overwritten.

mod access;
mod failure;
mod transport;

use crate::error::{Error, ErrorKind};
use access::StoreAccess;
use object_store::aws::AmazonS3;
use object_store::list::{PaginatedListOptions, PaginatedListStore as _};
use object_store::path::Path;
use object_store::{ListResult, ObjectMeta, ObjectStore as _};
use object_store::{ObjectStoreExt as _, PutMode};
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

use super::environment::EnvLookup;

/// How long a conditional PUT with an unknown result is retried, each time after reading the object back.
const RETRY_TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum number of attempts for a conditional PUT.
const MAX_ATTEMPTS: u32 = 3;
/// The wait before another attempt, multiplied by the number of attempts so far.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// A repository in a bucket of an object store.
#[derive(Clone)]
pub(super) struct ObjectStoreRepository {
    store: AmazonS3,
    /// The prefix of all keys; empty for the whole bucket.
    prefix: Path,
    /// The repository's name as the user passed it, escaped.
    name: String,
    /// The host of the store.
    host: String,
}

impl ObjectStoreRepository {
    /// The repository `s3://BUCKET/PREFIX`, with access configured by environment variables; sends nothing.
    pub(super) fn from_url(text: &str, look_up: EnvLookup<'_>) -> Result<Self, Error> {
        let (bucket, prefix) = access::parse_url(text)?;
        let access = StoreAccess::from_env(look_up)?;
        let name = format!("s3://{bucket}/{prefix}");
        Ok(Self {
            host: access.host(),
            store: access.open_store(bucket)?,
            prefix,
            name: crate::untrusted::escape(name.trim_end_matches('/')),
        })
    }

    /// Checks that the bucket can be reached and read, before any account is read; never creates a bucket.
    /// Returns whether the prefix is empty.
    pub(super) async fn prepare(&self) -> Result<bool, Error> {
        let found = self.list(&self.prefix, Some(1)).await?;
        Ok(found.objects.is_empty() && found.common_prefixes.is_empty())
    }

    /// The names of the key prefixes directly below the repository's prefix.
    ///
    /// # Errors
    /// Where no object at all exists below the prefix: then there is no repository.
    pub(super) async fn accounts(&self) -> Result<Vec<String>, Error> {
        let found = self.list(&self.prefix, None).await?;
        if found.common_prefixes.is_empty() && found.objects.is_empty() {
            return Err(Error::new(
                ErrorKind::NoBackup,
                format!(
                    "there is no repository `{}`: the bucket has no objects under that prefix",
                    self.name
                ),
            )
            .with_hint(
                "check the bucket and the prefix; `hookferry backup create` creates a repository",
            ));
        }
        let names = found.common_prefixes.iter().filter_map(Path::filename);
        Ok(names.map(str::to_owned).collect())
    }

    /// The name and size in bytes of each object of an account; empty if there is no such account.
    pub(super) async fn objects(&self, account: &str) -> Result<Vec<(String, u64)>, Error> {
        let folder = self.prefix.clone().join(account);
        let found = self.list(&folder, None).await?;
        let to_entry = |object: ObjectMeta| {
            // An empty object that represents the folder has the folder itself as its key.
            let is_inside = object.location != folder;
            let name = object.location.filename().filter(|_| is_inside)?;
            Some((name.to_owned(), object.size))
        };
        Ok(found.objects.into_iter().filter_map(to_entry).collect())
    }

    /// The content of an object; `None` if it does not exist.
    pub(super) async fn get(&self, account: &str, name: &str) -> Result<Option<Vec<u8>>, Error> {
        self.ensure_credentials().await?;
        let read = async {
            self.store
                .get(&self.key(account, name))
                .await?
                .bytes()
                .await
        };
        match read.await {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(error) if failure::is_missing(&error) => Ok(None),
            Err(error) => Err(self.request_error(&format!("return {name}"), &error)),
        }
    }

    /// Creates an object, by a conditional PUT that is never re-sent before the object was read back.
    ///
    /// An object with the same bytes counts as success: this PUT stored it, or an equivalent one did.
    pub(super) async fn create(
        &self,
        account: &str,
        name: &str,
        bytes: &[u8],
    ) -> Result<(), Error> {
        self.ensure_credentials().await?;
        let (key, started) = (self.key(account, name), Instant::now());
        let mut attempt = 1;
        loop {
            let sent = self
                .store
                .put_opts(&key, bytes.to_vec().into(), PutMode::Create.into());
            let Err(error) = sent.await else {
                return Ok(());
            };
            if failure::stored_nothing_for_certain(&error) {
                return Err(self.request_error(&format!("store {name}"), &error));
            }
            // If reading back fails as well, report the failure of the PUT.
            match self.get(account, name).await {
                Ok(Some(existing)) if existing == bytes => return Ok(()),
                Ok(Some(_)) => return Err(self.occupied_error(account, name)),
                Ok(None) if attempt < MAX_ATTEMPTS && started.elapsed() < RETRY_TIMEOUT => {}
                Ok(None) | Err(_) => {
                    return Err(self.request_error(&format!("store {name}"), &error));
                }
            }
            tokio::time::sleep(RETRY_DELAY * attempt).await;
            attempt += 1;
        }
    }

    /// Writes an object, replacing an existing one.
    pub(super) async fn replace(&self, account: &str, name: &str, text: &str) -> Result<(), Error> {
        self.ensure_credentials().await?;
        let key = self.key(account, name);
        let put = self.store.put(&key, text.to_owned().into()).await;
        put.map(drop)
            .map_err(|error| self.request_error(&format!("store {name}"), &error))
    }

    /// Removes an object; succeeds if it is already gone.
    pub(super) async fn remove(&self, account: &str, name: &str) -> Result<(), Error> {
        self.ensure_credentials().await?;
        match self.store.delete(&self.key(account, name)).await {
            Err(error) if !failure::is_missing(&error) => {
                Err(self.request_error(&format!("remove {name}"), &error))
            }
            _ => Ok(()),
        }
    }

    fn key(&self, account: &str, name: &str) -> Path {
        self.prefix.clone().join(account).join(name)
    }

    /// Lists the objects and prefixes directly below a key: all pages, or one page of at most `limit` entries.
    async fn list(&self, below: &Path, limit: Option<usize>) -> Result<ListResult, Error> {
        self.ensure_credentials().await?;
        let found = match limit {
            None => self.store.list_with_delimiter(Some(below)).await,
            Some(most) => {
                let options = PaginatedListOptions {
                    max_keys: Some(most),
                    ..PaginatedListOptions::default()
                };
                let prefix = Some(format!("{below}/")).filter(|_| !below.is_root());
                let page = self.store.list_paginated(prefix.as_deref(), options).await;
                page.map(|page| page.result)
            }
        };
        found.map_err(|error| self.request_error("list its objects", &error))
    }

    /// Ensures that credentials are available and usable; the client may have to request them first.
    async fn ensure_credentials(&self) -> Result<(), Error> {
        // The library panics on credentials that are not valid in a header.
        let is_usable =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        match self.store.credentials().get_credential().await {
            Ok(given)
                if is_usable(&given.key_id) && given.token.as_deref().is_none_or(is_usable) =>
            {
                Ok(())
            }
            Ok(_) => Err(failure::credentials_error(&self.name, None)),
            Err(error) => Err(failure::credentials_error(&self.name, Some(&error))),
        }
    }

    fn request_error(&self, doing: &str, error: &object_store::Error) -> Error {
        failure::request_error(&self.name, &self.host, doing, error)
    }

    fn occupied_error(&self, account: &str, name: &str) -> Error {
        let place = &self.name;
        Error::failed(format!(
            "{place}/{account}/{name} already exists with other content; it was not changed"
        ))
        .with_hint("inspect that object, which has the name of this backup; if it is incomplete, move it away and run the same command again")
    }
}

/// Omits the credentials.
impl fmt::Debug for ObjectStoreRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ObjectStoreRepository")
            .field(&self.name)
            .finish()
    }
}
