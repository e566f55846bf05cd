"""Validation metrics per set and task, and the sentiment head's temperature."""

import numpy as np
import torch
from scipy.stats import spearmanr
from sklearn.metrics import f1_score
from torch.nn import functional as F

import data

VECTOR_ROWS = 50  # fewer rows with a teacher's vector say nothing
POOLED = ["zh_weibo_sentiment", "zh_review_sentiment"]


def classification(found: list, binary: bool) -> dict[str, float]:
    """Returns accuracy and macro-F1; a binary set is scored on the two classes it has."""
    predicted = np.array([int(o.argmax()) for _, o, _ in found])
    wanted = np.array([t for _, _, t in found])
    return {"rows": len(found), "accuracy": round(float((predicted == wanted).mean()), 4),
            "macro_f1": round(float(f1_score(wanted, predicted, average="macro")), 4), "binary": binary}


def distillation(found: list) -> dict[str, float]:
    """Returns the mean cosine to the teacher, and how well the rows' similarities agree with the teacher's."""
    student, mapped, teacher = torch.stack([o for _, o, _ in found]).float().unbind(1)
    upper = torch.triu_indices(len(found), len(found), 1)
    pairs = [(x @ x.T)[upper[0], upper[1]].numpy() for x in (student, F.normalize(teacher, dim=-1))]
    return {"rows": len(found), "cosine": round(float(F.cosine_similarity(mapped, teacher).mean()), 4),
            "similarity_spearman": round(float(spearmanr(*pairs).statistic), 4)}


def summary(predictions: dict[str, dict[str, list]]) -> dict:
    """Returns metrics per set and task, pooled zh sentiment, and the score that chooses the checkpoint:
    the mean over classification tasks of accuracy (two classes) or macro-F1."""
    result: dict = {"sets": {}}
    scores = []
    for name, tasks in predictions.items():
        metrics = {}
        for task, found in tasks.items():
            if task == "vector":
                if len(found) >= VECTOR_ROWS:
                    metrics[task] = distillation(found)
                continue
            if task == "advert":
                continue
            binary = task == "sentiment" and name in data.BINARY_SETS
            metrics[task] = classification(found, binary)
            scores.append(metrics[task]["accuracy" if binary else "macro_f1"])
        result["sets"][name] = metrics
    pooled = [row for name in POOLED if name in predictions for row in predictions[name]["sentiment"]]
    if pooled:
        result["zh_sentiment_pooled"] = classification(pooled, True)
    result["score"] = round(float(np.mean(scores)), 4)
    return result


def fit_temperature(predictions: dict[str, dict[str, list]]) -> float:
    """Returns the temperature with the least cross-entropy over the sentiment rows of all sets."""
    rows = [row for tasks in predictions.values() for row in tasks.get("sentiment", [])]
    if not rows:
        return 1.0
    logits = torch.stack([o for _, o, _ in rows]).float()
    wanted = torch.tensor([t for _, _, t in rows])
    grid = np.geomspace(0.5, 3, 181)
    return round(float(min(grid, key=lambda t: float(F.cross_entropy(logits / t, wanted)))), 4)
