"""The one error that the rack shows to its user: a line and an exit code."""

FAILED = 1
USAGE = 64
INTERNAL = 70


class RackError(Exception):
    """What went wrong, as one line for the user, and the exit code that goes with it."""

    def __init__(self, message, code=FAILED):
        super().__init__(message)
        self.code = code


class UsageError(RackError):
    """The command line asked for something that does not exist."""

    def __init__(self, message):
        super().__init__(message, USAGE)


class Interrupted(BaseException):
    """SIGINT or SIGTERM arrived; carries the signal's number."""

    def __init__(self, signal_number):
        super().__init__(signal_number)
        self.signal_number = signal_number
