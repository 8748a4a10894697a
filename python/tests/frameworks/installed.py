import importlib
import os

import pytest


def framework(name):
    """The package of this name. Without it, the tests of the module are skipped, or fail where nothing
    must be skipped."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        sentence = f"{name} cannot be imported ({error}): pip install {name.replace('_', '-')}"
    if os.environ.get("IGAM_ANALYZE_NO_SKIP"):
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence, allow_module_level=True)
