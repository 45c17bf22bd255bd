"""The SMTP server of fakes, on a thread of its own: for a daemon that has its own loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.fakes.transport_smtp import ScriptedSmtp


@contextmanager
def scripted_smtp(*extensions: str) -> Iterator[ScriptedSmtp]:
    """An SMTP server that says what it is told, on a thread of its own."""
    server = ScriptedSmtp(extensions) if extensions else ScriptedSmtp()
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # conversations that are cancelled at the end
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(5)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


async def _end(server: ScriptedSmtp) -> None:
    await server.__aexit__(None, None, None)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
