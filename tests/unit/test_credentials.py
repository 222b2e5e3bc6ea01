"""Keys and tokens by their published forms, and what only stands for one."""

import base64
import json
import string

import pytest

from lockgate.checks.credentials import FORMS, credentials

MIXED = "q7Zk2Vt9Lx4Bw8Rn3Hs6Jd1Mf5Gp0Yc7Ta4Xe9Uo2Ki8Wb6Qv3Nz5Dr1Fh7"


def token(header):
    """A JSON web token with that header."""
    parts = [json.dumps(header), '{"sub": "anna", "iat": 1}']
    coded = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts]
    return ".".join([*coded, MIXED[:43]])


LIVE = {
    "aws_access_key": "AKIA" + "Q3EGUZ7XLMN2WT5B",
    "anthropic_key": "sk-" + "ant-api03-" + MIXED[:40],
    "openai_key": "sk-" + "proj-" + MIXED[:40],
    "github_token": "gh" + "p_" + MIXED[:36],
    "gitlab_token": "glpat" + "-" + MIXED[:20],
    "slack_token": "xox" + "b-2094857-" + MIXED[:24],
    "stripe_key": "sk" + "_live_" + MIXED[:24],
    "google_key": "AI" + "za" + MIXED[:35],
    "hugging_face_token": "hf" + "_" + MIXED[:34],
    "npm_token": "npm" + "_" + MIXED[:36],
    "pypi_token": "pypi-" + "AgEIcHlwaS5vcmc" + MIXED[:50],
    "sendgrid_key": "SG" + "." + MIXED[:22] + "." + MIXED[:43],
    "digitalocean_token": "dop_v1_" + "7f3a9c0e" * 8,
    "telegram_token": "110201543" + ":AA" + MIXED[:33],
    "shopify_token": "shpat" + "_" + "7f3a9c0e5b2d4816" * 2,
    "json_web_token": token({"alg": "HS256"}),
    "private_key": "-----BEGIN " + "RSA PRIVATE KEY-----\n" + MIXED,
}


def test_every_form_has_a_live_one_here():
    """The table of these tests and the table of forms are the same."""
    assert set(LIVE) == set(FORMS)


@pytest.mark.parametrize("kind", sorted(LIVE))
def test_a_live_one_is_found(kind):
    """A key of each form is found in the middle of a sentence, exactly."""
    text = f"Use this one: {LIVE[kind]}\nand keep it safe."
    found = credentials(text)
    assert [f.kind for f in found] == [kind]
    assert text[found[0].start : found[0].end] == found[0].text
    assert found[0].text.strip().startswith(LIVE[kind][:12])


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "IOSFODNN7EXAMPLE",
        "sk-" + "x" * 40,
        "sk-" + "your-key-goes-here-1234567890",
        "gh" + "p_" + "a1" * 18,
        "gh" + "p_" + (string.ascii_lowercase + "0123456789"),
        "glpat" + "-placeholder-token-9Zk2Vt",
        "task-list-of-2024-for-the-quarterly-review",
        "risk-assessment-for-the-year-2024-and-after",
        token({"typ": "none"}),
        "eyJub3QganNvbg.eyJub3QganNvbg.eyJub3QganNvbg12345",
        "123e4567-e89b-12d3-a456-426614174000",
        "d41d8cd98f00b204e9800998ecf8427e",
        "-----BEGIN " + "PUBLIC KEY-----\n" + MIXED,
        "sk-" + "learn is a library for machine learning",
    ],
)
def test_what_stands_for_one_is_not_found(text):
    """Examples, placeholders, rows of one letter, hashes, ids and words with a prefix are none."""
    assert credentials(text) == []
