"""Named protocols, and what of them enters a result's key."""

from __future__ import annotations

import pytest

from lmgeo.core.errors import SpecError, UnknownName
from lmgeo.core.identity import content_key
from lmgeo.measures.protocols import PROTOCOLS, protocol, protocol_identity


def test_every_protocol_carries_its_name_and_a_line() -> None:
    assert {"default", "marbut2024", "quickstart"} <= set(PROTOCOLS)
    for name, (settings, line) in PROTOCOLS.items():
        assert settings.name == name
        assert line
        assert "\n" not in line
        assert protocol(name) == settings


def test_marbut2024_is_as_published() -> None:
    found = protocol("marbut2024")
    assert not found.centred
    assert found.order == "input"
    assert (found.codebooks, found.cells) == (4, 256)
    assert (found.pq_train_rows, found.lsq_train_rows) == (65_536, None)
    assert (found.lsq_iterations, found.lsq_train_rounds, found.lsq_encode_rounds) == (25, 8, 16)
    assert (found.lsq_perturbations, found.seeds, found.threads) == (4, None, 2)
    assert found.backend == "faiss"


def test_default() -> None:
    found = protocol("default")
    assert found.centred
    assert found.order == "canonical"
    assert (found.lsq_train_rows, found.seeds, found.threads, found.backend) == (65_536, 3, 2, "faiss")


def test_an_unknown_name_is_answered_with_the_near_ones() -> None:
    with pytest.raises(UnknownName, match="did you mean 'marbut2024'"):
        protocol("marbut2025")


def test_every_setting_is_part_of_the_identity() -> None:
    base = protocol("default")
    changes = {
        "codebooks": 8, "bits": 6, "centred": False, "order": "input", "pq_train_rows": 10, "lsq_train_rows": 10,
        "lsq_iterations": 1, "lsq_train_rounds": 1, "lsq_encode_rounds": 1, "lsq_perturbations": 1, "seeds": None,
        "rq_train_rows": 10, "rq_beam": 1, "rq_steps": 1, "rq_iterations": 1,
        "threads": 1, "backend": "numba", "name": "other",
    }  # fmt: skip
    assert set(changes) == set(type(base).model_fields)
    variants = [base, *(base.model_copy(update={key: value}) for key, value in changes.items())]
    assert len({content_key(protocol_identity(p)) for p in variants}) == len(variants)


def test_identity_names_what_applies_it() -> None:
    import faiss

    applied = protocol_identity(protocol("marbut2024"))["applied"]
    assert applied["faiss"] == faiss.__version__
    assert applied["seeds"] == {"pq": 1234, "lsq": 0x12345, "rq": 1234}
    assert "numba" in protocol_identity(protocol("quickstart"))["applied"]
    assert "seeds" not in protocol_identity(protocol("default"))["applied"]


def test_settings_of_ones_own() -> None:
    found = protocol("default(codebooks=2, bits=6)")
    assert (found.bits, found.codebooks, found.cells) == (6, 2, 64)
    assert found.name == "default(bits=6,codebooks=2)"
    changed = {"bits": 6, "codebooks": 2, "name": found.name}
    assert found == protocol("default").model_copy(update=changed)
    assert protocol(found.name) == found
    assert protocol("marbut2024(lsq_train_rows=16384)").lsq_train_rows == 16_384
    assert protocol("default(bits=6,lsq_train_rows=64)").lsq_train_rows == 64
    assert protocol("default(lsq_train_rows=none,centred=false,order=input,backend=numba)").lsq_train_rows is None


def test_what_differs_in_nothing_is_the_named_one() -> None:
    assert protocol("default()") == protocol("default")
    assert protocol("default(bits=8,seeds=3)") == protocol("default")
    assert protocol("default(centred=1)") == protocol("default")
    assert protocol("default( bits = 6 )").name == protocol("default(bits=6,codebooks=4)").name == "default(bits=6)"
    assert protocol("marbut2024(seeds=3)").name == "marbut2024(seeds=3)"


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("defualt(bits=6)", UnknownName, "did you mean 'default'"),
        ("default(bit=6)", UnknownName, "did you mean 'bits'"),
        ("default(name=mine)", UnknownName, "unknown setting 'name'"),
        ("default(bits=99)", SpecError, "bits is 99"),
        ("default(bits=six)", SpecError, "bits is 'six'"),
        ("default(bits=none)", SpecError, "bits is None"),
        ("default(threads=true)", SpecError, "threads is True, not a number"),
        ("default(backend=fais)", SpecError, "backend is 'fais'"),
        ("default(threads=100000)", SpecError, "threads is 100000"),
        ("default(rq_train_rows=100)", SpecError, "rq_train_rows is 100: fewer rows than the 256 cells of a codebook"),
        ("quickstart(bits=12,pq_train_rows=4095)", SpecError, "fewer rows than the 4096 cells"),
        ("default(bits=6", SpecError, "brackets"),
        ("default(bits)", SpecError, "no key=value"),
        ("default(bits=6,bits=7)", SpecError, "twice"),
        ("", UnknownName, "unknown protocol ''"),
    ],
)
def test_a_slip_in_a_protocol_is_told(text: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error) as caught:
        protocol(text)
    assert said in str(caught.value)
