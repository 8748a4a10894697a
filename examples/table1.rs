//! What Table 1 of the paper can be made of: the instance counts of LVIS v1.0, and no embedding.
//!
//! ```sh
//! cargo run --release --example table1
//! ```
//!
//! Prints the tables of docs/paper.md and draws docs/table1.svg. The instance counts are those of LVIS v1.0
//! train; AP per class is not published, only its mean over each group of classes. So AP is one of three laws
//! that have these means or come near them, with noise within the groups or without.

use std::path::Path;

use fastrand::Rng;
use igam_analyze::correlation::pearson;
use igam_analyze::figure::draw::{
    self, Table1Curve, Table1Figure, Table1Group, Table1Row, Table1Section,
};
use igam_analyze::groups::Frequency;
use igam_analyze::information::{Information, bits};
use igam_analyze::moments::Moments;
use igam_analyze::shrinkage::{Estimator, mp_floor, mp_lower_edge};
use rayon::prelude::*;

/// The paper's AP of rare, common and frequent classes.
const MEANS: [f64; 3] = [1.1, 16.1, 30.9];
/// The paper's r(information amount, AP) on LVIS, over three losses.
const PAPER: (f64, f64) = (-0.70, -0.66);
/// p of the embeddings, which the paper does not state.
const DIMS: [usize; 3] = [128, 256, 1024];
/// Positions of those with which embeddings are simulated; at p = 1024 that takes minutes.
const SIMULATED: [usize; 2] = [0, 1];
/// Standard deviations of AP within a group, points.
const NOISES: [f64; 2] = [5.0, 10.0];
const DRAWS: u64 = 1000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (tables, svg) = study()?;
    print!("{tables}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/table1.svg");
    Ok(std::fs::write(path, svg)?)
}

/// The tables as markdown, and the figure.
pub fn study() -> Result<(String, String), draw::Error> {
    let classes = lvis();
    let laws = laws(&classes);
    let mut numbers = of_the_counts(&classes);
    let [small, large] = SIMULATED.map(|curve| simulated(&classes, curve));
    numbers.extend(small.into_iter().zip(large).flat_map(|(small, large)| [small, large]));
    let rows = correlate(&numbers, &laws);
    let svg = draw::table1(&picture(&classes, &rows))?;
    Ok((format!("{}\n{}", formulas(&laws), table(&rows, &laws)), svg))
}

/// A class of LVIS v1.0 train.
pub struct Class {
    pub instances: u64,
    pub frequency: Frequency,
}

pub fn lvis() -> Vec<Class> {
    let table = include_str!("../data/tables/lvis_v1_train_counts.csv");
    let rows = csv::Reader::from_reader(table.as_bytes()).into_records();
    let class = |row: csv::StringRecord| Class {
        instances: row[4].parse().expect("a count"),
        frequency: row[2].parse().expect("r, c or f"),
    };
    rows.map(|row| class(row.expect("a row"))).collect()
}

/// A number of each class that may correlate with AP.
pub struct Number {
    section: &'static str,
    pub name: String,
    /// Position of its p.
    curve: Option<usize>,
    pub values: Vec<f64>,
}

/// The floor's bits and the counts themselves.
pub fn of_the_counts(classes: &[Class]) -> Vec<Number> {
    let number = |section, name: &str, curve, of: &dyn Fn(u64) -> f64| Number {
        section,
        name: name.to_owned(),
        curve,
        values: classes.iter().map(|class| of(class.instances)).collect(),
    };
    // A class whose eigenvalues are all below the floor.
    let floor = |dim: usize| move |m| bits(&mp_floor(dim, m, &[]).eigenvalues);
    let floors = DIMS.iter().enumerate();
    let floors = floors.map(|(curve, &dim)| {
        number("bits of the floor alone", &format!("p = {dim}"), Some(curve), &floor(dim))
    });
    let counts = [
        number("instances", "m", None, &|m| m as f64),
        number("instances", "log m", None, &|m| (m as f64).ln()),
    ];
    floors.chain(counts).collect()
}

