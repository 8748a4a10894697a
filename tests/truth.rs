//! The verdict and the intervals on simulated classes whose truth is known; `docs/evidence.md`
//! quotes the tables.

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use igam_analyze::correlation::{bootstrap, partial, pearson};
use igam_analyze::evidence::{Class, Finding, Grounds};
use igam_analyze::information::{Information, bits};
use igam_analyze::moments::Moments;
use igam_analyze::shrinkage::Estimator;
use igam_analyze::spectrum::Spectrum;
use rayon::prelude::*;

/// Random numbers of one task, the same whoever does it when.
struct Random(ChaCha8Rng);

impl Random {
    fn of(task: u64) -> Random {
        let mut generator = ChaCha8Rng::from_seed([5; 32]);
        generator.set_stream(task);
        Random(generator)
    }

    /// Above 0, below 1.
    fn uniform(&mut self) -> f64 {
        ((self.0.next_u64() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// A class of Gaussian embeddings with eigenvalues s·j^−a, a its own, and s its own about the scale
/// at 100 instances, from which it grows by a power of the count.
struct Simulated {
    instances: u64,
    /// The information amount of its true covariance, bits.
    volume: f64,
    /// Under each estimator, unless that refuses it.
    information: Vec<Option<Information>>,
}

impl Simulated {
    fn new(
        task: u64,
        dim: usize,
        (scale, growth): (f64, f64),
        instances: impl Fn(&mut Random) -> u64,
    ) -> Simulated {
        let mut random = Random::of(task);
        let instances = instances(&mut random);
        let scale = scale * (instances as f64 / 100.0).powf(growth);
        let scale = scale * (0.6 * random.normal()).exp();
        let decay = 0.6 + 0.8 * random.uniform();
        let eigenvalues: Vec<f64> = (1..=dim).map(|j| scale * (j as f64).powf(-decay)).collect();
        let mut moments = Moments::new(dim);
        for _ in 0..instances {
            let row: Vec<f64> =
                eigenvalues.iter().map(|value| value.sqrt() * random.normal()).collect();
            moments.push(&row);
        }
        let spectrum = Spectrum::of(moments).unwrap().unwrap();
        let information = Estimator::ALL.iter();
        let information =
            information.map(|&estimator| Information::of(&spectrum, estimator).ok()).collect();
        Simulated { instances, volume: bits(&eigenvalues), information }
    }

    /// None where the estimator refuses it.
    fn class(&self, estimator: Estimator, ap: f64) -> Option<Class<'static>> {
        let information = self.information[estimator as usize]?;
        Some(Class {
            name: "",
            information: information.bits,
            floor_bits: information.floor.map(|floor| floor.bits),
            embeddings: self.instances,
            instances: self.instances,
            covariates: &[],
            group: None,
            ap,
        })
    }
}

/// `classes` classes with counts from 4 to `most`, evenly spread over their logarithm: a long tail.
fn long_tailed(classes: u64, dim: usize, shape: (f64, f64), most: f64) -> Vec<Simulated> {
    let count =
        move |random: &mut Random| (4.0 * (most / 4.0).powf(random.uniform())).round() as u64;
    (0..classes).into_par_iter().map(|task| Simulated::new(task, dim, shape, count)).collect()
}

/// What the rule says of many sets of classes.
struct Findings {
    /// Share of sets with more information, lower AP beyond the count.
    lower: f64,
    /// Share of sets with more information, higher AP beyond the count.
    higher: f64,
    /// Share of sets where it is the count, in disguise or openly.
    count: f64,
    /// Share of sets where the partial correlation given log m alone is clear of 0.
    log_alone: f64,
}

/// What AP depends on.
type Law = dyn Fn(&Simulated) -> f64 + Sync;

/// Sets of n classes drawn from the pool, whose AP is `signal` plus noise; the signal is the share
/// `r_squared` of its variance.
struct Setting<'a> {
    pool: &'a [&'a Simulated],
    n: usize,
    estimator: Estimator,
    signal: &'a Law,
    r_squared: f64,
    /// Whether the noise falls with the count, as the error of a measured AP may.
    noise_falls: bool,
}

fn findings(setting: &Setting, dim: usize, sets: u64) -> Findings {
    let Setting { pool, n, estimator, signal, r_squared, noise_falls } = *setting;
    let one = |set: u64| {
        let mut random = Random::of(1 << 32 | set);
        let mut pool = pool.to_vec();
        for place in 0..n {
            let other = place + (random.uniform() * (pool.len() - place) as f64) as usize;
            pool.swap(place, other);
        }
        let ap = standard(pool[..n].iter().map(|class| signal(class)).collect());
        let weight = |class: &Simulated| {
            if noise_falls { (50.0 / class.instances as f64).sqrt() } else { 1.0 }
        };
        let power = pool[..n].iter().map(|class| weight(class).powi(2)).sum::<f64>() / n as f64;
        let noise = ((1.0 - r_squared) / r_squared / power).sqrt();
        let classes: Vec<_> = (pool[..n].iter().zip(ap))
            .filter_map(|(class, ap)| {
                class.class(estimator, ap + noise * weight(class) * random.normal())
            })
            .collect();
        let information: Vec<f64> = classes.iter().map(|class| class.information).collect();
        let log: Vec<f64> = classes.iter().map(|class| (class.instances as f64).ln()).collect();
        let ap: Vec<f64> = classes.iter().map(|class| class.ap).collect();
        let log_alone = partial(&information, &ap, &[log]).is_ok_and(|partial| partial.is_clear());
        let finding = Finding::of(&Grounds::of(&classes, dim));
        let beyond =
            |side: f64| matches!(finding, Finding::Beyond { partial } if partial.r * side > 0.0);
        let count = matches!(finding, Finding::Disguise { .. } | Finding::Count { .. });
        [beyond(-1.0), beyond(1.0), count, log_alone]
    };
    let all: Vec<_> = (0..sets).into_par_iter().map(one).collect();
    let share = |which: usize| all.iter().filter(|found| found[which]).count() as f64 / sets as f64;
    Findings { lower: share(0), higher: share(1), count: share(2), log_alone: share(3) }
}

/// Mean 0, variance 1; unchanged where all are the same.
fn standard(values: Vec<f64>) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
    let deviation = if variance > 0.0 { variance.sqrt() } else { 1.0 };
    values.into_iter().map(|value| (value - mean) / deviation).collect()
}

