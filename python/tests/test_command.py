"""The command of the wheel is the program."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import igam_analyze
import pytest
from conftest import ROOT

FOD_A = ROOT / "data/fod-a"
RUN = FOD_A / "effnet-lite0-ce"
DUMP = ["--embeddings", RUN / "embeddings.npy", "--labels", RUN / "labels.npy", "--class-names", FOD_A / "classes.txt"]
SCRIPT = pathlib.Path(sys.executable).with_name("igam-analyze")


@pytest.mark.parametrize(
    "arguments, code",
    [
        (["--version"], 0),
        (["--help"], 0),
        (["information", *DUMP], 0),
        (["information", "--embeddings", "none.npy", "--labels", "none.npy"], 1),
        (["information"], 2),
        (["information", "--embeddings", ROOT / "tests/corpus/parquet/damaged-footer.parquet"], 1),
        (["demo", "--out", FOD_A], 1),
        (["informaton"], 2),
        ([], 2),
        (["correlate", "--runs", FOD_A / "runs.toml", "--fail-if", "finding.all=nothing"], 3),
        (["correlate", "--runs", FOD_A / "runs.toml", "--fail-if", "finding.all=beyond", "--format", "json"], 0),
    ],
)
def test_is_the_program(command, cli, arguments, code):
    ours, theirs = command(*arguments), cli(*arguments)
    assert (ours.returncode, ours.stdout, ours.stderr) == (theirs.returncode, theirs.stdout, theirs.stderr)
    assert ours.returncode == code


def test_script():
    done = subprocess.run([SCRIPT, "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"igam-analyze {igam_analyze.__version__}\n")


def test_reader_that_stops(tmp_path):
    line = f"{sys.executable} -m igam_analyze information {' '.join(map(str, DUMP))} --format csv --quiet"
    shell = f"set -o pipefail; {line} | head -1; {line} | true"
    done = subprocess.run(["bash", "-c", shell], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("run,class_id,class,")


def test_interrupt(tmp_path):
    """While it waits for the reader of a pipe that is full, and no line of Python is run."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(writer, bytes(4096))
    os.set_blocking(writer, True)
    program = [sys.executable, "-m", "igam_analyze", "information", *map(str, DUMP)]
    with subprocess.Popen(program, cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, text=True) as running:
        try:
            # It writes its file first, and prints then.
            while not (tmp_path / "reports/information.csv").exists():
                assert running.poll() is None
            time.sleep(0.3)
            assert running.poll() is None
            running.send_signal(signal.SIGINT)
            assert running.wait(timeout=20) == -signal.SIGINT
            assert "Traceback" not in running.stderr.read()
        finally:
            running.kill()
    os.close(reader)
    os.close(writer)


def test_needs_no_numpy(tmp_path):
    code = (
        "import sys; sys.argv = ['igam-analyze', '--version']; from igam_analyze._command import main\n"
        "try: main()\nexcept SystemExit as done: assert done.code == 0\n"
        "assert not {'numpy', 'pandas'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_flushes_what_was_printed(tmp_path):
    code = (
        "import sys; sys.argv = ['igam-analyze', '--version']; print('first')\n"
        "from igam_analyze._command import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == f"first\nigam-analyze {igam_analyze.__version__}\n"
