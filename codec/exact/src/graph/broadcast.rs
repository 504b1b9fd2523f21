//! Broadcasting, as ONNX and NumPy do it.

use super::shape::{Dim, Shape};

/// The common shape; `None` where there is none. Shapes are aligned at their last axes; an axis
/// of size 1 is repeated.
pub(super) fn broadcast(a: &Shape, b: &Shape) -> Option<Shape> {
    let rank = a.rank().max(b.rank());
    let at = |shape: &Shape, axis: usize| {
        let missing = rank - shape.rank();
        axis.checked_sub(missing)
            .map_or(Dim::Size(1), |axis| shape.0[axis])
    };
    let dims = (0..rank).map(|axis| match (at(a, axis), at(b, axis)) {
        (a, b) if a == b => Some(a),
        (Dim::Size(1), other) | (other, Dim::Size(1)) => Some(other),
        _ => None,
    });
    dims.collect::<Option<_>>().map(Shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_one_are_repeated() {
        let shape = |sizes: &[usize]| Shape::fixed(sizes);
        let lanes = Shape(vec![Dim::Lanes, Dim::Size(3)]);
        assert_eq!(
            broadcast(&shape(&[4, 1]), &shape(&[3])),
            Some(shape(&[4, 3]))
        );
        assert_eq!(broadcast(&lanes, &shape(&[])), Some(lanes.clone()));
        assert_eq!(broadcast(&lanes, &shape(&[1, 1])), Some(lanes.clone()));
        assert_eq!(broadcast(&lanes, &shape(&[2, 3])), None);
        assert_eq!(broadcast(&shape(&[2]), &shape(&[3])), None);
    }
}
