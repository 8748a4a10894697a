//! The figures are SVG that a browser takes, complete, and the same whatever the order of the input.

use igam_analyze::correlation::{Pearson, least_squares};
use igam_analyze::figure::draw::{
    Figure1Class, Figure1Panel, Figure2Run, Figure3Panel, Figure3Store, Figure4Run, MarginsFigure,
    ScatterPanel, ScatterPoint, SensitivityPanel, SensitivityRow, Whiskered, figure1, figure2,
    figure3, figure4, margins, scatter, sensitivity,
};
use igam_analyze::figure::how_to_read;
use igam_analyze::storage::Shape;

const R: Pearson =
    Pearson { r: -0.016, interval: Some((-0.455, 0.43)), p_value: Some(0.9), classes: 20 };

fn class(name: &str, instances: u64, ap: Option<f64>) -> Figure1Class {
    let name = name.to_owned();
    Figure1Class { name, instances, ap }
}

fn bars(classes: Vec<Figure1Class>, pearson: Option<Pearson>) -> Figure1Panel {
    Figure1Panel {
        title: "R-50-FPN CE".to_owned(),
        classes,
        pearson,
        log_pearson: pearson.map(|log| Pearson { r: 0.125, ..log }),
        enough_classes: true,
        ap_column: "ap".to_owned(),
    }
}

fn point(name: &str, information: f64, ap: f64, instances: u64) -> ScatterPoint {
    let name = name.to_owned();
    ScatterPoint { name, information, ap, instances }
}

fn cloud(points: Vec<ScatterPoint>, pearson: Option<Pearson>) -> ScatterPanel {
    let (x, y): (Vec<_>, Vec<_>) = points.iter().map(|point| (point.information, point.ap)).unzip();
    let line = pearson.and_then(|_| least_squares(&x, &y));
    ScatterPanel {
        title: "R-50-FPN CE".to_owned(),
        points,
        pearson,
        line,
        enough_classes: true,
        estimator: "mp-floor".to_owned(),
        ap_column: "AP".to_owned(),
    }
}

fn run(backbone: &str, loss: &str, information: Option<Pearson>) -> Figure2Run {
    Figure2Run {
        backbone: backbone.to_owned(),
        loss: loss.to_owned(),
        estimator: "mp-floor".to_owned(),
        information,
        instances: Some(R),
        log_instances: Some(Pearson { r: 0.25, interval: Some((-0.2, 0.6)), ..R }),
        enough_classes: true,
    }
}

/// A text element: what it says and where its point is, in nominal pixels.
pub struct Text {
    pub says: String,
    pub x: f64,
    pub y: f64,
}

/// Reads the SVG back, and checks that everything is drawn on the sheet.
pub fn texts(svg: &str) -> Vec<Text> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let number =
        |node: roxmltree::Node, name| node.attribute(name).map(|v| v.parse::<f64>().unwrap());
    let root = document.root_element();
    let (width, height) = (number(root, "width").unwrap(), number(root, "height").unwrap());
    let view = format!("0 0 {:.0} {:.0}", 10.0 * width, 10.0 * height);
    assert_eq!(root.attribute("viewBox"), Some(view.as_str()));
    for node in document.descendants().filter(|node| node.is_element()) {
        for (names, limit) in [(["x", "x1", "x2", "cx"], width), (["y", "y1", "y2", "cy"], height)]
        {
            for value in names.into_iter().filter_map(|name| number(node, name)) {
                assert!((0.0..=10.0 * limit).contains(&value), "{node:?}");
            }
        }
    }
    let elements = document.descendants().filter(|node| node.has_tag_name("text"));
    elements
        .map(|node| Text {
            says: node.text().unwrap_or_default().trim().to_owned(),
            x: number(node, "x").unwrap() / 10.0,
            y: number(node, "y").unwrap() / 10.0,
        })
        .collect()
}

fn find<'a>(texts: &'a [Text], says: &str) -> &'a Text {
    let mut found = texts.iter().filter(|text| text.says == says);
    let text = found.next().unwrap_or_else(|| panic!("{says:?} is not drawn"));
    assert!(found.next().is_none(), "{says:?} is drawn twice");
    text
}

/// `count` classes with long-tailed counts, in no particular order.
fn long_tail(count: usize) -> Vec<Figure1Class> {
    let place = |i: usize| i * 7 % count;
    let tail = |i: usize| {
        class(
            &format!("class {i:04}"),
            100_000 / (1 + i as u64),
            Some(100.0 * i as f64 / count as f64),
        )
    };
    (0..count).map(|i| tail(place(i))).collect()
}

#[test]
fn figure1_of_three_classes() {
    let classes = vec![
        class("plain", 40, Some(50.0)),
        class("Crème & <brûlée>", 90_000, Some(25.0)),
        class("\"absent\"", 2, None),
    ];
    insta::assert_snapshot!(figure1(&[bars(classes, Some(R))]).unwrap());
}

#[test]
fn figure2_of_two_runs() {
    let runs = [run("R-50", "CE", Some(R)), run("R-50", "Seesaw", None)];
    insta::assert_snapshot!(figure2(&runs).unwrap());
}

