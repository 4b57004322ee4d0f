"""What was found of settings by looking elsewhere, which holds for as long as they are what they were."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from sleapnn_engine.config import tree
from sleapnn_engine.config.issue import Issue


@attrs.frozen
class Findings:
    """What was found of these values."""

    values: Mapping[str, Any] = attrs.field(factory=dict)
    issues: Sequence[Issue] = ()

    def about(self, now: Mapping[str, Any]) -> list[Issue]:
        """What holds of values as they are now: of a setting that is another one nothing is known. A section stays one."""
        return [issue for issue in self.issues if self._is_same(issue.path, now)]

    def _is_same(self, path: str, now: Mapping[str, Any]) -> bool:
        if not path:
            return True
        one, other = tree.get(self.values, path), tree.get(now, path)
        return tree.same(one, other) or (isinstance(one, Mapping) and isinstance(other, Mapping))
