//! Weak labels of advertisement and of real use: words that tell them, and texts without these
//! words.
//!
//! No set says which posts are advertisements, so cues do. Those of advertisement are of five
//! families (offers and prices; calls to act; ways to reach a seller; a seller's phrases; prizes),
//! those of real use of three (the first person; buying and using; a time, place or member of the
//! household). A text is graded
//!
//! | grade | where |
//! | --- | --- |
//! | 0 | all three families of use, and no call, contact, phrase of sellers' or prize; a price may be named, as buyers do |
//! | 0.25 | the first person with one other family of use, no cue of advertisement |
//! | 0.5 | no cue at all |
//! | 0.75 | one cue of advertisement, nobody in the first person |
//! | 1 | two or more |
//!
//! and not at all where something else is likelier: questions, reports, appeals for help, and
//! reviews, which buyers write, for grades from 0.5.
//!
//! What they catch, by reading up to 40 training texts of each set (promotion in a wide sense:
//! goods, shows, events, prize draws):
//!
//! | set | grade 1, right | grade 0.75, right |
//! | --- | --- | --- |
//! | zh_weibo_sentiment | 4 of 7 | 5 of 23 |
//! | zh_weibo_emotion | 11 of 26 | 6 of 20 |
//! | zh_weibo_hashtag | 27 of 40, mostly prize draws and films | 6 of 20 |
//! | zh_weibo_cascades | 6 of 11 | not read |
//! | en_tweet_sentiment | 33 of 40 | 10 of 20 |
//! | en_brand_sentiment | 29 of 40, mostly prize draws | 13 of 20 |
//! | en_twitter_cascades | 1 of 2 | 1 of 25 |
//!
//! Grade 0, 20 texts of each set: somebody's own use of something in 19 of the reviews and 18 of
//! en_brand_sentiment (airlines, mostly); in 12 to 14 of zh_weibo_sentiment, zh_weibo_emotion and
//! en_tweet_sentiment; in half of en_emotion, zh_weibo_hashtag and zh_weibo_cascades.
//!
//! So there are few advertisements, nearly half of the Chinese ones wrongly labelled, and hard
//! selling of goods is rare among them.
//!
//! What the cues say is taken out of a text, wholly or at random ([`Cues::without`]), before a
//! model reads it: so it learns what else such texts have in common.

use std::collections::HashSet;

use crate::text::Language;
use anyhow::Result;
use rand::Rng;
use regex::Regex;