/// Information amounts of simulated Gaussian embeddings, of each class as many as it has instances: with spectra
/// that differ between classes, with the floor and without; and with the same spectrum for all, without.
fn simulated(classes: &[Class], curve: usize) -> [Number; 3] {
    let dim = DIMS[curve];
    // Standard deviations of eigenvalues s·j^−a.
    let deviations = |scale: f64, decay: f64| -> Vec<f64> {
        (1..=dim).map(|j| (scale * (j as f64).powf(-decay)).sqrt()).collect()
    };
    let one = |(seed, class): (usize, &Class)| {
        let mut rng = Rng::with_seed(seed as u64);
        let own = deviations(3.0 * (0.6 * normals(&mut rng)[0]).exp(), 0.6 + 0.8 * rng.f64());
        let alike = deviations(3.0, 1.0);
        let [mut differing, mut same] = [0; 2].map(|_| Moments::new(dim));
        differing.reserve(class.instances);
        same.reserve(class.instances);
        for _ in 0..class.instances {
            let row: Vec<f64> = (0..dim.div_ceil(2)).flat_map(|_| normals(&mut rng)).collect();
            let times = |deviations: &[f64]| -> Vec<f64> {
                row.iter().zip(deviations).map(|(normal, deviation)| normal * deviation).collect()
            };
            differing.push(&times(&own));
            same.push(&times(&alike));
        }
        let bits = |moments, estimator| {
            let information = Information::of_moments(moments, &[estimator]);
            let information = information.expect("finite embeddings").expect("some embeddings");
            information[0].expect("these estimators take any class").bits
        };
        [
            bits(differing.clone(), Estimator::MpFloor),
            bits(differing, Estimator::Sample),
            bits(same, Estimator::Sample),
        ]
    };
    let all: Vec<[f64; 3]> = classes.par_iter().enumerate().map(one).collect();
    let sections =
        ["simulated embeddings, floor", "the same, no floor", "all classes alike, no floor"];
    [0, 1, 2].map(|which| Number {
        section: sections[which],
        name: format!("p = {dim}"),
        curve: Some(curve),
        values: all.iter().map(|bits| bits[which]).collect(),
    })
}

/// Two independent standard normal numbers.
fn normals(rng: &mut Rng) -> [f64; 2] {
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    let (sin, cos) = (std::f64::consts::TAU * rng.f64()).sin_cos();
    [radius * cos, radius * sin]
}

/// AP as a function of the class.
pub struct Law {
    pub name: &'static str,
    formula: String,
    pub ap: Vec<f64>,
}

/// The group means themselves, and two smooth laws of log m whose means over the groups are nearest to them by
/// least squares: one steep, one that rises evenly.
pub fn laws(classes: &[Class]) -> [Law; 3] {
    let of = |law: &dyn Fn(f64) -> f64| -> Vec<f64> {
        classes.iter().map(|class| law((class.instances as f64).ln())).collect()
    };
    let error = |law: &dyn Fn(f64) -> f64| -> f64 {
        let ap = of(law);
        let misses = Frequency::ALL.iter().zip(MEANS).map(|(&frequency, mean)| {
            let group = classes.iter().zip(&ap).filter(|(class, _)| class.frequency == frequency);
            let (sum, count) =
                group.fold((0.0, 0.0), |(sum, count), (_, ap)| (sum + ap, count + 1.0));
            sum / count - mean
        });
        misses.map(|miss| miss * miss).sum()
    };
    let logistic = |[height, middle, slope]: [f64; 3]| {
        move |log: f64| height / (1.0 + (slope * (middle - log)).exp())
    };
    let line = |[slope, start]: [f64; 2]| move |log: f64| (slope * (log - start)).max(0.0);
    let steep = least([35.0, 4.0, 1.0], |at| error(&logistic(at)));
    let even = least([6.0, 2.0], |at| error(&line(at)));
    let group = |class: &Class| MEANS[class.frequency as usize];
    let [height, middle, slope] = steep;
    let logistic_formula = format!("{height:.1}/(1+({:.1}/m)^{slope:.1})", middle.exp());
    let line_formula = format!("max(0, {:.2}·ln(m/{:.2}))", even[0], even[1].exp());
    [
        Law {
            name: "group means",
            formula: MEANS.map(|mean| mean.to_string()).join(", "),
            ap: classes.iter().map(group).collect(),
        },
        Law { name: "logistic", formula: logistic_formula, ap: of(&logistic(steep)) },
        Law { name: "line", formula: line_formula, ap: of(&line(even)) },
    ]
}

/// Where a function is least near a start: 3000 rounds of steps along each coordinate, halved where none
/// helps.
fn least<const N: usize>(start: [f64; N], error: impl Fn([f64; N]) -> f64) -> [f64; N] {
    let (mut best, mut step) = (start, 1.0);
    let mut least = error(best);
    for _ in 0..3000 {
        let before = least;
        for (coordinate, sign) in (0..N).flat_map(|n| [(n, 1.0), (n, -1.0)]) {
            let mut next = best;
            next[coordinate] += sign * step;
            let error = error(next);
            if error < least {
                (best, least) = (next, error);
            }
        }
        if least == before {
            step /= 2.0;
        }
    }
    best
}

