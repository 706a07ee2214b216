"""The bytes of a file, read as often as needed: from a path or standard input, plain or gzip, hashed, bounded."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import stat
import sys
import tempfile
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

from console.errors import UsageError
from console.transfer.source_rows import EmptySourceError, SourceError, storable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GIB = 1024**3
MIB = 1024**2
SPOOL_LIMIT = 8 * GIB
"""Most bytes taken from standard input or a pipe."""
INFLATED_LIMIT = 8 * GIB
"""Most bytes that a compressed text file may hold."""
RATIO_FREE = 64 * MIB
"""Inflated bytes below which the ratio of compression does not matter."""
RATIO_LIMIT = 250
"""Inflated to compressed bytes; deflate reaches 1032 on a bomb, real tables stay below 50."""
GZIP_MAGIC = b"\x1f\x8b"


class _Window(io.RawIOBase):
    """A read-only view of an open file with a position of its own."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        data = os.pread(self._descriptor, len(view), self.position)
        view[: len(data)] = data
        self.position += len(data)
        return len(data)


class _Inflated(io.RawIOBase):
    """The content of a gzip file, bounded; damage ends the content and is remembered."""

    def __init__(self, window: _Window, name: str) -> None:
        self._window = window
        self._name = name
        self._gzip = gzip.GzipFile(fileobj=io.BufferedReader(window, MIB))
        self._count = 0
        self.damage: str | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        if self.damage is not None:
            return 0
        try:
            data = self._gzip.read1(len(view))
        except EOFError:
            self.damage = "the compressed file ends too early"
            return 0
        except (zlib.error, gzip.BadGzipFile):
            self.damage = "the compressed file is damaged"
            return 0
        view[: len(data)] = data
        self._count += len(data)
        too_dense = self._count > RATIO_FREE and self._count > RATIO_LIMIT * max(1, self._window.position)
        if too_dense or self._count > INFLATED_LIMIT:
            raise SourceError(
                f"{self._name} unpacks to far more than a table of its size would.",
                "If it is genuine, unpack it yourself and import the unpacked file.",
            )
        return len(data)


class ByteStream(io.BufferedReader):
    """The content of a file from its first byte on."""

    def __init__(self, window: _Window, inflated: _Inflated | None, size: int) -> None:
        super().__init__(inflated or window, 256 * 1024)
        self._window = window
        self._inflated = inflated
        self._size = size

    @property
    def progress(self) -> float:
        """The share of the file's own bytes that has been read, from 0.0 to 1.0."""
        return self._window.position / self._size if self._size else 1.0

    @property
    def damage(self) -> str | None:
        """Why the content ended before its time, if it did."""
        return self._inflated.damage if self._inflated else None


class FileBytes:
    """One opened file: its name for messages, its size and SHA-256, and streams of its content."""

    def __init__(self, name: str, file: IO[bytes]) -> None:
        self.name = name
        self._file = file
        self.size = os.fstat(file.fileno()).st_size
        file.seek(0)
        self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
        file.seek(0)
        self.is_compressed = file.read(2) == GZIP_MAGIC

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The endings of the name in lower case, without ``.gz``."""
        return tuple(suffix for suffix in (s.lower() for s in Path(self.name).suffixes) if suffix != ".gz")

    def stream(self) -> ByteStream:
        """Return the content from its first byte on; streams do not disturb one another."""
        window = _Window(self._file.fileno())
        return ByteStream(window, _Inflated(window, self.name) if self.is_compressed else None, self.size)

    def head(self, count: int) -> bytes:
        """Return the first bytes of the content."""
        with self.stream() as stream:
            return stream.read(count)

    def plain_file(self, limit: int) -> IO[bytes]:
        """Return a file, at its start, that another process can read: the original, or its content unpacked.

        Raises SourceError when there is more than ``limit`` bytes.
        """
        if self.size > limit:
            raise _too_large(self.name, limit)
        if not self.is_compressed:
            self._file.seek(0)
            return self._file
        with self.stream() as stream:
            unpacked = tempfile.TemporaryFile()  # noqa: SIM115
            try:
                _copy(stream, unpacked, self.name, limit)
                if stream.damage:
                    raise SourceError(f"{self.name} cannot be read: {stream.damage}.", "Fetch the file again.")
            except BaseException:
                unpacked.close()
                raise
        self._file.close()
        self._file = unpacked
        unpacked.seek(0)
        return unpacked

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_bytes(path: str | Path) -> FileBytes:
    """Open a file, or standard input for ``-``; what cannot be read twice is kept in a temporary file.

    Raises UsageError when it cannot be opened, EmptySourceError when it has no bytes.
    """
    name = "standard input" if str(path) == "-" else storable(str(path))
    file = _open_stdin() if str(path) == "-" else _open_path(path, name)
    try:
        found = FileBytes(name, file)
    except BaseException:
        file.close()
        raise
    if found.size == 0:
        found.close()
        raise EmptySourceError(f"{name} is empty.", "Check that the file was written and copied completely.")
    return found


def _open_path(path: str | Path, name: str) -> IO[bytes]:
    try:
        file = open(path, "rb")  # noqa: SIM115
    except FileNotFoundError as error:
        raise UsageError(f"There is no file {name}.", "Check the name and the folder.") from error
    except IsADirectoryError as error:
        raise UsageError(f"{name} is a folder, not a file.", "Name the files inside it.") from error
    except PermissionError as error:
        raise UsageError(f"{name} may not be read by this user.", "Ask its owner for permission to read it.") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"{name} cannot be opened: {reason}.", "Check the name and the folder.") from error
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    with file:
        return _spooled(file, name)


def _open_stdin() -> IO[bytes]:
    if sys.stdin is None or sys.stdin.closed:
        raise UsageError("Standard input is closed.", "Name a file, or pipe one into the command.")
    return _spooled(sys.stdin.buffer, "standard input")


def _spooled(file: BinaryIO, name: str) -> IO[bytes]:
    spool = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        _copy(file, spool, name, SPOOL_LIMIT)
        spool.flush()
    except BaseException:
        spool.close()
        raise
    return spool


def _copy(source: BinaryIO, target: IO[bytes], name: str, limit: int) -> None:
    count = 0
    while chunk := source.read(MIB):
        count += len(chunk)
        if count > limit:
            raise _too_large(name, limit)
        target.write(chunk)
    target.flush()


def _too_large(name: str, limit: int) -> SourceError:
    return SourceError(
        f"{name} is too large to be opened: more than {limit // MIB} MiB.",
        "Split it, or save it as CSV and import that.",
    )
