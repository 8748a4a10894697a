//! Ultralytics' `box.maps`: an array that begins as the mean over the classes with ground truth, in which
//! the APs of these are put. So a class without ground truth shows that mean.
//!
//! Follows `maps` of `Metric` in `ultralytics/utils/metrics.py`.

/// Fewest other values of which a mean is no accident.
const FEWEST: usize = 2;

/// A value with fewer decimals was rounded, and may be a mean by accident.
const DECIMALS: usize = 6;

/// How near a mean is that may be one.
const NEAR: f64 = 1e-3;

/// By how many roundings a mean of the same numbers, summed in another order, may differ.
const ROUNDINGS: f64 = 64.0;

/// Takes out the values that are the mean of all others, and says so; `epsilon` is that of the numbers'
/// type. What was rounded to few decimals stays, with a doubt.
pub fn leave_out(values: &mut [Option<f64>], epsilon: f64) -> Option<String> {
    let mean = overall_mean(values, epsilon)?;
    let is_mean = |value: &Option<f64>| *value == Some(mean);
    let classes = values.iter().filter(|value| is_mean(value)).count();
    let whose = match classes {
        1 => "the AP of one class is".to_owned(),
        classes => format!("the APs of {classes} classes are"),
    };
    let same = format!("{whose} {mean}, the mean of the others");
    let shown = "as Ultralytics' box.maps shows for a class without ground truth";
    if decimals(mean, epsilon) < DECIMALS {
        return Some(format!("{same}, {shown}: check that it was measured"));
    }
    values.iter_mut().filter(|value| is_mean(value)).for_each(|value| *value = None);
    Some(format!(
        "{same}, {shown}: read as no AP; metrics.to_json() lists the classes with ground truth"
    ))
}

/// The value, once or several times there, that is the mean of all others.
fn overall_mean(values: &[Option<f64>], epsilon: f64) -> Option<f64> {
    let mut there: Vec<f64> =
        values.iter().flatten().copied().filter(|value| *value >= 0.0).collect();
    there.sort_by(f64::total_cmp);
    let sum: f64 = there.iter().sum();
    let is_mean = |same: &&[f64]| {
        let (value, others) = (same[0], there.len() - same.len());
        let near = |mean: f64, part: f64| (mean - value).abs() <= part * mean;
        // What is far from it by the sum of all is not summed again.
        let about = (sum - value * same.len() as f64) / others as f64;
        others >= FEWEST && near(about, NEAR) && {
            let exact: f64 = there.iter().filter(|&&other| other != value).sum();
            near(exact / others as f64, ROUNDINGS * epsilon)
        }
    };
    there.chunk_by(|a, b| a == b).find(is_mean).map(|same| same[0])
}

/// Decimals of a number of the type that has this epsilon.
fn decimals(number: f64, epsilon: f64) -> usize {
    let text = match epsilon > f64::EPSILON {
        true => (number as f32).to_string(),
        false => number.to_string(),
    };
    text.split_once('.').map_or(0, |(_, decimals)| decimals.len())
}

#[cfg(test)]
mod tests {
    use super::leave_out;

    #[test]
    fn a_mean_of_the_others_is_no_ap() {
        let aps = [0.412_345_678_9, 0.201_234_567_8, 0.799_999_123_4];
        let mean = aps.iter().sum::<f64>() / 3.0;
        let with = |absent: &[f64]| -> Vec<Option<f64>> {
            aps.iter().chain(absent).copied().map(Some).collect()
        };
        for absent in 0..3 {
            let mut values = with(&vec![mean; absent]);
            let said = leave_out(&mut values, f64::EPSILON);
            assert_eq!(said.is_some(), absent > 0, "{said:?}");
            assert_eq!(values[..3], with(&[])[..]);
            assert!(values[3..].iter().all(Option::is_none));
        }
        // A mean of rounded numbers may be an accident.
        let mut values = [0.1, 0.2, 0.3].map(Some);
        assert!(
            leave_out(&mut values, f64::EPSILON).unwrap().ends_with("check that it was measured")
        );
        assert_eq!(values, [0.1, 0.2, 0.3].map(Some));
        // Where all are equal, none can be told from the mean.
        assert_eq!(leave_out(&mut [Some(0.0); 4], f64::EPSILON), None);
    }
}