#[test]
fn scatter_of_four_points() {
    let points = vec![
        point("a", 10.0, 20.0, 1000),
        point("b", 20.0, 35.0, 100),
        point("c", 30.0, 30.0, 10),
        point("none", 40.0, 50.0, 0),
    ];
    insta::assert_snapshot!(scatter(&[cloud(points, Some(R))]).unwrap());
}

#[test]
fn every_class_is_named_once_and_in_order_up_to_80() {
    for count in [20, 31, 80] {
        let svg = figure1(&[bars(long_tail(count), None)]).unwrap();
        let texts = texts(&svg);
        let at: Vec<_> = (0..count).map(|i| find(&texts, &format!("class {i:04}")).x).collect();
        assert!(at.windows(2).all(|pair| pair[1] - pair[0] >= 9.0), "{count}: {at:?}");
    }
}

#[test]
fn names_are_thinned_beyond_80_and_the_figure_says_so() {
    let texts = texts(&figure1(&[bars(long_tail(1203), None)]).unwrap());
    let named = texts.iter().filter(|text| text.says.starts_with("class 0")).count();
    assert!((60..=85).contains(&named), "{named}");
    assert!(texts.iter().any(|text| text.says.ends_with("(one in 15 is named)")));
}

#[test]
fn the_order_of_the_input_does_not_show() {
    let backwards = || long_tail(31).into_iter().rev().collect();
    let pair = [bars(long_tail(31), Some(R)), bars(backwards(), Some(R))];
    let [one, other] = pair.map(|panel| figure1(&[panel]).unwrap());
    assert_eq!(one, other);

    let points = |classes: Vec<Figure1Class>| -> Vec<_> {
        let noise = |i: u64| (i * 37 % 11) as f64;
        let point = |c: Figure1Class| {
            point(&c.name, (c.instances as f64).sqrt(), noise(c.instances), c.instances)
        };
        classes.into_iter().map(point).collect()
    };
    let pair = [cloud(points(long_tail(31)), Some(R)), cloud(points(backwards()), Some(R))];
    let [one, other] = pair.map(|panel| scatter(&[panel]).unwrap());
    assert_eq!(one, other);
}

#[test]
fn the_ap_axis_says_which_ap_it_is() {
    let mut panel = bars(long_tail(3), Some(R));
    panel.ap_column = "ap50".to_owned();
    find(&texts(&figure1(&[panel]).unwrap()), "AP (%), ap50");
}

/// Labels of an axis are as exact as its step.
#[test]
fn large_counts_have_units() {
    let with =
        |most| figure1(&[bars(vec![class("a", most, None), class("b", most / 2, None)], None)]);
    for (most, labels) in [
        (7_000, &["2000", "4000", "8000"][..]),
        (9_000, &["2k", "10k"]),
        (45_000, &["10k", "20k", "50k"]),
        (1_400_000, &["500k", "1M", "1.5M"]),
        (12_000_000_000, &["5G", "10G", "15G"]),
    ] {
        let texts = texts(&with(most).unwrap());
        labels.iter().for_each(|label| assert_eq!(find(&texts, label).says, *label));
    }
}

#[test]
fn a_class_without_ap_breaks_the_line() {
    let ap = [Some(0.1), Some(0.2), None, Some(0.3), Some(0.4), Some(0.5)];
    let classes = ap.into_iter().zip(0..).map(|(ap, i)| class(&i.to_string(), 10 - i, ap));
    let svg = figure1(&[bars(classes.collect(), None)]).unwrap();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let blue = document
        .descendants()
        .filter(|n| n.has_tag_name("polyline") && n.attribute("stroke") == Some("#0072B2"));
    let lengths: Vec<_> =
        blue.map(|n| n.attribute("points").unwrap().split_whitespace().count()).collect();
    assert_eq!(lengths, [2, 3]);
}

#[test]
fn counts_are_logarithmic_beyond_two_decades_only() {
    let with =
        |most| figure1(&[bars(vec![class("a", most, None), class("b", 1, None)], None)]).unwrap();
    find(&texts(&with(100)), "instances");
    find(&texts(&with(101)), "instances (log scale)");
}

#[test]
fn a_run_stands_over_its_own_backbone() {
    let runs = [
        run("Lite0", "CE", Some(R)),
        run("Lite2", "CE", Some(R)),
        run("Lite0", "Focal", Some(Pearson { r: 0.625, interval: None, ..R })),
        run("Lite2", "", None),
    ];
    let texts = texts(&figure2(&runs).unwrap());
    let [first, second] = ["Lite0", "Lite2"].map(|name| find(&texts, name));
    assert!(first.x < find(&texts, "n/a").x && find(&texts, "Focal").x < second.x);
    let (focal, value, zero) = (find(&texts, "Focal"), find(&texts, "0.625"), find(&texts, "0.0"));
    assert!((value.x - focal.x).abs() < 40.0 && value.y < zero.y && zero.y < focal.y);
    assert_eq!(texts.iter().filter(|text| text.says == "−0.016").count(), 6);
}

