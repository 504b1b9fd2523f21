//! Plugins in dynamic libraries (`spec/plugin-abi.md`).
//!
//! [`load`] checks a file, opens it, reads its table and tests every plugin by a round trip.
//! The plugins are then as any others of a [`Registry`]. A library is code: once it is loaded it
//! can do all that the program can, so what is checked before is who may have written the file.
#![allow(unsafe_code, reason = "the border to other languages")]

mod adapter;
mod call;
mod coder;
mod decisions;
mod file;
mod library;
mod out;
mod predictor;
mod proposals;
mod selftest;
mod settings;
mod streams;
mod table;

use std::path::Path;

use super::Registry;
use crate::Result;

pub use library::load;

impl Registry {
    /// Adds every plugin of a dynamic library, or none. A library that is here already is not an
    /// error.
    ///
    /// # Errors
    /// `Library` where the file is refused; `Config` naming both origins where one of its plugins
    /// claims an id or a name that is taken.
    pub fn add_library(&mut self, path: &Path) -> Result<()> {
        let (path, plugins) = load(path)?;
        let origin = path.display().to_string();
        if self.iter().any(|(_, known)| known == origin) {
            return Ok(());
        }
        self.insert_all(plugins, &origin)
    }
}
