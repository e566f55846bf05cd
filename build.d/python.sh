# The Python wheel, sourced by build.sh: built and tested by `python`, on PySpark by `spark-test`.
# It has a target folder of its own: it shares no compiled package with the program, whose lock,
# features and optimisation are others.

readonly PYTHON_HOME=target/python
readonly PYTHON_VENV=$PYTHON_HOME/venv
readonly SPARK_VENV=$PYTHON_HOME/spark

# need_venv NAME VENV LIST: a Python of its own with the packages of a list.
need_venv() {
  need_python
  cmp -s "$3" "$2/.installed" && return
  step "$1" install_venv "$2" "$3"
  cp "$3" "$2/.installed"
}

install_venv() {
  python3 -m venv --clear "$1"
  "$1/bin/pip" install -r "$2"
}

# The wheel alone in its folder, and in the venv that it was built with.
build_wheel() {
  rm -rf "$PYTHON_HOME/wheels"
  "$PYTHON_VENV/bin/maturin" build --release --locked --manifest-path python/Cargo.toml \
    --target-dir "$PYTHON_HOME" --out "$PYTHON_HOME/wheels"
  install_wheel "$PYTHON_VENV"
}

install_wheel() {
  "$1/bin/pip" install --no-deps --no-index --force-reinstall "$PYTHON_HOME"/wheels/bsmv-*.whl
}

python_lint() {
  cd python
  "../$PYTHON_VENV/bin/ruff" check .
  "../$PYTHON_VENV/bin/ruff" format --check .
  "../$PYTHON_VENV/bin/mypy"
}

# As any folder but python/ has the package: as it was installed.
python_tests() {
  "$PYTHON_VENV/bin/python" -m pytest -q -p no:cacheprovider python/tests
}

spark_tests() {
  BSMV_SPARK=pyspark "$SPARK_VENV/bin/python" -m pytest -q -p no:cacheprovider python/tests/test_spark.py
}

wheel() {
  need_rust
  need_venv "python packages" "$PYTHON_VENV" python/requirements.txt
  step "wheel" build_wheel
}

python_wheel() {
  wheel
  step "python lint" python_lint
  step "python tests" python_tests
  ls -l "$PYTHON_HOME"/wheels/*.whl
}

need_java() {
  command -v java >/dev/null && return
  command -v apt-get >/dev/null && step "java" install_java
  command -v java >/dev/null || missing "Java 17 or newer" "Install a runtime, as your system packages it."
}

install_java() {
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get update -qq
  as_root apt-get install -y -qq --no-install-recommends default-jre-headless
}

spark_test() {
  need_java
  wheel
  need_venv "pyspark" "$SPARK_VENV" python/requirements-spark.txt
  step "wheel for pyspark" install_wheel "$SPARK_VENV"
  step "spark tests" spark_tests
}
