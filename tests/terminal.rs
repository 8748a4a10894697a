//! A good citizen of the terminal: width, colour, help, completions, manual.

use igam_analyze::cli;

use crate::{Workdir, repository};

/// Every command with a table, over classes of long names.
fn tables() -> (Workdir, Vec<&'static str>) {
    let work = Workdir::new();
    let rows = 24;
    let x = ndarray::Array2::from_shape_fn((rows, 3), |(i, j)| ((i * 7 + j * 5) % 11) as f64);
    ndarray_npy::write_npy(work.path("x.npy"), &x).unwrap();
    ndarray_npy::write_npy(
        work.path("y.npy"),
        &ndarray::Array1::from_shape_fn(rows, |i| (i % 4) as i64),
    )
    .unwrap();
    ndarray_npy::write_npy(
        work.path("w.npy"),
        &ndarray::Array2::<f64>::eye(4).slice(ndarray::s![.., ..3]).to_owned(),
    )
    .unwrap();
    let names: Vec<_> = (0..4)
        .map(|i| format!("a_class_with_a_name_that_is_far_longer_than_most_of_them_{i}"))
        .collect();
    work.write("names.txt", names.join("\n"));
    let rows: String =
        names.iter().zip([0.1, 0.4, 0.3, 0.9]).map(|(name, ap)| format!("{name},{ap}\n")).collect();
    work.write("ap.csv", format!("class,ap\n{rows}"));
    let commands = vec![
        "information --embeddings x.npy --labels y.npy --class-names names.txt",
        "correlate --embeddings x.npy --labels y.npy --class-names names.txt --ap ap.csv --estimator all --groups 2,20",
        "report --embeddings x.npy --labels y.npy --class-names names.txt --ap ap.csv",
        "margins --embeddings x.npy --labels y.npy --class-names names.txt",
        "loss --embeddings x.npy --labels y.npy --class-names names.txt --weights w.npy",
        "queue-size --dataset voc coco lvis --dim 1024 --memory-budget 1GiB",
        "queue-size --embeddings x.npy --labels y.npy --class-names names.txt --replay",
        "compare reports/information.csv reports/information.csv",
    ];
    (work, commands)
}

/// Whether a line is of a table: words in columns, two blanks apart.
fn tabular(line: &str) -> bool {
    line.trim_start().contains("  ")
}

#[test]
fn tables_fit_80_columns() {
    let (work, commands) = tables();
    for width in [80, 60] {
        for &command in &commands {
            let text = wide(&work, command, width);
            for line in text.lines().filter(|line| tabular(line)) {
                assert!(line.chars().count() <= width, "{width}: {command}:\n{text}");
            }
        }
    }
}

