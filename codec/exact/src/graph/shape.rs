//! Shapes with one symbolic axis.

use std::fmt;

/// The size of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dim {
    /// The number of lanes, known when a backend is set up. Only the first axis may be this.
    Lanes,
    /// A fixed size, at least 1.
    Size(usize),
}

impl Dim {
    /// The fixed size; `None` for lanes.
    #[must_use]
    pub const fn size(self) -> Option<usize> {
        match self {
            Self::Lanes => None,
            Self::Size(size) => Some(size),
        }
    }
}

/// Sizes of the axes, outermost first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Shape(pub Vec<Dim>);

impl Shape {
    /// A shape without a lane axis.
    #[must_use]
    pub fn fixed(sizes: &[usize]) -> Self {
        Self(sizes.iter().copied().map(Dim::Size).collect())
    }

    /// Number of axes.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// Whether the first axis is the lane axis.
    #[must_use]
    pub fn has_lanes(&self) -> bool {
        self.0.first() == Some(&Dim::Lanes)
    }

    /// Sizes for that number of lanes.
    #[must_use]
    pub fn sizes(&self, lanes: usize) -> Vec<usize> {
        let size = |dim: &Dim| dim.size().unwrap_or(lanes);
        self.0.iter().map(size).collect()
    }

    /// Elements for one lane; `None` where they exceed the machine's numbers.
    #[must_use]
    pub fn elements(&self) -> Option<usize> {
        let mut sizes = self.sizes(1).into_iter();
        sizes.try_fold(1usize, usize::checked_mul)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: Vec<String> = self
            .0
            .iter()
            .map(|dim| dim.size().map_or("lanes".into(), |size| size.to_string()))
            .collect();
        write!(f, "[{}]", sizes.join(", "))
    }
}
