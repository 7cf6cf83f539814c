//! What does a pattern for times say, and how is a time written or read by it?
//!
//! Two languages of patterns, MySQL's (`%Y-%m-%d`) and Joda's (`yyyy-MM-dd`), become the same list of pieces; writing
//! and reading know only pieces. Reading is strict: every character of the text must be accounted for.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

/// The months in English.
const MONTHS: [&str; 12] = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
];

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Letters of a month or weekday in short.
const SHORT: usize = 3;

/// One part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// A number, written with at least so many digits.
    Number(Part, usize),
    /// Two digits of the year.
    ShortYear,
    /// So many digits of the fraction of a second.
    Fraction(usize),
    Month {
        is_short: bool,
    },
    Weekday {
        is_short: bool,
    },
    HalfDay,
    /// The offset from UTC, with a colon or without; `Z` is read as well.
    Offset {
        has_colon: bool,
    },
}

/// A number of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Year,
    Month,
    Day,
    DayOfYear,
    Hour,
    HalfHour,
    Minute,
    Second,
    Week,
    WeekYear,
    /// 0 is Sunday.
    Weekday,
}

/// Reads a pattern of MySQL's, as Athena's `date_format` and `date_parse` take it.
pub(super) fn mysql(pattern: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            push_text(&mut pieces, character);
            continue;
        }
        let letter = characters.next().ok_or("the pattern ends in %")?;
        match letter {
            'r' => pieces.extend(mysql("%h:%i:%s %p")?),
            'T' => pieces.extend(mysql("%H:%i:%s")?),
            'D' | 'U' | 'u' | 'V' | 'X' => {
                return Err(format!("%{letter} is not supported in a pattern; use %d for days, %v and %x for ISO weeks"));
            }
            _ => match mysql_piece(letter) {
                Some(piece) => pieces.push(piece),
                None => push_text(&mut pieces, letter),
            },
        }
    }
    Ok(pieces)
}

fn mysql_piece(letter: char) -> Option<Piece> {
    Some(match letter {
        'Y' => Piece::Number(Part::Year, 4),
        'y' => Piece::ShortYear,
        'm' => Piece::Number(Part::Month, 2),
        'c' => Piece::Number(Part::Month, 1),
        'd' => Piece::Number(Part::Day, 2),
        'e' => Piece::Number(Part::Day, 1),
        'j' => Piece::Number(Part::DayOfYear, 3),
        'H' => Piece::Number(Part::Hour, 2),
        'k' => Piece::Number(Part::Hour, 1),
        'h' | 'I' => Piece::Number(Part::HalfHour, 2),
        'l' => Piece::Number(Part::HalfHour, 1),
        'i' => Piece::Number(Part::Minute, 2),
        's' | 'S' => Piece::Number(Part::Second, 2),
        'v' => Piece::Number(Part::Week, 2),
        'x' => Piece::Number(Part::WeekYear, 4),
        'w' => Piece::Number(Part::Weekday, 1),
        'f' => Piece::Fraction(6),
        'b' => Piece::Month { is_short: true },
        'M' => Piece::Month { is_short: false },
        'a' => Piece::Weekday { is_short: true },
        'W' => Piece::Weekday { is_short: false },
        'p' => Piece::HalfDay,
        _ => return None,
    })
}

/// Reads a pattern of Joda's, as Athena's `format_datetime` and `parse_datetime` take it.
pub(super) fn joda(pattern: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\'' {
            quoted(&mut characters, &mut pieces)?;
            continue;
        }
        if !character.is_ascii_alphabetic() {
            push_text(&mut pieces, character);
            continue;
        }
        let mut times = 1;
        while characters.next_if_eq(&character).is_some() {
            times += 1;
        }
        pieces.push(joda_piece(character, times)?);
    }
    Ok(pieces)
}

/// A text between single quotes; two of them are one.
fn quoted(
    characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    pieces: &mut Vec<Piece>,
) -> Result<(), String> {
    if characters.next_if_eq(&'\'').is_some() {
        push_text(pieces, '\'');
        return Ok(());
    }
    loop {
        match characters.next() {
            Some('\'') if characters.next_if_eq(&'\'').is_some() => push_text(pieces, '\''),
            Some('\'') => return Ok(()),
            Some(character) => push_text(pieces, character),
            None => return Err("a quote of the pattern is not closed".to_owned()),
        }
    }
}

