"""`--llm-sign` and `lockgate verify`: what was gated, and nothing else, may be deployed."""

import base64
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lockgate.cli import main
from lockgate.signing import seal

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
GATES = "gates:\n  accuracy: {min: 0.1}\n"
AGAIN = "Gate what is to be deployed: pytest --llm-backend=ft:v3 --llm-report=DIR\n"
REPORT = Path("report/certificate.json")


@pytest.fixture(autouse=True)
def _shop(desk, monkeypatch):
    monkeypatch.chdir(desk.pytester.path)
    monkeypatch.delenv("LOCKGATE_SIGN", raising=False)
    suite = Path("evalsuites/shop.yaml")
    suite.write_text(suite.read_text() + GATES)
    none = serialization.NoEncryption()
    pem, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    Path("key.pem").write_bytes(KEY.private_bytes(pem, kind, none))
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    Path("key.pub").write_bytes(KEY.public_key().public_bytes(pem, info))


def gate(desk, *args: str, code: int = 0):
    result = desk.run("--llm-backend=ft:v3", "--llm-report=report", *args)
    assert result.ret == code
    return result


def verify(*args: str, backend: str = "ft:v3", file: str = str(REPORT)):
    return CliRunner().invoke(main, ["verify", file, "--backend", backend, *args], catch_exceptions=False)


def refused(*args: str, **named: str) -> str:
    """What is said of a refusal, without its beginning."""
    result = verify(*args, **named)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"refused: {REPORT}: ")
    return result.stderr.removeprefix(f"refused: {REPORT}: ")


def rewrite(**changes) -> None:
    """Change the one run of an unsigned certificate."""
    statement = json.loads(REPORT.read_text())
    statement["predicate"]["runs"][0].update(changes)
    REPORT.write_text(json.dumps(statement))


def test_what_was_gated_may_be_deployed(desk):
    """An unsigned certificate is a statement in the open, and says so."""
    gate(desk)
    assert json.loads(REPORT.read_text())["_type"] == "https://in-toto.io/Statement/v1"
    result = verify(backend="ft")
    assert result.exit_code == 0
    said = r"ft:v3 may be deployed: passed 1 gate \(shop\) on \S+, unchanged since, not signed\n"
    assert re.fullmatch(said, result.stdout)


@pytest.mark.parametrize("way", ["option", "variable", "ini"])
def test_a_signed_one_needs_its_key(desk, monkeypatch, way):
    """Named by option, variable or ini file; without the public key it is refused, with it it passes."""
    if way == "variable":
        monkeypatch.setenv("LOCKGATE_SIGN", "key.pem")
    if way == "ini":
        desk.pytester.makeini("[pytest]\nllm_sign = key.pem\n")
    gate(desk, *(["--llm-sign=key.pem"] if way == "option" else []))
    assert verify("--key", "key.pub").stdout.endswith("unchanged since, signed\n")
    assert refused().startswith(
        "it is signed, and without the public key nobody can tell by whom: give --key."
    )


def test_an_unsigned_one_is_refused_where_a_signature_is_asked_for(desk):
    """So is a signed one whose envelope was taken off."""
    gate(desk, "--llm-sign=key.pem")
    REPORT.write_bytes(base64.b64decode(json.loads(REPORT.read_text())["payload"]))
    assert verify().exit_code == 0
    assert refused("--key", "key.pub").startswith("it is not signed, and --key asks for a signature.")


def test_one_of_another_key_is_refused(desk):
    """Somebody else's certificate is none."""
    gate(desk)
    REPORT.write_text(seal(REPORT.read_text(), Ed25519PrivateKey.from_private_bytes(bytes(32))))
    assert refused("--key", "key.pub").startswith("it was signed with another key.")


def test_a_tampered_one_is_refused(desk):
    """Whichever byte of a signed certificate is changed, the command exits with 1."""
    gate(desk, "--llm-sign=key.pem")
    whole = REPORT.read_bytes()

    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(st.integers(0, len(whole) - 1), st.integers(1, 255))
    def changed(position, change):
        data = bytearray(whole)
        data[position] ^= change
        REPORT.write_bytes(data)
        assert verify("--key", "key.pub").exit_code == 1

    changed()