#[test]
fn the_outliers_are_named_and_nothing_else() {
    let line = |i: usize| point(&format!("inlier {i}"), i as f64, 20.0 + i as f64, 10);
    let mut points: Vec<_> = (0..60).map(line).collect();
    let outliers = [7, 8, 9, 30, 50, 51];
    for i in outliers {
        points[i].ap += if i % 2 == 0 { 30.0 } else { -25.0 };
        points[i].name = format!("outlier {i}");
    }
    let texts = texts(&scatter(&[cloud(points, Some(R))]).unwrap());
    assert!(!texts.iter().any(|text| text.says.starts_with("inlier")));
    for i in outliers {
        find(&texts, &format!("outlier {i}"));
    }
}

#[test]
fn nothing_to_draw_is_an_error() {
    assert!(figure1(&[]).is_err() && figure2(&[]).is_err() && scatter(&[]).is_err());
    assert!(figure4(&[], &[]).is_err() && sensitivity(&[]).is_err());
}

#[test]
fn degenerate_figures_are_drawn() {
    let names = ["", "\u{1}\u{ffff}\t", "航空機の部品", "مرحبا", &"very long ".repeat(100)];
    let counts: [fn(u64) -> u64; 4] = [|_| 0, |_| 7, |i| 10u64.pow(3 * i as u32), |i| u64::MAX - i];
    let aps: [fn(u64) -> Option<f64>; 5] = [
        |_| None,
        |_| Some(0.0),
        |_| Some(1.0),
        |i| Some(i as f64 * 1e-320),
        |i| Some(50.0 * i as f64),
    ];
    let informations: [fn(u64) -> f64; 4] =
        [|_| 0.0, |_| 1e6, |i| 1e-9 * i as f64, |i| 1e6 / 10f64.powi(5 * i as i32)];
    for length in 0..=names.len() as u64 {
        let each = || (0..length).zip(names);
        for pearson in [None, Some(R)] {
            for (count, ap) in counts.iter().flat_map(|count| aps.iter().map(move |ap| (count, ap)))
            {
                let classes = || each().map(|(i, name)| class(name, count(i), ap(i))).collect();
                let panels = [(); 7].map(|()| bars(classes(), pearson));
                texts(&figure1(&panels).unwrap());
                texts(&figure1(&panels[..1]).unwrap());
                for information in informations {
                    let points = each().map(|(i, name)| {
                        point(name, information(i), ap(i).unwrap_or(f64::NAN), count(i))
                    });
                    texts(&scatter(&[cloud(points.collect(), pearson)]).unwrap());
                }
            }
        }
        let runs: Vec<_> =
            each().map(|(i, name)| run(name, names[0], (i > 2).then_some(R))).collect();
        if !runs.is_empty() {
            texts(&figure2(&runs).unwrap());
        }
    }
}

/// A heat map of classes "class 0", … whose information falls, and whose margins follow from it.
fn heat_map(order: impl Iterator<Item = usize>, signed: bool) -> String {
    let order: Vec<usize> = order.collect();
    let names: Vec<String> = order.iter().map(|class| format!("class {class} & <co>")).collect();
    let information: Vec<f64> = order.iter().map(|&class| 1000.0 - class as f64).collect();
    let matrix = ndarray::Array2::from_shape_fn((order.len(), order.len()), |(i, j)| {
        let margin = (information[i] - information[j]) / 1e4;
        if signed { margin } else { margin.max(0.0) }
    });
    let title = "margins".to_owned();
    let figure =
        MarginsFigure { names: &names, information: &information, margins: matrix.view(), title };
    margins(&figure).unwrap()
}

#[test]
fn margins_of_three_classes() {
    insta::assert_snapshot!(heat_map(0..3, false));
}

#[test]
fn margins_name_every_class_on_both_axes_up_to_80() {
    for count in [1, 2, 20, 31, 80] {
        let svg = heat_map(0..count, true);
        let texts = texts(&svg);
        for class in 0..count {
            let named = texts.iter().filter(|text| text.says == format!("class {class} & <co>"));
            assert_eq!(named.count(), 2, "{count} classes");
        }
        assert_eq!(heat_map((0..count).rev(), true), svg, "the order of the input shows");
        // Sheet, white ground, bar of 64 rungs, and a cell for each pair but the diagonal.
        let cells = svg.matches("<rect").count() - 2 - 64;
        assert_eq!(cells, count * count - count);
    }
}

#[test]
fn margins_of_many_classes_are_means_over_groups() {
    let svg = heat_map(0..1203, false);
    let texts = texts(&svg);
    assert_eq!(texts.iter().filter(|text| text.says == "1–30").count(), 2);
    assert_eq!(texts.iter().filter(|text| text.says == "1173–1203").count(), 2);
    find(&texts, "1203 classes in 40 groups, most information first; each cell is a mean");
    // The greatest mean: of the 30 classes at the one end over those at the other.
    let scale = texts.iter().filter_map(|text| text.says.parse::<f64>().ok());
    let top = scale.fold(0.0, f64::max);
    assert!((0.1..0.2).contains(&top), "{top}");
    // The diagonal too: within a group margins differ.
    assert_eq!(svg.matches("<rect").count() - 2 - 64, 40 * 41 / 2);
}

