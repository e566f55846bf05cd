"""The shared training loop: heads on the normalised embedding, schedule, checkpoints, validation, export."""

import argparse
import json
import math
import pickle
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

import data
import modern
import pairs
import rankings
import twins
from batches import Example, examples, pad, read_vectors, sample, split_batches, stream
from encoder import Encoder, load, round_4_bits, save
from metrics import fit_temperature, summary

HEAD_RATE = 10.0  # learning rate of the heads over the encoder's
WORDS_RATE = 0.3  # learning rate of the word embeddings over the encoder's
WARMUP = 0.06
LOG_STEPS = 20
CHECKPOINT_SECONDS = 180


@dataclass
class Recipe:
    """What to train on: examples per set and epoch, classes per task, the tasks' weights in the loss."""

    shares: dict[str, int]
    classes: dict[str, list[str]]
    weights: dict[str, float]
    rate: float
    batch_tokens: int
    coarse_words: bool = False  # tune word embeddings too, as 4 bits will hold them
    centred: bool = False  # the teacher's vectors less their mean: what tells texts apart, not what all share
    every_vector: bool = False  # each epoch has every text with a teacher's vector, and `shares` of the others
    pairs_every: int = 0  # steps between two batches of pairs, and of twins; 0 for none
    pairs_size: int = 0
    form: str = "marked"  # how a text is read for what it says of a name
    read: float = 0.0  # rows read of each set, in shares; 0 for all
    part: float = 1.0  # part of the pairs and twins that is read
    ranks_every: int = 0  # steps between two batches of names that are set against each other; 0 for none
    ranks_size: int = 0
    dropout: float = 0.0


class Model(nn.Module):
    """An encoder, a linear head per task, and a map to the teacher's space used in training only."""

    def __init__(self, encoder: Encoder, classes: dict[str, list[str]]):
        super().__init__()
        self.encoder = encoder
        width = encoder.config["hidden_size"]
        self.scale = math.sqrt(width)
        self.heads = nn.ModuleDict({task: nn.Linear(width, len(names)) for task, names in classes.items()})
        self.map = nn.Linear(width, width)
        nn.init.eye_(self.map.weight)
        nn.init.zeros_(self.map.bias)

    def logits(self, task: str, embedding: Tensor) -> Tensor:
        """One head judges what a text says, and what it says of the brand it was read for."""
        return self.heads["sentiment" if task == "brand_sentiment" else task](embedding * self.scale)


def targets(batch: list[Example], task: str) -> tuple[Tensor, Tensor]:
    """Returns the rows of a batch that have a target in a task, and the targets."""
    found = [(row, e.targets[task]) for row, e in enumerate(batch) if task in e.targets]
    return torch.tensor([r for r, _ in found], dtype=torch.long), torch.tensor([t for _, t in found])


def mask_neutral(logits: Tensor, binary: Tensor) -> Tensor:
    """Takes the neutral class out for rows of sets that have none."""
    neutral = F.one_hot(torch.tensor(data.SENTIMENT.index("neu")), len(data.SENTIMENT)).bool()
    return logits.masked_fill(binary[:, None] & neutral, -1e4)


def loss(model: Model, batch: list[Example], vectors: Tensor, weights: dict[str, float]) -> dict[str, Tensor]:
    """Returns each task's weighted loss, summed over its rows and divided by the rows of the batch."""
    with torch.autocast("cpu", torch.bfloat16):
        embedding = model.encoder(pad([e.ids for e in batch]))
    losses = {}
    for task, weight in weights.items():
        if task in ("pairs", "twins", "ranks"):
            continue
        chosen, wanted = targets(batch, task)
        if not len(chosen):
            continue
        if task == "vector":
            value = (1 - F.cosine_similarity(model.map(embedding[chosen]), vectors[wanted])).sum()
        elif task == "advert":  # how much of one, in hundredths
            share = wanted / 100
            both = torch.stack([1 - share, share], 1)
            value = F.cross_entropy(model.logits(task, embedding[chosen]), both, reduction="sum")
        else:
            logits = model.logits(task, embedding[chosen])
            if task == "sentiment":
                logits = mask_neutral(logits, torch.tensor([batch[r].binary for r in chosen]))
            value = F.cross_entropy(logits, wanted, reduction="sum")
        losses[task] = weight * value / len(batch)
    return losses


