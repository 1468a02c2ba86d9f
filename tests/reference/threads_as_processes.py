"""Several processes of a run as threads of this one, which agree like real ones and die as one."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor


class KilledError(Exception):
    """Stands for the end of a process."""


class Team:
    """Some processes; each calls `check_alive` before it does anything that others could see."""

    def __init__(self, count):
        self.count = count
        self._own = threading.local()
        self._values = [""] * count
        self._barrier = threading.Barrier(count)
        self._is_dead = threading.Event()

    @property
    def number(self):
        return self._own.number

    def kill(self):
        """Ends all of them."""
        self._is_dead.set()
        self._barrier.abort()

    def check_alive(self):
        if self._is_dead.is_set():
            raise KilledError

    def gather(self, value):
        self._values[self.number] = json.dumps(value)
        try:
            self._barrier.wait()
            found = [json.loads(value) for value in self._values]
            self._barrier.wait()
        except threading.BrokenBarrierError:
            raise KilledError from None
        return found

    def run(self, function):
        """Calls a function in all processes and returns what it gave in each.

        Raises:
          KilledError: they were killed.
        """

        def start(number):
            self._own.number = number
            try:
                return function()
            except BaseException:
                self.kill()
                raise

        with ThreadPoolExecutor(self.count) as pool:
            futures = [pool.submit(start, number) for number in range(self.count)]
        errors = [error for future in futures if (error := future.exception())]
        for error in errors:
            if not isinstance(error, KilledError):
                raise error
        if errors:
            raise errors[0]
        return [future.result() for future in futures]


def patch_processes(monkeypatch, team, *modules):
    """Has modules that import from `camtrap_jax.processes` and `camtrap_jax.mesh` ask the team."""
    from camtrap_jax import processes

    for module in (processes, *modules):
        for name, function in (
            ("gather", team.gather),
            ("is_first", lambda: team.number == 0),
            ("process_share", lambda: (team.number, team.count)),
        ):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, function)
