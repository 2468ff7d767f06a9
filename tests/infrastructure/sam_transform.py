"""SAM's own transform, run by SAM's interpreter: a template as JSON in, the CloudFormation template out."""

from __future__ import annotations

import json
import sys

from samtranslator.parser.parser import Parser  # type: ignore[import-not-found]
from samtranslator.translator.translator import Translator  # type: ignore[import-not-found]

source = json.load(sys.stdin)
for resource in source["Resources"].values():
    for key in ("CodeUri", "ContentUri"):
        if key in resource.get("Properties", {}):
            resource["Properties"][key] = "s3://bucket/key"
json.dump(Translator({}, Parser()).translate(source, {"Stage": "dev"}), sys.stdout)
