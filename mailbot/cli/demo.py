"""`mailbot demo`: the whole story on this machine, over real IMAP and SMTP."""

from __future__ import annotations

import argparse

from mailbot.cli.console import Console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`demo [--serve]`."""
    parser.add_argument("--serve", action="store_true", help="keep the servers and the desk running afterwards")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Play it; what is missing of the extra `demo` is told."""
    try:
        from mailbot.demo.play import play  # needs the extra `demo`
    except ModuleNotFoundError as missing:
        console.complain(f"the demo needs {missing.name}: pip install 'mailbot[demo]'")
        return 2
    return play(console.rich, serve=arguments.serve)
