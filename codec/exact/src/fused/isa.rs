//! Which vector instructions the kernels use. All give the same bits.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use crate::error::{ExactError, Result};

/// A set of vector instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Isa {
    /// What every machine of the target has; on other targets than x86-64 there is no other.
    Scalar,
    /// AVX2.
    Avx2,
    /// AVX-512 F, BW, DQ and VL.
    Avx512,
    /// The same with VNNI: products of bytes in one instruction.
    Vnni,
}

/// The environment variable that forces one, for tests.
pub const VARIABLE: &str = "UMOEC_ISA";

impl Isa {
    /// All of them, slowest first.
    pub const ALL: [Self; 4] = [Self::Scalar, Self::Avx2, Self::Avx512, Self::Vnni];

    /// The name in [`VARIABLE`].
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Vnni => "vnni",
        }
    }

    /// Whether this machine has it.
    #[must_use]
    pub fn is_here(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            let avx512 = || {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            };
            match self {
                Self::Scalar => true,
                Self::Avx2 => is_x86_feature_detected!("avx2"),
                Self::Avx512 => avx512(),
                Self::Vnni => avx512() && is_x86_feature_detected!("avx512vnni"),
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            self == Self::Scalar
        }
    }

    /// Those that this machine has, slowest first.
    pub fn here() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|isa| isa.is_here())
    }

    /// The fastest of this machine, or the one that [`VARIABLE`] names.
    ///
    /// # Errors
    ///
    /// [`ExactError::Backend`] where the variable names none, or one that the machine lacks.
    pub fn chosen() -> Result<Self> {
        static CHOSEN: OnceLock<std::result::Result<Isa, String>> = OnceLock::new();
        let choose = || match std::env::var(VARIABLE) {
            Ok(name) => name.parse(),
            Err(_) => Ok(Self::here().last().unwrap_or(Self::Scalar)),
        };
        CHOSEN.get_or_init(choose).clone().map_err(|reason| {
            let reason = format!("{VARIABLE}: {reason}");
            ExactError::Backend {
                backend: super::NAME.into(),
                reason,
            }
        })
    }
}

impl FromStr for Isa {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Self, String> {
        let found = Self::ALL.into_iter().find(|isa| isa.name() == name);
        let isa = found.ok_or("there are scalar, avx2, avx512 and vnni")?;
        if isa.is_here() {
            return Ok(isa);
        }
        Err(format!("this machine has no {isa}"))
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for isa in Isa::here() {
            assert_eq!(isa.name().parse(), Ok(isa));
        }
        assert!("sse9".parse::<Isa>().is_err());
        assert_eq!(Isa::here().next(), Some(Isa::Scalar));
    }
}
