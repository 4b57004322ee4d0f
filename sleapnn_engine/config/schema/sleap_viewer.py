"""`trainer_config.zmq`: ports on which SLEAP's training window follows a run and stops it."""

from typing import Any, Optional

import attrs

from sleapnn_engine.config.meta import When, setting


def _port(label: str, doc: str, null: str) -> Any:
    return setting(
        None,
        label=label,
        doc=doc,
        kind="int",
        unit="none",
        minimum=1,
        maximum=65535,
        null=null,
        null_label="Off",
        advanced=True,
    )


@attrs.define(kw_only=True)
class ZMQConfig:
    publish_port: Optional[int] = _port(
        "Progress port",
        "Local port on which SLEAP's training window listens for progress.",
        "No progress is sent to SLEAP.",
    )
    controller_port: Optional[int] = _port(
        "Command port",
        "Local port on which SLEAP's training window sends its stop command.",
        "SLEAP cannot stop this run.",
    )
    controller_polling_timeout: int = setting(
        10,
        label="Wait for a command",
        doc="The longest that training waits for a command after each batch.",
        kind="int",
        unit="microseconds",
        minimum=0,
        maximum=60_000_000,
        when=(
            When(
                path="trainer_config.zmq.controller_port",
                values=None,
                says="Only used with a command port.",
            ),
        ),
        advanced=True,
        legacy="outputs.zmq.controller_polling_timeout",
    )
