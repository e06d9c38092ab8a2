"""Settings for a while: transformers kept from writing on the terminal, a model in eval mode."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# threads of its own clash with forked workers, and it warns about that on stderr
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings, log lines or progress bars of transformers inside; what matters is raised or noted."""
    from transformers.utils import logging as theirs

    level, bars = theirs.get_verbosity(), theirs.is_progress_bar_enabled()
    theirs.set_verbosity(logging.CRITICAL + 1)
    theirs.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        theirs.set_verbosity(level)
        if bars:
            theirs.enable_progress_bar()


@contextmanager
def evaluating(module: Any) -> Iterator[None]:
    """Eval mode inside; a model in training goes on training afterwards, each part in the mode it was in."""
    in_training = [part for part in module.modules() if part.training]
    if in_training:
        module.eval()
    try:
        yield
    finally:
        for part in in_training:
            part.training = True
