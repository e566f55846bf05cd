# The benchmarks: part of build.sh, which reads it for `./build.sh bench`.

# The graph network alone, for its benchmark.
build_forward() {
  cargo build --profile wasm --lib --target "$WASM_TARGET" --target-dir target \
    --manifest-path www/bench/forward/Cargo.toml
  target/tools/release/bindgen "target/$WASM_TARGET/wasm/forward.wasm" target/forward bsmv
  "$BIN/wasm-opt" "${WASM_OPT[@]}" target/forward/bsmv_bg.wasm -o target/forward/bsmv_bg.wasm
}

# Any BERT beside the whole scorer, for the benchmarks beside other runtimes.
build_encoder() {
  cargo build --profile wasm --lib --target "$WASM_TARGET" --target-dir target \
    --manifest-path www/bench/encoder/Cargo.toml
  local out=target/bench/module
  target/tools/release/bindgen "target/$WASM_TARGET/wasm/encoder.wasm" "$out" bsmv
  "$BIN/wasm-opt" "${WASM_OPT[@]}" "$out/bsmv_bg.wasm" -o "$out/bsmv_bg.wasm"
}

# The runtimes to compare with, and the models and texts that all read.
need_peers() {
  local venv=target/bench/venv peers=www/bench/peers
  need_pip
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
  step "page" build_page
  node www/bench/page.mjs
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