/// Asserts that no two texts overlap, set in DejaVu Sans, which is wide.
#[track_caller]
pub fn assert_legible(svg: &str) {
    let boxes = text_boxes(svg);
    for (at, (a, one)) in boxes.iter().enumerate() {
        for (b, other) in &boxes[..at] {
            let apart = one.right() <= other.left()
                || other.right() <= one.left()
                || one.bottom() <= other.top()
                || other.bottom() <= one.top();
            assert!(apart, "{a:?} and {b:?} overlap");
        }
    }
}

fn bias_run(backbone: &str, loss: &str, bias: f64, group_means: &[Option<f64>]) -> Figure4Run {
    Figure4Run {
        backbone: backbone.to_owned(),
        loss: loss.to_owned(),
        bias: Some(bias),
        group_means: group_means.to_vec(),
    }
}

fn group_names(count: usize) -> Vec<String> {
    (0..count).map(|k| format!("{}–{} & <more>", 1000 * k, 1000 * k + 999)).collect()
}

/// Colour, left edge, width and height of the bars.
fn drawn_bars(svg: &str) -> Vec<(String, f64, f64, f64)> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let rects = document.descendants().filter(|node| node.has_tag_name("rect"));
    rects
        .skip(1)
        .map(|node| {
            let number = |name| node.attribute(name).unwrap().parse::<f64>().unwrap();
            let fill = node.attribute("fill").unwrap().to_owned();
            (fill, number("x"), number("width"), number("height"))
        })
        .collect()
}

#[test]
fn figure4_of_two_runs() {
    let runs = [
        bias_run("R-50", "CE", 100.0439, &[Some(12.34), None]),
        Figure4Run { bias: None, ..bias_run("R-50", "IGAM", 0.0, &[Some(20.0), None]) },
    ];
    insta::assert_snapshot!(figure4(&runs, &["rare".to_owned(), "common".to_owned()]).unwrap());
}

#[test]
fn figure4_bars_are_as_high_as_their_values_and_coloured_by_loss() {
    let runs = [
        bias_run("R-50", "CE", 120.0, &[Some(10.0)]),
        bias_run("R-101", "CE", 60.0, &[Some(40.0)]),
        bias_run("R-50", "IGAM", 30.0, &[Some(20.0)]),
    ];
    let svg = figure4(&runs, &group_names(1)).unwrap();
    let bars = drawn_bars(&svg);
    let of = |bars: &[(String, f64, f64, f64)]| {
        let mut bars = bars.to_vec();
        bars.sort_by(|a, b| a.1.total_cmp(&b.1));
        let heights: Vec<f64> = bars.iter().map(|bar| bar.3 / bars[0].3).collect();
        (bars.into_iter().map(|bar| bar.0).collect::<Vec<_>>(), heights)
    };
    // From left to right: both runs of the backbone that came first, then the other.
    for (panel, heights) in [(&bars[..3], [1.0, 0.25, 0.5]), (&bars[3..], [1.0, 2.0, 4.0])] {
        let (colours, ours) = of(panel);
        assert!(colours[0] == colours[2] && colours[0] != colours[1], "{colours:?}");
        for (ours, theirs) in ours.iter().zip(heights) {
            assert!((ours - theirs).abs() < 0.01, "{ours} against {theirs}");
        }
    }
    let texts = texts(&svg);
    for value in ["120.00", "60.00", "30.00", "10.0", "40.0", "20.0"] {
        assert!(texts.iter().any(|text| text.says == value), "{value}");
    }
}

#[test]
fn figure4_is_legible_for_any_number_of_runs_and_groups() {
    let losses =
        ["CE", "Seesaw", "EFL", "C2AM", "BACL", "IGAM", "Focal", "a very long name of one"];
    for backbones in 1..=2 {
        for count in 1..=losses.len() {
            for groups in [0, 1, 3, 4, 8] {
                let means = vec![Some(100.0); groups];
                let names =
                    (0..backbones).flat_map(|b| losses[..count].iter().map(move |l| (b, l)));
                let runs: Vec<_> = names
                    .map(|(b, loss)| bias_run(&format!("R-{b}-FPN"), loss, 2499.99, &means))
                    .collect();
                let svg = figure4(&runs, &group_names(groups)).unwrap();
                texts(&svg);
                assert_legible(&svg);
                let bars = drawn_bars(&svg);
                assert_eq!(bars.len(), runs.len() * (1 + groups));
                let colours: std::collections::HashSet<_> = bars.iter().map(|bar| &bar.0).collect();
                assert_eq!(colours.len(), count);
            }
        }
    }
}

fn whiskered(r: f64, low: f64, high: f64) -> Option<Whiskered> {
    Some(Whiskered { r, interval: Some((low, high)) })
}

fn sensitivity_row(
    estimator: &str,
    raw: Option<Whiskered>,
    partial: Option<Whiskered>,
) -> SensitivityRow {
    SensitivityRow { estimator: estimator.to_owned(), raw, partial }
}

fn sensitivity_panel(title: &str, rows: Vec<SensitivityRow>) -> SensitivityPanel {
    SensitivityPanel { title: title.to_owned(), rows, enough_classes: true }
}

