//! Who may have written a file, and for which machine it was built: looked at before any of it
//! runs.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// What is wrong, and what to do about it.
pub(super) type Refusal = (String, String);

/// The file itself, by its absolute path.
pub(super) fn resolve(path: &Path) -> Result<PathBuf, Refusal> {
    fs::canonicalize(path).map_err(|e| {
        let hint = "check the name and the folder";
        (format!("it cannot be read: {e}"), hint.into())
    })
}

/// Refuses what others may write, and what is built for another machine. `named` is how the file
/// was named, `real` the file itself.
pub(super) fn check(named: &Path, real: &Path) -> Result<(), Refusal> {
    let unreadable = |e: std::io::Error| {
        (
            format!("it cannot be read: {e}"),
            "check its permissions".to_owned(),
        )
    };
    let about = fs::metadata(real).map_err(unreadable)?;
    if !about.is_file() {
        return Err(("it is not a file".into(), "name the library itself".into()));
    }
    trusted(real, "the file")?;
    let folder_of = |path: &Path| match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => PathBuf::from("."),
        Some(folder) => folder.to_owned(),
        None => PathBuf::from("/"),
    };
    for folder in [folder_of(named), folder_of(real)] {
        trusted(&folder, "its folder")?;
    }
    let mut head = Vec::new();
    let file = File::open(real).map_err(unreadable)?;
    file.take(4096).read_to_end(&mut head).map_err(unreadable)?;
    for_this_machine(&head)
}

/// Refuses what somebody else than the user and the system's administrator may write.
#[cfg(unix)]
fn trusted(path: &Path, what: &str) -> Result<(), Refusal> {
    use std::os::unix::fs::MetadataExt;
    let hint = |text: String| (format!("others may write to {what}"), text);
    let about = fs::metadata(path).map_err(|e| {
        (
            format!("{what} cannot be read: {e}"),
            "check its permissions".into(),
        )
    })?;
    // SAFETY: these two calls take nothing, cannot fail and touch no memory.
    let (user, group) = unsafe { (libc::geteuid(), libc::getegid()) };
    // Many systems give each user a group of their own, with the user's number.
    let own_group = about.gid() == group && group == user;
    if about.uid() != user && about.uid() != 0 {
        return Err((
            format!("{what} belongs to another user (number {})", about.uid()),
            "copy the library to a folder of your own".into(),
        ));
    }
    if about.mode() & 0o002 != 0 || (about.mode() & 0o020 != 0 && !own_group) {
        return Err(hint(format!(
            "take that right away: chmod go-w '{}'",
            path.display()
        )));
    }
    Ok(())
}

/// Elsewhere access is not a matter of mode bits; spec plugin-abi §2 says so.
#[cfg(not(unix))]
fn trusted(_path: &Path, _what: &str) -> Result<(), Refusal> {
    Ok(())
}

/// Refuses a file that is no dynamic library, or one of another system or processor, by its first
/// bytes: the loaders' own messages do not say so.
fn for_this_machine(head: &[u8]) -> Result<(), Refusal> {
    let hint = "get a build for this machine from its author, or build it here";
    let other = |reason: String| Err((reason, hint.to_owned()));
    let here = format!("{} on {}", std::env::consts::ARCH, std::env::consts::OS);
    let Some((format, machine)) = recognise(head) else {
        return other("it is no dynamic library of any system".into());
    };
    let native = if cfg!(windows) {
        "PE"
    } else if cfg!(target_vendor = "apple") {
        "Mach-O"
    } else {
        "ELF"
    };
    if format != native {
        return other(format!(
            "it is a library of another system ({format}), this is {here}"
        ));
    }
    match machine {
        Some(machine) if machine != std::env::consts::ARCH => {
            other(format!("it is built for {machine}, this is {here}"))
        }
        _ => Ok(()),
    }
}

/// Format and processor of a library, as far as its first bytes tell. The names are those of
/// `std::env::consts::ARCH`.
fn recognise(head: &[u8]) -> Option<(&'static str, Option<&'static str>)> {
    let at = |offset: usize| Some([*head.get(offset)?, *head.get(offset + 1)?]);
    if head.starts_with(b"\x7fELF") {
        let machine = match head.get(5)? {
            2 => u16::from_be_bytes(at(18)?),
            _ => u16::from_le_bytes(at(18)?),
        };
        let name = match machine {
            3 => "x86",
            8 => "mips",
            20 => "powerpc",
            21 => "powerpc64",
            22 => "s390x",
            40 => "arm",
            62 => "x86_64",
            183 => "aarch64",
            243 => "riscv64",
            258 => "loongarch64",
            _ => "another processor",
        };
        return Some(("ELF", Some(name)));
    }
    if head.starts_with(b"MZ") {
        let start = u16::from_le_bytes(at(0x3c)?) as usize;
        let machine = match u16::from_le_bytes(at(start + 4)?) {
            0x014c => "x86",
            0x8664 => "x86_64",
            0xaa64 => "aarch64",
            _ => "another processor",
        };
        return Some(("PE", Some(machine)));
    }
    match head.get(..4)? {
        // A file for several processors: the loader picks one.
        [0xca, 0xfe, 0xba, 0xbe] => Some(("Mach-O", None)),
        [0xcf, 0xfa, 0xed, 0xfe] => Some((
            "Mach-O",
            Some(match head.get(4)? {
                7 => "x86_64",
                12 => "aarch64",
                _ => "another processor",
            }),
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_is_for_this_machine() {
        let mut head = Vec::new();
        let program = File::open(std::env::current_exe().unwrap()).unwrap();
        program.take(4096).read_to_end(&mut head).unwrap();
        for_this_machine(&head).unwrap();
        assert_eq!(recognise(&head).unwrap().1, Some(std::env::consts::ARCH));
    }

    #[test]
    fn other_machines_and_systems_are_named() {
        let elf = |machine: u8| {
            [
                b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0",
                &[machine, 0][..],
            ]
            .concat()
        };
        assert_eq!(recognise(&elf(183)), Some(("ELF", Some("aarch64"))));
        assert_eq!(recognise(&elf(62)), Some(("ELF", Some("x86_64"))));
        assert_eq!(
            recognise(&elf(99)),
            Some(("ELF", Some("another processor")))
        );
        let mut pe = vec![0; 200];
        pe[..2].copy_from_slice(b"MZ");
        pe[0x3c] = 128;
        pe[132..134].copy_from_slice(&0x8664u16.to_le_bytes());
        assert_eq!(recognise(&pe), Some(("PE", Some("x86_64"))));
        assert_eq!(
            recognise(b"\xcf\xfa\xed\xfe\x0c"),
            Some(("Mach-O", Some("aarch64")))
        );
        for short in [&b"\x7fELF"[..], b"MZ", b"", b"#!/bin/sh", &pe[..100]] {
            assert!(for_this_machine(short).is_err());
        }
    }
}
