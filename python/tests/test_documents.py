"""What is written to be run is run: the notebook, and the code of the pages."""

import importlib.util
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import ROOT


def blocks(page):
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)


def engine_of(block):
    """The library that a piece of code calls the package from."""
    return next(name for name in ENGINES if name in block)


ENGINES = ("pyspark", "pyflink", "ray", "duckdb", "polars")
CODE = [
    pytest.param(block, id=f"{page}: {engine_of(block)}")
    for page in ("python/README.md", "docs/scale.md")
    for block in blocks(page)
]


def test_the_notebook_scores_explains_and_plots():
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(ROOT / "python/notebooks/posts.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "commit it without outputs"
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    kinds = [kind for output in outputs for kind in output.get("data", {})]
    assert kinds.count("image/png") == 3
    assert "text/html" in kinds


@pytest.mark.parametrize("block", CODE)
def test_the_code_of_the_pages_runs(block, tmp_path, monkeypatch, posts, request):
    engine = engine_of(block)
    if importlib.util.find_spec(engine) is None:
        pytest.skip(f"{engine} is not installed")
    if engine == "pyspark":
        request.getfixturevalue("session")
    monkeypatch.chdir(tmp_path)
    rows = [{"text": post["post"]["text"], "followers": i} for i, post in enumerate(posts[:20])]
    pq.write_table(pa.Table.from_pylist(rows), "posts.parquet")
    # An engine may run in another folder than this.
    for name in ("posts.parquet", "scores"):
        block = block.replace(f'"{name}"', f'"{tmp_path / name}"')
    exec(compile(block, "page", "exec"), {"__name__": "page"})
    if (tmp_path / "scores").exists():
        found = pq.read_table("scores").sort_by("followers")["bsmv"].to_pylist()
        assert len(found) == len(rows)
        assert None not in found
