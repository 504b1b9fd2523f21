//! Operators that only move elements: for each element of the result, where it comes from.

use std::convert::Infallible;

/// A movement of elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Movement {
    /// The same elements in the same order, the shape may differ.
    Same(SameOrder),
    /// Axis `i` of the result is axis `perm[i]` of the input.
    Transpose {
        /// The permutation.
        perm: Vec<usize>,
    },
    /// Axes of size 1 repeated, new axes in front.
    Expand,
    /// Along each axis, the elements from a start on with a step.
    Slice {
        /// First index of each axis.
        starts: Vec<usize>,
        /// Step of each axis, at least 1.
        steps: Vec<usize>,
    },
    /// The inputs behind one another along an axis.
    Concat {
        /// The axis.
        axis: usize,
    },
    /// Consecutive parts along an axis, one for each output.
    Split {
        /// The axis.
        axis: usize,
        /// First index of each part.
        starts: Vec<usize>,
    },
}

/// Which operator keeps the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameOrder {
    /// Identity
    Identity,
    /// Reshape
    Reshape,
    /// Squeeze
    Squeeze,
    /// Unsqueeze
    Unsqueeze,
}

impl Movement {
    /// ONNX's name of the operator.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Same(SameOrder::Identity) => "Identity",
            Self::Same(SameOrder::Reshape) => "Reshape",
            Self::Same(SameOrder::Squeeze) => "Squeeze",
            Self::Same(SameOrder::Unsqueeze) => "Unsqueeze",
            Self::Transpose { .. } => "Transpose",
            Self::Expand => "Expand",
            Self::Slice { .. } => "Slice",
            Self::Concat { .. } => "Concat",
            Self::Split { .. } => "Split",
        }
    }

    /// For each element of output number `output`, row-major, the input it comes from and its
    /// place there. `inputs` are the inputs' sizes, `sizes` those of this output.
    #[must_use]
    pub fn sources(
        &self,
        inputs: &[Vec<usize>],
        output: usize,
        sizes: &[usize],
    ) -> Vec<(usize, usize)> {
        let Some(first) = inputs.first() else {
            return Vec::new();
        };
        match self {
            Self::Same(_) => (0..product(sizes)).map(|at| (0, at)).collect(),
            Self::Transpose { perm } => places(sizes, |index| {
                let mut from = vec![0; index.len()];
                for (&axis, &i) in perm.iter().zip(index) {
                    from[axis] = i;
                }
                (0, flat(&from, first))
            }),
            Self::Expand => places(sizes, |index| (0, repeated(index, first))),
            Self::Slice { starts, steps } => places(sizes, |index| {
                let from = index.iter().zip(starts).zip(steps);
                let from: Vec<usize> = from.map(|((i, start), step)| start + i * step).collect();
                (0, flat(&from, first))
            }),
            Self::Concat { axis } => {
                let ends: Vec<usize> = inputs
                    .iter()
                    .scan(0, |end, sizes| {
                        *end += sizes[*axis];
                        Some(*end)
                    })
                    .collect();
                places(sizes, |index| {
                    let input = ends.partition_point(|&end| end <= index[*axis]);
                    let mut from = index.to_vec();
                    from[*axis] -= ends[input] - inputs[input][*axis];
                    (input, flat(&from, &inputs[input]))
                })
            }
            Self::Split { axis, starts } => places(sizes, |index| {
                let mut from = index.to_vec();
                from[*axis] += starts[output];
                (0, flat(&from, first))
            }),
        }
    }
}

/// The place of an index in a row-major tensor.
#[must_use]
pub fn flat(index: &[usize], sizes: &[usize]) -> usize {
    index
        .iter()
        .zip(sizes)
        .fold(0, |at, (i, size)| at * size + i)
}

/// The place in a tensor of `sizes` that broadcasting reads for an index of the result.
#[must_use]
pub fn repeated(index: &[usize], sizes: &[usize]) -> usize {
    let index = &index[index.len() - sizes.len()..];
    let own = index.iter().zip(sizes);
    own.fold(0, |at, (&i, &size)| {
        at * size + if size == 1 { 0 } else { i }
    })
}

