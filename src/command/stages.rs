//! Where the time of a computation went, beside what the machine can do, for `--verbose`.

use super::console::Console;
use crate::kernel::product::{flop, machine_flops};
use crate::stream::Stages;

/// Where the time went, beside what the machine can do.
pub fn say(stages: &Stages, dim: usize, counts: &[u64], console: &Console) {
    let folded = counts.iter().filter(|&&count| count > dim as u64);
    let products = folded.map(|&m| flop(m, dim)).sum::<f64>() / 1e9;
    let [read, multiplied, solved] =
        [stages.read, stages.products, stages.spectra].map(|time| time.as_secs_f64());
    let gigabytes = stages.bytes as f64 / 1e9;
    console.detail(&format!("read {gigabytes:.2} GB in {read:.2} s, {:.2} GB/s", gigabytes / read));
    console.detail(&format!(
        "{products:.0} GFLOP of products in {multiplied:.2} s, {:.0} GFLOP/s; this machine's matrix product \
         now reaches {:.0} GFLOP/s",
        products / multiplied,
        machine_flops() / 1e9
    ));
    console
        .detail(&format!("{} spectra in {solved:.2} s", counts.iter().filter(|&&m| m > 0).count()));
}
