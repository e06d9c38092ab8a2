from __future__ import annotations

import json
from dataclasses import FrozenInstanceError

import pytest

from lmgeo.core.measurement import Measurement

VALUE = Measurement(3.5, "dimensions", (1.0, None), "higher = more even", spread=0.1, seeds=3, details={"dropped": 2})
NULL = Measurement(None, "1", (0.0, 1.0), "higher = less even", reason="2 rows are too few")


@pytest.mark.parametrize("measurement", [VALUE, NULL])
def test_it_comes_back_whole_from_json(measurement: Measurement) -> None:
    back = Measurement.from_json(json.loads(json.dumps(measurement.to_json(), allow_nan=False)))
    assert back == measurement
    assert isinstance(back.range, tuple)


def test_its_json_has_the_promised_keys() -> None:
    assert list(VALUE.to_json()) == [
        "value", "unit", "range", "direction", "spread", "seeds", "reason", "version", "details",
    ]  # fmt: skip
    assert VALUE.to_json()["range"] == [1.0, None]


def test_its_json_is_a_copy() -> None:
    VALUE.to_json()["details"]["dropped"] = 99
    assert VALUE.details == {"dropped": 2}


def test_it_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        VALUE.value = 4.0  # type: ignore[misc]


def test_details_are_not_shared() -> None:
    a, b = (Measurement(1.0, "1", (None, None), "") for _ in range(2))
    assert a.details is not b.details