/// Standard output where the terminal has so many columns.
fn wide(work: &Workdir, command: &str, width: usize) -> String {
    let output = work.command(command).env("COLUMNS", width.to_string()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A pipe is not 80 columns wide; on a terminal names are shortened in the middle and stay different, and
/// what is dropped is said.
#[test]
fn names_are_whole_in_a_pipe_and_short_on_a_terminal() {
    let (work, commands) = tables();
    let pipe = String::from_utf8(work.run(commands[0]).stdout).unwrap();
    assert_eq!(pipe.lines().count(), 5, "{pipe}");
    let names =
        (0..4).map(|i| format!("a_class_with_a_name_that_is_far_longer_than_most_of_them_{i}  "));
    names.for_each(|name| assert!(pipe.contains(&name), "{pipe}"));
    for width in [80, 45, 30] {
        let text = wide(&work, commands[0], width);
        let first = |line: &str| line.split("  ").next().unwrap_or_default().to_owned();
        let names: Vec<_> = text.lines().skip(1).take(4).map(first).collect();
        assert!(names.iter().all(|name| name.contains('…')), "{text}");
        (0..4).for_each(|i| assert!(names[i].ends_with(&format!("_{i}")), "{text}"));
        // The information amount stays.
        assert!(text.lines().next().unwrap().contains("I (bits)"), "{text}");
    }
    let narrow = wide(&work, commands[0], 45);
    assert!(narrow.contains("not shown in 45 columns: p/m, I′"), "{narrow}");
}

/// Two runs of few classes, most of which have an AP of 0.
fn untrained() -> Workdir {
    let (work, _) = tables();
    for run in ["a", "b"] {
        std::fs::create_dir(work.path(run)).unwrap();
        work.write(&format!("{run}/ap.csv"), "class,map\n0,0\n1,0\n2,0\n3,0.5\n");
    }
    let run = |name: &str| format!("[[run]]\nname = '{name}'\nap = '{name}/ap.csv'\n");
    let head = "embeddings = 'x.npy'\nlabels = 'y.npy'\n";
    work.write("runs.toml", head.to_owned() + &run("a") + &run("b"));
    work
}

#[test]
fn what_is_true_of_all_runs_is_said_once_and_the_files_last() {
    let output = untrained().run("correlate --runs runs.toml");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr.matches("AP is 0 in 3 of 4 classes").count(), 1, "{stderr}");
    assert!(stderr.contains("warning: in all 2 runs: AP is 0 in 3 of 4 classes"), "{stderr}");
    assert!(stderr.contains(": */ap.csv (each of 2 files): 4 of 4 classes matched"), "{stderr}");
    assert!(stderr.lines().last().unwrap().contains(": wrote "), "{stderr}");
}

/// First what to do, then that there are too few classes; and no p-value beside it.
#[test]
fn what_cannot_be_concluded_has_no_numbers_that_look_as_if_it_could() {
    let work = untrained();
    for command in ["correlate --runs runs.toml", "explain --runs runs.toml"] {
        let text = String::from_utf8(work.run(command).stdout).unwrap();
        assert!(text.starts_with("a, b: train longer first: AP is 0 in 3 of 4 classes"), "{text}");
    }
    let several = String::from_utf8(work.run("correlate --runs runs.toml").stdout).unwrap();
    let one = "correlate --embeddings x.npy --labels y.npy --ap a/ap.csv";
    let one = String::from_utf8(work.run(one).stdout).unwrap();
    let counts = "correlate --embeddings x.npy --labels y.npy --ap a/ap.csv --counts counts.csv";
    work.write("counts.csv", "class,instances\n0,1\n1,3\n2,2\n3,9\n");
    let counts = counts.replace("--embeddings x.npy --labels y.npy ", "");
    let counts = String::from_utf8(work.run(&counts).stdout).unwrap();
    for text in [&several, &one, &counts] {
        assert!(text.contains("too few classes to tell (n = 4; at least 10 are needed)"), "{text}");
        for number in ["partial r", " p\n", "interval", "95% CI"] {
            assert!(!text.contains(number), "{number}: {text}");
        }
    }
    // The run is called after its file, not after the column.
    assert!(one.contains("\nap   instances"), "{one}");
    work.run("report --runs runs.toml");
    let (page, short) = (work.read("reports/report.html"), work.read("reports/report.md"));
    for name in ["p_value", "partial_pearson", "permutation_p", "partial_curve", "robust_p"] {
        assert!(!page.contains(name) && !short.contains(name), "{name}");
    }
    // What programs read keeps its columns.
    work.run("correlate --runs runs.toml");
    assert!(work.read("reports/correlations.csv").contains("p_value"));
}

#[test]
fn rows_are_sorted_and_counted_as_asked() {
    let (work, _) = tables();
    work.write("counts.csv", "class,instances\n0,4\n1,9\n2,2\n3,9\n");
    let input = "--embeddings x.npy --labels y.npy";
    let names = |arguments: &str| -> Vec<String> {
        let text = String::from_utf8(work.run(arguments).stdout).unwrap();
        let rows = text.lines().skip_while(|line| !line.starts_with("class")).skip(1);
        let rows = rows.filter(|line| line.starts_with(char::is_numeric) && tabular(line));
        rows.map(|line| line.split("  ").next().unwrap().to_owned()).collect()
    };
    let numbers = |column: &str| -> Vec<f64> {
        work.run(&format!("information {input}"));
        let rows = work.json(&format!("information {input}"))["information"].clone();
        rows.as_array().unwrap().iter().map(|row| row[column].as_f64().unwrap()).collect()
    };
    let bits = numbers("information");
    let mut order: Vec<usize> = (0..4).collect();
    order.sort_by(|&a, &b| bits[b].total_cmp(&bits[a]));
    let sorted: Vec<String> = order.iter().map(usize::to_string).collect();
    assert_eq!(names(&format!("information {input} --sort information")), sorted);
    let upwards: Vec<String> = sorted.iter().rev().take(2).cloned().collect();
    assert_eq!(names(&format!("information {input} --sort information:asc --top 2")), upwards);
    let loss = format!("loss {input} --weights w.npy --top 1");
    assert_eq!(names(&loss), ["0"]);
    let explain = "explain --counts counts.csv --ap ap4.csv --sort ap --top 3";
    work.write("ap4.csv", "class,ap\n0,0.1\n1,0.4\n2,0.3\n3,0.9\n");
    assert_eq!(names(explain), ["3", "1", "2"]);
    for (arguments, says) in [
        (format!("information {input} --sort bits"), "there is no such column; there are run,"),
        (format!("information {input} --top 1 --format csv"), "remove --format"),
        (format!("information {input} --top 0"), "--top"),
    ] {
        let output = work.command(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(says), "{arguments}");
    }
}

/// A saving of −4700% is no number to read.
#[test]
fn a_store_that_needs_more_says_so_in_words() {
    let work = Workdir::new();
    let text = work.run("queue-size --instances 2846 --dim 1280 --classes 31");
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("needs 28 times as much") && !text.contains('%'), "{text}");
    assert!(text.contains("least memory: original"), "{text}");
}

