"""What `kubectl port-forward` does, to a port of this machine: `python forwarder.py PORT FILE`; FILE gets its pid."""

import asyncio
import os
import sys
from asyncio import StreamReader, StreamWriter
from pathlib import Path


async def main(upstream: int) -> None:
    """Forwards connections until it is killed."""

    async def forward(reader: StreamReader, writer: StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", upstream)
        await asyncio.gather(copy(reader, there_writer), copy(there_reader, writer))

    async def copy(reader: StreamReader, writer: StreamWriter) -> None:
        while chunk := await reader.read(1 << 16):
            writer.write(chunk)
        writer.close()

    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    print(f"Forwarding from 127.0.0.1:{server.sockets[0].getsockname()[1]} -> 6443", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(str(os.getpid()))
    asyncio.run(main(int(sys.argv[1])))
