//! The report: whole, escaped, the same bytes for the same input; and in a real browser.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use crate::{Workdir, error_line, program, repository};

const HOSTILE: &str = "<script>alert(\"1\")</script>&amp;|`*_";

/// `runs` detectors of `classes` classes, of which the first has a hostile name.
fn detectors(runs: usize, classes: usize) -> Workdir {
    let work = Workdir::new();
    let name = |class: usize| match class {
        0 => format!("\"{}\"", HOSTILE.replace('"', "\"\"")),
        class => format!("a class of a long name, number {class}").replace(',', ""),
    };
    let rows = 6 * classes;
    let x = ndarray::Array2::from_shape_fn((rows, 4), |(i, j)| {
        ((i * 31 + j * 17) % 101) as f32 * (1.0 + (i % classes) as f32 / 7.0)
    });
    ndarray_npy::write_npy(work.path("x.npy"), &x).unwrap();
    let labels = ndarray::Array1::from_shape_fn(rows, |i| (i % classes) as i64);
    ndarray_npy::write_npy(work.path("y.npy"), &labels).unwrap();
    let mut names = "id,class\n".to_owned();
    let mut ap = "class,ap\n".to_owned();
    for class in 0..classes {
        writeln!(names, "{class},{}", name(class)).unwrap();
        writeln!(ap, "{},{}", name(class), (class * 37 % classes) as f64 / classes as f64).unwrap();
    }
    work.write("names.csv", names);
    work.write("ap.csv", ap);
    let mut toml =
        "embeddings = 'x.npy'\nlabels = 'y.npy'\nclass_names = 'names.csv'\nap = 'ap.csv'\n"
            .to_owned();
    for run in 0..runs {
        writeln!(toml, "[[run]]\nbackbone = 'R-{run} <b>'\nloss = 'CE'").unwrap();
    }
    work.write("runs.toml", toml);
    work
}

#[test]
fn a_report_needs_nothing_else_and_escapes_all_names() {
    let work = detectors(6, 80);
    work.run("report --runs runs.toml");
    let page = work.read("reports/report.html");
    assert!(page.len() < 2 << 20, "{} bytes", page.len());
    assert!(!page.contains("<script>alert") && !page.contains("<b>"), "a name is not escaped");
    // Five of the study, and one of the classes of each run.
    assert_eq!(page.matches("<svg ").count(), 5 + 6);
    // No network: the namespace of SVG is the only address.
    let addresses: Vec<_> = page.match_indices("http").map(|(at, _)| &page[at..at + 26]).collect();
    assert!(addresses.iter().all(|address| *address == "http://www.w3.org/2000/svg"));
    for tag in ["src=", "@import", "url("] {
        assert!(!page.contains(tag), "{tag}");
    }
    let summary = work.read("reports/report.md");
    assert!(summary.len() < 64 << 10 && !summary.contains("<script>"));
    let digest = Sha256::digest(std::fs::read(work.path("x.npy")).unwrap());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    for text in [&page, &summary] {
        assert!(text.contains(&digest) && text.contains("igam-analyze report --runs runs.toml"));
    }
    assert_eq!(work.files("reports"), ["report.html", "report.md"]);
}

#[test]
fn a_report_is_the_same_wherever_it_is_written_and_by_however_many_threads() {
    let work = detectors(2, 12);
    work.run("report --runs runs.toml --out one --threads 1");
    work.run("--quiet report --out=two --runs runs.toml --threads=2 --format csv");
    for name in ["report.html", "report.md"] {
        assert_eq!(work.read(&format!("one/{name}")), work.read(&format!("two/{name}")));
    }
}

