"""What a run's numbers say of it: each rule speaks where it should, keeps quiet where not, and its change is a valid one."""

import attrs
import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.advice import apply_advice
from sleapnn_engine.config.presets import list_presets, load_preset
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.validate import errors, validate
from sleapnn_engine.protocol.coach import RULES, coach
from sleapnn_engine.protocol.coach_case import RunCase, Shows, read_case
from sleapnn_engine.protocol.epoch_history import EpochFigures
from sleapnn_engine.protocol.events import Samples, Started
from sleapnn_engine.protocol.measures import Measured
from tests.engine.protocol.examples import BODIES

GOOD = Measured({"median_px": 2.0, "f1": None}, {"nose": 1.5, "thorax": 2.0, "tail": 2.5})
ENOUGH = Samples(
    train_frames=90, val_frames=10, train_animals=180, train_parts={"nose": 180, "thorax": 175, "tail": 170},
    val_parts={"nose": 20, "thorax": 20, "tail": 20}, repeated=0, crop=96, cut=0,
)  # fmt: skip


def epochs(vals, *, trains=None, rates=None, measured=GOOD):
    """Epochs with these validation losses; the training loss falls evenly unless `trains` says otherwise."""
    return [
        EpochFigures(
            epoch=place, step=place, seconds=float(place), val=val,
            train=(trains or (lambda place: 1.0 / (1 + place)))(place),
            measured=measured(place) if callable(measured) else measured,
            lr=1e-3 if rates is None else rates(place),
        )
        for place, val in enumerate(vals)
    ]  # fmt: skip


def falling(count):
    return [1.0 / (1 + place) for place in range(count)]


def preset(model_type="centered_instance"):
    return load_preset(next(one for one in list_presets("guide") if one.model_type == model_type).name)


STILL = [1.0, 0.5, 0.2, *[0.21] * 40]
RISING = [*falling(9), *[0.12 + 0.01 * place for place in range(12)]]
NOTHING = Measured({"f1": 0.0, "median_px": None}, {})