fn joda_piece(letter: char, times: usize) -> Result<Piece, String> {
    Ok(match letter {
        'y' | 'Y' if times == 2 => Piece::ShortYear,
        'y' | 'Y' => Piece::Number(Part::Year, times),
        'x' => Piece::Number(Part::WeekYear, times),
        'M' if times >= 3 => Piece::Month { is_short: times == 3 },
        'M' => Piece::Number(Part::Month, times),
        'd' => Piece::Number(Part::Day, times),
        'D' => Piece::Number(Part::DayOfYear, times),
        'H' => Piece::Number(Part::Hour, times),
        'h' => Piece::Number(Part::HalfHour, times),
        'm' => Piece::Number(Part::Minute, times),
        's' => Piece::Number(Part::Second, times),
        'w' => Piece::Number(Part::Week, times),
        'S' => Piece::Fraction(times.min(9)),
        'E' => Piece::Weekday { is_short: times <= 3 },
        'a' => Piece::HalfDay,
        'Z' if times <= 2 => Piece::Offset { has_colon: times == 2 },
        _ => {
            let known = "y, x, M, d, D, H, h, m, s, w, S, E, a, Z and texts in single quotes";
            return Err(format!("{letter} is not supported in a pattern; use {known}"));
        }
    })
}

fn push_text(pieces: &mut Vec<Piece>, character: char) {
    match pieces.last_mut() {
        Some(Piece::Text(text)) => text.push(character),
        _ => pieces.push(Piece::Text(character.to_string())),
    }
}

/// Writes a wall clock with its offset from UTC in seconds.
pub(super) fn write(pieces: &[Piece], wall: NaiveDateTime, offset: i32, out: &mut String) {
    use std::fmt::Write;
    for piece in pieces {
        // Writing into a string cannot fail.
        let _ = match piece {
            Piece::Text(text) => out.write_str(text),
            Piece::Number(part, digits) => write!(out, "{:0digits$}", number(*part, &wall)),
            Piece::ShortYear => write!(out, "{:02}", wall.year().rem_euclid(100)),
            Piece::Fraction(digits) => {
                let nanos = format!("{:09}", wall.nanosecond() % 1_000_000_000);
                out.write_str(&nanos[..*digits])
            }
            Piece::Month { is_short } => out.write_str(cut(MONTHS[wall.month0() as usize], *is_short)),
            Piece::Weekday { is_short } => {
                let day = wall.weekday().num_days_from_monday() as usize;
                out.write_str(cut(WEEKDAYS[day], *is_short))
            }
            Piece::HalfDay => out.write_str(if wall.hour() < 12 { "AM" } else { "PM" }),
            Piece::Offset { has_colon } => out.write_str(&offset_text(offset, *has_colon)),
        };
    }
}

/// An offset in seconds as `+02:00` or `+0200`.
pub(super) fn offset_text(offset: i32, has_colon: bool) -> String {
    let (sign, size) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
    let colon = if has_colon { ":" } else { "" };
    format!("{sign}{:02}{colon}{:02}", size / 3_600, size / 60 % 60)
}

fn cut(name: &str, is_short: bool) -> &str {
    if is_short { &name[..SHORT] } else { name }
}

fn number(part: Part, wall: &NaiveDateTime) -> i64 {
    match part {
        Part::Year => wall.year().into(),
        Part::Month => wall.month().into(),
        Part::Day => wall.day().into(),
        Part::DayOfYear => wall.ordinal().into(),
        Part::Hour => wall.hour().into(),
        Part::HalfHour => wall.hour12().1.into(),
        Part::Minute => wall.minute().into(),
        Part::Second => wall.second().into(),
        Part::Week => wall.iso_week().week().into(),
        Part::WeekYear => wall.iso_week().year().into(),
        Part::Weekday => wall.weekday().num_days_from_sunday().into(),
    }
}

/// What was read so far; what a pattern does not say is midnight on 1970-01-01.
#[derive(Default)]
struct Fields {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    week: Option<i64>,
    week_year: Option<i64>,
    hour: i64,
    is_half: bool,
    is_afternoon: bool,
    minute: i64,
    second: i64,
    micros: i64,
    offset: Option<i64>,
}