/// What changes no result is not part of the command that makes it again.
#[test]
fn the_command_on_the_page_has_what_was_typed_and_decides() {
    let work = detectors(1, 12);
    let command = "igam-analyze report --runs runs.toml --estimator sample --precision f32";
    for typed in [
        "-v report --no-progress --runs runs.toml --memory-limit 1GiB --threads 2 --estimator sample \
         --precision f32 --format=json --out there",
        "--memory-limit=2GiB report --out=there --runs runs.toml --estimator sample --precision f32 --quiet",
    ] {
        work.run(typed);
        let markdown = work.read("there/report.md");
        assert!(markdown.contains(&format!("\n    {command}\n")), "{markdown}");
        let html = work.read("there/report.html");
        assert!(html.contains(&format!("<code>{command}</code>")));
    }
    // And can be typed again as it stands.
    std::fs::rename(work.path("runs.toml"), work.path("my runs 'n more.toml")).unwrap();
    let mut report = work.command("report --out again --runs");
    assert!(report.arg("my runs 'n more.toml").output().unwrap().status.success());
    let quoted = r"igam-analyze report --runs 'my runs '\''n more.toml'";
    assert!(work.read("again/report.md").contains(&format!("\n    {quoted}\n")));
}

/// The cells of the Markdown table under a heading, by row and column.
fn markdown_table(page: &str, heading: &str) -> Vec<BTreeMap<String, String>> {
    let part = page.split(&format!("\n## {heading}\n")).nth(1).expect(heading);
    let lines = part.lines().skip_while(|line| !line.starts_with('|'));
    let mut lines = lines.take_while(|line| line.starts_with('|')).map(|line| {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().replace('\\', "")).collect::<Vec<String>>()
    });
    let head = lines.next().unwrap();
    let rows = lines.skip(1).map(|row| {
        assert_eq!(row.len(), head.len(), "{row:?}");
        head.iter().cloned().zip(row).collect()
    });
    rows.collect()
}

/// Each number stands under its own heading, though the page leaves out columns of the tables.
#[test]
fn the_tables_of_the_page_are_those_of_the_files() {
    let work = detectors(2, 12);
    let toml = work.read("runs.toml").replace(" <b>", "");
    work.write("runs.toml", toml);
    work.run("report --runs runs.toml --groups 3,7");
    work.run("correlate --runs runs.toml --groups 3,7");
    let page = work.read("reports/report.md");
    for (heading, name) in [("Verdict", "verdict.csv"), ("Mean AP and model bias", "bias.csv")] {
        let mut reader = csv::Reader::from_path(work.path(&format!("reports/{name}"))).unwrap();
        let expected: Vec<BTreeMap<String, String>> =
            reader.deserialize().map(Result::unwrap).collect();
        let rows = markdown_table(&page, heading);
        assert_eq!(rows.len(), expected.len(), "{heading}");
        for (row, expected) in rows.iter().zip(&expected) {
            assert!(row.len() > 3 && row.contains_key("run"), "{row:?}");
            for (column, cell) in row {
                // These are of another table, or two cells in one.
                let expected = match column.as_str() {
                    "r(I, AP)" | "r(m, AP)" | "r(log m, AP)" | "95% CI" => continue,
                    "partial r" => &expected["partial_curve"],
                    column => &expected[column],
                };
                match (cell.parse::<f64>(), expected.parse::<f64>()) {
                    (Ok(cell), Ok(expected)) => {
                        // Four decimals, or four digits of what is very small.
                        let allowed = 6e-5_f64.max(6e-4 * expected.abs());
                        assert!(
                            (cell - expected).abs() < allowed,
                            "{heading}, {column}: {cell} {expected}"
                        );
                    }
                    _ => assert_eq!(cell, expected, "{heading}, {column}"),
                }
            }
        }
    }
}

