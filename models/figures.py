"""Writes the tables of a bundle's pages from what `bsmv eval --json` printed. Needs Python 3.9 alone.

    python3 models/figures.py models/bsmv-base

reads figures.ndjson, a line for each figure; where one was measured twice, the later line counts. In figures.md it
replaces what stands between the lines `<!-- eval: TASK -->` and `<!-- /eval -->`; TASK is the `task` of the figures, or
ends in `.*` for all tasks that begin so, and `*` is the place of those that have none of their own. In README.md it
replaces what stands between `<!-- eval -->` and `<!-- /eval -->` by the figures of CARD. A place without a figure is an
error, and nothing is written.
"""

import json
import pathlib
import re
import sys

BLOCK = re.compile(r"^(<!-- eval: ([^\n]*) -->\n)(.*?)^(<!-- /eval -->)$", re.DOTALL | re.MULTILINE)
CARD_BLOCK = re.compile(r"^(<!-- eval -->\n)(.*?)^(<!-- /eval -->)$", re.DOTALL | re.MULTILINE)

# The place of tasks that have none of their own.
REST = "*"
# A bar inside a cell.
BAR = "\\|"

NGRAMS = "character n-grams"
NAME = "name found"
SO_FAR = "size so far"
FORMULA = "so far"

# The few figures of the card: what it is of, the name that the card gives the metric, then task, slice and metric as
# `bsmv eval` calls them, and the simpler method beside it.
CARD = [
    ("real posts of 2018-2025, label of three", "accuracy", "today", "real_posts: all", "label", NGRAMS),
    ("the same, sign of those with one", "share", "today", "real_posts: all", "sign", NGRAMS),
    ("our own posts, Chinese, label", "share", "today", "own_posts: zh", "label", NGRAMS),
    ("our own posts, English, label", "share", "today", "own_posts: en", "label", NGRAMS),
    ("one of two names praised, one blamed: the right one better off", "share (chance 0.5)",
     "today", "own_posts, towards: praised and blamed", "right_order", None),
    ("the name that a comparison prefers, Chinese", "share (chance 0.5)", "today", "zh_comparative", "preference", None),
    ("the same in English (CompSent-19)", "share (chance 0.5)", "today", "en_compsent", "preference", None),
    ("ironic or not, real posts", "AUC", "irony", "real_posts", "auc", None),
    ("kind of post, 14 kinds, real posts", "accuracy", "kind", "real_posts", "accuracy", NGRAMS),
    ("sentiment, Chinese posts and reviews", "accuracy", "sentiment", "zh_weibo+zh_review", "accuracy", NGRAMS),
    ("sentiment, Chinese posts, three classes", "macro-F1", "sentiment", "zh_weibo_emotion", "macro_f1", NGRAMS),
    ("sentiment, English tweets", "macro-recall", "sentiment", "en_tweet_sentiment", "macro_recall", NGRAMS),
    ("sentiment towards a brand, English", "macro-F1", "sentiment", "en_brand_sentiment, towards", "macro_f1", NGRAMS),
    ("emotion, Chinese, ten classes", "macro-F1", "emotion", "zh_weibo_emotion", "macro_f1", NGRAMS),
    ("emotion, English, 28 classes", "macro-F1", "emotion", "en_emotion", "macro_f1", NGRAMS),
    ("relevance to a brand never trained on", "AUC", "relevance", "en_brand_sentiment, described", "auc", NAME),
    ("relevance, against posts people labelled irrelevant", "AUC", "relevance", "against labelled irrelevant", "auc", NAME),
    ("size of a Weibo cascade, D, from a draft", "R2", "diffusion.d", "weibo 0 s", "r2", SO_FAR),
    ("the same after 1 h", "R2", "diffusion.d", "weibo 3600 s", "r2", SO_FAR),
    ("size of a cascade on X, D, from a draft", "R2", "diffusion.d", "x 0 s", "r2", SO_FAR),
    ("the score on Weibo, from a draft", "points off, mean", "bsmv.bsmv", "weibo 0 s", "mae", FORMULA),
    ("the same after 1 h", "points off, mean", "bsmv.bsmv", "weibo 3600 s", "mae", FORMULA),
    ("the same after 24 h", "points off, mean", "bsmv.bsmv", "weibo 86400 s", "mae", FORMULA),
    ("reads like an advertisement, 100 posts labelled by hand", "AUC", "advert", "fixtures", "auc", "cues alone"),
    ("s when a word that shouldn't matter is exchanged", "mean change", "audit", "all", "mean |ds|", None),
    ("s towards each of two brands in one sentence, English", "right sign (chance 0.5)", "audit, rivals", "en", "right sign", None),
    ("the same in Chinese", "right sign (chance 0.5)", "audit, rivals", "zh", "right sign", None),
    ("the better of the two above the other, English", "share (chance 0.5)", "audit, rivals", "en", "told apart", None),
    ("the same in Chinese", "share (chance 0.5)", "audit, rivals", "zh", "told apart", None),
    ("sarcasm read as it is meant, ten texts in English", "share", "audit, moods", "sarcasm, en", "right sign", None),
    ("ten in Chinese", "share", "audit, moods", "sarcasm, zh", "right sign", None),
]  # fmt: skip


