//! One label file of YOLO: a row per object, `class x y width height` in shares of the image, or a class and
//! the corners of a polygon.
//!
//! Follows `verify_image_label` in `ultralytics/data/utils.py` of Ultralytics 8.4. An image with labels that
//! are wrong there is excluded from training; here it is refused.

use std::collections::HashSet;

/// A row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) class: usize,
    /// Left, top, width and height, shares of the image.
    pub(super) bbox: [f64; 4],
}

/// The rows of a file, each once.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    /// Rows that stood there again.
    pub(super) again: u64,
}

/// What a row holds beside its class.
enum Shape {
    Box,
    Polygon,
}

/// Reads the text of a file with labels of so many `classes`; a row of `keypoints` columns is a box with key
/// points behind it.
///
/// # Errors
/// A sentence with the line, if a row is none.
pub(super) fn read(text: &str, classes: usize, keypoints: Option<usize>) -> Result<Rows, String> {
    let lines: Vec<(usize, Vec<&str>)> = (1..)
        .zip(text.lines())
        .map(|(line, row)| (line, row.split_whitespace().collect::<Vec<_>>()))
        .filter(|(_, cells)| !cells.is_empty())
        .map(|(line, cells)| match keypoints == Some(cells.len()) {
            true => (line, cells[..5].to_vec()),
            false => (line, cells),
        })
        .collect();
    let polygons = lines.iter().any(|(_, cells)| cells.len() > 6);
    let shape = if polygons { Shape::Polygon } else { Shape::Box };
    let (mut read, mut seen) = (Rows::default(), HashSet::new());
    for (line, cells) in lines {
        let wrong = |problem: String| format!("line {line}: {problem}");
        let numbers = numbers(&cells).map_err(wrong)?;
        let (class, sides) = (numbers[0], &numbers[1..]);
        let bbox = match shape {
            Shape::Box => of_box(sides),
            Shape::Polygon => of_polygon(sides),
        };
        let bbox = bbox.and_then(|bbox| within(bbox, sides)).map_err(wrong)?;
        let class = whole(class, classes).map_err(wrong)?;
        // Ultralytics compares them as 32-bit numbers.
        let bits: Vec<u32> = numbers.iter().map(|number| (*number as f32).to_bits()).collect();
        match seen.insert(bits) {
            true => read.rows.push(Row { class, bbox }),
            false => read.again += 1,
        }
    }
    Ok(read)
}

fn numbers(cells: &[&str]) -> Result<Vec<f64>, String> {
    let number = |cell: &&str| {
        let number = cell.parse().ok().filter(|number: &f64| number.is_finite());
        number.ok_or_else(|| format!("{cell:?} is not a number: a row is class x y width height"))
    };
    cells.iter().map(number).collect()
}

fn whole(class: f64, classes: usize) -> Result<usize, String> {
    if class < 0.0 || class.trunc() != class {
        return Err(format!("the class {class} is not a whole number from 0"));
    }
    if class >= classes as f64 {
        return Err(format!(
            "the class {class} is not one of the {classes} names of the data.yaml, 0 to {}: correct the label, or \
             add the name",
            classes.saturating_sub(1)
        ));
    }
    Ok(class as usize)
}

fn of_box(sides: &[f64]) -> Result<[f64; 4], String> {
    match *sides {
        [x, y, width, height] => Ok([x - width / 2.0, y - height / 2.0, width, height]),
        [_, _, _, _, _] => {
            Err("has 6 numbers, as predictions with their scores: a label is class x y width \
                                height"
                .into())
        }
        _ => Err(format!("has {} numbers: a row is class x y width height", 1 + sides.len())),
    }
}

fn of_polygon(sides: &[f64]) -> Result<[f64; 4], String> {
    if sides.len() == 4 {
        return Err("is a box in a file with polygons, which Ultralytics skips as corrupt: write \
                    only boxes or only polygons"
            .into());
    }
    if sides.len() % 2 == 1 || sides.len() < 6 {
        return Err(format!(
            "is a polygon of {} numbers: three or more corners have an even number from 6 on",
            sides.len()
        ));
    }
    let ends = |first: usize| {
        let of = || sides.iter().skip(first).step_by(2).copied();
        (of().fold(f64::INFINITY, f64::min), of().fold(f64::NEG_INFINITY, f64::max))
    };
    let ((left, right), (top, bottom)) = (ends(0), ends(1));
    Ok([left, top, right - left, bottom - top])
}

/// The box, if what stands in the row is within the image but for a hundredth.
fn within(bbox: [f64; 4], sides: &[f64]) -> Result<[f64; 4], String> {
    const MOST: f64 = 1.01;
    let [_, _, width, height] = bbox;
    let out = |side: &f64| !(-0.01..=MOST).contains(side);
    if let Some(side) = sides.iter().find(|side| out(side)) {
        return Err(format!(
            "{side} is not between 0 and 1: x, y, width and height are fractions of the image, not \
             pixels"
        ));
    }
    if width < 0.0 || height < 0.0 {
        return Err("its width or height is below 0".into());
    }
    Ok(bbox)
}
