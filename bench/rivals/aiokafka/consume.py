"""Tumbling windows over a topic of JSON records with aiokafka and pandas, as a service in Python would do it.

Usage: consume.py BROKERS TOPIC RECORDS SIZE_MS

A window is closed when every partition is behind its end, and described then: count, mean, std, quartiles and range of each
column. Prints one line of JSON: seconds from the consumer's start to the last window, windows, records in them.
"""

import asyncio
import json
import sys
import time

import pandas as pd
from aiokafka import AIOKafkaConsumer

brokers, topic, records, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
COLUMNS = ["a", "b", "c"]


async def main() -> None:
    began = time.perf_counter()
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=brokers,
        group_id=f"python-{time.time_ns()}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        # As much at a time as the service takes.
        fetch_max_bytes=4 * 2**20,
        max_partition_fetch_bytes=4 * 2**20,
    )
    await consumer.start()
    partitions = len(consumer.partitions_for_topic(topic) or ())
    open_windows: dict[int, list[pd.DataFrame]] = {}
    results: dict[int, pd.DataFrame] = {}
    watermarks: dict[int, int] = {}
    taken = 0
    while taken < records:
        batches = await consumer.getmany(timeout_ms=1000)
        for partition, messages in batches.items():
            frame = pd.DataFrame([json.loads(message.value) for message in messages])
            taken += len(frame)
            watermarks[partition.partition] = max(
                watermarks.get(partition.partition, 0), int(frame["at"].max())
            )
            for window, rows in frame.groupby(frame["at"] // size * size):
                open_windows.setdefault(int(window), []).append(rows[COLUMNS])
        if len(watermarks) < partitions:
            continue
        watermark = min(watermarks.values())
        for window in [window for window in open_windows if window + size <= watermark]:
            results[window] = pd.concat(open_windows.pop(window)).describe()
    seconds = time.perf_counter() - began
    counted = sum(int(result.loc["count", "a"]) for result in results.values())
    print(json.dumps({"seconds": seconds, "windows": len(results), "records": counted}))
    await consumer.stop()


asyncio.run(main())
