//! Values as strided windows on memory, so that most moves of elements cost nothing.

use crate::graph::movement::Movement;

use super::dims::{is_row_major, row_major};

/// The elements of one lane of a value: where in a slot each of them lies. Constants have no
/// lanes; all lanes see the same elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    pub(super) slot: usize,
    pub(super) offset: usize,
    /// Sizes of the axes, without the lane axis.
    pub(super) dims: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

impl View {
    /// All elements of a slot.
    pub(super) fn whole(slot: usize, dims: Vec<usize>) -> Self {
        let strides = row_major(&dims);
        Self {
            slot,
            offset: 0,
            dims,
            strides,
        }
    }

    pub(super) fn elements(&self) -> usize {
        self.dims.iter().product()
    }

    /// Whether the elements lie one behind another.
    pub(super) fn is_contiguous(&self) -> bool {
        is_row_major(&self.dims, &self.strides)
    }

    /// The same elements in the same order under other sizes; `None` where they must be moved.
    pub(super) fn reshaped(&self, dims: Vec<usize>) -> Option<Self> {
        let ones = |dims: &[usize]| -> Vec<usize> {
            dims.iter().copied().filter(|&size| size > 1).collect()
        };
        if ones(&self.dims) == ones(&dims) {
            let own = self.dims.iter().zip(&self.strides);
            let mut kept = own.filter(|(size, _)| **size > 1).map(|(_, &by)| by);
            let strides = dims.iter().map(|&size| {
                if size > 1 {
                    kept.next().unwrap_or(0)
                } else {
                    0
                }
            });
            let strides = strides.collect();
            return Some(Self {
                dims,
                strides,
                ..*self
            });
        }
        self.is_contiguous().then(|| Self {
            strides: row_major(&dims),
            dims,
            ..*self
        })
    }

    /// Repeated to `dims`, which are aligned at the last axis.
    pub(super) fn repeated(&self, dims: &[usize]) -> Self {
        let missing = dims.len() - self.dims.len();
        let strides = dims.iter().enumerate().map(|(axis, &size)| {
            let own = axis.checked_sub(missing);
            match own.map(|own| (self.dims[own], self.strides[own])) {
                Some((own, stride)) if own == size && size > 1 => stride,
                _ => 0,
            }
        });
        Self {
            strides: strides.collect(),
            dims: dims.to_vec(),
            ..*self
        }
    }

    /// What a movement other than a concatenation makes of it, if that is a view. `dims` are the
    /// result's; `lanes` says whether axis 0 of the movement is the lane axis.
    pub(super) fn moved(
        &self,
        movement: &Movement,
        output: usize,
        dims: Vec<usize>,
        lanes: bool,
    ) -> Option<Self> {
        let first = usize::from(lanes);
        match movement {
            Movement::Same(_) => self.reshaped(dims),
            Movement::Expand => Some(self.repeated(&dims)),
            Movement::Transpose { perm } => {
                let from = perm[first..].iter().map(|&axis| axis - first);
                Some(Self {
                    strides: from.map(|axis| self.strides[axis]).collect(),
                    dims,
                    ..*self
                })
            }
            Movement::Slice { starts, steps } => {
                let starts = starts[first..].iter().zip(&self.strides);
                let offset: usize = starts.map(|(start, stride)| start * stride).sum();
                let steps = steps[first..].iter().zip(&self.strides);
                Some(Self {
                    offset: self.offset + offset,
                    strides: steps.map(|(step, stride)| step * stride).collect(),
                    dims,
                    ..*self
                })
            }
            Movement::Split { axis, starts } => Some(Self {
                offset: self.offset + starts[output] * self.strides[axis - first],
                strides: self.strides.clone(),
                dims,
                ..*self
            }),
            Movement::Concat { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_and_transposes_are_views() {
        let whole = View::whole(0, vec![4, 6]);
        let slice = Movement::Slice {
            starts: vec![0, 1, 0],
            steps: vec![1, 2, 3],
        };
        let view = whole.moved(&slice, 0, vec![2, 2], true).unwrap();
        assert_eq!((view.offset, &view.strides[..]), (6, &[12, 3][..]));
        let transpose = Movement::Transpose {
            perm: vec![0, 2, 1],
        };
        let turned = view.moved(&transpose, 0, vec![2, 2], true).unwrap();
        assert_eq!(turned.strides, [3, 12]);
        // Other sizes over strided elements would not be strided.
        assert_eq!(turned.reshaped(vec![4]), None);
        let column = turned.reshaped(vec![2, 1, 2]).unwrap();
        assert_eq!(column.strides, [3, 0, 12]);
    }

    #[test]
    fn axes_of_one_are_repeated() {
        let view = View::whole(3, vec![5, 1]).repeated(&[2, 5, 7]);
        assert_eq!(view.strides, [0, 1, 0]);
        assert_eq!(view.elements(), 70);
    }
}
