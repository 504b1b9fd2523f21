//! The part of a checkpoint's network that a command is about.

use std::path::Path;

use crate::checkpoint::Trained;
use crate::error::TrainError;

#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub(super) struct Reduction {
    /// The network that ends at the exit after this block, counted from 0: smaller and faster
    #[arg(long, value_name = "BLOCK")]
    exit: Option<usize>,
    /// The whole network, which ends at the exits after these blocks where it is sure of the byte, as hasty as it is told to be
    #[arg(
        long,
        value_name = "BLOCKS",
        value_delimiter = ',',
        conflicts_with = "exit"
    )]
    hasty: Vec<usize>,
    /// The network without its memories, for use beside a context model that has its own
    #[arg(long)]
    without_memories: bool,
}

impl Reduction {
    /// As it stands on a command line, with a space in front.
    pub(super) fn flags(&self) -> String {
        let exit = self.exit.map(|block| format!(" --exit {block}"));
        let hasty: Vec<String> = self.hasty.iter().map(usize::to_string).collect();
        let hasty = match &hasty[..] {
            [] => String::new(),
            blocks => format!(" --hasty {}", blocks.join(",")),
        };
        let without = if self.without_memories {
            " --without-memories"
        } else {
            ""
        };
        format!("{}{hasty}{without}", exit.unwrap_or_default())
    }

    /// The network of the checkpoint at `path`, reduced.
    ///
    /// # Errors
    ///
    /// A file that is no checkpoint, or a network that has no such part.
    pub(super) fn load(&self, path: &Path) -> Result<Trained, TrainError> {
        let mut trained = Trained::load(path)?;
        if let Some(block) = self.exit {
            trained = trained.at_exit(block)?;
        }
        if !self.hasty.is_empty() {
            trained = trained.hasty(&self.hasty)?;
        }
        if self.without_memories {
            trained = trained.without_memories()?;
        }
        Ok(trained)
    }
}
