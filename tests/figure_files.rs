//! `--figure-format`, `--theme` and `--width`: the same drawing in another file.

use resvg::tiny_skia::Pixmap;

use crate::Workdir;
use crate::figures::texts;

const INPUT: &str = "correlate --ap ap.csv --counts counts.csv";

fn counts_alone() -> Workdir {
    let work = Workdir::new();
    work.write("ap.csv", "class,ap\ncat,0.1\ndog,0.2\nörn,0.4\n");
    work.write("counts.csv", "class,instances\ncat,4\ndog,2\nörn,1\n");
    work
}

#[test]
fn a_png_has_every_letter_of_the_svg_on_a_machine_without_fonts() {
    let work = counts_alone();
    work.run(INPUT);
    work.run(&format!("{INPUT} --figure-format png"));
    work.run(&format!("{INPUT} --figure-format png --out again"));
    let png = std::fs::read(work.path("reports/figure1.png")).unwrap();
    assert!(png == std::fs::read(work.path("again/figure1.png")).unwrap());
    let pixels = Pixmap::decode_png(&png).unwrap();
    let svg = work.read("reports/figure1.svg");
    let size = roxmltree::Document::parse(&svg).unwrap();
    let width: f64 = size.root_element().attribute("width").unwrap().parse().unwrap();
    assert_eq!(f64::from(pixels.width()), 2.0 * width);
    for text in texts(&svg).iter().filter(|text| text.says.chars().count() > 2) {
        // Something dark within a letter's distance of the text's point, inside of an empty sheet.
        let (x, y) = ((2.0 * text.x) as i32, (2.0 * text.y) as i32);
        let mut dark = 0;
        for (x, y) in (x - 16..x + 16).flat_map(|x| (y - 16..y + 16).map(move |y| (x, y))) {
            let pixel = pixels.pixel(x.max(0) as u32, y.max(0) as u32);
            dark += usize::from(pixel.is_some_and(|pixel| pixel.red() < 0xC0));
        }
        assert!(dark > 10, "{:?} is not there", text.says);
    }
    // No half row at the end.
    let last = pixels.pixel(3, pixels.height() - 1).unwrap();
    assert_eq!((last.red(), last.alpha()), (255, 255));
}

#[test]
fn a_pdf_carries_its_font_and_is_the_same_each_time() {
    let work = counts_alone();
    work.run(&format!("{INPUT} --figure-format pdf --width 480 --out one"));
    work.run(&format!("{INPUT} --figure-format pdf --width 480 --out two"));
    let pdf = std::fs::read(work.path("one/figure1.pdf")).unwrap();
    assert!(pdf == std::fs::read(work.path("two/figure1.pdf")).unwrap());
    let text = String::from_utf8_lossy(&pdf);
    assert!(text.starts_with("%PDF-") && text.contains("DejaVuSans"));
    // 480 pixels of 1/96 inch are 360 points of 1/72.
    assert!(text.contains("/MediaBox [0 0 360 "));
}

#[test]
fn width_changes_the_root_alone_and_theme_the_colours_alone() {
    let work = counts_alone();
    work.run(INPUT);
    work.run(&format!("{INPUT} --width 500 --out wide"));
    work.run(&format!("{INPUT} --theme dark --out dark"));
    let [plain, wide, dark] =
        ["reports", "wide", "dark"].map(|directory| work.read(&format!("{directory}/figure1.svg")));
    let after_size = |svg: &str| svg[svg.find(" viewBox").unwrap()..].to_owned();
    assert!(
        wide.starts_with("<svg width=\"500\" height=\"") && after_size(&plain) == after_size(&wide)
    );
    let size = |svg: &str| {
        let root = roxmltree::Document::parse(svg).unwrap();
        let number = |name| root.root_element().attribute(name).unwrap().parse::<f64>().unwrap();
        (number("width"), number("height"))
    };
    let ((width, height), (_, scaled)) = (size(&plain), size(&wide));
    assert!((scaled - height * 500.0 / width).abs() <= 0.05 && scaled != height);
    let without_colours = |svg: &str| {
        let mut parts = svg.split("=\"#");
        let first = parts.next().unwrap().to_owned();
        parts.fold(first, |all, part| all + &part[6..])
    };
    assert!(dark != plain && without_colours(&dark) == without_colours(&plain));
    for light in ["#FFFFFF", "#222222", "#E6E6E6"] {
        assert!(!dark.contains(light), "{light} is left in the dark");
    }
}

#[test]
fn sizes_that_no_memory_holds_are_refused() {
    let work = counts_alone();
    let command = format!("{INPUT} --figure-format png --width 20000");
    let output = work.command(&command).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("give a smaller --width"));
    assert!(work.files("reports").is_empty());
    for width in ["0", "99", "20001", "-5", "wide"] {
        let output = work.command(&format!("{INPUT} --width {width}")).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{width}");
    }
}
