//! Explanations made by hand, for the tests of what is said of them.

use igam_analyze::analysis::explain::{
    Because, ExplainedClass, Explanation, Of, Reason, SeenIn, Weight,
};
use igam_analyze::correlation::Expected;
use igam_analyze::detections::{ClassDetections, ErrorCost, ErrorType};
use igam_analyze::overlap::{Neighbour, Shift};
use igam_analyze::recognition::Recognition;
use igam_analyze::spread::Spread;
use igam_analyze::suspects::{Suspect, Suspects};
use igam_analyze::{ApColumn, Classes, Detector, Run};
use ndarray::Array2;

/// A run of these classes with AP.
fn run(name: &str, classes: &[(String, u64, f64)]) -> Run {
    let names = classes.iter().map(|(name, ..)| name.clone());
    let counts: Vec<u64> = classes.iter().map(|(_, count, _)| *count).collect();
    let ap: Vec<f64> = classes.iter().map(|(.., ap)| *ap).collect();
    let detector = Detector::new(name, Classes::from_names(names).unwrap());
    let detector = detector.instances(&counts).unwrap();
    detector.average_precision(&ApColumn::in_order(&ap).unwrap()).unwrap().runs()[0][0].clone()
}

/// Of these classes, without anything but counts and AP.
fn bare(name: &str, classes: &[(String, u64, f64)]) -> Explanation {
    let class = |(id, (name, instances, ap)): (usize, &(String, u64, f64))| ExplainedClass {
        id: id as i64,
        name: name.clone(),
        instances: Some(*instances),
        ap: Some(*ap),
        ap_rank: Some(1 + classes.iter().filter(|other| other.2 > *ap).count()),
        ap_interval: None,
        expected: None,
        information: None,
        information_rank: None,
        spread: None,
        recognition: None,
        closest: Vec::new(),
        variability: None,
        shift: None,
        detections: None,
        median_area: None,
        nearer: None,
        suspects: None,
        reasons: Vec::new(),
    };
    Explanation {
        run: run(name, classes),
        classes: classes.iter().enumerate().map(class).collect(),
        by_information: false,
        overlap_of: None,
        recognition_of: None,
    }
}

fn expected(ap: f64, value: f64, deleted_residual: f64, flagged: bool) -> Option<Expected> {
    let interval = (value - 0.25, value + 0.25);
    let (residual, p_value) = (ap - value, 0.5);
    Some(Expected { value, interval, residual, deleted_residual, p_value, flagged })
}

/// Rows whose label is in doubt, each nearer to a class.
pub fn suspects(rows: impl Iterator<Item = (u64, usize)>) -> Suspects {
    let mut all = Suspects { of: 40, ..Suspects::default() };
    rows.for_each(|(row, nearer_to)| {
        all.add(Suspect { row, nearer_to, own: 9.0, distance: 1.0 });
    });
    all.finish();
    all
}

/// A reason of each kind; the first four are of one class on the card of the tests.
pub fn reasons() -> Vec<Reason> {
    let confused =
        |overlap, seen| Because::Confused { with: "Bolt".into(), count: 12, of: 40, seen, overlap };
    let error = |which, count| Because::Errors { which, count, cost: 0.08 };
    let becauses = vec![
        (confused(Some(true), SeenIn::HeldOut), Weight::Shown),
        (Because::LabelNoise { rows: 7, of: 40, nearer_to: "Bolt".into() }, Weight::Likely),
        (Because::FewInstances { count_tells: true, instances: 12, median: 150.0 }, Weight::Likely),
        (Because::Small { side: 14.2, median: 90.0 }, Weight::Weak),
        (confused(Some(false), SeenIn::HeldOut), Weight::Shown),
        (confused(None, SeenIn::Detections), Weight::Shown),
        (Because::Spread { times: 5.04, taken_for: 7 }, Weight::Likely),
        (error(ErrorType::Localization, 34), Weight::Shown),
        (error(ErrorType::Both, 1), Weight::Shown),
        (error(ErrorType::Duplicate, 2), Weight::Shown),
        (error(ErrorType::Background, 1200), Weight::Shown),
        (error(ErrorType::Missed, 1), Weight::Shown),
        (Because::LabelledAs { rows: 74, of: 214, label: "Bolt".into() }, Weight::Likely),
        (Because::Shifted { shift: 2.31, median: 0.4 }, Weight::Weak),
        (Because::NothingFound { recall: Some(0.97) }, Weight::Weak),
        (Because::NothingFound { recall: None }, Weight::Weak),
    ];
    becauses.into_iter().map(|(because, weight)| Reason { because, weight }).collect()
}