/// `--probe` adds what `probe` finds of each run that has embeddings, and changes nothing else.
#[test]
fn a_report_says_whether_another_loss_helps() {
    let work = detectors(2, 6);
    let toml = work.read("runs.toml").replace(" <b>", "");
    let counts = "[[run]]\nname = 'counts'\nembeddings = []\nlabels = []\n";
    let counted = format!("{toml}{counts}counts = 'counts.csv'\n");
    work.write("runs.toml", counted);
    let names = work.read("names.csv");
    let classes: Vec<&str> =
        names.lines().skip(1).map(|line| line.split_once(',').unwrap().1).collect();
    let rows: String = classes.iter().map(|name| format!("{name},6\n")).collect();
    work.write("counts.csv", format!("class,instances\n{rows}"));
    work.run("report --runs runs.toml --out without");
    work.run("report --runs runs.toml --groups 3,7 --probe");
    let [page, summary] = ["html", "md"].map(|end| work.read(&format!("reports/report.{end}")));
    let without = work.read("without/report.html");
    assert!(!without.contains("another loss"));
    // One of the losses for each run.
    assert_eq!(page.matches("<svg ").count(), without.matches("<svg ").count() + 2);
    assert!(!summary.contains("help? (counts)"));
    for run in ["R-0 CE", "R-1 CE"] {
        let heading = format!("Would another loss help? ({run})");
        assert!(
            page.contains(&format!(">{heading}</h2>")) && page.contains(&format!(">{heading}</a>"))
        );
        let mut probe = work.command("probe --runs runs.toml --groups 3,7 --format csv --run");
        let found = probe.arg(run).output().unwrap();
        assert!(found.status.success());
        let mut reader = csv::Reader::from_reader(&found.stdout[..]);
        let rows: Vec<BTreeMap<String, String>> =
            reader.deserialize().map(Result::unwrap).collect();
        let rows: Vec<_> = rows.iter().filter(|row| row["group"] == "all").collect();
        let table = markdown_table(&summary, &heading);
        assert_eq!((table.len(), table[0]["loss"].as_str()), (rows.len() + 1, "cosine"));
        for (cells, row) in table[1..].iter().zip(rows) {
            assert!(cells["loss"].starts_with(&row["loss"]) && cells["finding"] == row["finding"]);
            for number in ["recall", "ap"] {
                let [mean, low, high] = ["change", "low", "high"].map(|end| {
                    let number: f64 = row[&format!("{number}_{end}")].parse().unwrap();
                    format!("{:+.1}", 100.0 * number).replace("-0.0", "+0.0").replace('-', "−")
                });
                let column = if number == "ap" { "AP change" } else { "recall change" };
                assert_eq!(cells[column], format!("{mean} ({low} to {high})"));
            }
        }
    }
    assert!(page.contains("give --group-column") && page.contains("It is not a detector"));
    assert!(summary.contains("igam-analyze report --runs runs.toml --groups 3,7 --probe"));
}

#[test]
fn a_report_of_counts_cannot_compare_losses() {
    let work = detectors(1, 3);
    work.write("counts.csv", "class,instances\n0,4\n1,5\n2,6\n");
    let command = "report --counts counts.csv --class-names names.csv --ap ap.csv --probe";
    let output = work.command(command).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error_line(&error).contains("--probe needs embeddings"), "{error}");
    assert!(work.files("reports").is_empty());
}

/// The images of one run, by `--group-column`; with other images the intervals are others.
#[test]
fn a_report_of_losses_knows_the_images() {
    let work = detectors(1, 6);
    let labels: String = (0..36).map(|row| format!("{},{}\n", row % 6, row / 12)).collect();
    work.write("objects.csv", format!("label,image\n{labels}"));
    let command = "report --embeddings x.npy --labels objects.csv --label-column label --class-names \
                   names.csv --ap ap.csv --probe";
    work.run(command);
    assert!(work.read("reports/report.html").contains("give --group-column"));
    work.run(&format!("{command} --group-column image"));
    assert!(!work.read("reports/report.html").contains("give --group-column"));
}

#[test]
fn what_is_left_out_is_on_the_page() {
    let work = detectors(1, 12);
    let ap = work.read("ap.csv");
    let lines: Vec<_> = ap.lines().filter(|line| !line.contains("number 7,")).collect();
    work.write("ap.csv", lines.join("\n"));
    work.run("report --runs runs.toml");
    for name in ["report.md", "report.html"] {
        let page = work.read(&format!("reports/{name}"));
        let (_, left_out) = page.rsplit_once("Skipped").expect(name);
        let (left_out, _) = left_out.split_once("How to reproduce this").unwrap();
        assert!(left_out.contains("no AP") && left_out.contains("number 7"), "{left_out}");
        assert!(!left_out.contains("number 8"), "{left_out}");
    }
}

