"""The store: Kiwi's morphemes, encoders, Chroma and BM25, generations, hybrid search."""
