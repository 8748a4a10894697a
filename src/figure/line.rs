//! The line that a scatter is read against.

use super::scatter::ScatterPoint;

/// A line through the point of the means.
pub(super) struct Line {
    information: f64,
    ap: f64,
    slope: f64,
}

impl Line {
    /// The mean AP, where no line can be fitted.
    pub fn level(points: &[&ScatterPoint]) -> Line {
        let mean = |value: fn(&ScatterPoint) -> f64| {
            points.iter().map(|point| value(point)).sum::<f64>() / points.len() as f64
        };
        Line {
            information: mean(|point| point.information),
            ap: mean(|point| point.ap),
            slope: 0.0,
        }
    }

    /// Least squares of AP on information amount.
    pub fn fitted(points: &[&ScatterPoint]) -> Line {
        let level = Line::level(points);
        let (mut squares, mut products) = (0.0, 0.0);
        for point in points {
            let away = point.information - level.information;
            squares += away * away;
            products += away * (point.ap - level.ap);
        }
        let slope = if squares > 0.0 { products / squares } else { 0.0 };
        Line { slope, ..level }
    }

    /// The AP that the line gives to an information amount.
    pub fn at(&self, information: f64) -> f64 {
        self.ap + self.slope * (information - self.information)
    }

    /// The ends, (information, AP), of the part that lies in the plot.
    pub fn within(&self, (left, right): (f64, f64), (low, high): (f64, f64)) -> [(f64, f64); 2] {
        [left, right].map(|information| {
            let ap = self.at(information);
            if (low..=high).contains(&ap) {
                return (information, ap);
            }
            let edge = ap.clamp(low, high);
            (self.information + (edge - self.ap) / self.slope, edge)
        })
    }
}
