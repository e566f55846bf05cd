"""Two names in one text, one better off than the other: pairs, and the loss that ranks what is said of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F

import data
import sides
from batches import pad, tokenize

LONGEST = 64  # tokens read of either side
EQUAL = 0.1  # weight of a squared difference where the text holds two to be equal
NEGATIVE, POSITIVE = 0, 2


@dataclass
class Ranking:
    """One text read for two names, the one better off first; or for two that it holds to be equal."""

    better: list[int]
    worse: list[int]
    equal: bool = False


def comparisons(folder: Path, split: str) -> Iterator[tuple[str, str, str, str, bool]]:
    """Yields (set, text, name better off, the other name, whether they are equal) where a text has one verdict on both."""
    for name in ("zh_comparative", "en_comparative"):
        for row in data.rows(folder, name, split):
            verdicts: dict[tuple[str, str], set[str]] = {}
            for q in row["quintuples"]:
                verdicts.setdefault((q["subject"], q["object"]), set()).add(q["preference"])
            for (a, b), said in verdicts.items():
                if a and b and a not in b and b not in a and len(said) == 1 and said <= {"better", "worse", "equal"}:
                    verdict = said.pop()
                    yield (name, row["text"], *((b, a) if verdict == "worse" else (a, b)), verdict == "equal")
    for row in data.rows(folder, "en_compsent", split):
        a, b = row["object_a"], row["object_b"]
        if row["label"] != "NONE":
            yield ("en_compsent", row["text"], *((b, a) if row["label"] == "WORSE" else (a, b)), False)
    for row in data.own(folder, split):
        toward = row.get("toward") or {}
        rank = data.SENTIMENT.index
        for a in toward:
            for b in toward:
                if rank(toward[a]) > rank(toward[b]):
                    yield "own_posts", row["text"], a, b, False


def read(folder: Path, split: str, form: str, tokenizer: Tokenizer,
         cleaner: str | None) -> dict[str, list[Ranking]]:
    """Returns per set the texts that put one name above another, each read for both; both must stand in the text."""
    rows = [r for r in comparisons(folder, split)
            if sides.pattern(r[2].lstrip("#@")).search(r[1]) and sides.pattern(r[3].lstrip("#@")).search(r[1])]
    texts, better, worse = (data.clean([r[i] for r in rows], cleaner) for i in (1, 2, 3))
    first, second = (tokenize([sides.read_for(n, t, form) for n, t in zip(names, texts, strict=True)], tokenizer)
                     for names in (better, worse))
    found: dict[str, list[Ranking]] = {}
    for row, a, b in zip(rows, first, second, strict=True):
        found.setdefault(row[0], []).append(Ranking(a, b, row[4]))
    return found


def loss(model: torch.nn.Module, batch: list[Ranking]) -> Tensor:
    """Returns how far the names are from the order, or the equality, that the texts say: a logistic loss."""
    with torch.autocast("cpu", torch.bfloat16):
        embedding = model.encoder(pad([r.better[:LONGEST] for r in batch] + [r.worse[:LONGEST] for r in batch]))
    logits = model.logits("brand_sentiment", embedding)
    better, worse = (logits[:, POSITIVE] - logits[:, NEGATIVE]).chunk(2)
    apart = better - worse
    equal = torch.tensor([r.equal for r in batch])
    return torch.where(equal, EQUAL * apart.square().clamp(max=10), F.softplus(-apart)).mean()
