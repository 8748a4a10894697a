//! Width and height of an image, from its header.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Width and height as viewers show the image, pixels; none, if it is no image whose header says so. A camera
/// that was turned notes so in the EXIF part of a JPEG: `exif_size` in `ultralytics/data/utils.py`.
pub fn read(path: &Path) -> Option<[f64; 2]> {
    if !path.is_file() {
        return None;
    }
    let size = imagesize::size(path).ok().filter(|size| size.width > 0 && size.height > 0)?;
    let [width, height] = [size.width as f64, size.height as f64];
    Some(if is_turned(path).unwrap_or(false) { [height, width] } else { [width, height] })
}

/// Whether the EXIF orientation of a JPEG swaps its sides.
fn is_turned(path: &Path) -> Option<bool> {
    let mut file = BufReader::new(File::open(path).ok()?);
    let mut start = [0; 2];
    file.read_exact(&mut start).ok()?;
    if start != [0xff, 0xd8] {
        return None;
    }
    loop {
        let mut head = [0; 4];
        file.read_exact(&mut head).ok()?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]])).checked_sub(2)?;
        // Behind the start of the scan there are no more parts.
        if head[0] != 0xff || head[1] == 0xda {
            return None;
        }
        let mut part = vec![0; length];
        file.read_exact(&mut part).ok()?;
        if head[1] == 0xe1
            && let Some(tiff) = part.strip_prefix(b"Exif\0\0")
        {
            return orientation(tiff).map(|turn| (5..=8).contains(&turn));
        }
    }
}

/// The tag 274 of the first directory.
fn orientation(tiff: &[u8]) -> Option<u16> {
    const ORIENTATION: u16 = 274;
    let little = match tiff.get(..2)? {
        b"II" => true,
        b"MM" => false,
        _ => return None,
    };
    let two = |at: usize| {
        let bytes = [*tiff.get(at)?, *tiff.get(at + 1)?];
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let (first, second) = (usize::from(two(4)?), usize::from(two(6)?));
    let directory = if little { first | second << 16 } else { first << 16 | second };
    let entries = usize::from(two(directory)?);
    let entry = |at: usize| directory + 2 + 12 * at;
    (0..entries).find(|&at| two(entry(at)) == Some(ORIENTATION)).and_then(|at| two(entry(at) + 8))
}
