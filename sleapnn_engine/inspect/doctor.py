"""A look through the labels of a config for what may be wrong with them."""

from collections.abc import Mapping
from typing import Any

from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.data.doctor.examine import examine
from sleapnn_engine.data.doctor.findings import Patient
from sleapnn_engine.inspect.labelled import Labelled
from sleapnn_engine.inspect.wanted import Cancelled, require_wanted


def doctor(found: Labelled, values: Mapping[str, Any], cancelled: Cancelled) -> dict[str, Any]:
    """`findings`, each as `questions` says; places count frames as `frames` does. Raises NotWanted."""
    patient = Patient.of(found.labels, parts=found.parts, view=ConfigReader(values))
    findings = examine(patient, between=lambda: require_wanted(cancelled))
    return {"findings": [finding.values() for finding in findings]}
