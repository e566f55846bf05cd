"""Trains the frozen three-class sentiment labeller: the teacher with the cut vocabulary, all layers."""

import data
from training import Recipe, arguments, run

RECIPE = Recipe(
    shares={"zh_weibo_sentiment": 31_000, "zh_weibo_emotion": 22_000, "zh_review_sentiment": 7_000,
            "en_tweet_sentiment": 7_000, "en_brand_sentiment": 4_000},
    classes={"sentiment": data.SENTIMENT},
    weights={"sentiment": 1.0},
    rate=1e-4,
    batch_tokens=1536,
)

if __name__ == "__main__":
    run(RECIPE, arguments(__doc__).parse_args())
