"""`tune` from spec to registered adapter on a tiny Llama, and every mistake in a spec."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
from importlib.metadata import PackageNotFoundError

import pytest
from tiny_llama import save_tiny_llama

from lockgate.backends.transformers_lm import transformers
from lockgate.documents.project import load_project
from lockgate.errors import DocumentError, MissingExtra, UsageError
from lockgate.fingerprints import hash_file
from lockgate.model import Request, Setting
from lockgate.tuning.command import tune
from lockgate.tuning.spec import read_spec

SPEC = """\
family: ft
model: tiny
data: ../rows.jsonl
prompt: desk@short
validation: 0.25
epochs: 6
learning_rate: 0.03
rank: 4
targets: [q_proj, v_proj, down_proj, up_proj]
batch_tokens: 200
dtype: float32
device: cpu
output: ../adapters/one
"""


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    """A folder with the tiny Llama."""
    return save_tiny_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture
def home(tmp_path, llama, monkeypatch):
    """A project with the tiny Llama, a prompt, rows and a spec."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    files = {
        "lockgate.yaml": (
            f"models:\n  tiny: {{path: {llama.as_posix()}}}\nprompts: prompts\nbackends:\n  ft:\n"
            "    v1: {kind: scripted, answers: answers.json}  # by hand\n"
        ),
        "answers.json": "{}",
        "prompts/desk/short.yaml": 'system: "{{ task }}"\nuser: "{{ input }}"\n',
        "specs/one.yaml": SPEC,
        "rows.jsonl": "".join(
            json.dumps({"input": f"{c}?", "task": "t", "answer": {"is": "ok"}, "group": c}) + "\n"
            for c in "abcdefghijkl"
        ),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_spec_becomes_a_registered_adapter_with_its_lineage(home):
    """The adapter lies in its folder with all that it came from, and the project declares it."""
    lines = []
    tuned = tune(home / "specs" / "one.yaml", say=lines.append)
    assert tuned.backend == "ft:v2"
    assert sorted(p.name for p in (home / "adapters" / "one").iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "lineage.json",
    ]
    lineage = json.loads((home / "adapters" / "one" / "lineage.json").read_text())
    assert lineage == tuned.lineage
    assert lineage["data"] == {"rows.jsonl": hash_file(home / "rows.jsonl")}
    assert lineage["rows"] == lineage["groups"] == {"training": 9, "validation": 3}
    assert lineage["prompt"] == "desk@short"
    assert lineage["settings"]["learning_rate"] == 0.03
    assert lineage["epochs"][-1]["validation_loss"] < lineage["epochs"][0]["validation_loss"]
    assert len(lineage["base_hash"]) == 16
    assert lineage["packages"].keys() == {"torch", "transformers", "peft", "safetensors"}
    assert lines[0].startswith("9 rows to learn from, 3 held out, ")
    assert (
        load_project(home / "lockgate.yaml").declaration("ft:v2").args
        == {
            "kind": "transformers",
            "model": "tiny",
            "adapter": "adapters/one",
            "prompt": "desk@short",
        }
        or load_project(home / "lockgate.yaml").declaration("ft:v2").name == "transformers"
    )
    assert "# by hand" in (home / "lockgate.yaml").read_text()
    assert not list((home / ".lockgate" / "tuning").iterdir())


def test_files_of_one_name_are_both_in_the_lineage(home):
    """Data is named by its path from the project's folder."""
    (home / "more").mkdir()
    (home / "more" / "rows.jsonl").write_text((home / "rows.jsonl").read_text() + "\n")
    spec = SPEC.replace("../rows.jsonl", "[../rows.jsonl, ../more/rows.jsonl]")
    (home / "specs" / "one.yaml").write_text(spec.replace("epochs: 6", "epochs: 1"))
    assert tune(home / "specs" / "one.yaml").lineage["data"] == {
        "rows.jsonl": hash_file(home / "rows.jsonl"),
        "more/rows.jsonl": hash_file(home / "more" / "rows.jsonl"),
    }


