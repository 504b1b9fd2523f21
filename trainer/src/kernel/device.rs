//! Large matrix products on a GPU, behind the Cargo feature `gpu`: Burn's backend for Vulkan, Metal and Direct3D through `wgpu`.
//!
//! What a product takes on the CPU grows with the third power of a network's size, the way to a GPU and back with the
//! second, so products above `WORTH` go there and all else stays. Operands lie on grids whose sums are exact in `f32`
//! in any order (`crate::grid`), so the forward pass is that of the CPU, bit for bit; gradients differ by rounding.

use crate::error::TrainError;

/// Multiplications from which a product goes to the GPU. By estimate: a core needs a millisecond for them, the way over
/// PCI Express and the start of the kernels a few tenths.
#[cfg(feature = "gpu")]
const WORTH: usize = 1 << 25;

/// Where products are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Device {
    /// All of them by the processor.
    #[default]
    Cpu,
    /// Large ones by a GPU: the fastest that is found, or that of `CUBECL_WGPU_DEFAULT_DEVICE`.
    Gpu,
}

/// One operand of a product: its values, and whether they are stored transposed.
pub(super) type Operand<'a> = (&'a [f32], bool);

/// Opens `device` for the rest of the process and gives its name.
///
/// # Errors
///
/// There is no GPU, it does not multiply as it should, or this program was built without them.
pub fn open(device: Device) -> Result<Option<String>, TrainError> {
    match device {
        Device::Cpu => Ok(None),
        Device::Gpu => gpu::open().map(Some),
    }
}

/// The error of a GPU that failed since it was opened. Its products were made by the processor instead, so nothing is wrong
/// but what the run would claim of itself.
///
/// # Errors
///
/// That it failed.
pub fn check() -> Result<(), TrainError> {
    gpu::check()
}

/// `out[m, n] (+)= lhs[m, k] · rhs[k, n]` on the GPU, if there is one and this is worth it; otherwise `out` is as it was.
pub(super) fn product(
    out: &mut [f32],
    lhs: Operand<'_>,
    rhs: Operand<'_>,
    [m, k, n]: [usize; 3],
    accumulate: bool,
) -> bool {
    gpu::product(out, lhs, rhs, [m, k, n], accumulate)
}

#[cfg(not(feature = "gpu"))]
mod gpu {
    use super::Operand;
    use crate::error::TrainError;

    pub(super) fn open() -> Result<String, TrainError> {
        Err(TrainError::Gpu(
            "this program was built without them: cargo build --release -p umoec-trainer --features gpu".to_owned(),
        ))
    }

    pub(super) fn check() -> Result<(), TrainError> {
        Ok(())
    }

    pub(super) fn product(
        _: &mut [f32],
        _: Operand<'_>,
        _: Operand<'_>,
        _: [usize; 3],
        _: bool,
    ) -> bool {
        false
    }
}

#[cfg(feature = "gpu")]
mod gpu {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::{Mutex, OnceLock, PoisonError};

    use burn::tensor::{Device, DeviceKind, DeviceType, Tensor, TensorData};

    use super::{Operand, WORTH};
    use crate::error::TrainError;

    static OPENED: OnceLock<Device> = OnceLock::new();
    static FAILURE: Mutex<Option<String>> = Mutex::new(None);

    /// A product on `device`, as the device gives it.
    fn multiply(
        device: &Device,
        lhs: Operand<'_>,
        rhs: Operand<'_>,
        [m, k, n]: [usize; 3],
    ) -> Result<Vec<f32>, String> {
        let tensor = |(values, transposed): Operand<'_>, [rows, columns]: [usize; 2]| {
            let stored = if transposed {
                [columns, rows]
            } else {
                [rows, columns]
            };
            let tensor = Tensor::<2>::from_data(TensorData::new(values.to_vec(), stored), device);
            if transposed {
                tensor.transpose()
            } else {
                tensor
            }
        };
        // Burn panics where a driver gives up.
        let made = catch_unwind(AssertUnwindSafe(|| {
            let product = tensor(lhs, [m, k]).matmul(tensor(rhs, [k, n]));
            product
                .try_into_data()
                .map_err(|error| format!("{error:?}"))
        }));
        let data = made.map_err(|_| "its driver gave up".to_owned())??;
        let values = data
            .try_to_vec::<f32>()
            .map_err(|error| format!("{error:?}"))?;
        if values.len() == m * n {
            Ok(values)
        } else {
            Err(format!("{} values instead of {}", values.len(), m * n))
        }
    }

    pub(super) fn open() -> Result<String, TrainError> {
        if Device::enumerate(DeviceType::Wgpu).is_empty() {
            return Err(TrainError::Gpu(
                "none is found; is its driver installed?".to_owned(),
            ));
        }
        let device = Device::wgpu(DeviceKind::DefaultDevice);
        // Sums that are exact in any order, if `f32` is what it works with.
        let [m, k, n] = [70, 300, 50];
        let value = |i: usize| ((i * 7919 % 255) as f32 - 127.0) / 128.0;
        let lhs: Vec<f32> = (0..m * k).map(value).collect();
        let rhs: Vec<f32> = (0..k * n).map(|i| value(i + 3)).collect();
        let made = multiply(&device, (&lhs, false), (&rhs, false), [m, k, n]);
        let made = made.map_err(TrainError::Gpu)?;
        let right = made.iter().enumerate().all(|(at, &v)| {
            let (row, column) = (at / n, at % n);
            let sum: f32 = (0..k).map(|i| lhs[row * k + i] * rhs[i * n + column]).sum();
            v == sum
        });
        if !right {
            return Err(TrainError::Gpu(
                "its products are not those of 32-bit floats".to_owned(),
            ));
        }
        let name = device
            .identity()
            .map_or_else(|| "a GPU".to_owned(), |it| it.name);
        OPENED.get_or_init(|| device);
        Ok(name)
    }

    fn failure() -> std::sync::MutexGuard<'static, Option<String>> {
        FAILURE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn check() -> Result<(), TrainError> {
        failure()
            .clone()
            .map_or(Ok(()), |why| Err(TrainError::Gpu(why)))
    }

    pub(super) fn product(
        out: &mut [f32],
        lhs: Operand<'_>,
        rhs: Operand<'_>,
        sizes: [usize; 3],
        accumulate: bool,
    ) -> bool {
        let Some(device) = OPENED.get() else {
            return false;
        };
        if sizes.iter().product::<usize>() < WORTH || failure().is_some() {
            return false;
        }
        match multiply(device, lhs, rhs, sizes) {
            Ok(values) if accumulate => {
                out.iter_mut().zip(&values).for_each(|(o, v)| *o += v);
                true
            }
            Ok(values) => {
                out.copy_from_slice(&values);
                true
            }
            Err(why) => {
                *failure() = Some(why);
                false
            }
        }
    }
}
