//! A repository in an S3-compatible object store: keys `PREFIX/ACCOUNT/NAME` in one bucket.
//! A backup is one conditional PUT, so it is there whole or not at all, and is never written over.

mod access;
mod failure;
mod transport;

use crate::error::{Error, ErrorKind};
use access::Access;
use object_store::aws::AmazonS3;
use object_store::list::{PaginatedListOptions, PaginatedListStore as _};
use object_store::path::Path;
use object_store::{ListResult, ObjectMeta, ObjectStore as _};
use object_store::{ObjectStoreExt as _, PutMode};
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

use super::environment::LookUp;

/// For how long a conditional PUT of which nothing is known is sent again, once the store was looked at.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most attempts of a conditional PUT.
const MOST_ATTEMPTS: u32 = 3;
/// The wait before another attempt, for each that was made.
const WAIT: Duration = Duration::from_millis(500);

/// The place of a repository in a bucket.
#[derive(Clone)]
pub(super) struct Bucket {
    store: AmazonS3,
    /// Below which keys begin; empty for the whole bucket.
    prefix: Path,
    /// The place as the user named it, harmless.
    name: String,
    /// Where the store is reached.
    host: String,
}

impl Bucket {
    /// The place that `s3://BUCKET/PREFIX` names, reached as variables say; nothing is sent yet.
    pub(super) fn named(text: &str, look_up: LookUp<'_>) -> Result<Self, Error> {
        let (bucket, prefix) = access::place_of(text)?;
        let access = Access::of(look_up)?;
        let name = format!("s3://{bucket}/{prefix}");
        Ok(Self {
            host: access.host(),
            store: access.open(bucket)?,
            prefix,
            name: crate::foreign::shown(name.trim_end_matches('/')),
        })
    }

    /// Whether the bucket can be reached and read: told once, before any account is read. No bucket is made.
    pub(super) async fn prepare(&self) -> Result<bool, Error> {
        let found = self.list(&self.prefix, Some(1)).await?;
        Ok(found.objects.is_empty() && found.common_prefixes.is_empty())
    }

    /// What looks like a folder below the prefix, by name; an error where the prefix has no object at all.
    pub(super) async fn accounts(&self) -> Result<Vec<String>, Error> {
        let found = self.list(&self.prefix, None).await?;
        if found.common_prefixes.is_empty() && found.objects.is_empty() {
            return Err(Error::new(
                ErrorKind::NoBackup,
                format!(
                    "there is no repository `{}`: the bucket holds nothing there",
                    self.name
                ),
            )
            .with_hint("check bucket and prefix; `hookferry backup create` makes a repository"));
        }
        let names = found.common_prefixes.iter().filter_map(Path::filename);
        Ok(names.map(str::to_owned).collect())
    }

    /// The objects of an account, each with its size; none where there is no such account.
    pub(super) async fn objects(&self, account: &str) -> Result<Vec<(String, u64)>, Error> {
        let folder = self.prefix.clone().join(account);
        let found = self.list(&folder, None).await?;
        let named = |object: ObjectMeta| {
            // The key of an empty object that stands for a folder is the folder itself.
            let is_inside = object.location != folder;
            let name = object.location.filename().filter(|_| is_inside)?;
            Some((name.to_owned(), object.size))
        };
        Ok(found.objects.into_iter().filter_map(named).collect())
    }

    /// The content of an object; `None` where it is not there.
    pub(super) async fn get(&self, account: &str, name: &str) -> Result<Option<Vec<u8>>, Error> {
        self.ready().await?;
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
            Err(error) => Err(self.failed(&format!("give {name}"), &error)),
        }
    }

    /// Adds an object that must not exist: a conditional PUT, which is never sent again before the store was looked at.
    ///
    /// What is there with the same bytes was stored by this very PUT, or by one that says the same.
    pub(super) async fn create(
        &self,
        account: &str,
        name: &str,
        bytes: &[u8],
    ) -> Result<(), Error> {
        self.ready().await?;
        let (key, started) = (self.key(account, name), Instant::now());
        let mut attempt = 1;
        loop {
            let sent = self
                .store
                .put_opts(&key, bytes.to_vec().into(), PutMode::Create.into());
            let Err(error) = sent.await else {
                return Ok(());
            };
            if failure::is_certain(&error) {
                return Err(self.failed(&format!("store {name}"), &error));
            }
            // Where even looking fails, the first failure is the one to tell.
            match self.get(account, name).await {
                Ok(Some(there)) if there == bytes => return Ok(()),
                Ok(Some(_)) => return Err(self.occupied(account, name)),
                Ok(None) if attempt < MOST_ATTEMPTS && started.elapsed() < PATIENCE => {}
                Ok(None) | Err(_) => return Err(self.failed(&format!("store {name}"), &error)),
            }
            tokio::time::sleep(WAIT * attempt).await;
            attempt += 1;
        }
    }

    /// Writes an object anew, whole or not at all.
    pub(super) async fn replace(&self, account: &str, name: &str, text: &str) -> Result<(), Error> {
        self.ready().await?;
        let key = self.key(account, name);
        let put = self.store.put(&key, text.to_owned().into()).await;
        put.map(drop)
            .map_err(|error| self.failed(&format!("store {name}"), &error))
    }

    /// Removes an object; one that is gone already counts as removed.
    pub(super) async fn remove(&self, account: &str, name: &str) -> Result<(), Error> {
        self.ready().await?;
        match self.store.delete(&self.key(account, name)).await {
            Err(error) if !failure::is_missing(&error) => {
                Err(self.failed(&format!("remove {name}"), &error))
            }
            _ => Ok(()),
        }
    }

    fn key(&self, account: &str, name: &str) -> Path {
        self.prefix.clone().join(account).join(name)
    }

    /// What lies directly below a key, page by page; at most one page where a number is given.
    async fn list(&self, below: &Path, most: Option<usize>) -> Result<ListResult, Error> {
        self.ready().await?;
        let found = match most {
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
        found.map_err(|error| self.failed("list what it holds", &error))
    }

    /// Has credentials, which may have to be asked for first.
    async fn ready(&self) -> Result<(), Error> {
        // The library does not survive one that cannot stand in a header.
        let is_usable =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        match self.store.credentials().get_credential().await {
            Ok(given)
                if is_usable(&given.key_id) && given.token.as_deref().is_none_or(is_usable) =>
            {
                Ok(())
            }
            Ok(_) => Err(failure::no_credentials(&self.name, None)),
            Err(error) => Err(failure::no_credentials(&self.name, Some(&error))),
        }
    }

    fn failed(&self, doing: &str, error: &object_store::Error) -> Error {
        failure::explain(&self.name, &self.host, doing, error)
    }

    fn occupied(&self, account: &str, name: &str) -> Error {
        let place = &self.name;
        Error::failed(format!(
            "{place}/{account}/{name} is there with other content, and was left as it is"
        ))
        .with_hint("look at that object: its name says that it is this backup; move it away if it is not whole")
    }
}

/// Without what opens it.
impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.name).finish()
    }
}
