"""Weather is made for the daemon of the stories, or for one that runs (`station.py`)."""

from tests.daemon.conftest import ann, desk

__all__ = ["ann", "desk"]
