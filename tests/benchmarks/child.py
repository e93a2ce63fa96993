"""One task, one way, one process: ``python -m tests.benchmarks.child`` is run by the parent.

Prints one line of JSON: seconds for reading and for running (wall and processor), the peak of
resident memory after reading and at the end, and leaves the result as Parquet to be compared.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from pathlib import Path

from . import fabric, tasks


def peak_mb() -> float:
    """Peak of resident memory of this process; not that of the parent it was started from."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Do it and print what it took."""
    asked = argparse.ArgumentParser()
    asked.add_argument("folder", type=Path)
    asked.add_argument("task", choices=tasks.TASKS)
    asked.add_argument("way", choices=tasks.WAYS)
    asked.add_argument("result", type=Path)
    asked.add_argument("--threads", type=int)
    asked.add_argument("--in-order", action="store_true")
    args = asked.parse_args()

    work = tasks.do(args.task, args.way)
    if work is None:
        asked.error(f"{args.way} has no {args.task}")
    said = {"load_before": os.getloadavg()[0]}
    start, busy = time.perf_counter(), time.process_time()
    own_reading = args.way in tasks.READS_ITSELF
    given = args.folder if own_reading else fabric.read(args.folder, in_order=args.in_order)
    said["read_s"], said["read_cpu_s"] = time.perf_counter() - start, time.process_time() - busy
    said["read_mb"] = peak_mb()
    start, busy = time.perf_counter(), time.process_time()
    table = work(given, args.threads)
    said["run_s"], said["cpu_s"] = time.perf_counter() - start, time.process_time() - busy
    said["peak_mb"] = peak_mb()
    table.to_parquet(args.result)
    print(json.dumps(said | {"rows": len(table)}))


if __name__ == "__main__":
    main()
