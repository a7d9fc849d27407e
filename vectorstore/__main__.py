"""`python -m vectorstore`."""

import sys

from vectorstore.cli import main

if __name__ == "__main__":
    sys.exit(main())
