"""Ed25519 signatures over a text, in the envelope that supply-chain tools share (DSSE)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from lockgate.errors import MissingExtra, UsageError
from lockgate.plain import as_json
from lockgate.strict_json import parse

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["PAYLOAD_TYPE", "is_sealed", "read_private_key", "read_public_key", "seal", "unseal"]

PAYLOAD_TYPE = "application/vnd.in-toto+json"
"""What is signed: an in-toto statement."""

_MAKE = "Make one with: openssl genpkey -algorithm ed25519 -out key.pem"
_MAKE_PUBLIC = "Make it of the private one: openssl pkey -in key.pem -pubout -out key.pub"


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """The Ed25519 key of a PEM file without a passphrase.

    Raises:
        UsageError: there is no such file, or it holds something else; never with what is in it.
        MissingExtra: cryptography is not installed.
    """
    _check_library()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = _read(path, "signing key", _MAKE)
    try:
        key = load_pem_private_key(data, password=None)
    except TypeError:
        raise UsageError(
            f"The signing key {path} has a passphrase. Give one without: it is read in CI."
        ) from None
    except Exception:  # noqa: BLE001  (the library has many, and their texts may quote the key)
        raise UsageError(f"{path} holds no private key in PEM form. {_MAKE}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"The signing key {path} is not an Ed25519 key. {_MAKE}")
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """The Ed25519 public key of a PEM file.

    Raises:
        UsageError: there is no such file, or it holds something else.
        MissingExtra: cryptography is not installed.
    """
    _check_library()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    data = _read(path, "public key", _MAKE_PUBLIC)
    try:
        key = load_pem_public_key(data)
    except Exception:  # noqa: BLE001  (as above)
        private = b"PRIVATE KEY" in data
        what = (
            "holds a private key, which is not for deploying"
            if private
            else "holds no public key in PEM form"
        )
        raise UsageError(f"{path} {what}. {_MAKE_PUBLIC}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"The public key {path} is not an Ed25519 key. {_MAKE_PUBLIC}")
    return key


def seal(text: str, key: Ed25519PrivateKey) -> str:
    """A text in a DSSE envelope with one signature (github.com/secure-systems-lab/dsse, version 1.0.2).

    The same text and key always give the same envelope (RFC 8032: Ed25519 is deterministic).
    """
    payload = text.encode()
    return _envelope(payload, _key_id(key.public_key()), key.sign(_encoding(payload)))


def unseal(envelope: str, key: Ed25519PublicKey) -> str:
    """The text that was sealed, if this key's owner sealed it and no byte has changed since.

    Raises:
        ValueError: otherwise; its text ends a sentence.
    """
    payload, key_id, signature = _contents(envelope)
    if key_id != _key_id(key):
        raise ValueError("it was signed with another key")
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(signature, _encoding(payload))
    except InvalidSignature:
        raise ValueError(
            "its signature does not match what it says: it was changed after it was signed"
        ) from None
    return payload.decode()


def is_sealed(text: str) -> bool:
    """Whether a text is meant to be an envelope, whole or broken."""
    try:
        content = parse(text)
    except ValueError:
        return '"payload' in text or '"signatures"' in text
    return isinstance(content, dict) and bool({"payload", "payloadType", "signatures"} & set(content))


def _envelope(payload: bytes, key_id: str, signature: bytes) -> str:
    content = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": key_id, "sig": base64.b64encode(signature).decode()}],
    }
    return f"{as_json(content)}\n"


def _contents(envelope: str) -> tuple[bytes, str, bytes]:
    """Payload, key id and signature of an envelope that is byte for byte as `_envelope` writes it."""
    try:
        content = parse(envelope)
        [signature] = content["signatures"]
        payload, signed = (base64.b64decode(t, validate=True) for t in (content["payload"], signature["sig"]))
        found = payload, str(signature["keyid"]), signed
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise ValueError("its envelope is damaged") from None
    # What the signature does not cover (spaces, further keys) may not differ either: one envelope, one text.
    if _envelope(*found) != envelope:
        raise ValueError("its envelope is not as it was written")
    return found


def _encoding(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: type and payload, each with its length before it."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def _key_id(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def _read(path: Path, what: str, remedy: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"The {what} {path} cannot be read ({error.strerror}). {remedy}") from error


def _check_library() -> None:
    if find_spec("cryptography") is None:
        raise MissingExtra(feature="A signed certificate", package="cryptography", extra="sign")
