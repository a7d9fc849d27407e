"""Whether the evidence bears out a sentence that a language model wrote."""
