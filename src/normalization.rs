//! After Eq. 6: the normalized information amount I′.

/// I′_i = C·e^{e^{x_i}} / Σ_j e^{x_j} + 1 with x_i = I_i/(Ī√C), as the paper prints it: Ī is ΣI_j.
///
/// Classes without information amount (`None`) have no I′ and take no part in C or the sums.
/// Nothing has an I′ when all I are zero, because x is then 0/0.
pub fn normalized(information: &[Option<f64>]) -> Vec<Option<f64>> {
    let present = || information.iter().flatten();
    let classes = present().count() as f64;
    let total: f64 = present().sum();
    if total <= 0.0 {
        return vec![None; information.len()];
    }
    // 0 ≤ x ≤ 1/√C here, so that neither exponential can overflow.
    let x = |i: f64| i / (total * classes.sqrt());
    let sum: f64 = present().map(|&i| x(i).exp()).sum();
    information.iter().map(|i| i.map(|i| classes * x(i).exp().exp() / sum + 1.0)).collect()
}
