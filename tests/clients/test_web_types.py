"""Do the API's answers fit the TypeScript interfaces of the brief? The check itself is tests/web-types/check.mjs."""

import json
import subprocess
import time
import uuid

from server_process import REPOSITORY

CHECK = REPOSITORY / "tests" / "web-types" / "check.mjs"


def test_the_compiler_accepts_the_answers_and_refuses_wrong_ones(server, logs, stream):
    # An attempt of which nothing but its start is known: device, reason and times must still fit.
    correlation_id = f"corr_{uuid.uuid4()}"
    message = json.dumps({"event": "TOKEN_PROVISION_START", "correlationId": correlation_id})
    logs.put_log_events(**stream, logEvents=[{"timestamp": int(time.time() * 1000), "message": message}])
    server.api_within(1.0, f"requests/{correlation_id}", lambda body: True)

    environment = server.environment() | {"WALLETSCOPE_URL": server.url, "WALLETSCOPE_TOKEN": server.api_token}
    checked = subprocess.run(["node", CHECK], env=environment, capture_output=True, text=True, timeout=120)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_web_ui_knows_the_api_as_it_is(tmp_path):
    # `npm run types --prefix web` makes the file anew.
    made = tmp_path / "schema.ts"
    command = ["npx", "--no-install", "openapi-typescript", REPOSITORY / "crates/server/openapi.json", "--output", made]
    subprocess.run(command, cwd=CHECK.parent, check=True, capture_output=True, timeout=120)
    assert made.read_text() == (REPOSITORY / "web/src/api/schema.ts").read_text()
