"""Launch folders of engines that outlive their test go away with the test's own files."""

import tempfile

import pytest


@pytest.fixture(autouse=True)
def launch_folders(tmp_path_factory, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("launches")))
