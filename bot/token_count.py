"""How many tokens a text has, for a tokenizer that is not at hand."""


def estimated(text: str) -> int:
    """One token a Hangul syllable, one for two other letters.

    On the safe side for tokenizers that know Hangul, which take less for a syllable.
    """
    hangul = sum("가" <= letter <= "힣" for letter in text)
    return hangul + (len(text) - hangul + 1) // 2
