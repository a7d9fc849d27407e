"""Every Korean sentence that a user sees and every prompt that a model sees, as data.

`say("ingest.empty", source="a.txt")` fills the message `empty` of `ingest.toml`. A leaf package: it
imports nothing of the project, and every other package may import it.
"""

from prompts.errors import UserError
from prompts.josa import josa
from prompts.messages import options, say, sentences

__all__ = ["UserError", "josa", "options", "say", "sentences"]
