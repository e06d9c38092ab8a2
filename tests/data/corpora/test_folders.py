"""WikiText and Penn Treebank folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.data.corpora import corpus_identity, open_corpus
from lmgeo.data.corpora.wikitext import sentences_of

ARTICLE = (
    " \n = Lobster = \n \n The lobster is a large animal . It is blue . It has ten legs in all . \n"
    " \n = = Range = = \n \n It lives in the cold sea\n = x + y = 5 are the two of them \n"
)


def test_paragraphs_split_at_spaced_full_stops() -> None:
    assert sentences_of(" A b . C d . \n") == sentences_of("A b . C d .") == ["A b", "C d"]
    assert sentences_of("U.S. Army 3 @.@ 5") == ["U.S. Army 3 @.@ 5"]
    assert sentences_of(" \n") == []


def test_wikitext_drops_headings_and_short_sentences_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "wiki.valid.tokens").write_text(ARTICLE)
    corpus = open_corpus(f"wikitext:{tmp_path}")
    assert corpus.sequences == [
        "The lobster is a large animal",
        "It has ten legs in all",
        "It lives in the cold sea",
        "= x + y = 5 are the two of them",
    ]
    assert "dropped 2 headings and 1 sentences under 5 words" in corpus.notes[0]


def test_splits_are_read_in_their_order(tmp_path: Path) -> None:
    for split in ("valid", "train", "test"):
        (tmp_path / f"wiki.{split}.tokens").write_text(f"this sentence is from the {split}\n")
    (tmp_path / "notes.md").write_text("not a token file at all")
    corpus = open_corpus(f"wikitext:{tmp_path}")
    assert [text.split()[-1] for text in corpus.sequences] == ["train", "valid", "test"]
    alone = open_corpus(f"wikitext:{tmp_path / 'wiki.test.tokens'}")
    assert alone.sequences == ["this sentence is from the test"]
    assert len(corpus_identity(f"wikitext:{tmp_path}")["corpus"][0]["content"]) == 3


def test_ptb_is_one_sentence_a_line(tmp_path: Path) -> None:
    (tmp_path / "ptb.test.txt").write_text(" last one \n")
    (tmp_path / "ptb.train.txt").write_bytes(b" first <unk> N \r\n\r\n second \r\n")
    corpus = open_corpus(f"ptb:{tmp_path}")
    assert corpus.sequences == ["first <unk> N", "second", "last one"]


@pytest.mark.parametrize("kind", ["wikitext", "ptb"])
def test_a_folder_without_the_files_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(SpecError, match="holds none of"):
        open_corpus(f"{kind}:{tmp_path}")


def test_files_without_sentences_are_not_enough(tmp_path: Path) -> None:
    (tmp_path / "wiki.test.tokens").write_text(" = A = \n")
    (tmp_path / "ptb.test.txt").write_text("\n")
    for kind in ("wikitext", "ptb"):
        with pytest.raises(NotEnoughData):
            open_corpus(f"{kind}:{tmp_path}")


@pytest.mark.shared
def test_real_wikitext_against_a_plain_reading(shared: Path) -> None:
    folder = shared / "data" / "wikitext-2"
    corpus = open_corpus(f"wikitext:{folder}")
    plain = []
    for split in ("train", "valid", "test"):
        for line in (folder / f"wiki.{split}.tokens").read_text(encoding="utf-8").split("\n"):
            if not (line.startswith(" = ") and line.endswith(" = ")):
                plain += [s.strip() for s in line.split(" . ") if len(s.split()) >= 5]
    assert corpus.sequences == plain
    assert len(plain) == 91_737


@pytest.mark.shared
def test_real_ptb_has_its_published_counts(shared: Path) -> None:
    assert len(open_corpus(f"ptb:{shared / 'data' / 'ptb'}").sequences) == 3_370 + 3_761
