"""Every CI file of the how-to pages is read, and every command in it is run, against a scratch project."""

import json
import re
import shutil

import pytest
import yaml
from pipelines import HOW_TO, Workplace, desk_scripts, files

from lockgate.documents.project import load_project

PAGES = sorted(page.name for page in HOW_TO.glob("*.md"))
SHOWN = [(page, path) for page in PAGES for path in files(page)]
PROJECT = """\
backends:
  ft: {v3: {kind: scripted, answers: answers.json}}
  api: {v1: {kind: scripted, answers: answers.json}}
"""
RIGHT = {f"c{n}": "yes" for n in range(60)}
ROWS = "".join(f"  - {{id: {name}, input: 'Say yes.'}}\n" for name in RIGHT)
GATES = "gates:\n  accuracy: {min: 0.9}\n"
SUITE = f"suite: desk\ncases:\n{ROWS}checks:\n  - contains: {{value: 'yes', metric: accuracy}}\n{GATES}"
COMMANDS = re.compile(r"\b(pytest|lockgate [a-z]+) ")
DEPLOY = '#!/bin/sh\necho "$1" > deployed\n'


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project whose answers are right, with recordings, baselines and keys as the pages make them."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "evalsuites").mkdir()
    for path, text in {
        "lockgate.yaml": PROJECT,
        "evalsuites/desk.yaml": SUITE,
        "answers.json": json.dumps(RIGHT),
        "pytest.ini": "[pytest]\n",
        "deploy.sh": DEPLOY,
    }.items():
        (folder / path).write_text(text)
    (folder / "deploy.sh").chmod(0o755)
    made = Workplace(folder)
    for script in (*desk_scripts("deploy.md"), *desk_scripts("pull-requests.md")):
        done(made.sh(script))
    done(made.sh("cp baselines/desk.json baselines/api.json; rm -rf .lockgate report"))
    return folder


@pytest.fixture
def place(project, tmp_path):
    """A fresh check-out of it: neither a journal nor a report, and the signing key is elsewhere."""
    shutil.copytree(project, tmp_path / "desk")
    key = (tmp_path / "desk/key.pem").replace(tmp_path / "secret.pem").read_text().rstrip("\n")
    secrets = {"secrets.OPENAI_API_KEY": "sk-test", "secrets.LOCKGATE_KEY": key}
    return Workplace(
        tmp_path / "desk", secrets=secrets, environ={"LOCKGATE_SIGN": str(tmp_path / "secret.pem")}
    )


def done(result):
    assert result.returncode == 0, result.stdout + result.stderr
    return result


def run_all(place, page, path):
    """What comes of each job of a file: its name and its result."""
    way = {"Jenkinsfile": place.jenkins, ".gitlab-ci.yml": place.gitlab}.get(path, place.github)
    return way(files(page)[path])


CI_FILES = [(page, path) for page, path in SHOWN if path != "lockgate.yaml"]


@pytest.mark.parametrize(("page", "path"), CI_FILES)
def test_every_command_of_every_file_runs(place, page, path):
    """Each job of each page ends with exit code 0, having called what is shown; what passed is deployed."""
    for name, result in run_all(place, page, path):
        assert result.returncode == 0, f"{name}: {result.stdout}{result.stderr}"
    shown, ran = (set(COMMANDS.findall(text)) for text in (files(page)[path], "\n".join(place.done)))
    assert shown == ran
    assert "pytest" in ran
    assert (place.folder / "deployed").exists() is ("./deploy.sh ft:v3" in files(page)[path])


@pytest.mark.parametrize("path", sorted(files("deploy.md")))
def test_what_was_not_gated_is_not_deployed(place, path):
    """An answer that changed between gate and deploy step: refused by name, and nothing after it runs."""
    results = run_all(place, "deploy.md", path)
    done(next(results)[1])
    (place.folder / "answers.json").write_text(json.dumps(RIGHT | {"c1": "no"}))
    name, result = next(results)
    assert (name, result.returncode) == ("deploy", 1)
    assert "ft:v3 is not what was certified: answers was " in result.stderr
    assert not (place.folder / "deployed").exists()


@pytest.mark.parametrize("path", sorted(files("pull-requests.md")))
def test_a_change_that_was_not_recorded_stops_the_pull_request(place, path):
    """Answers of another prompt are not replayed for this one."""
    (place.folder / "answers.json").write_text(json.dumps(RIGHT | {"c1": "yes!"}))
    [(_, result)] = run_all(place, "pull-requests.md", path)
    assert result.returncode == 1
    assert "not journalled" in result.stdout or "not in the journal" in result.stdout


@pytest.mark.parametrize("path", sorted(files("shards.md")))
def test_shards_are_ruled_on_together(place, path):
    """Each job has asked a part, and the record of the last has all."""
    counts = [
        result.stdout.count("passed") for name, result in run_all(place, "shards.md", path) if name == "ask"
    ]
    assert counts == [1, 1, 1]
    [run] = json.loads((place.folder / "report/run.json").read_text())["runs"]
    assert sorted(sample["case_id"] for sample in run["samples"]) == sorted(RIGHT)


def test_the_step_s_summary_is_written(place):
    """On GitHub a pull request shows its rulings."""
    done(next(run_all(place, "pull-requests.md", ".github/workflows/gate.yml"))[1])
    assert (
        (place.folder / ".temporary/summary.md").read_text().startswith("## ✅ Lockgate: all 1 gate passed\n")
    )


@pytest.mark.parametrize(("page", "path"), [pair for pair in SHOWN if pair[1].endswith((".yml", ".yaml"))])
def test_every_yaml_is_read(page, path):
    """It is one mapping."""
    assert isinstance(yaml.safe_load(files(page)[path]), dict)


def test_the_gpu_page_s_project_is_one(tmp_path):
    """Its keys are those of the reference."""
    (tmp_path / "prompts").mkdir()
    (tmp_path / "lockgate.yaml").write_text(files("gpu.md")["lockgate.yaml"])
    project = load_project(tmp_path / "lockgate.yaml")
    assert project.declaration("ft").args["device"] == "cuda"