COUNTS = {"expected": 2, "answered": 2, "variants": 0, "replayed": 0, "missed": 0, "errors": 0}
FIELDS = [
    ("backend", "prompt:v1"), ("suite", 3), ("path", "evalsuites/none.yaml"), ("suite_digest", "0"),
    ("dataset_digest", "0"), ("checks", {}), ("checks", None), ("started", "2999-01-01T00:00:00+00:00"),
    ("started", "2020-01-01T00:00:00"), ("started", "soon"), ("rulings", []), ("rulings", None),
    ("rulings", [{}]), ("samples", {}), ("samples", COUNTS | {"expected": 1, "answered": 1}),
    ("samples", COUNTS | {"expected": 0, "answered": 0}), ("samples", COUNTS | {"answered": 1}),
    ("samples", COUNTS | {"missed": 1}), ("samples", COUNTS | {"errors": 1}),
    ("samples", COUNTS | {"answered": "2"}), ("samples", COUNTS | {"variants": None}),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), FIELDS)
def test_a_field_that_says_something_else_is_refused(desk, field, value):
    """Missing, wrong, partial and impossible: none of it passes, signed or not."""
    gate(desk)
    rewrite(**{field: value})
    assert refused()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "not JSON", '{"_type": "x", "predicateType": "y"}', "\xff"]
)
def test_what_is_no_certificate_is_refused(desk, text):
    """Any other file is a refusal, and no traceback."""
    REPORT.parent.mkdir()
    REPORT.write_text(text, "latin-1")
    assert "Deploy only with the certificate of the run that gated ft:v3." in refused()


def test_another_answer_is_another_backend(desk):
    """The part that changed is named, with what it was and what it is."""
    gate(desk)
    desk.write("answers/v3.json", {"hours": "At nine.", "place": "At the harbour, by the mole."})
    assert re.fullmatch(
        r"ft:v3 is not what was certified: answers was [0-9a-f]{16}, is [0-9a-f]{16}\. " + AGAIN, refused()
    )


def test_the_part_that_matters_most_is_named(desk):
    """Of a prompt and an answer that changed, it is the prompt; a part that came or went is not there."""
    gate(desk)
    statement = json.loads(REPORT.read_text())
    statement["subject"][0]["digest"]["sha256"] = "0" * 64
    told = statement["predicate"]["backends"][0]["parts"]
    for part in told:
        part["digest"]["sha256"] = "0" * 64
    statement["predicate"]["backends"][0]["parts"] = [p for p in told if p["name"] != "kind"]
    REPORT.write_text(json.dumps(statement))
    assert refused() == f"ft:v3 is not what was certified: kind was not there, is scripted. {AGAIN}"


def test_the_family_s_default_may_have_moved_on(desk):
    """A certificate of one version is none of another."""
    gate(desk)
    assert refused(backend="prompt").startswith("it is of ft:v3, not of prompt:v2. Deploy only with")


def test_a_failed_run_has_its_certificate_and_is_refused(desk):
    """It says which gate failed; an older certificate does not stay in its place."""
    gate(desk)
    suite = Path("evalsuites/shop.yaml")
    suite.write_text(suite.read_text().replace("min: 0.1", "max: 0.1"))
    gate(desk, code=1)
    assert refused().startswith(
        "ft:v3 did not pass: in shop the gate on accuracy was failed: accuracy is 1 ["
    )


def test_an_inconclusive_gate_is_no_pass(desk):
    """Not even where it is only a warning under pytest."""
    suite = Path("evalsuites/shop.yaml")
    suite.write_text(suite.read_text().replace("min: 0.1", "min: 0.9"))
    gate(desk, "--llm-inconclusive=warn")
    assert refused().startswith("ft:v3 did not pass: in shop the gate on accuracy was inconclusive: ")


def test_a_miss_and_an_error_are_no_pass(desk):
    """Neither where no gate looks at them."""
    suite = Path("evalsuites/shop.yaml")
    suite.write_text(suite.read_text().partition("gates:")[0])
    desk.write("answers/v3.json", {"hours": "At ten.", "place": "At the harbour."})
    gate(desk, code=1)
    assert refused().startswith(
        "ft:v3 did not pass: in shop 1 sample missed a check that no gate governs. Mend"
    )
    desk.write("answers/v3.json", {"place": "At the harbour."})
    gate(desk, code=1)
    assert refused().startswith(
        "ft:v3 did not pass: in shop 1 sample had no answer. Mend it, then gate it again"
    )


