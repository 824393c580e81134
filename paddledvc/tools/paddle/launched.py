"""The script that ``python -m paddle.distributed.launch`` starts, once for each process."""

import sys

if __name__ == "__main__":
    # Running a file puts its folder first on the path, where its neighbours would pass for the
    # user's modules of the same names.
    del sys.path[0]

    from paddledvc.tools.paddle.__main__ import main

    sys.exit(main(sys.argv[1], sys.argv[2]))
