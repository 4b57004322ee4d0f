"""Every kind of file and message that is read, spoiled at random: what comes out is of use, or is refused in words."""

from pathlib import Path

#: What once went wrong, as FORMAT-NUMBER.
CORPUS = Path(__file__).parent / "corpus"
