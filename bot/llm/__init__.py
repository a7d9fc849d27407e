"""The generative half: a language model writes the answer, and each sentence of it is checked.

Imported only where FORUM_BOT_LLM names a model.
"""
