# Fuzzing, sourced by build.sh. libFuzzer with coverage needs no nightly compiler: the flags below are
# those of cargo-fuzz, all stable but the sanitizers'.

readonly FUZZ_HOST=x86_64-unknown-linux-gnu
readonly FUZZ_TARGETS=(request events post page pages paths import tensors tokenizer manifest text store)
readonly FUZZ_FLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1"

fuzz_build() {
  RUSTFLAGS="$FUZZ_FLAGS" cargo build --release --locked --manifest-path fuzz/Cargo.toml \
    --target "$FUZZ_HOST" --target-dir target/fuzz
}

# The folder of what a target begins with.
fuzz_seeds() {
  case $1 in
    import | paths) echo tests/fixtures/imports ;;
    page | pages) echo tests/fixtures/graphs ;;
    store) echo tests/fixtures/store ;;
    *) echo "fuzz/corpus/$1" ;;
  esac
}

# fuzz_one TARGET SECONDS: prints its executions. An input that breaks it is left in target/fuzz/found.
fuzz_one() {
  local target=$1 seconds=$2 found=target/fuzz/found kept=target/fuzz/corpus/$1 seeds
  seeds=$(fuzz_seeds "$target")
  mkdir -p "$found" "$kept"
  [[ -d $seeds ]] || seeds=
  # Two seconds for one input: one of them may be another process's.
  BSMV_TARGET=$target "target/fuzz/$FUZZ_HOST/release/bsmv-fuzz" "$kept" $seeds \
    -max_total_time="$seconds" -timeout=2 -rss_limit_mb=1024 -max_len=65536 -print_final_stats=1 \
    -artifact_prefix="$found/$target-"
}

# fuzz [MINUTES]: all targets, one after the other, sharing the time (1 minute).
fuzz() {
  local minutes=${1:-1} target seconds
  need_rust
  step "fuzz build" fuzz_build
  seconds=$(((minutes * 60 + ${#FUZZ_TARGETS[@]} - 1) / ${#FUZZ_TARGETS[@]}))
  printf '%-12s %12s %8s\n' target executions 'MiB'
  for target in "${FUZZ_TARGETS[@]}"; do
    step "fuzz $target" fuzz_one "$target" "$seconds"
    awk -v target="$target" '/number_of_executed_units/ { n = $2 } /peak_rss_mb/ { m = $2 }
      END { printf "%-12s %12d %8d\n", target, n, m }' "$LOGS/fuzz-$target.log"
  done
}