/// Reads a text: the wall clock, and its offset from UTC in seconds where the text says one.
pub(super) fn read(pieces: &[Piece], text: &str) -> Result<(NaiveDateTime, Option<i64>), String> {
    let mut fields = Fields::default();
    let mut rest = text;
    for (place, piece) in pieces.iter().enumerate() {
        // Numbers that follow each other without a text between have the width that they are written with.
        let is_followed = matches!(pieces.get(place + 1), Some(Piece::Number(..) | Piece::ShortYear | Piece::Fraction(_)));
        rest = read_piece(piece, rest, is_followed, &mut fields)
            .ok_or_else(|| format!("'{text}' does not match the pattern at '{rest}'"))?;
    }
    if !rest.is_empty() {
        return Err(format!("'{text}' goes on after the pattern's end with '{rest}'"));
    }
    let wall = fields.wall().ok_or_else(|| format!("'{text}' is no time of the calendar"))?;
    Ok((wall, fields.offset))
}

fn read_piece<'a>(piece: &Piece, rest: &'a str, is_followed: bool, fields: &mut Fields) -> Option<&'a str> {
    match piece {
        Piece::Text(text) => rest.strip_prefix(text.as_str()),
        Piece::Number(part, digits) => {
            let widest = if *part == Part::Year || *part == Part::WeekYear { 4 } else { 3.min((*digits).max(2)) };
            let (value, rest) = read_number(rest, if is_followed { *digits } else { widest })?;
            fields.set(*part, value);
            Some(rest)
        }
        Piece::ShortYear => {
            let (value, rest) = read_number(rest, 2)?;
            // As Joda reads them: 70 to 99 are of the last century.
            fields.year = Some(if value < 70 { 2_000 + value } else { 1_900 + value });
            Some(rest)
        }
        Piece::Fraction(_) => {
            let digits = rest.bytes().take(9).take_while(u8::is_ascii_digit).count();
            let text = format!("{:0<6}", &rest[..digits]);
            fields.micros = text[..6].parse().ok()?;
            (digits > 0).then(|| &rest[digits..])
        }
        Piece::Month { is_short } => {
            let (place, rest) = read_name(rest, &MONTHS, *is_short)?;
            fields.month = Some(place as i64 + 1);
            Some(rest)
        }
        Piece::Weekday { is_short } => read_name(rest, &WEEKDAYS, *is_short).map(|(_, rest)| rest),
        Piece::HalfDay => {
            let half = rest.get(..2)?;
            (fields.is_half, fields.is_afternoon) = (true, half.eq_ignore_ascii_case("PM"));
            (fields.is_afternoon || half.eq_ignore_ascii_case("AM")).then(|| &rest[2..])
        }
        Piece::Offset { .. } => {
            let (offset, rest) = read_offset(rest)?;
            fields.offset = Some(offset);
            Some(rest)
        }
    }
}

/// The leading number of at most so many digits.
pub(super) fn read_number(text: &str, digits_max: usize) -> Option<(i64, &str)> {
    let digits = text.bytes().take(digits_max).take_while(u8::is_ascii_digit).count();
    Some((text.get(..digits)?.parse().ok()?, &text[digits..]))
}

fn read_name<'a>(text: &'a str, names: &[&str], is_short: bool) -> Option<(usize, &'a str)> {
    names.iter().enumerate().find_map(|(place, name)| {
        let name = cut(name, is_short);
        let head = text.get(..name.len())?;
        head.eq_ignore_ascii_case(name).then(|| (place, &text[name.len()..]))
    })
}

/// The leading offset in seconds: `Z`, `+02`, `+0200` or `+02:00`.
pub(super) fn read_offset(text: &str) -> Option<(i64, &str)> {
    if let Some(rest) = text.strip_prefix(['Z', 'z']) {
        return Some((0, rest));
    }
    let sign = match text.bytes().next()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hour_text = text.get(1..3)?;
    let (hours, _) = read_number(hour_text, 2)?;
    let rest = &text[3..];
    let minutes = rest.strip_prefix(':').unwrap_or(rest);
    match read_number(minutes, 2) {
        Some((value, after)) if value < 60 && minutes.len() - after.len() == 2 => {
            Some((sign * (hours * 3_600 + value * 60), after))
        }
        _ => Some((sign * hours * 3_600, rest)),
    }
}

impl Fields {
    fn set(&mut self, part: Part, value: i64) {
        match part {
            Part::Year => self.year = Some(value),
            Part::Month => self.month = Some(value),
            Part::Day => self.day = Some(value),
            Part::DayOfYear => self.day_of_year = Some(value),
            Part::Hour => self.hour = value,
            Part::HalfHour => (self.is_half, self.hour) = (true, value),
            Part::Minute => self.minute = value,
            Part::Second => self.second = value,
            Part::Week => self.week = Some(value),
            Part::WeekYear => self.week_year = Some(value),
            Part::Weekday => {}
        }
    }