#[test]
fn sensitivity_of_two_estimators() {
    let rows = vec![
        sensitivity_row("mp-floor", Some(R.into()), None),
        sensitivity_row(
            "sample",
            Some(Whiskered { r: 1.0, interval: None }),
            whiskered(-0.5, -0.8, -0.1),
        ),
    ];
    insta::assert_snapshot!(sensitivity(&[sensitivity_panel("R-50-FPN CE", rows)]).unwrap());
}

#[test]
fn sensitivity_dots_and_whiskers_stand_at_their_values() {
    let rows = vec![sensitivity_row("sample", whiskered(0.5, -0.5, 1.0), None)];
    let svg = sensitivity(&[sensitivity_panel("run", rows)]).unwrap();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let texts = texts(&svg);
    let at = |label| 10.0 * find(&texts, label).x;
    let number =
        |node: &roxmltree::Node, name| node.attribute(name).unwrap().parse::<f64>().unwrap();
    let dots: Vec<_> = document.descendants().filter(|node| node.has_tag_name("circle")).collect();
    assert_eq!(dots.len(), 1);
    assert_eq!(number(&dots[0], "cx"), at("0.5"));
    let y = number(&dots[0], "cy");
    let whisker = document
        .descendants()
        .find(|node| {
            node.has_tag_name("line")
                && [node.attribute("y1"), node.attribute("y2")].map(|v| v.unwrap().parse().ok())
                    == [Some(y); 2]
        })
        .unwrap();
    assert_eq!([number(&whisker, "x1"), number(&whisker, "x2")], [at("−0.5"), at("1.0")]);
    // The values stand beside their dots, raw above partial.
    let (value, missing) = (find(&texts, "0.500"), find(&texts, "n/a"));
    assert!(10.0 * value.y == y && value.y < missing.y && value.x == missing.x);
}

/// The dot of the colour that the legend gives it, and the value beside it, are those of their own number.
#[test]
fn sensitivity_does_not_mix_up_its_two_numbers() {
    let rows =
        vec![sensitivity_row("sample", whiskered(0.5, 0.4, 0.6), whiskered(-0.5, -0.6, -0.4))];
    let svg = sensitivity(&[sensitivity_panel("run", rows)]).unwrap();
    assert_eq!(
        sensitivity_values(&svg),
        [("r(information amount, AP)".to_owned(), 0.5)]
            .into_iter()
            .chain([("partial r, given what is held constant".to_owned(), -0.5)])
            .collect::<Vec<_>>()
    );
}

/// Each number of a sensitivity figure: what the legend calls its colour, and the value, by its dot and by
/// the text beside that, which must agree.
pub fn sensitivity_values(svg: &str) -> Vec<(String, f64)> {
    let texts = texts(svg);
    let document = roxmltree::Document::parse(svg).unwrap();
    let number =
        |node: roxmltree::Node, name| node.attribute(name).unwrap().parse::<f64>().unwrap();
    let named = document.descendants().filter(|node| node.has_tag_name("rect")).skip(1);
    // A sample of the colour stands before the words.
    let legend: Vec<(String, String)> = named
        .map(|sample| {
            let right = number(sample, "x") + number(sample, "width");
            let y = number(sample, "y") + number(sample, "height") / 2.0;
            let beside = texts
                .iter()
                .filter(|text| (10.0 * text.y - y).abs() < 30.0 && 10.0 * text.x >= right);
            let words = beside.min_by(|a, b| a.x.total_cmp(&b.x)).unwrap().says.clone();
            (sample.attribute("fill").unwrap().to_owned(), words)
        })
        .collect();
    assert_eq!(legend.len(), 2, "{legend:?}");
    let ticks = ["−0.5", "0.5"].map(|label| {
        let all = texts.iter().filter(|text| text.says == label).map(|text| 10.0 * text.x);
        all.collect::<Vec<_>>()
    });
    let dots = document.descendants().filter(|node| node.has_tag_name("circle"));
    dots.map(|dot| {
        let (x, y) = (number(dot, "cx"), number(dot, "cy"));
        let words = legend.iter().find(|(fill, _)| Some(&fill[..]) == dot.attribute("fill"));
        let value = texts
            .iter()
            .filter(|text| (10.0 * text.y - y).abs() < 1.0 && 10.0 * text.x > x)
            .min_by(|a, b| a.x.total_cmp(&b.x));
        let value: f64 = value.unwrap().says.replace('−', "-").parse().unwrap();
        // In one of the panels, at its place on the axis.
        let stands = ticks[0]
            .iter()
            .zip(&ticks[1])
            .any(|(low, high)| (low + (value + 0.5) * (high - low) - x).abs() < 3.0);
        assert!(stands, "{value} is drawn at {x}");
        (words.unwrap().1.clone(), value)
    })
    .collect()
}

