//! How a content is cut into blocks.

use super::Profile;

/// Raw bytes of every frame but the last, which may have fewer.
///
/// Content of known size is cut evenly: 9 MiB in blocks of at most 8 are two of 4.5, so that
/// two threads end together and no small block has to start from nothing.
pub(super) fn block_length(profile: &Profile, content_size: Option<u64>) -> u64 {
    let Some(size) = content_size else {
        return profile.block_size;
    };
    let split = profile
        .split
        .is_some_and(|least| size >= least && size >= 2);
    let count = size
        .div_ceil(profile.block_size)
        .max(if split { 2 } else { 1 });
    size.div_ceil(count).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(block_size: u64, split: Option<u64>, size: Option<u64>) -> u64 {
        let profile = Profile {
            block_size,
            split,
            ..Profile::for_tests()
        };
        block_length(&profile, size)
    }

    #[test]
    fn known_sizes_are_cut_evenly() {
        assert_eq!(length(8, None, Some(8)), 8);
        assert_eq!(length(8, None, Some(9)), 5);
        assert_eq!(length(8, None, Some(17)), 6);
        assert_eq!(length(8, None, Some(0)), 1);
        assert_eq!(length(8, None, None), 8);
    }

    #[test]
    fn large_enough_contents_are_split_for_two_threads() {
        assert_eq!(length(8, Some(4), Some(3)), 3);
        assert_eq!(length(8, Some(4), Some(4)), 2);
        assert_eq!(length(8, Some(4), Some(17)), 6);
        assert_eq!(length(8, Some(0), Some(1)), 1);
    }
}
