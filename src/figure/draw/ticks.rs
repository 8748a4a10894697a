//! Which numbers an axis shows, and how they are written.

/// A distance between ticks: 1, 2 or 5 times a power of ten, stored in decimal so that labels are exact.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub digit: i64,
    pub exponent: i32,
}

impl Step {
    /// The smallest step that makes at most `count` intervals of `span`.
    pub fn fitting(span: f64, count: i32) -> Step {
        let rough = span / f64::from(count);
        let exponent = rough.log10().floor() as i32;
        let step = |digit, exponent| Step { digit, exponent };
        [step(1, exponent), step(2, exponent), step(5, exponent)]
            .into_iter()
            .find(|step| step.times(1) >= rough * (1.0 - 1e-9))
            .unwrap_or(step(1, exponent + 1))
    }

    /// For numbers that are whole.
    pub fn at_least_one(self) -> Step {
        if self.exponent < 0 { Step { digit: 1, exponent: 0 } } else { self }
    }

    /// The `n`-th multiple.
    pub fn times(self, n: i64) -> f64 {
        let digits = (n * self.digit) as f64;
        let power = 10f64.powi(self.exponent.abs());
        if self.exponent < 0 { digits / power } else { digits * power }
    }

    /// The least multiple of the step that is not under `value`.
    pub fn round_up(self, value: f64) -> f64 {
        self.times((value / self.times(1) - 1e-9).ceil() as i64)
    }

    /// Integers `n` whose multiples lie in `low..=high`.
    pub fn multiples(self, low: f64, high: f64) -> impl Iterator<Item = i64> {
        let size = self.times(1);
        let first = (low / size - 1e-9).ceil() as i64;
        let last = (high / size + 1e-9).floor() as i64;
        first..=last
    }

    /// The `n`-th multiple with as many decimals as the step needs; `top` is the greatest on the axis.
    pub fn label(self, n: i64, top: f64) -> String {
        let value = self.times(n);
        let text = if self.exponent < -4 {
            match n * self.digit {
                0 => "0".to_owned(),
                digits => format!("{digits}×10{}", superscript(self.exponent)),
            }
        } else if top < 1e4 {
            let places = (-self.exponent).max(0) as usize;
            format!("{value:.places$}")
        } else {
            with_unit(value, self.exponent)
        };
        text.replace('-', "−")
    }
}

/// 1500 as 1.5k; `exponent` is that of the last decimal worth showing.
fn with_unit(value: f64, exponent: i32) -> String {
    let mut thousands = 0;
    let mut scaled = value;
    while scaled.abs() >= 1000.0 && thousands < 6 {
        scaled /= 1000.0;
        thousands += 1;
    }
    let places = (3 * thousands - exponent).max(0) as usize;
    let number = format!("{scaled:.places$}");
    let number =
        if places > 0 { number.trim_end_matches('0').trim_end_matches('.') } else { &number };
    let unit = ["", "k", "M", "G", "T", "P", "E"][thousands as usize];
    format!("{number}{unit}")
}

fn superscript(number: i32) -> String {
    let digits = number.to_string();
    digits
        .chars()
        .map(|c| match c.to_digit(10) {
            Some(digit) => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize],
            None => '⁻',
        })
        .collect()
}

/// The top of an axis from 0 that holds `values`; `unit` where they are all 0.
pub(super) fn top_of(values: impl Iterator<Item = f64>, unit: f64) -> f64 {
    match values.fold(0.0, f64::max) {
        tiny if tiny < 1e-9 => unit,
        greatest => Step::fitting(greatest, 5).round_up(greatest),
    }
}

/// The greatest of 1, 2, 5, 10, 20, … that is not over a positive `value` (from 0.1 up).
pub(super) fn round_down(value: f64) -> f64 {
    let decade = decade(value);
    let candidates = [5.0, 2.0].map(|digit| digit * decade);
    candidates.into_iter().find(|&candidate| candidate <= value).unwrap_or(decade)
}

/// The least of 1, 2, 5, 10, 20, … that is not under a positive `value` (from 0.1 up).
pub(super) fn round_up(value: f64) -> f64 {
    let decade = decade(value);
    let candidates = [1.0, 2.0, 5.0].map(|digit| digit * decade);
    candidates.into_iter().find(|&candidate| candidate >= value).unwrap_or(10.0 * decade)
}

fn decade(value: f64) -> f64 {
    let mut decade = 0.1;
    while decade * 10.0 <= value {
        decade *= 10.0;
    }
    decade
}