#[test]
fn sensitivity_is_legible_for_any_number_of_runs() {
    let estimators = ["mp-floor", "sample", "ledoit-peche", "qis", "ledoit-wolf", "oas"];
    for runs in 1..=12 {
        for count in [1, 2, 6] {
            let row = |k: usize| {
                let r = (k as f64).sin();
                let partial = (k != 4).then_some(Whiskered { r: -r, interval: None });
                sensitivity_row(estimators[k % 6], whiskered(r, -1.0, 1.0), partial)
            };
            let panel = |run: usize| {
                let rows = (0..count).map(|k| row(6 * run + k)).collect();
                sensitivity_panel(
                    &format!("EfficientNet-Lite{run} with a long name for its loss"),
                    rows,
                )
            };
            let svg = sensitivity(&(0..runs).map(panel).collect::<Vec<_>>()).unwrap();
            assert_legible(&svg);
            let estimates = runs * count * 2;
            let numbers = texts(&svg)
                .iter()
                .filter(|text| {
                    text.says == "n/a" || text.says.split('.').nth(1).is_some_and(|d| d.len() == 3)
                })
                .count();
            assert_eq!(numbers, estimates);
        }
    }
}

#[test]
fn odd_numbers_of_bias_and_sensitivity_are_drawn() {
    let odd = [None, Some(f64::NAN), Some(f64::INFINITY), Some(0.0), Some(1e-300), Some(2500.0)];
    let names = ["", "\u{1}\u{ffff}\t", "航空機の部品", &"very long ".repeat(100)];
    for value in odd {
        for name in names {
            let run = || Figure4Run { bias: value, ..bias_run(name, name, 0.0, &[value, None]) };
            for runs in [vec![run()], vec![run(), bias_run("", "", 1.0, &[None, value])]] {
                texts(&figure4(&runs, &[name.to_owned(), String::new()]).unwrap());
            }
            let whiskered = value.map(|r| Whiskered { r, interval: Some((r, -r)) });
            let rows = vec![sensitivity_row(name, whiskered, None)];
            let panels = [sensitivity_panel(name, rows), sensitivity_panel(name, Vec::new())];
            texts(&sensitivity(&panels).unwrap());
        }
    }
    texts(&sensitivity(&[sensitivity_panel("", Vec::new())]).unwrap());
}

fn storage(instances: u64, dim: u64, classes: u64) -> Figure3Panel {
    let shape = Shape::new(instances, dim, classes).unwrap();
    let counts = vec![instances / classes; classes as usize];
    let store = |store: igam_analyze::storage::Store| {
        let ratio = shape.ratio(store.values?);
        let queue_length = store.queue_length;
        Some(Figure3Store { strategy: store.strategy, queue_length, ratio, mib: 64.0 * ratio })
    };
    Figure3Panel {
        title: format!("N = {instances}"),
        sawtooth: shape.sawtooth(),
        stores: shape.stores(Some(&counts)).into_iter().filter_map(store).collect(),
    }
}

#[test]
fn figure3_of_pascal_voc() {
    insta::assert_snapshot!(figure3(&[storage(55_800, 128, 20)]).unwrap());
}

#[test]
fn figure3_shows_every_tooth_and_names_both_d() {
    let svg = figure3(&[storage(55_800, 128, 20), storage(605_638, 128, 80)]).unwrap();
    let texts = texts(&svg);
    find(&texts, "paper, grid of Listing 2: d = 11,517, R = 0.4358, 27.89 MiB");
    find(&texts, "paper, best point of the curve R(d): d = 75,705, R = 0.2603, 16.66 MiB");
    let document = roxmltree::Document::parse(&svg).unwrap();
    let paths = document.descendants().filter(|node| node.has_tag_name("polyline"));
    let points = |node: roxmltree::Node| -> Vec<(f64, f64)> {
        let numbers = node.attribute("points").unwrap().split([' ', ',']);
        let numbers: Vec<f64> =
            numbers.filter(|n| !n.is_empty()).map(|n| n.parse().unwrap()).collect();
        numbers.chunks(2).map(|point| (point[0], point[1])).collect()
    };
    for (path, teeth) in paths.map(points).filter(|path| path.len() > 20).zip([20, 50]) {
        // From d = N down: a tooth's slope falls to the left, its jump rises.
        let falls = path.chunks_exact(2).filter(|tooth| tooth[1].1 > tooth[0].1).count();
        assert!(falls >= teeth, "{falls} of {}", path.len());
        assert!(path.windows(2).all(|pair| pair[1].0 <= pair[0].0));
    }
}

#[test]
fn figure3_of_odd_shapes() {
    assert!(figure3(&[]).is_err());
    for (n, p, c) in [(1, 1, 1), (2, 1000, 1000), (999, 3, 1), (1 << 50, 1, 1), (1 << 40, 64, 2)] {
        let texts = texts(&figure3(&[storage(n, p, c)]).unwrap());
        find(&texts, "queue length d (log scale)");
        assert!(
            texts.iter().any(|text| text.says.starts_with("paper, best point of the curve R(d)"))
        );
    }
}

/// What each text says, and the box of its letters, in nominal pixels, as resvg sets it in DejaVu Sans.
fn text_boxes(svg: &str) -> Vec<(String, resvg::usvg::Rect)> {
    use resvg::usvg::{Group, Node, Options, Rect, Tree};
    fn collect(group: &Group, all: &mut Vec<(String, Rect)>) {
        for node in group.children() {
            match node {
                Node::Group(group) => collect(group, all),
                Node::Text(text) => {
                    let says: String = text.chunks().iter().map(|chunk| chunk.text()).collect();
                    let letters = text.flattened().bounding_box();
                    all.extend(
                        letters
                            .transform(text.abs_transform())
                            .map(|area| (says.trim().to_owned(), area)),
                    );
                }
                _ => {}
            }
        }
    }
    let mut options = Options::default();
    options.fontdb_mut().load_font_data(dejavu::sans::regular().to_vec());
    options.fontdb_mut().set_sans_serif_family("DejaVu Sans");
    let mut all = Vec::new();
    collect(Tree::from_str(svg, &options).unwrap().root(), &mut all);
    all
}

