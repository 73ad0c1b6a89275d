#!/usr/bin/env python3
"""What the real program writes is what the schemas of docs/schema say: reports of checks and their forms, bundles,
inventories, outcomes of probes and collectives. A schema that accepts anything is none: each refuses a spoilt copy."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("SKIP: python3-jsonschema is not installed for", sys.executable)
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ["PLUMBLINE_BUILD"], "bin/plumbline")
SCHEMAS = ROOT / "docs/schema"
REPORT = "urn:plumbline:schema:report:v1"
FIXTURES = ROOT / "tests/fixtures"
complaints = []


def validator(name):
    """A schema with the parts of the report's that it uses: libraries differ in how they find them by $id."""
    text = (SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8")
    schema = json.loads(text.replace(f'"{REPORT}#', '"#'))
    report = json.loads((SCHEMAS / "report.schema.json").read_text(encoding="utf-8"))
    if report["$id"] != REPORT or not schema.pop("$id").startswith("urn:plumbline:schema:"):
        complaints.append(f"{name}.schema.json: its $id, or the report's, is not the one that others use")
    if REPORT in text:
        schema["$defs"] = {**report["$defs"], **schema.get("$defs", {})}
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def hold(name, document, what):
    """Validates, and that the schema refuses the document without each field that it requires."""
    checker = validator(name)
    for error in list(checker.iter_errors(document))[:5]:
        where = "/".join(map(str, error.absolute_path))
        complaints.append(f"{what} is not what {name}.schema.json says: {where}: {error.message[:300]}")
    for field in checker.schema["required"]:
        if checker.is_valid({key: value for key, value in document.items() if key != field}):
            complaints.append(f"{name}.schema.json takes a document without {field}")


def plumbline(*words):
    done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, check=False, timeout=120)
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        complaints.append(f"{words}: rc {done.returncode}, no JSON: {done.stdout[:200]} {done.stderr[:300]}")
        return None


def printed(name, *words):
    document = plumbline(*words, "-o", "json")
    if document is not None:
        hold(name, document, "plumbline " + " ".join(map(str, words[:2])))
    return document


def written(name, file):
    hold(name, json.loads(file.read_text(encoding="utf-8")), file.name)


def reports(place):
    """Of bundles with every sort of finding, and of a whole stage as it was recorded."""
    for bundle in sorted((FIXTURES / "kubernetes").iterdir()):
        printed("report", "check", bundle)
    results = place / "results"
    results.mkdir()
    shutil.copy(FIXTURES / "reports/v1.json", results / "report.json")
    written("report", results / "report.json")
    return results


def bundles(place, results):
    stage = place / "stage.yaml"
    stage.write_text("schema: plumbline.stage/v1\nfabric:\n  rack_label: r\n  rails:\n"
                     "    - {name: a, subnet: 10.70.1.0/24, nic_rate: 200Mb/s, uplink_rate: 25MB/s,"
                     " uplinks: [{rack: r1, rate: 1Gb/s}]}\n", encoding="utf-8")
    for more in ((), ("--redact",)):
        bundle = place / f"bundle{len(more)}"
        printed("collected", "collect", bundle, "--node", "node-1", "--results", results, "--fabric", stage, *more)
        written("declared", bundle / "declared.json")
        inventory = {"schema": "plumbline.inventory/v1",
                     "topology": json.loads((bundle / "nodes/node-1.topology.json").read_text())}
        hold("inventory", inventory, "a recorded inventory")


def main():
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        bundles(place, reports(place))
        printed("inventory", "inventory")
        printed("outcomes", "probe", "memory_copy")
        printed("collective", "collective", "all_reduce", "-b", "64K", "-e", "64K", "-n", "2", "-w", "1")
    for schema in SCHEMAS.glob("*.schema.json"):
        validator(schema.name.removesuffix(".schema.json"))
    for complaint in complaints:
        print("WRONG:", complaint)
    sys.exit(1 if complaints else 0)


main()
