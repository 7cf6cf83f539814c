"""DuckDB's answers to the bench's questions over the lake's own files, and how long each took.

Reads {"files": [...], "threads": n, "times": n, "questions": [{"name", "sql"}]} from standard input, where `{attempts}`
in a text stands for the files, and writes [{"name", "millis": [...], "rows": [[...]]}] to standard output. One connection
asks everything in turn, as one user would; every answer is fetched whole.
"""

import json
import sys
import time

import duckdb


def main():
    asked = json.load(sys.stdin)
    connection = duckdb.connect(config={"threads": asked["threads"]})
    connection.execute("SET TimeZone = 'UTC'")
    files = ", ".join("'" + path.replace("'", "''") + "'" for path in asked["files"])
    answers = []
    for question in asked["questions"]:
        sql = question["sql"].replace("{attempts}", f"read_parquet([{files}])")
        millis = []
        for _ in range(asked["times"]):
            started = time.perf_counter()
            rows = connection.execute(sql).fetchall()
            millis.append((time.perf_counter() - started) * 1e3)
        answers.append({"name": question["name"], "millis": millis, "rows": rows})
    json.dump(answers, sys.stdout, default=str)


if __name__ == "__main__":
    main()
