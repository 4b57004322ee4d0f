"""What the installer finds missing on a machine, and what it tells a person to do about it."""

import json
import re
from pathlib import Path

import pytest

from installer.bootstrap import describe_old_python
from installer.console import Trouble
from installer.system import TABLE, Missing, apt_command, find_missing, find_screens, require_libraries

ROOT = Path(__file__).resolve().parents[2]


def write_table(folder, *rows):
    table = folder / "table.json"
    libraries = [dict(zip(("library", "package", "needed"), row)) for row in rows]
    table.write_text(json.dumps({"fonts": "fonts-dejavu-core", "libraries": libraries}))
    return table


def test_a_library_that_does_not_load_is_missing(tmp_path):
    table = write_table(
        tmp_path,
        ("libc.so.6", "libc6", "always"),
        ("libnosuchthing.so.9", "libnosuchthing9", "x11"),
    )
    missing = [one for one in find_missing(table, platform="linux") if one.what.startswith("lib")]
    assert missing == [Missing("libnosuchthing.so.9", "libnosuchthing9", "x11")]


def test_other_systems_need_no_table(tmp_path):
    table = write_table(tmp_path, ("libnosuchthing.so.9", "libnosuchthing9", "always"))
    assert find_missing(table, platform="darwin") == []


def test_missing_libraries_are_named_with_the_command_that_brings_them():
    missing = [Missing("libEGL.so.1", "libegl1", "always"), Missing("libGL.so.1", "libgl1", "always")]
    with pytest.raises(Trouble) as trouble:
        require_libraries(missing)
    text = str(trouble.value)
    assert "libEGL.so.1, libGL.so.1" in text
    assert "apt-get install -y --no-install-recommends libegl1 libgl1" in text
    require_libraries([])


def test_people_who_are_not_root_are_told_sudo():
    line = apt_command(["libegl1"], root=False)
    assert re.findall(r"sudo apt-get (\w+)", line) == ["update", "install"]
    assert "sudo" not in apt_command(["libegl1"], root=True)


@pytest.mark.parametrize(
    ("variables", "platform", "kinds"),
    [
        ({}, "linux", set()),
        ({"DISPLAY": ""}, "linux", set()),
        ({"DISPLAY": ":0"}, "linux", {"x11"}),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "linux", {"x11", "wayland"}),
        ({}, "win32", {"win32"}),
    ],
)
def test_screens(variables, platform, kinds):
    assert find_screens(variables, platform=platform) == kinds


def test_the_projects_table_is_well_formed():
    known = json.loads((ROOT / TABLE).read_text(encoding="utf-8"))
    assert known["fonts"]
    libraries = [row["library"] for row in known["libraries"]]
    assert len(set(libraries)) == len(libraries)
    for row in known["libraries"]:
        assert re.fullmatch(r"lib[\w.+-]+\.so\.\d+", row["library"])
        assert re.fullmatch(r"lib[a-z0-9.+-]+", row["package"])
        assert row["needed"] in ("always", "x11", "wayland")


def test_an_old_python_is_told_what_is_needed():
    assert describe_old_python((3, 11, 0)) is None
    assert describe_old_python((4, 0, 0)) is None
    text = describe_old_python((3, 9, 2), find=lambda name: None)
    assert "3.11 or newer" in text
    assert "3.9" in text


def test_an_old_python_names_a_newer_one_on_the_machine():
    text = describe_old_python((3, 9, 2), find=lambda name: name == "python3.12")
    assert "python3.12 installer/bootstrap.py" in text
