//! What is said of each class: its words, its card, its tables, its figures, and the list of the page.

use std::collections::BTreeSet;

use igam_analyze::analysis::explain::{Because, By, Explanation, Of, reasons_changed};
use igam_analyze::figure::{expected, overlap};
use igam_analyze::output::{Cell, card_html, tables, text};
use igam_analyze::{ApColumn, Classes, Detector, Study, report};
use ndarray::{Array2, array};

use crate::explanations::{four, many, reasons, suspects};
use crate::figures::{assert_legible, texts};
use crate::report::check_in;
use crate::{Workdir, program};

/// Text without the escapes of its styles.
fn plain(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').unwrap().1)
}

/// The table of the worst classes.
fn worst_table(explanations: &[Explanation]) -> String {
    text::explain(explanations, &text::Choice::default()).unwrap()
}

#[test]
fn each_reason_has_a_token_a_sentence_with_its_number_and_a_next_step() {
    let line = |because: Because| {
        let (token, label) = (because.token(), because.label());
        format!("{token} | {label}\n{because}\n{}\n", because.next_step())
    };
    let lines: Vec<_> = reasons().into_iter().map(|reason| line(reason.because)).collect();
    insta::assert_snapshot!(lines.join("\n"));
    let tokens: BTreeSet<_> = reasons().iter().map(|reason| reason.because.token()).collect();
    // Two kinds of doubt about labels, and two of nothing found.
    assert_eq!(tokens.len() + 2, reasons().len());
    for reason in reasons() {
        let because = reason.because;
        assert!(!because.next_step().contains('\n') && because.next_step().ends_with('.'));
        assert!(because.to_string().starts_with(|c: char| c.is_uppercase() || c.is_numeric()));
        assert!(!because.token().contains(' '));
    }
    // What errors cost is in points of percent, as AP is.
    let errors = &reasons()[7].because;
    assert!(errors.sentence().contains("8.0 points higher"));
}

#[test]
fn the_card_of_a_class() {
    let four = four();
    let cards: Vec<_> = (0..4).map(|at| plain(&text::card(&four, at))).collect();
    insta::assert_snapshot!(cards.join("\n"));
}

#[test]
fn a_card_has_at_most_15_lines_of_80_columns() {
    let (mut many, _) = many(40);
    let long = "very long name ".repeat(5);
    for (at, class) in many.classes.iter_mut().enumerate() {
        class.reasons = reasons();
        class.reasons.rotate_left(at % reasons().len());
        class.suspects = Some(suspects((0..100).map(|row| (row * 1000, 0))));
        if at % 3 == 0 {
            class.name = long.clone();
        }
    }
    for at in 0..40 {
        let card = plain(&text::card(&many, at));
        assert!(card.lines().count() <= 15, "{card}");
        assert!(card.lines().skip(1).all(|line| line.chars().count() <= 80), "{card}");
        // One reason at least, whole; the others are named.
        let first = &many.classes[at].reasons[0].because;
        let words = card.split_whitespace().collect::<Vec<_>>().join(" ");
        let next = match first {
            Because::LabelNoise { .. } => "Check rows 0, 1000, 2000, 3000, 4000, …, and".into(),
            other => other.next_step(),
        };
        let start = next.split(' ').take(3).collect::<Vec<_>>().join(" ");
        assert!(words.contains(" reason ") && words.contains(&start), "{card}");
        assert!(words.contains(" more "), "{card}");
    }
}

#[test]
fn the_worst_are_a_table() {
    let mut four = four();
    insta::assert_snapshot!(plain(&worst_table(std::slice::from_ref(&four))));
    // Several runs: a table each, with its name.
    let two = plain(&worst_table(&[four.clone(), four.clone()]));
    assert_eq!(two.matches("R-50 CE:\nAP below").count(), 2);
    assert!(two.lines().all(|line| line.chars().count() <= 80), "{two}");
    // At most 15, and it says of how many.
    let (many, _) = many(200);
    let below = many.classes.iter().filter(|one| one.expected.unwrap().residual < 0.0).count();
    let lines = plain(&worst_table(&[many]));
    assert!(lines.contains(&format!("worst first, 15 of {below}:")), "{lines}");
    assert!(lines.contains("\nlowest AP (%): "), "{lines}");
    assert_eq!(lines.lines().count(), 1 + 1 + 15 + 1 + 1);
    // A name of several words is quoted for the shell.
    four.classes[1].name = "it's a cutter".into();
    assert!(worst_table(&[four]).contains(r"explain 'it'\''s a cutter' …"));
}

