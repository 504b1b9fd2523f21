//! Regions: nested conditions under which work counts.

use std::collections::HashMap;

use crate::graph::ValueId;

/// The region of what is always done.
pub(in super::super) const ALWAYS: usize = 0;

/// Most conditions in one another; what stands deeper counts to the region around it.
const DEEPEST: usize = 8;

/// A truth value of each lane, and which of the two is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in super::super) struct Key {
    pub(in super::super) value: ValueId,
    pub(in super::super) truth: bool,
}

#[derive(Debug, Clone)]
struct Region {
    parent: usize,
    depth: usize,
    key: Key,
}

/// A tree of regions: in each of them one more condition holds than in the one around it.
#[derive(Debug, Clone)]
pub(in super::super) struct Regions {
    all: Vec<Region>,
    children: HashMap<(usize, Key), usize>,
}

impl Regions {
    pub(super) fn new() -> Self {
        // The root has no condition; its key is never asked for.
        let key = Key {
            value: 0,
            truth: true,
        };
        Self {
            all: vec![Region {
                parent: ALWAYS,
                depth: 0,
                key,
            }],
            children: HashMap::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The region within `region` where a condition holds too.
    pub(super) fn inner(&mut self, region: usize, key: Key) -> usize {
        let depth = self.all[region].depth + 1;
        if depth > DEEPEST || self.holds(region, key) {
            return region;
        }
        *self.children.entry((region, key)).or_insert_with(|| {
            self.all.push(Region {
                parent: region,
                depth,
                key,
            });
            self.all.len() - 1
        })
    }

    /// As [`inner`](Self::inner), if there is such a region.
    pub(super) fn find(&self, region: usize, key: Key) -> Option<usize> {
        self.children.get(&(region, key)).copied()
    }

    /// The innermost region around both.
    pub(super) fn around(&self, mut a: usize, mut b: usize) -> usize {
        while a != b {
            if self.all[a].depth < self.all[b].depth {
                (a, b) = (b, a);
            }
            a = self.all[a].parent;
        }
        a
    }

    /// A region and those around it but [`ALWAYS`], innermost first.
    pub(in super::super) fn path(&self, region: usize) -> impl Iterator<Item = usize> {
        let parent = |&region: &usize| Some(self.all[region].parent);
        std::iter::successors(Some(region), parent).take(self.all[region].depth)
    }

    /// Whether a region's work counts only where the condition holds.
    pub(in super::super) fn holds(&self, region: usize, key: Key) -> bool {
        self.path(region).any(|at| self.all[at].key == key)
    }

    pub(in super::super) fn key(&self, region: usize) -> Key {
        self.all[region].key
    }

    pub(super) fn parent(&self, region: usize) -> usize {
        self.all[region].parent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_in_one_another() {
        let key = |value| Key { value, truth: true };
        let mut regions = Regions::new();
        let a = regions.inner(ALWAYS, key(1));
        let b = regions.inner(a, key(2));
        let c = regions.inner(a, key(3));
        assert_eq!(regions.inner(b, key(1)), b);
        assert_eq!(regions.inner(a, key(2)), b);
        assert_eq!(regions.around(b, c), a);
        assert_eq!(regions.around(b, a), a);
        assert_eq!(regions.around(b, ALWAYS), ALWAYS);
        assert_eq!(regions.path(c).collect::<Vec<_>>(), [c, a]);
        assert!(regions.holds(c, key(1)) && !regions.holds(c, key(2)));
        let not = Key {
            value: 1,
            truth: false,
        };
        assert!(!regions.holds(c, not));
        let deepest = (10..30).fold(ALWAYS, |region, value| regions.inner(region, key(value)));
        assert_eq!(regions.path(deepest).count(), DEEPEST);
    }
}