/// Classes whose most instances and AP are at the very end of a round scale.
fn up_to_the_top(count: usize, name: impl Fn(usize) -> String) -> Figure1Panel {
    let instances = |i: usize| (100_000 / (1 + i * i) as u64).max(1);
    let class = |i| class(&name(i), instances(i), Some(100.0 / (1 + i % 5) as f64));
    bars((0..count).map(class).collect(), Some(R))
}

/// The room over the tallest bar and the highest dot, up to the end of the axes.
#[test]
fn figure1_has_headroom() {
    for count in [1, 3, 24, 80, 1203] {
        let svg = figure1(&[up_to_the_top(count, |i| format!("c{i}"))]).unwrap();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let number =
            |node: roxmltree::Node, name| node.attribute(name).unwrap().parse::<f64>().unwrap();
        let all = |tag: &'static str| {
            document.descendants().filter(move |node| node.has_tag_name(tag)).collect::<Vec<_>>()
        };
        // The axes are the two longest lines upright.
        let ends =
            all("line").into_iter().filter(|node| number(*node, "x1") == number(*node, "x2"));
        let frame = ends.map(|node| number(node, "y1")).fold(f64::INFINITY, f64::min);
        let bars = all("rect").into_iter().skip(1).map(|node| number(node, "y"));
        let area = all("polygon").into_iter().flat_map(|node| {
            let points = node.attribute("points").unwrap().split_whitespace();
            points.map(|point| point.split(',').nth(1).unwrap().parse::<f64>().unwrap())
        });
        let tallest = bars.chain(area).fold(f64::INFINITY, f64::min);
        let dots = all("circle").into_iter().map(|node| number(node, "cy") - number(node, "r"));
        let highest = dots.fold(f64::INFINITY, f64::min);
        for (what, top) in [("bar", tallest), ("dot", highest)] {
            assert!((60.0..=400.0).contains(&(top - frame)), "{count}: {what} {}", top - frame);
        }
    }
}

/// Between the longest name and the words below it there is a line's height at most, and no overlap.
#[test]
fn names_take_the_height_of_the_longest_that_is_drawn() {
    let short = |i: usize| format!("c{i}");
    let mixed = |i: usize| match i % 30 {
        15 => format!("adjustable wrench {i}"),
        _ => format!("nut {i}"),
    };
    let wide = |i: usize| format!("WWWMMM {i}");
    let longest =
        |_: usize| "a name that is far too long to be drawn in whole, whatever is done".into();
    let names: [&dyn Fn(usize) -> String; 4] = [&short, &mixed, &wide, &longest];
    for (count, name) in [3, 24, 31, 80, 1203].into_iter().flat_map(|n| names.map(|name| (n, name)))
    {
        let panel = up_to_the_top(count, name);
        let drawn: std::collections::HashSet<String> = (0..count).map(name).collect();
        let svg = figure1(&[panel]).unwrap();
        let boxes = text_boxes(&svg);
        let is_name = |says: &str| {
            drawn.contains(says) || says.ends_with('…') && says.starts_with("a name that")
        };
        let lowest = boxes.iter().filter(|(says, _)| is_name(says)).map(|(_, area)| area.bottom());
        let lowest = lowest.fold(0.0, f32::max);
        let caption = boxes.iter().find(|(says, _)| says.starts_with("classes, most")).unwrap().1;
        let gap = caption.top() - lowest;
        assert!((2.0..=11.0).contains(&gap), "{count} × {:?}: {gap}", name(1));
    }
}

/// Without backbones there is no room for their names.
#[test]
fn names_of_runs_take_no_more_height_than_they_need() {
    let below = |svg: &str| {
        let document = roxmltree::Document::parse(svg).unwrap();
        let height: f32 = document.root_element().attribute("height").unwrap().parse().unwrap();
        let lowest = text_boxes(svg).iter().map(|(_, area)| area.bottom()).fold(0.0, f32::max);
        height - lowest
    };
    for backbone in ["", "R-50"] {
        let gap = below(&figure2(&[run(backbone, "CE", Some(R))]).unwrap());
        assert!((4.0..=16.0).contains(&gap), "{backbone:?}: {gap}");
        let gap = below(&figure4(&[bias_run(backbone, "CE", 9.0, &[])], &[]).unwrap());
        assert!((4.0..=16.0).contains(&gap), "{backbone:?}: {gap}");
    }
}

/// The lines of each title: a class and its values.
pub fn titles(svg: &str) -> Vec<Vec<String>> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let titles = document.descendants().filter(|node| node.has_tag_name("title"));
    titles
        .map(|title| {
            let group = title.parent().unwrap();
            assert!(
                group.has_tag_name("g") && group.children().filter(|n| n.is_element()).count() > 1
            );
            title.text().unwrap_or_default().split('\n').map(str::to_owned).collect()
        })
        .collect()
}

