//! When do people add cards? Little at night, most after work, by the clock on their wall.

use walletscope_model::time::Timestamp;

/// How a day goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Day {
    /// As people live, each issuer by its own clock.
    #[default]
    Curve,
    /// Every hour like every other: what is seen does not depend on when it is played.
    Even,
}

/// Traffic of each local hour, per mille of the day's average. Their mean is 1000.
const HOURS: [u32; 24] = [
    300, 180, 120, 100, 120, 250, 500, 850, 1_150, 1_300, 1_400, 1_450, 1_550, 1_450, 1_350, 1_350, 1_400,
    1_550, 1_700, 1_750, 1_600, 1_250, 850, 480,
];

impl Day {
    /// The traffic at `at`, per mille of the day's average, where clocks are `offset_minutes` ahead of UTC. Straight
    /// lines between the middles of the hours.
    pub(crate) fn permille(self, at: Timestamp, offset_minutes: i64) -> u32 {
        if self == Self::Even {
            return 1_000;
        }
        let minute_of_day = (at.seconds().div_euclid(60) + offset_minutes).rem_euclid(1_440);
        let since_middle = (minute_of_day - 30).rem_euclid(1_440);
        let (hour, minute) = ((since_middle / 60) as usize, (since_middle % 60) as u32);
        (HOURS[hour] * (60 - minute) + HOURS[(hour + 1) % 24] * minute) / 60
    }

    /// Whether banks move cards in bulk at this time: from 01:00 to 02:59.
    pub(crate) fn is_night(self, at: Timestamp, offset_minutes: i64) -> bool {
        self == Self::Curve && (1..3).contains(&local_hour(at, offset_minutes))
    }
}

/// The local hour, 0 to 23.
fn local_hour(at: Timestamp, offset_minutes: i64) -> i64 {
    (at.seconds().div_euclid(60) + offset_minutes).rem_euclid(1_440) / 60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_averages_to_one_and_follows_the_wall_clock() {
        let sum: u64 = (0..1_440)
            .map(|minute| u64::from(Day::Curve.permille(Timestamp::from_seconds(minute * 60), 330)))
            .sum();
        assert!((sum as f64 / 1_440.0 - 1_000.0).abs() < 1.0, "{sum}");
        // 03:30 local is the quietest minute, 19:30 the busiest.
        for (hour_utc, offset_minutes, expected) in
            [(3, 0, 100), (19, 0, 1_750), (22, -180, 1_750), (18, 540, 100)]
        {
            let at = Timestamp::from_seconds(hour_utc * 3_600 + 1_800);
            assert_eq!(Day::Curve.permille(at, offset_minutes), expected, "{hour_utc} {offset_minutes}");
        }
        assert_eq!(local_hour(Timestamp::from_seconds(-60), 0), 23);
    }
}
