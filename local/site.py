"""The built site, served as any static host would, and told where the API is."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

DIST = Path(__file__).parent.parent / "site" / "dist"
NOT_BUILT = (
    "The site is not built yet: run `npm ci && npm run build` in site/, or `make run`, which does it.\n"
)


def create_app(api: str, dist: Path = DIST) -> Starlette:
    async def config(_: Request) -> Response:
        return JSONResponse({"api": api}, headers={"cache-control": "no-store"})

    async def not_built(_: Request) -> Response:
        return PlainTextResponse(NOT_BUILT, 503)

    pages: BaseRoute = Route("/{path:path}", not_built)
    if dist.is_dir():
        pages = Mount("/", StaticFiles(directory=dist, html=True))
    return Starlette(routes=[Route("/config.json", config), pages])
