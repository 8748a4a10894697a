"""The blocks of a page of docs/frameworks, run as they are written."""

import os
import pathlib
import re
import subprocess
import sys

PAGES = pathlib.Path(__file__).parents[3] / "docs/frameworks"


def blocks(page, kind):
    found = re.findall(rf"^```{kind}\n(.*?)^```$", (PAGES / page).read_text(), re.M | re.S)
    assert found
    return found


def run_page(page, prelude, folder):
    """Runs the Python blocks after `prelude`, which makes what they name, and then the shell's; gives what
    these print."""
    # A file of its own: workers of a loader import what they run.
    code = "\n".join([prelude, *blocks(page, "python")])
    (folder / "page.py").write_text(code)
    (folder / "page.sh").write_text("\n".join(blocks(page, "sh")))
    path = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
    return [
        run(folder, {"PATH": path}, sys.executable, "page.py"),
        run(folder, {"PATH": path}, "bash", "-eu", "page.sh"),
    ]


def run(folder, environment, *command):
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