#[test]
fn every_class_has_a_mark_with_its_name_and_values() {
    for count in [3, 31, 80, 300, 1203] {
        let name = |i: usize| format!("\"{i}\" & <b>'");
        let classes: Vec<_> = (0..count)
            .map(|i| class(&name(i), 2000 + i as u64, (i % 3 > 0).then_some(i as f64 / 13.0)))
            .collect();
        let mut found = titles(&figure1(&[bars(classes, Some(R))]).unwrap());
        let mut expected: Vec<Vec<String>> = (0..count)
            .map(|i| {
                let ap = format!("AP {:.1}%", i as f64 / 13.0);
                let count = format!("{},{:03} instances", 2 + i / 1000, i % 1000);
                vec![name(i), count, if i % 3 > 0 { ap } else { "no AP".into() }]
            })
            .collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
        let points = (0..count).map(|i| point(&name(i), i as f64, 50.0, 7)).collect();
        let svg = scatter(&[cloud(points, Some(R))]).unwrap();
        let mut found = titles(&svg);
        let says =
            |i| [name(i), format!("I = {i}.0 bits"), "AP 50.0%".into(), "7 instances".into()];
        let mut expected: Vec<Vec<String>> = (0..count).map(|i| says(i).to_vec()).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    }
    let svg = figure1(&[bars(long_tail(1203), Some(R))]).unwrap();
    assert!(svg.len() < 200 << 10, "{} bytes", svg.len());
    let cells = titles(&heat_map(0..3, false));
    assert_eq!(cells[0], ["class 0 & <co>", "margin to class 1 & <co>: 0.0001 rad"]);
    assert_eq!(cells.len(), 3);
}

/// What is drawn of correlations, where there are too few classes to tell.
#[test]
fn of_too_few_classes_no_correlation_is_drawn() {
    let mut one = bars(long_tail(3), Some(R));
    one.enough_classes = false;
    let mut points = cloud(
        (0..9).map(|i| point(&format!("class {i}"), i as f64, (i * i) as f64, 5)).collect(),
        Some(R),
    );
    points.enough_classes = false;
    let few = Figure2Run { enough_classes: false, ..run("R-50", "CE", Some(R)) };
    let rows = vec![sensitivity_row("sample", whiskered(0.5, 0.4, 0.6), None)];
    let mut panel = sensitivity_panel("run", rows);
    panel.enough_classes = false;
    let figures = [
        figure1(&[one]).unwrap(),
        scatter(&[points]).unwrap(),
        figure2(&[few]).unwrap(),
        sensitivity(&[panel]).unwrap(),
    ];
    for svg in &figures {
        let texts = texts(svg);
        assert!(texts.iter().any(|text| text.says.contains("too few classes")));
        let number = |says: &str| says.split('.').nth(1).is_some_and(|digits| digits.len() == 3);
        assert!(!texts.iter().any(|text| text.says.contains("r = ") || number(&text.says)));
        assert!(how_to_read(svg).contains("few"), "{}", how_to_read(svg));
        assert_legible(svg);
    }
    // All names, and no line; no bar and no whisker; no dot.
    (0..9).for_each(|i| assert_eq!(find(&texts(&figures[1]), &format!("class {i}")).says.len(), 7));
    assert!(!figures[1].contains("stroke=\"#777777\" stroke-width=\"10\" x1"));
    assert_eq!(figures[2].matches("<rect").count(), 1 + 3);
    assert!(!figures[3].contains("<circle"));
}

/// A sentence of plain length.
pub fn assert_readable(svg: &str) {
    let says = how_to_read(svg);
    let words = says.split_whitespace().count();
    assert!((6..=30).contains(&words), "{words} words: {says}");
    assert!(says.ends_with('.') && !says.trim_end_matches('.').contains(". "), "{says}");
    let document = roxmltree::Document::parse(svg).unwrap();
    let first = document.root_element().first_element_child().unwrap();
    assert!(first.has_tag_name("desc") && first.text().is_some());
}

#[test]
fn every_figure_says_how_to_read_it() {
    let points = || vec![point("a", 1.0, 2.0, 3), point("b", 2.0, 3.0, 4)];
    let rows = vec![sensitivity_row("sample", whiskered(0.5, 0.4, 0.6), None)];
    for svg in [
        figure1(&[bars(long_tail(3), None)]).unwrap(),
        figure2(&[run("R-50", "CE", None)]).unwrap(),
        figure3(&[storage(55_800, 128, 20)]).unwrap(),
        figure4(&[bias_run("R-50", "CE", 9.0, &[])], &[]).unwrap(),
        figure4(&[bias_run("R-50", "CE", 9.0, &[Some(1.0)])], &group_names(1)).unwrap(),
        scatter(&[cloud(points(), Some(R))]).unwrap(),
        scatter(&[cloud(points(), None)]).unwrap(),
        sensitivity(&[sensitivity_panel("run", rows)]).unwrap(),
        heat_map(0..3, false),
        heat_map(0..3, true),
    ] {
        assert_readable(&svg);
    }
}
