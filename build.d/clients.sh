# The Python client of the API: part of build.sh, which reads it for `clients`. The TypeScript client is
# www/bsmv/client.js, in the npm package.

readonly CLIENT_GENERATOR=openapi-python-client==0.29.1

install_client_generator() {
  rm -rf target/clients
  python3 -m venv target/clients/venv
  target/clients/venv/bin/python -m pip install "$CLIENT_GENERATOR"
  echo "$CLIENT_GENERATOR" >target/clients/.installed
}

generate_client() {
  local bin=target/clients/venv/bin
  "$bin/python" python/client/describe.py <www/api/openapi.json >target/clients/api.json
  "$bin/openapi-python-client" generate --path target/clients/api.json --config python/client/config.yml \
    --output-path target/clients/python --overwrite --fail-on-warning
  # What it makes reads a field `d`, which the API has, into the variable that holds all fields.
  sed -i -E 's/\bd = dict\(src_dict\)/fields = dict(src_dict)/; s/\bd\.(pop|items)\(/fields.\1(/; s/additional_properties = d$/additional_properties = fields/' \
    target/clients/python/bsmv_client/models/*.py
  "$bin/python" -m pip install --force-reinstall --no-deps target/clients/python
}

# python_client PROGRAM: makes the Python client in target/clients/python, and works with it.
python_client() {
  need_pip
  [[ -f target/clients/.installed && $(<target/clients/.installed) == "$CLIENT_GENERATOR" ]] ||
    step "install the client generator" install_client_generator
  step "python client" generate_client
  step "a day with the client" target/clients/venv/bin/python python/client/first_day.py "$1"
}

clients() {
  need_c
  step "server build" build_server
  python_client target/serve/release/bsmv
}
