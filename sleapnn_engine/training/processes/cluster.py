"""Where a process stands among those that train one model together, by what the program that started it says.

Nothing here needs torch: the command line asks before it prints anything.
"""

import os
from collections.abc import Mapping

import attrs

#: Who started the processes of a run.
TORCHRUN, SRUN, OURSELVES = "torchrun", "srun", "this program"


@attrs.frozen(kw_only=True)
class Membership:
    """`rank` of `world` processes, `here` of which are on this machine; `launcher` is "" where this process is alone.

    The process of rank 0 alone has the run folder, the viewers and the terminal.
    """

    rank: int = 0
    world: int = 1
    here: int = 1
    launcher: str = ""

    @property
    def leads(self) -> bool:
        return self.rank == 0

    @property
    def machines(self) -> int:
        return self.world // self.here


#: A process that nobody gave a place.
ALONE = Membership()


def own_membership(environment: Mapping[str, str] | None = None) -> Membership:
    """What the environment says of this process: of torchrun, of SLURM's srun, or of the process that started it."""
    known = os.environ if environment is None else environment
    if all(name in known for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")):
        world = int(known["WORLD_SIZE"])
        return Membership(
            rank=int(known["RANK"]),
            world=world,
            here=int(known.get("LOCAL_WORLD_SIZE", world)),
            launcher=TORCHRUN if "TORCHELASTIC_RUN_ID" in known else OURSELVES,
        )
    # Only srun sets this one; a batch script, which is one process, has the others as well.
    tasks = int(known.get("SLURM_STEP_NUM_TASKS", "1"))
    if tasks > 1 and "SLURM_PROCID" in known:
        return Membership(
            rank=int(known["SLURM_PROCID"]),
            world=tasks,
            here=max(tasks // int(known.get("SLURM_STEP_NUM_NODES", known.get("SLURM_NNODES", "1"))), 1),
            launcher=SRUN,
        )
    return ALONE
