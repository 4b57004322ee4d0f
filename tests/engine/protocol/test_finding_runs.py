"""Runs among folders: those of others, links in circles and links to a run beside them hide nothing and add nothing."""

from sleapnn_engine.protocol.journal import FILE_NAME
from sleapnn_engine.protocol.run_state import find_runs
from tests.engine.config.obstacles import as_nobody, open_folder


def test_folders_of_others_and_links_in_circles_hide_no_run_and_are_none():
    with open_folder() as place:
        for name in ("one", "closed"):
            (place / name).mkdir()
            (place / name / FILE_NAME).touch()
        (place / "latest").symlink_to("one")
        (place / "self").symlink_to("self")
        (place / "up").symlink_to(".")
        (place / "closed").chmod(0o000)
        with as_nobody():
            assert find_runs([place]) == [place / "one"]
            assert find_runs([place / "latest"]) == [place / "latest"], "a link that was chosen is followed"
