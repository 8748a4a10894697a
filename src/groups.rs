//! Model bias (Figure 4) and mean AP by group of classes (Tables 3–5).

use std::str::FromStr;

use crate::ap::ApScale;

/// Mean and variance of AP over some classes, always on the scale 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ApSummary {
    /// Number of classes that have an AP.
    pub classes: usize,
    /// Mean AP, points; `None` without such a class.
    pub mean: Option<f64>,
    /// Model bias (Figure 4): the population variance of the class APs, which divides by their
    /// number n and not by n−1, points²; none without such a class.
    pub bias: Option<f64>,
}

impl ApSummary {
    /// Summarizes the APs of classes, given on `scale`. A class without AP, or with one that is not
    /// finite, is skipped.
    pub fn of(aps: impl IntoIterator<Item = Option<f64>>, scale: ApScale) -> ApSummary {
        let to_points = ApScale::Percent.full() / scale.full();
        let finite = aps.into_iter().flatten().filter(|ap| ap.is_finite());
        let aps: Vec<f64> = finite.map(|ap| ap * to_points).collect();
        let over_classes = |sum: f64| (!aps.is_empty()).then(|| sum / aps.len() as f64);
        let mean = over_classes(aps.iter().sum());
        let squares = |mean: f64| aps.iter().map(|ap| (ap - mean).powi(2)).sum();
        ApSummary {
            classes: aps.len(),
            mean,
            bias: mean.and_then(|mean| over_classes(squares(mean))),
        }
    }
}

/// How often a class of LVIS occurs (Gupta, Dollár and Girshick, 2019): the groups of Table 3. An
/// annotation file names it by its first letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frequency {
    /// In 1 to 10 training images.
    Rare,
    /// In 11 to 100.
    Common,
    /// In more than 100.
    Frequent,
}

impl Frequency {
    /// All there are, the rarest first.
    pub const ALL: &'static [Frequency] =
        &[Frequency::Rare, Frequency::Common, Frequency::Frequent];

    /// The name in tables and figures.
    pub fn name(self) -> &'static str {
        match self {
            Frequency::Rare => "rare",
            Frequency::Common => "common",
            Frequency::Frequent => "frequent",
        }
    }

    /// The frequency of a class that is in so many training images. A class that is in none, which
    /// LVIS does not have, is rare.
    pub fn of_images(images: u64) -> Frequency {
        match images {
            0..=10 => Frequency::Rare,
            11..=100 => Frequency::Common,
            _ => Frequency::Frequent,
        }
    }
}

/// A frequency that is not one of the three letters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a frequency: r (rare), c (common) or f (frequent)")]
pub struct UnknownFrequency(pub String);

impl FromStr for Frequency {
    type Err = UnknownFrequency;

    /// Reads the letter `r`, `c` or `f`.
    fn from_str(letter: &str) -> Result<Frequency, UnknownFrequency> {
        match letter {
            "r" => Ok(Frequency::Rare),
            "c" => Ok(Frequency::Common),
            "f" => Ok(Frequency::Frequent),
            _ => Err(UnknownFrequency(letter.to_owned())),
        }
    }
}

/// Instance counts at which a new group of classes begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutPoints(Vec<u64>);

/// Why cut points cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CutPointsError {
    /// One is not a whole number.
    #[error("{0:?} is not an instance count: give lvis, coco-lt, or cut points as in 20,400,8000")]
    NoCount(String),
    /// One is not above the one before it, or the first is 0: a group would have no counts.
    #[error("cut point {next} is not above {last}: give them in ascending order")]
    NotAscending {
        /// The cut point before it, or 0.
        last: u64,
        /// The cut point.
        next: u64,
    },
}

impl CutPoints {
    /// The four bins of COCO-LT (Wang et al., ECCV 2020), AP₁ to AP₄ of the paper's tables: below
    /// 20 training instances, from 20, from 400, and from 8000 on.
    pub fn coco_lt() -> CutPoints {
        CutPoints(vec![20, 400, 8000])
    }

