//! The two ways directories write a moment: GeneralizedTime (RFC 4517 §3.3.13) and Active Directory's
//! count of 100 ns intervals since 1601 (MS-ADA1 2.1, MS-DTYP 2.3.3).

use std::fmt;

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;

/// Why a text or number is not a moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not of the form of RFC 4517 §3.3.13, or no such date.
    #[error("not a GeneralizedTime such as 20260131235959Z (RFC 4517 §3.3.13)")]
    GeneralizedTime,
    /// Not a whole number of 64 bits.
    #[error("not a number of 100 ns intervals since 1601-01-01")]
    FileTime,
    /// The form cannot express this moment: before the year 0 or 1601, or after 9999.
    #[error("the moment {0} is outside of what the directory can hold")]
    OutOfRange(Timestamp),
}

/// A moment as RFC 4517's GeneralizedTime: a year from 0 to 9999, and fractions to the nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GeneralizedTime(Timestamp);

impl GeneralizedTime {
    /// This moment, for printing.
    ///
    /// # Errors
    /// When its year (UTC) is not between 0 and 9999.
    pub fn new(moment: Timestamp) -> Result<Self, TimeError> {
        let year = moment.to_zoned(TimeZone::UTC).year();
        if (0..=9999).contains(&year) {
            Ok(Self(moment))
        } else {
            Err(TimeError::OutOfRange(moment))
        }
    }

    /// Reads a GeneralizedTime: minutes and seconds may be missing, the last unit given may have a
    /// fraction, and the zone is `Z` or an offset `±hh` or `±hhmm`.
    ///
    /// # Errors
    /// When the text has another form, or there is no such date.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        read(text).ok_or(TimeError::GeneralizedTime)
    }

    /// The moment.
    #[must_use]
    pub const fn timestamp(self) -> Timestamp {
        self.0
    }

    /// As Active Directory prints and expects it, to the second: `20260131235959.0Z`.
    #[must_use]
    pub fn active_directory(self) -> String {
        format!("{}.0Z", Seconds(self.0))
    }
}

/// The fourteen digits of a moment in UTC.
struct Seconds(Timestamp);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.0.to_zoned(TimeZone::UTC);
        let (date, time) = (at.date(), at.time());
        write!(f, "{:04}{:02}{:02}", date.year(), date.month(), date.day())?;
        write!(
            f,
            "{:02}{:02}{:02}",
            time.hour(),
            time.minute(),
            time.second()
        )
    }
}

/// `YYYYMMDDHHMMSSZ`, with a fraction only where there is one.
impl fmt::Display for GeneralizedTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Seconds(self.0))?;
        let nanoseconds = self.0.to_zoned(TimeZone::UTC).subsec_nanosecond();
        if nanoseconds != 0 {
            let digits = format!("{nanoseconds:09}");
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

const NANOSECONDS: i64 = 1_000_000_000;

fn read(text: &str) -> Option<GeneralizedTime> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    let field = |from: usize, length: usize| -> Option<i8> {
        number.get(from..from + length)?.parse().ok()
    };
    let year: i16 = number.get(..4)?.parse().ok()?;
    let (month, day, hour) = (field(4, 2)?, field(6, 2)?, field(8, 2)?);
    // How long the last unit given is: what a fraction is a fraction of.
    let (minute, second, unit) = match digits {
        10 => (0, 0, 3600),
        12 => (field(10, 2)?, 0, 60),
        14 => (field(10, 2)?, field(12, 2)?, 1),
        _ => return None,
    };
    let (fraction, zone) = read_fraction(rest, unit * NANOSECONDS)?;
    let offset = read_zone(zone)?;
    // A leap second is the first moment of the next minute, as POSIX counts.
    let (second, leap) = if second == 60 {
        (59, NANOSECONDS)
    } else {
        (second, 0)
    };
    let local = civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    let utc = local.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let utc = utc
        .checked_add(jiff::SignedDuration::from_nanos(fraction + leap))
        .ok()?
        .checked_sub(jiff::SignedDuration::from_secs(offset))
        .ok()?;
    GeneralizedTime::new(utc).ok()
}

