"""Readies the kernels that nbval starts, also where only requirements.txt was installed."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    """Let kernels find the package, and matplotlib its fonts (its first import may speak on stderr)."""
    if config.getoption("nbval", default=False) and "PYTEST_XDIST_WORKER" not in os.environ:
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        import matplotlib.font_manager  # noqa: F401
