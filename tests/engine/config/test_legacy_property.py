"""Whatever is left out of a legacy file, nulled or put into it: a config with a full report, or a UserError."""

import copy
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sleapnn_engine.config import tree
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import dump_config, parse_config
from sleapnn_engine.config.legacy.conversion import KINDS, import_legacy, is_legacy
from sleapnn_engine.config.legacy.fields import FIELDS, SECTIONS
from tests.engine.config.legacy_samples import BACKBONE_NAMES, HEAD_NAMES, whole_file

_PATHS = sorted({*FIELDS, *SECTIONS, "optimization.epoch", "outputs.unknown.section"})
_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from([{}, [], [[1, 2]], [["a", "b"]], "adam", "tcp://:0", "a//b", "\ud800", 10**40, 1e308]),
    st.lists(st.integers() | st.none() | st.text(max_size=3), max_size=3),
    st.dictionaries(st.sampled_from(["confmaps", "filters", "x"]), st.integers() | st.none(), max_size=2),
)
_CHANGES = st.lists(st.tuples(st.sampled_from(_PATHS), st.just("out") | st.tuples(_VALUES)), max_size=8)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    head=st.sampled_from(sorted(HEAD_NAMES)),
    backbone=st.sampled_from(BACKBONE_NAMES),
    changes=_CHANGES,
    reset=st.booleans(),
    closest=st.booleans(),
)
@example(head="multi_class_topdown", backbone="unet", changes=[("model", (3,))], reset=False, closest=False)
def test_any_file_gives_a_config_or_a_user_error(head, backbone, changes, reset, closest):
    legacy = _changed(whole_file(head=head, backbone=backbone), changes)
    is_legacy(legacy)
    try:
        result = import_legacy(copy.deepcopy(legacy), reset_resolved=reset, closest_unet=closest)
    except UserError:
        return
    told = [row.legacy_path for row in result.report.rows if row.in_file]
    assert sorted(told) == sorted(path for path, _ in tree.leaves(legacy))
    assert {row.kind for row in result.report.rows} <= set(KINDS)
    result.report.to_text().encode("utf-8")
    assert parse_config(dump_config(result.values)).values == result.values


def _changed(legacy: dict[str, Any], changes: list[tuple[str, Any]]) -> dict[str, Any]:
    for path, change in changes:
        if change == "out":
            tree.drop(legacy, path)
        else:
            tree.put(legacy, path, copy.deepcopy(change[0]))
    return legacy
