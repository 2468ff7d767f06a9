"""What the control address takes: fields it does not know are refused."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


Count = Annotated[int, Field(ge=1)]
