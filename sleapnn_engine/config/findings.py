"""What is found out about a job before its first step: what refuses it, what is warned of, each with its setting."""

from collections.abc import Callable, Iterable, Sequence

import attrs

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.issue import LOCATE, Issue
from sleapnn_engine.config.spec import SPEC


@attrs.define
class Findings:
    """A growing list: `issues` in the order they are found, and `refusals`, the errors among them as they were raised.

    `emit` hears of warnings and remarks as they come.
    """

    emit: Callable[[Issue], None] = lambda issue: None
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
        raise_all(self.refusals, what="Training cannot start")

    def _note(self, issue: Issue) -> None:
        if issue not in self.issues:
            self.issues.append(issue)
            self.emit(issue)


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


def raise_all(refusals: Sequence[UserError], *, what: str, usage: bool = False) -> None:
    """Raise the one UserError there is, or one, with `usage`, that lists them all; returns where there is none."""
    if len(refusals) == 1:
        raise refusals[0]
    if refusals:
        places = {error.where for error in refusals}
        listed = "\n".join(f"- {error}" for error in refusals)
        message = f"{what}, for {len(refusals)} reasons:\n{listed}"
        where = places.pop() if len(places) == 1 else ""
        causes = {error.cause for error in refusals}
        raise UserError(message, where=where, usage=usage, cause=causes.pop() if len(causes) == 1 else "")


def gathered(steps: Iterable[Callable[[], object]], *, what: str) -> None:
    """Take all steps, also after one that raises UserError, and then raise what they raised as `raise_all` does."""
    refusals: list[UserError] = []
    for step in steps:
        try:
            step()
        except UserError as error:
            refusals.append(error)
    raise_all(refusals, what=what, usage=all(error.usage for error in refusals))


def issue_of(error: UserError, path: str) -> Issue:
    """An error as a finding at the setting it names, else at `path`; then it begins with the file or frame it names."""
    is_setting = error.where in SPEC.keys or error.where in SPEC.sections
    text = f"{error.message} {error.hint}".strip() if is_setting else str(error)
    fix = LOCATE if error.cause == "images" else None
    return Issue(error.where if is_setting else path, "error", text, fix)
