"""The master key: where it may lie, who may read it, and that it is never shown."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from console.errors import NotAllowedError, OmbudError, UsageError
from console.storage.keys import (
    KeyMissingError,
    Safe,
    beside,
    located,
    make_missing_key,
    new_key,
    read_keys,
    write_keys,
)


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    location = f"file:{tmp_path / 'keys' / 'master.key'}"
    assert make_missing_key(location)
    (key,) = read_keys(location)
    assert not make_missing_key(location)
    assert read_keys(location) == (key,)
    assert stat.S_IMODE((tmp_path / "keys" / "master.key").stat().st_mode) == 0o400
    assert list((tmp_path / "keys").iterdir()) == [tmp_path / "keys" / "master.key"]


@pytest.mark.parametrize("mode", [0o600, 0o440, 0o404, 0o600 | 0o020, 0o444])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    write_keys(f"file:{path}", [new_key()])
    path.chmod(mode)
    with pytest.raises(NotAllowedError, match="others") as refused:
        read_keys(f"file:{path}")
    assert "chmod" in refused.value.hint


def test_a_provider_that_is_not_known_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMBUD_KEY", "vault://secrets.example/ombud")
    with pytest.raises(UsageError, match="no place that is known") as refused:
        read_keys(located(""))
    assert "systemd:NAME" in (refused.value.hint or "")


def test_a_link_to_a_key_is_refused(tmp_path: Path) -> None:
    write_keys(f"file:{tmp_path / 'master.key'}", [new_key()])
    (tmp_path / "link").symlink_to(tmp_path / "master.key")
    with pytest.raises(OmbudError):
        read_keys(f"file:{tmp_path / 'link'}")


def test_a_missing_an_empty_and_a_damaged_key_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(KeyMissingError):
        read_keys(f"file:{tmp_path / 'none'}")
    for content, error in (("\n", KeyMissingError), ("ombud-key-1 AAAA\n", UsageError), ("letter", UsageError)):
        path = tmp_path / f"{len(content)}.key"
        path.write_text(content)
        path.chmod(0o400)
        with pytest.raises(error):
            read_keys(f"file:{path}")


def test_the_setting_names_a_place_and_a_key_in_it_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("ombud-key-1 c2VjcmV0LXZhbHVl", "vault:somewhere", "file:"):
        with pytest.raises(UsageError) as refused:
            read_keys(value)
        assert "c2VjcmV0" not in str(refused.value)
    monkeypatch.setenv("OMBUD_KEY", "/etc/ombud/master.key")
    assert located("") == "file:/etc/ombud/master.key"


def test_systemd_hands_the_key_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMBUD_KEY", raising=False)
    write_keys(f"file:{tmp_path / 'ombud-master-key'}", [new_key()])
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert located("") == "systemd:ombud-master-key"
    assert read_keys("systemd:ombud-master-key") == read_keys(f"file:{tmp_path / 'ombud-master-key'}")
    (tmp_path / "ombud-master-key").chmod(0o404)
    with pytest.raises(NotAllowedError):
        read_keys("systemd:ombud-master-key")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    with pytest.raises(KeyMissingError):
        read_keys("systemd:ombud-master-key")


def test_a_key_beside_a_temporary_database_is_its_own(tmp_path: Path) -> None:
    write_keys(f"file:{beside(tmp_path / 'demo.db')}", [new_key()])
    assert located(str(tmp_path / "demo.db")) == f"file:{tmp_path / 'demo.db.key'}"


def test_keys_do_not_show_themselves(tmp_path: Path) -> None:
    key = new_key()
    shown = f"{key!r} {key} {Safe(str(tmp_path))!r}"
    assert key.secret.hex() not in shown
    assert repr(key.secret) not in shown


def test_an_existing_key_is_never_replaced_by_a_new_one(tmp_path: Path) -> None:
    location = f"file:{tmp_path / 'master.key'}"
    write_keys(location, [new_key()], is_new=True)
    before = read_keys(location)
    with pytest.raises(OmbudError, match="already"):
        write_keys(location, [new_key()], is_new=True)
    assert read_keys(location) == before
