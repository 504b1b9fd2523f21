//! Beginning with a smaller network that is already trained: its blocks keep what they learned, and new ones stand
//! between or inside them and begin as nothing (sparse upcycling, Komatsuzaki et al. 2023, arXiv 2212.05055, with the
//! trained layer as the shared expert).

use crate::checkpoint::Trained;
use crate::config::{BlockConfig, Config, TableConfig};
use crate::context::Context;
use crate::error::TrainError;
use crate::layer::Block;

fn misfit(what: String) -> TrainError {
    TrainError::Checkpoint(format!("it cannot be grown into this network: {what}"))
}

/// Puts what `from` learned into `parameters`, those of a new network of `config`, one vector per layer with `blocks`.
///
/// Block `i` of the new network takes the parameters of block `grow[i]` of the old one; where that is -1 it begins anew,
/// its last matrix zero. Tables may follow those of the old network, and have more rows than they had there
/// ([`Tables::take_over`](crate::tables::Tables::take_over)). A mixture of experts may take those of an MLP as its shared experts.
pub fn grow(
    config: &Config,
    blocks: &[Vec<Block>],
    parameters: &mut [Vec<f32>],
    from: &Trained,
) -> Result<(), TrainError> {
    let (new, old) = (&config.model, &from.config.model);
    if (new.width, new.row_width) != (old.width, old.row_width) {
        return Err(misfit("its width is another".to_owned()));
    }
    if new.tables.len() < old.tables.len()
        || !new
            .tables
            .iter()
            .zip(&old.tables)
            .all(|(new, old)| holds(*new, *old))
    {
        return Err(misfit(
            "its tables are not the first of the new ones, with at most as many rows".to_owned(),
        ));
    }
    let origins = &config.training.grow;
    if origins.len() != new.blocks.len() {
        return Err(misfit(format!(
            "training.grow names the origin of {} blocks, and there are {}",
            origins.len(),
            new.blocks.len()
        )));
    }
    let (last, old_last) = (parameters.len() - 1, from.parameters.len() - 1);
    // The rows of tables that are new are multiplied by zero at first.
    let known = old.tables.len() * old.row_width * old.width;
    let (weight, bytes) = from.parameters[0].split_at(known);
    let (new_weight, new_bytes) =
        parameters[0].split_at_mut(new.tables.len() * new.row_width * new.width);
    new_weight[..known].copy_from_slice(weight);
    new_weight[known..].fill(0.0);
    new_bytes.copy_from_slice(bytes);
    parameters[last].clone_from(&from.parameters[old_last]);
    for (index, (&origin, kind)) in origins.iter().zip(&new.blocks).enumerate() {
        let mine = &mut parameters[index + 1];
        if origin < 0 {
            silence(mine, &blocks[index + 1], "");
            continue;
        }
        let origin = origin as usize;
        let (Some(was), Some(values)) = (
            old.blocks.get(origin),
            from.parameters[..old_last].get(origin + 1),
        ) else {
            return Err(misfit(format!("it has no block {origin}")));
        };
        match (was, kind) {
            _ if was == kind && mine.len() == values.len() => mine.clone_from(values),
            (BlockConfig::Mlp(mlp), BlockConfig::Moe(moe))
                if mlp.hidden == moe.shared * moe.hidden =>
            {
                silence(mine, &blocks[index + 1], "shared.");
                let own = mine.len() - values.len();
                mine[own..].copy_from_slice(values);
            }
            _ => {
                return Err(misfit(format!(
                    "block {index} is of another kind or size than block {origin} there"
                )));
            }
        }
    }
    Ok(())
}

/// Whether table `new` can hold what `old` does: the same context, of a memory with as many slots or more, and at least as many rows.
fn holds(new: TableConfig, old: TableConfig) -> bool {
    let same = match (new.context, old.context) {
        (Context::Recall(new), Context::Recall(old)) => {
            new.bytes == old.bytes && new.slots >= old.slots
        }
        (new, old) => new == old,
    };
    same && new.bits >= old.bits
}

/// Zeroes the matrices that lead back to the residual stream, but those whose names begin with `except`.
fn silence(parameters: &mut [f32], blocks: &[Block], except: &str) {
    let mut at = 0;
    for block in blocks {
        let leads_back = ["out.weight", "down.weight"]
            .iter()
            .any(|end| block.name.ends_with(end));
        if leads_back && (except.is_empty() || !block.name.starts_with(except)) {
            parameters[at..at + block.size()].fill(0.0);
        }
        at += block.size();
    }
}
