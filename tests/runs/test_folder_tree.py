"""Whole disks and other folders that are no set of images, named as one: told after a bounded look, each folder read
once, ended when somebody says so."""

import io
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from blockstudio.cli import looking as told
from blockstudio.errors import StudioError
from blockstudio.runs import folder_tree
from blockstudio.runs.datasets import describe
from blockstudio.runs.folder_tree import ENDED, Look, looking
from blockstudio.runs.image_folders import images_in
from blockstudio.runs.listing import list_folder
from blockstudio.runs.photo_sizes import usual_side
from blockstudio.runs.structure import Data

links = pytest.mark.skipif(os.name == "nt", reason="links take rights")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each folder was read."""
    found: Counter[str] = Counter()
    before = folder_tree._read

    def counted(place: str) -> folder_tree.Entries:
        found[place] += 1
        return before(place)

    monkeypatch.setattr(folder_tree, "_read", counted)
    return found


def disk(root: Path, folders: int) -> Path:
    for name in ("bin", "home"):
        for number in range(folders):
            (root / name / str(number) / "inner").mkdir(parents=True)
    return root


@pytest.mark.parametrize("look", [lambda root: describe(Data(source=str(root))), list_folder, usual_side])
def test_a_disk_is_told_after_so_many_folders_without_an_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Counter[str], look: object
) -> None:
    monkeypatch.setattr(folder_tree, "MOST_BARE", 10)
    assert callable(look)
    with pytest.raises(StudioError) as caught:
        look(disk(tmp_path, 20))
    assert caught.value.code == "data.folder" and caught.value.where == str(tmp_path)
    assert "more than 10 folders without an image" in str(caught.value)
    assert read.total() == 11


def test_a_set_is_read_once(tmp_path: Path, read: Counter[str]) -> None:
    for name in ("cat/a", "dog/b"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "1.png").touch()
    assert describe(Data(source=str(tmp_path))).images == 2
    assert set(read.values()) == {1} and len(read) == 5


def test_more_folders_than_any_set_has_classes_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_tree, "MOST_CLASSES", 3)
    for name in "abcd":
        (tmp_path / name).mkdir()
    with pytest.raises(StudioError, match="holds 4 folders, too many to be classes"):
        describe(Data(source=str(tmp_path)))


def test_a_look_ends_when_it_is_told_to(tmp_path: Path) -> None:
    def tell(look: Look) -> None:
        if look.folders == 3:
            look.end()

    with looking(Look(tell)) as look, pytest.raises(StudioError) as caught:
        describe(Data(source=str(disk(tmp_path, 20))))
    assert caught.value.code == ENDED and look.folders == 3


@links
def test_links_in_a_circle_are_gone_round_once(tmp_path: Path) -> None:
    for one, other in (("cat", "dog"), ("dog", "cat")):
        (tmp_path / one).mkdir()
        (tmp_path / one / f"{one}.png").touch()
        (tmp_path / one / "more").symlink_to(tmp_path / other)
    (tmp_path / "cat" / "round").symlink_to("round")
    assert [path.name for path in images_in(tmp_path / "cat")] == ["cat.png", "dog.png"]
    assert describe(Data(source=str(tmp_path))).classes == 2
    assert [len(part.paths) for part in [list_folder(tmp_path).train]] == [4]


@links
def test_a_link_that_leads_nowhere_beside_the_classes_does_no_harm(tmp_path: Path) -> None:
    pytest.importorskip("PIL.Image")
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert usual_side(tmp_path) is None


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A folder 1,200 levels down. It is taken away again: what clears away temporary folders goes down by recursion."""
    top, here = tmp_path / "cat", os.getcwd()
    top.mkdir()
    try:
        os.chdir(top)
        for _ in range(1200):
            os.mkdir("a")
            os.chdir("a")
        Path("1.png").touch()
        os.chdir(here)
        yield top.joinpath(*["a"] * 1200)
        os.chdir(top)
        for _ in range(1200):
            os.chdir("a")
        Path("1.png").unlink()
        for _ in range(1200):
            os.chdir("..")
            os.rmdir("a")
    finally:
        os.chdir(here)


def test_folders_in_folders_have_no_depth_that_is_too_much(deep: Path, tmp_path: Path) -> None:
    (found,) = images_in(tmp_path / "cat")
    assert found == deep / "1.png"


def test_a_terminal_says_how_far_a_look_has_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr(told, "BEFORE", 0.0)
    monkeypatch.setattr(told, "EVERY", 0.0)
    with told.told(), pytest.raises(StudioError):
        describe(Data(source=str(tmp_path)))
    assert "looking through folders: 1, with 0 files" in terminal.getvalue()
    assert terminal.getvalue().endswith(" \r")
