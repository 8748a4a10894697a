"""correlate, Study, report and compare against the command of the wheel, to the last bit."""

import csv
import io
import json
import pickle
import re
import warnings

import igam_analyze as ig
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, same_cells

FOD_A = ROOT / "data/fod-a"
NAMES = FOD_A / "classes.txt"
RUNS = ["effnet-lite0-ce", "effnet-lite0-focal", "effnet-lite2-seesaw"]
MADE = "<p>With igam-analyze"


@pytest.fixture(autouse=True)
def quiet():
    """What is raised is looked at where it is the matter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ig.IgamWarning)
        yield


def arrays(run):
    return np.load(FOD_A / run / "embeddings.npy"), np.load(FOD_A / run / "labels.npy")


def dump(run):
    return ["--embeddings", FOD_A / run / "embeddings.npy", "--labels", FOD_A / run / "labels.npy"]


def amounts(run=RUNS[0], estimator="mp-floor", **options):
    return ig.information(*arrays(run), estimator, **{"class_names": NAMES} | options)


def geometry(run=RUNS[0], **options):
    """What the command's report tells of the classes too."""
    return ig.geometry(*arrays(run), **{"class_names": NAMES} | options)


def average_precision(run=RUNS[0]):
    """AP by name, as a program has it."""
    with open(FOD_A / run / "ap.csv", newline="") as file:
        return {row["class"]: float(row["ap50"] or "nan") for row in csv.DictReader(file)}


def ap_file(tmp_path):
    """The same as a file. Its column is called as the argument is."""
    rows = "".join(f"{name},{'' if ap != ap else ap}\n" for name, ap in average_precision().items())
    (tmp_path / "ap.csv").write_text("class,ap\n" + rows)
    return tmp_path / "ap.csv"


def same(study, command, tmp_path, *arguments):
    """That all that the command finds of the same data is the same."""
    done = command("correlate", *arguments, "--format", "json", "--out", "files")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert study.warnings == said["warnings"]
    files = {path.name: path.read_text() for path in (tmp_path / "files").iterdir()}
    assert {f"{name}.csv" for name in study.tables} | {f"{name}.svg" for name in study.figures} == set(files)
    for name, table in study.tables.items():
        same_cells(table, files[f"{name}.csv"])
    for name in study.figures:
        assert study.figure(name).svg == study.figure(name)._repr_svg_() == files[f"{name}.svg"], name
    verdict = command("correlate", *arguments, "--out", "files").stdout
    assert verdict.startswith(study.verdict)
    gate = command("correlate", *arguments, "--out", "files", "--fail-if", f"finding.all={study.finding or 'beyond'}")
    assert gate.returncode == (3 if study.finding else 2 if not study.table("correlations")["estimator"][0] else 0)
    assert command("report", *arguments, "--out", "files").returncode == 0
    for ending, end in [("html", "<h2>How to reproduce this"), ("md", "\n## How to reproduce this")]:
        ig.report(study, tmp_path / f"ours.{ending}")
        ours, theirs = (tmp_path / f"ours.{ending}").read_text(), (tmp_path / f"files/report.{ending}").read_text()
        # The command's page has one more heading, and a link to it.
        ours, theirs = (re.sub(r"<nav>.*?</nav>|(?<=<h2) id=\S+?(?=>)", "", page, flags=re.S) for page in (ours, theirs))
        ours, made, _ = ours.rpartition(MADE if ending == "html" else "\nWith igam")
        assert made and ours == theirs.rpartition(end)[0]


