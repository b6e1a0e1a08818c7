# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server: moto's applications behind a door that names, times and logs each request.

``/local-aws/`` is ours: health, reset, latency, marks in the request log, and whatever the deployment engine adds.
Everything else is an AWS request.
"""

from __future__ import annotations

import gzip
import io
import json
import logging
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.moto_api._internal import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wsgi import get_input_stream

from . import __version__, mends
from .clock import Clock
from .control import HOST, PID_FILE, SERVER_LOG
from .ecs import install as install_ecs
from .identify import Operation, identify, service_model
from .prune import prune
from .requestlog import FILE_NAME, RequestLog

CONTROL = "/local-aws/"

log = logging.getLogger("local_aws")

#: A control route takes the HTTP method and the decoded JSON body (with the query's parameters), and answers with a
#: status and an object.
ControlRoute = Callable[[str, dict[str, Any]], tuple[int, dict[str, Any]]]


class LocalAWS:
    """The WSGI application. Requests are answered one at a time: moto's models are not made for threads."""

    def __init__(self, state_dir: Path, clock: Clock, latency_ms: float = 0) -> None:
        self.clock = clock
        self.latency_ms = latency_ms
        self.state_dir = state_dir
        self.requests = RequestLog(state_dir / FILE_NAME)
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._one_at_a_time = clock.lock
        mends.apply(clock)
        self._routes: dict[str, ControlRoute] = {
            "health": self._health,
            "latency": self._set_latency,
            "mark": self._mark,
            "provisioning": self._provisioning,
            "reset": self._reset,
        }
        self._engine_routes: dict[str, ControlRoute] = install_ecs(clock)
        self._routes |= mends.routes(clock)
        self._routes |= {name: route for name, route in self._engine_routes.items() if name not in self._routes}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = get_input_stream(environ).read()
        path = environ.get("PATH_INFO", "")
        if path.startswith(CONTROL):
            status, answer = self._control(path[len(CONTROL) :].strip("/"), environ, body)
            content = json.dumps(answer).encode()
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
            start_response(f"{status} {'OK' if status < 400 else 'Error'}", headers)
            return [content]
        if self.latency_ms:
            time.sleep(self.latency_ms / 1000)
        return self._answer(environ, body, start_response)

    # AWS requests

    def _answer(self, environ: WSGIEnvironment, body: bytes, start_response: StartResponse) -> Iterable[bytes]:
        started = time.monotonic()
        operation = identify(environ, _decompressed(environ, body))
        # Said with every request: moto's own variable MOTO_ACCOUNT_ID would win over what a request says.
        account = _account_of(environ) or os.environ["LOCAL_AWS_ACCOUNT_ID"]
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ["wsgi.input_terminated"] = True
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        with self._one_at_a_time:
            status, headers, content = self._call(environ, operation)
        error = _error_code(status, dict(headers), content) if status >= 400 else None
        entry = {
            "service": operation.service,
            "action": operation.action,
            "status": status,
            "error": error,
            "mutating": operation.mutating,
            "region": operation.region,
            "account": account,
            "ms": round((time.monotonic() - started) * 1000, 1),
        }
        if not operation.action:
            entry["request"] = f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '')}"
        self.requests.write(entry)
        start_response(f"{status} {'OK' if status < 400 else 'Error'}", headers)
        return [content]

    def _call(self, environ: WSGIEnvironment, operation: Operation) -> tuple[int, list[tuple[str, str]], bytes]:
        captured: list[Any] = []

        def capture(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            captured[:] = [int(status.split(" ", 1)[0]), headers]

        try:
            self.clock.run_due()
            answer = self._moto(environ, capture)
            content = b"".join(answer)
            if hasattr(answer, "close"):
                answer.close()
        except NotImplementedError as error:
            return self._not_implemented(operation, str(error) or repr(error))
        except Exception:
            log.exception("%s:%s failed in the local AWS", operation.service, operation.action)
            return _error(operation, 500, "InternalFailure", "The local AWS failed; its server.log says why.")
        status, headers = captured
        if status == 404 and operation.service != "s3" and (not content or b"404 Not Found</title>" in content):
            return self._not_implemented(operation, "moto has no route for it")
        if status == 500 and b"not been implemented" in content:
            return self._not_implemented(operation, content.decode("utf-8", "replace")[:200])
        if status == 200 and operation.service == "s3" and not operation.action:
            return self._not_implemented(operation, "S3 has no such operation")
        if status < 300:
            pruned = prune(operation, content)
            if pruned is not content:
                content = pruned
                headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
                headers.append(("Content-Length", str(len(content))))
        return status, headers, content

    @staticmethod
    def _not_implemented(operation: Operation, reason: str) -> tuple[int, list[tuple[str, str]], bytes]:
        name = f"{operation.service}:{operation.action or '(no such operation)'}"
        log.error("NOT IMPLEMENTED: %s (%s)", name, reason)
        # 501 and not 500: the SDKs retry a 500, and would hide the cause behind "reached max retries".
        return _error(operation, 501, "NotImplemented", f"The local AWS does not implement {name}.")

    # Control requests

    def _control(self, name: str, environ: WSGIEnvironment, body: bytes) -> tuple[int, dict[str, Any]]:
        route = self._routes.get(name)
        if route is None:
            return 404, {"error": f"No such control route: {name}", "routes": sorted(self._routes)}
        parameters: dict[str, Any] = {
            key: values[-1] for key, values in parse_qs(environ.get("QUERY_STRING", "")).items()
        }
        if body:
            try:
                parameters |= json.loads(body)
            except (ValueError, TypeError) as error:
                return 400, {"error": f"The body is not a JSON object: {error}"}
        with self._one_at_a_time:
            self.clock.run_due()
            answer = route(environ["REQUEST_METHOD"], parameters)
            # The route may have let time pass.
            self.clock.run_due()
            return answer

    def _health(self, method: str, parameters: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return 200, {
            "status": "ok",
            "version": __version__,
            "pid": os.getpid(),
            "clock": self.clock.now(),
            "second_ms": self.clock.second_ms,
            "latency_ms": self.latency_ms,
            "provisioning_ms": self.clock.provisioning.minute_ms,
            "account_id": os.environ["LOCAL_AWS_ACCOUNT_ID"],
            "state_dir": str(self.state_dir),
            "mends": mends.names(),
        }

    def _reset(self, method: str, parameters: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if method != "POST":
            return 405, {"error": "POST only"}
        moto_api_backend.reset()
        self.clock.forget()
        self.clock.provisioning.log.clear()
        mends.reset()
        if "reset" in self._engine_routes:
            self._engine_routes["reset"](method, parameters)
        return 200, {"status": "ok"}

    def _set_latency(self, method: str, parameters: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if method != "POST":
            return 405, {"error": "POST only"}
        try:
            self.latency_ms = max(0.0, float(parameters["latency_ms"]))
        except (KeyError, TypeError, ValueError):
            return 400, {"error": "latency_ms must be a number of milliseconds"}
        return 200, {"latency_ms": self.latency_ms}

    def _provisioning(self, method: str, parameters: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        provisioning = self.clock.provisioning
        if method == "POST":
            try:
                provisioning.tell(parameters)
            except ValueError as error:
                return 400, {"error": str(error)}
        elif method == "DELETE":
            provisioning.log.clear()
        return 200, provisioning.describe()

    def _mark(self, method: str, parameters: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if method != "POST" or not parameters.get("name"):
            return 400, {"error": "POST a mark with a name"}
        self.requests.write({"mark": str(parameters["name"])})
        return 200, {"mark": str(parameters["name"])}


def _decompressed(environ: WSGIEnvironment, body: bytes) -> bytes:
    return gzip.decompress(body) if environ.get("HTTP_CONTENT_ENCODING") == "gzip" else body


ACCESS_KEY = re.compile(r"Credential=(\d{12})/")


def _account_of(environ: WSGIEnvironment) -> str:
    """A twelve-digit access key id is the number of the account that is meant; others mean the default account."""
    found = ACCESS_KEY.search(environ.get("HTTP_AUTHORIZATION", ""))
    return found[1] if found else ""


ERROR_CODE_XML = re.compile(rb"<Code>([^<]+)</Code>")


def _error_code(status: int, headers: dict[str, str], content: bytes) -> str:
    """The error's code, as each protocol carries it."""
    for name, value in headers.items():
        if name.lower() == "x-amzn-errortype":
            return value.split(":")[0].split("#")[-1]
    found = ERROR_CODE_XML.search(content)
    if found:
        return found[1].decode()
    try:
        answer = json.loads(content)
        return str(answer.get("__type") or answer.get("code") or status).rsplit("#", maxsplit=1)[-1]
    except (ValueError, AttributeError):
        return str(status)


def _error(operation: Operation, status: int, code: str, message: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """An error answer in the operation's own protocol."""
    model = service_model(operation.service)
    protocol = str(model.metadata.get("protocol", "")) if model is not None else ""
    if operation.service == "ec2":
        text = f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors></Response>"
    elif operation.service == "s3":
        text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    elif protocol in ("query", "rest-xml"):
        text = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    else:
        text = json.dumps({"__type": code, "message": message})
        return status, [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", code)], text.encode()
    return status, [("Content-Type", "text/xml")], text.encode()


class RequestHandler(MotoRequestHandler):
    """Keeps connections open, as AWS does, which werkzeug's handler never does: it can't know whether an application
    has read the whole request. Ours reads all of it before it answers."""

    protocol_version = "HTTP/1.1"
    #: Seconds for which a connection may be idle. Each has a thread and a file here, and clients forget to close them.
    timeout = 30
    #: An answer leaves in one piece, and at once: in two, it would wait for the client's delayed acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        status, headers = "", []

        def start_response(said: str, fields: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal status, headers
            status, headers = said, fields

        content = b"".join(self.server.app(self.make_environ(), start_response))
        code, reason = status.split(" ", 1)
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        sized = any(name.lower() == "content-length" for name, _value in headers)
        if not sized and int(code) not in (204, 304) and self.command != "HEAD":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()

    def log_error(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """A connection that was idle for long is no error."""
        if not format.startswith("Request timed out"):
            super().log_error(format, *args)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Keeps the access lines out of the server log: the request log has them."""


def port_in_use(port: int) -> bool:
    """Whether somebody listens on the port already."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex((HOST, port)) == 0


def serve(port: int, state_dir: Path, clock: Clock, latency_ms: float) -> None:
    """Answer on the loopback interface until a SIGTERM or SIGINT comes."""
    handler = logging.FileHandler(state_dir / SERVER_LOG, mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler, logging.StreamHandler()], force=True)
    application: WSGIApplication = LocalAWS(state_dir, clock, latency_ms)
    server = make_server(HOST, port, application, threaded=True, request_handler=RequestHandler)
    server.daemon_threads = True
    pid_file = state_dir / PID_FILE
    pid_file.write_text(f"{os.getpid()}\n", encoding="utf-8")

    def stop(signum: int, frame: Any) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    log.info("The local AWS answers at http://%s:%s (pid %s, state in %s)", HOST, port, os.getpid(), state_dir)
    try:
        server.serve_forever()
    finally:
        pid_file.unlink(missing_ok=True)
        log.info("The local AWS has stopped.")