@torch.no_grad()
def predict(model: Model, pool: list[Example], vectors: Tensor, bf16: bool = True) -> dict[str, list]:
    """Runs the model over examples; returns per task a list of (example, output, target)."""
    found: dict[str, list] = {}
    for batch in split_batches(pool, 8192):
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            embedding = model.encoder(pad([e.ids for e in batch]))
        for task in [*model.heads, "brand_sentiment", "vector"]:
            chosen, wanted = targets(batch, task)
            if not len(chosen):
                continue
            if task == "vector":
                outputs = torch.stack([embedding[chosen], model.map(embedding[chosen]), vectors[wanted]], 1)
            else:
                outputs = model.logits(task, embedding[chosen])
                if task == "sentiment":
                    outputs = mask_neutral(outputs, torch.tensor([batch[r].binary for r in chosen]))
            found.setdefault(task, []).extend(
                (batch[r], o, int(t)) for r, o, t in zip(chosen.tolist(), outputs, wanted, strict=True))
    return found


def validate(model: Model, valid: dict[str, list[Example]], vectors: Tensor, rows: int) -> tuple[dict, dict]:
    """Returns metrics per set and task over the first `rows` examples of each set, and the predictions."""
    model.eval()
    predictions = {name: predict(model, pool[:rows], vectors) for name, pool in valid.items()}
    model.train()
    return summary(predictions), predictions


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Returns a parser of the options that both encoders' training takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--init", type=Path, required=True, help="encoder to start from, Hugging Face layout")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="checkpoints; a run there is resumed")
    parser.add_argument("--vectors", type=Path, help="the teacher's vectors, for recipes that distil")
    parser.add_argument("--cleaner", help="program that cleans NDJSON rows with a text field")
    parser.add_argument("--tokens", type=int, required=True, help="budget of training tokens")
    parser.add_argument("--minutes", type=float, required=True, help="limit on training time; the rate decays to it")
    parser.add_argument("--rate", type=float, help="peak learning rate, where it isn't the recipe's")
    parser.add_argument("--evaluations", type=int, default=4)
    parser.add_argument("--valid-rows", type=int, default=300, help="rows per set of the evaluations on the way")
    parser.add_argument("--final-rows", type=int, default=1000, help="rows per set of the last one")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    return parser


