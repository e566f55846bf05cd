//! Where the f32 encoder computes.

#[cfg(feature = "cuda")]
use anyhow::anyhow;
use anyhow::{Result, bail};
use bsmv::encoder::{Device, Precision};

/// A device as an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum On {
    /// The processor
    Cpu,
    /// The first NVIDIA GPU
    Cuda,
    /// The GPU if it can be used, else the processor
    Auto,
}

impl On {
    /// The device. `auto` says on standard error why it fell back.
    pub fn open(self, precision: Precision) -> Result<Device> {
        match self {
            On::Cpu => Ok(Device::Cpu),
            On::Cuda if precision == Precision::Int8 => {
                bail!("int8 computes on the CPU only: use --precision f32 or --device cpu")
            }
            On::Auto if precision == Precision::Int8 => Ok(Device::Cpu),
            On::Cuda => cuda(),
            On::Auto => Ok(cuda().unwrap_or_else(|why| {
                eprintln!("bsmv: computing on the CPU: {why:#}");
                Device::Cpu
            })),
        }
    }
}

/// The first GPU, once it has computed something: a driver may be there and too old, or the GPU
/// older than what the kernels were built for. Without a driver the library panics.
#[cfg(feature = "cuda")]
pub fn cuda() -> Result<Device> {
    use std::panic;

    use candle_core::{DType, Tensor};

    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let tried = panic::catch_unwind(|| -> candle_core::Result<candle_core::Device> {
        let device = candle_core::Device::new_cuda(0)?;
        let two = Tensor::ones(2, DType::F32, &device)?;
        two.exp()?.to_vec1::<f32>()?;
        Ok(device)
    });
    panic::set_hook(hook);
    let device = match tried {
        Ok(opened) => opened.map_err(|e| anyhow!("no CUDA device that can be used: {e}"))?,
        Err(cause) => {
            let why = cause.downcast_ref::<String>().map(String::as_str);
            let why = why.or_else(|| cause.downcast_ref::<&str>().copied());
            let why = why.unwrap_or("its library broke");
            bail!("no CUDA driver that can be used: {why}");
        }
    };
    if candle_core::cuda::gemm_reduced_precision_f32() {
        bail!("TF32 is on: products would be rounded");
    }
    Ok(Device::Candle(device))
}

/// The error of a build without CUDA.
#[cfg(not(feature = "cuda"))]
pub fn cuda() -> Result<Device> {
    bail!("this build has no CUDA (build it with --features cuda)")
}
