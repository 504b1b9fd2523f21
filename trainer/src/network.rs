//! The network: which layers there are, and one pass of loss and gradients over some lanes.

use std::sync::{Arc, Mutex};

use burn::tensor::{Device, Tensor, TensorData};

use crate::config::ModelConfig;
use crate::data::Stretch;
use crate::differentiable::{Shared, apply};
use crate::error::TrainError;
use crate::kernel::ScanShape;
use crate::layer::{Embed, Head, Mixer, Mlp};

/// States of some lanes, one vector per mixer, lane after lane.
pub type States = Vec<Vec<f32>>;

/// Loss and gradients of one pass.
#[derive(Debug)]
pub struct Outcome {
    /// Mean loss in bits per byte.
    pub bits: f64,
    /// Of each layer's flat parameters.
    pub gradients: Vec<Vec<f32>>,
    /// Of the gathered table rows.
    pub rows: Vec<f32>,
    /// Loss of each byte, in bits.
    pub costs: Vec<f32>,
    /// Share of the bytes that each expert took, for each layer that has experts.
    pub load: Vec<Vec<f32>>,
}

/// The layers for `stretch`, in order, beginning from `states`.
pub fn layers(model: &ModelConfig, stretch: &Stretch, states: States) -> Vec<Layers> {
    let width = model.width;
    let inputs = model.tables.len() * model.row_width;
    let starts = Arc::new(stretch.starts.clone());
    let mut layers = vec![Layers::Other(Arc::new(Embed {
        inputs,
        width,
        bytes: stretch.bytes.clone(),
    }))];
    for (&shift, states) in model.shifts.iter().zip(states) {
        layers.push(Layers::Mixer(Arc::new(Mixer {
            width,
            heads: model.heads,
            scan: ScanShape {
                states: model.states,
                channels: model.channels,
            },
            shift,
            starts: Arc::clone(&starts),
            states: Mutex::new(states),
        })));
        layers.push(Layers::Other(Arc::new(Mlp {
            width,
            hidden: model.hidden,
        })));
    }
    layers.push(Layers::Other(Arc::new(Head {
        width,
        targets: stretch.targets.clone(),
        costs: Mutex::default(),
    })));
    layers
}

/// A layer, told apart where it carries states from stretch to stretch.
#[derive(Debug)]
pub enum Layers {
    /// Carries states.
    Mixer(Arc<Mixer>),
    /// Does not.
    Other(Shared),
}

impl Layers {
    /// The layer.
    pub fn layer(&self) -> Shared {
        match self {
            Self::Mixer(mixer) => Arc::clone(mixer) as Shared,
            Self::Other(layer) => Arc::clone(layer),
        }
    }
}

/// States of `lanes` lanes at the start.
pub fn initial_states(model: &ModelConfig, lanes: usize) -> States {
    vec![vec![0.0; lanes * model.states * model.channels]; model.shifts.len()]
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
/// `rows`: the gathered rows, [bytes, tables · row width]; `parameters`: one per layer.
pub fn pass(
    model: &ModelConfig,
    parameters: &[Vec<f32>],
    stretch: &Stretch,
    rows: Vec<f32>,
    states: &mut States,
) -> Result<Outcome, TrainError> {
    let device = Device::flex().autodiff();
    let layers = layers(model, stretch, std::mem::take(states));
    let rows = tensor(rows, &device).require_grad();
    let parameters: Vec<_> = parameters
        .iter()
        .map(|p| tensor(p.clone(), &device).require_grad())
        .collect();
    let mut x = rows.clone();
    for (layer, parameters) in layers.iter().zip(&parameters) {
        x = apply(layer.layer(), x, parameters.clone());
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
        costs: layers
            .iter()
            .find_map(|l| l.layer().costs())
            .unwrap_or_default(),
        load: layers.iter().filter_map(|l| l.layer().load()).collect(),
    };
    *states = layers.iter().filter_map(Layers::carried).collect();
    Ok(outcome)
}

impl Layers {
    fn carried(&self) -> Option<Vec<f32>> {
        match self {
            Self::Mixer(mixer) => mixer.states.lock().ok().map(|states| states.clone()),
            Self::Other(_) => None,
        }
    }
}

/// Loss alone, without a graph, as [`pass`].
pub fn loss(
    model: &ModelConfig,
    parameters: &[Vec<f32>],
    stretch: &Stretch,
    rows: Vec<f32>,
    states: &mut States,
) -> Result<f64, TrainError> {
    let layers = layers(model, stretch, std::mem::take(states));
    let mut x = rows;
    for (layer, parameters) in layers.iter().zip(parameters) {
        x = layer.layer().forward(&x, parameters).0;
    }
    *states = layers.iter().filter_map(Layers::carried).collect();
    Ok(f64::from(x[0]))
}
