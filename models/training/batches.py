"""Examples with their targets, and batches of similar length under a token limit."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

import augment
import data
import exchange
import sides
from encoder import PAD

MAX_TOKENS = 128
STEP = 8
LABELS: dict[str, Callable[[str, dict], str | None]] = {
    "sentiment": data.sentiment, "topic": data.topic, "emotion": data.emotion, "emotion_en": data.emotion_en}


@dataclass
class Example:
    """A tokenized text; targets by task: a class index, or the row of the teacher's vector."""

    ids: list[int]
    binary: bool = False
    targets: dict[str, int] = field(default_factory=dict)
    group: str = ""  # what it is measured with
    id: str = ""  # of its row


def tokenize(texts: list[str], tokenizer: Tokenizer) -> list[list[int]]:
    """Returns token ids with special tokens, cut to `MAX_TOKENS`."""
    tokenizer.enable_truncation(MAX_TOKENS)
    return [e.ids for e in tokenizer.encode_batch(texts)]


def read_vectors(folder: Path) -> tuple[dict[str, int], Tensor]:
    """Reads the teacher's vectors: row id to index, and the vectors (f32)."""
    ids = (folder / "ids.txt").read_text().split()
    return {i: n for n, i in enumerate(ids)}, torch.from_numpy(np.load(folder / "vectors.npy")).float()


def examples(folder: Path, name: str, split: str, classes: dict[str, list[str]], vectors: dict[str, int],
             tokenizer: Tokenizer, cleaner: str | None, noise: int | None = None, form: str = "marked",
             limit: int | None = None) -> list[Example]:
    """Reads a set's rows that have a target in one of the tasks of `classes` or a teacher's vector, each text
    once, and what they say of brands as examples of their own, read in a `form`; `noise` seeds augmentation,
    None leaves it out. With a `limit`, only so many rows beside those that have a teacher's vector, drawn by seed."""
    rows = list(data.rows(folder, name, split))
    if limit is not None:
        drawn = {r["id"] for r in random.Random(f"{noise}/{name}/rows").sample(rows, min(limit, len(rows)))}
        rows = [r for r in rows if r["id"] in drawn or r["id"] in vectors]
    texts = data.clean([row["text"] for row in rows], cleaner)
    rng, seen, found = random.Random(f"{noise}/{name}"), set(), []
    plain, conditioned, zh = [], [], name.startswith("zh_")
    targets_of = [data.conditions(name, row) for row in rows]
    brands = sorted({c for about in targets_of for c, _ in about}) if name == "en_brand_sentiment" else []
    for row, text, about in zip(rows, texts, targets_of, strict=True):
        if text in seen or not text.strip():
            continue
        seen.add(text)
        labels = {task: LABELS[task](name, row) for task in classes if task in LABELS}
        targets = {task: classes[task].index(label) for task, label in labels.items() if label is not None}
        if row["id"] in vectors:
            targets["vector"] = vectors[row["id"]]
        if noise is not None:
            # The teacher's vector is of the words as they were.
            if "vector" not in targets:
                text = exchange.persons(text, zh, rng)
                if brands and about:
                    name_now, text = exchange.brand(about[0][0], text, brands, rng)
                    about = [(name_now, label) for _, label in about]
            text = augment.augment(text, zh, rng)
        if targets:
            found.append(Example([], name in data.BINARY_SETS, targets, row.get("src", ""), row["id"]))
            plain.append(text)
        conditioned += [(c, text, label) for c, label in about]
    for example, ids in zip(found, tokenize(plain, tokenizer), strict=True):
        example.ids = ids
    names, said = (data.clean([c[i] for c in conditioned], cleaner) for i in (0, 1))
    towards = tokenize([sides.read_for(n, t, form) for n, t in zip(names, said, strict=True)], tokenizer)
    found += [Example(ids, False, {"brand_sentiment": data.SENTIMENT.index(label)})
              for ids, (_, _, label) in zip(towards, conditioned, strict=True)]
    return found


def sample(pool: list[Example], count: int, seed: str) -> list[Example]:
    """Returns a seeded sample of at most `count` examples."""
    return random.Random(seed).sample(pool, min(count, len(pool)))


def rounded(length: int) -> int:
    """Returns a length as batches are padded to. Few shapes: a new one costs more than the padding."""
    return -(-length // STEP) * STEP


def split_batches(chosen: list[Example], tokens: int) -> list[list[Example]]:
    """Cuts into batches of like length, the longest first, of `tokens` tokens with padding; the last may be less."""
    done: list[list[Example]] = []
    batch: list[Example] = []
    size = 0
    for example in sorted(chosen, key=lambda e: -len(e.ids)):
        if not batch:
            size = max(1, tokens // rounded(len(example.ids)))
        batch.append(example)
        if len(batch) == size:
            done.append(batch)
            batch = []
    return done + [batch] if batch else done


def stream(pools: dict[str, list[Example]], shares: dict[str, int], tokens: int, seed: int,
           every_vector: bool) -> Iterator[list[Example]]:
    """Yields batches without end: per epoch a fresh sample of `shares` examples per set, in random order; with
    `every_vector` all that have a teacher's vector, and the sample is of the others."""
    always = [e for name in shares for e in pools[name] if every_vector and "vector" in e.targets]
    pools = {name: [e for e in pools[name] if not (every_vector and "vector" in e.targets)] for name in shares}
    epoch = 0
    while True:
        rng = random.Random(f"{seed}/{epoch}")
        chosen = always + [e for name, count in shares.items()
                           for e in sample(pools[name], count, f"{seed}/{epoch}/{name}")]
        rng.shuffle(chosen)
        for start in range(0, len(chosen), 16_384):
            bucket = split_batches(chosen[start:start + 16_384], tokens)
            rng.shuffle(bucket)
            yield from bucket
        epoch += 1


def pad(batch: list[list[int]]) -> Tensor:
    """Returns token ids as one tensor, padded at the end."""
    ids = torch.full((len(batch), rounded(max(map(len, batch)))), PAD)
    for row, found in zip(ids, batch, strict=True):
        row[:len(found)] = torch.tensor(found)
    return ids
