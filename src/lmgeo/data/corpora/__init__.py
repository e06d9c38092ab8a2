"""Unlabelled text: what kinds there are, and how to open one."""

from lmgeo.data.corpora.kinds import CORPORA, Corpus, CorpusKind
from lmgeo.data.corpora.open import corpus_identity, open_corpus

__all__ = ["CORPORA", "Corpus", "CorpusKind", "corpus_identity", "open_corpus"]
