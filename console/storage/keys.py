"""The master key: where it is kept, how it is made and read, and the keys that come from it.

The key lives outside the database and its backups. A setting names the place (``file:PATH``, ``systemd:NAME``), never the key.
A place may hold several keys, one a line, the newest last: while a change of keys is going on, the old one is still needed.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING

from console.errors import NotAllowedError, OmbudError, UnavailableError, UsageError
from console.settings import load_settings, settings_path

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from console.storage.sealing import Vault

MARK = "ombud-key-1"
KEY_BYTES = 32
CREDENTIAL = "ombud-master-key"
MOST_KEY_FILE_BYTES = 64 * 1024
LOOKING = "ombud_safe"
"""The execution option under which a connection carries its safe."""


class KeyMissingError(UnavailableError):
    """There is no master key where one is needed."""


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """One master key; it does not show itself."""

    secret: bytes

    def derived(self, purpose: str, salt: bytes = b"") -> bytes:
        """Return 32 bytes for one purpose by HKDF-SHA-256 (RFC 5869)."""
        return derive(self.secret, purpose, salt)

    def fingerprint(self, salt: bytes) -> bytes:
        """Return 16 bytes that tell this key from another one and nothing else."""
        return self.derived("fingerprint", salt)[:16]


def derive(secret: bytes, purpose: str, salt: bytes = b"") -> bytes:
    """Return 32 bytes for one purpose by HKDF-SHA-256 (RFC 5869)."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), KEY_BYTES, salt or None, f"ombud {purpose}".encode()).derive(secret)


def _read_file(name: str) -> str:
    path = Path(name).expanduser()
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise KeyMissingError(
            f"There is no master key at {path}.", "Bring the key file back, or name its place: OMBUD_KEY=file:PATH"
        ) from None
    except OSError as error:
        raise UnavailableError(
            f"The master key at {path} cannot be read: {error.strerror}.",
            "Check its owner and that it is a plain file.",
        ) from error
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise UsageError(f"The master key at {path} is not a plain file.", "Name a file that only you can read.")
        if found.st_uid != os.geteuid():
            raise NotAllowedError(
                f"The key file {path} belongs to somebody else (user {found.st_uid}).", "It must belong to you alone."
            )
        if found.st_mode & 0o077:
            raise NotAllowedError(
                f"The key file {path} may be read by others (mode {stat.S_IMODE(found.st_mode):04o}).",
                f"Take that right away: chmod 0400 {path}",
            )
        if found.st_mode & 0o377:
            raise NotAllowedError(
                f"The key file {path} may be written to (mode {stat.S_IMODE(found.st_mode):04o}).",
                f"It is only ever read: chmod 0400 {path}",
            )
        return file.read(MOST_KEY_FILE_BYTES).decode("ascii", "replace")


def _read_credential(name: str) -> str:
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if not folder:
        raise KeyMissingError(
            "systemd gave this process no credentials.", f"Add to the unit: LoadCredentialEncrypted={name}"
        )
    path = Path(folder) / Path(name).name
    try:
        # systemd guards the folder itself; what it mounts may belong to root and carry an access list.
        if path.stat().st_mode & 0o007:
            raise NotAllowedError(f"The credential {path} may be read by everybody.", "Let systemd place it.")
        return path.read_bytes()[:MOST_KEY_FILE_BYTES].decode("ascii", "replace")
    except FileNotFoundError:
        raise KeyMissingError(
            f"systemd gave no credential {name}.", f"Add to the unit: LoadCredentialEncrypted={name}"
        ) from None
    except OSError as error:
        raise UnavailableError(f"The credential {path} cannot be read: {error.strerror}.", "Check the unit.") from error


PROVIDERS: Mapping[str, Callable[[str], str]] = {"file": _read_file, "systemd": _read_credential}
"""How the text of a key place is read, by the word before the colon."""


def beside(database: str | Path) -> Path:
    """Return the place of a key that lies beside an SQLite file, as for a temporary database."""
    path = Path(database)
    return path.with_name(f"{path.name}.key")


def located(database: str) -> str:
    """Return the place of the master key as ``KIND:NAME``.

    That is a key beside an SQLite file (``database`` is its path), which only temporary ones have, else the one set, else the
    credential systemd gave, else ``master.key`` beside the settings.
    """
    if database and beside(database).exists():
        return f"file:{beside(database)}"
    named = load_settings().key
    if named:
        # A URL of a provider that is not known must not become the name of a file, in which init would make a key.
        return named if named.partition(":")[0] in PROVIDERS or "://" in named else f"file:{named}"
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if folder and (Path(folder) / CREDENTIAL).exists():
        return f"systemd:{CREDENTIAL}"
    return f"file:{settings_path(os.environ).with_name('master.key')}"


