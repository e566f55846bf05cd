"""Trains the small encoder: sentiment (of the post and towards a brand), topics and emotions at once, the untuned
teacher's embedding, and posts beside what they are about."""

from dataclasses import replace

import data
from training import Recipe, arguments, run

TOPICS = ["agriculture", "car", "culture", "edu", "entertainment", "finance", "game", "house", "military", "sports",
          "stock", "story", "tech", "travel", "world"]
EMOTIONS = ["anger", "disgust", "fear", "gratitude", "happiness", "like", "none", "optimism", "sadness", "surprise"]
EMOTIONS_EN = ["admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion", "curiosity", "desire",
               "disappointment", "disapproval", "disgust", "embarrassment", "excitement", "fear", "gratitude", "grief",
               "joy", "love", "nervousness", "neutral", "optimism", "pride", "realization", "relief", "remorse",
               "sadness", "surprise"]

RECIPE = Recipe(
    shares={"zh_weibo_sentiment": 40_000, "zh_weibo_emotion": 45_000, "zh_review_sentiment": 50_000,
            "en_tweet_sentiment": 35_000, "en_brand_sentiment": 60_000, "zh_topic_short": 40_000,
            "zh_brand_aspect": 12_000, "zh_weibo_hashtag": 4_000, "zh_weibo_cascades": 2_400, "en_emotion": 30_000},
    classes={"sentiment": data.SENTIMENT, "topic": TOPICS, "emotion": EMOTIONS, "emotion_en": EMOTIONS_EN},
    weights={"sentiment": 1.0, "brand_sentiment": 1.0, "topic": 0.6, "emotion": 0.6, "emotion_en": 0.3,
             "vector": 10.0, "pairs": 0.3},
    rate=3e-4,
    batch_tokens=4096,
    coarse_words=True,
    pairs_every=8,
    pairs_size=64,
)

# For a student that knows the tasks: nearer to its teacher, so that it serves tasks it was not trained for.
NEARER = replace(
    RECIPE,
    shares={"zh_weibo_sentiment": 10_000, "zh_weibo_emotion": 18_000, "zh_review_sentiment": 18_000,
            "en_tweet_sentiment": 10_000, "en_brand_sentiment": 24_000, "zh_topic_short": 14_000,
            "zh_brand_aspect": 6_000, "zh_weibo_hashtag": 2_000, "zh_weibo_cascades": 600, "en_emotion": 6_000},
    weights=RECIPE.weights | {"vector": 5.0, "twins": 1.5},
    centred=True,
    every_vector=True,
)

if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--nearer", action="store_true", help="the recipe for a student that knows the tasks already")
    args = parser.parse_args()
    run(NEARER if args.nearer else RECIPE, args)
