"""Examples with their targets, and batches of similar length under a token limit."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

import data
from encoder import PAD

MAX_TOKENS = 128
LABELS: dict[str, Callable[[str, dict], str | None]] = {
    "sentiment": data.sentiment, "topic": data.topic, "emotion": data.emotion}


@dataclass
class Example:
    """A tokenized text; targets by task: a class index, or the row of the teacher's vector."""

    ids: list[int]
    binary: bool = False
    targets: dict[str, int] = field(default_factory=dict)


def tokenize(texts: list[str], tokenizer: Tokenizer) -> list[list[int]]:
    """Returns token ids with special tokens, cut to `MAX_TOKENS`."""
    tokenizer.enable_truncation(MAX_TOKENS)
    return [e.ids for e in tokenizer.encode_batch(texts)]


def read_vectors(folder: Path) -> tuple[dict[str, int], Tensor]:
    """Reads the teacher's vectors: row id to index, and the vectors (f32)."""
    ids = (folder / "ids.txt").read_text().split()
    return {i: n for n, i in enumerate(ids)}, torch.from_numpy(np.load(folder / "vectors.npy")).float()


def examples(folder: Path, name: str, split: str, classes: dict[str, list[str]], vectors: dict[str, int],
             tokenizer: Tokenizer, cleaner: str | None) -> list[Example]:
    """Reads a set's rows that have a target in one of the tasks of `classes` or a teacher's vector."""
    texts, found = [], []
    for row in data.rows(folder, name, split):
        labels = {task: LABELS[task](name, row) for task in classes}
        targets = {task: classes[task].index(label) for task, label in labels.items() if label is not None}
        if row["id"] in vectors:
            targets["vector"] = vectors[row["id"]]
        if targets:
            texts.append(row["text"])
            found.append(Example([], name in data.BINARY_SETS, targets))
    for example, ids in zip(found, tokenize(data.clean(texts, cleaner), tokenizer), strict=True):
        example.ids = ids
    return found


def sample(pool: list[Example], count: int, seed: str) -> list[Example]:
    """Returns a seeded sample of at most `count` examples."""
    return random.Random(seed).sample(pool, min(count, len(pool)))


def split_batches(chosen: list[Example], tokens: int) -> list[list[Example]]:
    """Sorts by length and cuts into batches of at most `tokens` tokens, padding included."""
    done: list[list[Example]] = []
    batch: list[Example] = []
    for example in sorted(chosen, key=lambda e: len(e.ids)):
        if batch and len(example.ids) * (len(batch) + 1) > tokens:
            done.append(batch)
            batch = []
        batch.append(example)
    return done + [batch] if batch else done


def stream(pools: dict[str, list[Example]], shares: dict[str, int], tokens: int, seed: int) -> Iterator[list[Example]]:
    """Yields batches without end: per epoch a fresh sample of `shares` examples per set, in random order."""
    epoch = 0
    while True:
        rng = random.Random(f"{seed}/{epoch}")
        chosen = [e for name, count in shares.items() for e in sample(pools[name], count, f"{seed}/{epoch}/{name}")]
        rng.shuffle(chosen)
        for start in range(0, len(chosen), 4096):
            bucket = split_batches(chosen[start:start + 4096], tokens)
            rng.shuffle(bucket)
            yield from bucket
        epoch += 1


def pad(batch: list[list[int]]) -> Tensor:
    """Returns token ids as one tensor, padded at the end."""
    ids = torch.full((len(batch), max(map(len, batch))), PAD)
    for row, found in zip(ids, batch, strict=True):
        row[:len(found)] = torch.tensor(found)
    return ids
