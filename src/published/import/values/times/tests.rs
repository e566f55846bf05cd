use proptest::prelude::*;

use super::*;

fn hours(hours: i8) -> UtcOffset {
    UtcOffset::from_hms(hours, 0, 0).unwrap()
}

/// A time as RFC 3339 writes it.
fn exactly(text: &str) -> OffsetDateTime {
    OffsetDateTime::parse(text, &Rfc3339).unwrap()
}

/// Reads a cell by the clock of Beijing.
fn read(cell: &str) -> Result<OffsetDateTime, NoTime> {
    moment(cell, SlashOrder::Unknown).map(|moment| moment.at(hours(8)))
}

#[test]
fn every_form_of_one_time_is_that_time() {
    let time = exactly("2026-11-22T10:03:07+08:00");
    for cell in [
        "2026-11-22T10:03:07+08:00",
        "2026-11-22T02:03:07Z",
        "2026-11-22T02:03:07.000Z",
        "2026-11-22 10:03:07+08:00",
        "2026-11-22 10:03:07 +08:00",
        "2026-11-22 10:03:07 +0800",
        "2026-11-22 02:03:07 UTC",
        "2026-11-22 10:03:07",
        "2026-11-22T10:03:07",
        "2026-11-22T10:03:07.123456",
        "2026/11/22 10:03:07",
        "2026.11.22 10:03:07",
        "2026-11-22 10:03:07 AM",
        "20261122100307",
        "22/11/2026 10:03:07",
        "11/22/2026 10:03:07",
        "Sun Nov 22 10:03:07 +0800 2026",
        "Sun, 22 Nov 2026 02:03:07 GMT",
        "Nov 22, 2026 10:03:07 AM",
        "10:03:07 AM · Nov 22, 2026",
        "2026年11月22日 10:03:07",
        "2026年11月22日10时03分07秒",
        "2026年11月22日 上午10:03:07",
        "1795312987",
        "1795312987.0",
        "1795312987000",
        "1795312987000000",
    ] {
        assert_eq!(read(cell), Ok(time), "{cell}");
    }
    // A spreadsheet's days, to a few seconds of the digits given.
    let serial = read("46348.4188").unwrap();
    assert!((serial - time).abs() < Duration::seconds(6), "{serial}");
}

#[test]
fn minutes_and_days_are_enough() {
    let minute = exactly("2026-11-22T22:03:00+08:00");
    for cell in [
        "2026-11-22 22:03",
        "2026/11/22 22:03",
        "2026年11月22日 22:03",
        "2026年11月22日22时03分",
        "2026年11月22日 下午10:03",
        "11/22/2026 10:03 PM",
        "10:03 PM · Nov 22, 2026",
    ] {
        assert_eq!(read(cell), Ok(minute), "{cell}");
    }
    for cell in [
        "2026-11-22",
        "2026/11/22",
        "20261122",
        "2026年11月22日",
        "Sun, Nov 22, 2026",
    ] {
        let day = moment(cell, SlashOrder::Unknown);
        let day = day.map(|day| (matches!(day, Moment::Day(_)), day.at(hours(8))));
        let midnight = exactly("2026-11-22T00:00:00+08:00");
        assert_eq!(day, Ok((true, midnight)), "{cell}");
    }
    let june = exactly("2026-06-05T00:00:00+08:00");
    assert_eq!(read("Fri, Jun 5, 2026"), Ok(june));
}

#[test]
fn a_cell_without_an_offset_says_so() {
    assert!(moment("2026-11-22 10:03", SlashOrder::Unknown).is_ok_and(|m| !m.is_exact()));
    assert!(moment("1795312987", SlashOrder::Unknown).is_ok_and(Moment::is_exact));
}

#[test]
fn what_is_no_time_is_refused_in_words_of_its_own() {
    for cell in [
        "昨天 10:03",
        "刚刚",
        "5分钟前",
        "3小时前",
        "2 hours ago",
        "yesterday",
        "just now",
        "3h",
    ] {
        assert_eq!(read(cell), Err(NoTime::Relative), "{cell}");
    }
    for cell in ["11-22 10:03", "11月22日 10:03", "Nov 22 10:03", "11-22"] {
        assert_eq!(read(cell), Err(NoTime::NoYear), "{cell}");
    }
    assert_eq!(read("05/06/2026 10:00"), Err(NoTime::Ambiguous));
    let first = moment("05/06/2026 10:00", SlashOrder::MonthFirst);
    assert_eq!(first.unwrap().at(hours(0)), exactly("2026-05-06T10:00:00Z"));
    for cell in [
        "",
        "soon",
        "2026-13-01",
        "2026-11-31",
        "2026-11-22 25:00",
        "60",
        "12345678901",
        "9999-12-31T23:59:59-12:00",
        "0000-01-01T00:00:00Z",
        "2026-11-22 10:03 Mars",
        "Foo Nov 22 2026",
        "10:03",
    ] {
        assert_eq!(read(cell), Err(NoTime::Unreadable), "{cell}");
    }
}

#[test]
fn offsets_have_many_forms() {
    for (text, expected) in [
        ("+08:00", Some(hours(8))),
        ("+0800", Some(hours(8))),
        ("+8", Some(hours(8))),
        ("-03:30", UtcOffset::from_hms(-3, -30, 0).ok()),
        ("UTC+8", Some(hours(8))),
        ("Z", Some(hours(0))),
        ("8", None),
        ("", None),
        ("+99", None),
        ("east", None),
    ] {
        assert_eq!(offset(text), expected, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_second_survives_its_forms(seconds in UNIX, minutes in -12 * 60..14 * 60i32) {
        let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        prop_assert_eq!(read(&seconds.to_string()), Ok(time));
        prop_assert_eq!(read(&(seconds * 1_000 + 999).to_string()), Ok(time));
        let zone = UtcOffset::from_whole_seconds(minutes * 60).unwrap();
        let there = time.to_offset(zone);
        let (whole, rest) = (minutes.abs() / 60, minutes.abs() % 60);
        let sign = if minutes < 0 { '-' } else { '+' };
        let (y, mo, d) = (there.year(), u8::from(there.month()), there.day());
        let (h, mi, s) = (there.hour(), there.minute(), there.second());
        for cell in [
            format!("{y}-{mo:02}-{d:02} {h:02}:{mi:02}:{s:02}{sign}{whole:02}:{rest:02}"),
            format!("{y}/{mo}/{d} {h}:{mi:02}:{s:02} {sign}{whole:02}{rest:02}"),
            format!("Mon {} {d} {h:02}:{mi:02}:{s:02} {sign}{whole:02}{rest:02} {y}",
                &there.month().to_string()[..3]),
        ] {
            prop_assert_eq!(read(&cell), Ok(time), "{}", cell);
        }
        let local = format!("{y}年{mo}月{d}日 {h:02}:{mi:02}:{s:02}");
        prop_assert_eq!(moment(&local, SlashOrder::Unknown).unwrap().at(zone), time);
    }

    #[test]
    fn no_cell_makes_it_panic(cell in ".{0,24}", near in "[0-9年月日时分 :/.+TZNov,-]{0,24}") {
        moment(&cell, SlashOrder::Unknown).ok();
        moment(&near, SlashOrder::MonthFirst).ok();
    }
}