def test_deselected_cases_are_no_whole_run(desk):
    """A gate that some cases were kept from has not ruled."""
    suite = Path("evalsuites/shop.yaml")
    suite.write_text(suite.read_text().partition("gates:")[0])
    gate(desk, "-k", "hours")
    assert refused() == f"The run of shop is not whole: 1 of 2 samples were answered. {AGAIN}"


def test_fewer_trials_than_the_suite_s_are_no_whole_run(desk):
    """`--llm-trials` may not make a run smaller than the suite says."""
    suite = Path("evalsuites/shop.yaml")
    suite.write_text(suite.read_text().replace("suite: shop\n", "suite: shop\ntrials: 2\n"))
    gate(desk, "--llm-trials=1")
    assert refused() == f"The run of shop is not whole: it was of 2 of 4 samples. {AGAIN}"


def test_a_run_that_stopped_early_is_whole(desk):
    """It had the cases that decided it; all of their trials are due all the same."""
    desk.many(120, right=120, gates="stop: early\ntrials: 2\ngates:\n  accuracy: {min: 0.8}\n")
    gate(desk)
    assert verify().exit_code == 0
    gate(desk, "--llm-trials=1")
    assert "is not whole" in refused()


def test_variants_that_were_left_out_are_no_whole_run(desk):
    """What was asked of each case beside it belongs to the suite."""
    suite = Path("evalsuites/shop.yaml")
    suite.write_text(suite.read_text().partition("gates:")[0] + "variants: [typos]\n")
    answers = {"hours": "At nine.", "place": "At the harbour."}
    desk.write("answers/v3.json", answers | {f"{name}~typos-1": text for name, text in answers.items()})
    gate(desk)
    assert verify().exit_code == 0
    gate(desk, "--deselect", "evalsuites/shop.yaml::place~typos-1")
    assert refused() == f"The run of shop is not whole: 1 of 2 variants were answered. {AGAIN}"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("When do you open?", "When do you close?", "The cases of shop have changed"),
        ("min: 0.1", "min: 0.05", "The suite evalsuites/shop.yaml has changed"),
        ("suite: shop", "suite: shop # as ever", "The suite evalsuites/shop.yaml has changed"),
    ],
)
def test_a_suite_that_changed_is_named(desk, old, new, said):
    """Its cases first, then the file."""
    gate(desk)
    suite = Path("evalsuites/shop.yaml")
    suite.write_text(suite.read_text().replace(old, new))
    assert refused() == f"{said} since ft:v3 was certified. {AGAIN}"


def test_a_suite_that_is_gone_is_named(desk):
    """A gate that nobody can look at any more is none."""
    gate(desk)
    Path("evalsuites/shop.yaml").unlink()
    assert refused() == f"The suite evalsuites/shop.yaml is not there any more. {AGAIN}"


def test_a_check_that_changed_is_named(desk):
    """A function in a conftest that lets more pass is another check, although the suite reads the same."""
    head = "from lockgate import check\n\n@check\ndef short(case, completion):\n"
    code = f"{head}    return len(completion.text) < {{}}\n"
    desk.write("conftest.py", code.format(50))
    suite = Path("evalsuites/shop.yaml")
    suite.write_text(suite.read_text().replace("checks:\n", "checks:\n  - short\n"))
    result = desk.pytester.runpytest_subprocess(
        "-p", "no:xdist", "--llm-backend=ft:v3", "--llm-report=report"
    )
    assert result.ret == 0
    assert verify().exit_code == 0
    desk.write("conftest.py", code.format(500))
    assert refused() == f"The check short (short) of shop has changed since ft:v3 was certified. {AGAIN}"


def test_a_certificate_expires(desk):
    """`--max-age` looks at the oldest run; a week ago is younger than eight days."""
    gate(desk)
    assert verify("--max-age", "1h").exit_code == 0
    rewrite(started="2020-01-01T00:00:00+00:00")
    assert verify().exit_code == 0
    said = f"The certificate has expired: its run of shop is from 2020-01-01T00:00:00+00:00. {AGAIN}"
    assert refused("--max-age", "7d") == said


