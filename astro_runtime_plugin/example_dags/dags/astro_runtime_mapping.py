"""Dynamic task mapping: one task instance per file; the number of files is known only at run time."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import dag, task


@dag(schedule=None, tags=["astro-runtime"])
def astro_runtime_mapping() -> None:
    """Counts the lines of each file in a separate task instance; a final task adds up the counts.

    `count.expand(file=list_files())` creates one task instance for each item of the list that `list_files`
    returns, three in this example. Open the task `count` to see them.
    """

    @task
    def list_files() -> list[dict[str, str]]:
        return [
            {"name": "spring.csv", "text": "3\n1\n4"},
            {"name": "summer.csv", "text": "1\n5"},
            {"name": "autumn.csv", "text": "9\n2\n6\n5"},
        ]

    @task(map_index_template="{{ task.op_kwargs['file']['name'] }}")
    def count(file: dict[str, str]) -> int:
        return len(file["text"].splitlines())

    @task
    def add_up(counts: list[int]) -> int:
        total = sum(counts)
        print(f"{total} lines in all")
        return total

    add_up(count.expand(file=list_files()))


astro_runtime_mapping()
