//! The network: which layers there are, and one pass of loss and gradients over some lanes.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};

use crate::beside::Together;
use crate::config::ModelConfig;
use crate::data::Stretch;
use crate::differentiable::{Shared, apply};
use crate::error::TrainError;
use crate::layer::{self, Embed, Exit, Features, Head, Place, Recomputed, build};

/// What layers carry for some lanes: one vector of all lanes for each part of a layer that carries any.
pub type States = Vec<Vec<f32>>;

/// Loss and gradients of one pass.
#[derive(Debug)]
pub struct Outcome {
    /// Mean loss in bits per byte; beside another predictor that of [`beside_bits`](crate::kernel::beside_bits).
    pub bits: f64,
    /// Of each layer's flat parameters.
    pub gradients: Vec<Vec<f32>>,
    /// Of the gathered table rows.
    pub rows: Vec<f32>,
    /// What the network alone spends on each byte, in bits.
    pub costs: Vec<f32>,
    /// What was found out beside another predictor, if there is one.
    pub together: Option<Together>,
    /// Mean loss of each early exit in bits per byte.
    pub exits: Vec<f64>,
    /// Share of the rows that each expert got, layer by layer; empty for layers without experts.
    pub loads: Vec<Vec<f32>>,
}

/// The layers for `stretch`, in order, beginning from `states`.
pub fn layers(model: &ModelConfig, stretch: &Stretch, states: States) -> Vec<Shared> {
    let width = model.width;
    let mut layers: Vec<Shared> = vec![Arc::new(Embed {
        inputs: model.tables.len() * model.row_width,
        width,
        bytes: stretch.bytes.clone(),
    })];
    let place = Place {
        features: Features {
            count: model.conditions.count(),
            rows: Arc::new(stretch.conditions.clone()),
        },
        ..Place::new(width, stretch)
    };
    let mut states = states.into_iter();
    for (index, block) in model.blocks.iter().enumerate() {
        let layer = build(block, &place, &mut states);
        layers.push(if model.exits.contains(&index) {
            let targets = stretch.targets.clone();
            Arc::new(Exit::new(layer, width, targets, model.exit_weight))
        } else {
            layer
        });
    }
    layers.push(Arc::new(Head {
        beside: stretch.beside.clone(),
        ..Head::new(width, stretch.targets.clone())
    }));
    layers
}

/// States of `lanes` lanes at the start.
pub fn initial_states(model: &ModelConfig, lanes: usize) -> States {
    let blocks = model.blocks.iter();
    blocks
        .flat_map(|block| layer::initial_states(block, model.width, lanes))
        .collect()
}

fn tensor(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let len = values.len();
    Tensor::from_data(TensorData::new(values, [len]), device)
}

fn values(tensor: Tensor<1>) -> Result<Vec<f32>, TrainError> {
    tensor
        .into_data()
        .try_into_vec::<f32>()
        .map_err(|error| TrainError::Tensor(format!("{error:?}")))
}

/// One pass: loss, gradients and the states after `stretch`.
///
/// `rows`: the gathered rows, [bytes, tables · row width]; `parameters`: one per layer. With `recompute` layers make their
/// forward pass twice and need less memory; the result is the same.
pub fn pass(
    model: &ModelConfig,
    recompute: bool,
    parameters: &[Vec<f32>],
    stretch: &Stretch,
    rows: Vec<f32>,
    states: &mut States,
) -> Result<Outcome, TrainError> {
    let device = Device::flex().autodiff();
    let mut layers = layers(model, stretch, std::mem::take(states));
    if recompute {
        layers = layers
            .into_iter()
            .map(|layer| Arc::new(Recomputed(layer)) as Shared)
            .collect();
    }
    let rows = tensor(rows, &device).require_grad();
    let parameters: Vec<_> = parameters
        .iter()
        .map(|p| tensor(p.clone(), &device).require_grad())
        .collect();
    let mut x = rows.clone();
    for (layer, parameters) in layers.iter().zip(&parameters) {
        x = apply(Arc::clone(layer), x, parameters.clone());
    }
    let mut gradients = x.backward();
    let mut of = |tensor: &Tensor<1>| {
        let gradient = tensor.grad_remove(&mut gradients);
        gradient.map_or_else(|| Err(TrainError::Tensor("no gradient".into())), values)
    };
    let outcome = Outcome {
        bits: f64::from(values(x.clone())?[0]),
        gradients: parameters.iter().map(&mut of).collect::<Result<_, _>>()?,
        rows: of(&rows)?,
        costs: layers.iter().flat_map(|layer| layer.costs()).collect(),
        together: layers.iter().find_map(|layer| layer.together()),
        exits: layers
            .iter()
            .filter_map(|layer| mean(&layer.exit_costs()))
            .collect(),
        loads: layers.iter().map(|layer| layer.load()).collect(),
    };
    *states = layers.iter().flat_map(|layer| layer.states()).collect();
    Ok(outcome)
}

/// The mean of what there is.
fn mean(costs: &[f32]) -> Option<f64> {
    let sum: f64 = costs.iter().map(|&bits| f64::from(bits)).sum();
    (!costs.is_empty()).then(|| sum / costs.len() as f64)
}

/// Mean bits per byte of a pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Losses {
    /// Of the network alone.
    pub alone: f64,
    /// Of it and another predictor together, if there is one.
    pub together: Option<f64>,
}

/// Loss alone, without a graph, as [`pass`].
pub fn loss(
    model: &ModelConfig,
    parameters: &[Vec<f32>],
    stretch: &Stretch,
    rows: Vec<f32>,
    states: &mut States,
) -> Result<Losses, TrainError> {
    let layers = layers(model, stretch, std::mem::take(states));
    let mut x = rows;
    for (layer, parameters) in layers.iter().zip(parameters) {
        x = layer.forward(&x, parameters).0;
    }
    *states = layers.iter().flat_map(|layer| layer.states()).collect();
    let together = layers.iter().find_map(|layer| layer.together());
    let costs: Vec<f32> = layers.iter().flat_map(|layer| layer.costs()).collect();
    Ok(match together {
        None => Losses {
            alone: f64::from(x[0]),
            together: None,
        },
        Some(together) => Losses {
            alone: mean(&costs).unwrap_or(0.0),
            together: mean(&together.costs),
        },
    })
}
