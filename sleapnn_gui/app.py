"""Putting the application together: options, theme, window, and what the command line asked for."""

import sys
from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QProcess, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from sleapnn_engine.config.resources import resource_path
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.options import parse
from sleapnn_gui.shell.application import Application
from sleapnn_gui.shell.faults import install_faults
from sleapnn_gui.shell.garbage import GarbageSearch, hold_garbage
from sleapnn_gui.shell.screen import first_place, is_seen
from sleapnn_gui.shell.settings_keeper import settings_keeper
from sleapnn_gui.shell.settings_store import remembered_theme, restore_layout
from sleapnn_gui.widgets.language import install_language
from sleapnn_gui.widgets.theme import install_theme

#: Where the demonstration puts its labels and runs, in the folder of the runs.
DEMO_FOLDER = "demo"
#: A process that was told to end has this long to be gone, once the window is; milliseconds.
_LAST_MS = 2000
_SWITCH_SECONDS = 0.0002
"""How soon a thread hands the interpreter to the window. Python's own 5 ms, paid at every call into Qt, turn a 20 ms
repaint into 300 ms beside a thread that reads; this costs the reading nothing that can be measured."""


def build(argv: Sequence[str]) -> tuple[QApplication, MainWindow]:
    """The application and its window, shown and ready with all its pages, without entering the event loop.

    `argv` is a whole command line, program name first. What PATH arguments name is open when this returns.
    """
    app, window = show_window(argv)
    window.pages.make_all()
    return app, window


def show_window(argv: Sequence[str]) -> tuple[QApplication, MainWindow]:
    """The same with the pages that were needed; the others are made when they are, or ahead of that."""
    options = parse(argv[1:])
    hold_garbage()
    sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_SECONDS))
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else Application(list(argv[:1]))
    app.setApplicationName("sleapnn-gui")
    app.setOrganizationName("sleapnn-gui")
    app.setDesktopFileName("sleapnn-gui")
    app.setWindowIcon(QIcon(str(resource_path("icon", "sleapnn-gui.png"))))
    install_language()
    install_theme(app, mode=options.theme or remembered_theme())
    faults = install_faults(app)
    window = MainWindow()
    faults.found.connect(window.show_fault)
    window.first_steps.demo_wanted.connect(partial(_show_demo, window))
    if isinstance(app, Application):
        app.file_opened.connect(window.open_path)
    restore_layout(window)
    if (options.demo or options.screenshots) and not is_seen(window.screen()):
        # What was remembered is squeezed by Qt into the screen it makes up; pictures are to show what a person sees.
        window.setGeometry(first_place(window.screen()))
    window.show()
    if not options.demo:
        window.draft_offer.check()  # what others have left is no part of a demonstration
    if options.paths:
        window.files.open_paths([Path(path) for path in options.paths])
        window.files.finish()
    return app, window


def run(argv: Sequence[str]) -> int:
    """`sleapnn-gui`: build, do what the options ask, and run until the window closes."""
    options = parse(argv[1:])
    app, window = build(argv) if options.screenshots else show_window(argv)
    begin_work(app, window)
    window.runs.keep_ready()
    window.labels_watch.known.connect(window.runs.prepare)
    settings_keeper().check()
    if options.demo or options.screenshots or options.quit_when_done:
        _begin(app, window, options)
    code = app.exec()
    window.leave()  # who ends the event loop has not closed the window
    for process in app.findChildren(QProcess):
        process.waitForFinished(_LAST_MS)
    return code


def begin_work(app: QApplication, window: MainWindow) -> None:
    """Once the window is seen: load what the pages are made of, and make them, in short steps."""
    app.processEvents()
    window.pages.all_made.connect(lambda: GarbageSearch(app))
    window.pages.make_ahead()


def _show_demo(window: MainWindow) -> None:
    """What a person asked for in the window."""
    from sleapnn_gui.demo import Demo

    demo = Demo(window, window.runs.base / DEMO_FOLDER, [])
    demo.failed.connect(lambda text: window.show_message(text, "error"))
    demo.start()


def _begin(app: QApplication, window: MainWindow, options: Namespace) -> None:
    from sleapnn_gui.demo import Demo, TerminalReport  # only for these options
    from sleapnn_gui.shell.screenshots import Screenshots

    screenshots = Screenshots(window, options.screenshots) if options.screenshots else None
    teller = (
        TerminalReport(window, sys.stdout, screenshots) if options.quit_when_done or screenshots else None
    )
    if teller is not None and options.quit_when_done:
        teller.over.connect(lambda _code: window.drafts.discard())  # what was filled in is nobody's work
        teller.over.connect(app.exit)
    if options.demo:
        demo = Demo(window, options.demo_dir or Path(DEMO_FOLDER), options.labels)
        demo.failed.connect(
            teller.fail if teller is not None else lambda text: window.show_message(text, "error")
        )
        QTimer.singleShot(0, window, lambda: demo.start(screenshots))
    elif options.quit_when_done:
        QTimer.singleShot(0, window, window.runs.do_train)
