"""Fits the wide part: hashed character n-grams beside the encoder, and measures both together on validation rows.

How a text is read: lower case, white space to single spaces, one space before and after. Of its runs of one to four
characters each different bucket counts once. Bucket of a run: h = length; for each character c (as a number)
h = (h ^ c) * 16777619, then h = (h ^ h >> 15) * 739982445, h = h ^ h >> 12, all in 32 bits; h modulo the buckets.
Logits: the sum of the buckets' weights over the root of their number, plus the bias.
"""

import argparse
import json
import random
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import data
from batches import tokenize
from encoder import load
from measure import Heads, embed, figures

BUCKETS = 1 << 17
LONGEST = 4
BATCH = 256
PASSES = 3
RATE = 0.1
DECAY = 1e-6
SHARES = {"zh_weibo_sentiment": 31_201, "zh_review_sentiment": 50_000, "zh_weibo_emotion": 40_000,
          "en_tweet_sentiment": 40_000, "en_brand_sentiment": 30_000, "own_posts": 8_200}
OWN_TIMES = 2  # how often our own posts count
VALID = 2_000
Row = tuple[np.ndarray, int, bool]


def buckets(text: str) -> np.ndarray:
    """Returns the different buckets of a text's runs of characters."""
    characters = np.array([ord(c) for c in f" {' '.join(text.lower().split())} "], np.uint32)
    found = []
    for length in range(1, LONGEST + 1):
        if len(characters) < length:
            break
        h = np.full(len(characters) - length + 1, length, np.uint32)
        for at in range(length):
            h = (h ^ characters[at:len(characters) - length + 1 + at]) * np.uint32(16777619)
        h = (h ^ (h >> np.uint32(15))) * np.uint32(739982445)
        found.append((h ^ (h >> np.uint32(12))) % BUCKETS)
    return np.unique(np.concatenate(found)).astype(np.int32)


def read(folder: Path, name: str, split: str, count: int, cleaner: str | None) -> tuple[list[str], list[int]]:
    """Returns a seeded sample of a set's cleaned texts and the indices of their labels."""
    rows = [(row["text"], label) for row in data.rows(folder, name, split)
            if (label := row["label"] if name == "own_posts" else data.sentiment(name, row))]
    rows = random.Random(f"wide/{name}").sample(rows, min(count, len(rows)))
    return data.clean([t for t, _ in rows], cleaner), [data.SENTIMENT.index(label) for _, label in rows]


class Wide(nn.Module):
    """A weight per bucket and class."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.EmbeddingBag(BUCKETS, 3, mode="sum", sparse=True)
        nn.init.zeros_(self.table.weight)
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, texts: list[np.ndarray]) -> Tensor:
        sizes = torch.tensor([len(t) for t in texts])
        starts = torch.cat([torch.zeros(1, dtype=torch.long), sizes.cumsum(0)[:-1]])
        flat = torch.from_numpy(np.concatenate(texts)).long()
        return self.table(flat, starts) / sizes[:, None].sqrt() + self.bias


def masked(logits: Tensor, binary: Tensor) -> Tensor:
    """Takes the neutral class out for rows of sets that have none."""
    return logits.masked_fill(binary[:, None] & torch.tensor([False, True, False]), -1e4)


def fit(rows: list[Row]) -> Wide:
    """Fits the weights by the three classes' cross-entropy."""
    model = Wide()
    table = torch.optim.Adagrad([model.table.weight], lr=RATE)
    bias = torch.optim.Adagrad([model.bias], lr=RATE)
    rng = random.Random(1)
    for done in range(PASSES):
        rng.shuffle(rows)
        started, total = time.monotonic(), 0.0
        for start in range(0, len(rows), BATCH):
            batch = rows[start:start + BATCH]
            logits = masked(model([r[0] for r in batch]), torch.tensor([r[2] for r in batch]))
            loss = F.cross_entropy(logits, torch.tensor([r[1] for r in batch]))
            loss.backward()
            table.step()
            bias.step()
            table.zero_grad()
            bias.zero_grad()
            total += loss.item() * len(batch)
        print(f"pass {done + 1}: loss {total / len(rows):.4f}, {time.monotonic() - started:.0f} s", flush=True)
    return model


