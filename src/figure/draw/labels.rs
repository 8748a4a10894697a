//! Where to write names beside points.

use super::canvas::{PX, Point, Rect};

/// Distance between a point's centre and its nearest label.
const OFFSET: i32 = 6 * PX;
const RINGS: i32 = 7;
/// Directions in order of preference: right, left, above, below, and the corners.
const DIRECTIONS: [(i32, i32); 8] =
    [(1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1)];

/// Puts labels of the given size one after another, in whole numbers: each where it hides the
/// fewest labels before it, then the fewest `obstacles`, then nearest to its point. None leaves `bounds`
/// unless it is larger than they are.
pub(super) fn place(labels: &[(Point, (i32, i32))], obstacles: &[Rect], bounds: Rect) -> Vec<Rect> {
    let mut placed: Vec<Rect> = Vec::new();
    for &(point, size) in labels {
        let best = candidates(point, size)
            .filter(|(_, area)| bounds.contains(area))
            .min_by_key(|(cost, area)| {
                let hit =
                    |others: &[Rect]| others.iter().filter(|other| other.overlaps(area)).count();
                (hit(&placed), 8 * hit(obstacles) as i32 + cost)
            })
            .map_or_else(|| beside(point, size, (1, 0), OFFSET), |(_, area)| area);
        placed.push(best);
    }
    placed
}

fn candidates(point: Point, size: (i32, i32)) -> impl Iterator<Item = (i32, Rect)> {
    (0..RINGS).flat_map(move |ring| {
        let directions = DIRECTIONS.into_iter().zip(0..);
        directions.map(move |(direction, rank)| {
            let area = beside(point, size, direction, OFFSET + ring * 8 * PX);
            (8 * ring + rank, area)
        })
    })
}

/// The area of a label `distance` away from its point.
fn beside((x, y): Point, (width, height): (i32, i32), (dx, dy): (i32, i32), distance: i32) -> Rect {
    let left = x + dx * distance + (dx - 1) * width / 2;
    let top = y + dy * distance + (dy - 1) * height / 2;
    Rect { left, top, right: left + width, bottom: top + height }
}
