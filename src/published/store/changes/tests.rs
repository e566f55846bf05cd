use std::collections::BTreeSet;

use proptest::prelude::*;
use time::OffsetDateTime;

use super::super::versions::{STEPS, bring_up_to_date};
use super::super::{Snapshot, load};
use super::*;
use crate::diffusion::{DiffusionGraph, EventKind};

const POST: u128 = 1;
/// The user who is erased.
const GONE: u128 = 100;

fn tables() -> Connection {
    let mut db = Connection::open_in_memory().unwrap();
    bring_up_to_date(&mut db, STEPS).unwrap();
    db
}

fn record() -> PostRecord {
    PostRecord {
        keep_texts: true,
        ..PostRecord::new(OffsetDateTime::UNIX_EPOCH)
    }
}

fn make(db: &Connection, change: Change) -> Done {
    change.apply(db).unwrap().0
}

fn put_post(db: &Connection, post: u128, author: Option<u128>) {
    let change = Change::Put {
        post,
        author: Author::Is(author),
        record: Box::new(record()),
        events: EventsSoFar::Stay,
    };
    make(db, change);
}

fn append_to(db: &Connection, post: u128, events: &[Arrival]) -> Done {
    let events = events.iter().map(|&event| {
        let text = format!("text {} of {:?}", event.id, event.user);
        (event, Some(text))
    });
    let change = Change::Append {
        post,
        events: events.collect(),
        observed_until: 1_000,
    };
    make(db, change)
}

/// Tables with one post that has these events.
fn holding(events: &[Arrival]) -> Connection {
    let db = tables();
    put_post(&db, POST, None);
    append_to(&db, POST, events);
    db
}

fn snapshot(db: &Connection, post: u128) -> std::sync::Arc<Snapshot> {
    load(db, post).unwrap().unwrap().snapshot(None)
}

fn graph(db: &Connection) -> DiffusionGraph {
    snapshot(db, POST).graph.clone()
}

fn event(id: u128, parent: impl Into<Option<u128>>, t: u32, user: u128) -> Arrival {
    Arrival {
        id,
        parent: parent.into(),
        t,
        kind: EventKind::Quote,
        user: Some(user),
        followers: None,
        verified: None,
        s: None,
    }
}

/// The graph after `GONE` was erased: the times of its events and their parents.
fn bridged(events: &[Arrival]) -> (Vec<u32>, Vec<u32>) {
    let db = holding(events);
    let gone = events.iter().filter(|e| e.user == Some(GONE)).count();
    let done = make(&db, Change::EraseUser(GONE));
    assert_eq!((done.posts, done.events), (0, gone as u64));
    let graph = graph(&db);
    (graph.t, graph.parent)
}

#[test]
fn an_erased_link_of_a_chain_is_bridged() {
    let chain = [
        event(1, None, 10, 7),
        event(2, 1, 20, GONE),
        event(3, 2, 30, 8),
    ];
    assert_eq!(bridged(&chain), (vec![10, 30], vec![0, 1]));
}

#[test]
fn several_erased_links_in_a_row_are_bridged() {
    let chain = [
        event(1, None, 10, 7),
        event(2, 1, 20, GONE),
        event(3, 2, 30, GONE),
        event(4, 3, 40, GONE),
        event(5, 4, 50, 8),
        event(6, 3, 60, 9),
    ];
    assert_eq!(bridged(&chain), (vec![10, 50, 60], vec![0, 1, 1]));
}

#[test]
fn children_of_an_erased_first_event_hang_on_the_post() {
    let chain = [
        event(1, None, 10, GONE),
        event(2, 1, 20, 7),
        event(3, 2, 30, 8),
    ];
    assert_eq!(bridged(&chain), (vec![20, 30], vec![0, 1]));
}

#[test]
fn a_parent_that_never_came_is_still_waited_for() {
    let db = holding(&[event(2, 1, 20, GONE), event(3, 2, 30, 8)]);
    make(&db, Change::EraseUser(GONE));
    assert_eq!(graph(&db).parent, [0]);
    append_to(&db, POST, &[event(1, None, 10, 7)]);
    assert_eq!(graph(&db).parent, [0, 1]);
}

#[test]
fn a_circle_of_erased_events_hangs_what_is_below_it_on_the_post() {
    let circle = [
        event(1, 3, 10, GONE),
        event(2, 1, 20, GONE),
        event(3, 2, 30, GONE),
        event(4, 2, 40, 7),
        event(5, 4, 50, 8),
    ];
    assert_eq!(bridged(&circle), (vec![40, 50], vec![0, 1]));
    let own_parent = [event(1, 1, 10, GONE), event(2, 1, 20, 7)];
    assert_eq!(bridged(&own_parent), (vec![20], vec![0]));
}

