"""What the window hears of a real engine that cannot use its labels: the reason, and that nothing is left."""

from pathlib import Path

import pytest
import yaml

from sleapnn_gui.run.machine import State
from sleapnn_gui.run.outcome import Exit, LastWords, describe
from tests.gui.run.following import ROOT, Followed

BAD = {
    "06_damaged/truncated.pkg.slp": "damaged or cut short",
    "09_skeleton/no_edges.pkg.slp": "no edges between the parts",
}
#: What is named where the files are as they should be, and only the model is not for them.
MODEL = "model_config.head_configs.bottomup"


@pytest.mark.parametrize("name", BAD)
def test_bad_labels_end_in_their_reason_and_leave_no_folder(
    app, wait_until, shared_data, tmp_path, borrowed, name
):
    pytest.importorskip("torch")
    labels = shared_data / "bad" / name
    config = {
        "data_config": {"train_labels_path": [str(labels)]},
        "model_config": {
            "backbone_config": {"unet": {"filters": 4, "max_stride": 8, "output_stride": 2}},
            "head_configs": {
                "bottomup": {"confmaps": {"output_stride": 2}, "pafs": {"output_stride": 4}},
            },
        },
        "trainer_config": {"trainer_accelerator": "cpu"},
    }
    run = Followed(engine=borrowed)
    run.session.start(yaml.safe_dump(config), tmp_path / "models" / "run", folder=ROOT)
    wait_until(lambda: run.outcome is not None, 60)
    outcome = run.outcome
    run.session.leave()
    assert outcome.state is State.FAILED
    assert outcome.exit.code == 1
    assert BAD[name] in outcome.sentence
    named = MODEL if name.startswith("09_skeleton") else str(labels)
    assert named in outcome.sentence + outcome.where
    assert not any("Traceback" in line for line in outcome.last_lines)
    assert outcome.log_path is not None
    assert outcome.log_path.is_file()
    assert outcome.run_dir is None
    assert list(Path(tmp_path).iterdir()) == []


def test_several_reasons_on_the_output_are_all_told():
    lines = [
        "run folder: /runs/a",
        "The labels cannot be used, for 2 reasons:",
        "- a.slp is empty.",
        "- b.slp is gone.",
    ]
    sentence, _ = describe(State.FAILED, Exit(code=1), LastWords(), lines)
    assert sentence == "\n".join(lines[1:])
