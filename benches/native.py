"""Times our encoder beside onnxruntime natively, on the same pieces; what is found goes to target/bench/native.json.

Meaning first: where a form's mean cosine to the float model is below 0.99, its speed is worth nothing. Ours failing
that is an error; a peer that fails it is marked, and isn't what ours is measured against.
"""

import argparse
import json
import os
import statistics
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from peer import Peer

ROOT = Path(__file__).parent.parent
SAME = 0.99
# (pieces, texts together)
SHAPES = [(16, 1), (32, 1), (64, 1), (128, 1), (256, 1), (64, 8), (64, 32)]
THREADS = (1, 2)
ROUNDS = 7
# Milliseconds to measure a form for, per shape and round; at least two runs.
SLICE = 60.0
# onnxruntime's threads wait busily for a while after a run.
PAUSE = 0.05


class Ours:
    """The benchmark `encode` as a process that embeds what it is sent."""

    def __init__(self, folder: Path, precision: str, threads: int, kernel: str | None) -> None:
        command = ["cargo", "bench", "--quiet", "--bench", "encode", "--", str(folder), precision]
        if kernel:
            command.append(kernel)
        env = os.environ | {"RAYON_NUM_THREADS": str(threads)}
        self.process = subprocess.Popen(command, cwd=ROOT, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, sequences: list[list[int]], runs: int) -> dict:
        self.process.stdin.write(json.dumps({"ids": sequences, "runs": runs}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def time(self, sequences: list[list[int]], runs: int) -> list[float]:
        return self.ask(sequences, runs)["ms"]

    def embed(self, sequences: list[list[int]]) -> np.ndarray:
        return np.array(self.ask(sequences, 1)["vectors"])


class Theirs(Peer):
    """onnxruntime, timed."""

    def time(self, sequences: list[list[int]], runs: int) -> list[float]:
        found = []
        for _ in range(runs):
            begin = time.perf_counter()
            self.embed(sequences)
            found.append((time.perf_counter() - begin) * 1e3)
        return found


def forms(folder: Path, threads: int, kernel: str | None) -> dict[str, Ours | Theirs]:
    onnx = folder / "onnx"
    return {
        "bsmv-int8": Ours(folder, "int8", threads, kernel),
        "bsmv-f32": Ours(folder, "f32", threads, kernel),
        "onnxruntime-f32": Theirs(onnx / "f32.onnx", threads),
        "onnxruntime-int8": Theirs(onnx / "int8.onnx", threads),
        "onnxruntime-weights": Theirs(onnx / "weights_int8.onnx", threads),
    }


def cosines(form: Ours | Theirs, rows: list[dict], wanted: np.ndarray) -> dict[str, float]:
    found = np.concatenate([form.embed([row["ids"]]) for row in rows])
    cosine = (found * wanted).sum(1)
    return {"mean": float(cosine.mean()), "least": float(cosine.min())}


def measure(contestants: dict[str, Ours | Theirs], texts: dict[str, list[dict]]) -> dict[str, dict[str, list[float]]]:
    """Returns milliseconds by form and by "pieces x texts", the forms in turn."""
    times = {name: {f"{length} x {batch}": [] for length, batch in SHAPES} for name in contestants}
    for length, batch in SHAPES:
        rows = texts[str(length)]
        sequences = [rows[i % len(rows)]["ids"] for i in range(batch)]
        runs = {}
        for round in range(ROUNDS + 1):
            for name, form in contestants.items():
                # The first round warms up, and tells how many runs fill the slice.
                found = form.time(sequences, runs.get(name, 3))
                runs[name] = max(2, round and runs[name] or int(SLICE / min(found)))
                if round:
                    times[name][f"{length} x {batch}"] += found
                if isinstance(form, Theirs):
                    time.sleep(PAUSE)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "target/bench")
    parser.add_argument("--threads", type=int, choices=THREADS, help="only with so many threads")
    parser.add_argument("--kernel", help="ours on this kernel, such as avx2, in place of the fastest")
    parser.add_argument("--skip-meaning", action="store_true", help="for a second part of the same run")
    args = parser.parse_args()
    folder, file = args.out / "minilm", args.out / "native.json"
    texts = json.loads((args.out / "texts.json").read_text(encoding="utf-8"))
    wanted = np.fromfile(args.out / "meaning.f32", dtype="<f4").reshape(len(texts["meaning"]), -1)
    result = json.loads(file.read_text(encoding="utf-8")) if args.skip_meaning else {}
    result["onnxruntime"] = version("onnxruntime")
    for threads in [args.threads] if args.threads else THREADS:
        contestants = forms(folder, threads, args.kernel)
        if "cosine" not in result:
            result["cosine"] = {name: cosines(form, texts["meaning"], wanted) for name, form in contestants.items()}
            for name, found in result["cosine"].items():
                print(f"{name:20} cosine mean {found['mean']:.4f}, least {found['least']:.4f}")
        for name in ("bsmv-int8", "bsmv-f32"):
            if result["cosine"][name]["mean"] < SAME:
                raise SystemExit(f"{name}'s mean cosine is below {SAME}: its speed is worth nothing")
        times = measure(contestants, texts["minilm"])
        result.setdefault("times", {})[str(threads)] = times
        print(f"{f'median ms, {threads} threads':20}" + "".join(f"{f'{n} x {b}':>10}" for n, b in SHAPES))
        for name, of_shape in times.items():
            print(f"{name:20}" + "".join(f"{statistics.median(ms):10.2f}" for ms in of_shape.values()))
        file.write_text(json.dumps(result), encoding="utf-8")
        for form in contestants.values():
            if isinstance(form, Ours):
                form.process.stdin.close()
                form.process.wait()


if __name__ == "__main__":
    main()
