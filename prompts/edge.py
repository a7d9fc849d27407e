"""The edge of every command line: what goes wrong becomes one line and an exit code, never a traceback."""

import os
import sys
from collections.abc import Callable
from typing import Any

from prompts.errors import UserError
from prompts.messages import say

EXIT_INTERRUPTED = 130  # what a shell reports for Ctrl-C


def guarded(work: Callable[[], Any], interrupted: str = "cli.interrupted") -> int:
    """The exit code of `work`: that of its UserError where it raises one, 130 after Ctrl-C.

    `interrupted` is the message for Ctrl-C. A reader of standard output who has left (`| head`) is no error.
    """
    try:
        code: int = work()
        return code
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(say(interrupted), file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # say no more
        return 0