def test_what_a_certificate_says_is_shown_as_text(desk):
    """A forged suite's name moves no cursor and colours nothing."""
    gate(desk)
    rewrite(suite="\x1b[2Jshop")
    assert "passed 1 gate (\\x1b[2Jshop)" in verify().stdout
    rewrite(path="\x1b[2J.yaml")
    assert refused().startswith("The suite \\x1b[2J.yaml is not there any more.")


def test_a_suite_can_be_demanded(desk):
    """Else a certificate of one easy suite would do for all."""
    gate(desk)
    assert verify("--suite", "shop").exit_code == 0
    assert refused("--suite", "safety") == f"The suite 'safety' is not covered, only shop. {AGAIN}"


def test_a_certificate_covers_all_that_ran_together(desk):
    """Of two backends each is judged by its own runs."""
    desk.write("answers/v1.json", {"hours": "No.", "place": "No."})
    suite = Path("evalsuites/shop.yaml")
    suite.write_text(suite.read_text().replace("min: 0.1", "max: 1, min: 0.01"))
    assert desk.run("--llm-backend=ft:v3,prompt:v1", "--llm-report=report").ret == 1
    assert verify().exit_code == 0
    assert refused(backend="prompt:v1").startswith("prompt:v1 did not pass: in shop the gate on accuracy")


def test_it_verifies_from_elsewhere(desk, monkeypatch, tmp_path_factory):
    """The project file says where suites are looked for."""
    gate(desk)
    home = Path.cwd()
    monkeypatch.chdir(tmp_path_factory.mktemp("else"))
    result = verify("--project", str(home / "lockgate.yaml"), file=str(home / REPORT))
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (
            ["none.json", "--backend", "ft:v3"],
            4,
            "none.json cannot be read (No such file or directory). Name a",
        ),
        (["lockgate.yaml", "--backend", "ft:v9"], 4, "There is no backend 'ft:v9'. The versions"),
        (
            ["lockgate.yaml", "--backend", "ft", "--max-age", "soon"],
            4,
            "--max-age: 'soon' is no age. Write 12h",
        ),
        (["lockgate.yaml", "--backend", "ft", "--key", "key.pem"], 4, "key.pem holds a private key"),
        (["lockgate.yaml", "--backend", "ft", "--project", "x.yaml"], 4, "x.yaml:1:1: There is no such file"),
        (["lockgate.yaml"], 2, "Missing option '--backend'"),
        ([], 2, "Missing argument 'CERTIFICATE'"),
    ],
)
def test_a_wrong_call_is_no_refusal(args, code, said):
    """Its exit code is another than 1, and its text says what to write."""
    result = CliRunner().invoke(main, ["verify", *args], catch_exceptions=False)
    assert result.exit_code == code
    assert said in result.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (
            ["--llm-report=report", "--llm-sign=none.pem"],
            "--llm-sign: The signing key *none.pem cannot be read",
        ),
        (["--llm-sign=key.pem"], "--llm-sign signs the certificate. Say where it goes: --llm-report=DIR."),
        (
            ["--llm-report=report", "--llm-sign=key.pub"],
            "*key.pub holds no private key in PEM form. Make one with",
        ),
    ],
)
def test_a_key_that_will_not_do_ends_the_session(desk, args, said):
    """Exit code 4, before anything is asked, and without a certificate."""
    result = desk.run("--llm-backend=ft:v3", *args)
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*{said}*"])
    assert not REPORT.exists()


def test_a_key_in_the_ini_file_is_not_needed_without_reports(desk):
    """Whoever runs the tests at a desk has no key."""
    desk.pytester.makeini("[pytest]\nllm_sign = none.pem\n")
    assert desk.run("--llm-backend=ft:v3").ret == 0


def test_the_key_is_written_nowhere(desk):
    """Neither the private key nor its file's name is in a report, the journal or the terminal."""
    result = gate(desk, "--llm-sign=key.pem")
    secret = Path("key.pem").read_text().splitlines()[1]
    written = [p for p in (*Path("report").iterdir(), Path(".lockgate/journal.sqlite")) if p.is_file()]
    assert len(written) >= 4
    assert all(secret.encode() not in p.read_bytes() and b"key.pem" not in p.read_bytes() for p in written)
    assert secret not in result.stdout.str()
