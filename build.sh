#!/usr/bin/env bash
# Sets up, builds, serves and tests everything. `./build.sh` alone lists what it can do.
# One line per step with its seconds; the whole output of each is in target/logs/.
set -euo pipefail
cd "$(dirname "$0")"

readonly WASM_TARGET=wasm32-unknown-unknown
readonly LOGS=target/logs
readonly BIN=www/node_modules/.bin
# AbortSignal.any came with it.
readonly NODE_AT_LEAST=20.3
# Most bytes of the module for browsers, after brotli.
readonly MODULE_CEILING=400000
# The parts of CUDA that compile kernels, as PyPI has them.
readonly CUDA=(nvidia-cuda-nvcc==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-crt==13.0.88
  nvidia-cuda-runtime==13.0.96 nvidia-cuda-cccl==13.0.85)
# What rustc's target already uses, so that wasm-opt can read and write it.
readonly WASM_FEATURES=(--enable-simd --enable-bulk-memory --enable-nontrapping-float-to-int
  --enable-sign-ext --enable-mutable-globals --enable-reference-types --enable-multivalue)
# The first kilobyte of memory is the very end of the stack (rustc puts that first), so that an address
# plus a constant never wraps around to something there: it can go into a load or store as its offset.
readonly WASM_OPT=(-O3 --low-memory-unused "${WASM_FEATURES[@]}")

usage() {
  cat <<'END'
./build.sh serve     set up, build, and serve page and API on 127.0.0.1:8080
./build.sh test      set up, and run every check and test
./build.sh wasm      build the module for browsers into www/pkg, print its size and check it
./build.sh native    build target/release/bsmv
./build.sh package   build the npm package into target/
./build.sh bench     measure scores, the encoder beside other runtimes, the graph network and the store:
                     natively, in Node, Chromium and workerd; writes the tables of benches/README.md
./build.sh cuda-check fetch nvcc from PyPI, and check the CUDA build (ten minutes; no GPU needed)
./build.sh gpu-test  compare CUDA with the CPU; exits 3 where there is no GPU
./build.sh setup     only install what the others need
END
}

# missing WHAT HOW: one line, and the end.
missing() {
  echo "missing: $1. $2" >&2
  exit 1
}

report=()
passed=0

