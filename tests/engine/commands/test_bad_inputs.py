"""Every bad or awkward input of the collection, through `train`: it trains, or ends in one sentence and leaves nothing."""

import hashlib
import json
import math
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sleapnn_engine.commands.validate import values_of
from sleapnn_engine.config.build import build_job
from sleapnn_engine.inspect import answers
from sleapnn_engine.inspect.known_labels import KnownLabels
from tests.engine.commands.agreement import require_agreement
from tests.engine.commands.bad_cases import CONFIGS, HEADS, LABELS, TRAINS
from tests.engine.commands.in_process import EventBody, engine, prepare_only, smallest_job
from tests.engine.training.jobs import events, faults, finish, start


@pytest.fixture(scope="module")
def bad(shared_data: Path) -> Iterator[Path]:
    """The collection; whatever is done with it, not a byte of it changes and nothing is added."""
    folder = shared_data / "bad"
    before = digests(folder)
    yield folder
    assert digests(folder) == before


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def check_trained(said: EventBody, run: Path) -> None:
    """It ended as it should, with losses that are numbers."""
    assert said.code == TRAINS, said.err
    assert said.faults == []
    told = events(run)
    assert told[-1]["body"]["outcome"] == "completed"
    end = next(event["body"] for event in told if event["kind"] == "epoch_end")
    assert math.isfinite(end["train"])
    assert math.isfinite(end["val"])


def check_refused(said: EventBody, folder: Path, *, code: int, about: tuple[str, ...]) -> None:
    """It ended in one sentence that names one of the things it may be `about`, and nothing was left where runs go."""
    assert said.code == code
    assert len(said.faults) == 1
    assert any(name in said.faults[0] for name in about)
    assert not folder.exists()


@pytest.fixture(scope="module")
def known() -> Iterator[KnownLabels]:
    """Labels as one engine process keeps them: what is asked of a file again is answered from one reading."""
    one = KnownLabels()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "KnownLabels", lambda: one)
        yield one


#: The first type that each file trains takes a step; for others it is enough that they come that far.
STEPPING = {
    name: next(kind for kinds, code, _ in cases if code == TRAINS for kind in kinds)
    for name, cases in LABELS.items()
    if any(code == TRAINS for _, code, _ in cases)
}
#: Configs that say what `00_good` says, which takes a step for them.
AS_GOOD = ("crlf", "string_number_lr", "train_path_is_string", "utf16_with_bom", "utf8_with_bom")


@pytest.mark.parametrize(
    ("name", "model_type", "code", "words"),
    [
        pytest.param(name, model_type, code, words, id=f"{name}-{model_type}")
        for name, cases in LABELS.items()
        for model_types, code, words in cases
        for model_type in model_types
    ],
)
def test_labels(
    bad: Path, known: KnownLabels, tmp_path: Path, name: str, model_type: str, code: int, words: str
) -> None:
    changes = {}
    if "anchor" in name:
        changes[f"{HEADS}{model_type}.confmaps.anchor_part"] = "thorax"
    config, run = smallest_job(tmp_path, bad / name, model_type, **changes), tmp_path / "models" / "run"
    steps = code != TRAINS or STEPPING[name] == model_type
    said = engine("train", config) if steps else prepare_only(config, known=known)
    assert words in said.err
    require_agreement(said, config, run=run)
    if not steps:
        assert (said.code, said.faults, run.exists()) == (TRAINS, [], False)
    elif code == TRAINS:
        check_trained(said, run)
    else:
        check_refused(said, tmp_path / "models", code=code, about=(str(bad / name), f"{HEADS}{model_type}: "))


def test_nodes_of_validation_labels_are_matched_by_name(bad: Path, tmp_path: Path) -> None:
    skeleton = bad / "09_skeleton"
    train = bad / "10_tracks" / "no_tracks.pkg.slp"
    config = smallest_job(tmp_path, train, "bottomup", val=skeleton / "other_node_order.pkg.slp")
    check_trained(engine("train", config), tmp_path / "models" / "run")
    shutil.rmtree(tmp_path / "models")
    fewer = skeleton / "fewer_nodes.pkg.slp"
    said = engine("train", smallest_job(tmp_path, train, "bottomup", val=fewer))
    assert "it lacks 'forelegL4', " in said.err
    check_refused(said, tmp_path / "models", code=1, about=(str(fewer),))


