"""Measures an encoder with its heads on all validation rows: sets, areas of our own posts, sides, comparisons."""

import argparse
import json
from collections import defaultdict
from itertools import permutations
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from sklearn.metrics import f1_score, roc_auc_score
from torch import Tensor

import data
import modern
import rankings
from batches import Example, examples, pad, sample, split_batches
from encoder import Encoder, load
from sides import FORMS
from student import MODERN

SETS = ["zh_weibo_sentiment", "zh_review_sentiment", "zh_weibo_emotion", "en_tweet_sentiment", "en_brand_sentiment",
        "en_emotion", "zh_topic_short"]


class Heads:
    """Logits of tasks: by the linear heads of training, or by the two layers that a bundle has for some of them."""

    def __init__(self, path: Path):
        self.weights = {n: w.float() for n, w in load_file(path).items()}

    def logits(self, task: str, x: Tensor) -> Tensor | None:
        task = "sentiment" if task == "brand_sentiment" else task
        if f"{task}.weight" in self.weights:
            return x @ self.weights[f"{task}.weight"].T + self.weights[f"{task}.bias"]
        task = {"emotion": "emotion.zh", "emotion_en": "emotion.en"}.get(task, task)
        if f"{task}.hidden.weight" not in self.weights:
            return None
        hidden = (x @ self.weights[f"{task}.hidden.weight"].T + self.weights[f"{task}.hidden.bias"]).relu()
        return hidden @ self.weights[f"{task}.out.weight"].T + self.weights[f"{task}.out.bias"]


@torch.no_grad()
def embed(encoder: Encoder, pool: list[list[int]]) -> Tensor:
    """Returns the vectors of tokenized texts, in their order, by bf16 as in training."""
    found = torch.zeros(len(pool), encoder.config["hidden_size"])
    rows = [Example(ids, id=str(n)) for n, ids in enumerate(pool)]
    for batch in split_batches(rows, 8192):
        with torch.autocast("cpu", torch.bfloat16):
            found[[int(e.id) for e in batch]] = encoder(pad([e.ids for e in batch])).float()
    return found


def figures(wanted: np.ndarray, logits: np.ndarray, binary: bool) -> dict:
    """Returns accuracy and macro-F1; of binary sets over negative and positive, of two classes also AUC and F1 of yes."""
    if binary:
        logits = logits.copy()
        logits[:, 1] = -np.inf
    told = logits.argmax(1)
    found = {"rows": len(wanted), "accuracy": float((told == wanted).mean()),
             "macro_f1": float(f1_score(wanted, told, average="macro"))}
    if logits.shape[1] == 2 and 0 < wanted.mean() < 1:
        margin = logits[:, 1] - logits[:, 0]
        limits = np.quantile(margin, np.linspace(0.02, 0.98, 49))
        found |= {"auc": float(roc_auc_score(wanted, margin)), "f1": float(f1_score(wanted, told)),
                  "best_f1": max(float(f1_score(wanted, margin > limit)) for limit in limits)}
    if logits.shape[1] == 3 and not binary:
        clear = wanted != 1
        found["sign"] = float(((logits[:, 2] > logits[:, 0]) == (wanted == 2))[clear].mean()) if clear.any() else None
    return found


def by_group(pool: list[Example], task: str, logits: np.ndarray, binary: bool = False) -> dict:
    """Returns the figures of all rows that have the task, and of each group of fifteen or more."""
    rows = [n for n, e in enumerate(pool) if task in e.targets]
    if not rows:
        return {}
    wanted = np.array([pool[n].targets[task] for n in rows])
    groups = defaultdict(list)
    for k, n in enumerate(rows):
        groups["all"].append(k)
        if pool[n].group:
            groups[pool[n].group].append(k)
    return {g: figures(wanted[k], logits[rows][k], binary) for g, k in sorted(groups.items()) if len(k) >= 15}


def order(pool: list[Example], logits: np.ndarray) -> dict:
    """Returns how often, of two names in one text with other labels, the one said better of has the higher valence."""
    texts = defaultdict(list)
    for n, e in enumerate(pool):
        if "brand_sentiment" in e.targets and e.id:
            texts[e.id].append(n)
    valence = logits[:, 2] - logits[:, 0]
    right = defaultdict(list)
    for rows in texts.values():
        for a, b in permutations(rows, 2):
            apart = pool[a].targets["brand_sentiment"] - pool[b].targets["brand_sentiment"]
            if apart > 0:
                for group in {"all", "opposite poles" if apart == 2 else "near", pool[a].group}:
                    right[group].append(valence[a] > valence[b])
    return {g: {"pairs": len(r), "right": float(np.mean(r))} for g, r in right.items() if len(r) >= 15}


def measure(encoder: Encoder, heads: Heads, pools: dict[str, list[Example]],
            ranked: dict[str, list[rankings.Ranking]]) -> dict:
    """Returns all figures by set, task and group."""
    found: dict = {}
    moods = []
    for name, pool in pools.items():
        x = embed(encoder, [e.ids for e in pool])
        tasks = sorted({t for e in pool for t in e.targets})
        for task in tasks:
            logits = heads.logits(task, x)
            if logits is None:
                continue
            logits = logits.numpy()
            binary = task == "sentiment" and name in data.BINARY_SETS
            if task == "advert":
                continue
            found.setdefault(name, {})[task] = by_group(pool, task, logits, binary)
            if task == "brand_sentiment":
                found[name]["order"] = order(pool, logits)
            if binary:
                moods += [((logits[n, 2] > logits[n, 0]) == (e.targets[task] == 2))
                          for n, e in enumerate(pool) if task in e.targets]
    if moods:
        found["zh_sentiment_pooled"] = {"rows": len(moods), "accuracy": float(np.mean(moods))}
    for name, two in ranked.items():
        two = [r for r in two if not r.equal]
        better, worse = (heads.logits("sentiment", embed(encoder, ids))
                         for ids in ([r.better for r in two], [r.worse for r in two]))
        margin = (better[:, 2] - better[:, 0]) - (worse[:, 2] - worse[:, 0])
        found[f"preference {name}"] = {"rows": len(two), "accuracy": float((margin > 0).float().mean())}
    return found


def rounded(value: object) -> object:
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="encoder in Hugging Face layout")
    parser.add_argument("--heads", type=Path, help="where not heads.safetensors of the model, or a bundle's")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cleaner", help="program that cleans NDJSON rows with a text field")
    parser.add_argument("--form", choices=FORMS, default="marked")
    parser.add_argument("--rows", type=int, default=2000, help="rows per set")
    parser.add_argument("--sides-only", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    encoder, tokenizer = load(args.model)
    encoder.eval()
    models = Path(__file__).parent.parent
    classes = MODERN.classes
    pools = modern.read(args.data, models, "valid", classes, args.form, tokenizer, args.cleaner, None)
    if args.sides_only:
        pools = {n: p for n, p in pools.items() if n in ("own_sides", "en_multi_target", "en_target_twitter")}
    for name in ["en_brand_sentiment"] if args.sides_only else SETS:
        pool = examples(args.data, name, "valid", classes, {}, tokenizer, args.cleaner, form=args.form)
        pools[name] = sample(pool, args.rows, f"measure/{name}")
    ranked = rankings.read(args.data, "valid", args.form, tokenizer, args.cleaner)
    found = rounded(measure(encoder, Heads(args.heads or args.model / "heads.safetensors"), pools, ranked))
    lines = json.dumps(found, indent=1, ensure_ascii=False)
    if args.out:
        args.out.write_text(lines + "\n", encoding="utf-8")
    else:
        print(lines)


if __name__ == "__main__":
    main()
