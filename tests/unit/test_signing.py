"""Keys read from files, and texts sealed in an envelope that no one can change unnoticed."""

import base64
import json
import re
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from lockgate import signing
from lockgate.errors import MissingExtra, UsageError
from lockgate.signing import PAYLOAD_TYPE, is_sealed, read_private_key, read_public_key, seal, unseal

KEY = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
REFUSED = re.compile("damaged|as it was written|another key|changed after")
TEXT = '{"passed": true, "of": "ü"}\n'
SEALED = seal(TEXT, KEY)
PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8


def private(key, path, encryption=None):
    path.write_bytes(key.private_bytes(PEM, PKCS8, encryption or serialization.NoEncryption()))
    return path


def public(key, path):
    path.write_bytes(key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    return path


def test_what_is_sealed_comes_out_again():
    """The owner's public key opens the envelope."""
    assert unseal(SEALED, KEY.public_key()) == TEXT


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_can_be_sealed(text):
    """Whatever it holds, it comes out as it went in."""
    assert unseal(seal(text, KEY), KEY.public_key()) == text


def test_the_envelope_is_dsse():
    """Type, payload and signature are where other tools look for them, and are signed as they sign."""
    envelope = json.loads(SEALED)
    [signature] = envelope["signatures"]
    payload = base64.b64decode(envelope["payload"])
    assert envelope["payloadType"] == PAYLOAD_TYPE == "application/vnd.in-toto+json"
    assert payload == TEXT.encode()
    signed = b"DSSEv1 28 application/vnd.in-toto+json %d %b" % (len(payload), payload)
    KEY.public_key().verify(base64.b64decode(signature["sig"]), signed)


def test_sealing_twice_gives_the_same():
    """Ed25519 draws nothing by chance."""
    assert seal(TEXT, KEY) == SEALED


@given(st.integers(0, len(SEALED.encode()) - 1), st.integers(1, 255))
def test_no_byte_can_be_another(position, change):
    """Whichever byte of the envelope differs, it is refused."""
    data = bytearray(SEALED.encode())
    data[position] ^= change
    with pytest.raises(ValueError, match=REFUSED):
        unseal(data.decode("utf-8", "replace"), KEY.public_key())


@given(st.integers(0, len(SEALED) - 1), st.sampled_from(["", " ", "\n", "0"]))
def test_nothing_can_be_left_out_or_put_in(position, piece):
    """Neither a character less nor one more goes unnoticed."""
    for changed in (
        SEALED[:position] + SEALED[position + 1 :],
        SEALED[:position] + piece + SEALED[position:],
    ):
        if changed != SEALED:
            with pytest.raises(ValueError, match=REFUSED):
                unseal(changed, KEY.public_key())


def changed(**fields):
    return json.dumps(json.loads(SEALED) | fields) + "\n"


@pytest.mark.parametrize(
    ("envelope", "said"),
    [
        (changed(signatures=[]), "its envelope is damaged"),
        (changed(payloadType="text/plain"), "its envelope is not as it was written"),
        (changed(note="x"), "its envelope is not as it was written"),
        (changed(payload=base64.b64encode(b'{"passed": true}').decode()), "changed after it was signed"),
        (changed(payload="*"), "its envelope is damaged"),
        ("", "its envelope is damaged"),
        ("[]", "its envelope is damaged"),
        (seal(TEXT, OTHER), "it was signed with another key"),
    ],
)
def test_a_field_that_differs_is_named(envelope, said):
    """Missing, exchanged and added fields are refused, each in words."""
    with pytest.raises(ValueError, match=said):
        unseal(envelope, KEY.public_key())


def test_another_key_under_this_key_s_name_is_refused():
    """A forger who names the right key has still not signed with it."""
    [signature] = json.loads(SEALED)["signatures"]
    [forged] = json.loads(seal(TEXT, OTHER))["signatures"]
    with pytest.raises(ValueError, match="changed after it was signed"):
        unseal(changed(signatures=[signature | {"sig": forged["sig"]}]), KEY.public_key())


@pytest.mark.parametrize(
    ("text", "sealed"),
    [
        (SEALED, True),
        (SEALED[:-9], True),
        (TEXT, False),
        ("", False),
        ('{"payload": 1}', True),
        ("[]", False),
    ],
)
def test_an_envelope_is_known_even_when_broken(text, sealed):
    """So that what was signed is never read as if it had not been."""
    assert is_sealed(text) is sealed


def test_keys_are_read_from_files(tmp_path):
    """PEM files of a private and of its public key belong together."""
    ours = read_private_key(private(KEY, tmp_path / "key.pem"))
    theirs = read_public_key(public(KEY, tmp_path / "key.pub"))
    assert unseal(seal(TEXT, ours), theirs) == TEXT


def test_keys_that_openssl_makes_are_read(tmp_path):
    """The two commands that errors and pages name make such a pair."""
    key, pub = tmp_path / "key.pem", tmp_path / "key.pub"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True)
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", pub], check=True)
    assert unseal(seal(TEXT, read_private_key(key)), read_public_key(pub)) == TEXT


def test_a_private_key_that_will_not_do_is_refused_without_a_word_of_it(tmp_path):
    """Absent, no key, locked, of another kind: each with its remedy, none with what the file holds."""
    (tmp_path / "junk.pem").write_text("secret nonsense")
    locked = serialization.BestAvailableEncryption(b"word")
    rivest = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    expected = {
        tmp_path / "none.pem": "cannot be read (No such file or directory). Make one with: openssl genpkey",
        tmp_path / "junk.pem": "holds no private key in PEM form. Make one with: openssl genpkey",
        private(KEY, tmp_path / "locked.pem", locked): "has a passphrase. Give one without",
        private(rivest, tmp_path / "rsa.pem"): "is not an Ed25519 key. Make one with: openssl genpkey",
    }
    for path, said in expected.items():
        with pytest.raises(UsageError) as caught:
            read_private_key(path)
        assert said in str(caught.value)
        assert "secret nonsense" not in str(caught.value)


def test_a_public_key_that_will_not_do_is_refused(tmp_path):
    """Absent, private, no key, of another kind: each with its remedy."""
    (tmp_path / "junk.pub").write_text("nonsense")
    rivest = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    expected = {
        tmp_path / "none.pub": "cannot be read (No such file or directory). Make it of the private one",
        private(KEY, tmp_path / "key.pem"): "holds a private key, which is not for deploying",
        tmp_path / "junk.pub": "holds no public key in PEM form",
        public(rivest, tmp_path / "rsa.pub"): "is not an Ed25519 key",
    }
    for path, said in expected.items():
        with pytest.raises(UsageError) as caught:
            read_public_key(path)
        assert said in str(caught.value)


@pytest.mark.parametrize("read", [read_private_key, read_public_key])
def test_without_the_package_its_extra_is_named(read, tmp_path, monkeypatch):
    """The error has the pip line."""
    monkeypatch.setattr(signing, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'lockgate\[sign\]'"):
        read(tmp_path / "key.pem")