def write(value: object, path: Path) -> None:
    """Saves a checkpoint so that an interruption leaves the last one whole."""
    torch.save(value, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").rename(path)


def fit(model: Model, recipe: Recipe, train: dict[str, list[Example]], valid: dict[str, list[Example]],
        vectors: Tensor, paired: list[pairs.Pair], twin: list[twins.Twins], ranked: list[rankings.Ranking],
        args: argparse.Namespace) -> dict:
    """Trains until the token budget or the time is used up and loads the best checkpoint; returns its record."""
    body = [p for p in model.encoder.encoder.parameters() if p.requires_grad]
    words = [p for p in model.encoder.embeddings.parameters() if p.requires_grad]
    heads = [*model.heads.parameters(), *model.map.parameters()]
    optimiser = torch.optim.AdamW([{"params": body, "base": recipe.rate},
                                   {"params": words, "base": recipe.rate * WORDS_RATE, "weight_decay": 0.0},
                                   {"params": heads, "base": recipe.rate * HEAD_RATE}],
                                  lr=recipe.rate, weight_decay=0.01, fused=True)
    state = {"step": 0, "tokens": 0, "seconds": 0.0, "evaluated": 0, "best": -1.0, "best_tokens": 0}
    last, best = args.work / "last.pt", args.work / "best.pt"
    if last.exists():
        saved = torch.load(last)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        state = saved["state"]
    stage = stream(train, recipe.shares, recipe.batch_tokens, args.seed, recipe.every_vector)
    for _ in range(state["step"]):
        next(stage)
    rng = random.Random(f"{args.seed}/{state['step']}")
    before, started, kept, sums = state["seconds"], time.monotonic(), time.monotonic(), {}
    progress = 0.0
    while progress < 1:
        batch = next(stage)
        progress = max(state["tokens"] / args.tokens, state["seconds"] / (60 * args.minutes))
        rate = min(progress / WARMUP + 0.01, max(1 - progress, 0) / (1 - WARMUP))
        for group in optimiser.param_groups:
            group["lr"] = group["base"] * min(rate, 1)
        losses = loss(model, batch, vectors, recipe.weights)
        if paired and state["step"] % recipe.pairs_every == 0:
            chosen = rng.sample(paired, recipe.pairs_size)
            losses["pairs"] = recipe.weights["pairs"] * pairs.loss(model.encoder, chosen, rng)
            state["tokens"] += sum(len(p.post) for p in chosen)
        if twin and state["step"] % recipe.pairs_every == recipe.pairs_every // 2:
            alike = rng.sample(twin, recipe.pairs_size)
            losses["twins"] = recipe.weights["twins"] * twins.loss(model, alike)
            state["tokens"] += sum(len(a) + len(b) for a, b in alike)
        if ranked and state["step"] % recipe.ranks_every == recipe.ranks_every - 1:
            two = rng.sample(ranked, recipe.ranks_size)
            losses["ranks"] = recipe.weights["ranks"] * rankings.loss(model, two)
            state["tokens"] += sum(len(r.better) + len(r.worse) for r in two)
        sum(losses.values()).backward()
        nn.utils.clip_grad_norm_(body + words + heads, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        state["step"] += 1
        state["tokens"] += sum(len(e.ids) for e in batch)
        state["seconds"] = before + time.monotonic() - started
        for task, value in losses.items():
            sums[task] = sums.get(task, 0.0) + value.item()
        if state["step"] % LOG_STEPS == 0:
            means = " ".join(f"{task} {value / LOG_STEPS:.3f}" for task, value in sums.items())
            print(f"step {state['step']} tokens {state['tokens']} progress {progress:.3f} "
                  f"{state['tokens'] / state['seconds']:.0f}/s {means}", flush=True)
            sums = {}
        if progress >= (state["evaluated"] + 1) / args.evaluations or progress >= 1:
            state["evaluated"] += 1
            found, _ = validate(model, valid, vectors, args.valid_rows)
            print(f"validation at {state['tokens']} tokens: {json.dumps(found)}", flush=True)
            if found["score"] > state["best"]:
                state |= {"best": found["score"], "best_tokens": state["tokens"]}
                write({"model": model.state_dict(), "state": state}, best)
        if time.monotonic() - kept > CHECKPOINT_SECONDS or progress >= 1:
            kept = time.monotonic()
            write({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "state": state}, last)
    model.load_state_dict(torch.load(best)["model"])
    return state


def export(model: Model, tokenizer: Path, temperature: float, out: Path) -> None:
    """Writes the encoder and the sentiment head, which acts on the normalised embedding."""
    if model.encoder.coarse_words:
        words = model.encoder.embeddings.word_embeddings
        words.weight.data = round_4_bits(words.weight.data)
    save(model.encoder, tokenizer, out)
    head = model.heads["sentiment"]
    save_file({"sentiment.weight": (head.weight.detach() * model.scale / temperature).contiguous(),
               "sentiment.bias": (head.bias.detach() / temperature).contiguous()}, out / "head.safetensors")
    others = {f"{task}.{part}": value.detach().contiguous() for task, h in model.heads.items()
              for part, value in (("weight", h.weight * model.scale), ("bias", h.bias))}
    save_file(others, out / "heads.safetensors")


def read(recipe: Recipe, split: str, index: dict[str, int], tokenizer: Tokenizer, args: argparse.Namespace,
         noise: int | None) -> dict[str, list[Example]]:
    """Reads the sets of a recipe; `noise` seeds augmentation, None leaves it out."""
    pools = {}
    for name, share in recipe.shares.items():
        limit = None
        if recipe.read:
            limit = round(recipe.read * share) if split == "train" else args.final_rows
        if name not in modern.POOLS and (split == "train" or name not in data.MODERN_SETS):
            known = index if split == "train" or not recipe.read else {}
            pools[name] = examples(args.data, name, split, recipe.classes, known, tokenizer, args.cleaner, noise,
                                   recipe.form, limit)
    if any(name in modern.POOLS for name in recipe.shares):
        found = modern.read(args.data, Path(__file__).parent.parent, split, recipe.classes, recipe.form, tokenizer,
                            args.cleaner, noise)
        pools |= {name: pool for name, pool in found.items() if name in recipe.shares}
    return pools


def read_all(recipe: Recipe, index: dict[str, int], tokenizer: Tokenizer, args: argparse.Namespace) -> tuple:
    """Reads training and validation examples, pairs, twins and rankings."""
    models = Path(__file__).parent.parent
    train, valid = (read(recipe, split, index, tokenizer, args, noise)
                    for split, noise in (("train", args.seed), ("valid", None)))
    paired = (pairs.read(args.data, models, tokenizer, args.cleaner, args.seed, recipe.part)
              if recipe.pairs_every else [])
    twin = (twins.read(args.data, models, tokenizer, args.cleaner, args.seed, recipe.part)
            if "twins" in recipe.weights else [])
    ranked = rankings.read(args.data, "train", recipe.form, tokenizer, args.cleaner) if recipe.ranks_every else {}
    valid = {name: sample(pool, args.final_rows, f"{args.seed}/{name}") for name, pool in valid.items()}
    return train, valid, paired, twin, [r for two in ranked.values() for r in two]


def run(recipe: Recipe, args: argparse.Namespace) -> None:
    """Trains by a recipe and exports encoder, sentiment head and metrics."""
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    encoder, tokenizer = load(args.init)
    encoder.freeze_embeddings(words=not recipe.coarse_words)
    encoder.coarse_words = recipe.coarse_words
    encoder.dropout = recipe.dropout
    index, vectors = read_vectors(args.vectors) if args.vectors else ({}, torch.empty(0))
    if recipe.centred:
        vectors -= vectors.mean(0)
    kept = args.work / "examples.pkl"
    if not kept.exists():
        everything = read_all(recipe, index, tokenizer, args)
        kept.with_suffix(".tmp").write_bytes(pickle.dumps(everything))
        kept.with_suffix(".tmp").rename(kept)
    train, valid, paired, twin, ranked = pickle.loads(kept.read_bytes())
    print({n: (len(p), sum(len(e.ids) for e in p)) for n, p in train.items()}, len(twin), flush=True)
    model = Model(encoder, recipe.classes)
    recipe.rate = args.rate or recipe.rate
    state = fit(model, recipe, train, valid, vectors, paired, twin, ranked, args)
    export(model, args.init / "tokenizer.json", 1.0, args.out)
    found, predictions = validate(model, valid, vectors, args.final_rows)
    temperature = fit_temperature(predictions)
    export(model, args.init / "tokenizer.json", temperature, args.out)
    record = {"seed": args.seed, "tokens": state["tokens"], "best_tokens": state["best_tokens"],
              "minutes": round(state["seconds"] / 60, 1), "temperature": temperature, "cleaned": args.cleaner is not None,
              "command": " ".join(["python", *(Path(a).name for a in sys.argv)]), "validation": found}
    (args.out / "metrics.json").write_text(json.dumps(record, indent=1) + "\n")
    print(json.dumps(record))
