//! The chain of decision records: a folder with one file a decision, each holding its forerunner's digest, and the
//! components of the plugins that decided, by digest.

use std::borrow::Cow;
use std::io::Write;
use std::path::{Path, PathBuf};

use fs_err as fs;
use sha2::{Digest as _, Sha256};
use weir_host::Digest;
use weir_model::record::{DecisionRecord, Inputs, RECORD_VERSION};
use weir_model::verdict::Verdict;

/// Why a record could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The folder or a file in it can't be used.
    #[error("the decision can't be recorded or read back: {0}")]
    Io(#[from] std::io::Error),
    /// The file is not a record of this version.
    #[error("`{}` is not a decision record that this version of Weir understands: {reason}", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// A record and the bytes that it has on disk.
#[derive(Debug)]
pub struct Stored {
    /// The record.
    pub record: DecisionRecord,
    /// Where it lies.
    pub path: PathBuf,
}

/// A folder of records.
#[derive(Debug, Clone)]
pub struct Records {
    folder: PathBuf,
}

impl Records {
    /// The records in this folder, which need not exist yet.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Records {
        Records { folder: folder.into() }
    }

    /// Writes the next record of the chain to disk, durably, before it returns. Processes that write to the same folder
    /// wait for one another.
    ///
    /// # Errors
    /// When the folder can't be made or written to.
    pub fn append(
        &self,
        inputs: Inputs,
        verdict: Verdict,
        components: &[(Digest, Cow<'_, [u8]>)],
    ) -> Result<Stored, RecordError> {
        fs::create_dir_all(self.folder.join("plugins"))?;
        let lock = fs::File::create(self.folder.join("lock"))?;
        lock.file().lock()?;
        for (digest, component) in components {
            let path = self.component_path(digest);
            if !path.exists() {
                self.write(&path, component)?;
            }
        }
        let (number, previous) = match self.last()? {
            Some((number, path)) => (number + 1, Some(hex_digest(&fs::read(path)?))),
            None => (1, None),
        };
        let record = DecisionRecord {
            schema_version: RECORD_VERSION,
            number,
            previous,
            weir: env!("CARGO_PKG_VERSION").to_owned(),
            inputs,
            verdict,
        };
        let path = self.folder.join(format!("{number:08}-{}.json", record.verdict.service));
        let mut bytes = serde_json::to_vec_pretty(&record).map_err(std::io::Error::other)?;
        bytes.push(b'\n');
        self.write(&path, &bytes)?;
        Ok(Stored { record, path })
    }

    /// The component with this digest, when one of the records' plugins has it.
    ///
    /// # Errors
    /// When the file is there and can't be read, or holds something else than its name says.
    pub fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, RecordError> {
        let path = self.component_path(digest);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = fs::read(&path)?;
        if Digest::of(&bytes) == *digest {
            Ok(Some(bytes))
        } else {
            Err(RecordError::Foreign {
                file: path,
                reason: "its content has another digest than its name".to_owned(),
            })
        }
    }

    fn component_path(&self, digest: &Digest) -> PathBuf {
        self.folder.join("plugins").join(format!("{digest}.wasm"))
    }

    /// The number and file of the newest record.
    fn last(&self) -> Result<Option<(u64, PathBuf)>, RecordError> {
        let mut last = None;
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let number = number(&path);
            if number > last.as_ref().map(|(number, _)| *number) {
                last = number.map(|number| (number, path));
            }
        }
        Ok(last)
    }

    /// The file of the record with this number.
    fn numbered(&self, wanted: u64) -> Result<Option<PathBuf>, RecordError> {
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if number(&path) == Some(wanted) {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// Whether a record's forerunner in this folder has the digest that the record names; none when the forerunner is
    /// not here, or the record is the first.
    ///
    /// # Errors
    /// When the folder or the forerunner can't be read.
    pub fn follows(&self, record: &DecisionRecord) -> Result<Option<bool>, RecordError> {
        let Some(previous) = &record.previous else { return Ok(None) };
        let Some(path) = self.numbered(record.number.saturating_sub(1))? else { return Ok(None) };
        Ok(Some(hex_digest(&fs::read(path)?) == *previous))
    }

    /// Writes a file so that it is there in whole or not at all, even if the machine stops.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
        let draft = path.with_extension("draft");
        let mut file = fs::File::create(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        #[cfg(unix)]
        fs::File::open(&self.folder)?.sync_all()?;
        Ok(())
    }
}

/// Reads one record.
///
/// # Errors
/// When the file can't be read or is no record of this version.
pub(crate) fn read(path: &Path) -> Result<Stored, RecordError> {
    let bytes = fs::read(path)?;
    let foreign = |reason: String| RecordError::Foreign { file: path.to_owned(), reason };
    let value: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|error| foreign(error.to_string()))?;
    match value.get("schema-version").and_then(serde_json::Value::as_u64) {
        Some(version) if version == u64::from(RECORD_VERSION) => {}
        Some(version) => {
            return Err(foreign(format!("its schema version is {version}, and {RECORD_VERSION} is known")));
        }
        None => return Err(foreign("it has no `schema-version`".to_owned())),
    }
    let record = serde_json::from_value(value).map_err(|error| foreign(error.to_string()))?;
    Ok(Stored { record, path: path.to_owned() })
}

/// The number that a record's file name starts with.
fn number(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?.strip_suffix(".json")?;
    name.split_once('-')?.0.parse().ok()
}

fn hex_digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
