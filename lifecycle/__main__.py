"""The command `lifecycle`."""

from lifecycle.cli.commands import main

if __name__ == "__main__":
    main()