/// A name does not end the cell that it stands in.
#[test]
fn a_bar_in_a_name_is_no_bar_of_a_table() {
    let work = detectors(1, 12);
    let toml = work.read("runs.toml").replace("R-0 <b>", "a | b");
    work.write("runs.toml", toml);
    work.run("report --runs runs.toml");
    let page = work.read("reports/report.md");
    let bars = |line: &str| line.replace("\\|", "").matches('|').count();
    let lines: Vec<&str> = page.lines().collect();
    let tables = lines.split(|line| !line.starts_with('|')).filter(|table| !table.is_empty());
    let mut seen = false;
    for table in tables {
        seen |= table.iter().any(|line| line.contains("a \\| b"));
        assert!(table.iter().all(|line| bars(line) == bars(table[0])), "{table:?}");
    }
    assert!(seen, "{page}");
}

/// Opens the page in a window of this width, lets it be checked by a function, and returns what that says.
pub fn check_in(chromium: &OsStr, work: &Workdir, width: u32, dark: bool, check: &str) -> String {
    // A window has a least width of its own: a frame has none.
    let frame = format!(
        "<!DOCTYPE html><body style=\"margin:0\"><iframe id=frame src=report.html style=\"border:0;width:{width}px;height:900px\"></iframe>\
         <pre id=said>nothing</pre><script>\nframe.onload = () => {{ try {{ said.textContent = check(frame.contentWindow) }} \
         catch (error) {{ said.textContent = 'error: ' + error }} }};\n{check}\n</script>"
    );
    work.write("reports/frame.html", frame);
    let address = format!("file://{}", work.path("reports/frame.html").display());
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"])
        .args(["--enable-logging=stderr", "--dump-dom", "--virtual-time-budget=5000"])
        .arg(format!("--user-data-dir={}", work.path("profile").display()))
        .arg(format!("--blink-settings=preferredColorScheme={}", u8::from(!dark)))
        .args(["--window-size=1400,900", &address])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(!log.contains("CONSOLE"), "the page logs errors: {log}");
    let dom = String::from_utf8_lossy(&output.stdout);
    let said = dom.split("<pre id=\"said\">").nth(1).expect("the frame").split("</pre>").next();
    said.unwrap().to_owned()
}

/// Each figure is seen in whole, no page is wider than its window, and each column of each table sorts
/// both ways when its head is clicked.
const CHECK: &str = r#"
function check(page) {
  const document = page.document, wrong = [];
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) wrong.push("the page is wider than " + width);
  const figures = document.querySelectorAll("figure svg");
  if (figures.length !== 5 + 3) wrong.push(figures.length + " figures");
  for (const figure of figures) {
    const box = figure.getBoundingClientRect();
    if (box.left < 0 || box.right > width || box.width < 0.5 * Math.min(width, 500) || box.height < 50)
      wrong.push("a figure at " + [box.left, box.right, box.height]);
  }
  for (const figure of figures) {
    const size = () => figure.getBoundingClientRect().width;
    const [shrunk, drawn] = [size(), Number(figure.getAttribute("width"))];
    const larger = figure.closest("figure").querySelector("button[type=button]");
    if (larger.offsetParent ? shrunk > drawn - 1 : shrunk < drawn - 1) wrong.push("a button of a figure of " + shrunk);
    larger.click();
    if (Math.abs(size() - drawn) > 1) wrong.push("a figure of " + drawn + " enlarges to " + size());
    if (document.documentElement.scrollWidth > width) wrong.push("a large figure widens the page");
    larger.click();
    if (size() !== shrunk) wrong.push("a figure stays large");
    const caption = figure.closest("figure").lastElementChild;
    if (caption.tagName !== "FIGCAPTION" || caption.getBoundingClientRect().top < figure.getBoundingClientRect().bottom)
      wrong.push("no caption below");
    const desc = figure.querySelector("desc").textContent;
    if (!caption.textContent.endsWith(desc) || desc.split(/\s+/).length > 30) wrong.push("says " + caption.textContent);
  }
  let sorted = 0;
  for (const button of document.querySelectorAll("th button")) {
    const head = button.parentElement, body = head.closest("table").tBodies[0];
    const keys = () => [...body.rows].map(row => row.cells[head.cellIndex])
      .map(cell => cell.dataset.value ?? cell.textContent).filter(key => key !== "");
    const numbers = keys().every(key => !isNaN(key));
    const ordered = list => list.every((key, at) => at === 0 ||
      (numbers ? Number(list[at - 1]) <= Number(key) : list[at - 1].localeCompare(key) <= 0));
    const rows = body.rows.length;
    button.click();
    if (!ordered(keys()) || head.getAttribute("aria-sort") !== "ascending") wrong.push("up: " + button.textContent);
    button.click();
    if (!ordered(keys().reverse()) || body.rows.length !== rows) wrong.push("down: " + button.textContent);
    sorted += 1;
  }
  const paper = page.getComputedStyle(document.body).backgroundColor;
  const ink = page.getComputedStyle(figures[0].querySelector("[fill='#222222']")).fill;
  return [width, wrong.join("; ") || "well", sorted, paper, ink].join(" | ");
}
"#;

