"""Who is asking."""

from fastapi import APIRouter
from fastapi.responses import Response

from app.api import schemas
from app.api.answers import rendered
from app.api.deps import ViewerDep

router = APIRouter(tags=["admin"])


@router.get("/whoami", response_model=schemas.WhoAmI)
def read_whoami(viewer: ViewerDep) -> Response:
    """What the caller may do and see."""
    body = {
        "name": viewer.name,
        "scopes": sorted(viewer.scopes),
        "teams": None if viewer.teams is None else sorted(viewer.teams),
    }
    return Response(rendered(body), media_type="application/json")
