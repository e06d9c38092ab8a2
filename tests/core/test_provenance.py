from __future__ import annotations

import json
import platform
from datetime import datetime
from importlib.metadata import version

from lmgeo.core.provenance import package_version, provenance, versions


def test_versions_are_those_installed() -> None:
    assert versions()["numpy"] == version("numpy")
    assert versions()["python"] == platform.python_version()


def test_what_is_not_installed_has_no_version() -> None:
    assert package_version("surely-not-a-package-of-this-environment") is None


def test_provenance_is_plain_and_dated() -> None:
    record = json.loads(json.dumps(provenance()))
    assert datetime.fromisoformat(record["made"]).tzinfo is not None
    assert record["lmgeo"] == version("lmgeo")