/// The grades, ascending.
pub const GRADES: [f32; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
/// Characters of the shortest text that is graded.
const SHORTEST: usize = 8;

const ZH_ADVERT: [&str; 5] = [
    r"特价|原价|现价|促销|大促|[钜特]惠|优惠|折扣|[0-9](?:\.[0-9])?折|[五六七八九]折|满减|立减|立省|秒杀价|包邮|限时|限量|抢购|代金券|低至|首付|[0-9]元起|免息|买[一二三1-3]送|半价|免费(?:领|送|试用|体验|赠)|仅需|仅售|只需[0-9]+元|售价|赠送|[豪好]礼|大礼包",
    r"点击|猛戳|请戳|链接|速来|速抢|(?:快来|赶快|赶紧)(?:来|抢|报名|参加|参与|转发|行动|下单)|立即(?:购买|抢|预|报名|参与|下载|咨询)|报名|预约|预[订定]|订购|选购|下单|火热|不容错过|别错过|不要错过|机不可失|先到先得|等你[来拿]|敬请(?:期待|关注)|扫码|扫描二维码|下载|欢迎(?:选购|咨询|光临|品尝|致电|来电|预订|加盟|参加|参与|前来|订购)|不见不散|行动吧",
    r"微信(?:公众号?|号)?:?<contact>|微信:|加我?(?:微信|[QV])|QQ群?:?[0-9<]|电话:?[0-9<]|<phone>|<contact>|热线|淘宝店|旗舰店|专卖店|官网|官方网站|代购|诚[招聘]|代理商|招商|加盟|批发",
    r"全新(?:上市|推出|升级|一代)|新品|隆重(?:推出|上市)|重磅|首发|正品|尊享|尊贵|奢华|值得拥有|必备|首选|爆款|新款|功效|高端|倾力|倾情|火爆|热卖|独家|震撼(?:上市|登场|首播|来袭)",
    r"抽取[0-9一二三四五六七八九十]|抽奖|有奖|赢取|赢(?:大奖|iPhone|得)|幸运(?:粉丝|网友)|奖品|有?机会(?:获得|赢|参与|参加|抽|得到)|即日起|转发[此本这]条?微博|送出",
];
const ZH_USE: [&str; 3] = [
    r"我|俺|咱|本人|老子",
    r"买[了的到回来过]|用[了的着过完]|用起来|吃[了的着过完到]|喝[了的着过完到]|穿[了的着过上]|试[了过用]|装了|收到|入手|换了|坏了|修了|煮|做了|洗了|戴[了着上]|住[了的着]|退货|等了|排[了队]|充了|点了",
    r"今[天早晚]|昨[天晚]|前天|早上|早晨|中午|下午|晚上|半夜|凌晨|刚刚|刚才|下班|上班|周末|回家|到家|家里|我家|宿舍|寝室|楼下|路上|地铁|公交|办公室|公司|学校|医院|超市|食堂|老公|老婆|妈|爸|爷爷|奶奶|外婆|姥姥|宝宝|儿子|女儿|闺女|男朋友|女朋友|室友|舍友|同事|同学|朋友|孩子|弟弟|妹妹|哥哥|姐姐|[0-9一二两三四五六七八九十半](?:个月|年|天|次|个?小时|分钟)",
];
const ZH_OTHER: &str = r"记者|报道|消息|分析师|据悉|网曝|怎么|为什么|为啥|骗|吗|么[?!。,]|假货|难道|居然|竟然|哈哈|呵呵|捐|恭喜|回复@|//@|急|扩散|失主|爱心|寻|丢|走失|举手之劳|疫|病毒|人生|奖学金|希望";

const EN_ADVERT: [&str; 5] = [
    r"\b\d{1,2} ?% ?off\b|[$£€] ?\d[\d,.]* off\b|\bdiscount(?:s|ed)?\b|\bcoupons?\b|\bpromo\b|\bvouchers?\b|\b(?:on|flash|clearance|for) ?sale\b|\bfree (?:shipping|trial|delivery|entry|gift|download|tickets?|admission|sample|copy)\b|\bhalf price\b|\bbuy (?:one|1|2|two) get\b|\bspecial offer\b|\bdeals? of\b|\bhot deals?\b|\bhappy hour\b|\bpre-?orders?\b|[$£€] ?\d+(?:\.\d\d)?\b|\bsave up\b",
    r"\bclick (?:here|the|on|link)\b|\bcheck (?:it |us |them |this |these |our )?out\b|\bshop (?:now|online|our)\b|\border (?:now|online|yours?|today|here)\b|\bbuy (?:now|yours?|tickets?|here|online)\b|\bget (?:yours?|your tickets?|tickets)\b|\bsign up\b|\bregister (?:now|today|here|at|online|to)\b|\bdownload (?:now|our|free|it|here)\b|\bbook (?:now|your|online|today)\b|\bcome (?:join|see us|visit|check|on down|by|out and|celebrate)\b|\bjoin us\b|\bdon['’]?t (?:miss|forget to)\b|\bvisit (?:us|our|your|www)\b|\bstop by\b|\blimited (?:time|edition|number|spots?|seats?)\b|\bhurry\b|\bwhile supplies\b|\blast chance\b|\bavailable (?:now|at|on|in|from|for|here)\b|\bnow available\b|\bout now\b|\btickets? (?:on sale|available|are|still|at)\b|\bsubscribe\b|\brsvp\b|\blearn more\b|\bmore info\b|\bapply (?:now|today|here)\b|\bfollow us\b",
    r"\bcall (?:us|now|today|\d|<)|\bcontact us\b|\bemail us\b|<phone>|<email>|\blink in (?:my |our )?bio\b|\bwww\.|\bfor (?:more )?(?:info|details|booking)\b|\bon (?:ebay|etsy|itunes|groupon)\b|\bforsale\b",
    r"\bour (?:new|latest|newest)\b|\ball[- ]new\b|\bintroducing\b|\bpresents\b|\bnow (?:open|hiring|showing|enrolling|accepting)\b|\bbrand new\b|\bwe(?:['’]re| are) (?:open|hiring|offering|excited to|proud to|giving)\b|\bperfect (?:for|gift)\b|\bmust[- ]have\b|\bexclusive\b",
    r"\bgiveaway\b|\b(?:chance to|to|you could|you can) win\b|\bwin (?:a|tickets|free|\$)|\benter (?:to|here|now|our)\b|\bsweepstakes?\b|\bcontest\b|\braffle\b|\brt (?:to|this|for)\b",
];
const EN_USE: [&str; 3] = [
    r"\b(?:i|i['’]m|i['’]ve|i['’]ll|im|ive|my|me)\b",
    r"\b(?:bought|got|ordered|used|using|use|wore|wearing|tried|trying|ate|eating|drank|drinking|drove|driving|cooked|cooking|made|making|broke|broken|fixed|charged|charging|installed|watched|watching|playing|played|returned|waiting|waited|flew|flying|booked|paid|spent|lost|downloaded|updated|packed|washed|stuck)\b",
    r"\b(?:today|tonight|yesterday|this morning|this afternoon|last (?:night|week|year)|all (?:day|night|week)|just now|right now|weekend|home|house|kitchen|bed|couch|bathroom|work|office|school|class|bus|train|car|airport|plane|flight|gate|mom|mum|dad|husband|wife|kids?|son|daughter|boyfriend|girlfriend|roommate|sister|brother|grandma|grandpa|cousin|friends?|dog|cat|baby|hours?|minutes?|mins?|weeks?|months?|days?|years?)\b",
];
const EN_OTHER: &str = r"\b(?:i['’]d|mine|lol|lmao|haha\w*|thanks|thank you|why|reportedly|police|wtf|fuck\w*|shit\w*|sorry|please|just got|worst|coronavirus)\b|\?|^@(?:united|usairways|americanair|southwestair|jetblue|virginamerica)";

/// The cues of one language, for cleaned texts.
pub struct Cues {
    advert: Vec<Regex>,
    /// The first person, use, scene.
    used: Vec<Regex>,
    other: Regex,
}

/// The cues found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Different cues of advertisement.
    advert: usize,
    /// True where one of them is no offer or price.
    calls: bool,
    /// Families of use.
    used: usize,
    first_person: bool,
    /// True where it is likelier a question, a report or an appeal.
    other: bool,
    long: bool,
}

