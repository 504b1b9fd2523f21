//! Outputs: standard output, or a file that appears under its name only when it is whole.

use std::fs::{File, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::cleanup;

/// Where an output goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    /// Standard output.
    Stdout,
    /// A file of that name.
    File(PathBuf),
    /// Nowhere: the bytes are only made.
    Nowhere,
}

/// An output being written.
pub(crate) enum Target {
    Stdout(io::Stdout),
    /// A device or a pipe, which cannot be renamed into place.
    Device(File),
    Temporary(Temporary),
    Nowhere,
}

/// A file under a temporary name; removed when dropped.
pub(crate) struct Temporary {
    // Taken when it is renamed or dropped.
    file: Option<NamedTempFile>,
    destination: PathBuf,
    overwrite: bool,
}

impl Target {
    /// Opens `destination`. Without `overwrite` a file that exists is refused, in the end by the
    /// system itself. `like` is the source whose mode the file will have.
    pub(crate) fn create(
        destination: &Destination,
        overwrite: bool,
        like: Option<&Metadata>,
    ) -> io::Result<Self> {
        let path = match destination {
            Destination::Stdout => return Ok(Self::Stdout(io::stdout())),
            Destination::Nowhere => return Ok(Self::Nowhere),
            Destination::File(path) => path,
        };
        match path.metadata() {
            Ok(there) if there.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(there) if !there.is_file() => {
                return File::options().write(true).open(path).map(Self::Device);
            }
            Ok(_) if !overwrite => return Err(io::ErrorKind::AlreadyExists.into()),
            _ => {}
        }
        // Through a link the file behind it is replaced, not the link.
        let destination = if overwrite {
            path.canonicalize().unwrap_or_else(|_| path.clone())
        } else {
            path.clone()
        };
        let directory = match destination.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".umoec-").suffix(".tmp");
        // A known source may be private, so its copy starts private; a pipe has no mode.
        #[cfg(unix)]
        let fresh = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        #[cfg(unix)]
        if like.is_none() {
            builder.permissions(fresh);
        }
        let mut guard = cleanup::lock();
        let file = builder.tempfile_in(directory)?;
        guard.add(file.path());
        drop(guard);
        Ok(Self::Temporary(Temporary {
            file: Some(file),
            destination,
            overwrite,
        }))
    }

    /// Makes the output final, with mode and modification time of `like`. `durable` waits
    /// until it is on the disk.
    pub(crate) fn commit(self, like: Option<&Metadata>, durable: bool) -> io::Result<()> {
        match self {
            Self::Stdout(mut out) => out.flush(),
            Self::Device(mut file) => file.flush(),
            Self::Nowhere => Ok(()),
            Self::Temporary(temporary) => temporary.commit(like, durable),
        }
    }
}

impl Temporary {
    fn commit(mut self, like: Option<&Metadata>, durable: bool) -> io::Result<()> {
        let Some(file) = self.file.take() else {
            return Ok(());
        };
        if let Some(like) = like {
            keep_attributes(file.as_file(), like)?;
        }
        if durable {
            file.as_file().sync_all()?;
        }
        let mut guard = cleanup::lock();
        let path = file.path().to_path_buf();
        let renamed = if self.overwrite {
            file.persist(&self.destination)
        } else {
            file.persist_noclobber(&self.destination)
        };
        let renamed = renamed.map(drop).map_err(|e| e.error);
        guard.forget(&path);
        renamed
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            let mut guard = cleanup::lock();
            let path = file.path().to_path_buf();
            // Closing removes it; if that fails there is no better place to put the error.
            let _ = file.close();
            guard.forget(&path);
        }
    }
}

/// Owner where the system allows it, mode without set-id bits, and modification time.
fn keep_attributes(file: &File, like: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
        // Only root may give a file away; others keep it as their own.
        let _ = fchown(file, Some(like.uid()), Some(like.gid()));
        file.set_permissions(std::fs::Permissions::from_mode(like.mode() & 0o777))?;
    }
    let modified = filetime::FileTime::from_last_modification_time(like);
    filetime::set_file_handle_times(file, None, Some(modified))
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::Device(file) => file.write(bytes),
            Self::Temporary(Temporary {
                file: Some(file), ..
            }) => file.write(bytes),
            Self::Temporary(_) | Self::Nowhere => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::Device(file) => file.flush(),
            Self::Temporary(Temporary {
                file: Some(file), ..
            }) => file.flush(),
            Self::Temporary(_) | Self::Nowhere => Ok(()),
        }
    }
}
