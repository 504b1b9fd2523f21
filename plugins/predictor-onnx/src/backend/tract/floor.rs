//! Floor without a call of the C library for each element, which takes a third of tract's time
//! where the compiler may not assume SSE 4.1.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::element_wise::{ElementWiseMiniOp, ElementWiseOp};
use tract_onnx::tract_core::ops::math::Floor;

/// Puts [`QuickFloor`] in the place of each Floor of `f32`.
pub(super) fn replace(graph: &mut TypedModel) {
    for node in &mut graph.nodes {
        let of_floats = node.outputs[0].fact.datum_type == f32::datum_type();
        if let Some(ElementWiseOp(op, _)) = node.op.downcast_mut()
            && op.is::<Floor>()
            && of_floats
        {
            *op = Box::new(QuickFloor);
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct QuickFloor;

impl ElementWiseMiniOp for QuickFloor {
    fn name(&self) -> String {
        "Floor".to_owned()
    }

    fn eval_in_place(&self, tensor: &mut Tensor, _: Option<DatumType>) -> TractResult<()> {
        let mut values = tensor.to_plain_array_view_mut::<f32>()?;
        match values.as_slice_mut() {
            Some(values) => values.iter_mut().for_each(|x| *x = floor(*x)),
            None => values.iter_mut().for_each(|x| *x = floor(*x)),
        }
        Ok(())
    }
}

/// The largest integer not above `x`, by operations that every processor has for vectors.
#[inline]
fn floor(x: f32) -> f32 {
    /// From here on there are integers alone, so that a sum with it is rounded to one.
    const WHOLE: f32 = 8_388_608.0;
    let whole = WHOLE.copysign(x);
    let nearest = (x + whole) - whole;
    let below = nearest - if nearest > x { 1.0 } else { 0.0 };
    if x.abs() < WHOLE { below } else { x }
}

#[cfg(test)]
mod tests {
    use super::floor;

    #[test]
    fn it_is_the_floor() {
        let exponents = (-30..=126).map(|e| f32::powi(2.0, e));
        for x in exponents.flat_map(|unit| (0..200).map(move |n| unit * (n as f32 - 100.0) / 8.0)) {
            assert_eq!(floor(x), x.floor(), "{x}");
        }
        for x in [0.5f32, 1.0, 2.5, 8_388_607.5, 8_388_608.0, 16_777_216.0] {
            for x in [x.next_down(), x, x.next_up()] {
                assert_eq!(floor(x), x.floor(), "{x}");
                assert_eq!(floor(-x), (-x).floor(), "{x}");
            }
        }
    }
}