#[test]
fn colour_is_for_those_who_want_it() {
    let (work, commands) = tables();
    let escapes = |variables: &[(&str, &str)], arguments: &str| {
        let mut command = work.command(arguments);
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        let output = command.envs(variables.iter().copied()).output().unwrap();
        [output.stdout, output.stderr].map(|text| text.contains(&0x1b))
    };
    for command in commands {
        assert_eq!(escapes(&[], command), [false, false], "{command}");
        assert_eq!(escapes(&[("NO_COLOR", "1")], command), [false, false], "{command}");
        // As on a terminal.
        assert!(escapes(&[("CLICOLOR_FORCE", "1")], command)[0], "{command}");
    }
    assert!(escapes(&[("CLICOLOR_FORCE", "1")], "compare no.csv no.csv")[1]);
    // What programs read has none at all.
    for format in ["csv", "json"] {
        let command = format!("information --embeddings x.npy --labels y.npy --format {format}");
        assert!(!escapes(&[("CLICOLOR_FORCE", "1")], &command)[0], "{format}");
    }
}

#[test]
fn every_command_has_an_example_a_manual_page_and_completions() {
    let work = Workdir::new();
    work.run("man --out man");
    let pages = work.files("man");
    for command in cli::command().get_subcommands() {
        let name = command.get_name();
        let help = String::from_utf8(work.run(&format!("{name} --help")).stdout).unwrap();
        let example = help.contains(&format!("\n  igam-analyze {name}"));
        assert!(example && help.contains("Example"), "{name} --help has no example");
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{name}");
        assert!(pages.contains(&format!("igam-analyze-{name}.1")), "{pages:?}");
    }
    assert!(pages.contains(&"igam-analyze.1".to_owned()));
    let page = work.read("man/igam-analyze-report.1");
    assert!(page.contains("report \\-\\-runs runs.toml"));
    // A value a line, and the global options last.
    assert!(page.contains("\\(bu 2\nmp\\-floor: "), "{page}");
    let synopsis = page.lines().find(|line| line.contains("\\-\\-quiet")).unwrap();
    assert!(synopsis.find("\\-\\-format") < synopsis.find("\\-\\-quiet"), "{synopsis}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = String::from_utf8(work.run(&format!("completions {shell}")).stdout).unwrap();
        assert!(script.contains("queue-size") && script.contains("figure-format"), "{shell}");
    }
}

/// What `-h` or `--help` prints, of each command and of the program, on a terminal of 80 columns.
fn helps(flag: &str) -> Vec<(clap::Command, String)> {
    let work = Workdir::new();
    let program = cli::command();
    let help = |command: &clap::Command, name: &str| {
        let output = work.command(name).arg(flag).env("COLUMNS", "80").output().unwrap();
        (command.clone(), String::from_utf8(output.stdout).unwrap())
    };
    let commands = program.get_subcommands().map(|command| help(command, command.get_name()));
    commands.chain([help(&program, "")]).collect()
}

/// The options that a help names, in order, and its headings.
fn listed(help: &str) -> (Vec<&str>, Vec<&str>) {
    let (help, _) = help.split_once("\nExample").unwrap();
    let starts = |line: &&str| line.starts_with("  -") || line.starts_with("      --");
    let options = help.lines().filter(starts).filter_map(|line| {
        let (_, option) = line.split_once("--")?;
        option.split(' ').next()
    });
    let headings = help.lines().filter(|line| !line.starts_with(' '));
    (options.collect(), headings.filter_map(|line| line.strip_suffix(':')).collect())
}

#[test]
fn the_short_help_fits_one_screen() {
    for (command, help) in helps("-h") {
        let name = command.get_name();
        assert!(
            help.lines().count() <= 40,
            "{name} -h has {} lines:\n{help}",
            help.lines().count()
        );
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{name}: {line}");
            // An option and its sentence stand in one line.
            assert!(
                !line.trim_start().starts_with("--") || line.trim().contains("  "),
                "{name}: {line}"
            );
        }
        assert!(help.contains("igam-analyze") && help.contains("Example"), "{name}");
    }
}

/// The headings that options stand under, in this order.
const HEADINGS: [&str; 10] = [
    "Input",
    "AP",
    "Statistics",
    "Held-out boxes",
    "Losses",
    "Comparison",
    "Storage",
    "Figures",
    "Output",
    "General",
];

