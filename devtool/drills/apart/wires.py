# SPDX-License-Identifier: Apache-2.0
"""Wires between network namespaces: each carries one port from one to another, and nothing else passes.

Linux, as root: a socket belongs to the namespace its thread was in when it was made.
"""

import asyncio
import ctypes
import os
import socket
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path

from devtool.ports import LOOPBACK

HERE = Path("/proc/self/ns/net")
"""The namespace of the machine itself, with officers' browsers and partners."""
CLONE_NEWNET = 0x40000000
AT_ONCE_BYTES = 65536
WAITING = 64


class Wires:
    """A thread that forwards the connections until it is told to stop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wires", daemon=True)
        # Opened here, since the thread itself changes namespaces.
        self._here = os.open(HERE, os.O_RDONLY)
        self._servers: list[asyncio.Server] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Cut all wires."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            os.close(self._here)

    async def _cut(self) -> None:
        for server in self._servers:
            server.close()
        carrying = asyncio.all_tasks() - {asyncio.current_task()}
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)

    def lay(self, near: Path, far: Path, port: int) -> None:
        """Forward this port of the loopback at the near end to the same port at the far end."""
        asyncio.run_coroutine_threadsafe(self._lay(near, far, port), self._loop).result()

    async def _lay(self, near: Path, far: Path, port: int) -> None:
        listening = self._socket_in(near)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, port))
        listening.listen(WAITING)
        self._servers.append(await asyncio.start_server(partial(self._carry, far, port), sock=listening))

    async def _carry(
        self, far: Path, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        calling = self._socket_in(far)
        calling.setblocking(False)
        try:
            await self._loop.sock_connect(calling, (LOOPBACK, port))
        except OSError:
            calling.close()
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection(sock=calling)
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            for end in (writer, far_writer):
                end.close()

    def _socket_in(self, namespace: Path) -> socket.socket:
        """Make a socket of that namespace; no other code of this thread runs in between."""
        place = self._here if namespace == HERE else os.open(namespace, os.O_RDONLY)
        try:
            _enter(place)
            return socket.socket()
        finally:
            if place != self._here:
                os.close(place)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Forward the octets of one direction, and signal their end."""
    with suppress(OSError):
        while octets := await reader.read(AT_ONCE_BYTES):
            writer.write(octets)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


def _enter(place: int) -> None:
    """Move this thread into a network namespace. Raises OSError."""
    if ctypes.CDLL(None, use_errno=True).setns(place, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
