//! The losses that are compared, and their sources.

/// A loss of the classification layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LossKind {
    /// Eq. 5, the cosine softmax: what the others are compared with.
    Cosine,
    /// Eq. 6, the IGAM loss, with the margins m_ij as printed.
    Igam,
    /// Eq. 6 with signed margins, as the paper's prose has it.
    IgamSigned,
    /// Eq. 6 with m_ji in place of m_ij: the class with more information gains space at test time.
    IgamTransposed,
    /// Eq. 3, softmax cross-entropy of a linear layer.
    Softmax,
    /// Logit adjustment (Menon et al., ICLR 2021) with τ = 1: the cross-entropy of z_j + ln n_j. It is the same as
    /// the balanced softmax (Ren et al., NeurIPS 2020).
    LogitAdjustment,
    /// LDAM (Cao et al., NeurIPS 2019) without its schedule: a cosine softmax of cosθ_y − Δ_y, Δ_y ∝ n_y^(−1/4).
    Ldam,
    /// Seesaw loss (Wang et al., CVPR 2021) with p = 0.8, q = 2.
    Seesaw,
    /// Focal loss (Lin et al., ICCV 2017) of the softmax, γ = 2, without α.
    Focal,
}

impl LossKind {
    /// All values, the one that others are compared with first.
    pub const ALL: &'static [LossKind] = &[
        LossKind::Cosine,
        LossKind::Igam,
        LossKind::IgamSigned,
        LossKind::IgamTransposed,
        LossKind::Softmax,
        LossKind::LogitAdjustment,
        LossKind::Ldam,
        LossKind::Seesaw,
        LossKind::Focal,
    ];

    /// The name on the command line and in the files.
    pub fn name(self) -> &'static str {
        match self {
            LossKind::Cosine => "cosine",
            LossKind::Igam => "igam",
            LossKind::IgamSigned => "igam-signed",
            LossKind::IgamTransposed => "igam-transposed",
            LossKind::Softmax => "softmax",
            LossKind::LogitAdjustment => "logit-adjustment",
            LossKind::Ldam => "ldam",
            LossKind::Seesaw => "seesaw",
            LossKind::Focal => "focal",
        }
    }

    /// Whether it has the margins of Eq. 6.
    pub fn has_margins(self) -> bool {
        matches!(self, LossKind::Igam | LossKind::IgamSigned | LossKind::IgamTransposed)
    }

    /// Whether its logits are s·cosθ; else they are those of a linear layer with bias.
    pub fn is_cosine(self) -> bool {
        self.has_margins() || matches!(self, LossKind::Cosine | LossKind::Ldam)
    }
}