def _provided(location: str) -> str:
    kind, _, name = location.partition(":")
    if location.startswith(MARK) or kind not in PROVIDERS or not name:
        # The text is not repeated: it may be the key itself.
        raise UsageError(
            "The setting for the master key names no place that is known.",
            f"Write {' or '.join(f'{known}:NAME' for known in PROVIDERS)}; never the key itself.",
        )
    return PROVIDERS[kind](name)


def read_keys(location: str) -> tuple[Key, ...]:
    """Return the keys at a place, the newest last.

    Raises KeyMissingError where there is none, NotAllowedError where others may read it, UsageError for a place or content that
    is not understood.
    """
    found = []
    for line in _provided(location).split("\n"):
        if not line.strip():
            continue
        mark, _, written = line.strip().partition(" ")
        try:
            secret = base64.urlsafe_b64decode(written)
        except (ValueError, binascii.Error):
            secret = b""
        if mark != MARK or len(secret) != KEY_BYTES:
            raise UsageError(
                f"What {location} holds is not a master key of Ombud.", f"Each line is: {MARK} and 32 bytes in base64."
            )
        found.append(Key(secret))
    if not found:
        raise KeyMissingError(f"The key file {location} is empty.", "Bring the key back from its safe copy.")
    return tuple(found)


def new_key() -> Key:
    """Return a new random key."""
    return Key(secrets.token_bytes(KEY_BYTES))


def _written(keys: Sequence[Key]) -> bytes:
    return b"".join(MARK.encode() + b" " + base64.urlsafe_b64encode(key.secret) + b"\n" for key in keys)


def _path_of(location: str) -> Path:
    kind, _, name = location.partition(":")
    if kind != "file":
        raise UsageError(
            f"Ombud cannot write keys to {location}.",
            f"Put a line '{MARK} …' with 32 random bytes in base64 there yourself; the newest stands last.",
        )
    return Path(name).expanduser()


def write_keys(location: str, keys: Sequence[Key], *, is_new: bool = False) -> None:
    """Put keys into a key file, whole or not at all, readable by its owner only.

    Raises UsageError for a place that is not a file, OmbudError where a new one exists already, UnavailableError where it cannot
    be written.
    """
    path = _path_of(location)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _remove_parts(path)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_written(keys))
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            # A link, unlike a rename, never replaces a key that somebody made meanwhile.
            os.link(part, path)
            part.unlink()
        else:
            part.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except FileExistsError as error:
        raise OmbudError(f"There is a key at {path} already.", "It is kept; name another place.") from error
    except OSError as error:
        raise UnavailableError(
            f"The key file {path} cannot be written: {error.strerror}.", "Name another place: OMBUD_KEY=file:PATH"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _remove_parts(path: Path) -> None:
    """Remove what writing a key file left when it was killed: keys that nobody would know of.

    Where somebody else writes at this moment, his part is gone and he is told that the file cannot be written.
    """
    for left in path.parent.glob(f".{escape(path.name)}.????????"):
        left.unlink(missing_ok=True)


def make_missing_key(location: str) -> bool:
    """Make a new key where a file place holds none; return whether that was so. Raises KeyMissingError for other places."""
    try:
        read_keys(location)
    except KeyMissingError:
        if not location.startswith("file:") or _path_of(location).exists():
            raise
        write_keys(location, [new_key()], is_new=True)
        return True
    return False


@dataclass(slots=True, repr=False)
class Safe:
    """The keys of one open database, fetched when they are first needed.

    ``opened`` counts the sensitive fields that were opened through it: the one number that must agree with the record;
    ``file_key`` is the key of an SQLite file that is encrypted as a whole, once it is known.
    """

    database: str = ""
    location: str = ""
    opened: int = 0
    file_key: Key | None = None
    _vault: Vault | None = field(default=None)

    @property
    def is_open(self) -> bool:
        """Whether the keys were fetched already."""
        return self._vault is not None

    def place(self) -> str:
        """Return where the master key is."""
        if not self.location:
            self.location = located(self.database)
        return self.location

    def keys(self) -> tuple[Key, ...]:
        """Return the master keys, the newest last."""
        return read_keys(self.place())

    def vault(self, connection: Connection, *, again: bool = False) -> Vault:
        """Return what seals and opens fields of the database behind a connection; ``again`` fetches the keys anew."""
        if self._vault is None or again:
            from console.storage import sealing

            self._vault = sealing.open_vault(connection, self)
        return self._vault

    def forget(self) -> None:
        """Fetch the keys anew at the next need, as after a change of them."""
        self._vault = None
        self.file_key = None


def safe_of(connection: Connection) -> Safe:
    """Return the safe that a connection of a store carries."""
    found = connection.get_execution_options().get(LOOKING)
    if not isinstance(found, Safe):
        raise TypeError("a connection without keys was asked to seal; take it from a Store")
    return found