/// r of a number and AP, whatever the law.
pub struct Row<'a> {
    number: &'a Number,
    /// Under each law, without noise.
    pub exact: [f64; 3],
    /// With each noise: the least and greatest end of the laws' 95% ranges.
    noisy: [(f64, f64); 2],
}

pub fn correlate<'a>(numbers: &'a [Number], laws: &[Law; 3]) -> Vec<Row<'a>> {
    let all = |ap: &[f64]| -> Vec<f64> {
        let r = |number: &Number| pearson(&number.values, ap).expect("classes differ").r;
        numbers.iter().map(r).collect()
    };
    let exact = laws.each_ref().map(|law| all(&law.ap));
    let noisy = NOISES.map(|deviation| {
        laws.each_ref().map(|law| {
            let draw = |seed| {
                let mut rng = Rng::with_seed(seed);
                let noisy = |ap: &f64| (ap + deviation * normals(&mut rng)[0]).clamp(0.0, 100.0);
                all(&law.ap.iter().map(noisy).collect::<Vec<_>>())
            };
            (0..DRAWS).into_par_iter().map(draw).collect::<Vec<_>>()
        })
    });
    let row = |(at, number)| Row {
        number,
        exact: exact.each_ref().map(|all| all[at]),
        noisy: noisy.each_ref().map(|laws| {
            hull(laws.each_ref().map(|draws| {
                let mut r: Vec<f64> = draws.iter().map(|all| all[at]).collect();
                r.sort_by(f64::total_cmp);
                let cut = r.len() / 40;
                (r[cut], r[r.len() - 1 - cut])
            }))
        }),
    };
    numbers.iter().enumerate().map(row).collect()
}

/// The least and the greatest of some ranges.
fn hull(ranges: impl IntoIterator<Item = (f64, f64)>) -> (f64, f64) {
    let empty = (f64::INFINITY, f64::NEG_INFINITY);
    ranges.into_iter().fold(empty, |(low, high), (from, to)| (low.min(from), high.max(to)))
}

/// The laws, as a table.
pub fn formulas(laws: &[Law; 3]) -> String {
    let mut table = String::from("| AP is | |\n| --- | --- |\n");
    for law in laws {
        table += &format!("| {} | {} |\n", law.name, law.formula);
    }
    table
}

/// The correlations, as a table.
pub fn table(rows: &[Row], laws: &[Law; 3]) -> String {
    let names = laws.each_ref().map(|law| law.name).join(" | ");
    let noises = NOISES.map(|noise| format!("± {noise} points")).join(" | ");
    let mut table = format!("| r(AP, …) | | {names} | {noises} |\n|{}\n", " --- |".repeat(7));
    for Row { number, exact, noisy } in rows {
        let exact = exact.map(two).join(" | ");
        let noisy = noisy.map(|(low, high)| format!("{}…{}", two(low), two(high))).join(" | ");
        table += &format!("| {} | {} | {exact} | {noisy} |\n", number.section, number.name);
    }
    table
}

pub fn two(r: f64) -> String {
    format!("{r:+.2}").replace('-', "−")
}

fn picture(classes: &[Class], rows: &[Row]) -> Table1Figure {
    let groups = Frequency::ALL.iter().zip(MEANS).map(|(&frequency, ap)| Table1Group {
        name: frequency.name().to_owned(),
        ap,
        instances: (classes.iter().filter(|class| class.frequency == frequency))
            .map(|class| class.instances)
            .collect(),
    });
    // Forty counts a decade, and the one at which the floor is 0.
    let most = classes.iter().map(|class| class.instances).max().unwrap_or(1);
    let curve = |dim: usize| {
        let mut counts: Vec<u64> =
            (0..=200).map(|n| 10f64.powf(f64::from(n) / 40.0).round() as u64).collect();
        counts.push(dim as u64);
        counts.sort_unstable();
        counts.dedup();
        counts.retain(|&m| m <= most);
        let points = counts.into_iter().map(|m| (m, bits(&[mp_lower_edge(dim, m)])));
        Table1Curve { name: format!("p = {dim}"), points: points.collect() }
    };
    let mut sections: Vec<Table1Section> = Vec::new();
    for Row { number, exact, noisy } in rows {
        if sections.last().is_none_or(|section| section.title != number.section) {
            sections.push(Table1Section { title: number.section.to_owned(), rows: Vec::new() });
        }
        let section = sections.last_mut().expect("just made");
        section.rows.push(Table1Row {
            name: number.name.clone(),
            curve: number.curve,
            r: exact[0],
            range: hull(exact.map(|r| (r, r)).into_iter().chain(*noisy)),
        });
    }
    Table1Figure {
        groups: groups.collect(),
        curves: DIMS.map(curve).into(),
        sections,
        paper: PAPER,
    }
}