/// Four classes, of which Cutter has all there is.
pub fn four() -> Explanation {
    let classes = [("Bolt", 400, 0.8), ("Cutter", 12, 0.2), ("Nail", 90, 0.5), ("Nut", 150, 0.7)];
    let classes = classes.map(|(name, count, ap)| (name.to_owned(), count, ap));
    let mut four = bare("R-50 CE", &classes);
    four.overlap_of = Some(Of::HeldOut);
    four.recognition_of = Some(Of::HeldOut);
    for (class, (value, deleted, flagged)) in four.classes.iter_mut().zip([
        (0.75, 0.3, false),
        (0.35, -1.25, false),
        (0.62, -0.5, false),
        (0.65, 0.4, false),
    ]) {
        class.expected = expected(class.ap.unwrap(), value, deleted, flagged);
    }
    four.classes[2].reasons = vec![reasons().pop().unwrap()];
    let mut errors = [ErrorCost::default(); 6];
    errors[0] = ErrorCost { count: 14, ap: 0.125 };
    errors[1] = ErrorCost { count: 3, ap: 0.01 };
    errors[4] = ErrorCost { count: 21, ap: 0.0625 };
    let cutter = &mut four.classes[1];
    cutter.ap_interval = Some((0.125, 0.3125));
    cutter.information = Some(41.25);
    cutter.information_rank = Some(1);
    cutter.spread = Some(Spread {
        total_variance: 12.5,
        effective_dimension: 5.25,
        effective_rank: Some(7.5),
        largest_share: Some(0.375),
        decay: Some(1.125),
    });
    cutter.recognition =
        Some(Recognition { rows: 40, right: 24, taken_for: vec![(0, 12), (3, 3), (2, 1)] });
    cutter.closest = [(0, 1.5), (3, 4.0), (2, 6.0)]
        .map(|(class, distance)| Neighbour { class, distance })
        .into();
    cutter.variability = Some(0.25);
    cutter.shift = Some(Shift { distance: 1.25, by_chance: 1.0 });
    cutter.detections = Some(ClassDetections {
        objects: 50,
        found: 38,
        ap: [Some(0.2), Some(0.375), Some(0.25)],
        interval: Some((0.125, 0.3125)),
        errors,
        taken_for: vec![(0, 7), (3, 2)],
        median_area: Some(196.0),
    });
    cutter.median_area = Some(196.0);
    cutter.suspects = Some(suspects((0..7).map(|at| (3 + 5 * at, if at < 5 { 0 } else { 3 }))));
    cutter.reasons = reasons()[..4].to_vec();
    four
}

/// So many classes with long-tailed counts, and the distances between them.
pub fn many(count: usize) -> (Explanation, Array2<f64>) {
    let noise = |at: usize| (at * 7919 % 1009) as f64 / 1009.0 - 0.5;
    let curve = |instances: u64| 0.12 + 0.09 * (instances as f64).ln();
    let classes: Vec<(String, u64, f64)> = (0..count)
        .map(|at| {
            let instances = 5 + 8000 / (1 + (at * 37 % count) as u64);
            let ap = (curve(instances) + 0.5 * noise(at)).clamp(0.01, 0.99);
            (format!("class {at:04}"), instances, ap)
        })
        .collect();
    // On a line with gaps, and noise: neighbours are close.
    let place = |at: usize| 3.0 * (at * 17 % count) as f64 + 2.5 * noise(at);
    let distances =
        Array2::from_shape_fn((count, count), |(a, b)| (place(a) - place(b)).abs().min(9.0));
    let mut many = bare("EfficientNet-Lite0 CE", &classes);
    many.overlap_of = Some(Of::HeldOut);
    many.recognition_of = Some(Of::HeldOut);
    let all = reasons();
    for (at, class) in many.classes.iter_mut().enumerate() {
        let (instances, ap) = (class.instances.unwrap(), class.ap.unwrap());
        let value = curve(instances) + 0.02 * noise(at + 3);
        let deleted = (ap - value) / 0.13;
        class.expected = expected(ap, value, deleted, deleted.abs() > 1.85);
        let mut near: Vec<usize> = (0..count).filter(|&other| other != at).collect();
        near.sort_by(|&a, &b| distances[(at, a)].total_cmp(&distances[(at, b)]));
        class.closest = near[..3.min(near.len())]
            .iter()
            .map(|&class| Neighbour { class, distance: distances[(at, class)] })
            .collect();
        let taken_for = near[..3.min(near.len())].iter().zip([9, 2, 1]).map(|(&a, n)| (a, n));
        let taken_for: Vec<_> = taken_for.collect();
        class.recognition = Some(Recognition { rows: 40, right: 28, taken_for: taken_for.clone() });
        class.information = Some(40.0 + 30.0 * noise(at + 5));
        let errors = [0, 1, 2, 3, 4, 5].map(|kind| ErrorCost {
            count: (3 * kind + at as u64) % 17,
            ap: 0.01 * (((3 * kind + at as u64) % 17) as f64),
        });
        class.detections = Some(ClassDetections {
            objects: 44,
            found: 30,
            ap: [Some(ap), Some(ap), Some(ap)],
            interval: None,
            errors,
            taken_for,
            median_area: None,
        });
        if deleted < -0.5 {
            class.reasons = vec![all[at % all.len()].clone(), all[(at + 3) % all.len()].clone()];
        }
    }
    (many, distances)
}
