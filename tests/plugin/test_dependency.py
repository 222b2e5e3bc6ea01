"""A repository that uses Lockgate: a prompt regresses, is stopped, is mended, and only then is deployed."""

import subprocess
import sys
from pathlib import Path

import pytest
from chat_server import ChatServer, chat
from junitparser import JUnitXml

BIN = Path(sys.executable).parent
FILES = {
    "lockgate.yaml": """\
backends:
  desk: {v1: {kind: openai, model: m, base_url: "${DESK_URL}", api_key_env: DESK_KEY, prompt: desk@v1}}
prompts: prompts
""",
    "prompts/desk/v1.yaml": "system: Answer yes. Be exact.\nuser: '{{ input }}'\n",
    "evalsuites/desk.yaml": """\
suite: desk
dataset: ../cases.jsonl
checks: [equals: {value: "yes", metric: accuracy}]
gates: {accuracy: {min: 0.85, no_worse_than: baseline, margin: 0.05}}
""",
    "cases.jsonl": "".join(f'{{"id": "c{n:02}", "input": "Question {n}"}}\n' for n in range(80)),
    "pytest.ini": "[pytest]\n",
}


def answer(body):
    """A model that needs to be told to be exact: else it gets every second question wrong."""
    system, user = (message["content"] for message in body["messages"])
    wrong = "exact" not in system and int(user.split()[1]) % 2
    return chat("maybe" if wrong else "yes")


@pytest.fixture
def repository(tmp_path):
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_from_regression_to_deployment(repository, monkeypatch):
    """A regression is stopped with its cases named; what was mended passes; old certificates are refused."""
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_SHA", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)

    def run(*command, code):
        result = subprocess.run(
            [str(BIN / command[0]), *command[1:]], cwd=repository, capture_output=True, text=True, check=False
        )
        assert result.returncode == code, result.stdout + result.stderr
        return result.stdout + result.stderr

    def gate(report, *args, code):
        return run(
            "pytest", "-p", "no:xdist", "--llm-backend=desk:v1", f"--llm-report={report}", *args, code=code
        )

    def verify(report, *, code):
        return run("lockgate", "verify", f"{report}/certificate.json", "--backend", "desk:v1", code=code)

    prompt = repository / "prompts/desk/v1.yaml"
    with ChatServer(answer) as server:
        monkeypatch.setenv("DESK_URL", server.url)
        monkeypatch.setenv("DESK_KEY", "sk-secret-of-the-desk")
        accepted = gate("first", "--llm-baseline=desk:v1", code=0)
        verify("first", code=0)

        prompt.write_text("system: Answer yes.\nuser: '{{ input }}'\n")
        stopped = gate("report,github", "--llm-baseline=first/run.json", code=1)
        assert "desk.yaml,line=4,title=desk on desk%3Av1%3A accuracy failed" in stopped
        summary = (repository / "report/summary.md").read_text()
        assert "<details open><summary>Cases that changed: 40 newly failing</summary>" in summary
        assert "- ❌ newly failing <code>c01</code> (cases.jsonl:2) in desk on desk:v1: accuracy" in summary
        [suite] = JUnitXml.fromfile(str(repository / "report/junit.xml"))
        assert [r.type for case in suite for r in case.result if hasattr(r, "type") and r.type] == [
            "regression"
        ]
        assert "prompt was " in verify("first", code=1)
        assert "did not pass: in desk the gate on accuracy was failed" in verify("report", code=1)

        prompt.write_text("system: Answer yes, and be exact about it.\nuser: '{{ input }}'\n")
        gate("report", "--llm-baseline=first/run.json", code=0)
        assert "may be deployed" in verify("report", code=0)
        assert "prompt was " in verify("first", code=1)
    written = "".join(p.read_text() for p in (repository / "report").iterdir())
    assert "sk-secret-of-the-desk" not in written + accepted + stopped