/// Where there is no expectation, AP decides; where there is none of it either, recall.
#[test]
fn the_worst_are_chosen_by_what_there_is() {
    let mut four = four();
    assert_eq!(four.worst(), (By::Expectation, vec![1, 2]));
    assert_eq!(four.worst_first().1, [1, 2, 0, 3]);
    four.classes.iter_mut().for_each(|class| class.expected = None);
    assert_eq!(four.worst(), (By::Ap, vec![1, 2, 3, 0]));
    four.classes.iter_mut().for_each(|class| class.ap = None);
    assert_eq!(four.worst(), (By::Recall, vec![1]));
    let lines = plain(&worst_table(std::slice::from_ref(&four)));
    assert!(lines.contains("lowest recall first") && lines.contains("60%"), "{lines}");
    four.classes[1].recognition = None;
    assert_eq!(four.worst(), (By::Recall, vec![]));
    assert_eq!(worst_table(&[four]), "");
}

#[test]
fn the_columns_of_classes_csv_are_the_contract() {
    let csv = tables::classes(&[four()]).csv();
    let mut lines = csv.lines();
    assert_eq!(
        lines.next().unwrap(),
        "run,class_id,class,instances,ap,ap_rank,expected,expected_low,expected_high,residual,deleted_residual,\
         flagged,information,information_rank,effective_dimension,recall,taken_for,taken_for_share,closest_1,\
         overlap_1,closest_2,overlap_2,closest_3,overlap_3,error_classification,error_localization,error_both,\
         error_duplicate,error_background,error_missed,reasons"
    );
    // Φ(−0.75), Φ(−2) and Φ(−3), from SciPy's norm.cdf.
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let cutter = reader.records().nth(1).unwrap().unwrap();
    for (at, overlap) in
        [(19, 0.2266273523768682), (21, 0.0227501319481792), (23, 0.0013498980316301)]
    {
        assert!((cutter[at].parse::<f64>().unwrap() - overlap).abs() < 1e-9, "{}", &cutter[at]);
    }
    let cells = |places: &[usize]| places.iter().map(|&at| &cutter[at]).collect::<Vec<_>>();
    assert_eq!(
        cells(&[0, 1, 2, 3, 4, 5, 11]),
        ["R-50 CE", "1", "Cutter", "12", "0.2", "4", "false"]
    );
    assert_eq!(cells(&[12, 13, 14, 15, 16, 17]), ["41.25", "1", "5.25", "0.6", "Bolt", "0.3"]);
    assert_eq!(cells(&[18, 20, 22]), ["Bolt", "Nut", "Nail"]);
    assert_eq!(cells(&[24, 25, 26, 27, 28, 29]), ["14", "3", "0", "0", "21", "0"]);
    assert_eq!(&cutter[30], "confused-overlap label-noise few-instances small");
    // What was not given is empty.
    assert!(lines.next().unwrap().ends_with(&",".repeat(19)));
}

#[test]
fn the_details_are_on_the_scale_of_ap() {
    let table = tables::details(&[four()]);
    let cell = |name: &str| {
        let at = table.columns.iter().position(|column| *column == name).unwrap();
        table.rows[1][at].clone()
    };
    assert_eq!(table.columns[..3], ["run", "class_id", "class"]);
    for (name, number) in [
        ("ap_low", 0.125),
        ("ap_high", 0.3125),
        ("ap_50_95", 0.2),
        ("ap50", 0.375),
        ("ap75", 0.25),
        ("cost_classification", 0.125),
        ("cost_background", 0.0625),
        ("cost_missed", 0.0),
        ("distance_1", 1.5),
        ("distance_3", 6.0),
        ("variability", 0.25),
        ("shift", 0.75),
        ("total_variance", 12.5),
        ("effective_rank", 7.5),
        ("largest_share", 0.375),
        ("decay", 1.125),
        ("median_area", 196.0),
    ] {
        assert_eq!(cell(name), Cell::Number(number), "{name}");
    }
    assert_eq!(cell("recall_of"), Cell::from("held-out"));
    assert_eq!([cell("objects"), cell("found")], [Cell::Integer(50), Cell::Integer(38)]);
    assert_eq!(cell("suspects"), Cell::Integer(7));

    // In percent, AP of the run is left as it is, and what is 0–1 elsewhere is brought to its scale.
    let mut percent = four();
    let names = percent.classes.iter().map(|class| class.name.clone());
    let detector = Detector::new("R", Classes::from_names(names).unwrap());
    let ap = ApColumn::in_order(&[80.0, 20.0, 50.0, 70.0]).unwrap();
    percent.run = detector.average_precision(&ap).unwrap().runs()[0][0].clone();
    let table = tables::details(&[percent]);
    let at = table.columns.iter().position(|column| *column == "cost_classification").unwrap();
    assert_eq!(table.rows[1][at], Cell::Number(12.5));
}