/// Needs Chromium, whose path the variable CHROMIUM has: `.ci/run` sets it.
#[test]
fn a_report_in_a_browser() {
    let Some(chromium) = program("CHROMIUM") else { return };
    let work = detectors(3, 31);
    work.run("report --runs runs.toml");
    for (width, dark, paper, ink) in [
        (390, false, "rgb(255, 255, 255)", "rgb(34, 34, 34)"),
        (1280, true, "rgb(22, 27, 34)", "rgb(226, 228, 232)"),
    ] {
        let said = check_in(&chromium, &work, width, dark, CHECK);
        let parts: Vec<_> = said.split(" | ").collect();
        assert_eq!(parts[1..2], ["well"], "{said}");
        assert_eq!(parts[3..], [paper, ink], "{said}");
        // A classic scroll bar takes its part of the width.
        assert!(parts[0].parse::<u32>().unwrap().abs_diff(width) < 20, "{said}");
        assert!(parts[2].parse::<u32>().unwrap() > 50, "{said}");
    }
}

/// Each class is found by its name in each figure that shows classes, and only it; a mark says what it is under the
/// mouse, after a tap, and by the arrow keys.
const FIND: &str = r#"
function check(page) {
  const document = page.document, wrong = [], begun = page.performance.now();
  const names = [...document.querySelector(".rows tbody").rows].map(row => row.cells[0].querySelector("button").textContent);
  const tip = document.querySelector(".tip");
  const paper = page.getComputedStyle(tip).backgroundColor;
  let figures = 0;
  for (const figure of document.querySelectorAll("figure")) {
    const svg = figure.querySelector("svg");
    if (svg.querySelector("title")) wrong.push("a title is shown twice");
    const marks = [...svg.querySelectorAll(":scope > g")];
    if (marks.length === 0) continue;
    figures += 1;
    const list = figure.closest(".rows") ?? figure, input = list.querySelector("input");
    const search = text => { input.value = text; input.dispatchEvent(new page.Event("input")) };
    // A list is searched in all its columns: its figure shows the rows that are left.
    const rows = () => [...list.querySelectorAll("tbody tr:not(.card)")].filter(row => !row.hidden).length;
    const found = count => list === figure ? count : rows();
    const hits = () => svg.querySelectorAll(":scope > g.hit").length;
    const few = names.length > 100 ? names.filter((name, at) => at % 13 === 0) : names;
    for (const name of few) {
      search(name);
      if (hits() !== found(1) || !svg.querySelector(".hits")) { wrong.push(hits() + " marks of " + name); break }
      if (list === figure && list.querySelector("output").textContent !== "1 of " + names.length + " classes")
        wrong.push(list.querySelector("output").textContent);
    }
    search("LONG NAME");
    if (hits() !== found(names.length - 1)) wrong.push(hits() + " marks are found by a part");
    search("no class is called that");
    if (hits() !== 0 || svg.querySelector(".hits")) wrong.push("found what is not there");
    search("");
    if (hits() !== 0 || svg.querySelector(".hits")) wrong.push("not quiet again");
    svg.scrollIntoView();
    const dot = marks[Math.min(3, marks.length - 1)].querySelector("circle").getBoundingClientRect();
    const at = { clientX: (dot.left + dot.right) / 2, clientY: (dot.top + dot.bottom) / 2, bubbles: true };
    const said = () => tip.hidden ? "" : tip.querySelector("b").textContent;
    const says = (how, wanted) => {
      const box = tip.getBoundingClientRect();
      if (!wanted(said())) wrong.push(how + " says " + said());
      if (said() && (box.left < 0 || box.right > page.innerWidth || !/\d/.test(tip.textContent))) wrong.push(how + " at " + box.left);
    };
    const is = name => names.includes(name);
    svg.dispatchEvent(new page.PointerEvent("pointermove", at));
    says("the mouse", is);
    svg.dispatchEvent(new page.PointerEvent("pointerleave", at));
    says("leaving", name => name === "");
    svg.dispatchEvent(new page.PointerEvent("pointermove", { ...at, pointerType: "touch" }));
    says("scrolling by finger", name => name === "");
    svg.dispatchEvent(new page.PointerEvent("click", { ...at, pointerType: "touch" }));
    says("a tap", is);
    document.body.dispatchEvent(new page.PointerEvent("pointerdown", { bubbles: true }));
    says("a tap elsewhere", name => name === "");
    const press = key => { svg.dispatchEvent(new page.KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })); return said() };
    if (svg.tabIndex !== 0) wrong.push("no focus");
    const keys = [press("Home"), press("ArrowRight"), press("ArrowLeft"), press("End")];
    if (!keys.every(is) || keys[0] !== keys[2] || keys[0] === keys[1] || keys[0] === keys[3]) wrong.push("keys: " + keys);
    press("Escape");
    says("escape", name => name === "");
  }
  const quick = page.performance.now() - begun < 6000;
  return [wrong.join("; ") || "well", figures, paper, quick ? "quick" : "slow"].join(" | ");
}
"#;

