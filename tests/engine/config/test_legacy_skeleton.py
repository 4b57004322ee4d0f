"""Skeletons out of jsonpickle: shared object numbers, edge order, symmetries."""

import json
from typing import Any

import pytest

from sleapnn_engine.config.legacy.skeleton import plain_skeletons


def _node(name: str) -> dict[str, Any]:
    return {"py/object": "sleap.skeleton.Node", "py/state": {"py/tuple": [name, 1.0]}}


def _type(number: int) -> dict[str, Any]:
    return {"py/reduce": [{"py/type": "sleap.skeleton.EdgeType"}, {"py/tuple": [number]}]}


def _link(
    source: dict[str, Any], target: dict[str, Any], kind: dict[str, Any], index: int | None = None
) -> dict[str, Any]:
    link = {"key": 0, "source": source, "target": target, "type": kind}
    return link if index is None else {"edge_insert_idx": index, **link}


def _fly() -> dict[str, Any]:
    """thorax-head, thorax-abdomen, two wings as mirror images; numbers as SLEAP counts nodes and types together."""
    return {
        "directed": True,
        "graph": {"name": "fly", "num_edges_inserted": 2},
        "links": [
            _link(_node("thorax"), _node("abdomen"), _type(1), 1),  # objects 1, 2, 3
            _link({"py/id": 1}, _node("head"), {"py/id": 3}, 0),  # object 4
            _link(_node("wingL"), _node("wingR"), _type(2)),  # objects 5, 6, 7
            _link({"py/id": 6}, {"py/id": 5}, {"py/id": 7}),
        ],
        "multigraph": True,
        "nodes": [
            {"id": {"py/id": 4}},
            {"id": {"py/id": 1}},
            {"id": {"py/id": 2}},
            {"id": {"py/id": 5}},
            {"id": {"py/id": 6}},
        ],
    }


def test_a_skeleton_of_sleap():
    (skeleton,) = plain_skeletons([_fly()]) or []
    assert [node["name"] for node in skeleton["nodes"]] == ["head", "thorax", "abdomen", "wingL", "wingR"]
    edges = [(edge["source"]["name"], edge["destination"]["name"]) for edge in skeleton["edges"]]
    assert edges == [("thorax", "head"), ("thorax", "abdomen")]  # by the order of drawing, not of the file
    assert skeleton["symmetries"] == [[{"name": "wingL"}, {"name": "wingR"}]]
    assert skeleton["name"] == "fly"


def test_a_part_without_edges_stands_in_the_list_of_nodes():
    graph = _fly()
    graph["nodes"].append({"id": _node("tail")})
    (skeleton,) = plain_skeletons([graph]) or []
    assert skeleton["nodes"][-1] == {"name": "tail"}


@pytest.mark.parametrize(
    "graphs",
    [
        "text",
        [3],
        [{}],
        [{"nodes": [], "links": [3]}],
        [{"nodes": [{"id": {"py/id": 9}}], "links": []}],
        [{"nodes": [{"id": _node("a")}, {"id": _node("a")}], "links": []}],
        [{"nodes": [{"id": _node("a")}], "links": [_link(_node("a"), _node("b"), _type(1))]}],
        [{"nodes": [{"id": _node("a")}], "links": [_link(_node("a"), {"py/id": 1}, {"py/id": 1})]}],
    ],
)
def test_what_makes_no_sense_is_no_skeleton(graphs):
    assert plain_skeletons(graphs) is None


@pytest.mark.interop
def test_skeletons_written_by_sleap_io():
    skeleton_io = pytest.importorskip("sleap_io.io.skeleton")
    skeleton = pytest.importorskip("sleap_io").Skeleton(
        nodes=["head", "thorax", "abdomen", "wingL", "wingR"],
        edges=[("thorax", "head"), ("thorax", "abdomen"), ("thorax", "wingL"), ("thorax", "wingR")],
        symmetries=[("wingL", "wingR")],
        name="fly",
    )
    (found,) = plain_skeletons([json.loads(skeleton_io.SkeletonEncoder().encode(skeleton))]) or []
    assert [node["name"] for node in found["nodes"]] == skeleton.node_names
    edges = [(edge["source"]["name"], edge["destination"]["name"]) for edge in found["edges"]]
    assert edges == [(edge.source.name, edge.destination.name) for edge in skeleton.edges]
    assert {part["name"] for part in found["symmetries"][0]} == {"wingL", "wingR"}