@pytest.mark.parametrize("missing", ["peft", "safetensors", "tqdm"])
def test_a_missing_library_is_told_before_the_base_is_read(home, monkeypatch, missing):
    """The error has the pip line."""
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.setattr("lockgate.tuning.command.hash_weights", lambda _: pytest.fail("read the base"))
    with pytest.raises(
        MissingExtra, match=rf"`lockgate tune` needs the package '{missing}', .*lockgate\[local\]"
    ):
        tune(home / "specs" / "one.yaml")


def test_a_library_without_a_version_is_missing_too(home, monkeypatch):
    """What is half removed names none."""

    def gone(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("lockgate.tuning.command.version", gone)
    with pytest.raises(MissingExtra, match="needs the package 'torch'"):
        tune(home / "specs" / "one.yaml")


def test_what_was_learnt_is_what_the_backend_answers(home, llama):
    """The registered adapter, loaded by the backend, answers a held-out question as it was taught."""
    tune(home / "specs" / "one.yaml")
    setting = Setting(base=home, models={"tiny": {"path": str(llama)}})
    backend = transformers("tiny", adapter="adapters/one", max_tokens=16, device="cpu", setting=setting)
    messages = ({"role": "system", "content": "t"}, {"role": "user", "content": "z?"})
    (completion,) = backend.complete([Request(case_id="1", messages=messages)])
    backend.close()
    assert completion.json() == {"is": "ok"}
    assert completion.finish == "stop"


def test_an_adapter_names_no_path_of_this_machine(home, llama):
    """Configuration and lineage hold the model's name, not where it lay."""
    tune(home / "specs" / "one.yaml")
    for file in ("adapter_config.json", "lineage.json"):
        text = (home / "adapters" / "one" / file).read_text()
        assert str(llama) not in text
        assert str(home) not in text
    config = json.loads((home / "adapters" / "one" / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "tiny"


def test_an_adapter_is_stored_in_sixteen_bits(home):
    """The weights take two bytes each."""
    from safetensors import safe_open

    tune(home / "specs" / "one.yaml")
    with safe_open(home / "adapters" / "one" / "adapter_model.safetensors", "pt") as tensors:
        assert {str(tensors.get_tensor(name).dtype) for name in tensors.keys()} == {"torch.float16"}  # noqa: SIM118


def test_training_again_replaces_the_adapter_and_registers_nothing_new(home):
    """The version that declares the folder is the one that is told."""
    spec = home / "specs" / "one.yaml"
    tune(spec)
    before = (home / "lockgate.yaml").read_text()
    spec.write_text(SPEC + "seed: 5\n")
    again = tune(spec)
    assert again.backend == "ft:v2"
    assert again.lineage["settings"]["seed"] == 5
    assert (home / "lockgate.yaml").read_text() == before
    assert [p.name for p in (home / "adapters").iterdir()] == ["one"]


KILLED = """
    import os, signal, sys
    from pathlib import Path
    import torch
    torch.set_num_threads(1)
    from lockgate.tuning.command import tune
    def say(line):
        print(line, flush=True)
        if line.startswith(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
    print(tune(Path(sys.argv[1]), say=say).lineage["epochs"])
"""


@pytest.mark.slow
def test_a_killed_training_is_resumed_by_asking_again(home):
    """After `kill -9` the same command goes on with the next epoch; a changed spec begins anew."""
    spec = home / "specs" / "one.yaml"

    def run(until):
        script = textwrap.dedent(KILLED)
        return subprocess.run(
            [sys.executable, "-c", script, str(spec), until], capture_output=True, text=True, check=False
        )

    assert run("epoch 2").returncode == -signal.SIGKILL
    resumed = run("never").stdout
    assert "resumes in epoch 3, batch 1" in resumed
    assert "epoch 1/6" not in resumed
    assert run("epoch 2").returncode == -signal.SIGKILL
    spec.write_text(SPEC.replace("rank: 4", "rank: 2"))
    assert "epoch 1/6" in run("never").stdout


def wrong(spec, home, **options):
    """What is wrong with a spec, a line each."""
    (home / "specs" / "one.yaml").write_text(spec)
    with pytest.raises(DocumentError) as error:
        tune(home / "specs" / "one.yaml", **options)
    return [f"{p.path}:{p.line}:{p.column}: {p.message}" for p in error.value.problems]


def test_every_mistake_in_a_spec_is_told_at_once(home):
    """Misspelt keys, wrong types and ranges, unknown models and files: each at its place."""
    spec = """\
    famly: ft
    model: tony
    data: [../rows.jsonl, ../gone.jsonl]
    prompt: desk@shirt
    validation: 1
    epochs: 0
    learning_rate: fast
    dtype: float61
    output: ../adapters/one
    """
    told = wrong(textwrap.dedent(spec), home)
    starts = [line.split(": ", 1) for line in told]
    assert [place for place, _ in starts] == [
        f"specs/one.yaml:{at}" for at in ("1:1", "1:1", "2:8", "3:23", "4:9", "5:13", "6:9", "7:16", "8:8")
    ]
    text = "\n".join(told)
    for part in (
        "There is no key 'famly' in a tuning spec. Did you mean 'family'?",
        "The key 'family' is missing in a tuning spec",
        "There is no model 'tony' in the project's `models`. Did you mean 'tiny'?",
        "There is no file '../gone.jsonl' here. Give a path from this file.",
        "'validation' cannot be 1. Write a share from 0 to below 1.",
        "'epochs' cannot be 0. Write a whole number from 1 on.",
        "'learning_rate' cannot be 'fast'. Write a number.",
        "'dtype' cannot be 'float61'. Did you mean 'bfloat16'?",
    ):
        assert part in text
    assert "desk@shirt" in text


def test_an_output_that_would_take_other_files_along_is_refused(home):
    """The folders of spec, project and data, one with files of another kind, and a file stay as they are."""
    (home / "notes").mkdir()
    (home / "notes" / "mine.txt").write_text("mine")
    (home / "data").mkdir()
    (home / "rows.jsonl").rename(home / "data" / "rows.jsonl")
    spec = SPEC.replace("../rows.jsonl", "../data/rows.jsonl")
    before = sorted(path for path in home.rglob("*") if path.is_file())
    for output, said in (
        (".", "The folder '.' holds 'specs/one.yaml', and training replaces it whole."),
        ("''", "The folder '' holds 'specs/one.yaml'"),
        ("..", "The folder '..' holds 'specs/one.yaml'"),
        ("../data", "The folder '../data' holds 'data/rows.jsonl'"),
        ("../notes", "'../notes' is there and holds no adapter. Name a new or an empty folder."),
        ("../answers.json", "'../answers.json' is there and holds no adapter."),
    ):
        (told,) = wrong(spec.replace("../adapters/one", output), home)
        assert told.startswith(f"specs/one.yaml:13:9: {said}")
    assert sorted(path for path in home.rglob("*") if path.is_file()) == before


def test_the_folder_of_the_project_is_no_output_either(home):
    """A project that is named may lie where no folder above the spec holds it."""
    other = home / "other"
    (other / "prompts").mkdir(parents=True)
    (other / "lockgate.yaml").write_text((home / "lockgate.yaml").read_text())
    (home / "prompts").rename(other / "prompts" / "x")
    spec = SPEC.replace("prompt: desk@short\n", "").replace("../adapters/one", "../other")
    (told,) = wrong(spec, home, project=other / "lockgate.yaml")
    assert told.startswith("specs/one.yaml:12:9: The folder '../other' holds 'other/lockgate.yaml'")


@pytest.mark.parametrize("file", ["adapter_config.json", "lineage.json"])
def test_a_folder_with_an_adapter_or_with_nothing_is_an_output(home, file):
    """Both may be replaced, also where a link names them."""
    (home / "specs" / "one.yaml").write_text(SPEC)
    project = load_project(home / "lockgate.yaml")
    folder = home / "adapters" / "real"
    folder.mkdir(parents=True)
    (home / "adapters" / "one").symlink_to(folder)
    assert read_spec(home / "specs" / "one.yaml", project).output == folder.resolve()
    (folder / file).write_text("{}")
    assert read_spec(home / "specs" / "one.yaml", project).output == folder.resolve()


def test_no_data_is_a_mistake(home):
    """An empty list would train on nothing."""
    told = wrong(SPEC.replace("../rows.jsonl", "[]"), home)
    assert told == ["specs/one.yaml:3:7: 'data' is empty. Name at least one file of rows."]


def test_a_wrong_row_is_told_before_the_base_is_loaded(home, monkeypatch):
    """Mistakes in the data come at once, with the field that the prompt misses."""
    monkeypatch.setattr(
        "lockgate.tuning.command.load_weights", lambda *_, **__: pytest.fail("loaded the base")
    )
    (home / "rows.jsonl").write_text('{"input": "a", "answer": "b"}\n{"input": "c", "task": "t"}\n')
    told = wrong(SPEC, home)
    assert [line.split(": ")[0] for line in told] == ["rows.jsonl:1:1", "rows.jsonl:2:1"]
    assert "'task'" in told[0]


@pytest.mark.parametrize(
    ("family", "said"),
    [
        ("    v1: {kind: transformers, model: other, adapter: adapters/one}", "with the model 'other', and"),
        ("    {v1: {kind: scripted, answers: answers.json}}", "the place for ft:v2 is not clear"),
    ],
)
def test_what_cannot_be_registered_is_not_trained(home, monkeypatch, family, said):
    """A project file that cannot take the version is told before the base is loaded."""
    monkeypatch.setattr(
        "lockgate.tuning.command.load_weights", lambda *_, **__: pytest.fail("loaded the base")
    )
    file = home / "lockgate.yaml"
    file.write_text(file.read_text().partition("    v1:")[0] + family)
    with pytest.raises(UsageError, match=said):
        tune(home / "specs" / "one.yaml")


def test_the_prompt_is_registered_with_its_version(home):
    """A spec may leave the version out where there is only one; lineage and project file name it."""
    (home / "specs" / "one.yaml").write_text(SPEC.replace("desk@short", "desk"))
    assert (
        read_spec(home / "specs" / "one.yaml", load_project(home / "lockgate.yaml")).prompt_name
        == "desk@short"
    )


def test_rows_that_do_not_fit_the_model_are_told_together(home):
    """Each row that is longer than the window is named."""
    long = json.dumps({"input": "x" * 600, "task": "t", "answer": "y"})
    (home / "rows.jsonl").write_text(f"{long}\n{long}\n")
    with pytest.raises(UsageError) as error:
        tune(home / "specs" / "one.yaml")
    assert [line.split(": ")[0] for line in str(error.value).splitlines()] == [
        "rows.jsonl:1:1",
        "rows.jsonl:2:1",
    ]


def test_without_a_project_file_it_says_so(tmp_path):
    """A spec outside any project needs the project named."""
    (tmp_path / "one.yaml").write_text(SPEC)
    with pytest.raises(UsageError, match=r"There is no lockgate\.yaml above"):
        tune(tmp_path / "one.yaml")


def test_a_project_file_may_be_named(home, tmp_path):
    """`project` wins over the nearest file."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "lockgate.yaml").write_text((home / "lockgate.yaml").read_text())
    (other / "answers.json").write_text("{}")
    told = wrong(SPEC, home, project=other / "lockgate.yaml")
    assert told == ["other/lockgate.yaml:3:10: There is no folder 'prompts'. Correct the path."]
