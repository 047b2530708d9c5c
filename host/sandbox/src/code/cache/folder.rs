//! The folder of a code cache, held open: whatever happens to the path, it stays the folder that
//! was checked.

use std::{
    fs::{DirBuilder, File},
    io::{self, Write as _},
    os::{
        fd::OwnedFd,
        unix::fs::{DirBuilderExt as _, MetadataExt as _},
    },
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use rustix::{
    fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, linkat, openat, renameat, statat, unlinkat},
    io::Errno,
    process::geteuid,
};

use super::CodeCacheError;

/// What a file's name begins with while it is written.
const NEW_PREFIX: &str = "new-";
/// How long a file that is being written is left alone by others.
const NEW_FOR: Duration = Duration::from_secs(10 * 60);

pub(super) struct Folder {
    path: PathBuf,
    directory: OwnedFd,
}

/// A file in a folder.
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) bytes: u64,
    /// When it was written or used last.
    pub(super) used_at: SystemTime,
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, CodeCacheError> {
        let failed = |source| CodeCacheError::Folder { folder: path.to_owned(), source };
        if let Some(parent) = path.parent() {
            DirBuilder::new().recursive(true).create(parent).map_err(failed)?;
        }
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed(error));
            }
            Ok(()) | Err(_) => {}
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = openat(CWD, path, flags, Mode::empty()).map_err(|e| failed(e.into()))?;
        let directory = File::from(directory);
        let found = directory.metadata().map_err(failed)?;
        let (folder, user) = (path.to_owned(), geteuid().as_raw());
        if found.uid() != user {
            return Err(CodeCacheError::NotOurs { folder, owner: found.uid(), user });
        }
        if found.mode() & 0o022 != 0 {
            return Err(CodeCacheError::OthersCanWrite { folder, mode: found.mode() & 0o777 });
        }
        Ok(Self { path: folder, directory: directory.into() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a file to read it; nothing if there is none. What is no file of this user is an error.
    pub(super) fn read(&self, name: &str) -> io::Result<Option<File>> {
        // A pipe with that name would be waited for, and a link leads elsewhere.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat(&self.directory, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let found = file.metadata()?;
        if !found.is_file() || found.uid() != geteuid().as_raw() {
            return Err(io::Error::other("it is no file of this user"));
        }
        Ok(Some(file))
    }

    /// Puts a file there whole, in place of what there is.
    pub(super) fn replace(&self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        let new = self.write_new(parts)?;
        let renamed = renameat(&self.directory, &new, &self.directory, name);
        if renamed.is_err() {
            self.remove(&new);
        }
        Ok(renamed?)
    }

    /// Puts a file there whole, unless there is one.
    pub(super) fn add(&self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        let new = self.write_new(parts)?;
        let linked = linkat(&self.directory, &new, &self.directory, name, AtFlags::empty());
        self.remove(&new);
        Ok(linked?)
    }

    fn write_new(&self, parts: &[&[u8]]) -> io::Result<String> {
        let name = format!("{NEW_PREFIX}{:032x}", rand::random::<u128>());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mut file = File::from(openat(&self.directory, &name, flags, Mode::RUSR | Mode::WUSR)?);
        let written = parts.iter().try_for_each(|part| file.write_all(part));
        if written.is_err() {
            self.remove(&name);
        }
        written.map(|()| name)
    }

    /// Removes a file. That it is still there costs space, and the next to clear out tries again.
    pub(super) fn remove(&self, name: &str) {
        let _ = unlinkat(&self.directory, name, AtFlags::empty());
    }

    /// The files there are, without those of a writing that broke off, which it removes.
    pub(super) fn list(&self) -> io::Result<Vec<Listed>> {
        let mut listed = Vec::new();
        for found in Dir::read_from(&self.directory)? {
            let found = found?;
            // Nothing of ours has another name than one in ASCII.
            let Ok(name) = found.file_name().to_str() else { continue };
            let Ok(status) = statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW) else {
                continue;
            };
            if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
                continue;
            }
            let since_epoch = Duration::new(
                u64::try_from(status.st_mtime).unwrap_or_default(),
                u32::try_from(status.st_mtime_nsec).unwrap_or_default(),
            );
            let used_at = SystemTime::UNIX_EPOCH + since_epoch;
            if name.starts_with(NEW_PREFIX) {
                if used_at.elapsed().is_ok_and(|age| age > NEW_FOR) {
                    self.remove(name);
                }
                continue;
            }
            let bytes = u64::try_from(status.st_size).unwrap_or_default();
            listed.push(Listed { name: name.to_owned(), bytes, used_at });
        }
        Ok(listed)
    }
}
