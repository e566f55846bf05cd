//! The text stage on the committed bundle's tokenizer.

use bsmv::text::{Tokenizer, clean};

#[test]
fn the_bundle_s_tokenizer_reads_both_languages() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/models/bsmv-base/tokenizer.json"
    );
    let tokenizer = Tokenizer::from_bytes(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(tokenizer.special_pieces(), 2);
    let size = tokenizer.vocabulary_size() as u32;

    for text in [
        "query: 这款手机真好用，拍照特别清楚！！！！！[doge][doge][doge] http://t.cn/abc",
        "query: @nike your #AirMax are soooooo good 😍😍😍 https://t.co/x",
    ] {
        let text = clean(text);
        let whole = tokenizer.encode(&text, 512).unwrap();
        assert_eq!(whole.cut, 0);
        assert!(whole.ids.iter().all(|&id| id < size));
        assert_eq!((whole.ids.first(), whole.ids.last()), (Some(&0), Some(&2)));
        // Few characters of ordinary posts may be unknown (3).
        assert!(
            whole.ids.iter().filter(|&&id| id == 3).count() <= 2,
            "{whole:?}"
        );

        let short = tokenizer.encode(&text, 8).unwrap();
        assert_eq!(short.cut, whole.ids.len() - 8);
        assert_eq!(short.ids[..7], whole.ids[..7]);
        assert_eq!(short.ids[7], 2);
    }
    assert_eq!(tokenizer.encode("", 512).unwrap().ids, [0, 2]);
}
