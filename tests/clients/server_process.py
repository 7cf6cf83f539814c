"""One running server as the tests see it: the real binary, started on a free port over an empty folder."""

import configparser
import os
import queue
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import boto3
import requests
from botocore.config import Config

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("WALLETSCOPE_BIN", REPOSITORY / "bin" / "walletscope"))
REGION = "us-east-1"
ACCOUNT = "123456789012"
START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 15


class Server:
    """Starts in the constructor and is ready when that returns; `stop` ends it as an operator would. `flags` are
    further flags of `serve`."""

    def __init__(self, folder, *flags):
        self.folder = Path(folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.stderr_path = self.folder.parent / f"{self.folder.name}.stderr"
        with self.stderr_path.open("wb") as stderr:
            self.process = subprocess.Popen(
                [BINARY, "serve", "--data", self.folder, "--listen", f"127.0.0.1:{self.port}", *flags],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        try:
            self._await_ready()
            self._read_credentials()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def _await_ready(self):
        lines = queue.Queue()
        threading.Thread(target=lambda: [lines.put(line) for line in self.process.stdout], daemon=True).start()
        try:
            line = lines.get(timeout=START_SECONDS_MAX)
        except queue.Empty:
            raise AssertionError(f"no line on standard output; standard error: {self.stderr()}") from None
        assert line == f"ready {self.url}\n", f"{line!r}; standard error: {self.stderr()}"
        self.stdout_after_ready = lines

    def _read_credentials(self):
        self.credentials_path = self.folder / "credentials"
        mode = self.credentials_path.stat().st_mode & 0o777
        assert mode == 0o600, f"{self.credentials_path} has mode {mode:o}"
        parser = configparser.RawConfigParser()
        parser.read(self.credentials_path)
        self.access_key = parser.get("default", "aws_access_key_id")
        self.secret_key = parser.get("default", "aws_secret_access_key")
        self.api_token = parser.get("default", "walletscope_api_token")

    def stderr(self):
        return self.stderr_path.read_text(errors="replace")

    def stop(self):
        """Asks for the end and returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=STOP_SECONDS_MAX)

    def environment(self):
        """What a stock AWS client needs to find this server, and nothing of the developer's own settings."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return inherited | {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_SHARED_CREDENTIALS_FILE": str(self.credentials_path),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service, **config):
        """A boto3 client that does not retry, so that a test sees the first answer."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(retries={"total_max_attempts": 1}, **config),
        )

    def api(self, path, **parameters):
        """GET below /api/v1 with the bearer token."""
        return requests.get(
            f"{self.url}/api/v1/{path}",
            params=parameters,
            headers={"Authorization": f"Bearer {self.api_token}"},
            timeout=5,
        )

    def api_within(self, seconds, path, is_expected):
        """Asks until the answer is the expected one; returns the last JSON either way."""
        deadline = time.monotonic() + seconds
        while True:
            answer = self.api(path)
            body = answer.json()
            if (answer.status_code == 200 and is_expected(body)) or time.monotonic() >= deadline:
                return body
            time.sleep(0.02)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