#[test]
fn json_has_the_reasons_and_the_suspects_as_objects() {
    let rows = tables::classes_json(&[four()], |_| true);
    let cutter = &rows[1];
    let columns = tables::classes(&[four()]).columns;
    assert!(columns.iter().all(|column| cutter.get(column).is_some()));
    assert_eq!(cutter["flagged"], false);
    assert_eq!(cutter["reasons"].as_array().unwrap().len(), 4);
    assert_eq!(
        cutter["reasons"][1],
        serde_json::json!({
            "token": "label-noise",
            "with": "Bolt",
            "weight": "likely",
            "sentence": reasons()[1].because.to_string(),
            "next_step": reasons()[1].because.next_step(),
        })
    );
    assert_eq!(cutter["suspects"][6], serde_json::json!({"row": 33, "nearer_to": "Nut"}));
    assert_eq!(cutter["total_variance"], 12.5);
    assert!(rows[0]["recall"].is_null() && rows[0]["reasons"].as_array().unwrap().is_empty());
}

/// The classifier on held-out boxes comes first, then the detections; training boxes say nothing.
#[test]
fn what_a_class_is_taken_for() {
    let mut four = four();
    let taken =
        |four: &Explanation| four.taken_for(&four.classes[1]).map(|one| (one.class, one.share()));
    assert_eq!(taken(&four), Some((0, 0.3)));
    four.recognition_of = Some(Of::Training);
    four.classes[1].detections.as_mut().unwrap().taken_for = vec![(3, 5)];
    assert_eq!(taken(&four), Some((3, 0.1)));
    four.classes[1].detections = None;
    assert_eq!(taken(&four), None);
    let unwrapped = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = unwrapped(plain(&worst_table(std::slice::from_ref(&four))));
    assert!(said.contains("recall there (60%) says nothing about new images"), "{said}");
    assert!(!said.contains("closest"), "{said}");
    let card = plain(&text::card(&four, 1));
    assert!(
        card.contains("60%, 24 of 40 training boxes; the model was trained on these"),
        "{card}"
    );
    assert!(!card.contains("taken for Bolt 12"), "{card}");
    four.overlap_of = Some(Of::Training);
    assert!(plain(&text::card(&four, 1)).contains("with the closest classes in training (weak)"));
    assert!(worst_table(&[four]).contains("the overlap is that of training embeddings"));
}

#[test]
fn reasons_come_and_go() {
    let before = four();
    assert!(reasons_changed(&before, &before).is_empty());
    let mut after = before.clone();
    after.classes.reverse();
    // Bolt gets one, Nail loses its only one, of Cutter's four one turns to another class and numbers change.
    after.classes[3].reasons = vec![reasons()[3].clone()];
    after.classes[1].reasons.clear();
    let cutter = &mut after.classes[2].reasons;
    let Because::Confused { with, .. } = &mut cutter[0].because else { panic!() };
    *with = "Nut".into();
    let Because::FewInstances { instances, .. } = &mut cutter[2].because else { panic!() };
    *instances = 14;
    let changed = reasons_changed(&before, &after);
    let csv = tables::reasons_changed(&changed).csv();
    assert_eq!(
        csv,
        "class,went,came,stayed,went_words,came_words\n\
         Bolt,,small,,,small objects\n\
         Cutter,confused-overlap,confused-overlap,label-noise few-instances small,confused with Bolt (similar),\
         confused with Nut (similar)\n\
         Nail,nothing-found,,,nothing found,\n"
    );
    let said = text::reasons_changed(&changed);
    assert!(
        said.contains("Cutter: − confused with Bolt (similar), + confused with Nut (similar)\n")
    );
    // A class that one run alone has is in neither.
    after.classes.remove(3);
    assert_eq!(reasons_changed(&before, &after).len(), 2);
}

