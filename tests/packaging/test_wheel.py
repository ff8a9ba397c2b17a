"""The built wheel, in an environment of its own: presets come along and the command is there."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
from packaging.requirements import Requirement

from tests.support.source import imports

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a fresh environment with only the wheel in it. Its dependencies are borrowed from this
    environment by path, which does not bring the checkout's editable install along."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ["-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "-w", str(folder), str(ROOT)]
    subprocess.run([sys.executable, *build], check=True, cwd=folder)
    (wheel,) = folder.glob("blockstudio-*.whl")
    home = folder / "fresh"
    venv.create(home, with_pip=False, symlinks=True)
    scripts = home / ("Scripts" if sys.platform == "win32" else "bin")
    python = scripts / "python"
    site = Path(
        subprocess.run(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
    )
    pip = ["-m", "pip", "--python", str(python), "install", "--no-deps", "-q", str(wheel)]
    subprocess.run([sys.executable, *pip], check=True, cwd=folder)
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return scripts


@pytest.mark.slow
def test_a_preset_opens_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    check = (
        "import blockstudio as bs; d = bs.load('resnet34'); "
        "print(bs.__file__); print(bs.analyze(d).parameters); print(len(bs.source(d)) > 1000)"
    )
    result = subprocess.run(
        [installed / "python", "-I", "-c", check], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    file, parameters, has_source = result.stdout.split()
    assert Path(file).is_relative_to(installed.parent)
    assert parameters == "21797672"
    assert has_source == "True"


@pytest.mark.slow
def test_the_command_is_installed(installed: Path, tmp_path: Path) -> None:
    result = subprocess.run(
        [installed / "blockstudio", "presets", "--json"], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    assert '"resnet152"' in result.stdout


@pytest.mark.slow
def test_the_wheel_is_typed_and_brings_notices_and_desktop_files(installed: Path) -> None:
    (wheel,) = installed.parents[1].glob("blockstudio-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for ending in (
        "blockstudio/py.typed",
        "blockstudio/training/data/digits.npz",
        "blockstudio/training/data/digits.LICENSE.txt",
        "blockstudio/training/data/fashion_sample.npz",
        "blockstudio/training/data/fashion_sample.LICENSE.txt",
        "share/applications/blockstudio.desktop",
        "share/mime/packages/blockstudio.xml",
        "share/icons/hicolor/scalable/apps/blockstudio.svg",
        "licenses/blockstudio/gui/kit/fonts/OFL.txt",
    ):
        assert any(name.endswith(ending) for name in names), ending
    assert (installed.parent / "share" / "applications" / "blockstudio.desktop").is_file()


def test_where_torch_has_no_wheels_the_editor_installs_without_it() -> None:
    """And Qt's version that crashes in the theme is not taken, nor anything that would have to be built."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [Requirement(line) for line in project["dependencies"]]

    def on(**environment: str) -> set[str]:
        return {each.name for each in needed if each.marker is None or each.marker.evaluate(dict(environment))}

    everywhere = on(sys_platform="linux", platform_machine="x86_64")
    assert {"torch", "torchvision", "PySide6-Essentials"} <= everywhere
    assert not {"fast-sugiyama", "scikit-learn", "scipy", "PySide6"} & everywhere
    for system, machine in (("linux", "aarch64"), ("darwin", "arm64"), ("win32", "AMD64")):
        assert on(sys_platform=system, platform_machine=machine) == everywhere
    for system, machine in (("darwin", "x86_64"), ("win32", "ARM64")):
        assert on(sys_platform=system, platform_machine=machine) == everywhere - {"torch", "torchvision"}
    qt = next(each.specifier for each in needed if each.name == "PySide6-Essentials")
    assert "6.8.3" in qt and "6.11.3" in qt and not any(version in qt for version in ("6.8.0", "6.8.2", "6.12.0"))
    assert project["gui-scripts"] and project["scripts"]
    assert "Environment :: X11 Applications :: Qt" in project["classifiers"]


def test_desktops_know_its_files() -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[assignment,method-assign]
    entry.read(ROOT / "desktop" / "blockstudio.desktop", encoding="utf-8")
    found = entry["Desktop Entry"]
    mime = ElementTree.parse(ROOT / "desktop" / "blockstudio.xml").getroot()
    space = "{http://www.freedesktop.org/standards/shared-mime-info}"
    (kind,) = mime.findall(f"{space}mime-type")
    assert found["MimeType"] == f"{kind.get('type')};" and found["Exec"] == "blockstudio %f"
    assert [glob.get("pattern") for glob in kind.findall(f"{space}glob")] == ["*.blocks.json"]
    assert (ROOT / "desktop" / f"{found['Icon']}.svg").is_file()


@pytest.mark.xdist_group("catalogues")  # the code is read once
def test_what_is_imported_is_declared() -> None:
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[<>=!;\[ ]", line)[0].lower() for line in metadata["dependencies"]}
    for extra in metadata["optional-dependencies"].keys() - {"test"}:
        declared |= {re.split(r"[<>=!;\[ ]", line)[0].lower() for line in metadata["optional-dependencies"][extra]}
    modules = {"pillow": "PIL", "pyside6-essentials": "PySide6", "scikit-learn": "sklearn"}
    known = {modules.get(name, name).lower() for name in declared}
    imported: set[str] = set()
    for path in (ROOT / "blockstudio").rglob("*.py"):
        imported |= {each.module.split(".")[0] for each in imports(path)}
    imported -= {"shiboken6", "shibokensupport"}  # come with PySide6
    foreign = {name.lower() for name in imported - set(sys.stdlib_module_names) - {"blockstudio"}}
    assert foreign <= known, f"imported and not declared: {foreign - known}"
    assert known - {"onnx", "onnxscript"} <= foreign, f"declared and not imported: {known - foreign}"
