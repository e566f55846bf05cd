"""Trains the small encoder: sentiment, topics and emotion at once, and the untuned teacher's embedding."""

import data
from training import Recipe, arguments, run

TOPICS = ["agriculture", "car", "culture", "edu", "entertainment", "finance", "game", "house", "military", "sports",
          "stock", "story", "tech", "travel", "world"]
EMOTIONS = ["anger", "disgust", "fear", "gratitude", "happiness", "like", "none", "optimism", "sadness", "surprise"]

RECIPE = Recipe(
    shares={"zh_weibo_sentiment": 20_000, "zh_weibo_emotion": 14_000, "zh_review_sentiment": 10_000,
            "en_tweet_sentiment": 7_000, "en_brand_sentiment": 8_000, "zh_topic_short": 20_000,
            "zh_weibo_hashtag": 3_000, "zh_weibo_cascades": 2_000, "en_emotion": 5_000},
    classes={"sentiment": data.SENTIMENT, "topic": TOPICS, "emotion": EMOTIONS},
    weights={"sentiment": 1.0, "topic": 0.5, "emotion": 0.3, "vector": 10.0},
    rate=2.5e-4,
    batch_tokens=1536,
)

if __name__ == "__main__":
    run(RECIPE, arguments(__doc__))