@pytest.fixture
def files(tmp_path):
    """An annotation file of fewer instances than embeddings in a class, covariates and groups."""
    rng = np.random.default_rng(5)
    names, labels = NAMES.read_text().splitlines(), arrays(RUNS[0])[1]
    counts = np.bincount(labels)
    counts[3] -= 2
    categories = [{"id": i, "name": name, "supercategory": f"s{i % 7}"} for i, name in enumerate(names)]
    annotations = [
        {"id": i, "category_id": int(c), "image_id": int(i) // 3, "area": float(rng.uniform(10, 9000))}
        for i, c in enumerate(np.repeat(np.arange(len(names)), counts))
    ]
    (tmp_path / "instances.json").write_text(json.dumps({"categories": categories, "annotations": annotations}))
    covariates = pd.DataFrame({"class": names, "shine": rng.normal(size=31), "age": rng.integers(1, 9, 31)})
    covariates.loc[4, "shine"] = np.nan
    covariates.to_csv(tmp_path / "covariates.csv", index=False)
    groups = {name: f"g{i % 9}" for i, name in enumerate(names) if i != 7}
    pd.DataFrame({"class": groups.keys(), "group": groups.values()}).to_csv(tmp_path / "groups.csv", index=False)
    return tmp_path, covariates.set_index("class"), groups


def test_one_run(command, tmp_path):
    study = ig.correlate(amounts(), ap=FOD_A / RUNS[0] / "ap.csv", ap_column="ap50", geometry=geometry())
    arguments = [*dump(RUNS[0]), "--class-names", NAMES, "--ap", FOD_A / RUNS[0] / "ap.csv", "--ap-column", "ap50"]
    same(study, command, tmp_path, *arguments)
    verdict = study.table("verdict").to_pandas().iloc[0]
    assert (study.runs, study.finding) == (["ap"], verdict.finding)
    assert study.partial == verdict.partial_curve
    assert study.partial_interval == (verdict.partial_curve_low, verdict.partial_curve_high)
    correlations = study.table("correlations").to_pandas().set_index("x")
    assert study.pearson == correlations.loc["information", "pearson"]
    html = study._repr_html_()
    assert study.finding in html and "<table>" in html and "eigenvalue floor" in html and "<button>" not in html
    with pytest.raises(KeyError, match="no figure .sensitivity.; there are figure2, scatter"):
        study.figure("sensitivity")
    with pytest.raises(KeyError, match="no table"):
        study.table("storage")


@pytest.mark.parametrize("estimators", [["sample", "mp-floor"], "all"])
def test_several_estimators(command, tmp_path, estimators):
    several = amounts(estimator=estimators)
    assert isinstance(several, list)
    study = ig.correlate(several, ap=average_precision(), geometry=geometry())
    if estimators == "all":
        ap = FOD_A / RUNS[0] / "ap.csv"
        arguments = [*dump(RUNS[0]), "--class-names", NAMES, "--ap", ap_file(tmp_path)]
        same(study, command, tmp_path, *arguments, "--estimator", "all")
    assert "sensitivity" in study.figures
    one = [one.estimator for one in several]
    assert [each for each in study.table("verdict")["estimator"]] == one
    x, y = arrays(RUNS[0])
    other = ig.information(x[5:], y[5:], "qis", class_names=NAMES)
    for wrong in [[several[0], several[0]], [several[0], other]]:
        with pytest.raises(ValueError, match="two of the information amounts|other numbers of embeddings"):
            ig.correlate(wrong, ap=average_precision())


@pytest.mark.parametrize("held", ["as files", "as objects"])
def test_counts_covariates_and_groups(command, files, held):
    tmp_path, covariates, groups = files
    here = held == "as files"
    study = ig.correlate(
        amounts(),
        ap=FOD_A / RUNS[0] / "ap.csv",
        ap_column=["ap50"],
        instances=tmp_path / "instances.json",
        covariates=tmp_path / "covariates.csv" if here else covariates,
        class_groups=tmp_path / "groups.csv" if here else groups,
        groups=[60, 100],
        geometry=geometry(),
    )
    arguments = [*dump(RUNS[0]), "--class-names", NAMES, "--ap", FOD_A / RUNS[0] / "ap.csv", "--ap-column", "ap50"]
    for option, name in [("counts", "instances.json"), ("covariates", "covariates.csv"), ("class-groups", "groups.csv")]:
        # What is no file is called as the argument is.
        argument = name if here or option == "counts" else option.replace("-", "_")
        path = tmp_path / name
        if not here and option != "counts":
            path = tmp_path / argument
            path.write_bytes((tmp_path / name).read_bytes())
        arguments += [f"--{option}", path]
    if here:
        same(study, command, tmp_path, *arguments, "--groups", "60,100")
    else:
        done = command("correlate", *arguments, "--groups", "60,100", "--out", "files", "--format", "json")
        theirs = json.loads(done.stdout)
        for said, sentence in zip(study.warnings, theirs["warnings"], strict=True):
            assert said == sentence if "instances.json" in sentence else sentence.replace(f"{tmp_path}/", "")
        for name, table in study.tables.items():
            same_cells(table, (tmp_path / f"files/{name}.csv").read_text())
    said = " ".join(study.warnings)
    assert '"shine" is not known' in said and "gives no group for" in said and "the counts differ" in said
    assert "median_log_area; " in study.table("verdict")["covariates"][0]


def test_no_such_background(command, tmp_path):
    read = amounts(background_label=99)
    assert "no row has the label 99" in read.warnings[0]
    study = ig.correlate(read, ap=average_precision(), geometry=geometry(background_label=99))
    arguments = [*dump(RUNS[0]), "--class-names", NAMES, "--ap", ap_file(tmp_path)]
    same(study, command, tmp_path, *arguments, "--background-label", "99")
    named = ig.correlate(read, ap=average_precision(), name="R-50")
    assert named.warnings[0].startswith("R-50: no row has the label 99")


def test_detections(command, tmp_path):
    results, truth = (ROOT / "tests/golden/detections" / f"coco_{one}.json" for one in ("results", "truth"))
    counts = tmp_path / "counts.csv"
    counts.write_text("class,instances\nbolt,500\nnut,90\nkey,70\nwasher,200\nluggage tag,30\nwrench,9\npliers,4\n")
    study = ig.correlate(None, detections=results, ground_truth=truth, ap_column=["ap", "ap75"], instances=counts)
    arguments = ["--detections", results, "--ground-truth", truth, "--ap-column", "ap,ap75", "--counts", counts]
    same(study, command, tmp_path, *arguments)
    both = {"detections": results, "ground_truth": truth}
    for wrong in [{"detections": results}, {"ground_truth": truth}, both | {"ap": [1]}]:
        with pytest.raises(TypeError, match="give both|give no ap with them"):
            ig.correlate(None, **wrong, instances=counts)
    with pytest.raises(ValueError, match="swapped"):
        ig.correlate(None, detections=truth, ground_truth=results, instances=counts)


def test_instances_alone(command, tmp_path):
    counts = dict(zip(NAMES.read_text().splitlines(), map(int, np.bincount(arrays(RUNS[0])[1]))))
    pd.DataFrame({"class": counts.keys(), "instances": counts.values()}).to_csv(tmp_path / "counts.csv", index=False)
    study = ig.correlate(None, ap=average_precision(), instances=counts)
    same(study, command, tmp_path, "--counts", tmp_path / "counts.csv", "--ap", ap_file(tmp_path))
    assert (study.finding, study.pearson, study.partial, study.partial_interval) == (None,) * 4
    assert list(study.tables) == ["correlations", "evidence", "bias"]


@pytest.mark.parametrize("estimator, groups", [("mp-floor", None), ("all", "coco-lt")])
def test_several_runs(command, tmp_path, estimator, groups):
    """Studies together are the runs file, and so is the runs file itself."""
    studies, text = [], f'class_names = "{NAMES}"\nap_column = "ap50"\n'
    for run in RUNS:
        backbone, loss = run.rsplit("-", 1)
        path = FOD_A / run
        text += f'[[run]]\nbackbone = "{backbone}"\nloss = "{loss}"\nap = "{path}/ap.csv"\n'
        text += f'embeddings = "{path}/embeddings.npy"\nlabels = "{path}/labels.npy"\n'
        ap = average_precision(run)
        studies.append(ig.correlate(amounts(run, estimator), ap=ap, backbone=backbone, loss=loss))
    (tmp_path / "runs.toml").write_text(text)
    arguments = ["--runs", "runs.toml", "--estimator", estimator, *(["--groups", groups] if groups else [])]
    together = ig.correlate(studies, groups=groups)
    # Each AP is called `ap`, not as its column.
    for figure in ["scatter", "figure1"]:
        assert together.figure(figure).svg
    runs = ig.correlate(str(tmp_path / "runs.toml"), estimator=estimator, groups=groups)
    same(runs, command, tmp_path, *arguments)
    assert together.warnings == runs.warnings and together.verdict == runs.verdict
    for name, table in runs.tables.items():
        assert together.table(name).to_csv() == table.to_csv(), name
    with pytest.raises(ValueError, match='two runs are called "effnet-lite0 ce"'):
        ig.correlate([studies[0], studies[0]])


def test_studies_together_to_the_last_byte(command, tmp_path):
    text = f'class_names = "{NAMES}"\nap_column = "ap50"\n'
    studies = []
    for run in RUNS:
        path = FOD_A / run
        text += f'[[run]]\nname = "{run}"\nap = "{path}/ap.csv"\n'
        text += f'embeddings = "{path}/embeddings.npy"\nlabels = "{path}/labels.npy"\n'
        ap = f"{path}/ap.csv"
        studies.append(ig.correlate(amounts(run), ap=ap, ap_column="ap50", name=run, geometry=geometry(run)))
    (tmp_path / "runs.toml").write_text(text)
    same(ig.correlate(studies), command, tmp_path, "--runs", "runs.toml")


def test_moments(command, tmp_path):
    x, y = arrays(RUNS[0])
    names = np.array(NAMES.read_text().splitlines())
    moments = ig.Moments()
    for part in np.array_split(np.arange(len(y)), 3):
        moments.push(x[part], names[y[part]])
    moments.save(tmp_path / "moments.parquet")
    known = ig.geometry(moments)
    study = ig.correlate(moments, ap=average_precision(), estimator="all", geometry=known)
    arguments = ["--moments", tmp_path / "moments.parquet", "--ap", ap_file(tmp_path), "--estimator", "all"]
    same(study, command, tmp_path, *arguments)


def test_labels_name_the_classes(command, tmp_path):
    """Without class names, AP is joined to what the labels say."""
    x, y = arrays(RUNS[0])
    names = np.array(NAMES.read_text().splitlines())
    (tmp_path / "names.csv").write_text("label\n" + "\n".join(names[y]))
    known = ig.geometry(x, names[y])
    study = ig.correlate(ig.information(x, names[y]), ap=average_precision(), geometry=known)
    arguments = ["--embeddings", dump(RUNS[0])[1], "--labels", "names.csv", "--ap", ap_file(tmp_path)]
    same(study, command, tmp_path, *arguments)


@pytest.mark.parametrize(
    "options, arguments",
    [
        ({"ap_column": "nothing"}, ["--ap-column", "nothing"]),
        ({"ap_format": "mmdetection"}, ["--ap-format", "mmdetection"]),
        ({"groups": "lvis"}, ["--groups", "lvis", "--ap-column", "ap50"]),
        ({"ap_numbering": "ids"}, ["--ap-numbering", "ids", "--ap-column", "ap50"]),
        ({"covariates": "none.csv"}, ["--covariates", "none.csv", "--ap-column", "ap50"]),
        ({"instances": NAMES}, ["--counts", NAMES, "--ap-column", "ap50"]),
        ({"ap_iou": "0.5"}, ["--ap-iou", "0.5", "--ap-column", "ap50"]),
    ],
)
def test_errors_are_the_commands(command, options, arguments):
    ap = FOD_A / RUNS[0] / "ap.csv"
    done = command("correlate", *dump(RUNS[0]), "--class-names", NAMES, "--ap", ap, *arguments)
    assert done.returncode in (1, 2)
    with pytest.raises((ValueError, OSError)) as error:
        ig.correlate(amounts(), ap=ap, **{"ap_column": "ap50"} | options)
    said = [line for line in done.stderr.splitlines() if not line.startswith("see igam-analyze ")]
    assert said[-1] == f"igam-analyze: error: {error.value}"


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: ig.correlate(amounts()), "the run has no AP"),
        (lambda: ig.correlate(None), "give --embeddings, or --counts"),
        (lambda: ig.correlate([]), "detectors is empty"),
        (lambda: ig.correlate(3), "detectors is not one of Amounts, Moments"),
        (lambda: ig.correlate(dict(amounts())), "detectors is not one of"),
        (lambda: ig.correlate([amounts(), 3]), "detectors is not one of"),
        (lambda: ig.correlate(amounts(), ap={"a": 0.5}), 'names none of the classes: it has "a"'),
        (lambda: ig.correlate(amounts(), ap=average_precision(), name="all"), 'name: is called "all"'),
        (lambda: ig.correlate(amounts(), ap=average_precision(), estimator="qis"), "estimator is for moments"),
        (lambda: ig.correlate(None, ap=average_precision(), estimator="qis"), "instance counts alone"),
        (lambda: ig.correlate([one_study()], ap=average_precision()), "a study is complete"),
        (lambda: ig.correlate(FOD_A / "runs.toml", name="a"), "a runs file describes all"),
        (lambda: ig.correlate(amounts(), ap=average_precision(), groups=[5, 2]), "groups: cut point 2 is not above 5"),
        (lambda: ig.correlate(amounts(), ap=average_precision(), groups="x"), "groups: .x. is not an instance count"),
        (lambda: ig.information(*arrays(RUNS[0]), ["qis", "qis"]), "given twice"),
        (lambda: ig.information(*arrays(RUNS[0]), []), "estimator has no name"),
        (lambda: ig.information(*arrays(RUNS[0]), label_numbering="x"), 'not one of "names", "ids"'),
        (lambda: ig.information(*arrays(RUNS[0]), label_numbering="ids"), "--label-numbering needs a file"),
        (lambda: ig.compare(3, amounts()), "before is int: give Amounts"),
        (lambda: ig.compare(amounts(), amounts(estimator="qis")), "before has information amounts by the estimator"),
        (lambda: ig.compare(amounts(), ig.correlate(FOD_A / "runs.toml")), "after: holds several runs"),
        (lambda: ig.compare(amounts(), one_study(), run="b"), 'after: holds no run "b"; it holds "ap"'),
        (lambda: ig.report(one_study(), "report.txt"), "report.txt: a report's name ends in"),
        (lambda: one_study().figure("scatter").save("a.jpg"), "a.jpg: a figure's name ends in"),
        (lambda: one_study().figure("scatter").save("a.png", width=5), "width 5 is not within"),
        (lambda: one_study().figure("scatter").save("a.png", theme="blue"), 'theme "blue" is not one of'),
    ],
)
def test_refused(call, words, capfd):
    with pytest.raises((ValueError, TypeError), match=words) as error:
        call()
    assert "\n" not in str(error.value)
    assert capfd.readouterr() == ("", "")


