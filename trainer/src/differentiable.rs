//! [`Layer`]s as operations of Burn's differentiable graph.
//!
//! Burn keeps the graph, the order of the backward pass and the gradients; a layer's own
//! passes work on slices. Fifteen element-wise tensor operations per layer, each a pass over
//! memory, become one.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Tensor, TensorData};

use crate::layer::{Kept, Layer};

/// A shared layer, as an argument that Burn passes through.
pub type Shared = Arc<dyn Layer>;

/// Backends that can run a layer.
#[backend_extension(Flex, Autodiff)]
pub trait LayerBackend: Backend {
    /// `layer` applied to `x` with the flat vector `parameters`; both come back as vectors.
    fn layer(
        x: FloatTensor<Self>,
        parameters: FloatTensor<Self>,
        layer: Shared,
    ) -> FloatTensor<Self>;
}

fn tensor(values: Vec<f32>) -> FlexTensor {
    let len = values.len();
    FlexTensor::from_data(TensorData::new(values, [len]))
}

/// The values of a contiguous tensor, which all tensors made here are.
fn values(tensor: &FlexTensor) -> &[f32] {
    debug_assert!(tensor.is_contiguous());
    tensor.storage::<f32>()
}

impl LayerBackend for Flex {
    fn layer(x: FlexTensor, parameters: FlexTensor, layer: Shared) -> FlexTensor {
        tensor(layer.forward(values(&x), values(&parameters)).0)
    }
}

/// The backward step of one layer.
#[derive(Debug)]
struct LayerStep;

impl Backward<Flex, 2> for LayerStep {
    type State = (Shared, FlexTensor, Arc<Kept>);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (layer, parameters, kept) = ops.state;
        let dy = grads.consume::<Flex>(&ops.node).to_contiguous();
        let kept = Arc::unwrap_or_clone(kept);
        let (dx, dparameters) = layer.backward(values(&parameters), kept, values(&dy));
        let [x, p] = ops.parents;
        if let Some(node) = x {
            grads.register::<Flex>(node.id, tensor(dx));
        }
        if let Some(node) = p {
            grads.register::<Flex>(node.id, tensor(dparameters));
        }
    }
}

impl<C: CheckpointStrategy> LayerBackend for Autodiff<Flex, C> {
    fn layer(
        x: FloatTensor<Self>,
        parameters: FloatTensor<Self>,
        layer: Shared,
    ) -> FloatTensor<Self> {
        let (x, x_node) = x.into_parts();
        let (parameters, p_node) = parameters.into_parts();
        let (y, kept) = layer.forward(values(&x), values(&parameters));
        match LayerStep
            .prepare::<C>([x_node, p_node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish((layer, parameters, Arc::new(kept)), tensor(y)),
            OpsKind::UnTracked(prep) => prep.finish(tensor(y)),
        }
    }
}

/// `layer` applied to `x`; differentiable where `x` or `parameters` is.
pub fn apply(layer: Shared, x: Tensor<1>, parameters: Tensor<1>) -> Tensor<1> {
    let y = <Dispatch as LayerBackend>::layer(x.into_dispatch(), parameters.into_dispatch(), layer);
    Tensor::from_dispatch(y)
}
