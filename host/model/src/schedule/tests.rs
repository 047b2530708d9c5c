use jiff::civil;

use super::*;

fn rome() -> TimeZone {
    TimeZone::get("Europe/Rome").unwrap()
}

/// A moment in UTC, such as `2026-03-29T01:00`.
fn utc(text: &str) -> Timestamp {
    let moment: civil::DateTime = text.parse().unwrap();
    let moment = moment.to_zoned_datetime(TimeZone::UTC).unwrap().timestamp();
    Timestamp(u64::try_from(moment.as_millisecond()).unwrap())
}

fn cron(text: &str) -> Cron {
    text.parse().unwrap()
}

fn schedule(text: &str, missed: Missed) -> Schedule {
    Schedule { beat: Beat::Cron(cron(text)), missed }
}

fn every(milliseconds: u64, missed: Missed) -> Schedule {
    Schedule { beat: Beat::Every(Duration::from_millis(milliseconds)), missed }
}

/// All ticks after one moment, up to another.
fn ticks(text: &str, zone: &TimeZone, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    let cron = cron(text);
    let next = |last: &Timestamp| cron.after(zone, *last);
    std::iter::successors(next(&from), next).take_while(|tick| *tick <= until).collect()
}

#[test]
fn ticks_follow_the_clock_of_the_zone_across_both_changes() {
    // In Rome the clocks went from 02:00 to 03:00 on 29 March 2026 at 01:00 UTC, and from 03:00
    // back to 02:00 on 25 October 2026 at 01:00 UTC.
    let spring = ("2026-03-28T12:00", "2026-03-30T12:00");
    let autumn = ("2026-10-24T12:00", "2026-10-26T12:00");
    let cases: [(&str, (&str, &str), &[&str]); 8] = [
        // Before noon of summer time and of winter time it is another hour in UTC.
        ("0 6 * * *", spring, &["2026-03-29T04:00", "2026-03-30T04:00"]),
        ("0 6 * * *", autumn, &["2026-10-25T05:00", "2026-10-26T05:00"]),
        // The time that was skipped comes at the first instant after the gap.
        ("30 2 * * *", spring, &["2026-03-29T01:00", "2026-03-30T00:30"]),
        // The time that came twice counts once, the first time.
        ("30 2 * * *", autumn, &["2026-10-25T00:30", "2026-10-26T01:30"]),
        // What lies around the changes is as on every other day.
        ("59 1 * * *", spring, &["2026-03-29T00:59", "2026-03-29T23:59"]),
        ("0 3 * * *", autumn, &["2026-10-25T02:00", "2026-10-26T02:00"]),
        // What repeats within the day has nothing in the gap and both of what comes twice.
        (
            "30 1-3 29 3 *",
            ("2026-03-28T12:00", "2026-03-30T12:00"),
            &["2026-03-29T00:30", "2026-03-29T01:30"],
        ),
        (
            "30 */2 25 10 *",
            ("2026-10-24T23:00", "2026-10-25T03:30"),
            &["2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T03:30"],
        ),
    ];
    for (text, (from, until), expected) in cases {
        let expected: Vec<_> = expected.iter().map(|moment| utc(moment)).collect();
        assert_eq!(ticks(text, &rome(), utc(from), utc(until)), expected, "{text} from {from}");
    }
}

#[test]
fn looking_back_finds_what_looking_ahead_found() {
    // What was due is told by looking back from now, when the next one is due by looking ahead from
    // the last one: both have to mean the same ticks, on the days of the changes too.
    let zones = [rome(), TimeZone::UTC, TimeZone::get("Australia/Lord_Howe").unwrap()];
    let texts = ["30 2 * * *", "0 * * * *", "*/20 1-3 * * *", "15 2 * * SUN", "45 1,2 * 3,4,10 *"];
    for zone in &zones {
        for text in texts {
            let cron = cron(text);
            for (from, until) in
                [("2026-03-25T00:00", "2026-04-08T00:00"), ("2026-10-01T00:00", "2026-10-30T00:00")]
            {
                let all = ticks(text, zone, utc(from), utc(until));
                assert!(!all.is_empty(), "{text}");
                for pair in all.windows(2) {
                    let [earlier, later] = *pair else { unreachable!() };
                    assert_eq!(cron.until(zone, later), Some(later), "{text}");
                    let between = later.minus_ms(1);
                    assert_eq!(cron.until(zone, between), Some(earlier), "{text} {later:?}");
                }
            }
        }
    }
}

#[test]
fn missed_ticks_come_as_the_schedule_says() {
    let (last, now) = (utc("2026-11-20T05:00"), utc("2026-11-25T12:00"));
    let due = |missed| schedule("0 6 * * *", missed).due(&rome(), last, now);
    assert_eq!(due(Missed::One), Some(utc("2026-11-25T05:00")));
    assert_eq!(due(Missed::None), Some(utc("2026-11-25T05:00")));
    assert_eq!(due(Missed::All), Some(utc("2026-11-21T05:00")));
    let daily = schedule("0 6 * * *", Missed::All);
    assert_eq!(daily.due(&rome(), now, now), None);
    assert_eq!(daily.due(&rome(), now, utc("2026-11-26T04:59")), None);
    assert_eq!(daily.next(&rome(), now), Some(utc("2026-11-26T05:00")));
}

#[test]
fn no_more_ticks_are_made_up_for_than_may_be() {
    let (last, now) = (utc("2026-11-20T05:00"), utc("2026-11-25T12:00"));
    let each_minute = schedule("* * * * *", Missed::All);
    let made_up = u64::from(MISSED_TICKS_MAX - 1) * 60_000;
    assert_eq!(each_minute.due(&rome(), last, now), Some(now.minus_ms(made_up)));
    let each_second = every(1_000, Missed::All);
    let made_up = u64::from(MISSED_TICKS_MAX - 1) * 1_000;
    assert_eq!(each_second.due(&rome(), last, now), Some(now.minus_ms(made_up)));
}

#[test]
fn a_beat_is_kept_from_the_first_tick() {
    let check = |missed, last: u64, now: u64, expected: Option<u64>| {
        let due = every(100, missed).due(&TimeZone::UTC, Timestamp(last), Timestamp(now));
        assert_eq!(due, expected.map(Timestamp), "{missed} {last} {now}");
    };
    check(Missed::One, 50, 149, None);
    check(Missed::One, 50, 150, Some(150));
    check(Missed::One, 50, 399, Some(350));
    check(Missed::All, 50, 399, Some(150));
    check(Missed::All, 150, 399, Some(250));
    check(Missed::One, 500, 400, None);
    let next = every(100, Missed::One).next(&TimeZone::UTC, Timestamp(50));
    assert_eq!(next, Some(Timestamp(150)));
}

#[test]
fn what_is_no_cron_text_is_refused_with_words() {
    let check = |text: &str, words: &str| {
        let error = text.parse::<Cron>().unwrap_err().to_string();
        assert!(error.contains(words), "`{text}`: {error}");
    };
    check("", "0 fields, and a cron text has five");
    check("@daily", "1 fields");
    check("0 0 6 * * *", "6 fields");
    check("61 6 * * *", "`61 6 * * *` is no cron text: ");
    check("0 6 * * XYZ", "is no cron text");
    check("0 6 30 2 *", "`0 6 30 2 *` never comes");
    check(&"1 ".repeat(60), "60 fields");
    check(&format!("0{} 6 * * *", ",0".repeat(500)), "longer than 128 bytes");
    assert_eq!(cron("  0   6 * *  MON ").to_string(), "0 6 * * MON");
}
