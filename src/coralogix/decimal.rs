//! Numbers as exact decimals, without rounding: JSON spells one number in many ways.

use std::borrow::Cow;

/// Normalizes a number to its one exact decimal notation, without rounding: `1`, `1.0` and `10e-1` become the same.
///
/// A number whose exponent has more than 18 digits keeps its text, so it equals only the same text.
pub(super) fn normalize_decimal(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0') {
        // The fast path: most numbers are integers.
        let significant = text.trim_end_matches('0');
        let zeros = text.len() - significant.len();
        return Cow::Owned([significant, "e", &zeros.to_string()].concat());
    }
    let (negative, magnitude) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = magnitude.split_once(['e', 'E']).unwrap_or((magnitude, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let Some(exponent) = parse_exponent(exponent) else {
        return Cow::Borrowed(text);
    };
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Cow::Borrowed("0");
    }
    let significant = digits.trim_end_matches('0');
    let fraction = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
    let zeros = i64::try_from(digits.len() - significant.len()).unwrap_or(i64::MAX);
    let sign = if negative { "-" } else { "" };
    Cow::Owned(format!(
        "{sign}{significant}e{}",
        exponent - fraction + zeros
    ))
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.trim_start_matches(['+', '-']).trim_start_matches('0');
    if digits.len() > 18 {
        return None;
    }
    let value: i64 = if digits.is_empty() {
        0
    } else {
        digits.parse().ok()?
    };
    Some(if text.starts_with('-') { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::normalize_decimal;

    #[test]
    fn numbers_compare_as_exact_decimals() {
        let same = [
            ("1", "1.0"),
            ("100", "1e2"),
            ("0", "-0.0e7"),
            ("1.10", "11e-1"),
            ("1e400", "10E+399"),
        ];
        for (left, right) in same {
            assert_eq!(
                normalize_decimal(left),
                normalize_decimal(right),
                "{left} and {right}"
            );
        }
        let different = [
            ("9007199254740993", "9007199254740992"),
            ("1", "-1"),
            ("1e400", "1e401"),
        ];
        for (left, right) in different {
            assert_ne!(
                normalize_decimal(left),
                normalize_decimal(right),
                "{left} and {right}"
            );
        }
    }
}