/// The fraction at the head of `text` in nanoseconds, rounded down, and what follows it.
fn read_fraction(text: &str, unit: i64) -> Option<(i64, &str)> {
    let Some(after) = text.strip_prefix(['.', ',']) else {
        return Some((0, text));
    };
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    let (fraction, zone) = after.split_at_checked(digits)?;
    if digits == 0 {
        return None;
    }
    // Beyond twelve digits even a fraction of an hour is below a nanosecond, as far as we print.
    let fraction = fraction.get(..digits.min(12))?;
    let numerator: i128 = fraction.parse().ok()?;
    let denominator = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    Some((
        i64::try_from(numerator * i128::from(unit) / denominator).ok()?,
        zone,
    ))
}

/// The offset from UTC in seconds.
fn read_zone(text: &str) -> Option<i64> {
    if text == "Z" || text == "z" {
        return Some(0);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    if !digits.bytes().all(|b| b.is_ascii_digit()) || !matches!(digits.len(), 2 | 4) {
        return None;
    }
    let hours: i64 = digits.get(..2)?.parse().ok()?;
    let minutes: i64 = digits
        .get(2..)
        .filter(|m| !m.is_empty())
        .map_or(Some(0), |m| m.parse().ok())?;
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Active Directory's 64-bit count of 100 ns intervals since 1601-01-01 UTC, as in accountExpires and
/// lastLogonTimestamp. 0 and `i64::MAX` stand for "never".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileTime(pub i64);

/// From 1601-01-01 to 1970-01-01, in seconds.
const EPOCH_DIFFERENCE: i64 = 11_644_473_600;
const INTERVALS: i64 = 10_000_000;

impl FileTime {
    /// Never.
    pub const NEVER: Self = Self(i64::MAX);

    /// Reads the number as LDAP holds it.
    ///
    /// # Errors
    /// When the text is not a whole number of 64 bits.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(TimeError::FileTime);
        }
        text.parse().map(Self).map_err(|_| TimeError::FileTime)
    }

    /// The moment; `None` for "never", which is also what a negative count and one beyond the year
    /// 9999 amount to.
    #[must_use]
    pub fn timestamp(self) -> Option<Timestamp> {
        if self.0 <= 0 || self == Self::NEVER {
            return None;
        }
        let seconds = (self.0 / INTERVALS) - EPOCH_DIFFERENCE;
        let nanoseconds = i32::try_from(self.0 % INTERVALS * 100).ok()?;
        // A moment before 1970 has negative seconds and, in jiff, no positive fraction beside them.
        Timestamp::from_second(seconds)
            .ok()?
            .checked_add(jiff::SignedDuration::new(0, nanoseconds))
            .ok()
    }

    /// This moment, to 100 ns; "never" for none.
    ///
    /// # Errors
    /// When the moment is not after 1601-01-01 UTC.
    pub fn from_timestamp(moment: Option<Timestamp>) -> Result<Self, TimeError> {
        let Some(moment) = moment else {
            return Ok(Self::NEVER);
        };
        let intervals =
            moment.as_nanosecond().div_euclid(100) + i128::from(EPOCH_DIFFERENCE * INTERVALS);
        match i64::try_from(intervals) {
            Ok(count) if count > 0 => Ok(Self(count)),
            _ => Err(TimeError::OutOfRange(moment)),
        }
    }
}