def int8(model: Wide) -> dict[str, np.ndarray]:
    """Returns the weights in eight bits with a scale per class, and rounds the model's to them."""
    weight = model.table.weight.data
    scale = weight.abs().amax(0) / 127
    whole = (weight / scale).round()
    model.table.weight.data = whole * scale
    return {"weight": whole.to(torch.int8).numpy(), "scale": scale.numpy(), "bias": model.bias.detach().numpy()}


def blend(deep: Tensor, wide: Tensor, wanted: Tensor, binary: Tensor) -> tuple[float, float]:
    """Returns the two factors, of the encoder's logits and the wide ones, with the least cross-entropy."""
    factors = torch.tensor([1.0, 0.3], requires_grad=True)
    optimiser = torch.optim.LBFGS([factors], max_iter=50)

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = F.cross_entropy(masked(factors[0] * deep + factors[1] * wide, binary), wanted)
        loss.backward()
        return loss

    optimiser.step(closure)
    return tuple(factors.detach().tolist())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="encoder in Hugging Face layout, with heads.safetensors")
    parser.add_argument("--heads", type=Path, help="where not heads.safetensors of the model")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cleaner", help="program that cleans NDJSON rows with a text field")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    for name, count in SHARES.items():
        texts, labels = read(args.data, name, "train", count, args.cleaner)
        found = [(buckets(t), label, name in data.BINARY_SETS) for t, label in zip(texts, labels, strict=True)]
        rows += found * (OWN_TIMES if name == "own_posts" else 1)
    saved = args.out / "wide.npz"
    model = Wide()
    if saved.exists():
        kept = np.load(saved)
        model.table.weight.data = torch.from_numpy(kept["weight"].astype(np.float32) * kept["scale"])
        model.bias.data = torch.from_numpy(kept["bias"])
    else:
        model = fit(rows)
        np.savez_compressed(saved, **int8(model), buckets=BUCKETS, longest=LONGEST)
    encoder, tokenizer = load(args.model)
    encoder.eval()
    heads = Heads(args.heads or args.model / "heads.safetensors")
    deep, wide, wanted, binary, sets = [], [], [], [], []
    with torch.no_grad():
        for name in SHARES:
            texts, labels = read(args.data, name, "valid", VALID, args.cleaner)
            deep.append(heads.logits("sentiment", embed(encoder, tokenize(texts, tokenizer))))
            wide.append(model([buckets(t) for t in texts]))
            wanted += labels
            binary += [name in data.BINARY_SETS] * len(texts)
            sets += [name] * len(texts)
    d, w, y, b = torch.cat(deep), torch.cat(wide), torch.tensor(wanted), torch.tensor(binary)
    even = torch.arange(len(y)) % 2 == 0
    result: dict = {"wide_bytes": saved.stat().st_size, "sets": {}}
    together = torch.zeros_like(d)
    for half in (even, ~even):  # the factors of one half are used on the other
        factors = blend(d[half], w[half], y[half], b[half])
        result.setdefault("factors", []).append([round(f, 3) for f in factors])
        together[~half] = factors[0] * d[~half] + factors[1] * w[~half]
    groups = {name: torch.tensor([s == name for s in sets]) for name in SHARES}
    groups["zh_sentiment_pooled"] = b
    for name, rows_of in groups.items():
        result["sets"][name] = {}
        for kind, x in (("encoder", d), ("n-grams", w), ("both", together)):
            all_figures = figures(y[rows_of].numpy(), x[rows_of].numpy(), bool(b[rows_of][0]))
            kept = {k: round(v, 4) for k, v in all_figures.items() if k in ("accuracy", "macro_f1", "sign")}
            result["sets"][name][kind] = kept
    (args.out / "wide.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