def number(value):
    """Three decimals; `-` where a figure is undefined (JSON has null for it)."""
    return "-" if value is None else f"{value:.3f}"


def cell(row):
    """A figure with its 95 % interval."""
    return f"{number(row['value'])} [{number(row['low'])}, {number(row['high'])}]"


def line(cells):
    """A line of a Markdown table."""
    return f"| {' | '.join(text.replace('|', BAR) for text in cells)} |\n"


def matches(pattern, task):
    """Whether the place named `pattern` is the place of `task`."""
    return task.startswith(pattern[:-1]) if pattern.endswith(".*") else task == pattern


def read(folder):
    """All figures in their order, each once. What 8 bits change is the model alone: baselines are the same in both."""
    rows = {}
    for text in (folder / "figures.ndjson").read_text().splitlines():
        row = json.loads(text)
        if row["precision"] == "int8":
            if row["method"] != "model":
                continue
            row["method"] = "model, int8"
        key = (row["split"], row["task"], row["slice"], row["metric"], row["method"])
        rows.pop(key, None)
        rows[key] = row
    return list(rows.values())


def table(rows):
    """A table of one task: a line for each slice and method, a column for each metric."""
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    slices = {}
    for row in rows:
        slices.setdefault(row["slice"], {}).setdefault(row["method"], {})[row["metric"]] = row
    lines = [["of", "n", "method", *metrics], ["---"] * (3 + len(metrics))]
    for name, methods in slices.items():
        before = ("", "")
        for method, found in methods.items():
            counts = dict.fromkeys(str(found[metric]["n"]) for metric in metrics if metric in found)
            head = (name, " / ".join(counts))
            shown = ["" if now == above else now for now, above in zip(head, before)]
            lines.append([*shown, method, *(cell(found[metric]) if metric in found else "" for metric in metrics)])
            before = head
    return "".join(map(line, lines))


def tables(rows):
    """A table for each task, bundle and split, below a line that names them."""
    of = list(dict.fromkeys((row["task"], row["bundle"], row["split"]) for row in rows))
    parts = []
    for task, bundle, split in of:
        here = [row for row in rows if (row["task"], row["bundle"], row["split"]) == (task, bundle, split)]
        parts.append(f"`{task}`, {bundle}, {split} split:\n\n{table(here)}")
    return "\n".join(parts)


def page(text, rows):
    """figures.md with new tables."""
    places = [match[2] for match in BLOCK.finditer(text)]

    def home(task):
        return next((place for place in places if matches(place, task)), REST)

    homes = {row["task"]: home(row["task"]) for row in rows}
    if REST not in places:
        sys.exit(f"figures.md has no place for what has none of its own: add <!-- eval: {REST} --> and <!-- /eval -->")

    def block(match):
        found = [row for row in rows if homes[row["task"]] == match[2]]
        if not found and match[2] != REST:
            sys.exit(f"figures.md has a place for {match[2]}, and figures.ndjson no figure of it")
        return match[1] + tables(found) + match[4]

    return BLOCK.sub(block, text)


def card(text, rows):
    """The card with its few figures; those of another split than test have its name beside them."""

    def figure(*wanted):
        found = [row for row in rows if tuple(row[key] for key in ("task", "slice", "metric", "method")) == wanted]
        if not found:
            sys.exit(f"figures.ndjson has no figure of {', '.join(wanted)}, which the card wants")
        return next((row for row in found if row["split"] == "test"), found[-1])

    lines = [["what", "figure", "model", "beside it"], ["---"] * 4]
    bundles = {}
    for what, name, task, slice_, metric, beside in CARD:
        model = figure(task, slice_, metric, "model")
        other = f"{beside} {cell(figure(task, slice_, metric, beside))}" if beside else ""
        split = "" if model["split"] == "test" else f" ({model['split']})"
        lines.append([what + split, name, cell(model), other])
        bundles[model["bundle"]] = None
    written = f"{', '.join(bundles)}:\n\n" + "".join(map(line, lines))
    if not CARD_BLOCK.search(text):
        sys.exit("README.md has no place for its figures: add <!-- eval --> and <!-- /eval -->")
    return CARD_BLOCK.sub(lambda match: match[1] + written + match[3], text)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    rows = read(folder)
    pages = {name: render((folder / name).read_text(), rows) for name, render in (("figures.md", page), ("README.md", card))}
    for name, text in pages.items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    main()
