"""The error a person can act on: what happened, where, and what to do."""

#: Kinds of trouble that have a remedy: a step or the cached images need more memory than there is, the disk is full, a
#: place may not be used, images are missing, numbers ran away, another process of the run is gone.
CAUSES = ("memory", "cache", "disk", "permission", "images", "diverged", "worker", "port")


class UserError(Exception):
    """Something in the request, the config or the data is wrong; never shown with a traceback.

    `where` names the file, frame or dotted key; `hint` says what to do; `usage` marks errors of the command
    line or the config (exit code 2) as against failures while working (exit code 1). `cause` is one of CAUSES where
    a viewer may know a remedy, `line` the line of a text that is at fault, from 1.
    """

    def __init__(
        self,
        message: str,
        *,
        where: str = "",
        hint: str = "",
        usage: bool = False,
        cause: str = "",
        line: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint
        self.usage = usage
        self.cause = cause
        self.line = line

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text} {self.hint}" if self.hint else text
