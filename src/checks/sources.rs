//! What the rules rest on: laws, guidance of authorities, and the platforms' own pages.

use super::Source;

const fn source(name: &'static str, url: &'static str) -> Source {
    Source { name, url }
}

/// The advertising law.
const AD_LAW: &str = "https://www.samr.gov.cn/zw/zfxxgk/fdzdgknr/fgs/art/2023/art_5474cf75173c45d6a0379730fb4e8d97.html";

pub const ABSOLUTES: Source = source(
    "《广告法》第九条第（三）项；《广告绝对化用语执法指南》",
    "https://www.samr.gov.cn/ggjgs/tzgg/art/2023/art_183b5cb48d9e4f0dba67f9f912a913ba.html",
);
pub const MEDICAL: Source = source("《广告法》第十七条、第十八条", AD_LAW);
pub const FTC_HEALTH: Source = source(
    "FTC: Health Products Compliance Guidance",
    "https://www.ftc.gov/business-guidance/resources/health-products-compliance-guidance",
);
pub const GUARANTEES: Source = source(
    "《广告法》第十六条、第十八条、第二十四条、第二十八条",
    AD_LAW,
);
pub const RETURNS: Source = source("《广告法》第二十五条", AD_LAW);
pub const FTC_MONEY: Source = source(
    "FTC: Business opportunities and investments",
    "https://www.ftc.gov/business-guidance/advertising-marketing",
);
pub const XIAOHONGSHU: Source = source(
    "《小红书社区规范》",
    "https://www.xiaohongshu.com/crown/community/rules",
);
pub const GIVEAWAYS: Source = source(
    "《反不正当竞争法》；《规范促销行为暂行规定》",
    "https://www.samr.gov.cn/",
);
pub const X_PROMOTIONS: Source = source(
    "X: Guidelines for promotions",
    "https://help.x.com/en/rules-and-policies/x-contest-rules",
);
pub const FTC_CLAIMS: Source = source(
    "FTC: Advertising and Marketing Basics",
    "https://www.ftc.gov/business-guidance/advertising-marketing/advertising-marketing-basics",
);
pub const AI_LABEL: Source = source(
    "《人工智能生成合成内容标识办法》第十条",
    "https://www.cac.gov.cn/2025-03/14/c_1743654684782215.htm",
);
pub const DISCLOSURE_ZH: Source =
    source("《互联网广告管理办法》第九条", "https://www.samr.gov.cn/");
pub const DISCLOSURE_EN: Source = source(
    "FTC: Disclosures 101 for Social Media Influencers",
    "https://www.ftc.gov/business-guidance/resources/disclosures-101-social-media-influencers",
);
pub const X_COUNTS: Source = source(
    "X: Counting characters",
    "https://docs.x.com/fundamentals/counting-characters",
);
pub const X_HASHTAGS: Source = source(
    "X: How to use hashtags",
    "https://help.x.com/en/using-x/how-to-use-hashtags",
);
