"""kubectl in the background: processes that are read in threads, all of which end together."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from subprocess import Popen


@dataclass
class Background:
    """Processes by a key, and the threads that read them."""

    processes: "dict[str, Popen[str]]" = field(default_factory=dict)
    threads: list[threading.Thread] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, work: Callable[..., None], *arguments: object) -> None:
        """Does something in a thread of its own."""
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        with self.lock:
            self.threads.append(thread)
        thread.start()

    def has(self, key: str) -> bool:
        """Whether a process of that key is read."""
        return key in self.processes

    def read(self, key: str, process: "Popen[str]") -> Iterator[str]:
        """The lines that a process prints, until it ends, or all end. They have to be read."""
        with self.lock:
            self.processes[key] = process
            if self.ended.is_set():
                process.kill()
        return self._read_lines(key, process)

    def _read_lines(self, key: str, process: "Popen[str]") -> Iterator[str]:
        with process:
            yield from process.stdout or ()
        with self.lock:
            self.processes.pop(key, None)

    def rest(self, seconds: float) -> bool:
        """Waits before something is tried again; whether all have ended meanwhile."""
        return self.ended.wait(seconds)

    def close(self) -> None:
        """Ends all processes and threads."""
        self.ended.set()
        with self.lock:
            processes, threads = list(self.processes.values()), list(self.threads)
        for process in processes:
            process.kill()
        for thread in threads:
            thread.join()
