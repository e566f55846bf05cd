# The API against its description: part of build.sh, which reads it for `schemathesis`.

readonly SCHEMATHESIS=schemathesis==4.32.5

install_schemathesis() {
  rm -rf target/schemathesis
  python3 -m venv target/schemathesis
  target/schemathesis/bin/python -m pip install "$SCHEMATHESIS"
  echo "$SCHEMATHESIS" >target/schemathesis/.installed
}

# ask_everything EXAMPLES: a server with a store of its own is sent so many requests at each endpoint, good
# and bad ones, and no answer may be a fault of the server or other than its description says.
ask_everything() {
  local examples=$1 place server address='' status=0
  place=$(mktemp -d)
  target/serve/release/bsmv serve --addr 127.0.0.1:0 --www www --precision int8 --jobs-waiting 100000 \
    --store "$place/store.db" >"$place/said" &
  server=$!
  while [[ -z $address ]]; do
    kill -0 "$server"
    address=$(sed -n 's/^bsmv listens on //p' "$place/said")
    sleep 0.1
  done
  target/schemathesis/bin/schemathesis --config-file build.d/schemathesis.toml run "$address/v1/openapi.json" --seed 1 --max-examples "$examples" \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance \
    --exclude-path-regex '/rollback$' || status=$?
  kill "$server"
  rm -rf "$place"
  return "$status"
}

# schemathesis [EXAMPLES] (50)
schemathesis() {
  need_c
  need_pip
  [[ -f target/schemathesis/.installed && $(<target/schemathesis/.installed) == "$SCHEMATHESIS" ]] ||
    step "install schemathesis" install_schemathesis
  step "server build" build_server
  step "schemathesis" ask_everything "${1:-50}"
}
