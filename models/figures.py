"""Writes the tables of a bundle's figures.md from what `bsmv eval --json` printed. Needs Python 3.9 alone.

    python3 models/figures.py models/bsmv-base

reads figures.json and, if it is there, figures_int8.json (the same at `--precision int8`). In figures.md it replaces
what stands between the lines `<!-- eval: TASK -->` and `<!-- /eval -->`; TASK is the `task` of the rows, or ends in
`.*` for all tasks that begin so. A task that figures.md has no place for is an error, and nothing is written.
"""

import json
import pathlib
import re
import sys

BLOCK = re.compile(r"^(<!-- eval: ([^\n]*) -->\n)(.*?)^(<!-- /eval -->)$", re.DOTALL | re.MULTILINE)


def number(value):
    """Three decimals; `-` where a figure is undefined (JSON has null for it)."""
    return "-" if value is None else f"{value:.3f}"


def cell(row):
    """A figure with its 95 % interval."""
    return f"{number(row['value'])} [{number(row['low'])}, {number(row['high'])}]"


def matches(pattern, task):
    """Whether the place named `pattern` is the place of `task`."""
    return task.startswith(pattern[:-1]) if pattern.endswith(".*") else task == pattern


def table(rows):
    """A Markdown table: a line for each task, slice and metric, a column for each method."""
    methods = list(dict.fromkeys(row["method"] for row in rows))
    keys = list(dict.fromkeys((row["task"], row["slice"], row["metric"], row["n"]) for row in rows))
    figures = {(row["task"], row["slice"], row["metric"], row["n"], row["method"]): cell(row) for row in rows}
    lines = [["task", "texts", "figure", "n", *methods], ["---"] * (4 + len(methods))]
    for key in keys:
        lines.append([*map(str, key), *(figures.get((*key, method), "") for method in methods)])
    if len({task for task, *_ in keys}) == 1:
        lines = [line[1:] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def rows_of(folder):
    """Rows at f32, then those of the model at int8; baselines are the same in both."""
    rows = json.loads((folder / "figures.json").read_text())
    int8 = folder / "figures_int8.json"
    if int8.is_file():
        others = json.loads(int8.read_text())
        # What compares both precisions stands among the first rows already.
        others = [row for row in others if row["method"] == "model" and row["task"] != "int8 against f32"]
        rows += [{**row, "method": "model, int8"} for row in others]
    return rows


def renewed(page, rows):
    """The page with new tables for all tasks that there are rows of."""
    places = [match[2] for match in BLOCK.finditer(page)]
    homeless = sorted({row["task"] for row in rows if not any(matches(place, row["task"]) for place in places)})
    if homeless:
        sys.exit(f"figures.md has no place for {', '.join(homeless)}: add <!-- eval: TASK --> and <!-- /eval -->")

    def block(match):
        found = [row for row in rows if matches(match[2], row["task"])]
        return match[1] + (table(found) if found else match[3]) + match[4]

    return BLOCK.sub(block, page)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    page = folder / "figures.md"
    page.write_text(renewed(page.read_text(), rows_of(folder)))


if __name__ == "__main__":
    main()