#[test]
fn a_circle_through_erased_and_other_events_keeps_the_others() {
    let circle = [
        event(1, 2, 10, 7),
        event(2, 3, 20, GONE),
        event(3, 1, 30, 8),
        event(4, 5, 40, 9),
        event(5, 4, 50, GONE),
    ];
    assert_eq!(bridged(&circle), (vec![10, 30, 40], vec![0, 1, 0]));
}

#[test]
fn an_event_sent_again_after_its_erasure_is_a_new_one() {
    let events = [event(1, None, 10, GONE), event(2, 1, 20, 7)];
    let db = holding(&events);
    make(&db, Change::EraseUser(GONE));
    let done = append_to(&db, POST, &events);
    assert_eq!((done.events, done.known), (1, 1));
    // What was bridged stays so.
    assert_eq!(graph(&db).parent, [0, 0]);
}

#[test]
fn a_user_is_erased_everywhere_with_posts_and_texts() {
    let db = tables();
    put_post(&db, POST, Some(7));
    put_post(&db, 2, Some(GONE));
    put_post(&db, 3, None);
    let events = [event(1, None, 10, GONE), event(2, 1, 20, 7)];
    for post in [POST, 2, 3] {
        append_to(&db, post, &events);
    }
    let revision = snapshot(&db, POST).revision;
    let (done, news) = Change::EraseUser(GONE).apply(&db).unwrap();
    assert_eq!((done.posts, done.events), (1, 2 + 1 + 1));
    let News::Changed(posts) = news else {
        panic!("the cache is told of no change");
    };
    assert_eq!(BTreeSet::from_iter(posts), BTreeSet::from([POST, 2, 3]));
    assert!(load(&db, 2).unwrap().is_none());
    assert_eq!(snapshot(&db, POST).graph.t, [20]);
    assert!(snapshot(&db, POST).revision > revision);
    let texts: String = db
        .query_row("SELECT group_concat(text) FROM texts", [], |row| row.get(0))
        .unwrap();
    assert_eq!(texts, "text 2 of Some(7),text 2 of Some(7)");
    assert_eq!(make(&db, Change::EraseUser(GONE)), Done::default());
}

#[test]
fn posts_before_a_time_are_erased_and_no_others() {
    let db = tables();
    for (post, second) in [(1, 99), (2, 100), (3, 101)] {
        let record = PostRecord::new(OffsetDateTime::from_unix_timestamp(second).unwrap());
        let events = EventsSoFar::Stay;
        let (record, author) = (Box::new(record), None);
        make(
            &db,
            Change::Put {
                post,
                author: Author::Is(author),
                record,
                events,
            },
        );
        append_to(&db, post, &[event(1, None, 10, 7), event(2, 1, 20, 8)]);
    }
    let done = make(&db, Change::Prune(100));
    assert_eq!((done.posts, done.events), (1, 2));
    assert!(load(&db, 1).unwrap().is_none());
    assert!(load(&db, 2).unwrap().is_some());
    let done = make(&db, Change::ErasePost(2));
    assert_eq!((done.posts, done.events), (1, 2));
    assert_eq!(make(&db, Change::ErasePost(2)), Done::default());
    assert_eq!(graph_of(&db, 3).len(), 2);
}

fn graph_of(db: &Connection, post: u128) -> DiffusionGraph {
    snapshot(db, post).graph.clone()
}

#[test]
fn events_without_a_post_are_refused() {
    let change = Change::Append {
        post: POST,
        events: vec![(event(1, None, 10, 7), None)],
        observed_until: 0,
    };
    let refused = change.apply(&tables());
    assert!(matches!(refused, Err(StoreError::NoSuchPost)));
}

#[test]
fn every_field_of_an_event_comes_back() {
    let db = tables();
    put_post(&db, POST, Some(7));
    let mut all = Vec::new();
    let kinds = [
        EventKind::Repost,
        EventKind::Quote,
        EventKind::Reply,
        EventKind::Comment,
    ];
    for (i, kind) in (0u32..).zip(kinds) {
        all.push(Arrival {
            kind,
            user: [Some(7), None, Some(u128::MAX), Some(0)][i as usize],
            followers: [None, Some(0), Some(u64::MAX), Some(1 << 63)][i as usize],
            verified: [None, Some(true), Some(false), None][i as usize],
            s: [None, Some(-1.0), Some(0.1), Some(f32::MIN_POSITIVE)][i as usize],
            ..event(u128::from(i) << 120, None, i * 1_000_000_000, 0)
        });
    }
    append_to(&db, POST, &all);
    let graph = graph(&db);
    assert_eq!(graph.t, all.iter().map(|e| e.t).collect::<Vec<_>>());
    assert_eq!(graph.kind, kinds);
    assert_eq!(graph.user, [0, 1, 2, 3]);
    let followers: Vec<_> = all.iter().map(|e| e.followers).collect();
    assert_eq!(graph.followers, followers);
    let verified: Vec<_> = all.iter().map(|e| e.verified).collect();
    assert_eq!(graph.verified, verified);
    let s: Vec<_> = all.iter().map(|e| e.s).collect();
    assert_eq!(graph.s, s);
    assert_eq!(graph.observed_until, 3_000_000_000);
}

