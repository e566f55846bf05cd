"""Posts with what they are about, for the contrastive loss that relevance builds on."""

import json
import random
import re
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

import data
from batches import pad, tokenize

TEMPERATURE = 0.05
SHARES = {"en_brand_sentiment": 24_000, "zh_weibo_hashtag": 8_000, "zh_topic_short": 8_000,
          "zh_review_sentiment": 6_000, "zh_brand_aspect": 2_000}
LONGEST = 48  # tokens read of either side
MASKED = 0.5  # share of posts that lose the name


@dataclass
class Pair:
    """A post, with and without the name of its subject, and texts that describe the subject."""

    post: list[int]
    masked: list[int]
    subject: str
    descriptions: list[list[int]]


def describe(name: str, brands: list[dict], subjects: list[dict], source: str) -> list[str]:
    """Returns the texts that say what a name stands for: itself, and what profiles and subjects know of it."""
    key = data.normalised_target(name)
    texts = [name.lstrip("#@")]
    for b in brands:
        if key in {data.normalised_target(n) for n in [b["name"], *b.get("aliases", [])]}:
            texts += [b["positioning"], ", ".join(b.get("keywords", []))]
    for s in subjects:
        if s["set"] == source and key in {data.normalised_target(n) for n in [s["name"], *s["values"]]}:
            texts += [s["positioning"], ", ".join(s["keywords"])]
    return [t for t in texts if t.strip()]


def subject_of(name: str, row: dict, subjects: list[dict]) -> str | None:
    """Returns what a row is about, if that is known and not held out."""
    if name == "en_brand_sentiment":
        target = row["target"] if row.get("relevant") == 1 else None
    elif name == "zh_weibo_hashtag":
        target = row["hashtags"][0] if row["hashtags"] else None
    else:
        found = [s["name"] for s in subjects if s["set"] == name and row.get(s["field"]) in s["values"]]
        target = found[0] if found else None
    return target if target and " or " not in target and not data.held_out(target) else None


def read(folder: Path, models: Path, tokenizer: Tokenizer, cleaner: str | None, seed: int,
         part: float = 1.0) -> list[Pair]:
    """Reads training pairs, or a part of them; subjects' descriptions come from the profiles in `models`."""
    brands = json.loads((models / "brands.json").read_text(encoding="utf-8"))
    subjects = json.loads((models / "training" / "subjects.json").read_text(encoding="utf-8"))
    found, posts, masked = [], [], []
    known: dict[tuple[str, str], list[list[int]]] = {}
    for name, count in SHARES.items():
        rows = [(row, subject) for row in data.rows(folder, name, "train")
                if (subject := subject_of(name, row, subjects)) is not None]
        for row, subject in random.Random(f"{seed}/{name}").sample(rows, min(round(part * count), len(rows))):
            if (name, subject) not in known:
                texts = data.clean(describe(subject, brands, subjects, name), cleaner)
                known[name, subject] = tokenize(texts, tokenizer)
            found.append(Pair([], [], data.normalised_target(subject), known[name, subject]))
            posts.append(row["text"])
            masked.append(re.sub(re.escape(subject.lstrip("#@")), " ", row["text"], flags=re.IGNORECASE))
    for pair, full, without in zip(found, tokenize(data.clean(posts, cleaner), tokenizer),
                                   tokenize(data.clean(masked, cleaner), tokenizer), strict=True):
        pair.post, pair.masked = full, without
    return [p for p in found if len(p.masked) > 4]


def loss(encoder: nn.Module, batch: list[Pair], rng: random.Random) -> Tensor:
    """Returns the symmetric cross-entropy of each post's own description among the batch's others."""
    posts = [(p.masked if rng.random() < MASKED else p.post)[:LONGEST] for p in batch]
    about = [rng.choice(p.descriptions)[:LONGEST] for p in batch]
    with torch.autocast("cpu", torch.bfloat16):
        x, y = encoder(pad(posts)), encoder(pad(about))
    keys = {k: i for i, k in enumerate({p.subject for p in batch})}
    key = torch.tensor([keys[p.subject] for p in batch])
    same = (key[:, None] == key[None, :]) & ~torch.eye(len(batch), dtype=torch.bool)
    logits = (x.float() @ y.float().T / TEMPERATURE).masked_fill(same, -1e4)
    own = torch.arange(len(batch))
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2
