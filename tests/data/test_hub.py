"""No network: the hub is never reached, and the message says why."""

from __future__ import annotations

import os
import subprocess
import sys

from lmgeo.core.environment import OFFLINE_VARIABLE

PROGRAM = """
from lmgeo.core.errors import SpecError
from lmgeo.data.corpora import open_corpus
try:
    open_corpus("hf:no-such-owner/no-such-set")
except SpecError as error:
    print(error)
"""


def test_offline_says_so() -> None:
    environment = {**os.environ, OFFLINE_VARIABLE: "1"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=environment, check=True)
    assert "hub data set 'no-such-owner/no-such-set' cannot be loaded" in done.stdout
    assert "offline is asked for" in done.stdout