/// For each axis of a result of `sizes`, how far a step along it moves in a tensor that
/// broadcasting repeats.
#[must_use]
pub fn strides_over(sizes: &[usize], from: &[usize]) -> Vec<usize> {
    let mut inner = 1;
    let mut strides: Vec<usize> = from
        .iter()
        .rev()
        .map(|&size| {
            let stride = if size == 1 { 0 } else { inner };
            inner *= size;
            stride
        })
        .collect();
    strides.resize(sizes.len(), 0);
    strides.reverse();
    strides
}

/// Counts through a result and, with it, the places in the tensors that it is made of.
#[derive(Debug)]
pub struct Odometer<'a> {
    sizes: &'a [usize],
    strides: &'a [Vec<usize>],
    index: Vec<usize>,
    at: Vec<usize>,
}

impl<'a> Odometer<'a> {
    /// At the first element; `strides` has those of each tensor.
    #[must_use]
    pub fn new(sizes: &'a [usize], strides: &'a [Vec<usize>]) -> Self {
        Self {
            sizes,
            strides,
            index: vec![0; sizes.len()],
            at: vec![0; strides.len()],
        }
    }

    /// The places in the tensors.
    #[must_use]
    pub fn at(&self) -> &[usize] {
        &self.at
    }

    /// Goes to the next element; behind the last comes the first.
    pub fn next(&mut self) {
        for axis in (0..self.sizes.len()).rev() {
            self.index[axis] += 1;
            let back = self.index[axis] == self.sizes[axis];
            for (at, strides) in self.at.iter_mut().zip(self.strides) {
                *at += strides[axis];
                if back {
                    *at -= strides[axis] * self.sizes[axis];
                }
            }
            if !back {
                return;
            }
            self.index[axis] = 0;
        }
    }
}

/// Calls `place` with each index of a tensor of `sizes`, in row-major order.
pub fn places<T>(sizes: &[usize], mut place: impl FnMut(&[usize]) -> T) -> Vec<T> {
    let all = try_places(sizes, |index| Ok::<T, Infallible>(place(index)));
    all.unwrap_or_else(|never| match never {})
}

/// As [`places`], up to the first error.
///
/// # Errors
///
/// Those of `place`.
pub fn try_places<T, E>(
    sizes: &[usize],
    mut place: impl FnMut(&[usize]) -> Result<T, E>,
) -> Result<Vec<T>, E> {
    let mut index = vec![0; sizes.len()];
    let mut all = Vec::with_capacity(product(sizes));
    for _ in 0..product(sizes) {
        all.push(place(&index)?);
        for axis in (0..sizes.len()).rev() {
            index[axis] += 1;
            if index[axis] < sizes[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
    Ok(all)
}

fn product(sizes: &[usize]) -> usize {
    sizes.iter().product()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The result's elements when the inputs count up from 0, one input behind another.
    fn moved(
        movement: &Movement,
        inputs: &[&[usize]],
        output: usize,
        sizes: &[usize],
    ) -> Vec<usize> {
        let inputs: Vec<Vec<usize>> = inputs.iter().map(|sizes| sizes.to_vec()).collect();
        let sources = movement.sources(&inputs, output, sizes);
        let before = |input: usize| inputs[..input].iter().map(|s| product(s)).sum::<usize>();
        sources
            .iter()
            .map(|&(input, at)| before(input) + at)
            .collect()
    }

    #[test]
    fn elements_come_from_where_onnx_says() {
        let transpose = Movement::Transpose { perm: vec![1, 0] };
        assert_eq!(
            moved(&transpose, &[&[2, 3]], 0, &[3, 2]),
            [0, 3, 1, 4, 2, 5]
        );
        assert_eq!(
            moved(&Movement::Expand, &[&[2, 1]], 0, &[2, 2, 2]),
            [0, 0, 1, 1, 0, 0, 1, 1]
        );
        let slice = Movement::Slice {
            starts: vec![0, 1],
            steps: vec![1, 2],
        };
        assert_eq!(moved(&slice, &[&[2, 4]], 0, &[2, 2]), [1, 3, 5, 7]);
        let concat = Movement::Concat { axis: 1 };
        assert_eq!(
            moved(&concat, &[&[2, 1], &[2, 2]], 0, &[2, 3]),
            [0, 2, 3, 1, 4, 5]
        );
        let split = Movement::Split {
            axis: 1,
            starts: vec![0, 1],
        };
        assert_eq!(moved(&split, &[&[2, 3]], 1, &[2, 2]), [1, 2, 4, 5]);
    }
}
