"""What the Train page says before the first run."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme, set_state


class EmptyState(QWidget):
    """What the page says before the first run."""

    train_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme = current_theme()
        inside = QWidget()
        inside.setFixedWidth(520)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.size("space_4"))
        title = QLabel(tr("Nothing is training yet"))
        title.setProperty("role", "title")
        title.setFont(theme.font("title"))
        text = QLabel(
            tr(
                "Press Train (Ctrl+Return) to start with the settings that are open.\n\n"
                "Here you will then see how far the model is off in pixels and in percent of the body, how long it will "
                "still take, the loss as it falls, and the validation frames with the largest errors.\n\n"
                "You can pause, go on, or stop and keep the model at any time. Closing the window does not end the "
                "training; open the run folder again and you are back where it is."
            )
        )
        text.setWordWrap(True)
        text.setProperty("role", "muted")
        self.train = QPushButton(tr("Train"))
        set_state(self.train, "primary", value=True)
        self.train.setAccessibleDescription(tr("Start training with the settings that are open"))
        self.train.setFixedWidth(120)
        self.train.clicked.connect(self.train_wanted)
        for widget in (title, text, self.train):
            column.addWidget(widget)
        # A wrapped label asks for the height of its widest form; this one knows its width.
        text.setMinimumHeight(text.heightForWidth(inside.width()))
        page = QVBoxLayout(self)
        page.addStretch(2)
        page.addWidget(inside, 0, Qt.AlignmentFlag.AlignHCenter)
        page.addStretch(3)