    fn wall(&self) -> Option<NaiveDateTime> {
        let small = |value: i64| u32::try_from(value).ok();
        let year = i32::try_from(self.year.or(self.week_year).unwrap_or(1970)).ok()?;
        let date = match (self.day_of_year, self.week) {
            (Some(day), _) => NaiveDate::from_yo_opt(year, small(day)?)?,
            (_, Some(week)) => NaiveDate::from_isoywd_opt(year, small(week)?, chrono::Weekday::Mon)?,
            _ => NaiveDate::from_ymd_opt(year, small(self.month.unwrap_or(1))?, small(self.day.unwrap_or(1))?)?,
        };
        let hour = match self.is_half {
            true if (1..=12).contains(&self.hour) => self.hour % 12 + if self.is_afternoon { 12 } else { 0 },
            true => return None,
            false => self.hour,
        };
        let micros = small(self.micros)?;
        let time = NaiveTime::from_hms_micro_opt(small(hour)?, small(self.minute)?, small(self.second)?, micros)?;
        Some(date.and_time(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pieces: &[Piece], text: &str, expected: Result<&str, &str>) {
        let found = read(pieces, text).map(|(wall, offset)| {
            wall.format("%Y-%m-%dT%H:%M:%S%.f").to_string() + &offset.map_or(String::new(), |o| format!(" {o}"))
        });
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text}"),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{text}: {found}"),
            (found, expected) => panic!("{text}: {found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn mysql_patterns_are_read() {
        let check = |pattern: &str, text, expected| check(&mysql(pattern).unwrap(), text, expected);
        check("%Y-%m-%d", "2026-11-22", Ok("2026-11-22T00:00:00"));
        check("%Y%m%d%H%i%s", "20261122130405", Ok("2026-11-22T13:04:05"));
        check("%e %M %Y %l:%i %p", "2 march 2026 1:05 PM", Ok("2026-03-02T13:05:00"));
        check("%d/%b/%y", "02/Mar/26", Ok("2026-03-02T00:00:00"));
        check("%H:%i:%s.%f", "01:02:03.123456789", Ok("1970-01-01T01:02:03.123456"));
        check("%Y-%j", "2024-366", Ok("2024-12-31T00:00:00"));
        check("100%% %Y", "100% 2026", Ok("2026-01-01T00:00:00"));
        check("%Y-%m-%d", "2026-02-30", Err("no time of the calendar"));
        check("%Y-%m-%d", "2026-11-22 x", Err("goes on after"));
        check("%Y-%m-%d", "22.11.2026", Err("does not match"));
        check("%h:%i %p", "13:00 PM", Err("no time of the calendar"));
        assert!(mysql("%").unwrap_err().contains("ends in %"));
        assert!(mysql("%D").unwrap_err().contains("not supported"));
    }

    #[test]
    fn joda_patterns_are_read() {
        let check = |pattern: &str, text, expected| check(&joda(pattern).unwrap(), text, expected);
        check("yyyy-MM-dd'T'HH:mm:ss.SSSZZ", "2026-11-22T13:04:05.678+05:30", Ok("2026-11-22T13:04:05.678 19800"));
        check("yyyyMMddHHmmss", "20261122130405", Ok("2026-11-22T13:04:05"));
        check("EEE, d MMM yyyy h:mm a Z", "Sun, 2 Mar 2026 1:05 AM Z", Ok("2026-03-02T01:05:00 0"));
        check("yyyy 'o''clock'", "2026 o'clock", Ok("2026-01-01T00:00:00"));
        assert!(joda("yyyy-MM-dd G").unwrap_err().contains("G is not supported"));
        assert!(joda("'open").unwrap_err().contains("not closed"));
    }

    #[test]
    fn times_are_written() {
        let wall = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap().and_hms_micro_opt(13, 4, 5, 678_000).unwrap();
        let check = |pieces: Vec<Piece>, expected: &str| {
            let mut out = String::new();
            write(&pieces, wall, -12_600, &mut out);
            assert_eq!(out, expected);
        };
        check(mysql("%Y-%c-%e %r %T.%f %a %W %b %M %j %y %w %v %x %%").unwrap(),
            "2026-3-2 01:04:05 PM 13:04:05.678000 Mon Monday Mar March 061 26 1 10 2026 %");
        check(joda("yyyy.MM.dd EEEE EEE MMMM MMM h a SSS Z ZZ").unwrap(),
            "2026.03.02 Monday Mon March Mar 1 PM 678 -0330 -03:30");
    }
}