#: name of the hint -> the case that shows it, and words of its sentence.
CASES = {
    "overfitting": (RunCase(epochs=epochs(RISING)), "Since epoch 9 the validation loss rises, from 0.11 to 0.22"),
    "too_large_steps": (
        RunCase(epochs=epochs([1.1, *[2.4] * 9], trains=lambda place: 1.4 if place < 2 else 2.4)),
        "Since epoch 1 both losses rise, in training from 1.4 to 2.4, in validation from 1.1 to 2.4: with a learning rate of",
    ),
    "rate_never_drops": (
        RunCase(epochs=epochs(STILL, trains=lambda place: 0.2)),
        "Nothing has got better since epoch 3, for 40 epochs, and the learning rate has stayed at 0.001",
    ),
    "plateau": (
        RunCase(
            epochs=epochs(STILL, trains=lambda place: 0.2, rates=lambda place: 1e-3 if place < 9 else 1e-4)
        ),
        "a smaller learning rate did not help",
    ),
    "nothing_found": (
        RunCase(epochs=epochs(falling(12), measured=NOTHING), over=True),
        "0 % of the animals are found in validation after 12 epochs. The loss falls to the last epoch",
    ),
    "worst_part": (
        RunCase(epochs=epochs(falling(4), measured=Measured({"median_px": 3.0}, {"nose": 2.0, "thorax": 2.0, "tail": 12.0}))),
        "“tail” is typically 12 px off, the other parts 2 px.",
    ),
    "sides_swapped": (
        RunCase(epochs=[attrs.evolve(one, swapped={"wingL ↔ wingR": 0.3, "earL ↔ earR": 0.2, "eyeL ↔ eyeR": 0.1}) for one in epochs(falling(4))]),
        "wingL ↔ wingR: on 30 % of the validation animals the two lie in each other's place, and 1 other pair likewise.",
    ),
    "part_not_in_validation": (
        RunCase(epochs=epochs(falling(4)), samples=attrs.evolve(ENOUGH, val_parts={"nose": 20, "thorax": 20, "tail": 0})),
        "No validation frame shows “tail”",
    ),
    "part_not_labelled": (
        RunCase(
            samples=attrs.evolve(
                ENOUGH, val_parts={"nose": 2, "tail": 0}, train_parts={"nose": 9, "tail": 0}
            )
        ),
        "No label shows “tail”",
    ),
    "part_never_found": (
        RunCase(
            epochs=epochs(falling(4), measured=Measured({"median_px": 3.0}, {"nose": 2.0, "thorax": 2.0, "tail": None})),
            samples=ENOUGH,
        ),
        "“tail” is labelled in validation and never found there.",
    ),
    "crops_cut": (RunCase(samples=attrs.evolve(ENOUGH, cut=14)), "Crops of 96 px do not hold 14 of 180 animals whole"),
    "repeated_frames": (RunCase(samples=attrs.evolve(ENOUGH, repeated=6)), "6 of 10 validation frames nearly repeat"),
    "few_frames": (RunCase(samples=attrs.evolve(ENOUGH, train_frames=12)), "There are 12 frames to learn from."),
    "few_validation_frames": (RunCase(samples=attrs.evolve(ENOUGH, val_frames=1)), "There is 1 frame to measure with"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_rule_speaks_with_figures_and_offers_what_a_config_allows(name):
    case, words = CASES[name]
    values = preset()
    values["data_config"]["train_labels_path"] = ["labels.slp"]
    values["data_config"]["preprocessing"]["crop_size"] = 96
    values["trainer_config"]["lr_scheduler"] = {"step_lr": {"step_size": 500, "gamma": 0.1}}
    case = attrs.evolve(case, config=ConfigReader(values))
    (hint,) = [one for one in coach(case) if one.name == name]
    assert words in hint.text
    assert hint.text.endswith(".")
    if hint.fix is not None:
        after = apply_advice(values, hint.fix.changes)
        assert after != values
        before = {(issue.path, issue.message) for issue in errors(validate(values))}
        assert {(issue.path, issue.message) for issue in errors(validate(after))} <= before
        again = coach(attrs.evolve(case, config=ConfigReader(after)))
        told = next(one for one in again if one.name == name)
        assert told.fix is None or told.fix.label != hint.fix.label


def test_every_rule_is_walked():
    cases = [case for case, _ in CASES.values()] + [RunCase(killed=True, over=True)]
    speaking = {rule for rule in RULES for case in cases if any(rule(case))}
    assert speaking == set(RULES)


QUIET = {
    "learning well": RunCase(epochs=epochs(falling(60)), samples=ENOUGH),
    "begun a moment ago": RunCase(epochs=epochs(falling(2), measured=NOTHING), samples=ENOUGH),
    "nothing known": RunCase(),
    "no validation": RunCase(epochs=epochs([None] * 40, measured=Measured()), over=True, samples=ENOUGH),
    "noise of the validation": RunCase(epochs=epochs([0.2 + 0.01 * (place % 3) for place in range(12)])),
    "one animal in twelve the other way round": RunCase(
        epochs=[attrs.evolve(one, swapped={"hindlegL4 ↔ hindlegR4": 0.083}) for one in epochs(falling(4))]
    ),
    "few parts": RunCase(epochs=epochs(falling(4), measured=Measured({"median_px": 3.0}, {"nose": 2.0, "tail": 40.0}))),
}  # fmt: skip


@pytest.mark.parametrize("name", QUIET)
def test_a_run_that_is_well_is_left_in_peace(name):
    assert coach(QUIET[name]) == []


STRANGERS = Measured({"f1": 0.65, "median_px": 3.0, "class_accuracy": 0.0}, {"nose": 3.0})


@pytest.mark.parametrize(
    ("vals", "words", "shows"),
    [
        (falling(12), "so more epochs may be", Shows.ANIMALS),
        (STILL, "a track is the same animal", Shows.LABELS),
    ],
)
def test_animals_that_are_found_and_taken_for_others_are_not_told_to_be_missing(vals, words, shows):
    hint = coach(RunCase(epochs=epochs(vals, measured=STRANGERS, trains=lambda place: 0.2), over=True))[0]
    assert hint.text.startswith("0 % of the animals found in validation are given their right identity after")
    assert words in hint.text
    assert hint.shows is shows


def test_points_that_are_all_far_off_are_no_calm_end_and_what_made_them_so_is_told():
    off = Measured({"median_px": 127.0, "pck_10": 0.003}, {"nose": 127.0})
    loud = epochs([1.1, *[2.4] * 9], trains=lambda place: 1.4 if place < 2 else 2.4, measured=off)
    (hint,) = coach(RunCase(epochs=loud, over=True))
    assert hint.grave
    assert hint.text.startswith(
        "0 % of the body parts are found within 10 % of a body in validation after 10 epochs. Since"
    )
    assert "both losses rise" in hint.text
    assert (
        coach(
            RunCase(
                epochs=epochs(falling(4), measured=Measured({"median_px": 9.0, "pck_10": 0.01})), over=True
            )
        )
        == []
    )


def test_a_schedule_that_waits_for_less_than_creeping_is_told_to_ask_for_more():
    values = preset()
    values["trainer_config"]["lr_scheduler"] = {"reduce_lr_on_plateau": {"patience": 5, "threshold": 1e-6}}
    still, _ = CASES["rate_never_drops"]
    (hint,) = coach(attrs.evolve(still, config=ConfigReader(values)))
    assert hint.fix is not None
    assert hint.fix.label == "Drop it below 1 % of progress"
    after = apply_advice(values, hint.fix.changes)["trainer_config"]["lr_scheduler"]["reduce_lr_on_plateau"]
    assert (after["threshold"], after["threshold_mode"]) == (0.01, "rel")


def test_a_loss_that_only_creeps_does_not_fall_and_makes_no_progress():
    """As where a network shows nothing anywhere, which is a little better each epoch."""
    off = Measured({"median_px": 117.0, "pck_10": 0.0}, {"nose": 117.0})
    case = RunCase(
        epochs=epochs([0.0287 + 0.001 / (1 + place) for place in range(60)], trains=lambda _: 0.0287),
        over=True,
    )
    (hint,) = coach(case)
    assert hint.text.startswith(
        "Hardly anything has got better since epoch 4, for 56 epochs, and the learning rate has stayed"
    )
    told = [attrs.evolve(one, measured=off) for one in case.epochs]
    assert "The loss has stopped falling" in coach(attrs.evolve(case, epochs=told))[0].text


def test_a_run_that_stopped_by_itself_has_made_no_progress_for_as_long_as_it_was_told_to_wait():
    values = preset()
    stopping = values["trainer_config"]["early_stopping"]
    assert stopping["stop_training_on_plateau"]
    stopping["patience"] = 8
    still = RunCase(epochs=epochs([0.3, *[0.3] * 9], trains=lambda place: 0.3), config=ConfigReader(values))
    assert coach(still) == [], "while it runs there may be more to come"
    (hint,) = coach(attrs.evolve(still, over=True))
    assert hint.text.startswith(
        "Nothing has got better since epoch 1, for 9 epochs, and the learning rate has stayed at 0.001"
    )


def test_what_makes_a_result_useless_comes_first_and_is_grave():
    case = attrs.evolve(CASES["nothing_found"][0], samples=attrs.evolve(ENOUGH, train_frames=3, repeated=9))
    told = coach(case)
    assert [hint.name for hint in told if hint.grave] == [told[0].name] == ["nothing_found"]


def test_each_type_of_model_gets_changes_of_its_own():
    part = CASES["worst_part"][0]
    started = Started.read({**BODIES["started"], "model_type": "centroid"})
    centroid = attrs.evolve(part, started=started, config=ConfigReader(preset("centroid")))
    assert [hint.fix for hint in coach(centroid)] == [None]
    stopped = attrs.evolve(
        CASES["nothing_found"][0],
        epochs=epochs([*falling(9), *[0.12] * 10], measured=NOTHING),
        config=ConfigReader(preset("bottomup")),
    )
    label = "Sigma"
    assert next(one for one in coach(stopped) if one.name == "nothing_found").fix.label.startswith(label)


@pytest.mark.parametrize(("body", "told"), [(60.0, True), (None, True), (400.0, False)])
def test_a_part_is_much_worse_only_where_that_is_more_than_labels_differ_by(body, told):
    """6 px are a tenth of a fly in a small picture, and nothing on a mouse that fills a large one."""
    measured = {"median_px": 1.0, "percent_of_body": None if body is None else 100.0 / body}
    parts = {"nose": 1.0, "thorax": 1.0, "tail": 6.0}
    case = RunCase(epochs=epochs(falling(4), measured=Measured(measured, parts)))
    assert ["worst_part"] * told == [hint.name for hint in coach(case)]


@pytest.mark.parametrize(("others", "told"), [(4.0, True), (21.0, False)])
def test_one_part_stands_out_only_where_the_others_are_found(others, told):
    """As a real training was after six epochs: a body of 169 px, most parts 21 px off, one 85 px."""
    measured = {"median_px": others, "percent_of_body": others / 1.69}
    parts = {"head": others, "wingL": others, "midlegR4": 85.0}
    case = RunCase(epochs=epochs(falling(6), measured=Measured(measured, parts)))
    assert ["worst_part"] * told == [hint.name for hint in coach(case)]


@pytest.mark.parametrize(
    ("tail", "over", "told"),
    [
        ([123.0] * 3, False, False),
        ([123.0] * 3, True, True),
        ([123.0] * 4, False, True),
        ([123.0, 120.0, 90.0, 60.0], False, False),
        ([123.0, 120.0, 90.0, 60.0], True, True),
    ],
)
def test_a_part_that_is_still_being_learned_is_left_in_peace(tail, over, told):
    """As in the demonstration, whose tail lies far off for some epochs and on its place soon after."""
    made = [
        attrs.evolve(
            one,
            measured=Measured(
                {"median_px": 4.0, "percent_of_body": 3.0}, {"nose": 4.0, "trunk": 4.0, "tail": px}
            ),
        )
        for one, px in zip(epochs(falling(len(tail))), tail, strict=True)
    ]
    assert ["worst_part"] * told == [hint.name for hint in coach(RunCase(epochs=made, over=over))]
    better = [
        attrs.evolve(
            one,
            measured=attrs.evolve(
                one.measured, values={"median_px": 8.0 / (1 + number), "percent_of_body": 3.0}
            ),
        )
        for number, one in enumerate(made)
    ]
    assert ["worst_part"] * over == [hint.name for hint in coach(RunCase(epochs=better, over=over))]


def test_what_was_never_measured_is_no_reason_to_say_that_nothing_is_found():
    case = RunCase(epochs=epochs(falling(12), measured=Measured()), over=True)
    assert coach(case) == []


def test_images_are_varied_step_by_step_until_they_are_turned_any_way():
    values, labels = preset(), []
    tree.put(values, "data_config.augmentation_config", None)
    while True:
        case = attrs.evolve(CASES["overfitting"][0], config=ConfigReader(values))
        fix = next(hint.fix for hint in coach(case) if hint.name == "overfitting")
        if fix is None:
            break
        labels.append(fix.label)
        values = apply_advice(values, fix.changes)
        assert not errors(validate(values)) or "labels" in str(errors(validate(values)))
    assert labels == ["Vary the images", "Rotate by ±45°", "Rotate by ±180°"]


def test_a_journal_of_before_says_less_and_nothing_wrong(tmp_path):
    assert read_case(tmp_path, config=None, over=True) == RunCase(epochs=[], over=True)
