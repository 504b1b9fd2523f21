//! HDF5 files: where their data sets are, and of what. The HDF Group, *HDF5 File Format Specification*, version 3.0.
//!
//! All that is read of a file is claims: every address is looked up in what is at hand, every list is
//! walked once, and all work together is bounded by [`Budget`].

mod chunks;
mod datatype;
mod messages;
mod source;
mod tables;
mod tree;

pub(crate) use tables::tables;

use source::Source;

pub(crate) const MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";

/// Most objects, nodes and messages of a file that are looked at.
const WORK: usize = 1 << 18;

/// What may still be looked at.
struct Budget(usize);

impl Budget {
    fn spend(&mut self) -> Option<()> {
        self.0 = self.0.checked_sub(1)?;
        Some(())
    }
}

/// The parts of a file that is, or begins, at byte `base` of what the source has.
struct Superblock {
    /// The object header of the root group.
    root: u64,
}

impl Superblock {
    /// Section II.A: versions 0 to 3. Tells the source the sizes of its addresses and lengths.
    fn read(source: &mut Source<'_>) -> Option<Self> {
        if !source.at(0, MAGIC.len())?.starts_with(MAGIC) {
            return None;
        }
        let version = source.at(8, 1)?[0];
        let (sizes, first) = match version {
            0 => (13, 24),
            1 => (13, 28),
            2 | 3 => (9, 12),
            _ => return None,
        };
        let sizes = source.at(sizes, 2)?;
        source.set_sizes(sizes[0], sizes[1])?;
        let address = u64::from(sizes[0]);
        // Base, free space or extension, end of the file, driver; then the root: in versions 0 and 1
        // behind the offset of its name.
        let root = match version {
            0 | 1 => first + 5 * address,
            _ => first + 3 * address,
        };
        Some(Self {
            root: source.address(root)?,
        })
    }
}
