"""How the processes of one run find each other: the first one leaves its address in torch's own key-value store."""

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import attrs
import torch.distributed as dist

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.plain_json import from_json
from sleapnn_engine.training.processes.fabric import Fabric

#: How long the processes wait for the first one; a cluster may start them minutes apart.
MEETING = timedelta(minutes=10)
#: What Fabric and Gloo leave in the environment, which is that of every process started from here.
_LEFT = ("MASTER_ADDR", "MASTER_PORT", "NODE_RANK", "LOCAL_RANK", "WORLD_SIZE", "OMP_NUM_THREADS")
#: Where the processes of one machine meet, so that nothing listens to the network.
LOOPBACK = {"linux": "lo", "darwin": "lo0"}
INTERFACE = "GLOO_SOCKET_IFNAME"


@attrs.frozen(kw_only=True)
class Address:
    """Where the first process listens, and the word by which it knows the others."""

    host: str
    port: int
    word: str


def leave_address(fabric: Fabric, address: Address) -> object:
    """Tell the other processes where the first one is; the store lives as long as what is returned."""
    store = _store(fabric, leads=True)
    store.set(_key(), json.dumps(attrs.asdict(address)))
    return store


def find_address(fabric: Fabric) -> Address:
    """Where the first process is. Raises UserError when it does not come."""
    try:
        return Address(**from_json(_store(fabric, leads=False).get(_key())))
    except (RuntimeError, ValueError, TypeError) as error:  # torch's own errors of a store are RuntimeErrors
        raise UserError(
            "The first process of this run was not found.",
            where=f"{_address(fabric)[0]}:{_address(fabric)[1]}",
            hint="See what it says, and whether the machines reach each other.",
        ) from error


def join_group(fabric: Fabric) -> None:
    """Make the processes a group that adds up tensors; all have to come. What is in the environment stays as it is."""
    before = {name: os.environ.get(name) for name in _LEFT}
    try:
        with _loopback(fabric):
            fabric.launch()
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def leave_group(*, orderly: bool) -> None:
    """Leave the group. One that has lost a process is given up, for the regular way waits for it."""
    if not dist.is_initialized():
        return
    give_up = getattr(dist.distributed_c10d, "_abort_process_group", None)
    if not orderly and give_up is not None and dist.get_backend() == "nccl":
        give_up()
    else:
        dist.destroy_process_group()


def _store(fabric: Fabric, *, leads: bool) -> Any:
    """The store at the address that launchers agree on. Fabric's group uses it as well; torchrun has made it already."""
    host, port = _address(fabric)
    made = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    return dist.TCPStore(  # type: ignore[attr-defined]
        host,
        port,
        is_master=leads and not made,
        wait_for_workers=False,
        multi_tenant=True,
        timeout=MEETING,
    )


def _address(fabric: Fabric) -> tuple[str, int]:
    environment = fabric.strategy.cluster_environment  # type: ignore[attr-defined]
    return environment.main_address, environment.main_port


def _key() -> str:
    """Torchrun starts everything again after a failure, with the same store."""
    return f"sleapnn-engine/{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}"


@contextlib.contextmanager
def _loopback(fabric: Fabric) -> Iterator[None]:
    """Within it, processes of one machine meet over its own interface, unless the environment names another."""
    name = LOOPBACK.get(sys.platform)
    if name is None or INTERFACE in os.environ or _address(fabric)[0] != "127.0.0.1":
        yield
        return
    os.environ[INTERFACE] = name
    try:
        yield
    finally:
        del os.environ[INTERFACE]