@pytest.mark.parametrize("model_type", ["single_instance", "bottomup"])
def test_names_of_any_script_train_and_stay(bad: Path, tmp_path: Path, model_type: str) -> None:
    with zipfile.ZipFile(bad / "08_names.zip") as archive:
        archive.extractall(tmp_path)
    paths = sorted(tmp_path.rglob("*.slp"))
    assert len(paths) == 3
    chosen = [path for path in paths if ("ミバエ" in path.name) == (model_type == "bottomup")]
    for path in chosen:
        folder = path.parent / "Größe 数"
        folder.mkdir()
        said = engine("train", smallest_job(folder, path, model_type, trainer_config__save_ckpt=True))
        run = folder / "models" / "run"
        check_trained(said, run)
        nodes = next(event["body"]["nodes"] for event in events(run) if event["kind"] == "started")
        written = (run / "training_config.yaml").read_text(encoding="utf-8")
        if model_type == "bottomup":
            assert any(not name.isascii() for name in nodes)
            assert all(name.isascii() or name in written for name in nodes)


@pytest.mark.parametrize("name", CONFIGS)
def test_configs(
    bad: Path, known: KnownLabels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    code, words = CONFIGS[name]
    home = tmp_path / "deep" / "down"
    home.mkdir(parents=True)
    shutil.copytree(bad / "10_tracks", home / "10_tracks")
    monkeypatch.chdir(home)
    config = bad / "configs" / f"{name}.yaml"
    said = prepare_only(config, known=known) if name in AS_GOOD else engine("train", config)
    assert words in said.err
    assert said.code == code
    if (
        name != "json_legacy_named_yaml"
    ):  # a profile of SLEAP 1.4 is validated as what it would be turned into
        require_agreement(said, config, run=home / "runs" / "cfg")
    if name in AS_GOOD:
        good = build_job(values_of(bad / "configs" / "00_good.yaml"))
        assert build_job(values_of(config)) == good
        assert (said.faults, [path.name for path in home.iterdir()]) == ([], ["10_tracks"])
    elif code == TRAINS:
        check_trained(said, home / "runs" / "cfg")
    else:
        assert len(said.faults) in (1, 2)  # two keys of one config may both be wrong
        assert [path.name for path in home.iterdir()] == ["10_tracks"]
        assert [path.name for path in tmp_path.rglob("*") if path.parent in (tmp_path, home.parent)] == [
            "deep",
            "down",
        ]


def test_no_case_is_forgotten(bad: Path) -> None:
    there = {str(path.relative_to(bad)) for path in bad.rglob("*.slp")}
    assert there | {"14_old_files/json_format_v2_minimal_instance.json"} == set(LABELS)
    assert {path.stem for path in (bad / "configs").glob("*.yaml")} == set(CONFIGS)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        # What libraries in C say would come around Python's streams.
        ("07_damaged_video/truncated_no_moov/labels.slp", "clip.mp4 can be read"),
        ("06_damaged/truncated.pkg.slp", "damaged or cut short"),
    ],
)
def test_a_process_says_one_sentence(bad: Path, tmp_path: Path, name: str, words: str) -> None:
    code, out, err = finish(start(smallest_job(tmp_path, bad / name, "bottomup")))
    (line,) = [line for line in faults(err) if ": warning: " not in line and ": note: " not in line]
    assert code == 1
    assert str(bad / name) in line
    assert words in line
    assert out.splitlines() == [f"run folder: {tmp_path / 'models' / 'run'}"]
    assert [path.name for path in tmp_path.iterdir()] == ["job.yaml"]


def test_a_process_trains_what_it_can(bad: Path, tmp_path: Path) -> None:
    name = "06_damaged/broken_image_inside.pkg.slp"
    code, _, err = finish(start(smallest_job(tmp_path, bad / name, "single_instance")))
    assert code == 0
    assert "frame 3: it is cut short" in err
    last = (tmp_path / "models" / "run" / "events.jsonl").read_text(encoding="utf-8").splitlines()[-1]
    assert json.loads(last)["body"]["outcome"] == "completed"