#[test]
fn overlap_of_four_classes() {
    let distances = array![
        [0.0, 1.5, 6.0, 3.0],
        [1.5, 0.0, 5.0, 2.5],
        [6.0, 5.0, 0.0, 8.0],
        [3.0, 2.5, 8.0, 0.0]
    ];
    let svg = overlap(&four(), distances.view()).unwrap();
    assert_legible(&svg);
    crate::figures::assert_readable(&svg);
    insta::assert_snapshot!(svg);
}

/// The same classes in another order.
fn reordered(
    explanation: &Explanation,
    distances: &Array2<f64>,
    order: &[usize],
) -> (Explanation, Array2<f64>) {
    let mut other = explanation.clone();
    let place = |class: usize| order.iter().position(|&at| at == class).unwrap();
    other.classes = order.iter().map(|&at| explanation.classes[at].clone()).collect();
    for class in &mut other.classes {
        for (taken, _) in &mut class.recognition.as_mut().unwrap().taken_for {
            *taken = place(*taken);
        }
    }
    let size = (order.len(), order.len());
    (other, Array2::from_shape_fn(size, |(a, b)| distances[(order[a], order[b])]))
}

#[test]
fn overlap_names_every_class_on_both_axes_up_to_80() {
    for count in [1, 2, 20, 31, 80] {
        let (many, mut distances) = many(count);
        if count == 1 {
            assert!(overlap(&many, distances.view()).is_err(), "a class alone has no distance");
            continue;
        }
        let svg = overlap(&many, distances.view()).unwrap();
        assert_legible(&svg);
        let said = texts(&svg);
        for class in &many.classes {
            assert_eq!(
                said.iter().filter(|text| text.says == class.name).count(),
                2,
                "{}",
                class.name
            );
        }
        let backwards: Vec<usize> = (0..count).rev().collect();
        let (other, turned) = reordered(&many, &distances, &backwards);
        assert_eq!(overlap(&other, turned.view()).unwrap(), svg, "the order of the input shows");
        // A class without embeddings is left out.
        distances.row_mut(0).fill(f64::NAN);
        distances.column_mut(0).fill(f64::NAN);
        let named = |svg: &str| texts(svg).iter().filter(|text| text.says == "class 0000").count();
        if count > 2 {
            assert_eq!(named(&overlap(&many, distances.view()).unwrap()), 0);
        }
    }
}

#[test]
fn of_many_classes_the_60_that_overlap_most_are_drawn() {
    let (many, distances) = many(1203);
    let svg = overlap(&many, distances.view()).unwrap();
    assert!(svg.len() < 100_000, "{}", svg.len());
    assert_legible(&svg);
    let said = texts(&svg);
    assert!(
        said.iter().any(|text| text.says.ends_with("the 60 of 1203 classes that overlap most"))
    );
    let names: BTreeSet<_> = said
        .iter()
        .map(|text| &text.says)
        .filter(|says| says.starts_with("class 0") || says.starts_with("class 1"))
        .collect();
    assert_eq!(names.len(), 60);
    // The closest pair of all is among them.
    let mut closest = (f64::INFINITY, 0, 0);
    for ((a, b), &distance) in distances.indexed_iter() {
        if a < b && distance < closest.0 {
            closest = (distance, a, b);
        }
    }
    for at in [closest.1, closest.2] {
        assert!(names.contains(&many.classes[at].name));
    }
}

