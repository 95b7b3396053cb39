//! Numbers as people read them.

use crate::metrics::Estimate;

/// A share as a percentage: one decimal below ten, none above.
pub fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent == 0.0 {
        "0%".into()
    } else if percent < 0.1 {
        "<0.1%".into()
    } else if percent < 9.95 {
        format!("{percent:.1}%")
    } else {
        format!("{percent:.0}%")
    }
}

/// A whole number with its thousands apart.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A sum of weights: whole where it is whole, as without weights.
pub fn amount(sum: f64) -> String {
    if sum.fract() == 0.0 && sum >= 0.0 { count(sum as u64) } else { format!("{sum:.1}") }
}

/// A number of things: `1 comment`, `1,200 comments`.
pub fn counted(n: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(n), if n == 1 { "" } else { "s" })
}

/// A share with its interval: `12% (9.1% to 15%)`.
pub fn estimate(estimate: &Estimate) -> String {
    format!("{} ({} to {})", percent(estimate.value), percent(estimate.low), percent(estimate.high))
}

/// A figure with its interval: `0.61 (0.56 to 0.65)`.
pub fn figure(estimate: &Estimate) -> String {
    format!("{:.2} ({:.2} to {:.2})", estimate.value, estimate.low, estimate.high)
}

/// A day from seconds since 1970.
pub fn day(seconds: u64) -> String {
    let timestamp = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    timestamp.map(|t| t.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()).unwrap_or_else(|| seconds.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0.0, 0.0004, 0.031, 0.0996, 0.5, 1.0].map(percent), ["0%", "<0.1%", "3.1%", "10%", "50%", "100%"]);
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(day(1_773_748_800), "2026-03-17");
        assert_eq!(day(u64::MAX), u64::MAX.to_string());
    }
}
