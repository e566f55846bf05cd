#!/usr/bin/env bash
# Sets up, builds, serves and tests everything. `./build.sh` alone lists what it can do.
# One line per step with its seconds; the whole output of each is in target/logs/.
set -euo pipefail
cd "$(dirname "$0")"

readonly WASM_TARGET=wasm32-unknown-unknown
readonly ARM_TARGET=aarch64-unknown-linux-gnu
readonly LOGS=target/logs
readonly BIN=www/node_modules/.bin
# AbortSignal.any came with it.
readonly NODE_AT_LEAST=20.3
# Most bytes of the modules for browsers, after brotli: the scorer, and the importer.
readonly MODULE_CEILING=400000
readonly IMPORTER_CEILING=400000
# What rustc's target already uses, so that wasm-opt can read and write it.
readonly WASM_FEATURES=(--enable-simd --enable-bulk-memory --enable-nontrapping-float-to-int
  --enable-sign-ext --enable-mutable-globals --enable-reference-types --enable-multivalue)
# The first kilobyte of memory is the very end of the stack (rustc puts that first), so that an address
# plus a constant never wraps around to something there: it can go into a load or store as its offset.
readonly WASM_OPT=(-O3 --low-memory-unused "${WASM_FEATURES[@]}")

usage() {
  cat <<'END'
./build.sh serve     set up, build, and serve page and API on 127.0.0.1:8080
./build.sh quick     check format, clippy and unit tests: for after each change
./build.sh test      set up, and run every check and test
./build.sh wasm      build the modules for browsers into www/pkg, print their sizes and check them
./build.sh native    build target/release/bsmv
./build.sh package   build the npm package into target/
./build.sh release   build what is installed elsewhere, an archive and a Debian package, into target/dist
./build.sh deny      check the licences, sources and bans of all packages, as deny.toml says
./build.sh extension build the browser extension into target/extension, and a zip of it
./build.sh python    build the Python wheel into target/python/wheels, and test it
./build.sh spark-test test it on PySpark; installs a Java runtime if there is none
./build.sh fuzz      feed all that reads bytes from outside with what nobody would send: fuzz [minutes]
./build.sh sanitize  the same under AddressSanitizer, the kernels too: sanitize [minutes]
./build.sh schemathesis send a server all that its description allows, and what not: schemathesis [examples]
./build.sh clients   make the Python client of the API, and work with it as on a first day
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
    tests=$(awk '/^test result: ok\./ { n += $4 } /^ℹ pass / { n += $3 }
      /^[0-9]+ passed.* in / { n += $1 } END { print n + 0 }' "$log")
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

# SQLite and ring are C, which their packages compile.
need_c() {
  need_rust
  command -v "${CC:-cc}" >/dev/null || missing "a C compiler" "Install gcc or clang, or set CC to the path of one."
}

# libFuzzer is C++.
need_cpp() {
  need_c
  command -v "${CXX:-c++}" >/dev/null || missing "a C++ compiler" "Install g++ or clang, or set CXX to the path of one."
}

need_curl() {
  command -v curl >/dev/null || missing "curl" "Install it: the commands of docs/running.md are run with it."
}

has_std() {
  compgen -G "$(rustc --print sysroot)/lib/rustlib/$1/lib/libstd-*.rlib" >/dev/null
}

# need_std TARGET: Rust's standard library for another kind of machine.
need_std() {
  need_rust
  has_std "$1" && return
  command -v rustup >/dev/null && step "std for $1" rustup target add "$1"
  has_std "$1" || missing "Rust's standard library for $1" \
    "Get it with 'rustup target add $1', or as your system packages it, of the version of rustc."
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
  command -v python3 >/dev/null || missing "Python 3" "Install it (python.org)."
}

need_pip() {
  python3 -m pip --version >/dev/null 2>&1 || missing "Python 3 with pip" "Install it (python.org)."
}

# from_pypi NAME PACKAGE...: installs packages of PyPI into target/NAME, unless they are there.
from_pypi() {
  local name=$1 stamp=target/$1/.installed
  shift
  [[ -f $stamp && $(<"$stamp") == "$*" ]] && return
  need_pip
  rm -rf "target/$name"
  step "$name" python3 -m pip install --no-deps --target "target/$name" "$@"
  echo "$*" >"$stamp"
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
  need_std "$WASM_TARGET"
  need_node
  need_bindgen
}

# --- builds -----------------------------------------------------------------------------------

# Two modules: the scorer, and the importer that a page loads when it is given a file.
build_module() {
  local module=target/$WASM_TARGET/wasm/bsmv.wasm stamp=www/pkg/.made-from made_from
  local importer=target/importer/$WASM_TARGET/wasm/bsmv.wasm
  cargo build --profile wasm --lib --no-default-features --target "$WASM_TARGET"
  cargo build --profile wasm --lib --no-default-features --features import --target "$WASM_TARGET" \
    --target-dir target/importer --config 'profile.wasm.opt-level="s"'
  made_from=$(cat "$module" "$importer" target/tools/release/bindgen www/package-lock.json \
    www/tools/{constants,integrity}.mjs build.sh | sha256sum)
  [[ -f $stamp && $(<"$stamp") == "$made_from" ]] && return
  rm -rf www/pkg
  target/tools/release/bindgen "$module" www/pkg bsmv
  target/tools/release/bindgen "$importer" www/pkg importer
  "$BIN/wasm-opt" "${WASM_OPT[@]}" www/pkg/bsmv_bg.wasm -o www/pkg/bsmv_bg.wasm
  "$BIN/wasm-opt" "${WASM_OPT[@]}" -Os www/pkg/importer_bg.wasm -o www/pkg/importer_bg.wasm
  node www/tools/integrity.mjs
  node www/tools/constants.mjs
  echo "$made_from" >"$stamp"
}

# The page in www/dist: hashed bundles, which the server lets browsers keep for good.
build_page() {
  "$BIN/vite" build --config www/vite.config.js
  node www/tools/compress.mjs models/bsmv-base www/dist/assets
}

# The browser extension in target/extension, with module and 8-bit model: it loads nothing.
build_extension() {
  node www/extension/build.mjs
}

need_zip() {
  command -v zip >/dev/null || missing "zip" "Install it, as your system packages it."
}

# As stores take it.
zip_extension() {
  rm -f target/bsmv-extension.zip
  (cd target/extension && zip -qr ../bsmv-extension.zip .)
}

# The kernels alone, to be tested where browsers run them.
build_kernels() {
  cargo build --profile wasm --lib --target "$WASM_TARGET" --target-dir target \
    --manifest-path www/tests/kernels/Cargo.toml
}

# What a browser downloads of code: printed, and more than the ceiling fails.
print_size() {
  node www/tools/size.mjs "$MODULE_CEILING" "$IMPORTER_CEILING"
}

wasm() {
  setup_wasm
  step "wasm build" build_module
  print_size
}

native() {
  need_c
  step "native build" cargo build --release
}

build_server() {
  cargo build --release --no-default-features --features server --target-dir target/serve
}

# Serves from a program without training, whose dependencies take longest to build. It has a folder of its
# own: two sets of features in one would have the library compiled anew whenever the other was built last.
serve() {
  need_c
  wasm
  step "page" build_page
  step "server build" build_server
  exec target/serve/release/bsmv serve "$@"
}

# --- tests ------------------------------------------------------------------------------------

format_check() {
  cargo fmt --check
  cargo fmt --check --manifest-path www/bindgen/Cargo.toml
  cargo fmt --check --manifest-path www/bench/forward/Cargo.toml
  cargo fmt --check --manifest-path www/tests/kernels/Cargo.toml
  cargo fmt --check --manifest-path www/bench/encoder/Cargo.toml
  cargo fmt --check --manifest-path fuzz/Cargo.toml
  cargo fmt --check --manifest-path python/Cargo.toml
}

js_types() {
  # A field with a default may be left out of a request.
  "$BIN/openapi-typescript" www/api/openapi.json --default-non-nullable=false --root-types -o www/pkg/api.d.ts
  "$BIN/tsc" --project www
}

# The npm package as it is published, in target/npm: library, edge worker, module, 8-bit model,
# types, and the reference made from them. The element has Lit inside: nothing to install with it.
js_package() {
  local stage=target/npm name
  rm -rf "$stage"
  mkdir -p "$stage/model"
  cp -r www/npm/package.json www/npm/README.md CHANGELOG.md LICENSE \
    www/bsmv www/edge www/pkg "$stage"
  rm -r "$stage/pkg/.made-from" "$stage/bsmv/element"
  "$BIN/esbuild" www/bsmv/element.js --bundle --format=esm --target=es2023 --minify --log-level=warning \
    --legal-comments=inline --external:*/session.js --external:*/shared-scorer.js --allow-overwrite \
    --outfile="$stage/bsmv/element.js"
  # The module's types use Symbol.dispose, which not every project's library has.
  sed -i '1i /// <reference lib="esnext.disposable" />' "$stage/pkg/bsmv.d.ts"
  for name in manifest.json README.md tokenizer.json heads.safetensors diffusion.safetensors encoder_int8.safetensors; do
    cp "models/bsmv-base/$name" "$stage/model"
  done
  "$BIN/tsc" --project www/npm
  cp www/npm/element.d.ts "$stage/bsmv"
  "$BIN/typedoc" --options www/npm/typedoc.json --treatWarningsAsErrors
}

js_lint() {
  cd www
  node_modules/.bin/biome ci --error-on-warnings .
}

js_tests() {
  node --test --test-reporter=spec www/tests/*.test.mjs
}

# What each kind of build is made of: all of it, each smaller set of features, each kind of machine.
lint() {
  local features
  step "clippy native" cargo clippy --release --all-targets -- -D warnings
  for features in cli server; do
    step "clippy $features" cargo clippy --release --no-default-features --features "$features" -- -D warnings
  done
  step "clippy wasm" cargo clippy --profile wasm --lib --no-default-features --target "$WASM_TARGET" -- -D warnings
  step "clippy importer" cargo clippy --profile wasm --lib --no-default-features --features import \
    --target "$WASM_TARGET" -- -D warnings
  step "clippy aarch64" cargo clippy --release --lib --no-default-features --target "$ARM_TARGET" -- -D warnings
  step "docs" env RUSTDOCFLAGS=-Dwarnings cargo doc --release --no-deps
  step "js lint" js_lint
}

# For after each change: what takes no browser and no optimised build.
quick() {
  need_c
  need_node
  step "format" format_check
  step "js lint" js_lint
  step "clippy" cargo clippy --all-targets -- -D warnings
  step "unit tests" cargo test --lib --bins
}

all_tests() {
  setup_wasm
  need_std "$ARM_TARGET"
  need_chromium
  need_python
  need_c
  need_curl
  step "format" format_check
  lint
  source build.d/release.sh
  deny
  step "native tests" cargo test --release
  native
  step "wasm build" build_module
  # After the build: the types of the module are made by it.
  step "js types" js_types
  step "page" build_page
  step "js package" js_package
  step "extension" build_extension
  step "kernels for wasm" build_kernels
  step "js tests" js_tests
  source build.d/python.sh
  python_wheel
  source build.d/clients.sh
  python_client target/release/bsmv
  source build.d/fuzz.sh
  fuzz 1
  print_size
  echo
  printf '%s\n' "${report[@]}"
  printf '%-28s %8s s\n' "all" "$SECONDS"
  echo "$passed passed, 0 failed"
}

verb=${1:-help}
shift || true
case $verb in
  serve) serve "$@" ;;
  quick) quick ;;
  test) all_tests ;;
  wasm) wasm ;;
  native) native ;;
  package)
    wasm
    step "js types" js_types
    step "js package" js_package
    (cd target && npm pack ./npm)
    ;;
  release)
    source build.d/release.sh
    release
    ;;
  deny)
    source build.d/release.sh
    deny
    ;;
  extension)
    need_zip
    wasm
    step "extension" build_extension
    step "extension zip" zip_extension
    ls -l target/bsmv-extension.zip
    ;;
  python)
    source build.d/python.sh
    python_wheel
    ;;
  spark-test)
    source build.d/python.sh
    spark_test
    ;;
  fuzz)
    source build.d/fuzz.sh
    fuzz "$@"
    ;;
  sanitize)
    source build.d/fuzz.sh
    sanitize "$@"
    ;;
  schemathesis)
    source build.d/schemathesis.sh
    schemathesis "$@"
    ;;
  clients)
    source build.d/clients.sh
    clients
    ;;
  bench)
    source build.d/bench.sh
    bench
    ;;
  cuda-check)
    source build.d/cuda.sh
    cuda_check
    ;;
  gpu-test)
    source build.d/cuda.sh
    gpu_test "$@"
    ;;
  setup)
    setup_wasm
    need_std "$ARM_TARGET"
    need_chromium
    need_python
    ;;
  help | -h | --help) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
