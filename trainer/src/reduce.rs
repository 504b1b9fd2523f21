//! Other networks out of a trained one, without training: those which end at an early exit, always or where they are sure, and that
//! without memories.

use crate::checkpoint::Trained;
use crate::conditions::Conditions;
use crate::config::{BlockConfig, Config, ModelConfig, exit_weight};
use crate::error::TrainError;
use crate::layer::Exit;

impl ModelConfig {
    /// The model without early exits.
    pub fn without_exits(&self) -> Self {
        Self {
            exits: Vec::new(),
            exit_weight: exit_weight(),
            hasty: Vec::new(),
            ..self.clone()
        }
    }
}

/// Takes the read-outs of `model`'s exits off the ends of `parameters`, one vector for each layer; gives them in order.
fn take_exits(model: &ModelConfig, parameters: &mut [Vec<f32>]) -> Vec<Vec<f32>> {
    let exits = model.exits.iter();
    exits
        .map(|&block| {
            let layer = &mut parameters[block + 1];
            layer.split_off(layer.len() - Exit::head_size(model.width))
        })
        .collect()
}

/// Puts read-outs that were taken off back behind the blocks of `model`'s exits.
pub fn put_exits(model: &ModelConfig, parameters: &mut [Vec<f32>], heads: Vec<Vec<f32>>) {
    for (&block, head) in model.exits.iter().zip(heads) {
        parameters[block + 1].extend(head);
    }
}

/// Takes the read-outs of exits off a new network of `config` and off `from`, with which it begins. Gives the new network's, for
/// [`put_exits`]: those of `from` where it has an exit behind the same block, the others as they were.
pub fn exchange_exits(
    config: &Config,
    parameters: &mut [Vec<f32>],
    from: &mut Trained,
) -> Vec<Vec<f32>> {
    let plain = from.config.model.without_exits();
    let old = std::mem::replace(&mut from.config.model, plain);
    let known = take_exits(&old, &mut from.parameters);
    let mut heads = take_exits(&config.model, parameters);
    let grow = &config.training.grow;
    for (&block, head) in config.model.exits.iter().zip(&mut heads) {
        let origin = match grow.is_empty() {
            true => Some(block),
            false => grow.get(block).and_then(|&origin| origin.try_into().ok()),
        };
        let at = old.exits.iter().position(|&exit| Some(exit) == origin);
        if let Some(same) = at.map(|at| &known[at]).filter(|k| k.len() == head.len()) {
            head.clone_from(same);
        }
    }
    heads
}

impl Trained {
    /// The network without its exits' read-outs: what the exported graph holds.
    pub fn without_exits(&self) -> Self {
        let mut whole = self.clone();
        take_exits(&self.config.model, &mut whole.parameters);
        whole.config.model = self.config.model.without_exits();
        whole
    }

    /// The network without memories, which hears nothing where it heard them: one that was trained with
    /// `training.memory_drop` knows that case.
    ///
    /// # Errors
    ///
    /// There are no memories, or nothing else.
    pub fn without_memories(&self) -> Result<Self, TrainError> {
        let model = &self.config.model;
        let keep: Vec<bool> = model
            .tables
            .iter()
            .map(|table| !table.is_memory())
            .collect();
        if keep.iter().all(|&keep| keep) {
            return Err(TrainError::Usage("the network has no memories".to_owned()));
        }
        if !keep.contains(&true) {
            return Err(TrainError::Usage(
                "the network has no tables but its memories".to_owned(),
            ));
        }
        let mut small = self.clone();
        small.tables = self.tables.select(&keep);
        let mut kept = keep.iter();
        small
            .config
            .model
            .tables
            .retain(|_| kept.next() == Some(&true));
        // The embedding has a stripe of rows for each table, and its other parameters behind them.
        let stripe = model.row_width * model.width;
        let (stripes, rest) = self.parameters[0].split_at(keep.len() * stripe);
        let stripes = stripes.chunks_exact(stripe).zip(&keep);
        let stripes = stripes.filter(|(_, keep)| **keep);
        small.parameters[0] = stripes.flat_map(|(stripe, _)| stripe).copied().collect();
        small.parameters[0].extend(rest);
        small.config.name = format!("{}-without-memories", self.config.name);
        small.config.training.memory_drop = 0.0;
        Ok(small)
    }

    /// The network whose graph ends at the exits after `blocks`, counted from 0, where it is sure of the byte there.
    ///
    /// # Errors
    ///
    /// There is no exit after one of them.
    pub fn hasty(&self, blocks: &[usize]) -> Result<Self, TrainError> {
        let mut blocks = blocks.to_vec();
        blocks.sort_unstable();
        blocks.dedup();
        if let Some(&block) = blocks.iter().find(|&&block| self.exit(block).is_none()) {
            return Err(self.no_exit(block));
        }
        let mut hasty = self.clone();
        hasty.config.name = format!("{}-hasty", self.config.name);
        hasty.config.model.hasty = blocks;
        Ok(hasty)
    }

    /// The number of the exit after `block`.
    fn exit(&self, block: usize) -> Option<usize> {
        let mut exits = self.config.model.exits.iter();
        exits.position(|&exit| exit == block)
    }

    fn no_exit(&self, block: usize) -> TrainError {
        let exits: Vec<_> = self
            .config
            .model
            .exits
            .iter()
            .map(usize::to_string)
            .collect();
        let exits = match &exits[..] {
            [] => "it has none".to_owned(),
            exits => format!("it has them after {}", exits.join(", ")),
        };
        TrainError::Usage(format!(
            "the network has no exit after block {block}; {exits}"
        ))
    }

    /// The network that ends at the exit after `block`, counted from 0, with the exit's read-out as its own.
    ///
    /// # Errors
    ///
    /// There is no exit there.
    pub fn at_exit(&self, block: usize) -> Result<Self, TrainError> {
        let number = self.exit(block).ok_or_else(|| self.no_exit(block))?;
        let mut small = self.clone();
        let mut heads = take_exits(&self.config.model, &mut small.parameters);
        small.parameters.truncate(block + 2);
        small.parameters.push(heads.swap_remove(number));
        small.config.name = format!("{}-exit{block}", self.config.name);
        let model = &mut small.config.model;
        *model = model.without_exits();
        model.blocks.truncate(block + 1);
        // Features that no block reads any more would be an input without a reader.
        if !model.blocks.iter().any(BlockConfig::reads_conditions) {
            model.conditions = Conditions::None;
        }
        Ok(small)
    }
}
