# Fuzzing, sourced by build.sh. libFuzzer with coverage needs no nightly compiler: the flags below are
# those of cargo-fuzz, all stable but the sanitizers'. With those, RUSTC_BOOTSTRAP lets the stable
# compiler take them; their runtime comes with it on this kind of machine.

readonly FUZZ_HOST=x86_64-unknown-linux-gnu
readonly FUZZ_TARGETS=(request events post page pages paths import tensors tokenizer manifest text store kernels)
readonly FUZZ_FLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1"

# fuzz_build FOLDER [FLAG…]: the program with all targets in target/FOLDER.
fuzz_build() {
  local folder=$1
  shift
  RUSTFLAGS="$FUZZ_FLAGS $*" cargo build --release --locked --manifest-path fuzz/Cargo.toml \
    --target "$FUZZ_HOST" --target-dir "target/$folder"
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

# fuzz_one FOLDER TARGET [OPTION…]: prints its executions. An input that breaks it is left in
# target/fuzz/found.
fuzz_one() {
  local folder=$1 target=$2 found=target/fuzz/found kept=target/fuzz/corpus/$2 seeds
  shift 2
  seeds=$(fuzz_seeds "$target")
  mkdir -p "$found" "$kept"
  [[ -d $seeds ]] || seeds=
  # Two seconds for one input: one of them may be another process's.
  BSMV_TARGET=$target "target/$folder/$FUZZ_HOST/release/bsmv-fuzz" "$kept" $seeds \
    -timeout=2 -max_len=65536 -print_final_stats=1 -artifact_prefix="$found/$target-" "$@"
}

# fuzz_all FOLDER MINUTES MIB: all targets, one after the other, sharing the time.
fuzz_all() {
  local folder=$1 minutes=$2 most=$3 target seconds
  seconds=$(((minutes * 60 + ${#FUZZ_TARGETS[@]} - 1) / ${#FUZZ_TARGETS[@]}))
  printf '%-12s %12s %8s %8s\n' target executions edges MiB
  for target in "${FUZZ_TARGETS[@]}"; do
    step "$folder $target" fuzz_one "$folder" "$target" -max_total_time="$seconds" -rss_limit_mb="$most"
    fuzz_row "$target" "$LOGS/$folder-$target.log"
  done
}

# fuzz_row TARGET LOG: a line of the table.
fuzz_row() {
  awk -v target="$1" '/number_of_executed_units/ { n = $2 } /peak_rss_mb/ { m = $2 }
    / cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") edges = $(i + 1) }
    END { printf "%-12s %12d %8d %8d\n", target, n, edges, m }' "$2"
}

# fuzz [MINUTES] (1)
fuzz() {
  need_cpp
  step "fuzz build" fuzz_build fuzz
  fuzz_all fuzz "${1:-1}" 1024
}

# sanitize [MINUTES] (2): the same under AddressSanitizer, the kernels' unsafe code above all.
sanitize() {
  need_cpp
  RUSTC_BOOTSTRAP=1 step "sanitize build" fuzz_build sanitize -Zsanitizer=address
  # Its shadow of memory counts too.
  fuzz_all sanitize "${1:-2}" 2048
}
