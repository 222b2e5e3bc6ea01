"""An event loop in a thread of its own: asynchronous work, read as a plain generator."""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

__all__ = ["BackgroundLoop"]

Client = TypeVar("Client")
Item = TypeVar("Item")

_END: Any = object()


class BackgroundLoop(Generic[Client]):
    """A loop and the client that lives in it, both made on first use and kept until `close`.

    Args:
        connect: makes the client; called within the loop.
        disconnect: closes it; called within the loop.
    """

    def __init__(
        self, *, connect: Callable[[], Client], disconnect: Callable[[Client], Awaitable[object]]
    ) -> None:
        self._connect = connect
        self._disconnect = disconnect
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._clients: list[Client] = []

    def stream(
        self, serve: Callable[[Client, Callable[[Item], None]], Coroutine[Any, Any, None]]
    ) -> Iterator[Item]:
        """What `serve` puts, as soon as it is put; closing the generator cancels `serve`.

        Args:
            serve: client, put → coroutine.

        Raises:
            Exception: what `serve` raises, after all that it put before.
            concurrent.futures.CancelledError: the loop was closed meanwhile.
        """
        items: SimpleQueue[Item] = SimpleQueue()

        async def run() -> None:
            if not self._clients:
                self._clients.append(self._connect())
            await serve(self._clients[0], items.put)

        future = asyncio.run_coroutine_threadsafe(run(), self._started())
        future.add_done_callback(lambda _: items.put(_END))
        try:
            yield from iter(items.get, _END)
            future.result()
        finally:
            future.cancel()

    def close(self) -> None:
        """Cancel what still runs, close the client and end the thread; `stream` would begin anew."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        atexit.unregister(self.close)
        asyncio.run_coroutine_threadsafe(self._wind_down(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="lockgate", daemon=True)
                self._thread.start()
                atexit.register(self.close)
            return self._loop

    async def _wind_down(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        while self._clients:
            await self._disconnect(self._clients.pop())
