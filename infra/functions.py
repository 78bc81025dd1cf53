"""Runs deployed functions as AWS does: a process of AWS's own runtime client an execution environment.

The emulator hands invocations over by HTTP; each process fetches its next one from the Runtime API that is served here.
What is deployed anew is taken up with its first invocation: its processes are new ones, and those before finish what
they have begun.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import sys
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from aiohttp import web

from infra import payload
from infra.emulator import RUNTIME, log_file, stop
from infra.sessions import Session

FORWARDED = "MINISTACK_LAMBDA_PROXY_URL"
"""A function that has this in its environment is run by whoever listens there."""
NAME = "X-Amzn-Lambda-Function-Name"

ENVIRONMENTS = {"APIHandler": 4, "Router": 2, "Recorder": 1, "Sweeper": 1, "Deliverer": 1}
"""How many invocations of a function run at once; further ones wait."""
RETRIED_WHOLE = ("Recorder",)
"""Functions on a stream: the emulator drops the failed part of their batches, so the batch is failed as a whole."""

BATCHES = {"sqs:SendMessage": "sqs:SendMessageBatch", "sqs:DeleteMessage": "sqs:DeleteMessageBatch"}
SESSION_SECONDS = 12 * 3600
"""How long a process may act as its role; Lambda renews it, nobody does here."""
GRACE_SECONDS = 2.0
"""How long what was sent before a deployment may still come."""


class FunctionFailed(Exception):
    """The function raised, or its process ended, or it took too long."""


@dataclass
class _Invocation:
    """One event on its way to a function's process and back."""

    request_id: str
    body: bytes
    deadline_ms: str
    arn: str
    answer: asyncio.Future[bytes]


@dataclass
class Function:
    """A deployed version of a function: its name in the template, its name in the emulator, its code, its settings."""

    logical_id: str
    name: str
    key: str
    """What this version's processes are known by."""
    code: Path
    handler: str
    timeout: int
    memory: int
    environment: dict[str, str]
    credentials: dict[str, str]
    """Of its role: what that does not allow, the emulator denies."""
    waiting: asyncio.Queue[_Invocation] = field(default_factory=asyncio.Queue)
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)
    running: dict[str, _Invocation] = field(default_factory=dict)
    busy: int = 0


