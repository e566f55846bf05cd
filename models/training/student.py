"""Trains the small encoder: sentiment (of the post and towards a brand), topics and emotions at once, the untuned
teacher's embedding, and posts beside what they are about."""

from dataclasses import replace

import data
from intent import WANTS
from modern import BINARY, KINDS
from sides import FORMS
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

# For a student that knows the older sets: the language of today beside them, and what is said of each of two names.
MODERN = replace(
    NEARER,
    shares={"own_posts": 16_000, "own_sides": 10_000, "own_about": 1_900, "en_multi_target": 5_000,
            "en_target_twitter": 1_500, "zh_sarcasm": 2_000, "en_sarcasm": 2_500, "wants": 1_000,
            "zh_weibo_sentiment": 7_000, "zh_weibo_emotion": 10_000, "zh_review_sentiment": 7_000,
            "en_tweet_sentiment": 7_000, "en_brand_sentiment": 12_000, "zh_topic_short": 4_000,
            "zh_brand_aspect": 2_000, "zh_weibo_hashtag": 500, "zh_weibo_cascades": 200, "en_emotion": 8_000,
            "zh_xhs_engagement": 2_000, "zh_bilibili_hot": 2_500, "zh_douyin_engagement": 1_000,
            "en_ig_engagement": 1_500, "en_tiktok_brand_engagement": 700, "en_x_brand_engagement": 1_200},
    classes=RECIPE.classes | {"irony": BINARY, "sarcasm": BINARY, "kind": KINDS, "wants": WANTS, "about": BINARY,
                              "advert": BINARY},
    weights=NEARER.weights | {"vector": 4.0, "irony": 0.6, "sarcasm": 0.5, "kind": 0.4, "wants": 0.4, "about": 0.6,
                              "advert": 0.5, "emotion_en": 0.5, "ranks": 0.5},
    batch_tokens=3072,
    every_vector=False,
    read=2.5,
    part=0.4,
    pairs_every=12,
    ranks_every=6,
    ranks_size=32,
    dropout=0.1,
)

# To choose how a text is read for a name: sides alone, for a few minutes each.
SIDES = replace(
    MODERN,
    shares={"own_sides": 7_000, "en_multi_target": 7_000, "en_target_twitter": 1_500},
    classes={"sentiment": data.SENTIMENT},
    weights={"brand_sentiment": 1.0, "sentiment": 0.5, "ranks": 0.5},
    batch_tokens=2048,
    pairs_every=0,
)
RECIPES = {"tasks": RECIPE, "nearer": NEARER, "modern": MODERN, "sides": SIDES}

if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--recipe", choices=RECIPES, default="tasks")
    parser.add_argument("--nearer", action="store_const", const="nearer", dest="recipe", help="as `--recipe nearer`")
    parser.add_argument("--form", choices=FORMS, help="how a text is read for what it says of a name")
    args = parser.parse_args()
    recipe = RECIPES[args.recipe]
    run(replace(recipe, form=args.form) if args.form else recipe, args)
