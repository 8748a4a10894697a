"""What is refused, as an exception with the program's sentence, and nothing on standard error."""

import igam_analyze
import numpy as np
import pytest

X, Y = np.arange(12.0).reshape(6, 2), [0, 0, 1, 1, 2, 2]
NAN = np.where(X == 7, np.nan, X)
HUGE = np.where(X == 7, 1e200, X)


@pytest.mark.parametrize(
    "embeddings, labels, options",
    [
        (X, Y[1:], []),
        (NAN, Y, []),
        (HUGE, Y, []),
        (X, [0, 0, 1, 1, -1, 2], []),
        (X, Y, ["background_label", "x"]),
        (X, [1] * 6, ["background_label", "1"]),
    ],
)
def test_has_the_programs_sentence(cli, tmp_path, embeddings, labels, options):
    np.save(tmp_path / "embeddings.npy", embeddings)
    np.save(tmp_path / "labels.npy", labels)
    flags = [f"--{options[0].replace('_', '-')}", options[1]] if options else []
    done = cli("information", "--embeddings", "embeddings.npy", "--labels", "labels.npy", *flags)
    with pytest.raises(ValueError) as error:
        igam_analyze.information(embeddings, labels, **dict([options] if options else []))
    sentence = done.stderr.splitlines()[-1].replace("embeddings.npy", "embeddings")
    assert (done.returncode, sentence) == (1, f"igam-analyze: error: {error.value}")


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: igam_analyze.information([1.0, 2], [0, 1]), "shape [2]: embeddings have two axes"),
        (lambda: igam_analyze.information(np.empty((3, 0)), [0] * 3), "rows without values"),
        (lambda: igam_analyze.information(X.astype(int), Y), "int64: embeddings are f16, f32 or f64"),
        (lambda: igam_analyze.information(X, [Y] * 2), "labels have one axis"),
        (lambda: igam_analyze.information(X, [0.5] * 6), "row 0: the label 0.5 is not a whole number"),
        (lambda: igam_analyze.information(X, [True] * 6), "bool: labels are integers or class names"),
        (lambda: igam_analyze.information(X, np.array([2**63] * 6, "u8")), "too large"),
        (lambda: igam_analyze.information(X, [None] * 6), "other things than integers or class names"),
        (lambda: igam_analyze.information(X, ["a\n"] * 6), "row 0: the name \"a\\n\" holds the control character"),
        (lambda: igam_analyze.information(X, Y, "qiss"), 'estimator "qiss" is not one of "mp-floor", "sample"'),
        (lambda: igam_analyze.information(X, Y, precision="f16"), 'precision "f16" is not one of "f64", "f32"'),
        (lambda: igam_analyze.information(X, Y, class_names=["a", "b"]), "not one of the 2 classes"),
        (lambda: igam_analyze.information(X, Y, class_names=["a", "a"]), 'names the class "a" twice'),
        (lambda: igam_analyze.Moments(class_names=[]), "names no class"),
        (lambda: igam_analyze.Moments().save("nothing.parquet"), "push embeddings first"),
        (lambda: igam_analyze.margins([1.0, -1]), "-1 of class 1 (from 0) is not an information amount"),
        (lambda: igam_analyze.margins([np.nan]), "no class has an information amount"),
        (lambda: igam_analyze.margins(np.ones(40_000)), "at most 32768 classes"),
        (lambda: igam_analyze.igam_loss([[0.5, 1.5]], [0], np.zeros((2, 2))), "is not a cosine"),
        (lambda: igam_analyze.igam_loss([[0.5, 0.5]], [-1], np.zeros((2, 2))), "label -1 of sample 0 is not one of 2"),
        (lambda: igam_analyze.igam_loss([[0.5, 0.5]], [0, 1], np.zeros((2, 2))), "of 1 samples, the labels of 2"),
        (lambda: igam_analyze.igam_loss([[0.5, 0.5]], [0], np.zeros((3, 3))), "3×3, but there are 2 classes"),
        (lambda: igam_analyze.igam_loss([[0.5, 0.5]], [0], np.zeros((2, 2)), scale=0), "scale 0 is not a number"),
        (lambda: igam_analyze.queue_size(0, 1, 1), "must all be above 0"),
        (lambda: igam_analyze.queue_size(1, 1, 1, bytes_per_value=3), "not one of 2, 4, 8"),
    ],
)
def test_is_one_sentence(call, words, capfd):
    with pytest.raises(ValueError) as error:
        call()
    assert words in str(error.value) and "\n" not in str(error.value)
    assert capfd.readouterr() == ("", "")


def test_moments_that_cannot_be_merged():
    moments = igam_analyze.Moments()
    moments.push(X, Y)

    def other(embeddings, labels, **options):
        other = igam_analyze.Moments(**options)
        other.push(embeddings, labels)
        return other

    for theirs, words in [
        (other(X[:, :1], Y), "of 1 dimensions, these of 2"),
        (other(X, Y, precision="f32"), "of f32 precision, these of f64"),
        (other(X, ["a"] * 6), '"a" has no id'),
        (other(X, Y, class_names=["a", "b", "c"]), 'make all moments with the same --class-names'),
        (moments, "with themselves"),
    ]:
        with pytest.raises(ValueError, match=words):
            moments.merge(theirs)
    fixed = other(X, Y, class_names=["0", "1", "2"])
    fixed.merge(moments)
    with pytest.raises(ValueError, match='their class "3" is not one of the 3 classes'):
        fixed.merge(other(X, [3] * 6))
    assert moments.instances == 6 and fixed.instances == 12


def test_files(tmp_path, capfd):
    moments = igam_analyze.Moments()
    moments.push(X, Y)
    good = tmp_path / "moments.parquet"
    moments.save(good)
    with pytest.raises(FileNotFoundError, match="none.parquet: there is no such file"):
        igam_analyze.Moments.load(tmp_path / "none.parquet")
    with pytest.raises(OSError, match="cannot be written"):
        moments.save(good / "moments.parquet")
    with pytest.raises(OSError, match="cannot be written"):
        moments.save(tmp_path)
    whole = good.read_bytes()
    for at in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[at] ^= 0x5A
        good.write_bytes(damaged)
        try:
            assert igam_analyze.Moments.load(good).instances == 6
        except ValueError as error:
            assert str(good) in str(error)
        good.write_bytes(whole[:at])
        with pytest.raises(ValueError, match="moments.parquet"):
            igam_analyze.Moments.load(good)
    # The decoder panics on some of them: nobody hears of that.
    assert capfd.readouterr() == ("", "")
