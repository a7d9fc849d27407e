"""What can be wrong with a store, in the user's words (see prompts/store.toml)."""

from prompts import UserError


class StoreError(UserError):
    """There is no usable index: missing, damaged, or made by another encoder or version."""

    status = 503


class BusyError(StoreError):
    """Another process is writing to this store."""

    exit_code = 75


class EncoderError(UserError):
    """The embedding model cannot be loaded."""

    status = 503
