use igam_analyze::geometry::{Geometry, Labelled};
use igam_analyze::recognition::*;
use igam_analyze::rows::Array;
use igam_analyze::{Options, Warnings};
use ndarray::Array2;
fn npy(path: &str, dim: usize) -> Array2<f64> {
    // header + raw f64
    let b = std::fs::read(path).unwrap();
    let v: Vec<f64> = b.chunks_exact(8).map(|c| f64::from_le_bytes(c.try_into().unwrap())).collect();
    Array2::from_shape_vec((v.len() / dim, dim), v).unwrap()
}
fn main() {
    let d = "/tmp/geo/raw/";
    let t = npy(&format!("{d}t.bin"), 128);
    let h = npy(&format!("{d}h.bin"), 128);
    let w = npy(&format!("{d}w.bin"), 128);
    let b = npy(&format!("{d}b.bin"), 1);
    let lab = |p: &str| -> Vec<u32> { npy(&format!("{d}{p}.bin"), 1).iter().map(|&x| x as u32).collect() };
    let (yt, yh) = (lab("yt"), lab("yh"));
    let tally = |y: &[u32]| { let mut c = vec![0u64; 31]; y.iter().for_each(|&l| c[l as usize] += 1); c };
    let (ct, ch) = (tally(&yt), tally(&yh));
    let (ta, ha) = (Array::new(t.view(), &[]).unwrap(), Array::new(h.view(), &[]).unwrap());
    let bg = BackgroundRow::of(None, w.nrows(), 31).unwrap();
    let c = Classifier::new(w.clone(), Some(b.as_slice().unwrap()), bg, false).unwrap();
    let g = Geometry::of_rows(
        &Labelled { rows: &ta, labels: &yt, counts: &ct, left_out: &[] },
        Some(&Labelled { rows: &ha, labels: &yh, counts: &ch, left_out: &[] }),
        Some(&c), &Options::new(), &Warnings::default()).unwrap();
    let o = g.overlap.as_ref().unwrap();
    println!("rho {} D01 {:?} closest0 {:?} cdnv {:?}", o.intensity, o.distance(0, 1), o.closest(0), o.variability(0));
    println!("shift {:?} {:?}", g.shift[0], g.shift[0].unwrap().beyond_chance());
    let r = g.recognized.unwrap();
    println!("right {} {:?}\n{:?}", r.of_classes.iter().map(|r| r.right).sum::<u64>(), r.of_classes[7], r.rivals[7]);
    println!("{:?}", g.suspects.unwrap()[7].worst.iter().take(3).collect::<Vec<_>>());
}
