"""Putting a made-up run on the Train page, without an engine, and taking the page away again."""

from PySide6.QtCore import QCoreApplication, QEvent

from sleapnn_gui.run.machine import State
from sleapnn_gui.run.session import RunSession
from tests.gui.monitor.speaking import Speaker


def delete(page):
    page.close()
    page.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def show(page, speaker, state=State.TRAINING):
    """Put a made-up run on the page, without an engine."""
    session = RunSession()
    session.machine.state = state
    page.set_session(session)
    session.events.emit(speaker.items)
    page._refresh()
    return session


def long_run(epochs=12, *, counted=None, heads=("confmaps",)):
    """A run of a model of one animal, or with what is `counted` in each epoch, of one for several."""
    model_type = "single_instance" if counted is None else "multi_class_bottomup"
    speaker = Speaker().start(max_epochs=60, steps=4, patience=8, model_type=model_type)
    for number in range(epochs):
        speaker.batches(4, loss=lambda step: 0.5 / (1 + step), heads=heads)
        speaker.frame(number).frame(number, index=1, error=8.0)
        speaker.epoch(number, val=1 / (1 + number), lr=1e-3 if number < 6 else 5e-4, counted=counted)
    return speaker