impl Cues {
    /// Those of a language; of Chinese or, for all others, English.
    pub fn of(language: Language) -> Result<Self> {
        let (advert, used, other) = match language {
            Language::Zh => (&ZH_ADVERT, &ZH_USE, ZH_OTHER),
            _ => (&EN_ADVERT, &EN_USE, EN_OTHER),
        };
        let all = |list: &[&str]| list.iter().map(|p| compile(p)).collect::<Result<_>>();
        Ok(Cues {
            advert: all(advert)?,
            used: all(used)?,
            other: compile(other)?,
        })
    }

    /// The cues in a text.
    pub fn find(&self, text: &str) -> Found {
        let mut told = HashSet::new();
        let mut calls = false;
        for (i, family) in self.advert.iter().enumerate() {
            for cue in family.find_iter(text) {
                calls |= i > 0;
                told.insert(cue.as_str().to_lowercase());
            }
        }
        let used: Vec<bool> = self.used.iter().map(|r| r.is_match(text)).collect();
        Found {
            advert: told.len(),
            calls,
            used: used.iter().filter(|&&used| used).count(),
            first_person: used[0],
            other: self.other.is_match(text),
            long: text.chars().count() >= SHORTEST,
        }
    }

    /// A text without its cues, each left out with probability `share`.
    pub fn without(&self, text: &str, share: f64, rng: &mut impl Rng) -> String {
        let families = self.advert.iter().chain(&self.used);
        let mut cues: Vec<(usize, usize)> = families
            .flat_map(|family| family.find_iter(text))
            .filter(|_| rng.random_bool(share))
            .map(|cue| (cue.start(), cue.end()))
            .collect();
        cues.sort_unstable();
        let (mut left, mut at) = (String::with_capacity(text.len()), 0);
        for (start, end) in cues {
            if start > at {
                left.push_str(&text[at..start]);
            }
            at = at.max(end);
        }
        left + &text[at..]
    }
}