# step NAME COMMAND…: runs it into a log, which is shown if it fails.
step() {
  local name=$1 log status=0 begin=$EPOCHREALTIME seconds tests=
  shift
  log="$LOGS/${name// /-}.log"
  mkdir -p "$LOGS"
  # A process of its own: inside `|| …` bash would ignore -e in a function.
  (set -euo pipefail; "$@") >"$log" 2>&1 </dev/null &
  wait $! || status=$?
  seconds=$(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
  if ((status != 0)); then
    cat "$log" >&2
    printf '%-28s failed after %s s, log in %s\n' "$name" "$seconds" "$log" >&2
    exit 1
  fi
  if [[ $name == *tests ]]; then
    tests=$(awk '/^test result: ok\./ { n += $4 } /^ℹ pass / { n += $3 } END { print n + 0 }' "$log")
    ((tests > 0)) || { echo "$name: no test ran, log in $log" >&2; exit 1; }
    ((passed += tests))
  fi
  report+=("$(printf '%-28s %8s s%s' "$name" "$seconds" "${tests:+  $tests passed}")")
  printf '%s\n' "${report[-1]}"
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# --- what the builds need ---------------------------------------------------------------------

need_rust() {
  command -v cargo >/dev/null || missing "Rust" "Install it with rustup (rustup.rs); any machine will do."
}

has_wasm_std() {
  compgen -G "$(rustc --print sysroot)/lib/rustlib/$WASM_TARGET/lib/libstd-*.rlib" >/dev/null
}

need_wasm_std() {
  need_rust
  has_wasm_std && return
  command -v rustup >/dev/null && step "wasm standard library" rustup target add "$WASM_TARGET"
  has_wasm_std || missing "Rust's standard library for $WASM_TARGET" \
    "Get it with 'rustup target add $WASM_TARGET', or as your system packages it, of the version of rustc."
}

# version_of PACKAGE LOCKFILE
version_of() {
  awk -v name="name = \"$1\"" '$0 == name { getline; gsub(/"/, ""); print $3 }' "$2"
}

need_bindgen() {
  local wanted has
  wanted=$(version_of wasm-bindgen Cargo.lock)
  has=$(version_of wasm-bindgen-cli-support www/bindgen/Cargo.lock)
  [[ $wanted == "$has" ]] || missing "wasm-bindgen $wanted for www/bindgen, which has $has" \
    "Set it in www/bindgen/Cargo.toml and run 'cargo update' there."
  step "wasm-bindgen" cargo build --release --locked --manifest-path www/bindgen/Cargo.toml \
    --target-dir target/tools
}

need_node() {
  local version
  version=$(node --version 2>/dev/null) || missing "Node.js" "Install version $NODE_AT_LEAST or newer (nodejs.org)."
  version=${version#v}
  printf '%s\n' "$NODE_AT_LEAST" "$version" | sort -V -C ||
    missing "Node.js $NODE_AT_LEAST or newer" "Here is $version: install a newer one (nodejs.org)."
  command -v npm >/dev/null || missing "npm" "It comes with Node.js (nodejs.org)."
  local stamp=www/node_modules/.installed
  cmp -s www/package-lock.json "$stamp" && return
  step "node packages" npm ci --ignore-scripts --prefix www
  cp www/package-lock.json "$stamp"
}

need_python() {
  python3 -m pip --version >/dev/null 2>&1 || missing "Python 3 with pip" "Install it (python.org)."
}

has_chromium() {
  local name
  [[ -n ${CHROMIUM:-} ]] && return
  for name in chromium chromium-browser google-chrome chrome; do
    command -v "$name" >/dev/null && return
  done
  return 1
}

install_chromium() {
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get update -qq
  as_root apt-get install -y -qq --no-install-recommends chromium
}

need_chromium() {
  has_chromium && return
  command -v apt-get >/dev/null && step "chromium" install_chromium
  has_chromium || missing "Chromium" "Install it, or set CHROMIUM to the path of one."
}

setup_wasm() {
  need_wasm_std
  need_node
  need_bindgen
}

# --- builds -----------------------------------------------------------------------------------

build_module() {
  local module=target/$WASM_TARGET/wasm/bsmv.wasm stamp=www/pkg/.made-from made_from
  cargo build --profile wasm --lib --no-default-features --target "$WASM_TARGET"
  made_from=$(cat "$module" target/tools/release/bindgen www/package-lock.json www/tools/integrity.mjs build.sh |
    sha256sum)
  [[ -f $stamp && $(<"$stamp") == "$made_from" ]] && return
  rm -rf www/pkg
  target/tools/release/bindgen "$module" www/pkg
  "$BIN/wasm-opt" "${WASM_OPT[@]}" www/pkg/bsmv_bg.wasm -o www/pkg/bsmv_bg.wasm
  node www/tools/integrity.mjs
  echo "$made_from" >"$stamp"
}

# The kernels alone, to be tested where browsers run them.
build_kernels() {
  cargo build --profile wasm --lib --target "$WASM_TARGET" --target-dir target \
    --manifest-path www/tests/kernels/Cargo.toml
}

# The graph network alone, for its benchmark.
build_forward() {
  cargo build --profile wasm --lib --target "$WASM_TARGET" --target-dir target \
    --manifest-path www/bench/forward/Cargo.toml
  target/tools/release/bindgen "target/$WASM_TARGET/wasm/forward.wasm" target/forward
  "$BIN/wasm-opt" "${WASM_OPT[@]}" target/forward/bsmv_bg.wasm -o target/forward/bsmv_bg.wasm
}

# Any BERT beside the whole scorer, for the benchmarks beside other runtimes.
build_encoder() {
  cargo build --profile wasm --lib --target "$WASM_TARGET" --target-dir target \
    --manifest-path www/bench/encoder/Cargo.toml
  local out=target/bench/module
  target/tools/release/bindgen "target/$WASM_TARGET/wasm/encoder.wasm" "$out"
  "$BIN/wasm-opt" "${WASM_OPT[@]}" "$out/bsmv_bg.wasm" -o "$out/bsmv_bg.wasm"
}

# The runtimes to compare with, and the models and texts that all read.
need_peers() {
  local venv=target/bench/venv peers=www/bench/peers
  need_python
  mkdir -p target/bench
  if ! cmp -s benches/requirements.txt "$venv/.installed"; then
    step "python peers" install_python_peers "$venv"
    cp benches/requirements.txt "$venv/.installed"
  fi
  if ! cmp -s "$peers/package-lock.json" "$peers/node_modules/.installed"; then
    step "node peers" npm ci --ignore-scripts --prefix "$peers"
    cp "$peers/package-lock.json" "$peers/node_modules/.installed"
  fi
  step "models and texts" "$venv/bin/python" benches/prepare.py
}

install_python_peers() {
  python3 -m venv --clear "$1"
  # Without what they depend on: the list has all of it, and one would bring PyTorch.
  "$1/bin/pip" install --no-deps -r benches/requirements.txt
}

# What a browser downloads of code: printed, and more than the ceiling fails.
print_size() {
  node www/tools/size.mjs "$MODULE_CEILING"
}

wasm() {
  setup_wasm
  step "wasm build" build_module
  print_size
}

native() {
  need_rust
  step "native build" cargo build --release
}

# --- tests ------------------------------------------------------------------------------------

format_check() {
  cargo fmt --check
  cargo fmt --check --manifest-path www/bindgen/Cargo.toml
  cargo fmt --check --manifest-path www/bench/forward/Cargo.toml
  cargo fmt --check --manifest-path www/tests/kernels/Cargo.toml
  cargo fmt --check --manifest-path www/bench/encoder/Cargo.toml
}

js_types() {
  # A field with a default may be left out of a request.
  "$BIN/openapi-typescript" www/api/openapi.json --default-non-nullable=false --root-types -o www/pkg/api.d.ts
  "$BIN/tsc" --project www
}

# The npm package as it is published, in target/npm: library, edge worker, module, 8-bit model,
# types, and the reference made from them.
js_package() {
  local stage=target/npm name
  rm -rf "$stage"
  mkdir -p "$stage/model"
  cp -r www/npm/package.json www/npm/README.md www/npm/CHANGELOG.md LICENSE \
    www/bsmv www/edge www/pkg "$stage"
  rm "$stage/pkg/.made-from"
  # The module's types use Symbol.dispose, which not every project's library has.
  sed -i '1i /// <reference lib="esnext.disposable" />' "$stage/pkg/bsmv.d.ts"
  for name in manifest.json README.md tokenizer.json heads.safetensors diffusion.safetensors encoder_int8.safetensors; do
    cp "models/bsmv-base/$name" "$stage/model"
  done
  "$BIN/tsc" --project www/npm
  "$BIN/typedoc" --options www/npm/typedoc.json --treatWarningsAsErrors
}

js_lint() {
  cd www
  node_modules/.bin/biome ci --error-on-warnings .
}

js_tests() {
  node --test --test-reporter=spec www/tests/*.test.mjs
}

all_tests() {
  setup_wasm
  need_chromium
  step "format" format_check
  step "clippy native" cargo clippy --release --all-targets -- -D warnings
  step "clippy wasm" cargo clippy --profile wasm --lib --no-default-features --target "$WASM_TARGET" -- -D warnings
  step "js lint" js_lint
  step "native tests" cargo test --release
  native
  step "wasm build" build_module
  # After the build: the types of the module are made by it.
  step "js types" js_types
  step "js package" js_package
  step "kernels for wasm" build_kernels
  step "js tests" js_tests
  print_size
  echo
  printf '%s\n' "${report[@]}"
  printf '%-28s %8s s\n' "all" "$SECONDS"
  echo "$passed passed, 0 failed"
}

install_nvcc() {
  rm -rf target/nvcc
  python3 -m pip install --no-deps --target target/nvcc "${CUDA[@]}"
  echo "${CUDA[*]}" >target/nvcc/.installed
}

# Type-checks what `--features cuda` builds, its kernels compiled: for the oldest card that the
# crate's kernels are written for unless CUDA_COMPUTE_CAP says another.
cuda_check() {
  need_rust
  need_python
  [[ -f target/nvcc/.installed && $(<target/nvcc/.installed) == "${CUDA[*]}" ]] ||
    step "nvcc" install_nvcc
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

bench() {
  wasm
  native
  if compgen -G 'benches/*.rs' >/dev/null; then cargo bench --quiet; fi
  step "js types" js_types
  step "js package" js_package
  # The inspector speaks WebSocket, which Node 20 has behind a flag.
  node --experimental-websocket www/bench/edge.mjs
  need_chromium
  step "graph network for wasm" build_forward
  node www/bench/forward.mjs
  bench_peers
}

bench_peers() {
  local host
  need_peers
  step "encoder for wasm" build_encoder
  for host in chromium node; do
    node www/bench/peers.mjs meaning "$host"
    node www/bench/peers.mjs cold "$host"
    node www/bench/peers.mjs warm "$host"
  done
  target/bench/venv/bin/python benches/native.py
  node www/bench/whole.mjs
  node www/bench/whole.mjs endurance
  node www/bench/table.mjs
}

verb=${1:-help}
shift || true
case $verb in
  serve)
    wasm
    native
    exec target/release/bsmv serve --www www "$@"
    ;;
  test) all_tests ;;
  wasm) wasm ;;
  native) native ;;
  package)
    wasm
    step "js types" js_types
    step "js package" js_package
    (cd target && npm pack ./npm)
    ;;
  bench) bench ;;
  cuda-check) cuda_check ;;
  gpu-test) gpu_test "$@" ;;
  setup)
    setup_wasm
    need_chromium
    ;;
  help | -h | --help) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
