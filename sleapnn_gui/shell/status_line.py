"""The line at the bottom: problems, size of the network, what the engine does."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QToolButton

from sleapnn_engine.config.derived import receptive_field
from sleapnn_engine.config.issue import Issue
from sleapnn_engine.config.pairs import WORDS
from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.pair import split_path
from sleapnn_gui.document.states import LABELS
from sleapnn_gui.widgets.language import counted, tr
from sleapnn_gui.widgets.theme import set_state

#: Problems that the list shows at once; more would not fit on a screen.
_MOST = 25


class StatusLine(QFrame):
    """Counts of problems that open as a list, and facts of the network the config describes."""

    issue_chosen = Signal(str)

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.setProperty("pane", "bottom")
        self.setFixedHeight(30)
        self._document = document
        self._shown: str | None = None
        self.problems = QToolButton()
        self.problems.setObjectName("problems")
        self.problems.setProperty("plain", True)
        self.problems.clicked.connect(self.show_list)
        self.network = QLabel()
        self.network.setProperty("role", "caption")
        self.engine = QLabel(tr("engine idle"))
        self.engine.setProperty("role", "caption")
        self.note = QLabel()
        self.note.setProperty("role", "caption")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 16, 0)
        row.setSpacing(20)
        row.addWidget(self.problems)
        row.addWidget(self.network)
        row.addWidget(self.note)
        row.addStretch(1)
        row.addWidget(self.engine)
        document.issues_changed.connect(self.refresh)
        document.changed.connect(lambda _: self.refresh())
        document.reloaded.connect(self.refresh)
        document.figures_changed.connect(self.refresh)
        self.refresh()

    def show_run(self, shown: str | None) -> None:
        """Tell figures of a run that is looked at, as `shown`; with None, those of the settings."""
        if shown != self._shown:
            self._shown = shown
            self.refresh()

    def refresh(self) -> None:
        """Count again."""
        issues = self._document.every_issue()
        errors = sum(issue.severity == "error" for issue in issues)
        warnings = sum(issue.severity == "warning" for issue in issues)
        words = [counted(errors, "problem")] if errors else []
        words += [counted(warnings, "warning")] if warnings else []
        # Beside a run, whose settings may be others, it says which file has them.
        place = "" if self._shown is None else tr(" in {document}", document=self._document.title)
        is_read = self._document.facts is not None or not self._document.value(LABELS[0])
        fine = tr("No problems") if is_read else tr("No problems so far")
        self.problems.setText((" · ".join(words) or fine) + place)
        self.problems.setAccessibleName(self.problems.text())
        self.problems.setAccessibleDescription(tr("List them"))
        self.problems.setEnabled(bool(words))
        set_state(self.problems, "severity", "error" if errors else "warning" if warnings else "none")
        self.network.setText(network_text(self._document) if self._shown is None else self._shown)

    def show_message(self, text: str) -> None:
        """A short remark that stays until the next one."""
        self.note.setText(text)

    def show_list(self) -> None:
        """List every problem; choosing one goes to its setting."""
        menu = QMenu(self)
        issues = by_weight(self._document.every_issue())
        for issue in issues[:_MOST]:
            half, path = split_path(issue.path)
            key = SPEC.keys.get(path)
            label = tr(key.meta.label) if key else path or tr("File")
            text = f"{tr(WORDS[half])}: {label}: {issue.message}" if half else f"{label}: {issue.message}"
            action = menu.addAction(text if len(text) < 120 else text[:117] + "…")
            action.triggered.connect(lambda _checked=False, path=issue.path: self.issue_chosen.emit(path))
        if len(issues) > _MOST:
            menu.addAction(tr("and {count} more", count=len(issues) - _MOST)).setEnabled(False)
        corner = self.problems.mapToGlobal(self.problems.rect().topLeft())
        corner.setY(corner.y() - menu.sizeHint().height())
        menu.popup(corner)


def by_weight(issues: Sequence[Issue]) -> list[Issue]:
    """Errors first, then warnings; remarks left out."""
    order = {"error": 0, "warning": 1}
    return sorted(
        (issue for issue in issues if issue.severity in order), key=lambda issue: order[issue.severity]
    )


def sentence_of(issue: Issue) -> str:
    """What is wrong, and of a pair with which model where it is not the one in hand."""
    half, _ = split_path(issue.path)
    return f"{tr(WORDS[half])}: {issue.message}" if half else issue.message


def findings_text(issues: Sequence[Issue]) -> tuple[str, str, str]:
    """What Check says of them: a sentence, its severity, and the key of the worst one ('' without any)."""
    found = by_weight(issues)
    wrong = [issue for issue in found if issue.severity == "error"]
    if wrong:
        count = tr("1 problem stands") if len(wrong) == 1 else tr("{count} problems stand", count=len(wrong))
        return (
            tr(
                "{count} in the way of training. {sentence_of}",
                count=count,
                sentence_of=sentence_of(wrong[0]),
            ),
            "error",
            wrong[0].path,
        )
    if found:
        text = tr(
            "Nothing stands in the way of training. Worth a look: {sentence_of}",
            sentence_of=sentence_of(found[0]),
        )
        return text, "warning", found[0].path
    return tr("No problems found. Press Train to begin."), "info", ""


def parameters_text(count: int, *, of: str = "") -> str:
    """The size of a network and what it is `of`, for example '1.23 M parameters'; of one that is not told, the latter."""
    size = (
        tr("{count:.2f} M parameters", count=count / 1000000.0)
        if count >= 1e5
        else tr("{count:,} parameters", count=count)
    )
    return "      ".join(filter(None, (size if count else "", of)))


def network_text(document: Document) -> str:
    """Parameters of the network as the engine counts them, and its receptive field."""
    parts = []
    weights = (document.figures or {}).get("parameters")
    if document.figures_pending:
        parts.append(tr("… parameters"))
    elif weights:
        parts.append(parameters_text(weights))
    field = receptive_field(document.view)
    if field:
        parts.append(tr("receptive field {field} px input", field=field))
    return "      ".join(parts)
