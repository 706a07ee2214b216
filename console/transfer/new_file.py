"""Writing a file whole: it takes its name when it is complete, and until then nothing stands in its place."""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import stat
from pathlib import Path
from typing import BinaryIO

from console.errors import OmbudError, UsageError


class Hashed(io.RawIOBase):
    """A binary stream that counts and hashes what goes through it."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._hash = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        """Whether bytes may be written: they may."""
        return True

    def write(self, data: object, /) -> int:
        """Pass bytes on."""
        view = memoryview(data)  # type: ignore[arg-type]
        self._target.write(view)
        self._hash.update(view)
        self.size += view.nbytes
        return view.nbytes

    def flush(self) -> None:
        """Pass on what the target holds back."""
        self._target.flush()

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was written."""
        return self._hash.hexdigest()


class NewFile:
    """A file being written beside the place it will take: readable by its owner only, never through a link.

    A target that is no regular file (a pipe, a device) is written to directly. Raises UsageError when the folder is not there
    or the target is a folder, OmbudError when it may not be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.temporary: Path | None = None
        try:
            self._open()
        except FileNotFoundError:
            raise UsageError(f"There is no folder {path.parent}.", "Make it first, or name another file.") from None
        except OSError as error:
            raise OmbudError(
                f"{path} cannot be written: {error.strerror}.", "Check the rights on its folder."
            ) from error

    def _open(self) -> None:
        try:
            mode = os.stat(self.path).st_mode
        except FileNotFoundError:
            mode = stat.S_IFREG
        if stat.S_ISDIR(mode):
            raise UsageError(f"{self.path} is a folder.", "Name a file in it.")
        if stat.S_ISREG(mode):
            self.temporary = self.path.with_name(f".{self.path.name[:100]}.{secrets.token_hex(6)}.part")
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            self.stream: BinaryIO = os.fdopen(os.open(self.temporary, flags, 0o600), "wb")
        else:
            self.stream = open(self.path, "wb")  # noqa: SIM115 - closed by keep and drop

    def text(self) -> io.TextIOWrapper:
        """Return a UTF-8 text stream into the file; line ends are written as they are."""
        return io.TextIOWrapper(
            self.stream, encoding="utf-8", errors="backslashreplace", newline="", write_through=False
        )

    def keep(self) -> None:
        """Put the file in its place, on the disk."""
        self.stream.flush()
        if self.temporary is not None:
            os.fsync(self.stream.fileno())
        self.stream.close()
        if self.temporary is not None:
            os.replace(self.temporary, self.path)

    def drop(self) -> None:
        """Leave nothing behind."""
        self.stream.close()
        if self.temporary is not None:
            self.temporary.unlink(missing_ok=True)
