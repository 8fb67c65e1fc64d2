"""Files are written whole or not at all."""

import os

import pytest

from graf.exceptions import InputError
from graf.files import atomic_path, output_folder


def test_a_file_is_moved_into_place(tmp_path):
    target = tmp_path / "new" / "table.csv"
    with atomic_path(target) as temporary:
        assert temporary.parent == target.parent
        assert temporary.suffix == ".csv"
        temporary.write_text("a,b")
        assert not target.exists()
    assert target.read_text() == "a,b"
    assert list(target.parent.iterdir()) == [target]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "table.csv"
    target.write_text("old")
    with pytest.raises(KeyboardInterrupt), atomic_path(target) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), OSError("No space left on device")]
)
def test_an_error_of_a_full_disk_names_the_file(tmp_path, error):
    with pytest.raises(OSError) as raised, atomic_path(tmp_path / "table.csv"):
        raise error
    named = raised.value
    assert (named.filename, named.strerror) == (str(tmp_path / "table.csv"), "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_permissions_follow_the_umask(tmp_path):
    previous = os.umask(0o027)
    try:
        with atomic_path(tmp_path / "table.csv") as temporary:
            temporary.touch()
    finally:
        assert os.umask(previous) == 0o027
    assert (tmp_path / "table.csv").stat().st_mode & 0o777 == 0o640


def test_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(InputError, match="it is a folder; choose another name"), atomic_path(tmp_path):
        pass


def test_a_device_or_a_pipe_is_not_replaced(tmp_path):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="it is a device or pipe; choose"), atomic_path(pipe) as temporary:
        temporary.touch()
    assert pipe.is_fifo() and list(tmp_path.iterdir()) == [pipe]


def test_what_a_link_points_to_is_replaced(tmp_path):
    link, target = tmp_path / "latest.csv", tmp_path / "1.csv"
    link.symlink_to(target)
    with atomic_path(link) as temporary:
        temporary.write_text("a,b")
    assert link.is_symlink() and target.read_text() == "a,b" and not target.is_symlink()


def test_a_file_is_not_a_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="it is a file; choose another"):
        output_folder(tmp_path / "file")


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_an_impossible_name(tmp_path, name):
    with pytest.raises(InputError, match="choose another name"), atomic_path(tmp_path / name):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["file/folder", "x" * 300, "a\0b/c"])
def test_an_impossible_folder(tmp_path, folder):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write to the folder"):
        output_folder(tmp_path / folder)
    with pytest.raises(InputError, match="cannot write to the folder"), atomic_path(tmp_path / folder / "x"):
        pass


def test_a_folder_without_write_permission(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("graf.files.tempfile.TemporaryFile", refuse)
    with pytest.raises(InputError, match="Permission denied; choose another"):
        output_folder(tmp_path)


def test_a_missing_folder_is_made(tmp_path):
    assert output_folder(tmp_path / "a" / "b").is_dir()
    assert list((tmp_path / "a" / "b").iterdir()) == []