    /// Names of the groups, one more than there are cut points: "< 20", "20–399", "≥ 400".
    fn names(&self) -> Vec<String> {
        let first = self.0.first().map(|cut| format!("< {cut}"));
        let between = self.0.windows(2).map(|cuts| match (cuts[0], cuts[1] - 1) {
            (low, high) if low == high => low.to_string(),
            (low, high) => format!("{low}–{high}"),
        });
        let last = self.0.last().map(|cut| format!("≥ {cut}"));
        first.into_iter().chain(between).chain(last).collect()
    }

    fn group_of(&self, instances: u64) -> usize {
        self.0.partition_point(|&cut| cut <= instances)
    }
}

impl FromStr for CutPoints {
    type Err = CutPointsError;

    /// Reads ascending counts with commas between them, such as `20,400,8000`.
    fn from_str(text: &str) -> Result<CutPoints, CutPointsError> {
        let mut cuts = Vec::new();
        let mut last = 0;
        for cell in text.split(',').map(str::trim) {
            let next = cell.parse().map_err(|_| CutPointsError::NoCount(cell.to_owned()))?;
            if next <= last {
                return Err(CutPointsError::NotAscending { last, next });
            }
            cuts.push(next);
            last = next;
        }
        Ok(CutPoints(cuts))
    }
}

/// How classes are grouped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// How often they occur in LVIS.
    Frequency,
    /// Training instances.
    Instances(CutPoints),
}

impl FromStr for Grouping {
    type Err = CutPointsError;

    /// Reads `lvis`, `coco-lt`, or cut points.
    fn from_str(text: &str) -> Result<Grouping, CutPointsError> {
        match text {
            "lvis" => Ok(Grouping::Frequency),
            "coco-lt" => Ok(Grouping::Instances(CutPoints::coco_lt())),
            _ => text.parse().map(Grouping::Instances),
        }
    }
}

/// Groups of classes, the rarest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups {
    names: Vec<String>,
    /// Of each class, its index among the names; none where its count is not known.
    of_class: Vec<Option<usize>>,
}

impl Groups {
    /// Rare, common and frequent classes (Table 3). A class whose frequency is not known is in no
    /// group.
    pub fn by_frequency(classes: impl IntoIterator<Item = Option<Frequency>>) -> Groups {
        Groups {
            names: Frequency::ALL.iter().map(|frequency| frequency.name().to_owned()).collect(),
            of_class: classes.into_iter().map(|class| class.map(|class| class as usize)).collect(),
        }
    }

    /// Classes by training instances. A class whose count is not known is in no group.
    pub fn by_instances(
        cuts: &CutPoints,
        classes: impl IntoIterator<Item = Option<u64>>,
    ) -> Groups {
        let group = |class: Option<u64>| class.map(|instances| cuts.group_of(instances));
        Groups { names: cuts.names(), of_class: classes.into_iter().map(group).collect() }
    }

    /// The rarest third of the classes by training instances, the middle one and the most frequent one. Of equal
    /// counts the first class is the rarer.
    pub fn thirds(instances: &[u64]) -> Groups {
        let mut order: Vec<usize> = (0..instances.len()).collect();
        order.sort_by_key(|&class| instances[class]);
        let mut of_class = vec![None; instances.len()];
        for (rank, class) in order.into_iter().enumerate() {
            of_class[class] = Some(rank * 3 / instances.len());
        }
        let names = Frequency::ALL.iter().map(|frequency| frequency.name().to_owned());
        Groups { names: names.collect(), of_class }
    }

    /// Names of the groups.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The classes of a group, by its index among the names.
    pub fn members(&self, group: usize) -> Vec<usize> {
        let classes = self.of_class.iter().enumerate();
        classes.filter(|(_, of_class)| **of_class == Some(group)).map(|(class, _)| class).collect()
    }

    /// Summarizes the APs of the same classes, given on `scale`, group by group. A group without
    /// classes is there too, with no mean.
    ///
    /// # Panics
    /// If there are not as many APs as classes.
    pub fn summarize(&self, aps: &[Option<f64>], scale: ApScale) -> Vec<ApSummary> {
        assert_eq!(aps.len(), self.of_class.len(), "an AP, or none, a class");
        let summary = |group: usize| {
            let classes = self.of_class.iter().zip(aps);
            let members = classes.filter(|(of_class, _)| **of_class == Some(group));
            ApSummary::of(members.map(|(_, ap)| *ap), scale)
        };
        (0..self.names.len()).map(summary).collect()
    }
}