impl Found {
    /// The place in [`GRADES`] of a text that was found so, if it has one; `bought` for reviews.
    pub fn grade(&self, bought: bool) -> Option<usize> {
        if !self.long {
            None
        } else if self.used == 3 && !self.calls {
            Some(0)
        } else if self.used == 2 && self.first_person && self.advert == 0 {
            Some(1)
        } else if bought || self.first_person || self.other {
            None
        } else {
            match (self.advert, self.used) {
                (0, 0) => Some(2),
                (0, _) => None,
                (1, _) => Some(3),
                _ => Some(4),
            }
        }
    }

    /// The place of any text between use and advertisement by the cues alone, 0 to 1: half the families of use against half of two
    /// cues of advertisement.
    pub fn lean(&self) -> f32 {
        0.5 + self.advert.min(2) as f32 / 4.0 - self.used as f32 / 6.0
    }
}

/// Cases are one; words end where ASCII words do, which is much faster.
fn compile(pattern: &str) -> Result<Regex> {
    let pattern = pattern.replace(r"\b", r"(?-u:\b)");
    Ok(Regex::new(&format!("(?i){pattern}"))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn grade(language: Language, text: &str) -> Option<f32> {
        let found = Cues::of(language).unwrap().find(text);
        found.grade(false).map(|grade| GRADES[grade])
    }

    #[test]
    fn grades_follow_the_cues() {
        for (text, expected) in [
            ("昨天我给妈妈买了一口锅,才九十九元", Some(0.0)),
            ("这口锅我用了好久,很顺手", Some(0.25)),
            ("锅是铁的,很重,有一个把手", Some(0.5)),
            ("好锅在此,敬请期待大家的喜爱", Some(0.75)),
            ("好锅包邮,点击链接购买", Some(1.0)),
            ("好锅包邮,点击链接购买吗", None),
            ("好锅", None),
        ] {
            assert_eq!(grade(Language::Zh, text), expected, "{text}");
        }
        for (text, expected) in [
            ("I bought a pan for $30 and my kids love it", Some(0.0)),
            ("A pan is made of iron and heavy", None),
            ("Iron pans are heavier than others", Some(0.5)),
            ("Iron pans available now", Some(0.75)),
            ("Iron pans, 20% off. Shop now", Some(1.0)),
            ("The deal is worth $150B to them all", Some(0.5)),
        ] {
            assert_eq!(grade(Language::En, text), expected, "{text}");
        }
    }

    #[test]
    fn cues_are_taken_out_and_nothing_else() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let cues = Cues::of(Language::Zh).unwrap();
        let text = "好锅包邮,微信<contact>购买";
        assert_eq!(cues.without(text, 1.0, &mut rng), "好锅,购买");
        assert_eq!(cues.without(text, 0.0, &mut rng), text);
        let cues = Cues::of(Language::En).unwrap();
        let left = cues.without("Pans 20% off: order today", 1.0, &mut rng);
        assert_eq!(left, "Pans : ");
    }
}
