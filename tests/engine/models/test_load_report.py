"""What is told of weights from a file: sentences that name the first few tensors, and details that name the rest."""

import pytest

from sleapnn_engine.models.matching import LISTED, LoadReport, Misfit


def names(kind: str, count: int) -> tuple[str, ...]:
    return tuple(f"{kind}.{number}.weight" for number in range(count))


def report(*, missing: int = 0, misfits: int = 0, unused: int = 0) -> LoadReport:
    return LoadReport(
        source="old.ckpt",
        part="backbone",
        loaded=("stem.weight",),
        missing=names("missing", missing),
        misfits=tuple(Misfit(name, (4, 3), (8, 3)) for name in names("misfit", misfits)),
        unused=names("unused", unused),
    )


@pytest.mark.parametrize("kind", ["missing", "misfits", "unused"])
@pytest.mark.parametrize("count", [0, 1, LISTED])
def test_nothing_is_told_twice_where_sentences_name_all(kind: str, count: int) -> None:
    told = report(**{kind: count})
    assert told.details() == []
    assert " more" not in " ".join(told.sentences())


@pytest.mark.parametrize(
    ("kind", "what", "shapes"),
    [
        ("missing", "Not in the file: ", ""),
        ("misfits", "Of another shape: ", " (4 x 3 in the file, 8 x 3 in the network)"),
        ("unused", "Not in this network: ", ""),
    ],
)
@pytest.mark.parametrize("count", [LISTED + 1, 3 * LISTED])
def test_every_tensor_of_those_that_sentences_only_count_has_a_line(
    kind: str, what: str, shapes: str, count: int
) -> None:
    told = report(**{kind: count})
    assert told.details() == [f"{what}{name}{shapes}" for name in names(kind.replace("fits", "fit"), count)]
    assert f"and {count - LISTED} more." in " ".join(told.sentences())


def test_each_kind_is_judged_by_its_own_number() -> None:
    told = report(missing=LISTED + 1, misfits=LISTED, unused=LISTED + 2).details()
    assert [line.partition(":")[0] for line in told] == [
        *["Not in the file"] * (LISTED + 1),
        *["Not in this network"] * (LISTED + 2),
    ]
