"""What a person says before a prediction: the models, what they look at, where the result goes, and every option."""

from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from sleapnn_engine.config.model_types import ModelType
from sleapnn_engine.config.predict_options import OPTIONS, Group, complaints, option_words, why_unused
from sleapnn_engine.config.run_models import RunModel
from sleapnn_gui.monitor.model_words import model_name
from sleapnn_gui.monitor.panel import Panel
from sleapnn_gui.results.rows import OptionRow, PathField, SheetRow, heading
from sleapnn_gui.widgets.combo import QuietComboBox
from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.file_dialog import ALL_FILES, ask_for_file, ask_for_folder, ask_where_to_save
from sleapnn_gui.widgets.language import tr

LABELS = ".slp"
_DATA = tr(
    "Labels and videos (*.slp *.mp4 *.avi *.mov *.mkv *.webm *.mpg *.mpeg *.wmv *.m4v *.tif *.tiff *.h5 *.hdf5)"
)
_OF_LABELS = ("video_index", "only_labelled")
_LEFT = (Group.READING, Group.COMPUTING)
_RIGHT = (Group.TRACKING, Group.LIMBS)


class PredictSheet(QWidget):
    """The fields.

    `places_changed` says that other data are looked at or another file is to be written, `partner_asked` carries a run
    folder that a person wants to make a pair with.
    """

    places_changed = Signal()
    partner_asked = Signal(str)

    def __init__(self, *, in_steps: bool = False) -> None:
        """Made `in_steps`, it is of use once somebody has gone through `fill`."""
        super().__init__()
        self.model: RunModel | None = None
        self.others: list[RunModel] = []
        self.replaces = False
        self._own_output = False
        self._absent = ""
        self.rows: dict[str, OptionRow] = {}
        if not in_steps:
            deque(self.fill(), maxlen=0)

    def fill(self) -> Iterator[None]:
        """Make the fields, some in each step."""
        for option in OPTIONS:
            self.rows[option.name] = OptionRow(option)
            yield
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self._what(), 1)
        yield
        row.addWidget(self._how(), 1)
        for one in self.rows.values():
            one.edited.connect(self._option_edited)

    def _what(self) -> Panel:
        panel = Panel(tr("What is looked at"))
        self.name = ElidedLabel("")
        self.partner = QuietComboBox()
        self.partner.currentIndexChanged.connect(lambda _: self._partner_chosen())
        self.data = PathField(
            placeholder=tr("Labels, a video, or images"),
            buttons=(
                (
                    tr("File…"),
                    tr("Choose labels (.slp), a video, a TIFF stack or an array file"),
                    self._ask_file,
                ),
                (tr("Folder…"), tr("Choose a folder of images"), self._ask_folder),
            ),
            names=self._known_labels,
        )
        self.output = PathField(
            placeholder="predictions.slp",
            buttons=((tr("Save as…"), tr("Choose the labels file to write"), self._ask_output),),
        )
        self.model_row = SheetRow(tr("Model"), self.name, tip=tr("The run whose best checkpoint is used"))
        self.partner_row = SheetRow(
            tr("Together with"),
            self.partner,
            tip=tr(
                "The other model of a pair: one finds animals by their centre, the other looks at each of them"
            ),
        )
        self.data_row = SheetRow(tr("Look at"), self.data, tip=tr("Labels, a video, or a folder of images"))
        self.output_row = SheetRow(
            tr("Save as"), self.output, tip=tr("The labels file to write; SLEAP opens it")
        )
        self.output_row.link_followed.connect(self._replace)
        self.data.edited.connect(self._data_edited)
        self.output.edited.connect(self._output_edited)
        for widget in (self.model_row, self.partner_row, self.data_row):
            panel.body.addWidget(widget)
        for option in OPTIONS:
            if option.group is Group.FRAMES:
                panel.body.addWidget(self.rows[option.name])
        panel.body.addWidget(self.output_row)
        panel.body.addStretch(1)
        return panel

    def _how(self) -> Panel:
        panel = Panel(tr("How"))
        panel.add_caption(tr("As sleap-nn has them, until you change one"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        self._groups: dict[Group, QWidget] = {}
        for column, groups in enumerate((_LEFT, _RIGHT)):
            side = QVBoxLayout()
            side.setSpacing(0)
            for group in groups:
                side.addWidget(self._group(group))
            side.addStretch(1)
            grid.addLayout(side, 0, column)
            grid.setColumnStretch(column, 1)
        panel.body.addLayout(grid, 1)
        return panel

    def _group(self, group: Group) -> QWidget:
        box = self._groups[group] = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(heading(tr(group.value)))
        for option in OPTIONS:
            if option.group is group:
                column.addWidget(self.rows[option.name])
        return box

    # -- what is shown ---------------------------------------------------------------------------------------

    def show_model(self, model: RunModel, others: Sequence[RunModel]) -> None:
        """Show the model of a run and those that make a pair with it; the fitting one is chosen."""
        another = self.model is None or self.model.folder != model.folder
        self.model, self.others = model, list(others)
        self.name.setText(f"{model.folder.name}  ·  {model_name(model.kind.key)}")
        self.partner.blockSignals(True)
        self.partner.clear()
        alone = tr("Nothing: labels give the places") if model.kind.cropped else tr("Nothing: centres alone")
        self.partner.addItem(alone, None)
        for place, other in enumerate(self.others):
            self.partner.addItem(f"{other.folder.name}  ·  {model_name(other.kind.key)}", place)
        self.partner.addItem(tr("Another run…"), -1)
        self.partner.setCurrentIndex(1 if self.others else 0)
        self.partner.blockSignals(False)
        self.partner_row.setVisible(model.kind.centroid or model.kind.cropped)
        if another:
            self._own_output = self.replaces = False
        self._fit()

    def add_partner(self, other: RunModel | None, folder: Path) -> None:
        """Take a run that was chosen by hand as the other of the pair, or say why it is none."""
        if self.model is None:
            return
        if other is None or not other.kind.pairs_with(self.model.kind):
            self.partner.setCurrentIndex(1 if self.others else 0)
            what = tr("no trained model") if other is None else tr("a {key} model", key=other.kind.key)
            wanted = tr("a centroid model") if self.model.kind.cropped else tr("a model of crops")
            self.partner_row.show_message(
                tr(
                    "{folder} holds {what}; a pair needs {wanted}.",
                    folder=folder.name,
                    what=what,
                    wanted=wanted,
                )
            )
            return
        self.show_model(self.model, [other, *(one for one in self.others if one.folder != other.folder)])

    @property
    def models(self) -> list[RunModel]:
        """The model, or the pair in the order they work."""
        if self.model is None:
            return []
        place = self.partner.currentData()
        chosen = [self.model]
        if place is not None and 0 <= place < len(self.others) and self.partner_row.isVisibleTo(self):
            chosen.append(self.others[place])
        return sorted(chosen, key=lambda one: one.kind.cropped)

    def show_output(self, path: str) -> None:
        """Propose where to write, until a person has said it."""
        if not self._own_output:
            self.output.show_path(path)
            self.output_row.show_message("")

    def warn_of_file(self, there: bool) -> None:
        """Say whether the file to write is there already."""
        if there and not self.replaces:
            text = tr("This file is there already. An unfinished prediction would not take its place.")
            self.output_row.show_message(text, severity="warning", link=tr("Replace it"))
        elif not there or self.replaces:
            self.output_row.show_message("")

    def warn_of_data(self, path: str, why: str) -> None:
        """Say why what is at a path cannot be looked at; '' where it can."""
        if path == self.data.text():
            if why or self._absent:
                self.data_row.show_message(why)
            self._absent = path if why else ""

    @property
    def has_own_output(self) -> bool:
        """Whether a person has said which file to write."""
        return self._own_output

    @property
    def has_labels_file(self) -> bool:
        """Whether a labels file is named."""
        return self.data.text().lower().endswith(LABELS)

    # -- what is said ----------------------------------------------------------------------------------------

    def values(self, *, without: Sequence[SheetRow] = ()) -> dict[str, Any]:
        """The options; those `without` sense, or of no use for these models or data, as if nothing was said."""
        return {
            name: row.value() if row.isVisibleTo(self) and row not in without else row.option.default
            for name, row in self.rows.items()
        }

    def words(self) -> list[str] | None:
        """What the engine's command is told; None where something is wrong, which its row then says."""
        shown = [row for row in self.rows.values() if row.isVisibleTo(self)]
        unread = [row for row in shown if row.judged()]
        empty = []
        for row, text, missing in (
            (
                self.data_row,
                self.data.text(),
                tr("Choose what to look at: labels, a video, or a folder of images."),
            ),
            (self.output_row, self.output.text(), tr("Say which file to write.")),
        ):
            if not text:
                row.show_message(missing)
                empty.append(row)
        values = self.values(without=unread)
        found = complaints(values)
        for error in found:
            self.show_problem(error.where, error.message)
        absent = self._absent and self._absent == self.data.text()
        if unread or empty or found or absent or not self.models:
            return None
        return [
            "predict",
            *(str(model.folder) for model in self.models),
            f"--data={self.data.text()}",
            f"--output={self.output.text()}",
            *(["--overwrite"] if self.replaces else []),
            *option_words(values),
            "--json",
        ]

    def show_problem(self, where: str, text: str) -> bool:
        """Show what is wrong at the row that it is about; whether there is one."""
        places: dict[str, SheetRow] = {row.option.flag: row for row in self.rows.values()}
        places |= {self.data.text(): self.data_row, self.output.text(): self.output_row}
        row = places.get(where)
        if row is None or not row.isVisibleTo(self):
            return False
        row.show_message(text)
        return True

    # -- what a person does ----------------------------------------------------------------------------------

    def _fit(self) -> None:
        """Offer what these models and data have a use for."""
        kinds: list[ModelType] = [model.kind for model in self.models]
        if not kinds:
            return
        for group in (Group.TRACKING, Group.LIMBS):
            self._groups[group].setVisible(not why_unused(group, kinds))
        for name in ("max_instances", "identities"):
            self.rows[name].setVisible(not why_unused(name, kinds))
        for name in _OF_LABELS:
            self.rows[name].setVisible(self.has_labels_file)
        followed = self.rows["tracking"].value() is not None
        for row in self.rows.values():
            if row.option.needs:
                row.setVisible(followed)

    def _option_edited(self) -> None:
        for row in self.rows.values():
            row.judged()
        self._fit()

    def _data_edited(self) -> None:
        self.data_row.show_message("")
        self.replaces = False
        self._fit()
        self.places_changed.emit()

    def _output_edited(self) -> None:
        self._own_output = bool(self.output.text())
        self.replaces = False
        self.output_row.show_message("")
        self.places_changed.emit()

    def _replace(self) -> None:
        self.replaces = True
        self.output_row.show_message(tr("The file is replaced when all frames are done."), severity="hint")

    def _partner_chosen(self) -> None:
        self.partner_row.show_message("")
        if self.partner.currentData() == -1:
            self.partner.setCurrentIndex(0)
            ask_for_folder(self, tr("Choose the run folder of the other model"), self.partner_asked.emit)
            return
        self._fit()

    def _known_labels(self) -> list[str]:
        return [path for model in self.models for path in model.labels]

    def _ask_file(self) -> None:
        ask_for_file(self, tr("Choose labels or a video"), self.data.choose, filters=f"{_DATA};;{ALL_FILES}")

    def _ask_folder(self) -> None:
        ask_for_folder(self, tr("Choose a folder of images"), self.data.choose)

    def _ask_output(self) -> None:
        ask_where_to_save(
            self,
            tr("Save the predictions as"),
            self.output.choose,
            name=self.output.text() or "predictions.slp",
            suffix="slp",
            filters=tr("Labels (*.slp);;{all_files}", all_files=ALL_FILES),
        )
