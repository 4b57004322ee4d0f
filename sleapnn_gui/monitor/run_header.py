"""What an engine says of its run when training begins."""

import attrs

from sleapnn_engine.protocol import events


@attrs.frozen
class Header:
    """What the engine said of the run when it began."""

    run_name: str = ""
    model_type: str = ""
    max_epochs: int = 0
    steps_per_epoch: int = 0
    n_train: int = 0
    n_val: int = 0
    nodes: tuple[str, ...] = ()
    edges: tuple[tuple[str, str], ...] = ()
    identities: tuple[str, ...] = ()
    device: str = ""
    precision: str = ""
    parameters: int = 0
    patience: int | None = None
    pid: int = 0
    batch_samples: float = 0.0

    @property
    def losses_only(self) -> bool:
        """Whether it is of a program that tells its losses and little else."""
        return not self.parameters

    @classmethod
    def of(cls, said: events.Started) -> "Header":
        """Read a `started` event."""
        return cls(
            run_name=said.run_name,
            model_type=said.model_type,
            max_epochs=said.max_epochs,
            steps_per_epoch=max(1, said.steps_per_epoch),
            n_train=said.n_train,
            n_val=said.n_val,
            nodes=tuple(said.nodes),
            edges=tuple((edge[0], edge[1]) for edge in said.edges),
            identities=tuple(said.identities or ()),
            device=said.device,
            precision=said.precision,
            parameters=said.parameters,
            patience=said.early_stopping_patience,
            pid=said.pid,
            # An epoch may go through the samples more than once, or not to their end.
            batch_samples=said.batch_size or said.n_train / max(1, said.steps_per_epoch),
        )
