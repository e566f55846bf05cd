use super::*;

/// Four topics of one cluster each, along the first axes; 0 and 1 lean towards each other.
fn four() -> Topics {
    let axis = |i: usize, lean: f32| {
        let mut v = vec![0.0; EMBEDDING];
        v[i] = 1.0;
        v[i ^ 1] = lean;
        normalise(&mut v);
        v
    };
    let terms = |words: &[&str]| Terms {
        zh: Vec::new(),
        en: words.iter().map(|w| w.to_string()).collect(),
    };
    let clusters = [
        ["car", "road"],
        ["bus", "road"],
        ["tea", "cup"],
        ["war", "peace"],
    ];
    let topic = |i: usize| Topic {
        label: TopicLabel {
            zh: format!("题{i}"),
            en: format!("topic {i}"),
        },
        share: [0.4, 0.2, 0.2, 0.1][i],
        share_zh: 0.1,
        terms: terms(&clusters[i]),
        clusters: vec![i],
    };
    let file = TopicFile {
        seed: 1,
        teacher: "t".into(),
        sample: BTreeMap::new(),
        outliers: 0.1,
        least: 0.5,
        topics: (0..4).map(topic).collect(),
        clusters: clusters.iter().map(|c| terms(c)).collect(),
        sizes: vec![4, 2, 2, 1],
        tree: Vec::new(),
    };
    let centroids = vec![axis(0, 0.5), axis(1, 0.5), axis(2, 0.0), axis(3, 0.0)];
    Topics::new(
        file,
        centroids,
        [vec![0.0; EMBEDDING], vec![0.0; EMBEDDING]],
    )
    .unwrap()
}

fn unit(i: usize) -> Vec<f32> {
    let mut v = vec![0.0; EMBEDDING];
    v[i] = 1.0;
    v
}

#[test]
fn what_is_written_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("below/found.json");
    let topics = four();
    topics.write(&path).unwrap();
    let back = Topics::read(&path).unwrap();
    assert_eq!(back.file, topics.file);
    assert_eq!(
        (back.centroids, back.means),
        (topics.centroids, topics.means)
    );
}

#[test]
fn the_committed_ten_are_of_the_same_kind() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/topics.json");
    let topics = Topics::read(&path).unwrap();
    assert_eq!(topics.labels().len(), crate::definition::features::TOPICS);
    let (topic, cosine) = topics.assign(&topics.centroids[20], Language::En, -1.0);
    assert!(topic.is_some() && cosine > 0.0);
}

#[test]
fn files_that_dont_share_the_clusters_out_are_refused() {
    let refused = |change: &dyn Fn(&mut TopicFile)| {
        let Topics {
            mut file,
            centroids,
            means,
        } = four();
        change(&mut file);
        Topics::new(file, centroids, means).unwrap_err().to_string()
    };
    assert!(refused(&|f| f.topics[1].clusters = vec![0]).contains("share all 4 clusters"));
    assert!(refused(&|f| f.topics.truncate(3)).contains("share all 4 clusters"));
    assert!(refused(&|f| f.clusters.truncate(3)).contains("3 clusters but 4 centroids"));
    assert!(refused(&|f| f.sizes.truncate(3)).contains("3 sizes"));
}

#[test]
fn texts_go_to_the_nearest_topic_or_to_none() {
    let topics = four();
    assert_eq!(topics.assign(&unit(2), Language::Zh, 0.5), (Some(2), 1.0));
    let (none, cosine) = topics.assign(&unit(9), Language::En, 0.5);
    assert_eq!((none, cosine), (None, 0.0));
    let (near, cosine) = topics.assign(&unit(0), Language::En, 0.5);
    assert_eq!(near, Some(0));
    assert!((cosine - 1.25f32.sqrt().recip()).abs() < 1e-6);
    assert_eq!(topics.assign(&unit(0), Language::En, 0.9).0, None);
}

#[test]
fn merged_topics_share_clusters_terms_and_texts() {
    let mut topics = four();
    topics.merge(&[3, 1]).unwrap();
    let file = topics.file();
    assert_eq!(file.topics.len(), 3);
    let merged = &file.topics[1];
    assert_eq!(merged.label.en, "topic 1");
    assert_eq!(merged.clusters, [1, 3]);
    assert!((merged.share - 0.3).abs() < 1e-6);
    assert_eq!(merged.terms.en, ["bus", "road"]);
    // Texts of either go to it, without training.
    assert_eq!(topics.assign(&unit(3), Language::En, 0.5).0, Some(1));
    assert_eq!(topics.assign(&unit(2), Language::En, 0.5).0, Some(2));
    let Topics {
        file,
        centroids,
        means,
    } = topics;
    Topics::new(file, centroids, means).unwrap();
}

#[test]
fn a_term_of_both_gains() {
    let mut topics = four();
    topics.merge(&[0, 1]).unwrap();
    assert_eq!(topics.file().topics[0].terms.en, ["car", "road"]);
    let mut topics = four();
    topics.file.topics[1].share = 0.7;
    topics.file.topics[0].share = 0.4;
    topics.merge(&[0, 1]).unwrap();
    assert_eq!(topics.file().topics[0].terms.en, ["bus", "road"]);
}

#[test]
fn impossible_merges_say_why() {
    for (numbers, why) in [
        (vec![1], "two topics or more"),
        (vec![1, 1], "each once"),
        (vec![0, 4], "no topic 4: they are numbered 0 to 3"),
    ] {
        let mut topics = four();
        let error = topics.merge(&numbers).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
        assert_eq!(topics.file, four().file);
    }
    for count in [0, 4, 9] {
        let error = four().merge_to(count).unwrap_err().to_string();
        assert!(
            error.contains("4 topics can be merged to 1 up to 3"),
            "{error}"
        );
    }
    let mut topics = four();
    topics.file.sizes.clear();
    assert!(
        topics
            .merge_to(2)
            .unwrap_err()
            .to_string()
            .contains("how large")
    );
}

#[test]
fn near_topics_merge_first() {
    let mut topics = four();
    topics.merge_to(3).unwrap();
    let clusters: Vec<&[usize]> = topics
        .file()
        .topics
        .iter()
        .map(|t| &t.clusters[..])
        .collect();
    assert_eq!(clusters, [&[0, 1][..], &[2], &[3]]);
    topics.merge_to(1).unwrap();
    assert_eq!(topics.file().topics[0].clusters, [0, 1, 2, 3]);
    assert_eq!(topics.file().topics[0].label.en, "topic 0");
}

#[test]
fn names_change_one_at_a_time_and_stay_apart() {
    let mut topics = four();
    topics.rename(2, Some(" 茶 "), None).unwrap();
    let label = &topics.file().topics[2].label;
    assert_eq!((label.zh.as_str(), label.en.as_str()), ("茶", "topic 2"));
    topics.rename(2, Some("茶"), Some("Tea")).unwrap();
    for (number, zh, en, why) in [
        (7, Some("x"), None, "no topic 7"),
        (0, None, None, "--zh, --en"),
        (0, Some(" "), None, "blank"),
        (0, None, Some("Tea"), "topic 2 has that name"),
    ] {
        let error = topics.rename(number, zh, en).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}