#[test]
fn options_are_grouped_and_the_global_ones_come_last() {
    let program = cli::command();
    let global: Vec<_> = program.get_arguments().filter_map(|option| option.get_long()).collect();
    assert!(global.contains(&"threads") && global.contains(&"help"));
    for flag in ["-h", "--help"] {
        for (command, help) in helps(flag) {
            let name = command.get_name();
            let (options, headings) = listed(&help);
            let places: Vec<_> = headings
                .iter()
                .filter_map(|heading| HEADINGS.iter().position(|one| one == heading))
                .collect();
            assert!(places.is_sorted(), "{name} {flag}: {headings:?}");
            assert!(places.contains(&9) && !headings.contains(&"Options"), "{name}: {headings:?}");
            let first = options.iter().position(|option| global.contains(option)).unwrap();
            let last = &options[first..];
            assert!(
                last.iter().all(|option| global.contains(option)),
                "{name} {flag}: {options:?}"
            );
            // The whole help has each option.
            let all = command.get_arguments().filter_map(|option| option.get_long());
            let missing: Vec<_> = all.filter(|option| !options.contains(option)).collect();
            assert!(flag == "-h" || missing.is_empty(), "{name}: {missing:?}");
            assert!(flag == "-h" || last.len() >= global.len() - 1, "{name}: {options:?}");
        }
    }
}

/// `-h` shows no long list of values; `--help` shows it, with what each is.
#[test]
fn values_are_listed_in_the_long_help() {
    let work = Workdir::new();
    let help =
        |flag: &str| String::from_utf8(work.run(&format!("correlate {flag}")).stdout).unwrap();
    let (short, long) = (help("-h"), help("--help"));
    assert!(!short.contains("possible values") && !short.contains("ledoit-peche"), "{short}");
    for value in ["- mp-floor:", "- all:", "- torchmetrics:", "- file-order:", "- svg:", "- csv:"] {
        assert!(long.contains(&format!("{value} ")), "{value}: {long}");
    }
}

#[test]
fn without_a_command_the_program_says_where_to_start() {
    let work = Workdir::new();
    let output = work.command("").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.lines().count() <= 24 && said.lines().all(|line| line.chars().count() <= 80),
        "{said}"
    );
    for name in ["demo", "explain", "correlate", "report", "compare"] {
        assert!(said.contains(&format!("\n  {name} ")), "{said}");
    }
    // Its example runs in a clone.
    let example = said.lines().find_map(|line| line.strip_prefix("  igam-analyze ")).unwrap();
    let out = work.path("reports");
    let typed = example.split(' ').chain(["--out", out.to_str().unwrap()]);
    let mut program = std::process::Command::new(crate::BINARY);
    let done = program.current_dir(repository("")).args(typed).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(!done.stdout.is_empty() && !work.files("reports").is_empty());
}

#[test]
fn quiet_has_a_short_name() {
    let (work, _) = tables();
    for (flag, says) in [("", true), ("-q", false), ("--quiet", false)] {
        let output = work.run(&format!("information --embeddings x.npy --labels y.npy {flag}"));
        assert_eq!(!output.stderr.is_empty(), says, "{flag}");
    }
}

#[test]
fn what_is_nearly_right_is_suggested() {
    let work = Workdir::new();
    work.write("i.csv", "run,class_id,class,information,ap\nR-50 CE,0,cat,1,0.5\n");
    work.write("ap.csv", "class,ap50\na,0.5\n");
    for (arguments, suggested) in [
        (vec!["corelate"], "did you mean correlate?"),
        (vec!["correlate", "--embedings", "x.npy"], "did you mean --embeddings?"),
        (
            vec!["correlate", "--ap", "ap.csv", "--ap-column", "ap5", "--counts", "ap.csv"],
            "\"ap50\"",
        ),
        (vec!["compare", "i.csv", "i.csv", "--run", "R50 CE"], "\"R-50 CE\""),
    ] {
        let output = work.command("").args(&arguments).output().unwrap();
        assert!(!output.status.success());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(suggested), "{arguments:?}: {stderr}");
    }
}

/// What is installed holds all that it is built from.
#[test]
fn the_package_holds_what_the_build_includes() {
    let list = std::process::Command::new(env!("CARGO"))
        .current_dir(repository(""))
        .args(["package", "--list", "--offline", "--allow-dirty"])
        .output()
        .unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    let pages = ["README.md", "LICENSE", "src/output/page/page.css", "src/output/page/page.js"];
    // What `demo` writes.
    let packed =
        ["detections.json.gz", "train.json.gz", "val.json.gz"].map(|name| format!("demo/{name}"));
    let plain = ["runs.toml", "embeddings.npy", "weights.npy"].map(|name| format!("shapes/{name}"));
    let data = packed.iter().chain(&plain).map(|name| format!("data/{name}"));
    for file in pages.map(str::to_owned).into_iter().chain(data) {
        assert!(list.lines().any(|line| line == file), "{file} is not in the package");
    }
}
