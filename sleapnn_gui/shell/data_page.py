"""What keeps the Data page in step with the document: its labels, and the frames in them."""

from sleapnn_gui.document.document import Document
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.inspector.frames.asking import FramesWatch
from sleapnn_gui.inspector.frames.findings import worth_a_look
from sleapnn_gui.inspector.frames.splitting import Splitting
from sleapnn_gui.inspector.labels_page import LabelsPage
from sleapnn_gui.inspector.labels_watch import LabelsWatch


def watch_frames(page: LabelsPage, labels: LabelsWatch, document: Document, inspect: Inspect) -> FramesWatch:
    """Have the page follow the labels, and show their frames."""
    frames, browser = FramesWatch(document, inspect), page.browser
    page.follow(labels)
    labels.known.connect(frames.show_known)
    for signal in (labels.reading, labels.failed, labels.nothing):
        signal.connect(frames.drop)
    frames.gone.connect(browser.clear)
    frames.listed.connect(browser.show_table)
    frames.listed.connect(page.figures.show_table)
    frames.shown.connect(browser.show_answer)
    frames.failed.connect(browser.show_failure)
    frames.pictured.connect(browser.show_pictures)
    frames.gone.connect(page.findings.clear)
    frames.examined.connect(page.findings.show_findings)
    frames.examined.connect(lambda findings: browser.offer_worth(worth_a_look(findings)))
    page.findings.fixed.connect(document.apply_values)
    splitting = Splitting(page.split, document, inspect)
    frames.gone.connect(splitting.start_over)
    frames.listed.connect(splitting.list_anew)
    splitting.parted.connect(browser.show_parts)
    browser.wanted.connect(frames.want)
    browser.small_wanted.connect(frames.want_small)
    return frames
