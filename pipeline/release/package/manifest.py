"""The signed list of a release's files, and the chain of releases.

`manifest.json` names every file with bytes and sha256; `manifest.sig` is its Ed25519 signature (RFC
8032) in base64. The signing key is derived from the key in PRIVATE, so that there is only one
secret to keep.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.base.files import naming, sha256

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MANIFEST, SIGNATURE, PUBLIC_KEY = "manifest.json", "manifest.sig", "public_key.pem"
UNLISTED = (MANIFEST, SIGNATURE)
Problem = tuple[str, Mapping[str, Any]]  # a message's key and params


def signing_key(secret: bytes) -> Ed25519PrivateKey:
    """The signing key, derived from the secret in PRIVATE by keyed BLAKE2b (RFC 7693)."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    seed = hashlib.blake2b(b"signature of releases", key=secret, digest_size=32).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """The public key as PEM, as the site shows it and `verify` reads it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def fingerprint(pem: bytes) -> str:
    """The first 16 hex digits of the sha256 of a public key, for people to compare."""
    return hashlib.sha256(pem).hexdigest()[:16]


def hashed(folder: Path, known: Mapping[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """File of a release → `{"bytes", "sha256"}`, in the order of names.

    `known`: file → sha256 of those whose hash need not be computed again.
    """
    files = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        if name not in UNLISTED:
            digest = known[name] if known and name in known else sha256(path)
            files[name] = {"bytes": path.stat().st_size, "sha256": digest}
    return files


def sign(folder: Path, content: Mapping[str, Any], secret: bytes) -> None:
    """Write manifest.json with `content`, and its signature, into `folder`."""
    from pipeline.release.package.package import write_json

    key = signing_key(secret)
    write_json(folder / MANIFEST, content)
    signature = key.sign((folder / MANIFEST).read_bytes())
    with naming(folder / SIGNATURE):
        (folder / SIGNATURE).write_bytes(signature_text(signature))


def signed_parts(content: Mapping[str, Any], secret: bytes) -> dict[str, bytes]:
    """Manifest, signature and public key of a package that can be verified alone (name → bytes)."""
    from pipeline.release.package.package import json_text

    key, text = signing_key(secret), json_text(content).encode()
    return {
        MANIFEST: text,
        SIGNATURE: signature_text(key.sign(text)),
        PUBLIC_KEY: public_pem(key),
    }


def read(folder: Path) -> dict[str, Any]:
    """A release's manifest; {} where there is none that can be read."""
    try:
        found = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def number(folder: Path) -> int:
    """The number of a release in its store, counted from 1; 0 where its manifest lacks it."""
    found = read(folder).get("number", 0)
    return found if isinstance(found, int) else 0


def link(folder: Path | None) -> dict[str, str] | None:
    """The entry of a release in the chain of later ones: its id and its manifest's SHA-256."""
    if folder is None:
        return None
    return {"release": folder.name, "manifest_sha256": sha256(folder / MANIFEST)}


# ---------------------------------------------------------------- verification


def problems_of_text(manifest: bytes, signature: bytes, pem: bytes) -> Iterator[Problem]:
    """What is wrong with a manifest and its signature, by the public key in `pem`.

    Yields nothing where the signature is valid (Ed25519, RFC 8032).
    """
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem)
        assert isinstance(key, Ed25519PublicKey)
    except (ValueError, AssertionError, UnsupportedAlgorithm):
        yield "verify-key", {"file": PUBLIC_KEY}
        return
    try:
        plain = base64.b64decode(signature)
        key.verify(plain, manifest)
    except (InvalidSignature, ValueError):
        plain = b""
    if signature_text(plain) != signature:  # base64 has unused bits, which must be as we write them
        yield "verify-signature", {"file": SIGNATURE}


def signature_text(signature: bytes) -> bytes:
    """The content of manifest.sig."""
    return base64.b64encode(signature) + b"\n"


def problems_of_files(
    listed: Mapping[str, Mapping[str, Any]], found: Mapping[str, tuple[int, str]]
) -> Iterator[Problem]:
    """Files that are missing, changed, or present and not listed.

    `listed`: the manifest's `files`; `found`: file → (bytes, sha256).
    """
    for name, entry in sorted(listed.items()):
        if name not in found:
            yield "verify-missing", {"file": name}
        elif found[name] != (entry["bytes"], entry["sha256"]):
            yield "verify-changed", {"file": name}
    for name in sorted(found.keys() - listed.keys() - set(UNLISTED)):
        yield "verify-unlisted", {"file": name}


def problems(folder: Path, pem: bytes | None = None) -> list[Problem]:
    """What is wrong with the release in `folder`; [] where it is as signed. Reads every byte.

    `pem`: the public key that must have signed it; by default its own.
    """
    try:
        text, signature = (folder / MANIFEST).read_bytes(), (folder / SIGNATURE).read_bytes()
        own = (folder / PUBLIC_KEY).read_bytes()
        listed = json.loads(text)["files"]
    except FileNotFoundError as error:
        return [("verify-missing", {"file": Path(error.filename).name})]
    except (ValueError, KeyError, TypeError):
        return [("verify-changed", {"file": MANIFEST})]
    found = [*problems_of_text(text, signature, pem or own)]
    if pem and own != pem:
        found.append(("verify-key", {"file": PUBLIC_KEY}))
    actual = {
        path.relative_to(folder).as_posix(): (path.stat().st_size, sha256(path))
        for path in folder.rglob("*")
        if path.is_file()
    }
    return [*found, *problems_of_files(listed, actual)]


def damaged(folder: Path) -> list[str]:
    """The files of a release that are not as listed in its manifest.

    Of downloads and databases only the size is compared, so that it is quick: each run begins with
    this check.
    """
    listed = read(folder).get("files")
    if not isinstance(listed, dict):
        return [MANIFEST]
    return [name for name, entry in listed.items() if not _as_listed(folder, name, entry)]


def _as_listed(folder: Path, name: str, entry: Mapping[str, Any]) -> bool:
    path = folder / name
    if not path.is_file() or path.stat().st_size != entry["bytes"]:
        return False
    large = name.startswith("downloads/") or path.suffix == ".db"
    return large or sha256(path) == entry["sha256"]


def problems_of_chain(folders: Collection[Path]) -> Iterator[Problem]:
    """Releases whose chain names another manifest hash than a kept earlier release has.

    `folders`: the kept releases. A withdrawal amends a release; its manifest then also lists the
    hashes that it had before.
    """
    hashes = {folder.name: _known_hashes(folder) for folder in folders}
    for folder in folders:
        for entry in read(folder).get("chain", ()):
            name = entry["release"]
            if name in hashes and entry["manifest_sha256"] not in hashes[name]:
                yield "verify-chain", {"release": folder.name, "parent": name}


def _known_hashes(folder: Path) -> set[str]:
    before = {a["manifest_sha256"] for a in read(folder).get("amendments", ())}
    return before | {sha256(folder / MANIFEST)} if (folder / MANIFEST).is_file() else before