/// Events of few users, `GONE` among them. Parents come before or after their children, never,
/// or in circles.
fn any_events() -> impl Strategy<Value = Vec<Arrival>> {
    let row = (0..16u128, 0..60u32, 0..3u128);
    prop::collection::vec(row, 1..14).prop_map(|rows| {
        let events = (1..).zip(rows).map(|(id, (parent, t, user))| {
            let parent = Some(parent).filter(|&parent| parent > 0);
            event(id, parent, t, GONE + user)
        });
        events.collect()
    })
}

/// Events whose parents come before them, in time too.
fn trees() -> impl Strategy<Value = Vec<Arrival>> {
    let row = (any::<prop::sample::Index>(), 0..3u128);
    prop::collection::vec(row, 1..30).prop_map(|rows| {
        let events = (1u128..).zip(rows).map(|(id, (parent, user))| {
            let parent = Some(parent.index(id as usize) as u128).filter(|&p| p > 0);
            event(id, parent, id as u32, GONE + user)
        });
        events.collect()
    })
}

/// The events that are left, by the rule itself: each hangs on the nearest of its forebears
/// that isn't erased.
fn left_of(events: &[Arrival]) -> Vec<Arrival> {
    let erased = |id: u128| {
        let found = events.iter().find(|e| e.id == id);
        found.filter(|e| e.user == Some(GONE))
    };
    let left = events.iter().filter(|e| e.user != Some(GONE));
    left.map(|&event| {
        let mut parent = event.parent;
        for _ in 0..=events.len() {
            match parent.and_then(erased) {
                Some(gone) => parent = gone.parent,
                None => return Arrival { parent, ..event },
            }
        }
        // Round and round among erased ones.
        Arrival {
            parent: None,
            ..event
        }
    })
    .collect()
}

/// Pairs of times of events, the first a forebear of the second. Times must differ.
fn forebears(graph: &DiffusionGraph) -> BTreeSet<(u32, u32)> {
    let mut pairs = BTreeSet::new();
    for i in 0..graph.len() {
        let mut above = graph.parent[i];
        while above > 0 {
            let node = above as usize - 1;
            pairs.insert((graph.t[node], graph.t[i]));
            above = graph.parent[node];
        }
    }
    pairs
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(300)
    })]

    #[test]
    fn an_erased_user_leaves_what_was_never_theirs(events in any_events()) {
        let db = holding(&events);
        make(&db, Change::EraseUser(GONE));
        prop_assert_eq!(graph(&db), graph(&holding(&left_of(&events))));
    }

    #[test]
    fn order_of_arrival_does_not_matter_to_an_erasure(
        (events, order) in any_events().prop_flat_map(|events| {
            let order = Just(events.clone()).prop_shuffle();
            (Just(events), order)
        }),
        cut in any::<prop::sample::Index>(),
    ) {
        let db = holding(&events);
        make(&db, Change::EraseUser(GONE));
        let other = tables();
        put_post(&other, POST, None);
        append_to(&other, POST, &order[..cut.index(order.len())]);
        append_to(&other, POST, &order);
        make(&other, Change::EraseUser(GONE));
        prop_assert_eq!(graph(&db), graph(&other));
    }

    #[test]
    fn an_erasure_keeps_who_descends_from_whom(events in trees()) {
        let db = holding(&events);
        let before = forebears(&graph(&db));
        make(&db, Change::EraseUser(GONE));
        let after = graph(&db);
        let left = |t: &u32| after.t.contains(t);
        let expected = before.into_iter().filter(|(a, b)| left(a) && left(b)).collect();
        prop_assert_eq!(forebears(&after), expected);
    }

    #[test]
    fn users_can_be_erased_in_any_order(events in any_events()) {
        let erased = |users: [u128; 2]| {
            let db = holding(&events);
            let done = users.map(|user| make(&db, Change::EraseUser(user)).events);
            (done.iter().sum::<u64>(), graph(&db))
        };
        prop_assert_eq!(erased([GONE, GONE + 1]), erased([GONE + 1, GONE]));
    }
}
