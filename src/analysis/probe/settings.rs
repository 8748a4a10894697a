//! What is compared, and how often.

use crate::loss::SCALE;
use crate::normalization::Normalization;
use crate::probe::LossKind;
use crate::shrinkage::Estimator;

/// What is compared, and how often.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeSettings {
    /// The losses beside the cosine softmax, which is always there.
    pub losses: Vec<LossKind>,
    /// Formulas for I′ of the IGAM losses.
    pub normalizations: Vec<Normalization>,
    /// Scales s of the losses of cosines.
    pub scales: Vec<f64>,
    /// Seeds: each draws other weights of the images. At least 3.
    pub seeds: usize,
    /// Folds of cross-validation, where no held-out embeddings are given. At least 2, at most 255.
    pub folds: usize,
    /// Most passes over the training embeddings.
    pub epochs: usize,
}

impl Default for ProbeSettings {
    /// All losses but the signed IGAM loss, all formulas for I′, s = 30, 10 seeds, 5 folds, 1000 epochs.
    fn default() -> ProbeSettings {
        let losses = LossKind::ALL.iter().copied();
        ProbeSettings {
            losses: losses.filter(|&kind| kind != LossKind::IgamSigned).collect(),
            normalizations: Normalization::ALL.to_vec(),
            scales: vec![SCALE],
            seeds: 10,
            folds: 5,
            epochs: 1000,
        }
    }
}

/// One loss with its options.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variant {
    /// The loss.
    pub kind: LossKind,
    /// The formula for I′, of an IGAM loss.
    pub normalization: Option<Normalization>,
    /// The covariance estimator, of an IGAM loss.
    pub estimator: Option<Estimator>,
    /// The scale s, of a loss of cosines.
    pub scale: Option<f64>,
}

impl ProbeSettings {
    /// All that is trained: for each scale the cosine softmax first, then the losses of cosines; then the others.
    pub fn variants(&self, estimators: &[Estimator]) -> Vec<Variant> {
        let wanted = |kind: LossKind| self.losses.contains(&kind);
        let mut variants = Vec::new();
        for &scale in &self.scales {
            for &kind in LossKind::ALL.iter().filter(|kind| kind.is_cosine()) {
                let plain =
                    Variant { kind, normalization: None, estimator: None, scale: Some(scale) };
                if kind == LossKind::Cosine || wanted(kind) && !kind.has_margins() {
                    variants.push(plain);
                } else if wanted(kind) {
                    for &normalization in &self.normalizations {
                        let of = |&estimator| Variant {
                            normalization: Some(normalization),
                            estimator: Some(estimator),
                            ..plain
                        };
                        variants.extend(estimators.iter().map(of));
                    }
                }
            }
        }
        for &kind in LossKind::ALL.iter().filter(|kind| !kind.is_cosine() && wanted(**kind)) {
            variants.push(Variant { kind, normalization: None, estimator: None, scale: None });
        }
        // What is named twice is trained once.
        let mut once: Vec<Variant> = Vec::new();
        for variant in variants {
            if !once.contains(&variant) {
                once.push(variant);
            }
        }
        once
    }
}

impl Variant {
    /// Its name among `all`: the loss, and what tells it from others with the same loss.
    pub fn name(&self, all: &[Variant]) -> String {
        let differ = |of: fn(&Variant) -> Option<String>| {
            let mut values = all.iter().filter_map(of);
            let first = values.next();
            values.any(|value| Some(&value) != first.as_ref())
        };
        let mut name = self.kind.name().to_owned();
        let normalization = |one: &Variant| one.normalization.map(|one| one.name().to_owned());
        let estimator = |one: &Variant| one.estimator.map(|one| one.name().to_owned());
        let scale = |one: &Variant| one.scale.map(|scale| format!("s={scale}"));
        for of in [normalization, estimator, scale] {
            if let (true, Some(value)) = (differ(of), of(self)) {
                name += &format!(" {value}");
            }
        }
        name
    }
}