/// Needs Chromium, whose path the variable CHROMIUM has: `.ci/run` sets it.
#[test]
fn classes_are_found_in_the_figures() {
    let Some(chromium) = program("CHROMIUM") else { return };
    for classes in [3, 31, 1203] {
        let work = detectors(1, classes);
        work.run("report --runs runs.toml");
        let size = work.read("reports/report.html").len();
        assert!(size < (200 << 10) + (classes << 12), "{size} bytes");
        for (width, dark, paper) in
            [(390, false, "rgb(255, 255, 255)"), (1280, true, "rgb(22, 27, 34)")]
        {
            let said = check_in(&chromium, &work, width, dark, FIND);
            // Figure 1, the scatter, and that of the list.
            assert_eq!(said, format!("well | 3 | {paper} | quick"), "{classes} at {width}");
        }
    }
}

/// The commands of the example workflow do what the page says.
#[test]
fn the_commands_of_the_ci_page_run() {
    let work = detectors(1, 12);
    let toml = work.read("runs.toml").replace("backbone = 'R-0 <b>'\nloss = 'CE'", "name = 'CE'");
    work.write("runs.toml", toml);
    work.run("correlate --runs runs.toml --out baseline");
    let page = std::fs::read_to_string(repository("docs/ci.md")).unwrap();
    let workflow = page.split("```yaml").nth(1).unwrap().split("```").next().unwrap();
    let lines = workflow.lines().map(str::trim).map(|line| line.trim_start_matches("run: "));
    let commands: Vec<_> = lines.filter_map(|line| line.strip_prefix("igam-analyze ")).collect();
    assert_eq!(commands.len(), 3);
    for command in commands {
        work.run(&command.replace('"', ""));
    }
    assert!(work.path("reports/slope.svg").exists() && work.path("reports/report.md").exists());
}
