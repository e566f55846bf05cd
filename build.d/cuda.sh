# CUDA, checked and tested: part of build.sh, which reads it for `cuda-check` and `gpu-test`.

# The parts of CUDA that compile kernels, as PyPI has them.
readonly CUDA=(nvidia-cuda-nvcc==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-crt==13.0.88
  nvidia-cuda-runtime==13.0.96 nvidia-cuda-cccl==13.0.85)

# Type-checks what `--features cuda` builds, its kernels compiled: for the oldest card that the
# crate's kernels are written for unless CUDA_COMPUTE_CAP says another.
cuda_check() {
  need_rust
  from_pypi nvcc "${CUDA[@]}"
  local home=$PWD/target/nvcc/nvidia/cu13
  step "cuda check" env CUDA_COMPUTE_CAP="${CUDA_COMPUTE_CAP:-80}" CUDA_HOME="$home" CUDA_PATH="$home" \
    PATH="$home/bin:$PATH" cargo check --features cuda --target-dir target/cuda
}

gpu_test() {
  if ! command -v nvidia-smi >/dev/null || [[ ! -e /dev/nvidia0 ]]; then
    echo "not run: no GPU"
    exit 3
  fi
  need_rust
  step "cuda build" cargo build --release --features cuda --target-dir target/cuda
  target/cuda/release/bsmv gpu-test "$@"
}
