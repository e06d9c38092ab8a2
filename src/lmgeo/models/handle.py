"""A model in hand: its weights by name and role, its sites, its tokenizer, one forward pass."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lmgeo.core.errors import SpecError, UnknownName
from lmgeo.core.files import folder_in_one_step
from lmgeo.core.tokens import TokenSequence
from lmgeo.core.weights import Role, Weight, WeightView
from lmgeo.models import encoding
from lmgeo.models.capture import captured
from lmgeo.models.classes import is_causal
from lmgeo.models.content import CONFIG
from lmgeo.models.limits import NO_LIMIT, position_limit, tokenizer_limit
from lmgeo.models.locate import locate
from lmgeo.models.quiet import evaluating, quiet
from lmgeo.models.replace import with_tensors
from lmgeo.models.roles import input_axis, is_bias, roles_of

UNEMBEDDING, EMBEDDING = "unembedding", "embedding"


class ModelHandle:
    """An encoder or decoder with what the rest of the project needs of it.

    Args:
        module: a `transformers` model, head included if it has one; put into eval mode.
        label: what to call it.
        open_tokenizer: opens its tokenizer when first needed; raises SpecError where there is none.
        notes: what a reader should know of how it was loaded.

    Raises:
        SpecError: a model whose blocks are not found, or an encoder-decoder.
    """

    def __init__(self, module: Any, label: str, open_tokenizer: encoding.Opener, notes: Sequence[str] = ()) -> None:
        self.module: Any = module.eval()
        self.label = label
        self.notes = tuple(notes)
        self._open_tokenizer = open_tokenizer
        self._anatomy = locate(module)

    @property
    def backbone(self) -> Any:
        """The model without its head."""
        return self._anatomy.backbone

    @property
    def family(self) -> str:
        """The architecture's name (`model_type`)."""
        return str(self._config.model_type)

    @property
    def width(self) -> int:
        """d, the width of the blocks' output."""
        return int(self._config.hidden_size)

    @property
    def sites(self) -> tuple[str, ...]:
        """Every place hidden states can be taken at, from the first to the last."""
        return self._anatomy.sites

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.module.parameters()).device

    @property
    def vocabulary_size(self) -> int:
        """V, the rows of the input embedding."""
        return int(self.module.get_input_embeddings().weight.shape[0])

    @cached_property
    def max_length(self) -> int:
        """The most tokens of a sequence, special ones included: the model's limit or the tokenizer's."""
        try:
            own = tokenizer_limit(self.tokenizer)
        except SpecError:  # without a tokenizer the model's limit stands
            own = NO_LIMIT
        return min(position_limit(self.backbone), own)

    @cached_property
    def tokenizer(self) -> Any:
        """The model's tokenizer, opened at first use.

        Raises:
            SpecError: there is none, or it cannot be read.
        """
        return self._open_tokenizer()

    @property
    def pad_id(self) -> int:
        """A valid id to pad with; padding is masked, so where the model has none any will do."""
        for known in (self.tokenizer.pad_token_id, self._config.pad_token_id, self.tokenizer.eos_token_id):
            if isinstance(known, int) and 0 <= known < self.vocabulary_size:
                return known
        return 0

    @property
    def mask_id(self) -> int | None:
        """The id of the mask token; None where there is none."""
        found: int | None = self.tokenizer.mask_token_id
        return found

    @property
    def is_decoder(self) -> bool:
        """Whether tokens see only those before them."""
        return is_causal(self._config)

    @property
    def _config(self) -> Any:
        return self.module.config

    def to(self, device: str | torch.device) -> ModelHandle:
        """Move the weights, in place."""
        self.module.to(device)
        return self

    def encode(
        self, texts: Sequence[str], pairs: Sequence[str] | None = None, max_length: int | None = None
    ) -> list[TokenSequence]:
        """Token sequences of texts, or of pairs of texts, as the tokenizer makes them by default.

        Args:
            texts: one sequence each.
            pairs: second texts, as many.
            max_length: truncate to so many tokens; None: to what the model takes. Never above that.

        Raises:
            SpecError: no tokenizer, or one that is not this model's; no room beside the special tokens.
        """
        tokenizer = self.tokenizer
        limit = self.max_length if max_length is None else min(max_length, self.max_length)
        return encoding.encode(tokenizer, texts, pairs, limit, self.vocabulary_size)

    def forward(
        self, ids: Tensor, mask: Tensor, sites: Sequence[str], segments: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Hidden states at `sites`, each (B, T, d), from one pass without dropout or gradients.

        Args:
            ids: token ids (B, T), padded on the right.
            mask: (B, T), 1 for a token and 0 for padding; states at padding mean nothing.
            sites: any of `self.sites`.
            segments: (B, T), 0 or 1; ignored by a model that knows none.

        Raises:
            UnknownName: a site that the model has not.
        """
        for site in sites:
            if site not in self.sites:
                raise UnknownName.among("site", site, self.sites, where=self.label)
        inputs = self._inputs(ids, mask, segments)
        with torch.inference_mode(), evaluating(self.module), quiet(), captured(self._anatomy, sites) as states:
            self.backbone(**inputs)
        return {site: states[site] for site in sites}

    def logits(self, ids: Tensor, mask: Tensor) -> Tensor:
        """The output head's logits (B, T, V) from one pass without dropout or gradients.

        Args:
            ids: token ids (B, T), padded on the right.
            mask: (B, T), 1 for a token and 0 for padding; logits at padding mean nothing.

        Raises:
            SpecError: a model without a language-modelling head.
        """
        if self.unembedding() is None:
            raise SpecError(
                f"{self.label} has no language-modelling head", "give the checkpoint that was trained as one"
            )
        with torch.inference_mode(), evaluating(self.module), quiet():
            return self.module(**self._inputs(ids, mask, None)).logits

    def _inputs(self, ids: Tensor, mask: Tensor, segments: Tensor | None) -> dict[str, Any]:
        inputs: dict[str, Any] = {"input_ids": ids.to(self.device), "attention_mask": mask.to(self.device)}
        if segments is not None and "token_type_ids" in self._forward_names:
            inputs["token_type_ids"] = segments.to(self.device)
        if "use_cache" in self._forward_names:
            inputs["use_cache"] = False
        return inputs

    @cached_property
    def _forward_names(self) -> frozenset[str]:
        return frozenset(inspect.signature(self.backbone.forward).parameters)

    def weights(self) -> WeightView:
        """Every parameter with its role; the tensors are the model's own, not to be changed in place."""
        roles = self._roles
        return WeightView(
            {
                name: Weight(parameter.detach(), *roles[name], is_bias(name), input_axis(name, self.module))
                for name, parameter in self.module.named_parameters()
            }
        )

    @cached_property
    def _roles(self) -> dict[str, tuple[Role, int | None]]:
        return roles_of(self.module, self._anatomy)

    def with_weights(self, tensors: Mapping[str, Tensor]) -> ModelHandle:
        """A new handle with these parameters in place of its own; this one stays as it is.

        Args:
            tensors: by the names of `weights()`; parameters not named keep their values, tied ones stay tied.

        Raises:
            UnknownName: a name that is no parameter.
            SpecError: a tensor of another shape.
        """
        return ModelHandle(with_tensors(self.module, tensors), self.label, lambda: self.tokenizer, self.notes)

    def unembedding(self) -> tuple[str, Tensor, bool] | None:
        """The output head's matrix: its name in `weights()`, the values (V, d), whether it is tied.

        None for a model without a language-modelling head.
        """
        head = self.module.get_output_embeddings()
        if head is None:
            return None
        name = next(n for n, p in self.module.named_parameters() if p is head.weight)
        return name, head.weight.detach(), head.weight is self.module.get_input_embeddings().weight

    def matrix(self, name: str) -> Tensor | None:
        """A weight matrix by its parameter's name, `unembedding` or `embedding`; None where the model has none such."""
        if name == UNEMBEDDING:
            found = self.unembedding()
            return None if found is None else found[1]
        if name == EMBEDDING:
            return self.module.get_input_embeddings().weight.detach()
        weights = self.weights()
        return weights[name].tensor if name in weights and weights[name].tensor.ndim == 2 else None

    def save(self, folder: Path) -> None:
        """Write an ordinary checkpoint: config, safetensors and, where there is one, the tokenizer.

        Raises:
            SpecError: `folder` is there and holds something other than a checkpoint.
        """
        if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / CONFIG).is_file())):
            raise SpecError(f"{folder} is there and is no checkpoint", "give a new folder")
        with folder_in_one_step(folder) as temporary, quiet():
            self.module.save_pretrained(temporary)
            try:
                self.tokenizer.save_pretrained(temporary)
            except SpecError as error:
                if error.__cause__ is not None:  # there is one, and it is broken
                    raise
