"""`bootstrap.py demo` and `test` as processes, over an environment whose programs say what they were asked to do."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from installer import covered
from installer.environment import Environment
from installer.lanes import ENGINE, LANES, WINDOW, order_of, pass_alone

ROOT = Path(__file__).resolve().parents[2]
ECHO = f"""#!{sys.executable}
import json, os, sys
if sys.argv[1:2] == ["-c"]:
    sys.exit(0)
kept = ("QT_QPA_PLATFORM", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
asked = {{"words": sys.argv[1:], **{{name: os.environ.get(name) for name in kept}}}}
print("asked", json.dumps(asked), flush=True)
codes = json.loads(os.environ.get("CODES", "{{}}"))
module = "pytest" if "pytest" in sys.argv else sys.argv[2] if sys.argv[1] == "-m" else "app"
if module == "pytest":
    if codes.get("pytest"):
        print("=== FAILURES ===\\n____ test_it ____\\nE   1 is not 2\\n=== slowest ===\\n1 s\\nFAILED tests/a.py::test_it")
    print("==== 3 passed in 0.01s ====", flush=True)
sys.exit(codes.get(module, 0))
"""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in programs are Unix scripts")


@pytest.fixture
def checkout(tmp_path):
    """A checkout whose environment is up to date and holds stand-ins instead of 6 GB."""
    shutil.copytree(ROOT / "installer", tmp_path / "installer", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    system = tmp_path / "resources" / "system"
    system.mkdir(parents=True)
    table = {"fonts": "f", "libraries": [{"library": "libc.so.6", "package": "libc6", "needed": "always"}]}
    (system / "qt_libraries.json").write_text(json.dumps(table))
    environment = Environment(tmp_path)
    environment.programs.mkdir(parents=True)
    for name in ("python", "sleapnn-gui"):
        environment.program(name).write_text(ECHO)
        environment.program(name).chmod(0o755)
    (environment.folder / "sleapnn-stamp.txt").write_text(environment.fingerprint)
    return tmp_path


def bootstrap(checkout, *words, codes=None, **variables):
    environment = {name: value for name, value in os.environ.items() if "DISPLAY" not in name}
    environment.update(variables, CODES=json.dumps(codes or {}))
    environment.pop("QT_QPA_PLATFORM", None)
    script = str(checkout / "installer" / "bootstrap.py")
    done = subprocess.run([sys.executable, script, *words], env=environment, capture_output=True, text=True)
    asked = [
        json.loads(line.partition("asked ")[2]) for line in done.stdout.splitlines() if "asked {" in line
    ]
    return done, asked


def test_install_is_quick_when_nothing_changed_and_says_what_next(checkout):
    done, asked = bootstrap(checkout, "install")
    assert done.returncode == 0, done.stderr
    assert "up to date" in done.stdout
    assert "sleapnn-engine" in done.stdout
    assert asked == []


def test_demo_without_a_screen_runs_offscreen_and_takes_pictures(checkout):
    done, (asked,) = bootstrap(checkout, "demo")
    assert done.returncode == 0, done.stderr
    pictures = str(checkout / "demo" / "screenshots")
    assert asked["words"] == ["--demo", "--screenshots", pictures, "--quit-when-done"]
    assert asked["QT_QPA_PLATFORM"] == "offscreen"


def test_demo_with_a_screen_opens_a_window(checkout):
    done, (asked,) = bootstrap(checkout, "demo", "--theme", "dark", DISPLAY=":7")
    assert asked["words"] == ["--demo", "--theme", "dark"]
    assert f"are in {checkout / 'demo'}" in done.stdout
    assert asked["QT_QPA_PLATFORM"] is None


def test_headless_is_obeyed_where_there_is_a_screen(checkout):
    _, (asked,) = bootstrap(checkout, "demo", "--headless", DISPLAY=":7")
    assert asked["words"][-1] == "--quit-when-done"
    assert asked["QT_QPA_PLATFORM"] == "offscreen"


def test_paths_are_meant_from_where_the_person_stands(checkout):
    _, (asked,) = bootstrap(checkout, "demo", "--labels", "my.slp", "--screenshots", "pictures")
    assert str(Path.cwd() / "my.slp") in asked["words"]
    assert str(Path.cwd() / "pictures") in asked["words"]


def test_the_apps_exit_code_is_passed_through(checkout):
    done, _ = bootstrap(checkout, "demo", codes={"app": 3})
    assert done.returncode == 3


def test_test_runs_lint_types_and_tests_in_this_order(checkout):
    done, asked = bootstrap(checkout, "test", "tests/gui", "-k", "form")
    assert done.returncode == 0, done.stderr
    assert [one["words"][1] for one in asked] == ["ruff", "ruff", "mypy", "pytest"]
    assert asked[3]["words"][2:] == ["tests/gui", "-k", "form"]
    assert {one["QT_QPA_PLATFORM"] for one in asked} == {"offscreen"}
    assert {one["OMP_NUM_THREADS"] for one in asked} == {"1"}
    assert done.stdout.splitlines()[-1] == "==== 3 passed in 0.01s ===="


def test_all_tests_run_in_lanes_that_leave_none_out_and_are_counted_together(checkout):
    done, asked = bootstrap(checkout, "test")
    assert done.stdout.splitlines()[-1] == f"{3 * len(LANES)} passed, 0 failed, 0 skipped"
    tests = [one["words"] for one in asked if "pytest" in one["words"]]
    assert [one["words"][1] for one in asked if one["words"] not in tests] == ["ruff", "ruff", "mypy"]
    outs = [words[words.index("--out") + 1] for words in tests if words[:2] == ["-m", "slipcover"]]
    assert len(set(outs)) == len(outs) == list(LANES.values()).count(ENGINE), "each notes what it has run"
    tests = [words[words.index("tests.sharing") - 2 :] for words in tests]
    assert [words[1:4] for words in tests] == [["-p", "tests.sharing", "--share"]] * len(LANES)
    orders = {(words[0], *words[9:]) for words in tests}
    assert orders == {("no:randomly", "--files-by", "0", *WINDOW), ("--randomly-seed=0", *ENGINE)}
    tests = [[word for word in words if word not in ("--files-by", "0")] for words in tests]
    assert len({words[6] for words in tests}) == len(LANES), "each notes what failed elsewhere"
    assert sorted(words[9:] for words in tests) == sorted(list(words) for words in LANES.values())
    # Lanes with the same tests share them; lanes with others have nothing to share.
    places = {(words[4], *words[9:]) for words in tests}
    assert len(places) == len({place for place, *_ in places}) == len(set(LANES.values()))
    # What one lane leaves out is what another is for.
    everything, *others = sorted(set(LANES.values()))
    left_out = {word.removeprefix("--ignore=") for word in everything[1:]}
    assert (everything[0], left_out) == ("tests", {words[0] for words in others})
    assert all((ROOT / folder).is_dir() for folder in left_out)


def test_the_order_of_tests_is_that_of_the_commit(tmp_path):
    assert order_of(tmp_path) == 0, "no commit yet"
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    seeds = []
    for _ in range(2):
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "one more"], check=True)
        seeds.append(order_of(tmp_path))
        assert order_of(tmp_path) == seeds[-1]
    assert len({0, *seeds}) == 3


@pytest.mark.parametrize(("codes", "expected"), [({"pytest": 1}, 1), ({"ruff": 1}, 1), ({"mypy": 2}, 2)])
def test_any_failure_is_the_result(checkout, codes, expected):
    done, asked = bootstrap(checkout, "test", codes=codes)
    assert done.returncode == expected
    assert any("pytest" in one["words"] for one in asked)


def test_what_went_wrong_stands_at_the_end_with_its_reason(checkout):
    done, _ = bootstrap(checkout, "test", codes={"pytest": 1})
    last = done.stdout.rpartition("what went wrong in engine 2")[2].splitlines()[1:5]
    assert [line.strip() for line in last] == [
        "=== FAILURES ===", "____ test_it ____", "E   1 is not 2", "FAILED tests/a.py::test_it"
    ]  # fmt: skip


def test_few_tests_that_failed_are_tried_alone_and_named_when_they_pass(tmp_path, capfd):
    test = "import os\ndef test_it():\n    assert os.path.exists('late')\ndef test_other():\n    pass\n"
    for number in range(2):
        (tmp_path / f"test_{number}.py").write_text(test)
    cache = tmp_path / "cache"
    run = [sys.executable, "-m", "pytest", "-q", "--rootdir", ".", "-o", f"cache_dir={cache}"]

    def forgiven() -> bool:
        return pass_alone(sys.executable, [cache], root=tmp_path, variables=os.environ)

    subprocess.run([*run, "test_0.py"], cwd=tmp_path, stdout=subprocess.DEVNULL)
    assert not forgiven(), "it fails alone too"
    (tmp_path / "late").touch()
    assert forgiven()
    assert "unsteady: test_0.py::test_it failed beside other tests" in capfd.readouterr().out
    assert not pass_alone(sys.executable, [tmp_path], root=tmp_path, variables=os.environ), (
        "nothing was noted"
    )
    noted = cache / "v" / "cache" / "lastfailed"
    noted.write_text(json.dumps({f"test_{number}.py::test_other": True for number in range(4)}))
    assert not forgiven(), "so many are no accident"


def test_lines_are_counted_over_all_lanes_and_too_few_are_a_failure(tmp_path, capfd):
    for package in covered.PACKAGES:
        (tmp_path / package).mkdir()
        functions = "".join(f"def {name}():\n    return 1\n\n" for name in ("one", "two", "three"))
        (tmp_path / package / "__init__.py").write_text(functions)
    outs = [tmp_path / "one.json", tmp_path / "two.json"]
    for out in outs:
        file = tmp_path / f"test_{out.stem}.py"
        file.write_text(f"import sleapnn_engine\ndef test_it():\n    sleapnn_engine.{out.stem}()\n")
        words = [*covered.words(out), "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
        subprocess.run([sys.executable, *words], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    found = covered.lines_run(sys.executable, outs, root=tmp_path)
    assert found == {"sleapnn_engine": (5, 6)}
    assert covered.report(found, floor=83)
    assert not covered.report(found, floor=84)
    assert "coverage: 83.3 % of all lines (at least 84 % are wanted)" in capfd.readouterr().out
    assert covered.lines_run(sys.executable, [*outs, tmp_path / "none.json"], root=tmp_path) == {}
    assert covered.report({}), "a lane that ended early has failed in its own way"


def test_unknown_words_are_refused(checkout):
    done, asked = bootstrap(checkout, "demo", "--fast")
    assert done.returncode == 2
    assert "--fast" in done.stderr
    assert asked == []


def test_ci_passes_on_the_result(checkout):
    (checkout / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", checkout / ".ci")
    environment = {**os.environ, "CODES": json.dumps({"pytest": 1})}
    done = subprocess.run([str(checkout / ".ci" / "run")], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == f"{3 * len(LANES)} passed, 0 failed, 0 skipped"
