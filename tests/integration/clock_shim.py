"""A wall clock that a test can set for the processes it starts, without the right to set the machine's (F34, F35).

libfaketime shifts the monotonic clock, too, or slows it; here only the wall's readings are shifted, by the milliseconds
that stand in a file, so that the clock can be set, and stopped, while processes run.
"""

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long shown(long long real)
{
    char text[32] = {0};
    const char *path = getenv("WALL_CLOCK");
    int file = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return real;
    syscall(SYS_read, file, text, sizeof text - 1);
    syscall(SYS_close, file);
    return text[0] == '=' ? atoll(text + 1) * 1000000LL : real + atoll(text) * 1000000LL;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    if (!failed && clock == CLOCK_REALTIME) {
        long long whole = shown(now->tv_sec * 1000000000LL + now->tv_nsec);
        now->tv_sec = whole / 1000000000LL;
        now->tv_nsec = whole % 1000000000LL;
    }
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec precise;
    (void)zone;
    int failed = clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return failed;
}

time_t time(time_t *result)
{
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (result)
        *result = precise.tv_sec;
    return precise.tv_sec;
}
"""
CAN_BE_BUILT = sys.platform == "linux" and sys.maxsize > 2**32 and shutil.which("cc") is not None


class WallClock:
    """`environment` is for the processes that shall see it; each setting reaches all of them at once."""

    def __init__(self, folder: Path) -> None:
        """Raises CalledProcessError where the compiler fails."""
        self._library = folder / "wall_clock.so"
        self._file = folder / "wall_clock"
        (folder / "wall_clock.c").write_text(SOURCE, encoding="utf-8")
        build = ["cc", "-shared", "-fPIC", "-O1", "-o", str(self._library), str(folder / "wall_clock.c")]
        subprocess.run(build, check=True, capture_output=True)
        self.set_ahead(0)

    def set_ahead(self, seconds: float) -> None:
        """From now on the wall shows so much more than the machine's."""
        self._write(str(round(seconds * 1000)))

    def set_to(self, moment: datetime) -> None:
        """It shows `moment` now, and goes on from there."""
        self.set_ahead((moment - datetime.now(UTC)).total_seconds())

    def stop_at(self, moment: datetime) -> None:
        """It shows `moment`, and goes on showing it."""
        self._write(f"={round(moment.timestamp() * 1000)}")

    def _write(self, text: str) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(text, encoding="ascii")
        new.replace(self._file)

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "WALL_CLOCK": str(self._file)}