/// Classes that lie on a line are drawn in its order, one way or the other.
#[test]
fn close_classes_are_side_by_side() {
    let count = 30;
    let (mut line, _) = many(count);
    line.recognition_of = None;
    line.classes.iter_mut().for_each(|class| class.detections = None);
    let place = |at: usize| (at * 11 % count) as f64;
    let distances =
        Array2::from_shape_fn((count, count), |(a, b)| 0.5 * (place(a) - place(b)).abs());
    let svg = overlap(&line, distances.view()).unwrap();
    let said = texts(&svg);
    let mut rows: Vec<(f64, f64)> = Vec::new();
    for (at, class) in line.classes.iter().enumerate() {
        // The first of the two is the row's.
        let text = said.iter().find(|text| text.says == class.name).unwrap();
        rows.push((text.y, place(at)));
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let steps: f64 = rows.windows(2).map(|pair| (pair[0].1 - pair[1].1).abs()).sum();
    // The shortest way has a step of 1 between each two.
    assert_eq!(steps, (count - 1) as f64, "{rows:?}");
}

#[test]
fn the_marked_class_is_where_its_place_says() {
    // Of fewer than ten classes there is no interval.
    let (nine, _) = many(9);
    let drawn = expected(&nine, Some(4)).unwrap();
    assert!(drawn.places.iter().all(|place| place.unwrap().expected.is_none()));
    assert!(!drawn.svg.contains("<polygon") && !drawn.svg.contains("#E69F00"));
    for count in [10, 31, 1203] {
        let (many, _) = many(count);
        let at = count / 2;
        let drawn = expected(&many, Some(at)).unwrap();
        texts(&drawn.svg);
        assert_eq!(drawn.places.len(), count);
        let place = drawn.places[at].unwrap();
        let [low, value, high] = place.expected.unwrap();
        assert!(low > value && value > high, "{place:?}");
        let document = roxmltree::Document::parse(&drawn.svg).unwrap();
        let red = document.descendants().filter(|node| {
            node.has_tag_name("circle") && node.attribute("fill") == Some("#B81D24")
        });
        let centres: Vec<_> = red
            .map(|node| (node.attribute("cx").unwrap(), node.attribute("cy").unwrap()))
            .collect();
        assert!(centres.contains(&(&place.x.to_string(), &place.ap.to_string())), "{centres:?}");
        assert!(drawn.svg.len() < 200_000, "{}", drawn.svg.len());
    }
    let mut none = four();
    none.classes.iter_mut().for_each(|class| class.ap = None);
    assert!(expected(&none, None).is_err());
}

/// The page of a run.
fn page(explanation: &Explanation) -> igam_analyze::Report {
    let names = explanation.classes.iter().map(|class| class.name.clone());
    let ap: Vec<f64> = explanation.classes.iter().map(|class| class.ap.unwrap()).collect();
    let counts: Vec<u64> =
        explanation.classes.iter().map(|class| class.instances.unwrap()).collect();
    let detector = Detector::new("R-50 CE", Classes::from_names(names).unwrap());
    let detector = detector.instances(&counts).unwrap();
    let study: Study =
        detector.average_precision(&ApColumn::in_order(&ap).unwrap()).unwrap().correlate().unwrap();
    report(&study, std::slice::from_ref(explanation), &[], &[], None).unwrap()
}

#[test]
fn the_page_begins_with_the_classes_and_needs_no_script_to_be_read() {
    let (mut many, _) = many(31);
    let hostile = "<script>alert(\"1\")</script>&amp;|`*_";
    many.classes[4].name = hostile.into();
    let report = page(&many);
    let html = &report.html;
    assert!(!html.contains("<script>alert"), "a name is not escaped");
    let first = html.split("<h2 id=").nth(1).and_then(|text| text.split_once('>')).unwrap().1;
    assert!(first.starts_with("Classes</h2>"), "{first}");
    // A row a class, and what it opens to beside it.
    let list =
        html.split("<section class=\"rows\">").nth(1).unwrap().split("</section>").next().unwrap();
    assert_eq!(list.matches("<template>").count(), 31);
    assert_eq!(list.matches(" data-at=\"").count(), 31);
    let reason = many.classes.iter().find_map(|class| class.reasons.first()).unwrap();
    let plain: String =
        list.split("<template>").map(|part| part.split("</template>").last().unwrap()).collect();
    assert!(plain.contains(&reason.because.label()), "the table alone has no reasons");
    // The summary has the worst ten with the first reason.
    let summary = report.markdown.split("\n## ").nth(1).unwrap();
    assert_eq!(summary.lines().filter(|line| line.starts_with("| ")).count(), 2 + 10);
    assert!(summary.contains(&reason.because.next_step()));
    assert!(!report.markdown.contains("<script>"));
    // In a notebook.
    let card = card_html(&many, 4).unwrap();
    assert!(card.contains("<svg") && card.contains("<meter") && !card.contains("<script>"));
}

#[test]
fn the_page_of_1203_classes_is_small() {
    let (many, _) = many(1203);
    let report = page(&many);
    assert!(report.html.len() < 4 << 20, "{} bytes", report.html.len());
    assert!(report.markdown.len() < 16 << 10);
}

/// The list sorts, is searched, and opens by mouse and by keyboard; an open card goes where its row goes.
const CHECK: &str = r#"
function check(page) {
  const document = page.document, wrong = [];
  const width = document.documentElement.clientWidth;
  const list = document.querySelector(".rows"), body = list.querySelector("tbody");
  const input = list.querySelector("input"), said = list.querySelector("output");
  const count = body.rows.length;
  const wide = when => {
    if (document.documentElement.scrollWidth > width) wrong.push("the page is wider than " + width + " " + when);
  };
  wide("at first");
  if (list.querySelector(".find").hidden || said.textContent !== count + " classes") wrong.push("no search: " + said.textContent);
  const button = at => body.querySelectorAll("tr:not(.card) > td > button")[at];
  const begun = page.performance.now();
  // Opens.
  const row = button(1).closest("tr"), name = button(1).textContent;
  button(1).focus();
  if (document.activeElement !== button(1)) wrong.push("no focus");
  button(1).click();
  const card = row.nextElementSibling;
  if (button(1).getAttribute("aria-expanded") !== "true" || !card.classList.contains("card")) wrong.push("does not open");
  if (card.querySelectorAll("svg .mark").length < 2) wrong.push("the class is not marked in the figure");
  if (card.querySelectorAll("meter").length < 3 || card.querySelectorAll("dt").length < 2) wrong.push("an empty card");
  const box = card.querySelector("div").getBoundingClientRect();
  if (box.right > width || box.width > width || box.width < 200) wrong.push("a card of " + box.width);
  for (const part of card.querySelectorAll("table, svg, dd, dt")) {
    if (part.getBoundingClientRect().right > box.right + 1) wrong.push("a part leaves the card: " + part.outerHTML.slice(0, 60));
  }
  wide("with a card");
  // Sorts, and the card goes along.
  for (const head of list.querySelectorAll("th button")) {
    head.click();
    if (row.nextElementSibling !== card) wrong.push("the card is lost by " + head.textContent);
  }
  // Is searched.
  const search = text => { input.value = text; input.dispatchEvent(new page.Event("input")) };
  const shown = () => [...body.rows].filter(row => !row.hidden && !row.classList.contains("card"));
  search(name.toUpperCase());
  if (!shown().includes(row) || shown().length >= count || card.hidden) wrong.push("not found: " + name);
  if (said.textContent !== shown().length + " of " + count) wrong.push("says " + said.textContent);
  search("no class is called that");
  if (shown().length !== 0 || !card.hidden) wrong.push("found what is not there");
  search("");
  if (shown().length !== count || card.hidden) wrong.push("not all again");
  const opened = row.querySelector("td > button");
  opened.click();
  if (card.isConnected || opened.getAttribute("aria-expanded") !== "false") wrong.push("does not close");
  return [width, wrong.join("; ") || "well", count, page.performance.now() - begun < 3000 ? "quick" : "slow"].join(" | ");
}
"#;

/// Needs Chromium, whose path the variable CHROMIUM has: `.ci/run` sets it.
#[test]
fn the_list_of_classes_in_a_browser() {
    let Some(chromium) = program("CHROMIUM") else { return };
    for count in [31, 1203] {
        let (many, _) = many(count);
        let work = Workdir::new();
        std::fs::create_dir(work.path("reports")).unwrap();
        work.write("reports/report.html", page(&many).html);
        for (width, dark) in [(390, false), (1280, true)] {
            let said = check_in(&chromium, &work, width, dark, CHECK);
            let parts: Vec<_> = said.split(" | ").collect();
            assert_eq!(parts[1..], ["well", &count.to_string(), "quick"], "{said}");
        }
    }
}