impl fmt::Display for FileTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn every_form_of_rfc_4517_is_read() {
        for (text, expected) in [
            ("20260131235959Z", "2026-01-31T23:59:59Z"),
            ("20260131235959.0Z", "2026-01-31T23:59:59Z"),
            ("20260131235959,25Z", "2026-01-31T23:59:59.25Z"),
            ("199412161032Z", "1994-12-16T10:32:00Z"),
            ("199412160532-0500", "1994-12-16T10:32:00Z"),
            ("199412161532+05", "1994-12-16T10:32:00Z"),
            ("1994121610.5Z", "1994-12-16T10:30:00Z"),
            ("199412161032.5Z", "1994-12-16T10:32:30Z"),
            ("20161231235960Z", "2017-01-01T00:00:00Z"),
            ("000001010000Z", "0000-01-01T00:00:00Z"),
        ] {
            let read = GeneralizedTime::parse(text);
            assert_eq!(
                read.map(GeneralizedTime::timestamp),
                Ok(moment(expected)),
                "{text}"
            );
        }
    }

    #[test]
    fn dates_that_do_not_exist_and_other_forms_are_refused() {
        for text in [
            "",
            "Z",
            "20260131235959",
            "20260231000000Z",
            "20261301000000Z",
            "2026013124Z",
            "20260131235959.Z",
            "202601312359599Z",
            "20260131235959+5",
            "20260131235959+0560",
            "２0260131235959Z",
            "20260131235961Z",
            "20260131235959ZZ",
            "-0260131235959Z",
        ] {
            assert_eq!(
                GeneralizedTime::parse(text),
                Err(TimeError::GeneralizedTime),
                "{text}"
            );
        }
    }

    #[test]
    fn each_directory_gets_the_form_it_prints() {
        let time = GeneralizedTime::new(moment("2026-01-31T23:59:59.5Z")).unwrap();
        assert_eq!(time.to_string(), "20260131235959.5Z");
        assert_eq!(time.active_directory(), "20260131235959.0Z");
        assert_eq!(GeneralizedTime::parse("20260131Z23").ok(), None);
        assert!(GeneralizedTime::new(Timestamp::MIN).is_err());
    }

    #[test]
    fn never_is_written_in_two_ways_and_read_as_none() {
        assert_eq!(FileTime(0).timestamp(), None);
        assert_eq!(FileTime::NEVER.timestamp(), None);
        assert_eq!(FileTime(i64::MAX - 1).timestamp(), None);
        assert_eq!(FileTime(i64::MIN).timestamp(), None);
        assert_eq!(FileTime::from_timestamp(None), Ok(FileTime::NEVER));
    }

    #[test]
    fn file_times_count_from_1601() {
        assert_eq!(
            FileTime(116_444_736_000_000_000).timestamp(),
            Some(Timestamp::UNIX_EPOCH)
        );
        assert_eq!(
            FileTime(1).timestamp(),
            Some(moment("1601-01-01T00:00:00.0000001Z"))
        );
        assert!(FileTime::from_timestamp(Some(moment("1600-12-31T23:59:59Z"))).is_err());
        assert!(FileTime::from_timestamp(Some(Timestamp::MIN)).is_err());
        assert!(FileTime::from_timestamp(Some(Timestamp::MAX)).is_ok());
    }

    #[test]
    fn only_whole_numbers_are_file_times() {
        assert_eq!(FileTime::parse("-1"), Ok(FileTime(-1)));
        assert_eq!(FileTime::parse("9223372036854775807"), Ok(FileTime::NEVER));
        for text in ["", "+1", "1.0", "9223372036854775808", " 1", "--1", "-"] {
            assert_eq!(FileTime::parse(text), Err(TimeError::FileTime), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_moment_survives_printing(seconds in -62_167_219_200i64..253_402_207_200, nanoseconds in 0i32..1_000_000_000) {
            let moment = Timestamp::new(seconds, 0).unwrap() + jiff::SignedDuration::new(0, nanoseconds);
            let time = GeneralizedTime::new(moment).unwrap();
            prop_assert_eq!(GeneralizedTime::parse(&time.to_string()), Ok(time));
        }

        #[test]
        fn every_file_time_after_1601_survives(count in 1i64..2_650_467_743_999_999_999) {
            let time = FileTime(count);
            prop_assert_eq!(FileTime::parse(&time.to_string()), Ok(time));
            if let Some(moment) = time.timestamp() {
                prop_assert_eq!(FileTime::from_timestamp(Some(moment)), Ok(time));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*", digits in "[0-9]{8,16}[.,]?[0-9]*[Zz+-]?[0-9]{0,4}") {
            let _ = (GeneralizedTime::parse(&text), GeneralizedTime::parse(&digits), FileTime::parse(&text));
        }
    }
}