class FunctionHost:
    """Serves invocations (`POST /invoke/…`) and the Runtime API of the processes (`/<key>/2018-06-01/…`)."""

    def __init__(self, session: Session) -> None:
        self._endpoint = session.endpoint_url
        self._lambda = session.client("lambda")
        self._sts = session.client("sts")
        self._packages: dict[str, Path] = {}
        self._home = Path()
        self._by_key: dict[str, Function] = {}
        self._loading = asyncio.Lock()
        self._retiring: list[asyncio.Task[None]] = []
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen."""
        self._home = Path(mkdtemp(prefix="interleave-task-"))
        application = web.Application(client_max_size=32 * 2**20)
        application.router.add_post("/invoke/{package}/{version}/{logical_id}", self._invoke)
        runtime = "/{key}/2018-06-01/runtime"
        application.router.add_get(f"{runtime}/invocation/next", self._next)
        application.router.add_post(f"{runtime}/invocation/{{id}}/response", self._response)
        application.router.add_post(f"{runtime}/invocation/{{id}}/error", self._error)
        application.router.add_post(f"{runtime}/init/error", self._init_error)
        # A process that ends while it waits must not be handed an invocation: cancel what it was waiting in.
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """End every process, then stop listening."""
        for retiring in self._retiring:
            retiring.cancel()
        processes = [process for function in self._by_key.values() for process in function.processes]
        await asyncio.gather(*(stop(process) for process in processes))
        if self._runner is not None:
            await self._runner.cleanup()
        await asyncio.to_thread(shutil.rmtree, self._home, ignore_errors=True)

    def forwarded(self, folder: Path, parameters: dict[str, str]) -> dict[str, Any]:
        """The template of a package, with its functions forwarded to here. What changes is a new version of them."""
        template: dict[str, Any] = json.loads((folder / "sam.json").read_text())
        package = _digest((folder / "deployment.zip").read_bytes())
        version = _digest(json.dumps([template, parameters], sort_keys=True).encode())
        self._packages[package] = folder
        for logical_id, resource in template["Resources"].items():
            if resource["Type"] == "AWS::Serverless::Function":
                url = f"http://127.0.0.1:{self.port}/invoke/{package}/{version}/{logical_id}"
                resource["Properties"]["Environment"]["Variables"][FORWARDED] = url
            if resource["Type"] == "AWS::IAM::Role":
                _allow_batches(resource)
        return template

    async def warm_up(self, outputs: dict[str, str]) -> None:
        """Keep one process of each of a stack's functions ready."""
        for logical_id in ENVIRONMENTS:
            name = outputs[f"{logical_id}Name"]
            found = await asyncio.to_thread(self._lambda.get_function_configuration, FunctionName=name)
            package, version, _ = found["Environment"]["Variables"][FORWARDED].rsplit("/", 3)[1:]
            await self._function(name, package, version, logical_id)

    async def _function(self, name: str, package: str, version: str, logical_id: str) -> Function:
        """The version of a function that an invocation is for. The first of a new one lets those before it end."""
        async with self._loading:
            key = f"{name}-{version}"
            if key in self._by_key:
                return self._by_key[key]
            code = self._home / package
            if not code.exists():
                await asyncio.to_thread(_unpack, self._packages[package], code)
            found = await asyncio.to_thread(self._lambda.get_function_configuration, FunctionName=name)
            environment = dict(found["Environment"]["Variables"])
            credentials = await asyncio.to_thread(self._credentials, found["Role"], logical_id)
            settings = (found["Handler"], found["Timeout"], found["MemorySize"], environment, credentials)
            function = Function(logical_id, name, key, code, *settings)
            self._retiring += [
                asyncio.create_task(self._retire(each)) for each in self._by_key.values() if each.name == name
            ]
            self._by_key[key] = function
            await self._spawn(function)
            return function

    def _credentials(self, role: str, logical_id: str) -> dict[str, str]:
        taken = self._sts.assume_role(RoleArn=role, RoleSessionName=logical_id, DurationSeconds=SESSION_SECONDS)
        names = {
            "ACCESS_KEY_ID": "AccessKeyId",
            "SECRET_ACCESS_KEY": "SecretAccessKey",
            "SESSION_TOKEN": "SessionToken",
        }
        return {f"AWS_{name}": taken["Credentials"][key] for name, key in names.items()}

    async def _retire(self, function: Function) -> None:
        """End a version that was replaced, when nothing can come to it any more, and what it has begun is finished."""
        await asyncio.sleep(GRACE_SECONDS)
        while function.busy:
            await asyncio.sleep(0.05)
        del self._by_key[function.key]
        await asyncio.gather(*(stop(process) for process in function.processes))

    async def _invoke(self, request: web.Request) -> web.Response:
        """One invocation, for as long as it takes. Failures are answered as errors, so that they are tried again."""
        event = payload.as_asked_for(json.loads(await request.read()))
        where = request.match_info
        function = await self._function(request.headers[NAME], where["package"], where["version"], where["logical_id"])
        function.busy += 1
        try:
            if function.busy > len(function.processes) < ENVIRONMENTS[function.logical_id]:
                await self._spawn(function)
            answer = await self._run(function, request, json.dumps(event).encode())
        except FunctionFailed as failed:
            return web.Response(status=500, text=str(failed))
        finally:
            function.busy -= 1
        if function.logical_id in RETRIED_WHOLE and json.loads(answer or b"null").get("batchItemFailures"):
            return web.Response(status=500, text="a part of the batch failed")
        return web.Response(body=answer, content_type="application/json")

    async def _run(self, function: Function, request: web.Request, body: bytes) -> bytes:
        invocation = _Invocation(
            request_id=request.headers.get("X-Amzn-Lambda-Request-Id", os.urandom(8).hex()),
            body=body,
            deadline_ms=request.headers.get("X-Amzn-Lambda-Deadline-Ms", str(int((time.time() + 60) * 1000))),
            arn=request.headers.get("X-Amzn-Lambda-Function-Arn", function.name),
            answer=asyncio.get_running_loop().create_future(),
        )
        await function.waiting.put(invocation)
        try:
            return await asyncio.wait_for(invocation.answer, function.timeout)
        except TimeoutError:
            raise FunctionFailed(f"{function.logical_id} took longer than {function.timeout} s") from None
        finally:
            function.running.pop(invocation.request_id, None)

    async def _next(self, request: web.Request) -> web.Response:
        function = self._by_key[request.match_info["key"]]
        while True:
            invocation = await function.waiting.get()
            if not invocation.answer.done():
                break  # what nobody waits for any more is not run
        function.running[invocation.request_id] = invocation
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": invocation.deadline_ms,
            "Lambda-Runtime-Invoked-Function-Arn": invocation.arn,
        }
        return web.Response(body=invocation.body, headers=headers, content_type="application/json")

    async def _response(self, request: web.Request) -> web.Response:
        self._answer(request, result=await request.read())
        return web.Response(status=202)

    async def _error(self, request: web.Request) -> web.Response:
        told: dict[str, Any] = json.loads(await request.read() or b"{}")
        self._answer(request, failed=FunctionFailed(f"{told.get('errorType')}: {told.get('errorMessage')}"))
        return web.Response(status=202)

    async def _init_error(self, request: web.Request) -> web.Response:
        function = self._by_key[request.match_info["key"]]
        while not function.waiting.empty():
            invocation = function.waiting.get_nowait()
            if not invocation.answer.done():
                where = log_file(function.logical_id)
                invocation.answer.set_exception(FunctionFailed(f"{function.logical_id} does not start; see {where}"))
        return web.Response(status=202)

    def _answer(self, request: web.Request, result: bytes = b"", failed: FunctionFailed | None = None) -> None:
        function = self._by_key[request.match_info["key"]]
        invocation = function.running.pop(request.match_info["id"], None)
        if invocation is None or invocation.answer.done():
            return  # too late: nobody waits for it any more
        if failed is not None:
            invocation.answer.set_exception(failed)
        else:
            invocation.answer.set_result(result)

    async def _spawn(self, function: Function) -> None:
        """A new execution environment: nothing on the path but the unpacked package and the runtime's libraries."""
        environment = {
            "PATH": os.environ.get("PATH", ""),
            **function.environment,
            "PYTHONPATH": os.pathsep.join([str(function.code), str(RUNTIME)]),
            "LAMBDA_TASK_ROOT": str(function.code),
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.port}/{function.key}",
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            **function.credentials,
            "AWS_ENDPOINT_URL": str(self._endpoint),
        }
        log = os.open(log_file(function.logical_id), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-S",
            "-m",
            "awslambdaric",
            function.handler,
            cwd=function.code,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        os.close(log)
        function.processes.append(process)


def _allow_batches(role: dict[str, Any]) -> None:
    """Whoever may send or delete a message may do it in a batch: so it is on AWS, but not in the emulator."""
    for policy in role["Properties"]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            statement["Action"] += [BATCHES[each] for each in statement["Action"] if each in BATCHES]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _unpack(package: Path, folder: Path) -> None:
    with zipfile.ZipFile(package / "deployment.zip") as archive:
        archive.extractall(folder)
