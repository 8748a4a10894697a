//! What is known of the classes, drawn: their overlap, and AP against what was to be expected.

use ndarray::{Array2, ArrayView2};

use super::draw::{self, ExpectedFigure, ExpectedPoint, OverlapFigure, Place};
use super::seriation::seriation;
use super::study::percent;
use crate::analysis::explain::{ExplainedClass, Explanation, Of};
use crate::error::Result;
use crate::evidence::LEAST_CLASSES;
use crate::overlap::Neighbour;

/// Up to so many classes all are drawn.
const MOST_CLASSES: usize = 80;
/// Of more, this many.
const BLOCK: usize = 60;

/// How much the classes overlap: Φ(−D/2) of the distances D between them, classes × classes, close classes side
/// by side; of more than 80, the 60 that overlap most. Dots are boxes of one class that are taken for another.
///
/// # Errors
/// If no two classes have a distance.
pub fn overlap(explanation: &Explanation, distances: ArrayView2<f64>) -> Result<String> {
    let classes = &explanation.classes;
    // So that the order of the input does not show.
    let mut known: Vec<usize> = (0..classes.len())
        .filter(|&a| (0..classes.len()).any(|b| a != b && distances[(a, b)].is_finite()))
        .collect();
    known.sort_by(|&a, &b| classes[a].name.cmp(&classes[b].name).then(a.cmp(&b)));
    let all = known.len();
    if all > MOST_CLASSES {
        known = closest(&known, distances);
    }
    let block =
        Array2::from_shape_fn((known.len(), known.len()), |(a, b)| distances[(known[a], known[b])]);
    let order: Vec<usize> = seriation(block.view()).into_iter().map(|at| known[at]).collect();
    let names: Vec<String> = order.iter().map(|&at| classes[at].name.clone()).collect();
    let overlap = Array2::from_shape_fn((order.len(), order.len()), |(a, b)| {
        Neighbour { class: order[b], distance: distances[(order[a], order[b])] }.overlap()
    });
    let (taken_for, dots) = taken_for(explanation, &order);
    let of = match explanation.overlap_of {
        Some(Of::Training) => " of training embeddings (weak)",
        _ => "",
    };
    let which = match all > MOST_CLASSES {
        true => format!("the {BLOCK} of {all} classes that overlap most"),
        false => "overlap of the classes".into(),
    };
    let run = explanation.run.name();
    let title = format!("{run}{}{which}{of}", if run.is_empty() { "" } else { ": " });
    let caption = format!("close classes side by side{dots}");
    Ok(draw::overlap(&OverlapFigure {
        names: &names,
        overlap: overlap.view(),
        taken_for,
        title,
        caption,
    })?)
}

/// The classes of the closest pairs.
fn closest(known: &[usize], distances: ArrayView2<f64>) -> Vec<usize> {
    let pairs = (0..known.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
    let distance = |&(a, b): &(usize, usize)| distances[(known[a], known[b])];
    let mut pairs: Vec<(usize, usize)> = pairs.filter(|pair| distance(pair).is_finite()).collect();
    pairs.sort_by(|one, other| distance(one).total_cmp(&distance(other)).then(one.cmp(other)));
    let mut chosen: Vec<usize> = Vec::new();
    for (a, b) in pairs {
        for class in [a, b] {
            if chosen.len() < BLOCK && !chosen.contains(&class) {
                chosen.push(class);
            }
        }
    }
    chosen.sort_unstable();
    chosen.into_iter().map(|at| known[at]).collect()
}

/// What the classes of this order are taken for, by rows and columns, and what to say of it.
fn taken_for(
    explanation: &Explanation,
    order: &[usize],
) -> (Vec<(usize, usize, f64)>, &'static str) {
    let place = |class: usize| order.iter().position(|&at| at == class);
    let held_out = explanation.recognition_of == Some(Of::HeldOut);
    let counted = |class: &ExplainedClass| -> Option<(Vec<(usize, u64)>, u64)> {
        match class.recognition.as_ref().filter(|_| held_out) {
            Some(known) => Some((known.taken_for.clone(), known.rows)),
            None if held_out => None,
            None => class.detections.as_ref().map(|known| (known.taken_for.clone(), known.objects)),
        }
    };
    let mut dots = Vec::new();
    for (row, &at) in order.iter().enumerate() {
        let Some((taken_for, of)) = counted(&explanation.classes[at]) else { continue };
        for (class, count) in taken_for {
            if let Some(column) = place(class).filter(|_| of > 0) {
                dots.push((row, column, count as f64 / of as f64));
            }
        }
    }
    let words = match (dots.is_empty(), held_out) {
        (true, _) => "",
        (false, true) => {
            "; dots: share of the row's held-out boxes that are classified as the column's class"
        }
        (false, false) => {
            "; dots: share of the row's objects that are detected as the column's class"
        }
    };
    (dots, words)
}

/// AP against instance count with what that leads to expect.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The drawing.
    pub svg: String,
    /// Where each class is in it, in units of the drawing.
    pub places: Vec<Option<Place>>,
}

/// AP against instance count, a point per class, with what that leads to expect; the class with the index `marked`
/// has its name and its interval.
///
/// # Errors
/// If no class has both.
pub fn expected(explanation: &Explanation, marked: Option<usize>) -> Result<Placed> {
    let percent = percent(&explanation.run);
    let known = |class: &&ExplainedClass| class.instances.is_some() && class.ap.is_some();
    // Of fewer the others tell too little for an interval.
    let enough = explanation.classes.iter().filter(known).count() >= LEAST_CLASSES;
    let mut points = Vec::new();
    let mut at_point: Vec<Option<usize>> = Vec::new();
    for class in &explanation.classes {
        let point = class.instances.zip(class.ap).map(|(instances, ap)| ExpectedPoint {
            name: class.name.clone(),
            instances,
            ap: percent * ap,
            expected: class
                .expected
                .filter(|_| enough)
                .map(|one| [one.interval.0, one.value, one.interval.1].map(|ap| percent * ap)),
            flagged: enough && class.expected.is_some_and(|one| one.flagged),
        });
        at_point.push(point.as_ref().map(|_| points.len()));
        points.extend(point);
    }
    let figure = ExpectedFigure {
        title: explanation.run.name().to_owned(),
        curve: !explanation.by_information && points.iter().any(|one| one.expected.is_some()),
        points,
        ap_column: explanation.run.ap_column().to_owned(),
        marked: marked.and_then(|at| at_point[at]),
    };
    let (svg, places) = draw::expected(&figure)?;
    let places = at_point.into_iter().map(|at| at.map(|at| places[at])).collect();
    Ok(Placed { svg, places })
}