def one_study():
    return ig.correlate(amounts(), ap=average_precision())


def raised(call):
    """The warnings of a call, which must be shown on its line."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        result = call()
    line = call.__code__.co_firstlineno
    assert all(issubclass(one.category, ig.IgamWarning) for one in seen)
    assert {(one.filename, one.lineno) for one in seen} <= {(__file__, line)}
    return result, [str(one.message) for one in seen]


def test_warnings_are_raised_once():
    empty = [*NAMES.read_text().splitlines(), "Ghost"]
    read, said = raised(lambda: ig.information(*arrays(RUNS[0]), class_names=empty, background_label=99))
    assert said == read.warnings and len(said) == 3
    ap = average_precision() | {"Nobody": 0.5}
    study, more = raised(lambda: ig.correlate(read, ap=ap))
    assert more == ["ap: skipped rows that match no class: \"Nobody\""]
    assert len(study.warnings) == 4 and more[0] in study.warnings
    # Named, they are the same warnings.
    study, more = raised(lambda: ig.correlate(read, ap=ap, name="R-50"))
    assert len(more) == 1 and any(one.startswith("R-50: in 23 of 31") for one in study.warnings)
    other = ig.correlate(read, ap=ap, name="R-101")
    both, none = raised(lambda: ig.correlate([study, other]))
    assert none == [] and any(one.startswith("in all 2 runs: in 23") for one in both.warnings)
    moments = ig.Moments(class_names=NAMES)
    moments.push(*arrays(RUNS[0]))
    study, said = raised(lambda: ig.correlate(moments, ap=average_precision()))
    assert said == study.warnings and len(said) == 1
    _, said = raised(lambda: moments.information())
    assert len(said) == 1
    study, said = raised(lambda: ig.correlate(FOD_A / "runs.toml"))
    assert said == study.warnings and len(said) == 1
    readings, said = raised(lambda: ig.margin_readings(read))
    assert said == readings.warnings and len(said) == 2
    size, said = raised(lambda: ig.queue_size(900, 40, 7))
    assert said == size.warnings and len(said) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error", ig.IgamWarning)
        with pytest.raises(ig.IgamWarning, match="eigenvalue floor"):
            amounts()


def test_amounts_are_kept():
    """Pickled, or changed as a dict, what is computed from them is the same."""
    names = [*NAMES.read_text().splitlines(), "Ghost"]
    read = ig.information(*arrays(RUNS[0]), "ledoit-peche", class_names=names, background_label=99)
    again = pickle.loads(pickle.dumps(read))
    assert type(again) is ig.Amounts and again.refused == read.refused
    assert again.refused["Ghost"] == "no embeddings" and again.refused["Hose"] == "fewer than 13 embeddings"
    assert again.warnings == read.warnings and again.estimator == "ledoit-peche"
    for name, column in read.items():
        np.testing.assert_array_equal(again[name], column)
    assert again.to_csv() == read.to_csv() and again._repr_html_() == read._repr_html_()
    before = ig.correlate(read, ap=average_precision())
    again["information"][:] = 0
    read.clear()
    for kept in [again, read, pickle.loads(pickle.dumps(again))]:
        after = ig.correlate(kept, ap=average_precision())
        assert after.warnings == before.warnings and after.verdict == before.verdict
        for name, table in before.tables.items():
            assert after.table(name).to_csv() == table.to_csv()
    table = before.table("evidence")
    again = pickle.loads(pickle.dumps(table))
    assert type(again) is ig.Table and again.to_csv() == table.to_csv() and list(again) == list(table)
    figure = pickle.loads(pickle.dumps(before.figure("scatter")))
    assert figure.svg == before.figure("scatter").svg
    with pytest.raises(ValueError, match="holds no information amounts"):
        type(kept._amounts)("[]", True, None)


def test_amounts_of_an_annotation_file(files, command):
    """Its order, its ids and its boxes are kept too."""
    tmp_path, _, _ = files
    content = json.loads((tmp_path / "instances.json").read_text())
    for category in content["categories"]:
        category["id"] = 3 * category["id"] + 1
    for annotation in content["annotations"]:
        annotation["category_id"] = 3 * annotation["category_id"] + 1
    content["categories"].reverse()
    path = tmp_path / "shuffled.json"
    path.write_text(json.dumps(content))
    x, y = arrays(RUNS[0])
    ids = 3 * y + 1
    np.save(tmp_path / "ids.npy", ids)
    read = ig.information(x, ids, class_names=path)
    in_order = [average_precision()[category["name"]] for category in content["categories"]]
    again, known = pickle.loads(pickle.dumps(read)), ig.geometry(x, ids, class_names=path)
    study = ig.correlate(again, ap=in_order, ap_numbering="file-order", instances=path, geometry=known)
    arguments = ["--embeddings", dump(RUNS[0])[1], "--labels", "ids.npy", "--counts", path]
    same(study, command, tmp_path, *arguments, "--ap", ap_file(tmp_path))


@pytest.mark.parametrize("numbering", ["positions", "file-order", "ids"])
def test_label_numbering(command, tmp_path, numbering):
    categories = [{"id": i, "name": name} for i, name in enumerate(NAMES.read_text().splitlines())]
    (tmp_path / "categories.json").write_text(json.dumps({"categories": categories[::-1], "annotations": []}))
    arguments = [*dump(RUNS[0]), "--class-names", "categories.json", "--label-numbering", numbering]
    assert command("information", *arguments).returncode == 0
    read = amounts(class_names=tmp_path / "categories.json", label_numbering=numbering)
    assert read.to_csv() == (tmp_path / "reports/information.csv").read_text()
    assert (read.to_csv() == amounts().to_csv()) == (numbering != "file-order")


def test_information_file(command, tmp_path):
    read = amounts()
    done = command("information", *dump(RUNS[0]), "--class-names", NAMES, "--format", "json")
    assert read.to_csv() == (tmp_path / "reports/information.csv").read_text()
    theirs = json.loads(done.stdout)
    assert read.warnings == theirs["warnings"]
    for name, column in read.items():
        column = column if isinstance(column, list) else column.tolist()
        assert column == [row[name] if row[name] is not None else float("nan") for row in theirs["information"]]
    assert list(read.to_pandas()) == list(read) and "<table>" in read._repr_html_()
    (tmp_path / "again.csv").write_text(read.to_csv())
    names = ig.information(*arrays(RUNS[0]), class_names={i: n for i, n in enumerate(NAMES.read_text().splitlines())})
    assert names.to_csv() == read.to_csv()


def test_compare(command, tmp_path):
    study = {}
    for run in RUNS[:2]:
        study[run] = ig.correlate(amounts(run), ap=average_precision(run), name=run)
        (tmp_path / f"{run}.csv").write_text(study[run].table("information").to_csv())
    before, after = RUNS[:2]
    done = command("compare", f"{before}.csv", f"{after}.csv", "--format", "json")
    assert done.returncode == 0, done.stderr
    table = (tmp_path / "reports/compare.csv").read_text()
    figure = (tmp_path / "reports/slope.svg").read_text()
    paths = tmp_path / f"{before}.csv", str(tmp_path / f"{after}.csv")
    for a, b in [(study[before], study[after]), paths, (paths[0], study[after])]:
        comparison = ig.compare(a, b)
        assert comparison.names == (before, after) and comparison.warnings == json.loads(done.stdout)["warnings"]
        same_cells(comparison.table, table)
        assert comparison.figure().svg == figure and "<table>" in comparison._repr_html_()
    both = ig.correlate(list(study.values()))
    same_cells(ig.compare(both, both, run=(before, after)).table, table)
    alone = ig.compare(amounts(before), amounts(after))
    assert alone.names == ("before", "after")
    np.testing.assert_array_equal(alone.table["information_difference"], comparison.table["information_difference"])
    old = table_without(study[before].table("information").to_csv(), "estimator")
    (tmp_path / "old.csv").write_text(old)
    comparison, said = raised(lambda: ig.compare(tmp_path / "old.csv", study[after]))
    assert said == comparison.warnings and "no estimator is given" in said[0]


def table_without(text, column):
    rows = list(csv.reader(io.StringIO(text)))
    at = rows[0].index(column)
    return "".join(",".join(row[:at] + row[at + 1 :]) + "\n" for row in rows)


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_figures_are_files(command, tmp_path, ending):
    ap = FOD_A / RUNS[0] / "ap.csv"
    arguments = ["correlate", *dump(RUNS[0]), "--class-names", NAMES, "--ap", ap, "--ap-column", "ap50"]
    options = ["--figure-format", ending, "--width", "333", "--theme", "dark"]
    assert command(*arguments, *options).returncode == 0
    figure = ig.correlate(amounts(), ap=ap, ap_column="ap50").figure("scatter")
    figure.save(tmp_path / f"new/ours.{ending.upper()}", width=333, theme="dark")
    ours = (tmp_path / f"new/ours.{ending.upper()}").read_bytes()
    assert ours == (tmp_path / f"reports/scatter.{ending}").read_bytes()
    with pytest.raises(OSError, match="cannot be written"):
        figure.save(tmp_path / "new" / f"ours.{ending.upper()}" / f"a.{ending}")
