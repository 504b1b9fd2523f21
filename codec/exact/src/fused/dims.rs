//! Index spaces: how the elements of one lane are counted by nested loops.

/// A common factorisation of two index spaces of equal size; `None` where loops cross.
///
/// `[32, 128]` and `[32, 8, 16]` have `[32, 8, 16]`, since a loop over 128 is one over 8 and 16.
pub(super) fn merged(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let mut ends: Vec<usize> = suffixes(a).chain(suffixes(b)).collect();
    ends.sort_unstable();
    ends.dedup();
    let mut inner = 1;
    let mut dims = Vec::with_capacity(ends.len());
    for end in ends {
        if end % inner != 0 {
            return None;
        }
        if end > inner {
            dims.push(end / inner);
        }
        inner = end;
    }
    dims.reverse();
    Some(dims)
}

/// Sizes of the inner spaces, the whole space last.
fn suffixes(dims: &[usize]) -> impl Iterator<Item = usize> {
    dims.iter().rev().scan(1, |inner, &size| {
        *inner *= size;
        Some(*inner)
    })
}

/// The strides over `dims` of what has `strides` over `from`, of which `dims` is a refinement.
pub(super) fn refined(from: &[usize], strides: &[usize], dims: &[usize]) -> Vec<usize> {
    let mut outer = from.iter().zip(strides).rev();
    let (mut left, mut stride) = (1, 0);
    let mut all: Vec<usize> = dims
        .iter()
        .rev()
        .map(|&size| {
            while left == 1 {
                match outer.next() {
                    Some((&next, &by)) => (left, stride) = (next, by),
                    None => return 0,
                }
            }
            let own = stride;
            left /= size;
            stride *= size;
            own
        })
        .collect();
    all.reverse();
    all
}

/// Strides of elements that lie one behind another.
pub(super) fn row_major(dims: &[usize]) -> Vec<usize> {
    let mut strides: Vec<usize> = dims
        .iter()
        .rev()
        .scan(1, |inner, &size| {
            let own = *inner;
            *inner *= size;
            Some(own)
        })
        .collect();
    strides.reverse();
    strides
}

/// Whether those strides are row-major; an axis of size 1 may have any.
pub(super) fn is_row_major(dims: &[usize], strides: &[usize]) -> bool {
    let all = dims.iter().zip(strides).zip(row_major(dims));
    all.into_iter()
        .all(|((&size, &stride), plain)| size == 1 || stride == plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_are_split_where_either_needs_it() {
        assert_eq!(merged(&[32, 128], &[32, 8, 16]), Some(vec![32, 8, 16]));
        assert_eq!(merged(&[8, 16], &[16, 8]), Some(vec![8, 2, 8]));
        assert_eq!(merged(&[2, 3], &[3, 2]), None);
        assert_eq!(merged(&[1, 6, 1], &[6]), Some(vec![6]));
        assert_eq!(merged(&[1], &[1]), Some(vec![]));
    }

    #[test]
    fn strides_follow_the_split() {
        assert_eq!(refined(&[32, 128], &[0, 1], &[32, 8, 16]), [0, 16, 1]);
        assert_eq!(refined(&[4, 1, 6], &[7, 9, 2], &[4, 2, 3]), [7, 6, 2]);
        assert_eq!(row_major(&[2, 3, 4]), [12, 4, 1]);
        assert!(is_row_major(&[2, 1, 4], &[4, 99, 1]));
        assert!(!is_row_major(&[2, 4], &[0, 1]));
    }
}
