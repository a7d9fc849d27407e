"""The one error that a user reads.

UserError
├── vectorstore: StoreError (no store, damaged store, another encoder), BusyError (another ingest, exit 75),
│   CorpusError (a bad or unknown name of a corpus)
├── ingest: SourceError (a source that cannot be read)
└── bot: QuestionError (an empty or too long question), SiteError (a bad origin or name), RegistryError (the
    file of sites and keys), LedgerError (the files of counts
    and kept questions), StoppingError, and what serving needs

Each carries a message of this package; it becomes text at the edges only (command line, HTTP, page).
"""

from prompts.messages import say


class UserError(Exception):
    """Something the user can mend: one Korean line with what failed, the value and the way out."""

    exit_code = 1
    status = 500

    def __init__(self, key: str, **fields: object) -> None:
        self.key = key
        self.fields = fields
        super().__init__(say(key, **fields))
