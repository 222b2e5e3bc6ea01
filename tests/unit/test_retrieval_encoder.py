"""The encoder in this process: pooling, batching, cutting and counting, on a tiny BERT."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest
from tiny_encoder import save_tiny_encoder

from lockgate.errors import FatalBackendError, MissingExtra
from lockgate.retrieval import encoder, loading
from lockgate.retrieval.encoder import LocalEmbedder

TEXTS = ["the cat sat on the mat", "rome is in italy", "a dog ran", "fishes"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the tiny encoder, its vectors the mean of their tokens'."""
    return save_tiny_encoder(tmp_path_factory.mktemp("mean"))


@pytest.fixture
def tiny(folder):
    """The tiny encoder."""
    return LocalEmbedder(model=str(folder), weights="tiny")


def test_vectors_are_of_unit_length_and_in_order(tiny):
    """Each text gets its own vector whatever its place in the batch."""
    vectors = tiny.encode(TEXTS)
    assert vectors.shape == (4, 16)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(tiny.encode(TEXTS[::-1])[::-1], vectors, atol=1e-5)


def test_padding_does_not_change_a_vector(tiny):
    """A text alone and beside a longer one has the same vector."""
    np.testing.assert_allclose(tiny.encode(["fishes"])[0], tiny.encode(TEXTS)[3], atol=1e-5)


def test_small_batches_give_the_same_vectors(tiny, monkeypatch):
    """How many texts share a batch does not matter."""
    whole = tiny.encode(TEXTS)
    monkeypatch.setattr(encoder, "_BATCH_TOKENS", 1)
    np.testing.assert_allclose(tiny.encode(TEXTS), whole, atol=1e-5)


def test_a_vector_is_the_mean_of_all_tokens(tiny, folder):
    """The vector is the mean of the last hidden states, special tokens included."""
    from transformers import AutoModel, AutoTokenizer

    ids = AutoTokenizer.from_pretrained(folder)(["a dog ran"], return_tensors="pt")
    states = AutoModel.from_pretrained(folder)(**ids).last_hidden_state[0].detach().numpy()
    mean = states.mean(axis=0)
    np.testing.assert_allclose(tiny.encode(["a dog ran"])[0], mean / np.linalg.norm(mean), atol=1e-5)


def test_a_folder_may_ask_for_the_first_token(tmp_path):
    """With `pooling_mode_cls_token` the vector is the first hidden state."""
    from transformers import AutoModel, AutoTokenizer

    folder = save_tiny_encoder(tmp_path / "cls", pooling="cls")
    ids = AutoTokenizer.from_pretrained(folder)(["a dog ran"], return_tensors="pt")
    first = AutoModel.from_pretrained(folder)(**ids).last_hidden_state[0, 0].detach().numpy()
    vector = LocalEmbedder(model=str(folder), weights="cls").encode(["a dog ran"])[0]
    np.testing.assert_allclose(vector, first / np.linalg.norm(first), atol=1e-5)


def test_token_vectors_leave_special_tokens_out(tiny):
    """There is one unit vector per counted token, whatever the padding."""
    vectors = tiny.encode_tokens(TEXTS)
    assert [len(v) for v in vectors] == tiny.count(TEXTS) == [6, 4, 3, 2]
    np.testing.assert_allclose(np.linalg.norm(vectors[0], axis=1), 1.0, rtol=1e-5)


def test_long_texts_are_cut_but_counted_whole(tiny):
    """The side file's length includes the two special tokens; counting cuts nothing."""
    assert tiny.max_tokens == 14
    assert len(tiny.encode_tokens(["cat " * 40])[0]) == 14
    assert tiny.count(["cat " * 40]) == [40]
    np.testing.assert_array_equal(tiny.encode(["cat " * 40]), tiny.encode(["cat " * 14]))


def test_without_side_files_the_length_is_the_networks(tmp_path, folder):
    """A plain encoder folder is read to its last position, and pooled by the mean."""
    plain = tmp_path / "plain"
    shutil.copytree(folder, plain)
    (plain / "sentence_bert_config.json").unlink()
    shutil.rmtree(plain / "1_Pooling")
    bare = LocalEmbedder(model=str(plain), weights="plain")
    assert bare.max_tokens == 30
    np.testing.assert_allclose(
        bare.encode(TEXTS), LocalEmbedder(model=str(folder), weights="").encode(TEXTS), atol=1e-5
    )


def test_no_texts_give_no_vectors(tiny):
    """An empty list is answered with empty results."""
    assert tiny.encode([]).shape == (0, 16)
    assert tiny.encode_tokens([]) == []
    assert tiny.count([]) == []


def test_an_empty_text_has_a_vector(tiny):
    """A text without tokens is the mean of the special ones, and has no token vectors."""
    assert np.isfinite(tiny.encode([""])).all()
    assert tiny.encode_tokens([""])[0].shape == (0, 16)


def test_loading_prints_nothing(folder, capfd):
    """Loading and encoding leave the terminal alone, and progress bars off for whoever loads beside them."""
    from transformers.utils import logging

    encoder._load.cache_clear()
    loading._load.cache_clear()
    with warnings.catch_warnings():
        # The hub's client says so where it was imported after a loading had silenced it.
        warnings.simplefilter("ignore", UserWarning)
        logging.enable_progress_bar()
    LocalEmbedder(model=str(folder), weights="tiny").encode(TEXTS)
    assert not logging.is_progress_bar_enabled()
    assert capfd.readouterr() == ("", "")


def test_the_environment_is_set_before_torch_is_imported(folder):
    """In a fresh process an encoder's first use sets what torch and the hub's client read when imported."""
    code = f"""
    import sys, os
    class Spy:
        def find_spec(self, name, path=None, target=None):
            if name in ("torch", "huggingface_hub") and name not in seen:
                seen[name] = "GOMP_SPINCOUNT" in os.environ and "HF_HUB_DISABLE_PROGRESS_BARS" in os.environ
    seen = {{}}
    sys.meta_path.insert(0, Spy())
    from lockgate.retrieval.encoder import LocalEmbedder
    LocalEmbedder(model={str(folder)!r}, weights="").encode(["a cat"])
    print(sorted(seen.items()))
    """
    own = ("GOMP_SPINCOUNT", "HF_HUB_DISABLE_PROGRESS_BARS")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={name: value for name, value in os.environ.items() if name not in own},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.stdout, done.stderr) == ("[('huggingface_hub', True), ('torch', True)]\n", "")


@pytest.mark.parametrize(
    ("kind", "feature"), [("encoder", "An encoder"), ("cross-encoder", "A cross-encoder")]
)
def test_a_missing_package_is_told_with_what_needs_it(monkeypatch, kind, feature):
    """Without transformers the error names the feature and has the pip line."""
    loading._load.cache_clear()
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtra, match=rf"^{feature} needs .*lockgate\[local\]"):
        loading.load_network("nowhere", kind)


def test_a_folder_without_weights_is_fatal(tmp_path):
    """What cannot be loaded stops all, in one line that names it."""
    with pytest.raises(FatalBackendError, match=r"^The encoder '.*' cannot be loaded: .+$"):
        LocalEmbedder(model=str(tmp_path), weights="").encode(["x"])
