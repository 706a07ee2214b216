"""The command ``ombud``, also as ``python -m console``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the program, and tell an error in one line with a hint."""
    arguments = sys.argv[1:]
    if arguments in (["--version"], ["-V"]):
        from console import __version__

        sys.stdout.write(f"ombud {__version__}\n")
        return
    from console.commands.starting import bare_options, start_console

    options = bare_options(arguments)
    if options is not None:
        sys.exit(start_console(options))
    from console.commands.main import run

    sys.exit(run())


if __name__ == "__main__":
    main()