/// Monotone laws of AP on the count alone.
fn laws(dim: usize) -> [(&'static str, Box<Law>); 6] {
    let law = |f: fn(f64) -> f64| -> Box<Law> { Box::new(move |class| f(class.instances as f64)) };
    [
        ("log m", law(|m| m.ln())),
        ("√m", law(|m| m.sqrt())),
        ("m/(m+50)", law(|m| m / (m + 50.0))),
        ("m/(m+500)", law(|m| m / (m + 500.0))),
        ("m²/(m²+100²)", law(|m| m * m / (m * m + 1e4))),
        ("a jump at m = p", Box::new(move |class| f64::from(class.instances > dim as u64))),
    ]
}

#[test]
fn the_rule_tells_count_from_volume() {
    let dim = 32;
    let pool = long_tailed(400, dim, (3.0, 0.0), 1_000.0);
    let all: Vec<_> = pool.iter().collect();
    for estimator in [Estimator::MpFloor, Estimator::Sample] {
        for (name, law) in &laws(dim)[..5] {
            let setting = Setting {
                pool: &all,
                n: 50,
                estimator,
                signal: law,
                r_squared: 0.8,
                noise_falls: false,
            };
            let found = findings(&setting, dim, 300);
            assert!(found.lower + found.higher <= 0.06, "{name}: {}", found.lower + found.higher);
            assert!(found.count >= 0.9, "{name}: {}", found.count);
        }
        let setting = Setting {
            pool: &all,
            n: 50,
            estimator,
            signal: &|class| -class.volume,
            r_squared: 0.5,
            noise_falls: false,
        };
        let found = findings(&setting, dim, 300);
        assert!(found.lower >= 0.9, "{estimator:?}: {}", found.lower);
    }
}

#[test]
#[ignore = "takes minutes: prints the tables of docs/evidence.md"]
fn simulated_truth() {
    const SETS: u64 = 2_000;
    let dim = 128;
    let estimators = Estimator::ALL.iter().copied();

    println!(
        "| counts | embeddings | AP is | estimator | beyond | the count | given log m alone |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let shapes = [("wide", (3.0, 0.0)), ("narrow", (0.2, 0.0)), ("wider with m", (3.0, 0.3))];
    for (embeddings, shape) in shapes {
        let pool = long_tailed(3_000, dim, shape, 5_000.0);
        let all: Vec<_> = pool.iter().collect();
        let large: Vec<_> = pool.iter().filter(|class| class.instances > dim as u64).collect();
        for (counts, pool) in [("4–5000", &all), ("over p", &large)] {
            // All counts are beyond the jump where they are over p.
            let laws = &laws(dim)[..if counts == "over p" { 5 } else { 6 }];
            for (name, law) in laws {
                for estimator in estimators.clone() {
                    let (mut beyond, mut count, mut log_alone) = (0.0_f64, 1.0_f64, 0.0_f64);
                    for (n, r_squared, noise_falls) in [
                        (20, 0.8, false),
                        (31, 0.5, false),
                        (31, 0.9, false),
                        (60, 0.5, false),
                        (60, 0.9, false),
                        (60, 0.7, true),
                        (300, 0.5, false),
                        (300, 0.9, false),
                    ] {
                        let setting =
                            Setting { pool, n, estimator, signal: law, r_squared, noise_falls };
                        let found = findings(&setting, dim, SETS);
                        beyond = beyond.max(found.lower + found.higher);
                        count = count.min(found.count);
                        log_alone = log_alone.max(found.log_alone);
                    }
                    println!(
                        "| {counts} | {embeddings} | {name} | {} | {:.1}% | {:.0}% | {:.0}% |",
                        estimator.name(),
                        100.0 * beyond,
                        100.0 * count,
                        100.0 * log_alone
                    );
                }
            }
        }
    }

    let pool = long_tailed(3_000, dim, (3.0, 0.0), 5_000.0);
    let equal: Vec<_> = (1 << 16..(1 << 16) + 1_000)
        .into_par_iter()
        .map(|task| Simulated::new(task, dim, (3.0, 0.0), |_| 300))
        .collect();
    let all: Vec<_> = pool.iter().collect();
    let large: Vec<_> = pool.iter().filter(|class| class.instances > dim as u64).collect();
    let equal: Vec<_> = equal.iter().collect();
    println!("\n| counts | AP is | classes | estimator | beyond, lower AP | beyond, higher AP |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let volume: &Law = &|class| -class.volume / 10.0;
    let both: &Law = &|class| (class.instances as f64).ln() / 2.0 - class.volume / 10.0;
    for (counts, pool) in [("4–5000", &all), ("over p", &large), ("300 each", &equal)] {
        for (name, signal) in [("−V", volume), ("log m − V", both)] {
            if counts == "300 each" && name != "−V" {
                continue;
            }
            for n in [20, 50, 100] {
                for estimator in estimators.clone() {
                    let setting =
                        Setting { pool, n, estimator, signal, r_squared: 0.5, noise_falls: false };
                    let found = findings(&setting, dim, SETS);
                    println!(
                        "| {counts} | {name} | {n} | {} | {:.1}% | {:.1}% |",
                        estimator.name(),
                        100.0 * found.lower,
                        100.0 * found.higher
                    );
                }
            }
        }
    }

    println!("\n| classes | ρ | Fisher | partial, 1 control | partial, 4 controls | bootstrap |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for n in [15, 20, 31, 60, 200] {
        for rho in [0.0, -0.5, 0.8] {
            let covered = coverage(n, rho, SETS);
            println!(
                "| {n} | {rho} | {} |",
                covered.map(|share| format!("{:.1}%", 100.0 * share)).join(" | ")
            );
        }
    }
}

/// Shares of bivariate normal sets in which Fisher's interval, the partial ones given 1 and 4
/// controls that both numbers depend on, and the bootstrap cover ρ.
fn coverage(n: usize, rho: f64, sets: u64) -> [f64; 4] {
    let one = |set: u64| {
        let mut random = Random::of(2 << 32 | set);
        let mut normals = || (0..n).map(|_| random.normal()).collect::<Vec<f64>>();
        let (x, noise) = (normals(), normals());
        let controls: Vec<_> = (0..4).map(|_| normals()).collect();
        let pairs = x.iter().zip(&noise);
        let y: Vec<f64> =
            pairs.map(|(x, noise)| rho * x + (1.0 - rho * rho).sqrt() * noise).collect();
        let with = |values: &[f64], factor: f64, controls: &[Vec<f64>]| -> Vec<f64> {
            let sum = |i: usize| controls.iter().map(|control| control[i]).sum::<f64>();
            values.iter().enumerate().map(|(i, value)| value + factor * sum(i)).collect()
        };
        let given = |controls: &[Vec<f64>]| {
            let (x, y) = (with(&x, 1.5, controls), with(&y, -0.7, controls));
            partial(&x, &y, controls).unwrap().interval.unwrap()
        };
        let intervals = [
            pearson(&x, &y).unwrap().interval.unwrap(),
            given(&controls[..1]),
            given(&controls),
            bootstrap(&x, &y).unwrap().unwrap(),
        ];
        intervals.map(|(low, high)| low <= rho && rho <= high)
    };
    let all: Vec<_> = (0..sets).into_par_iter().map(one).collect();
    [0, 1, 2, 3].map(|which| all.iter().filter(|c| c[which]).count() as f64 / sets as f64)
}
