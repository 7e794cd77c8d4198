"""How fast this machine is right now: limits of time are told in it, since the machine of a test doubles and halves."""

import time

STEPS = 1_000_000


def yardstick() -> float:
    """CPU seconds that a fixed piece of plain Python takes, the best of three: some 0.06 on a machine of 2024."""
    return min(_walk() for _ in range(3))


def _walk() -> float:
    began = time.process_time()
    table: dict[int, int] = {}
    for number in range(STEPS):
        table[number & 1023] = number
    return time.process_time() - began
