"""From sources to the index: fetch → read → clean → split → write (the offline half)."""
