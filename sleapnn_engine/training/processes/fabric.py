"""What is used of Lightning Fabric, imported in a fraction of the time it takes otherwise.

Fabric imports PyTorch's compiler to recognise compiled modules, and torchmetrics to learn its version: seconds of a
processor before every training, for two things that are not used here. While Fabric is imported, both are hidden.
"""

import contextlib
import logging
import sys
from collections.abc import Iterator
from types import ModuleType

from torch import nn

_COMPILER, _METRICS = "torch._dynamo", "torchmetrics"


class _NothingCompiled(nn.Module):
    """Stands for the class of compiled modules: nothing is one of them."""


@contextlib.contextmanager
def _spared() -> Iterator[None]:
    """Within it, the compiler has its one class only, and there is no torchmetrics; what is there already stays."""
    compiler = ModuleType(_COMPILER)
    compiler.OptimizedModule = _NothingCompiled  # type: ignore[attr-defined]
    hidden: dict[str, ModuleType | None] = {_COMPILER: compiler, _METRICS: None}
    hidden = {name: module for name, module in hidden.items() if name not in sys.modules}
    sys.modules.update(hidden)  # type: ignore[arg-type]  # None is how Python says that there is no such module
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with _spared():
    from lightning_fabric import Fabric
    from lightning_fabric.plugins.environments.cluster_environment import ClusterEnvironment
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment, find_free_network_port
    from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
    from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
    from lightning_fabric.strategies import STRATEGY_REGISTRY
    from lightning_fabric.strategies.ddp import DDPStrategy

# It greets on standard error and says what is told here in other words; warnings come through.
logging.getLogger("lightning_fabric").setLevel(logging.WARNING)

__all__ = [
    "STRATEGY_REGISTRY",
    "ClusterEnvironment",
    "DDPStrategy",
    "Fabric",
    "LightningEnvironment",
    "SLURMEnvironment",
    "TorchElasticEnvironment",
    "find_free_network_port",
]
