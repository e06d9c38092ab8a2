"""Unlabelled text: what kinds there are, and how to open one."""

from lmgeo.data.corpora.documents import open_documents
from lmgeo.data.corpora.kinds import CORPORA, Corpus, CorpusKind, Documents
from lmgeo.data.corpora.open import corpus_identity, open_corpus

__all__ = ["CORPORA", "Corpus", "CorpusKind", "Documents", "corpus_identity", "open_corpus", "open_documents"]
