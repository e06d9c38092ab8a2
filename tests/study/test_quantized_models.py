"""Models with a loss to lose, quantized: GPTQ loses less of it than rounding to nearest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import lmgeo
from lmgeo.core.errors import SpecError
from lmgeo.core.seeds import numpy_stream
from lmgeo.data.batching import length_sorted_batches
from lmgeo.data.document_split import split_documents
from lmgeo.models.handle import ModelHandle
from lmgeo.models.load import load_model
from lmgeo.perturb.gptq import GptqSpec
from lmgeo.perturb.round import RoundSpec
from lmgeo.perturb.springer import SpringerSpec
from lmgeo.study.perturbing import perturbation_identity, perturbed

SYMBOLS = 40


def loss_and_divergence(base: ModelHandle, changed: ModelHandle, texts: list[str]) -> tuple[float, float]:
    """Nats per token of `changed`, and its divergence from `base`, KL(base ‖ changed), per token."""
    loss = divergence = tokens = 0.0
    for batch in length_sorted_batches(base.encode(texts), 4096, base.pad_id):
        ids, mask = torch.from_numpy(batch.ids), torch.from_numpy(batch.mask)
        keep = mask[:, 1:].bool()
        with torch.inference_mode():
            p, q = (
                m.module(input_ids=ids, attention_mask=mask).logits[:, :-1][keep].log_softmax(-1)
                for m in (base, changed)
            )
        loss -= float(q.gather(1, ids[:, 1:][keep][:, None]).sum())
        divergence += float((p.exp() * (p - q)).sum())
        tokens += int(keep.sum())
    return loss / tokens, divergence / tokens


def language(count: int, seed: int) -> list[str]:
    """Words of a second-order chain: each depends on the two before it, so there is something to learn."""
    table = numpy_stream(0, "language").dirichlet(np.full(SYMBOLS, 0.1), size=(8, 8))
    stream = numpy_stream(seed, "sentences")
    texts = []
    for _ in range(count):
        words = [int(stream.integers(SYMBOLS)), int(stream.integers(SYMBOLS))]
        for _ in range(30):
            words.append(int(stream.choice(SYMBOLS, p=table[words[-2] % 8, words[-1] % 8])))
        texts.append(" ".join(f"w{i}" for i in words))
    return texts


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A decoder of width 32 and two blocks, trained on the language for two hundred steps."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"<pad>": 0, **{f"w{i}": i + 1 for i in range(SYMBOLS)}}, unk_token="<pad>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", model_max_length=64)
    config = LlamaConfig(
        vocab_size=SYMBOLS + 1,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.1,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=None,
    )
    data = torch.tensor(tokenizer(language(600, 1))["input_ids"])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = LlamaForCausalLM(config)
        optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
        for step in range(200):
            batch = data[torch.randint(len(data), (32,))]
            for group in optimizer.param_groups:
                group["lr"] = 5e-3 * (1 - step / 200)
            model(input_ids=batch, labels=batch).loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    folder = tmp_path_factory.mktemp("trained")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def calibration(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("calibration") / "text.txt"
    path.write_text("\n".join(language(200, 2)) + "\n")
    return f"text:{path}"


@pytest.mark.parametrize("act_order", [False, True])
@pytest.mark.parametrize("bits", [3, 4])
def test_gptq_loses_less_than_rounding_on_a_model_trained_here(trained, calibration, bits, act_order):
    model, text = load_model(trained), language(200, 3)
    base, _ = loss_and_divergence(model, model, text)
    assert base < 0.8 * np.log(SYMBOLS)
    rounded = loss_and_divergence(model, perturbed(model, "round", RoundSpec(bits=bits)), text)
    settings = GptqSpec(bits=bits, act_order=act_order, corpus=calibration)
    ours = loss_and_divergence(model, perturbed(model, "gptq", settings), text)
    assert base < ours[0] < rounded[0]
    assert 0 < ours[1] < rounded[1]


def test_eight_bits_lose_next_to_nothing(trained, calibration):
    model, text = load_model(trained), language(100, 3)
    settings = GptqSpec(bits=8, corpus=calibration)
    assert loss_and_divergence(model, perturbed(model, "gptq", settings), text)[1] < 1e-3


@pytest.mark.shared
def test_gptq_loses_less_on_a_published_model(shared, tmp_path):
    """Scored on stories that the model wrote itself, whose loss can only rise, and by divergence on newspaper text."""
    model = load_model(shared / "data" / "models" / "TinyStories-656K")
    stories = own_stories(model, 120, 80)
    (tmp_path / "stories.txt").write_text("\n".join(stories[:60]) + "\n")
    news = (shared / "data" / "ptb" / "ptb.valid.txt").read_text().splitlines()[:100]
    for bits, own_text_saved in ((4, 0.15), (3, 0.25)):
        rounded = perturbed(model, "round", RoundSpec(bits=bits))
        calibrated = perturbed(model, "gptq", GptqSpec(bits=bits, corpus=f"text:{tmp_path / 'stories.txt'}"))
        base, _ = loss_and_divergence(model, model, stories[60:])
        by_round, by_gptq = (loss_and_divergence(model, m, stories[60:]) for m in (rounded, calibrated))
        assert base < by_gptq[0] < by_round[0]
        assert by_gptq[1] < (1 - own_text_saved) * by_round[1]
        assert loss_and_divergence(model, calibrated, news)[1] < loss_and_divergence(model, rounded, news)[1]


def own_stories(model: ModelHandle, count: int, length: int) -> list[str]:
    """What the model writes after "Once upon a time", sampled at temperature 1."""
    ids = torch.tensor(model.encode(["Once upon a time"])[0].ids.astype(np.int64)).repeat(count, 1)
    generator = torch.Generator().manual_seed(0)
    past, last = None, ids
    with torch.inference_mode():
        for _ in range(length):
            output = model.module(input_ids=last, past_key_values=past, use_cache=True)
            past = output.past_key_values
            last = torch.multinomial(output.logits[:, -1].softmax(-1), 1, generator=generator)
            ids = torch.cat([ids, last], 1)
    return [" ".join(model.tokenizer.decode(row, skip_special_tokens=True).split()) for row in ids.tolist()]


def test_springers_noise_is_as_wide_as_the_first_weights(trained):
    model = load_model(trained)
    noisy = perturbed(model, "springer", SpringerSpec(gamma=2, seed=5)).weights()
    for name, weight in model.weights().items():
        off = (noisy[name].tensor - weight.tensor).std(correction=0)
        constant = weight.tensor.ndim == 1  # norm gains start as ones
        assert off == pytest.approx(0 if constant else 2 * 0.1, rel=0.1), name  # initializer_range 0.1


def test_the_texts_content_is_in_the_identity_and_its_path_is_not(calibration, tmp_path):
    text = Path(calibration.removeprefix("text:")).read_text()
    (tmp_path / "copy.txt").write_text(text)
    (tmp_path / "other.txt").write_text(text + "w1 w2 w3\n")

    def identity(**settings):
        return perturbation_identity("gptq", GptqSpec(**{"bits": 4, "corpus": calibration, **settings}))

    assert identity(corpus=f"text:{tmp_path / 'copy.txt'}") == identity()
    others = [{"corpus": f"text:{tmp_path / 'other.txt'}"}, {"sequences": 64}, {"seed": 1}, {"bits": 3}, {"group": 8}]
    assert all(identity(**changed) != identity() for changed in (*others, {"act_order": True}))
    with pytest.raises(SpecError, match=r"nowhere\.txt"):
        identity(corpus="text:nowhere.txt")


def test_calibrated_on_the_training_part_no_held_out_document_is_seen(trained, tmp_path, monkeypatch):
    text = tmp_path / "text.txt"
    text.write_text("\n".join(language(100, 4)) + "\n")
    train, held_out = split_documents(text.read_text().splitlines())
    read, encode = [], ModelHandle.encode
    monkeypatch.setattr(ModelHandle, "encode", lambda model, texts: read.append(texts) or encode(model, texts))
    for part in ("all", "training"):
        perturbed(load_model(trained), "gptq", GptqSpec(bits=4, corpus=f"text:{text}", part=part, sequences=1000))
    assert len(held_out) == 5
    assert [set(texts) for texts in read] == [{*train, *held_out}, {*train}]


def test_perturb_writes_a_quantized_checkpoint(trained, calibration, tmp_path):
    made = [
        lmgeo.perturb(str(trained), "gptq", {"bits": 3, "corpus": calibration}, tmp_path / "a"),
        lmgeo.perturb(str(trained), "gptq", {"bits": 3, "corpus": calibration, "sequences": 50}, tmp_path / "b"),
    ]
    assert made[0]["key"] != made[1]["key"]
    written, direct = (
        load_model(tmp_path / "a"),
        perturbed(load_model(trained), "gptq", GptqSpec(bits=3, corpus=calibration)),
    )
    assert all(torch.equal(w.tensor, direct.weights()[n].tensor) for n, w in written.weights().items())
    up = written.weights()["model.layers.0.mlp.up_proj.weight"].tensor
    assert all(len(set(row.tolist())) <= 8 for row in up)
    with pytest.raises(SpecError, match="bits"):
        lmgeo.perturb(str(trained), "round", {"bits": 1}, tmp_path / "c")
    assert not (tmp_path / "c").exists()
