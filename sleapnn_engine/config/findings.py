"""What is found out about a job before its first step: what refuses it, what is warned of, each with its setting."""

from collections.abc import Callable

import attrs

from .errors import UserError
from .issue import Issue
from .spec import SPEC


@attrs.define
class Findings:
    """A growing list: `issues` in the order they are found, and `refusals`, the errors among them as they were raised.

    `tell` hears of warnings and remarks as they come.
    """

    tell: Callable[[Issue], None] = lambda issue: None
    issues: list[Issue] = attrs.field(factory=list)
    refusals: list[UserError] = attrs.field(factory=list)

    def warn(self, path: str, *sentences: str) -> None:
        """Note what training goes on in spite of; `path` is the dotted key that would change it."""
        for sentence in sentences:
            self._note(Issue(path, "warning", sentence))

    def remark(self, path: str, sentence: str) -> None:
        """Note what is only worth knowing."""
        self._note(Issue(path, "info", sentence))

    def refuse(self, error: UserError, path: str) -> None:
        """Note why there is no training; `path` is the key where the error names none itself."""
        issue = issue_of(error, path)
        if issue not in self.issues:
            self.issues.append(issue)
            self.refusals.append(error)

    def trying(self, path: str) -> "Attempt":
        """Within it, a UserError is noted instead of raised: what else can be found out goes on behind it."""
        return Attempt(self, path)

    def settle(self) -> None:
        """Raise the one UserError there is, or one that lists them all; returns where there is none."""
        if len(self.refusals) == 1:
            raise self.refusals[0]
        if self.refusals:
            places = {error.where for error in self.refusals}
            listed = "\n".join(f"- {error}" for error in self.refusals)
            message = f"Training cannot start, for {len(self.refusals)} reasons:\n{listed}"
            raise UserError(message, where=places.pop() if len(places) == 1 else "")

    def _note(self, issue: Issue) -> None:
        if issue not in self.issues:
            self.issues.append(issue)
            self.tell(issue)


@attrs.frozen
class Attempt:
    """A block whose UserError is noted in `findings` at `path`; its type says that what stands behind it is reached.

    `behind` is called when nothing else was raised.
    """

    findings: Findings
    path: str
    behind: Callable[[], None] = lambda: None

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if error is not None and not isinstance(error, UserError):
            return False
        if error is not None:
            self.findings.refuse(error, self.path)
        self.behind()
        return error is not None


def issue_of(error: UserError, path: str) -> Issue:
    """An error as a finding at the setting it names, else at `path`; then it begins with the file or frame it names."""
    is_setting = error.where in SPEC.keys or error.where in SPEC.sections
    text = f"{error.message} {error.hint}".strip() if is_setting else str(error)
    return Issue(error.where if is_setting else path, "error", text)
